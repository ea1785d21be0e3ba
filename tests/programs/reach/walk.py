"""The walk: a machine that gets orgtrust, programs that follow the organization, and the
machine as it was before. Prints what was measured, as JSON; test_reach.py runs it."""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(_TESTS), str(_TESTS / "programs" / "clients")]

from browsers import BROWSERS  # noqa: E402
from confined import CONFINED  # noqa: E402
from holding import HOSTS, Holding  # noqa: E402
from interpreters import INTERPRETERS  # noqa: E402
from machine import Machine  # noqa: E402
from organization import Parties  # noqa: E402
from program import RESTART  # noqa: E402
from restored import AFTER_PURGE, AFTER_UNINSTALL, Before  # noqa: E402
from services import SERVICES  # noqa: E402
from tools import TOOLS  # noqa: E402

PACKAGES = ("orgtrust", "openssl-provider-orgtrust", "orgtrust-pkcs11", "orgtrust-server")
PLACE = Path("/etc/orgtrust")
CONFIGURATION = """\
base_url = {base_url}
admin_key_file = /etc/orgtrust/admin.key
export_bundle = /var/lib/orgtrust/export/ca.pem
export_dir = /var/lib/orgtrust/export/ca.d
export_java = /var/lib/orgtrust/export/trust.p12
"""
# Taken back one after the other, to see who followed by which: the stack, and whether it is
# the ordinary user's.
STACKS = (("chromium", False), ("nss", True), ("firefox", False), ("containers", False),
          ("system", False), ("openssl", False))

_began = time.monotonic()


def say(text: str):
    print(f"{time.monotonic() - _began:6.1f} {text}", file=sys.stderr, flush=True)


class Walk:
    """facts: of each program, when a change reached a process that was running, by which
    stack or file it follows, and whether it holds to names and to a no."""

    def __init__(self, machine: Machine, parties: Parties, names: tuple[str, ...]):
        self.machine, self.parties = machine, parties
        self.programs = [make(machine, parties)
                         for make in (*TOOLS, *INTERPRETERS, *SERVICES, *CONFINED, *BROWSERS)
                         if not names or make.name in names]
        self.running = {}
        self.facts = {program.name: {} for program in self.programs}
        self.problems: list[str] = []

    def each(self, what: str, step):
        """step(program) for all, one after the other. Who fails takes part no more, the
        others are of interest, too."""
        for program in list(self.programs):
            began = time.monotonic()
            try:
                step(program)
            except Exception:
                self.problems.append(f"{program.name}, {what}: {traceback.format_exc()}")
                self.programs.remove(program)
                say(self.problems[-1])
            say(f"{what}: {program.name} ({time.monotonic() - began:.1f} s)")

    def check_new_processes(self, program, is_active: bool):
        believed = [program.believes(party)
                    for party in (self.parties.standing, self.parties.moving)]
        assert believed == [True, is_active], f"believes standing, moving: {believed}"

    def begin(self, program, is_active: bool):
        """A process that goes on running, and has seen how it is now."""
        running = program.start()
        if running is None:
            return
        self.running[program.name] = running
        for moment in running.moments:
            assert running.believes(moment) is is_active, moment

    def measure(self, program, what: str, is_active: bool):
        """When the process that was begun sees that it has just become that."""
        running = self.running.pop(program.name, None)
        if running is None:
            self.facts[program.name][what] = None
            return
        self.facts[program.name][what] = next(
            (moment for moment in running.moments
             if running.believes(moment) is is_active), RESTART)
        running.stop()

    def follow(self):
        """Inactive, active, inactive."""
        def inactive(program):
            self.check_new_processes(program, False)
            self.begin(program, False)

        def added(program):
            self.measure(program, "added", True)
            self.check_new_processes(program, True)
            self.begin(program, True)

        def removed(program):
            self.measure(program, "removed", False)
            self.check_new_processes(program, False)

        self.each("inactive", inactive)
        self.machine.root("orgtrust", "activate", self.parties.id)
        self.each("added", added)
        self.machine.root("orgtrust", "deactivate", self.parties.id)
        self.each("removed", removed)

    def find_ways(self):
        """Who no longer follows when which stack is taken back. What is left asks for a
        file or a token by its name, which the program says."""
        self.machine.root("orgtrust", "activate", self.parties.id)
        self.each("added again", lambda program: self.check_new_processes(program, True))
        for stack, is_users in STACKS:
            say(uninstall(self.machine, stack, user=is_users))

            def step(program, stack=stack):
                fact = self.facts[program.name]
                if "by" not in fact and not program.believes(self.parties.moving):
                    fact["by"] = stack

            self.each(f"without {stack}", step)
        for program in self.programs:
            fact = self.facts[program.name]
            assert ("by" in fact) == (program.asks is None), (program.name, fact)
            fact.setdefault("by", program.asks)

    def end(self):
        self.each("end", lambda program: program.stop())


def install(machine: Machine) -> str:
    """As root for the machine, and as the user for the user."""
    return (machine.root("orgtrust", "install", "--yes").text
            + machine.run("orgtrust", "install", "--yes", status=0).text)


def uninstall(machine: Machine, *stacks: str, user: bool) -> str:
    return machine.run("orgtrust", "uninstall", "--yes", *stacks, user=user, status=0,
                       timeout=300).text


def point_at(base_url: str, key: str):
    """What an administrator writes."""
    PLACE.mkdir()
    key_file = PLACE / "admin.key"
    key_file.touch(mode=0o600)
    key_file.write_text(key + "\n")
    (PLACE / "orgtrust.conf").write_text(CONFIGURATION.format(base_url=base_url))


def main(debs: Path, *names: str):
    """names: of the programs that take part; none: all."""
    machine = Machine()
    Path("/etc/hosts").write_text(HOSTS)
    bare = Before(machine)
    machine.root("apt-get", "-qy", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends",
                 "install", *sorted(debs.glob("*.deb")))
    parties = Parties(machine)
    point_at(parties.organization.base_url, parties.organization.key)
    before = Before(machine)
    machine.root("orgtrust", "sync")
    say(install(machine))

    walk = Walk(machine, parties, names)
    walk.follow()
    say(uninstall(machine, user=True) + uninstall(machine, user=False))
    walk.problems += before.differences("uninstall", AFTER_UNINSTALL)
    say(install(machine))
    holding = Holding(machine, parties, walk.facts, walk.each, install)
    holding.measure_names()
    holding.measure_no()
    walk.find_ways()
    walk.end()

    machine.root("dpkg", "--purge", *PACKAGES)
    for path in PLACE.iterdir():
        path.unlink()
    PLACE.rmdir()
    walk.problems += bare.differences("purge", AFTER_PURGE)
    parties.close()
    json.dump(walk.facts, sys.stdout, indent=2)
    assert not walk.problems, "\n".join(walk.problems)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
