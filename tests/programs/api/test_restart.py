"""A restart, as a service manager does it for an upgrade, loses no request: the manager keeps
the listening socket, who comes meanwhile waits, and who is there is answered."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from judge import CERTIFICATES
from support import paths
from support.process import clean_environment, wait_until

# sd_listen_fds(3): the descriptors are 3 and up, for the process that LISTEN_PID names.
STARTER = """
import os, sys
handed = [int(fd) for fd in sys.argv[1].split(",") if fd]
apart = [os.dup2(fd, 100 + i, inheritable=False) for i, fd in enumerate(handed)]
for fd in handed:
    os.close(fd)
for i, fd in enumerate(apart):
    os.dup2(fd, 3 + i)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
KEPT = "orgtrust-listen"


class Manager:
    """As systemd: it is told, keeps what it is given, and hands it over at the next start;
    or it has a socket of its own, as of a socket unit."""

    def __init__(self, directory, organization):
        self.dir = directory
        self.organization = organization
        self.said = []
        self.sockets = {}
        self.child = None
        self.log = directory / "restarted.log"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(directory / "notify"))
        self.notify.settimeout(20 * paths.SLOWNESS)

    def hear(self, what):
        while what not in self.said:
            text, handed, _, _ = socket.recv_fds(self.notify, 4096, 4)
            lines = dict(line.split("=", 1) for line in text.decode().splitlines())
            for fd in handed:
                assert lines["FDSTORE"] == "1"
                self.sockets[lines["FDNAME"]] = socket.socket(fileno=fd)
            if "FDSTOREREMOVE" in lines:
                self.sockets.pop(lines["FDNAME"]).close()
            self.said += text.decode().splitlines()

    def start(self, listen, ready=True):
        self.said = []
        names = sorted(self.sockets)
        env = clean_environment(
            HOME=str(self.dir), NOTIFY_SOCKET=str(self.dir / "notify"),
            **({"LISTEN_FDS": str(len(names)), "LISTEN_FDNAMES": ":".join(names)}
               if names else {}))

        numbers = [self.sockets[name].fileno() for name in names]
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-c", STARTER, ",".join(map(str, numbers)), *paths.WRAP,
                 paths.SERVER, "--db", self.organization.db, "--listen", listen],
                env=env, stdout=log, stderr=subprocess.STDOUT, pass_fds=numbers)
        if ready:
            self.hear("READY=1")

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(20 * paths.SLOWNESS) == 0, self.log.read_text()
        self.hear("STOPPING=1")

    def address(self):
        return re.search(r"listening on http://(\S+)/v1\n", self.log.read_text())[1]

    def close(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for kept in self.sockets.values():
            kept.close()
        self.notify.close()


@pytest.fixture
def manager(tmp_path, organization):
    manager = Manager(tmp_path, organization)
    yield manager
    manager.close()


class Asker(threading.Thread):
    """A client that asks ten times a second, each time on a new connection."""

    def __init__(self, port, key):
        super().__init__()
        self.port, self.key = port, key
        self.ended = threading.Event()
        self.seen = []

    def ask(self):
        began = time.monotonic()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * paths.SLOWNESS)
        try:
            link.request("GET", CERTIFICATES, headers={"Authorization": f"Bearer {self.key}"})
            self.seen.append((link.getresponse().status, time.monotonic() - began))
        except (OSError, http.client.HTTPException) as why:
            self.seen.append((repr(why), time.monotonic() - began))
        finally:
            link.close()

    def run(self):
        while not self.ended.wait(0.1):
            self.ask()

    def stop(self):
        self.ended.set()
        self.join()
        return [status for status, _ in self.seen]


def port_of(address):
    return int(address.rpartition(":")[2])


def asked_over_restarts(manager, listen):
    """What four clients saw while the service was restarted five times."""
    port = port_of(manager.address())
    askers = [Asker(port, manager.organization.key) for _ in range(4)]
    for asker in askers:
        asker.start()
    for _ in range(5):
        time.sleep(0.3)
        manager.stop()
        time.sleep(0.3)  # as long as a package's files are replaced
        manager.start(listen)
    time.sleep(0.3)
    return [status for asker in askers for status in asker.stop()]


def test_no_request_is_lost_over_restarts(manager):
    manager.start("127.0.0.1:0")
    address = manager.address()
    seen = asked_over_restarts(manager, address)
    assert len(seen) > 60 and set(seen) == {200}, seen
    assert manager.address() == address
    manager.stop()


def test_a_socket_of_the_managers_own_is_served(manager):
    """orgtrust-server.socket: it is there before the server is, and after it."""
    own = socket.create_server(("127.0.0.1", 0))
    port = own.getsockname()[1]
    manager.sockets["orgtrust-server.socket"] = own
    early = Asker(port, manager.organization.key)
    asking = threading.Thread(target=early.ask)
    asking.start()
    manager.start(f"127.0.0.1:{port}")
    asking.join()
    assert [status for status, _ in early.seen] == [200]
    assert list(manager.sockets) == ["orgtrust-server.socket"], "kept by whoever had it"
    seen = asked_over_restarts(manager, f"127.0.0.1:{port}")
    assert len(seen) > 60 and set(seen) == {200}, seen
    manager.stop()


def test_who_has_connected_and_not_yet_asked_is_answered(manager):
    manager.start("127.0.0.1:0")
    with socket.create_connection(("127.0.0.1", port_of(manager.address()))) as link:
        link.settimeout(20 * paths.SLOWNESS)
        time.sleep(0.05)
        manager.child.send_signal(signal.SIGTERM)
        manager.hear("STOPPING=1")
        link.sendall(f"GET {CERTIFICATES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                     f"{manager.organization.key}\r\n\r\n".encode())
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert manager.child.wait(20 * paths.SLOWNESS) == 0


def test_another_address_in_the_options_takes_the_kept_sockets_place(manager):
    manager.start("127.0.0.1:0")
    port = port_of(manager.address())
    manager.stop()
    assert list(manager.sockets) == [KEPT]
    # The port that is in the manager's hands: of all addresses now.
    manager.start(f"0.0.0.0:{port}")
    assert manager.said.index("FDSTOREREMOVE=1") < manager.said.index("FDSTORE=1")
    assert manager.address() == f"0.0.0.0:{port}"
    seen = asked_over_restarts(manager, f"0.0.0.0:{port}")
    assert set(seen) == {200}, seen
    manager.stop()


def test_a_socket_unit_of_another_address_is_said(manager):
    manager.sockets["orgtrust-server.socket"] = socket.create_server(("127.0.0.1", 0))
    manager.start("127.0.0.1:1", ready=False)
    assert manager.child.wait(20 * paths.SLOWNESS) == 2
    said = manager.log.read_text()
    assert "another address than --listen 127.0.0.1:1" in said
    assert "ListenStream of orgtrust-server.socket" in said


def test_descriptors_for_another_process_are_not_touched(manager):
    """LISTEN_PID is of a parent that did not take the variables away."""
    env = clean_environment(HOME=str(manager.dir), LISTEN_PID="1", LISTEN_FDS="1")
    with manager.log.open("wb") as log:
        manager.child = subprocess.Popen(
            [*paths.WRAP, paths.SERVER, "--db", manager.organization.db, "--listen",
             "127.0.0.1:0"], env=env, stdout=log, stderr=subprocess.STDOUT)
    wait_until(lambda: "listening on" in manager.log.read_text(), what="readiness")
    manager.child.terminate()
    assert manager.child.wait(20 * paths.SLOWNESS) == 0
