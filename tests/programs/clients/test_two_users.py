"""NSS and GnuTLS in one process, each with the module loaded by itself."""

from __future__ import annotations

import subprocess
import time

import pytest
from support import paths
from support.p11_system import with_plain_build

pytestmark = with_plain_build

TWO_USERS = paths.BUILD / "tests" / "programs" / "clients" / "two_users"
OTHER = {"nss": "gnutls", "gnutls": "nss"}


class Process:
    """two_users, which answers a line with a line."""

    def __init__(self, world):
        if not TWO_USERS.exists():
            pytest.skip("two_users was not built: libnss3-dev or libgnutls28-dev is missing")
        self.child = subprocess.Popen([TWO_USERS, world.module], env=world.env,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)

    def ask(self, *words) -> str:
        self.child.stdin.write(" ".join(map(str, words)) + "\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()

    def close(self):
        self.child.stdin.close()
        try:
            assert self.child.wait(20) == 0
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


@pytest.fixture
def process(module_world):
    made = Process(module_world)
    yield made
    made.close()


@pytest.fixture(scope="module")
def chains(module_world):
    """party -> its leaf and intermediate as DER files."""
    directory = module_world.scratch()
    found = {}
    for name in ("active", "inactive"):
        party = module_world.parties[name]
        found[name] = []
        for cert in (party.leaf, party.intermediate):
            path = directory / f"{cert.serial}.der"
            path.write_bytes(cert.der)
            found[name].append(path)
    return found


@pytest.mark.parametrize("first", OTHER)
def test_fault_60_both_have_the_token_and_outlive_each_other(process, chains, first):
    def judge(library):
        assert process.ask("verify", library, *chains["inactive"]) == "refused"
        return process.ask("verify", library, *chains["active"])

    second = OTHER[first]
    assert process.ask("begin", first) == "begun"
    assert judge(first) == "trusted"
    assert process.ask("begin", second) == "begun"
    assert judge(second) == "trusted"
    assert judge(first) == "trusted"
    assert process.ask("end", first) == "ended"
    assert judge(second) == "trusted"
    assert process.ask("begin", first) == "begun"
    assert judge(first) == "trusted"
    assert process.ask("end", second) == "ended"
    assert judge(first) == "trusted"
    assert process.ask("end", first) == "ended"


@pytest.mark.parametrize("working", OTHER)
def test_fault_60_one_works_while_the_other_comes_and_goes(process, chains, working):
    other = OTHER[working]
    assert process.ask("begin", working) == "begun"
    assert process.ask("busy", working, *chains["active"]) == "busy"
    for _ in range(10):
        assert process.ask("begin", other) == "begun"
        assert process.ask("verify", other, *chains["active"]) == "trusted"
        time.sleep(0.05)
        assert process.ask("end", other) == "ended"
    word, count = process.ask("idle").split()
    assert word == "idle" and int(count) > 10
    assert process.ask("end", working) == "ended"
