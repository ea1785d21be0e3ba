"""A host of the PKCS#11 module that does what it is told (token_host.c)."""

from __future__ import annotations

import resource
import subprocess
import tempfile
from pathlib import Path

import pytest
from support import paths
from support.process import Result

PROGRAM = paths.BUILD / "tests" / "programs" / "admin" / "token_host"

CKR = {
    0x00: "OK", 0x02: "HOST_MEMORY", 0x03: "SLOT_ID_INVALID", 0x05: "GENERAL_ERROR",
    0x06: "FUNCTION_FAILED", 0x07: "ARGUMENTS_BAD", 0x10: "ATTRIBUTE_READ_ONLY",
    0x12: "ATTRIBUTE_TYPE_INVALID", 0x13: "ATTRIBUTE_VALUE_INVALID",
    0x1B: "ACTION_PROHIBITED", 0x30: "DEVICE_ERROR", 0x31: "DEVICE_MEMORY",
    0x82: "OBJECT_HANDLE_INVALID", 0xA0: "PIN_INCORRECT", 0xA1: "PIN_INVALID",
    0xA2: "PIN_LEN_RANGE", 0xA3: "PIN_EXPIRED", 0xB3: "SESSION_HANDLE_INVALID",
    0xB5: "SESSION_READ_ONLY", 0xB7: "SESSION_READ_ONLY_EXISTS",
    0xB8: "SESSION_READ_WRITE_SO_EXISTS", 0xD0: "TEMPLATE_INCOMPLETE",
    0xD1: "TEMPLATE_INCONSISTENT", 0xE2: "TOKEN_WRITE_PROTECTED",
    0x100: "USER_ALREADY_LOGGED_IN", 0x101: "USER_NOT_LOGGED_IN",
    0x104: "USER_ANOTHER_ALREADY_LOGGED_IN", 0x190: "CRYPTOKI_NOT_INITIALIZED",
}


class TokenHost:
    """A running token_host in a world, until stop(). Works in a directory of its own."""

    def __init__(self, world, *, env=None):
        self.world = world
        self.dir = Path(tempfile.mkdtemp(prefix="token-host-", dir=world.dir))
        self._stderr = self.dir / "stderr"
        with open(self._stderr, "wb") as err:
            self.child = subprocess.Popen(
                [*paths.WRAP, PROGRAM], env=world.env | (env or {}), cwd=self.dir,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err)
        self._read = 0
        self._answers: list[bytes] = []

    @property
    def pid(self) -> int:
        return self.child.pid

    def send(self, *words):
        self.child.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self.child.stdin.flush()

    def answer(self) -> tuple[str, str]:
        """(what the call returned, without CKR_; what was asked for)"""
        line = self.child.stdout.readline()
        self._answers.append(line)
        assert line, f"token_host ended with {self.child.wait()}: {self.stderr()}"
        number, _, rest = line.decode().rstrip("\n").partition(" ")
        return CKR.get(int(number, 16), number), rest

    def call(self, *words) -> tuple[str, str]:
        self.send(*words)
        return self.answer()

    def ask(self, *words) -> str:
        """What a call that must succeed gave."""
        rv, rest = self.call(*words)
        assert rv == "OK", f"{words}: {rv}: {self.stderr()}"
        return rest

    def stderr(self) -> str:
        return self._stderr.read_text()

    def said(self) -> str:
        """What was written to standard error since this was asked last."""
        text = self.stderr()
        new, self._read = text[self._read:], len(text)
        return new

    def log_in(self, token="orgtrust admin", who="user", key_file=None):
        """A session that may write, logged in."""
        self.ask("open", "rw", token)
        self.ask("login", who, key_file or self.world.key_file)

    def listed(self) -> set[str]:
        """The certificates of the session's token, each as list shows it."""
        return {entry for entry in self.ask("list").split(";") if entry}

    def abort(self) -> bytes:
        """Ends it by a signal; the core that the kernel wrote."""
        pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if "/" in pattern or pattern.startswith("|"):
            pytest.skip(f"cores go elsewhere on this machine ({pattern})")
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            pytest.skip("no cores here: ulimit -H -c is 0")
        self.send("abort")
        self.child.wait(60)
        cores = [p for p in self.dir.iterdir() if p.name.startswith(pattern.split("%")[0])]
        assert len(cores) == 1, f"{cores}: {self.stderr()}"
        core = cores[0].read_bytes()
        cores[0].unlink()
        return core

    def stop(self):
        self.child.stdin.close()
        try:
            status = self.child.wait(20 * paths.SLOWNESS)
        finally:
            self.child.kill()
            self.child.wait()
            rest = self.child.stdout.read()
            self.child.stdout.close()
        self.world.check(Result([str(PROGRAM)], status, b"".join(self._answers) + rest,
                                self.stderr().encode()))
        assert status in (0, -6), f"token_host ended with {status}: {self.stderr()}"
