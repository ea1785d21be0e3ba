"""Who holds an authority to the names of its source, and who to a no."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from machine import Machine
from organization import Parties
from support.certs import Cert
from tools import NSS_DATABASE

CONFIGURATION = Path("/etc/orgtrust/orgtrust.conf")
NAMES = "good.example"
INSIDE = "www.good.example"
OUTSIDE = ("www.bad.example", "good.example.evil.example", "127.0.0.1")
HOSTS = " ".join(("127.0.0.1 localhost", INSIDE, *OUTSIDE[:2])) + "\n"

_NO = """
[source default]
[source no]
project = proj_no
inherit = no
meaning = distrust
"""
_JAVA_HOOK = Path("/etc/ca-certificates/update.d/jks-keystore")
_LIST = Path("/etc/ca-certificates.conf")
_LISTED = Path("/usr/share/ca-certificates/reach")


class Holding:
    """say_each(what, step) has a step for each program, whose facts become "names" and
    "no"."""

    def __init__(self, machine: Machine, parties: Parties, facts, say_each, install):
        self.machine, self.parties, self.facts = machine, parties, facts
        self._each, self._install = say_each, install

    @contextmanager
    def _configured(self, change):
        before = CONFIGURATION.read_text()
        CONFIGURATION.write_text(change(before))
        self.machine.root("orgtrust", "sync")
        try:
            yield
        finally:
            CONFIGURATION.write_text(before)
            self.machine.root("orgtrust", "sync")

    # Names.

    def measure_names(self):
        """Also of a server that only begins like a good one, and of an address. The system's
        store gets no limited authority where Java has its own made of it, so that all but
        Java are asked without Debian's hook for that."""
        root = self.parties.new_root("Limited")
        self.parties.organization.add(root, root.cn)
        servers = [self.parties.under(root, host) for host in (INSIDE, *OUTSIDE)]

        def step(program, is_java):
            if program.by_java_store is not is_java:
                return
            fact = None
            if program.connects:
                inside, *outside = [program.believes(party) for party in servers]
                fact = "no" if any(outside) else "yes" if inside else "believes none"
            self.facts[program.name]["names"] = fact

        with self._configured(lambda text: f"names = {NAMES}\n{text}"):
            self._each("names, Java", lambda program: step(program, True))
            aside = _JAVA_HOOK.rename(_JAVA_HOOK.with_suffix(".aside"))
            try:
                self.machine.root("orgtrust", "sync")
                self._each("names", lambda program: step(program, False))
            finally:
                aside.rename(_JAVA_HOOK)
            self.machine.root("orgtrust", "sync")

    # A no.

    def measure_no(self):
        """An authority that the organization, Debian's list and the user's NSS databases all
        have, and then the no of one project."""
        root = self.parties.new_root("Doubted")
        doubted = self.parties.under(root, "localhost")
        identity = self.parties.organization.add(root, root.cn)
        project = self.parties.organization.client(project="proj_no")

        def believed(program):
            assert program.believes(doubted)

        def step(program):
            self.facts[program.name]["no"] = "no" if program.believes(doubted) else "yes"

        self.machine.root("orgtrust", "sync")
        with self._trusted_by_hand(root):
            self._each("before a no", believed)
            project.activate(identity)
            with self._configured(lambda text: text + _NO):
                self._install(self.machine)
                self._each("a no", step)
                project.deactivate(identity)
                self.machine.root("orgtrust", "sync")
                self._each("after a no", believed)
        project.close()
        self.parties.organization.api.deactivate(identity)
        self.machine.root("orgtrust", "sync")

    @contextmanager
    def _trusted_by_hand(self, root: Cert):
        self.parties.trusted_by_hand.append(root)
        self.parties.trust_in(self.machine.home / NSS_DATABASE)
        before = _LIST.read_text()
        _LISTED.mkdir()
        (_LISTED / "doubted.crt").write_text(root.pem)
        line = f"{_LISTED.name}/doubted.crt\n"
        _LIST.write_text(before + line)
        self.machine.root("update-ca-certificates")
        try:
            yield
        finally:
            _LIST.write_text(f"{before}!{line}")
            self.machine.root("update-ca-certificates")
            _LIST.write_text(before)
            (_LISTED / "doubted.crt").unlink()
            _LISTED.rmdir()
            self.parties.trusted_by_hand.clear()
            self.machine.run("certutil", "-D", "-d",
                             f"sql:{self.machine.home / NSS_DATABASE}", "-n", root.cn, status=0)
