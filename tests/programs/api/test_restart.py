"""A restart, as a service manager does it for an upgrade, loses no request: the manager keeps
the listening socket, who comes meanwhile waits, and who is there is answered."""

import signal
import socket
import subprocess
import threading
import time

import pytest

from judge import CERTIFICATES
from support import paths
from support.process import clean_environment, wait_until
from support.service_manager import KEPT, Asker, Manager


@pytest.fixture
def manager(tmp_path, organization):
    manager = Manager(tmp_path, [*paths.WRAP, paths.SERVER, "--db", organization.db])
    yield manager
    manager.close()


def port_of(address):
    return int(address.rpartition(":")[2])


def asked_over_restarts(manager, organization, listen):
    """What four clients saw while the service was restarted five times."""
    port = port_of(manager.address())
    askers = [Asker(port, organization.key) for _ in range(4)]
    for asker in askers:
        asker.start()
    for _ in range(5):
        time.sleep(0.3)
        manager.stop()
        time.sleep(0.3)  # as long as a package's files are replaced
        manager.start(listen)
    time.sleep(0.3)
    return [status for asker in askers for status in asker.stop()]


def test_no_request_is_lost_over_restarts(manager, organization):
    manager.start("127.0.0.1:0")
    address = manager.address()
    seen = asked_over_restarts(manager, organization, address)
    # Each of the four asked at least twice around each restart, however slow the machine is.
    assert len(seen) > 40 and set(seen) == {200}, seen
    assert manager.address() == address
    manager.stop()


def test_a_socket_of_the_managers_own_is_served(manager, organization):
    """orgtrust-server.socket: it is there before the server is, and after it."""
    own = socket.create_server(("127.0.0.1", 0))
    port = own.getsockname()[1]
    manager.sockets["orgtrust-server.socket"] = own
    early = Asker(port, organization.key)
    asking = threading.Thread(target=early.ask)
    asking.start()
    manager.start(f"127.0.0.1:{port}")
    asking.join()
    assert early.seen == [200]
    assert list(manager.sockets) == ["orgtrust-server.socket"], "kept by whoever had it"
    seen = asked_over_restarts(manager, organization, f"127.0.0.1:{port}")
    # Each of the four asked at least twice around each restart, however slow the machine is.
    assert len(seen) > 40 and set(seen) == {200}, seen
    manager.stop()


def test_who_has_connected_and_not_yet_asked_is_answered(manager, organization):
    manager.start("127.0.0.1:0")
    with socket.create_connection(("127.0.0.1", port_of(manager.address()))) as link:
        link.settimeout(20 * paths.SLOWNESS)
        time.sleep(0.05)
        manager.child.send_signal(signal.SIGTERM)
        manager.hear("STOPPING=1")
        link.sendall(f"GET {CERTIFICATES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                     f"{organization.key}\r\n\r\n".encode())
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert manager.child.wait(20 * paths.SLOWNESS) == 0


def test_another_address_in_the_options_takes_the_kept_sockets_place(manager, organization):
    manager.start("127.0.0.1:0")
    port = port_of(manager.address())
    manager.stop()
    assert list(manager.sockets) == [KEPT]
    # The port that is in the manager's hands: of all addresses now.
    manager.start(f"0.0.0.0:{port}")
    assert manager.said.index("FDSTOREREMOVE=1") < manager.said.index("FDSTORE=1")
    assert manager.address() == f"0.0.0.0:{port}"
    seen = asked_over_restarts(manager, organization, f"0.0.0.0:{port}")
    assert set(seen) == {200}, seen
    manager.stop()


def test_a_socket_unit_of_another_address_is_said(manager):
    manager.sockets["orgtrust-server.socket"] = socket.create_server(("127.0.0.1", 0))
    manager.start("127.0.0.1:1", ready=False)
    assert manager.child.wait(20 * paths.SLOWNESS) == 2
    said = manager.log.read_text()
    assert "another address than --listen 127.0.0.1:1" in said
    assert "ListenStream of orgtrust-server.socket" in said


def test_descriptors_for_another_process_are_not_touched(manager, organization):
    """LISTEN_PID is of a parent that did not take the variables away."""
    env = clean_environment(HOME=str(manager.dir), LISTEN_PID="1", LISTEN_FDS="1")
    with manager.log.open("wb") as log:
        manager.child = subprocess.Popen(
            [*paths.WRAP, paths.SERVER, "--db", organization.db, "--listen",
             "127.0.0.1:0"], env=env, stdout=log, stderr=subprocess.STDOUT)
    wait_until(lambda: "listening on" in manager.log.read_text(), what="readiness")
    manager.child.terminate()
    assert manager.child.wait(20 * paths.SLOWNESS) == 0
