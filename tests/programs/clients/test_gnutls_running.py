"""How fast a change is seen: programs of ours with GnuTLS and with libcurl-gnutls, each one
process that goes on running. Built like the module, they run with the sanitizers, too."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from module_world import REFUSED, TOKEN_URL, TRUSTED
from support import paths

GNUTLS_LIVE = paths.BUILD / "tests" / "programs" / "clients" / "gnutls_live"
CURL_LIVE = paths.BUILD / "tests" / "programs" / "clients" / "curl_gnutls_live"


class Live:
    """A program that answers a line with a line."""

    def __init__(self, world, program, *argv):
        if not program.exists():
            pytest.skip(f"{program.name} was not built: its library's headers are missing")
        self.child = subprocess.Popen(
            [*world.prefix(p11kit=True), program, *argv], env=world.env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, server, *words: str) -> bool:
        self.child.stdin.write(shlex.join([*words, server.host, str(server.port)]) + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        assert answer == "trusted" or answer.startswith("refused "), answer
        return answer == "trusted"

    def close(self):
        self.child.stdin.close()
        try:
            assert self.child.wait(20 * paths.SLOWNESS) == 0
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


@pytest.fixture(params=[GNUTLS_LIVE, CURL_LIVE], ids=["gnutls", "libcurl-gnutls"])
def live(module_world, request):
    made = Live(module_world, request.param, TOKEN_URL)
    yield made
    made.close()


def test_a_change_is_seen_by_the_next_handshake_of_a_running_process(module_world, live):
    moving = module_world.servers["moving"]
    assert live.ask(module_world.servers["active"])
    for _ in range(3):
        assert not live.ask(moving)
        with module_world.activated():
            assert live.ask(moving), "the next handshake after it was added"
        assert not live.ask(moving), "the next handshake after it was removed"
    assert live.ask(module_world.servers["active"])


def test_a_running_process_refuses_what_is_no_anchor(module_world, live):
    for name in (*REFUSED, *TRUSTED, *REFUSED):
        assert live.ask(module_world.servers[name]) is (name in TRUSTED), name


def test_a_child_of_a_process_with_sessions_open_trusts_the_same(module_world):
    """libcurl-gnutls after a fork: nobody tells the module, which starts anew."""
    live = Live(module_world, CURL_LIVE, TOKEN_URL)
    try:
        assert live.ask(module_world.servers["active"])
        assert live.ask(module_world.servers["active"], "fork")
        assert not live.ask(module_world.servers["moving"], "fork")
        with module_world.activated():
            assert live.ask(module_world.servers["moving"], "fork")
        assert not live.ask(module_world.servers["inactive"], "fork")
        assert live.ask(module_world.servers["active"])
    finally:
        live.close()
