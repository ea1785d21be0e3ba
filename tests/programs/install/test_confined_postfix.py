"""Postfix's client in its root, which has no file of authorities: it reads smtp_tls_CAfile
before it enters, so that a new process follows; and smtp_tls_CApath inside."""

from __future__ import annotations

import pytest
from support.postfix import Postfix

EXPORT = "/var/lib/orgtrust/export/ca.pem"
QUEUE = "/var/spool/postfix"
@pytest.fixture
def postfix(machine, party, certs, tmp_path):
    """postfix(SETTING): with that in main.cf."""
    if not machine.path("/usr/sbin/postfix").exists():
        pytest.skip("needs postfix")
    configuration = machine.read("/etc/orgtrust/orgtrust.conf").decode()
    machine.write("/etc/orgtrust/orgtrust.conf",
                  f"export_bundle = {EXPORT}\nexport_dir = {QUEUE}/trust\n" + configuration)
    party.organization.add(certs.ca("Another", key=certs.new_key()), "Another")
    machine.orgtrust("sync")
    started = []

    def start(authorities: str) -> Postfix:
        started.append(Postfix(machine, port=party.port, authorities=authorities,
                               log=tmp_path / "postfix.log"))
        return started[0]

    yield start
    for running in started:
        running.stop()


def test_a_file_is_read_before_the_root_is_entered(machine, party, postfix):
    """A process that runs goes on with what it has read; reload ends it."""
    running = postfix(f"smtp_tls_CAfile = {EXPORT}")
    assert not machine.path(QUEUE + EXPORT).exists()
    assert running.believes()
    machine.orgtrust("deactivate", party.id)
    assert running.believes()
    running.reload()
    assert not running.believes()
    machine.orgtrust("activate", party.id)
    running.reload()
    assert running.believes()


def test_a_directory_is_looked_up_inside_the_root(machine, party, postfix):
    """Where a sync can keep it in step. An anchor that is added is found by a process that
    runs."""
    machine.orgtrust("deactivate", party.id)
    running = postfix("smtp_tls_CApath = /trust")
    assert not running.believes()
    machine.orgtrust("activate", party.id)
    assert running.believes()
    machine.orgtrust("deactivate", party.id)
    running.reload()
    assert not running.believes()
    machine.orgtrust("activate", party.id)
