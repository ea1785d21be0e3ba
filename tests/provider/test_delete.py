"""OSSL_STORE_delete: from a program with a passphrase method to the organization.

Where libcrypto lacks the function (before 3.2), store_delete calls the provider itself."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from support import paths
from support.misbehaving import api, key, machine  # noqa: F401
from support.process import Background, run, wait_until

VERSION = subprocess.run([paths.OPENSSL, "version"], capture_output=True, check=True,
                         text=True).stdout.split()[1]
BY = ("the provider's own table" if VERSION.startswith(("3.0.", "3.1."))
      else "OSSL_STORE_delete")
STORE_DELETE = paths.BUILD / "tests" / "provider" / "store_delete"


def delete(world, uri, how="key", *, secret="", status=0):
    """Runs store_delete; returns what it said."""
    done = world.check(run([STORE_DELETE, paths.PROVIDER, uri, how], wrap=True,
                           env=world.provider_env(), stdin=secret.encode() + b"\n"))
    assert done.status == status, done
    return done


@pytest.mark.memory
def test_a_certificate_goes_from_the_organization_and_the_snapshot(organization, world,
                                                                    roots):
    gone = organization.add(roots[0], "gone", active=False)
    stays = organization.add(roots[1], "stays")
    world.sync()
    world.key_file.write_text("sk-admin-not-this-one\n")
    done = delete(world, f"orgtrust:///{gone}", secret=organization.key)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        BY, "Enter pass phrase for the admin key (source 'default'):"]
    assert [c["id"] for c in organization.api.list()] == [stays]
    assert [c["id"] for c in world.listed()] == [stays]


def test_the_word_config_is_the_configured_key(organization, world, roots):
    world.configure("[source lab]\nproject = proj_lab\n")
    gone = organization.add(roots[0], active=False)
    done = delete(world, f"orgtrust://lab/{gone}", "config")
    assert "source 'lab'" in done.stdout
    assert organization.api.list() == [] and world.listed("--source", "lab") == []


def test_each_refusal_says_why_and_changes_nothing(organization, world, roots):
    active = organization.add(roots[0], "active")
    idle = organization.add(roots[1], "cert_named", active=False)
    world.sync()
    before = world.snapshot()
    good, reader = organization.key, organization.create_key("read")
    refusals = [
        (active, "key", good, "refused by the server", "active in the organization"),
        (idle, "key", "sk-admin-typo", "not authorized", "status 401"),
        (idle, "key", reader, "not allowed with this key", "status 403"),
        (idle, "key", "k" * 4097, "", ""),
        (idle, "empty", "", "not authorized", "no admin key was given"),
        (idle, "cancel", "", "not authorized", "nothing was deleted"),
        (idle, "no-method", "", "not authorized", "or the word config"),
        ("cert_nosuch", "key", good, "no such certificate", "cert_nosuch"),
        ("cert_named", "key", good, "no such certificate", "with the id 'cert_named'"),
        ("", "key", good, "invalid uri or search", "does not name one certificate"),
        ("-", "key", good, "no such certificate", "id '-'"),
        (f"{idle}?state=all", "key", good, "invalid uri or search", "no query"),
        (f"{idle}/", "key", good, "invalid uri or search", "behind the source"),
        (f"{idle}?", "key", good, "invalid uri or search", ""),
    ]
    for place, how, secret, reason, words in refusals:
        done = delete(world, f"orgtrust:///{place}", how, secret=secret, status=1)
        assert reason in done.stderr and words in done.stderr, (place, how)
        assert secret == "" or secret not in done.text
    done = delete(world, f"orgtrust://nosuch/{idle}", "config", status=1)
    assert "configuration error" in done.stderr and "nosuch" in done.stderr
    assert [c["id"] for c in organization.api.list()] == [active, idle]
    assert world.snapshot() == before
    assert world.status()["failures"] == 0


def test_an_organization_that_is_not_there(machine, api):  # noqa: F811
    api.close()
    done = delete(machine, "orgtrust:///cert_a", "config", status=1)
    assert "network error" in done.stderr


def errands(world) -> list[int]:
    """The commands that a plugin has started in this world, orphans as they are."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            arguments = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if b"--report-fd=5" in arguments and str(world.conf).encode() in environment:
            found.append(int(process.name))
    return found


def test_fault_55_no_process_shows_the_key(machine, api, key):  # noqa: F811
    """While the API does not answer; of the host and of the command that it started."""
    machine.configure(timeout="60s")
    api.on("list", api.hang)
    reader, writer = os.pipe()
    os.write(writer, key.encode() + b"\n")
    host = Background([STORE_DELETE, paths.PROVIDER, "orgtrust:///cert_a", "key"],
                      env=machine.provider_env(OPENAI_ADMIN_KEY=key + "-of-the-host"),
                      stdin=reader, log=machine.dir / "host.log")
    machine.background.append(host)
    os.close(reader)
    os.close(writer)
    wait_until(lambda: api.count("list") == 1)
    (errand,) = errands(machine)
    assert key.encode() not in Path(f"/proc/{host.pid}/cmdline").read_bytes()
    for name in ("cmdline", "environ"):
        assert key.encode() not in Path(f"/proc/{errand}/{name}").read_bytes()
    assert errand not in {int(word) for word in Path(
        f"/proc/{host.pid}/task/{host.pid}/children").read_text().split()}
    os.kill(errand, signal.SIGKILL)
    assert host.stop(0) == 1
    assert key not in host.output()
    assert "internal error" in host.output()
    assert "orgtrust delete ended without a report" in host.output()
