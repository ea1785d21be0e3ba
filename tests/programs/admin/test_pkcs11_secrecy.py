"""The key of who has logged in through the PKCS#11 module: in no output, no process, no log,
no file, and no page of the host that a core would hold. test_secrecy.py is about the
command."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path

import pytest
from fault_server import error
from support import paths
from support.p11_system import P11System, can_mount, with_plain_build
from support.process import wait_until
from token_host import TokenHost
from token_tools import SCOPES, Certutil, OpenSC, P11tool, configure_scopes


@pytest.fixture
def admin(synced):
    """A machine with a token to administer the organization and one for a project."""
    configure_scopes(synced, connect_timeout="2s", timeout="60s")
    return synced


@pytest.fixture
def host(admin):
    made = TokenHost(admin)
    made.log_in()
    yield made
    made.stop()


def processes_with(key: str) -> set[int]:
    """Every process of this machine that shows a key as an argument or in its environment."""
    found = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        for shown in ("cmdline", "environ"):
            try:
                if key.encode() in (process / shown).read_bytes():
                    found.add(int(process.name))
            except OSError:  # gone, or a thread of the kernel
                pass
    return found


class Gate:
    """An API that answers an upload when it is opened."""

    def __init__(self, api):
        self._open = threading.Event()
        self.api = api
        api.on("upload", self)

    def __call__(self, request, right):
        self._open.wait(60 * paths.SLOWNESS)
        return right

    def wait(self):
        wait_until(lambda: self.api.count("upload") == 1)

    def open(self):
        self._open.set()


class SystemLog:
    """What programs send to /dev/log, which they see in its place."""

    def __init__(self, directory: Path):
        self.path = directory / "log"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)

    def read(self) -> bytes:
        lines = []
        while True:
            try:
                lines.append(self._socket.recv(65536))
            except BlockingIOError:
                return b"\n".join(lines)

    def close(self):
        self._socket.close()


@pytest.fixture
def system_log(tmp_path):
    made = SystemLog(tmp_path)
    yield made
    made.close()


# The tool, how it is told to upload, and whether its user put the key in its environment.
UPLOADS = {
    "pkcs11-tool": (OpenSC, True, lambda tool, cert: [
        "pkcs11-tool", "--module", tool.tokens.admin_module, "--token-label", tool.scope.admin,
        *tool.login, "--write-object", cert.path, "--type", "cert", "--label", "x"]),
    "p11tool": (P11tool, True, lambda tool, cert: [
        "p11tool", "--provider", tool.tokens.admin_module, "--batch", "--login", "--write",
        "--load-certificate", cert.path, "--label", "x", tool.scope.admin_url()]),
    "certutil": (Certutil, False, lambda tool, cert: [
        "certutil", "-A", "-n", "x", "-t", "C,,", "-i", cert.path, "-d",
        f"sql:{tool.database}", "-h", tool.scope.admin, "-f", tool.tokens.world.key_file]),
}


@with_plain_build
@pytest.mark.parametrize("name", UPLOADS)
def test_no_process_shows_the_key(tmp_path, admin, api, certs, key, system_log, name):
    """While an upload hangs, and of every process that there is then."""
    if not can_mount():
        pytest.skip("needs mount namespaces: run as root")
    kind, in_environment, argv = UPLOADS[name]
    place = tmp_path / "system"
    place.mkdir()
    system = P11System(place, admin)
    tool = kind(system, SCOPES["organization"])
    gate = Gate(api)
    process = system.start(argv(tool, certs.ca("Secret")), mounts={
        "/dev/log": system_log.path}, env=tool.key if in_environment else None)
    gate.wait()
    assert processes_with(key) == ({process.pid} if in_environment else set()), \
        "at most the user's own"
    gate.open()
    wait_until(lambda: not process.is_running())
    assert process.stop() == 0, process.output()
    assert [c["name"] for c in api.certs if c["name"] == "x"], "it was done"
    assert key not in process.output() and key.encode() not in system_log.read()
    assert admin.secrets_found() == []


def test_nothing_quotes_the_key(admin, api, host, key):
    """Though the API does. World.close() searches the files."""
    for words, kind in ((["name", host.ask("find", "root 0"), "x"], "rename"),
                        (["mark", host.ask("find", "root 2"), "trusted"], "activate"),
                        (["destroy", host.ask("find", "root 2")], "delete")):
        api.on(kind, error(403, f"your key {key} is not good"))
        assert host.call(*words)[0] == "TOKEN_WRITE_PROTECTED"
        said, logged = host.said(), host.ask("log")
        assert "your key" in said and "your key" in logged
        assert key not in said and key not in logged
    assert processes_with(key) == set() and admin.secrets_found() == []


# The host's memory.


def mappings(pid: int) -> list[tuple[int, int, bool]]:
    """From, to, and whether a core would hold it."""
    found: list[tuple[int, int, bool]] = []
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            start, end = (int(number, 16) for number in words[0].split("-"))
        elif words[0] == "VmFlags:":
            found.append((start, end, "dd" not in words))
    return found


def has(pid: int, key: str, dumped_only: bool) -> bool:
    """Whether the key is in the memory of a process, as far as that is ever readable."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end, is_dumped in mappings(pid):
            if dumped_only and not is_dumped:
                continue
            try:
                if key.encode() in os.pread(memory.fileno(), end - start, start):
                    return True
            except (OSError, OverflowError):  # the kernel's own pages
                pass
    return False


def is_kept_well(host, key) -> bool:
    """In memory, since it is needed, but not in what a core would hold."""
    return has(host.pid, key, False) and not has(host.pid, key, True)


@with_plain_build
def test_the_memory_of_the_host(admin, host, key):
    assert is_kept_well(host, key)
    host.ask("name", host.ask("find", "root 0"), "zero")
    host.call("destroy", host.ask("find", "zero"))  # is refused
    assert is_kept_well(host, key), "also after it was used"
    for end, again in (("logout", lambda: host.ask("login", "so", admin.key_file)),
                       ("close", host.log_in), ("finalize", None)):
        assert is_kept_well(host, key)
        host.ask(end)
        assert not has(host.pid, key, False), end
        if again is not None:
            again()


@with_plain_build
def test_a_child_of_the_host_has_no_key(host, key):
    child = int(host.ask("fork"))
    try:
        assert not has(child, key, False)
        assert is_kept_well(host, key)
    finally:
        os.kill(child, signal.SIGKILL)


@with_plain_build
def test_a_login_that_fails_leaves_nothing(admin, api, host, key):
    host.ask("logout")
    api.on("list", error(401, "no"))
    assert host.call("login", "user", admin.key_file)[0] == "PIN_INCORRECT"
    assert not has(host.pid, key, False)


@with_plain_build
def test_a_core_of_the_host(host, key):
    host.ask("mark", host.ask("find", "root 2"), "trusted")
    core = host.abort()
    assert b"token_host" in core and b"orgtrust-admin-pkcs11.so" in core
    assert key.encode() not in core
