"""Postfix's client in its root, which has no file of authorities: it reads smtp_tls_CAfile
before it enters, so that a new process follows; and smtp_tls_CApath inside."""

from __future__ import annotations

import re
import signal

import pytest
from support.process import wait_until

EXPORT = "/var/lib/orgtrust/export/ca.pem"
QUEUE = "/var/spool/postfix"
LOG = "/var/log/held-mail.log"
MAIN = """\
compatibility_level = 3.6
queue_directory = {queue}
maillog_file = {log}
inet_protocols = ipv4
myhostname = held.example
mydestination =
relayhost = [127.0.0.1]:{port}
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_helo_timeout = 1s
smtp_tls_wrappermode = yes
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = localhost
smtp_tls_loglevel = 1
{authorities}
"""
MASTER = """\
pickup    unix  n - y 60 1 pickup
cleanup   unix  n - y - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - y 1000? 1 tlsmgr
rewrite   unix  - - y - - trivial-rewrite
bounce    unix  - - y - 0 bounce
defer     unix  - - y - 0 bounce
trace     unix  - - y - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - y - - smtp
error     unix  - - y - - error
retry     unix  - - y - - error
postlog   unix-dgram n - n - 1 postlogd
"""
# What it says of a server, and whether that is belief. After the first it waits for a mail
# server's greeting, which this one never sends.
VERDICT = re.compile(r"(Verified TLS connection established)"
                     r"|(Untrusted TLS connection established|Server certificate not trusted)")


class Postfix:
    """One mail, which is tried again whenever the test likes."""

    def __init__(self, machine, port: str, authorities: str, log):
        self.machine = machine
        machine.run("rm", "-rf", "/etc/postfix/main.cf", "/etc/postfix/master.cf", LOG)
        machine.write("/etc/postfix/master.cf", MASTER)
        machine.write("/etc/postfix/main.cf", MAIN.format(
            queue=QUEUE, log=LOG, port=port, authorities=authorities))
        self.process = machine.start("sh", "-c", "cd / && exec postfix start-fg", log=log)
        wait_until(lambda: "daemon started" in self._log(), what="postfix")
        machine.run("/usr/sbin/sendmail", "-f", "a@held.example", "b@held.example",
                    stdin=b"Subject: held\n\nheld\n")
        wait_until(lambda: "status=deferred" in self._log(), what="a first attempt")

    def _log(self) -> str:
        assert self.process.is_running(), self.process.output()
        path = self.machine.path(LOG)
        return path.read_text() if path.exists() else ""

    def believes(self) -> bool:
        before = len(self._log())

        def attempt():
            said = self._log()[before:]
            return said if "status=deferred" in said and VERDICT.search(said) else None

        self.machine.run("postqueue", "-f")
        return VERDICT.search(wait_until(attempt, what="an attempt"))[1] is not None

    def reload(self):
        self.machine.run("postfix", "reload")

    def stop(self):
        """By its own command: what was started is the script that starts it."""
        self.machine.run("postfix", "stop")
        self.process.stop(signal.SIGTERM)


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
        started.append(Postfix(machine, party.port, authorities, tmp_path / "postfix.log"))
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
