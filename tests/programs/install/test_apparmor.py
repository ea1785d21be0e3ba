"""What AppArmor's abstractions gain by the packages: apparmor_parser takes it, and a program
that may open only what such a profile allows follows, with the key closed to it. The programs
are held in by Landlock, since few kernels that tests run on have AppArmor."""

from __future__ import annotations

import shutil

import clients
import pytest
from support import as_apparmor, paths

STAND_IN = paths.REPOSITORY / "tests/support/as_apparmor.py"
ABSTRACTIONS = "/etc/apparmor.d/abstractions"
OURS = [f"{ABSTRACTIONS}/{name}.d/orgtrust" for name in ("openssl", "p11-kit", "ssl_certs")]
EXPORT = "/var/lib/orgtrust/export/ca.pem"

pytestmark = [
    pytest.mark.skipif(not shutil.which("apparmor_parser"), reason="needs apparmor"),
    pytest.mark.skipif(not as_apparmor.is_here(), reason="needs a kernel with Landlock")]


class Confined:
    """The machine's programs under a profile with these abstractions."""

    def __init__(self, machine, *abstractions: str):
        self.machine = machine
        machine.write("/tmp/profile", as_apparmor.profile(*abstractions))
        machine.write("/tmp/as_apparmor.py", STAND_IN.read_bytes())
        # The parser itself has nothing against it.
        machine.run("apparmor_parser", "--skip-kernel-load", "--skip-cache", "/tmp/profile")
        self.profile = machine.run("apparmor_parser", "--preprocess", "/tmp/profile").out

    def run(self, *argv, **more):
        more.pop("stdin", None)
        return self.machine.run("/usr/bin/python3", "/tmp/as_apparmor.py", *argv,
                                stdin=self.profile, **more)

    def can_read(self, name: str) -> bool:
        done = self.run("wc", "-c", name, status=None)
        assert done.status == 0 or "Permission denied" in done.stderr, done
        return done.status == 0


def without_ours(machine):
    for name in OURS:
        machine.path(name).unlink()


def curl(machine, port) -> bool:
    done = machine.run("curl", "--silent", "--show-error", "--output", "/dev/null",
                       "--cacert", EXPORT, f"https://localhost:{port}/", status=None)
    assert done.status in (0, 60, 77), done  # 77: the file cannot be read
    return done.status == 0


@pytest.fixture
def wired(machine):
    configuration = machine.read("/etc/orgtrust/orgtrust.conf").decode()
    machine.write("/etc/orgtrust/orgtrust.conf",
                  f"export_bundle = {EXPORT}\n"
                  "export_containers = /var/lib/orgtrust/containers\n" + configuration)
    machine.install("openssl", "p11-kit")
    machine.orgtrust("sync")
    return machine


PROGRAMS = {"openssl": (clients.openssl, ("openssl",)),
            "p11-kit": (clients.gnutls, ("p11-kit",)),
            "ssl_certs": (curl, ("openssl", "ssl_certs"))}


@pytest.mark.parametrize("abstraction", PROGRAMS)
def test_a_program_under_the_abstraction_follows_and_without_ours_does_not(
        wired, party, abstraction):
    program, abstractions = PROGRAMS[abstraction]
    confined = Confined(wired, *abstractions)
    assert program(confined, party.port)
    wired.orgtrust("deactivate", "--yes", party.id)
    assert not program(confined, party.port)
    wired.orgtrust("activate", party.id)
    assert program(confined, party.port)
    without_ours(wired)
    assert not program(Confined(wired, *abstractions), party.port)


def test_what_readers_do_not_need_stays_closed(wired):
    confined = Confined(wired, *PROGRAMS)
    for name in ("/etc/orgtrust/orgtrust.conf", "/var/cache/orgtrust/default.snapshot",
                 EXPORT, "/var/lib/orgtrust/containers/bundle.pem"):
        assert confined.can_read(name), name
    for name in ("/etc/orgtrust/admin.key", "/var/cache/orgtrust/default.memory",
                 "/var/cache/orgtrust/default.lock", "/var/lib/orgtrust/install/openssl.json"):
        assert wired.path(name).exists()
        assert not confined.can_read(name), name
    for name in ("/etc/orgtrust/orgtrust.conf", "/var/cache/orgtrust/default.snapshot", EXPORT):
        done = confined.run("sh", "-c", f": >>{name}", status=None)
        assert done.status != 0 and "Permission denied" in done.stderr, done


def test_no_rule_of_ours_lets_anybody_write_or_start_a_program(machine):
    for name in OURS:
        text = machine.read(name).decode()
        found = as_apparmor.rules("@{HOME}=/root/\n@{multiarch}=x\n" + text)
        assert found, name
        assert {access for _, access in found} <= {"r", "mr"}, found
        assert not any("admin.key" in path or "/install" in path for path, _ in found)
        assert "x86_64" not in text, "packages of two architectures share the file"
