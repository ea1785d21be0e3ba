"""Row 56, and 23 as far as the server's answers go: what arrives at orgtrust-server."""

import json
import signal
import socket
import sqlite3
import threading
import time

import pytest
from support import paths
from support.organization import ApiError
from support.process import run, wait_until

LIST = "/v1/organization/certificates"


def say(organization, data: bytes, timeout=3.0) -> bytes:
    """Sends bytes as they are and returns what comes back until it closes or falls silent."""
    with socket.create_connection(("127.0.0.1", organization.port)) as connection:
        connection.settimeout(timeout * paths.SLOWNESS)
        received = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except OSError:  # closed or reset while we still sent: allowed
            pass
        return received


def is_well(organization):
    """It runs, and still answers."""
    assert organization.server.is_running(), organization.server.output()
    assert isinstance(organization.api.list(), list)


def expect_error(status, content, expected):
    """An error in the API's shape."""
    assert status in (expected if isinstance(expected, tuple) else (expected,)), content
    error = json.loads(content)["error"]
    assert set(error) == {"message", "type", "param", "code"}, error
    assert isinstance(error["message"], str) and error["message"]


MALFORMED = [
    b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 4096,
    b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    b"POST " + LIST.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST " + LIST.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999"
    b"\r\n\r\n",
    b"POST " + LIST.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"zz\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a plain port
]


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_fault_56_malformed_requests_harm_nobody(organization, number):
    answer = say(organization, MALFORMED[number])
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")), answer[:200]
    is_well(organization)


BAD_BODIES = {
    "no JSON": b"certificate",
    "empty": b"",
    "list": b"[]",
    "deep": b"[" * 100_000,
    "no certificate": b"{}",
    "certificate number": b'{"certificate": 5}',
    "certificate empty": b'{"certificate": ""}',
    "no PEM": b'{"certificate": "hello"}',
    "name number": b'{"certificate": "x", "name": 5}',
    "duplicate keys": b'{"certificate": "a", "certificate": "b"}',
    "invalid UTF-8": b'{"certificate": "\xff"}',
    "nul": b'{"certificate": "a\\u0000b"}',
}


@pytest.mark.parametrize("name", BAD_BODIES, ids=lambda n: n.replace(" ", "_"))
def test_fault_56_bad_bodies_are_refused_in_the_apis_shape(organization, name):
    status, _, content = organization.api.request("POST", LIST, BAD_BODIES[name])
    expect_error(status, content, 400)
    assert organization.api.list() == []


def test_fault_56_a_huge_body_is_refused(organization):
    status, _, content = organization.api.request(
        "POST", LIST, b'{"certificate": "' + b"A" * (2 << 20) + b'"}')
    expect_error(status, content, 413)
    is_well(organization)


def test_fault_56_a_body_without_end_is_cut_off(organization):
    head = (f"POST {LIST} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 40}\r\n"
            f"Authorization: Bearer {organization.key}\r\n\r\n").encode()
    answer = say(organization, head + b"A" * (32 << 20))
    assert answer == b"" or b" 413 " in answer.splitlines()[0], answer[:200]
    is_well(organization)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1",
                                   "order=up", "after=cert_unknown", "after=../x"])
def test_fault_56_bad_queries_are_refused(organization, query):
    status, _, content = organization.api.request("GET", f"{LIST}?{query}")
    expect_error(status, content, (400, 404))


@pytest.mark.parametrize("ids", [[], ["x"] * 11, "cert_1", [1], None, ["cert_unknown"]])
def test_fault_56_bad_activations_change_nothing(organization, roots, ids):
    known = organization.add(roots[0], active=False)
    sent = [known, *ids] if ids == ["cert_unknown"] else ids
    status, _, content = organization.api.request(
        "POST", f"{LIST}/activate", {"certificate_ids": sent})
    expect_error(status, content, (400, 404))
    assert [c["active"] for c in organization.api.list()] == [False]


def test_fault_56_unknown_paths_and_methods_are_refused(organization):
    for method, path, expected in [("GET", "/", 404), ("GET", "/v1/other", 404),
                                   ("PUT", LIST, (404, 405)),
                                   ("DELETE", LIST, (404, 405)),
                                   ("GET", f"{LIST}/..%2f..%2fetc", 404),
                                   ("GET", f"{LIST}/cert_unknown", 404)]:
        status, _, content = organization.api.request(method, path)
        expect_error(status, content, expected)


def test_fault_56_without_a_key_nothing_is_told(organization, roots):
    organization.add(roots[0])
    for key in (None, "", "wrong", organization.key + "x", organization.key[:-1]):
        stranger = organization.client(key=key)
        stranger.key = key
        status, _, content = stranger.request("GET", LIST)
        expect_error(status, content, 401)
        assert organization.key not in content.decode()


def test_fault_56_a_reading_key_writes_nothing(organization, roots):
    reader = organization.client(key=organization.create_key("read"))
    known = organization.add(roots[0])
    assert [c["id"] for c in reader.list()] == [known]
    for attempt in (lambda: reader.upload(roots[1]), lambda: reader.deactivate(known),
                    lambda: reader.rename(known, "x"), lambda: reader.delete(known)):
        with pytest.raises(ApiError) as refused:
            attempt()
        expect_error(refused.value.status, refused.value.body, 403)
    assert [c["active"] for c in organization.api.list()] == [True]


def test_fault_23_what_is_active_anywhere_is_not_deleted(organization, roots):
    known = organization.add(roots[0], active=False)
    project = organization.client(project="proj_one")
    project.activate(known)
    with pytest.raises(ApiError) as refused:
        organization.api.delete(known)
    expect_error(refused.value.status, refused.value.body, (400, 409))
    project.deactivate(known)
    organization.api.delete(known)
    assert organization.api.list() == []


@pytest.mark.concurrency
def test_fault_56_parallel_writers_leave_a_whole_state(tmp_path, organization, certs):
    """Eight clients upload, toggle, rename and delete; the books balance afterwards."""
    mine = certs.many(40, "Parallel")
    failures = []

    def work(part):
        try:
            client = organization.client()
            for i, cert in enumerate(part):
                known = client.upload(cert, f"name {i}")
                client.activate(known)
                client.activate(known)
                client.rename(known, f"renamed {i}")
                if i % 2:
                    client.deactivate(known)
                    client.delete(known)
        except Exception as wrong:  # noqa: BLE001
            failures.append(wrong)

    threads = [threading.Thread(target=work, args=(mine[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    left = organization.api.list()
    assert len(left) == 24, "three of each five stay"
    assert all(c["active"] and c["name"].startswith("renamed") for c in left)


@pytest.mark.concurrency
def test_fault_56_kill_9_in_the_middle_of_writing(organization, certs):
    """What was confirmed is there afterwards, and the database opens clean."""
    mine = certs.many(30, "Killed")
    for round_number in range(3):
        confirmed = []

        def upload(part, confirmed=confirmed):
            client = organization.client()
            try:
                for cert in part:
                    known = client.upload(cert)
                    client.activate(known)
                    confirmed.append(known)
            except Exception:  # noqa: BLE001  the server is gone
                pass

        part = mine[round_number * 10 : round_number * 10 + 10]
        thread = threading.Thread(target=upload, args=(part,))
        thread.start()
        wait_until(lambda: len(confirmed) >= 2 or not thread.is_alive())
        time.sleep(0.01 * round_number)
        organization.stop(signal.SIGKILL)
        thread.join()
        with sqlite3.connect(organization.db) as database:
            assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        database.close()
        organization.start()
        active = {c["id"] for c in organization.api.list() if c["active"]}
        assert set(confirmed) <= active


def test_fault_56_slow_clients_do_not_block_others(organization):
    """Thirty connections that never finish their request."""
    idle = []
    try:
        for _ in range(30):
            connection = socket.create_connection(("127.0.0.1", organization.port))
            connection.sendall(b"GET " + LIST.encode() + b" HTTP/1.1\r\nHost: x\r\n")
            idle.append(connection)
        began = time.monotonic()
        is_well(organization)
        assert time.monotonic() - began < 5 * paths.SLOWNESS
    finally:
        for connection in idle:
            connection.close()


def test_fault_56_the_end_is_graceful(organization, roots):
    """SIGTERM while clients are connected: it ends with 0 and everything is stored."""
    known = organization.add(roots[0])
    idle = socket.create_connection(("127.0.0.1", organization.port))
    organization.stop()
    idle.close()
    organization.start()
    assert [c["id"] for c in organization.api.list()] == [known]


@pytest.mark.skipif(paths.WRAP != [] or paths.is_sanitized("address") or
                    paths.is_sanitized("thread"),
                    reason="a sanitizer's runtime or valgrind is preloaded instead")
def test_fault_56_clients_may_leave_while_it_ends(organization, roots):
    """What libmicrohttpd does at its end must not race its own workers (serve.c)."""
    slow_epoll = paths.BUILD / "tests" / "faults" / "slow_epoll.so"
    assert slow_epoll.is_file()
    known = organization.add(roots[0])
    for _ in range(5):
        organization.stop()
        organization.env["LD_PRELOAD"] = str(slow_epoll)
        organization.start()
        del organization.env["LD_PRELOAD"]
        leaving = [organization.client() for _ in range(6)]
        assert [[c["id"] for c in client.list()] for client in leaving] == [[known]] * 6
        threads = [threading.Thread(target=client.close) for client in leaving]
        organization.server.child.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def test_fault_56_the_database_holds_no_key(organization):
    key = organization.key.encode()
    for path in organization.dir.iterdir():
        if path.is_file():
            assert key not in path.read_bytes(), path


def test_fault_56_a_revoked_key_is_refused(organization):
    second = organization.create_key("admin", "second")
    client = organization.client(key=second)
    assert client.list() == []
    listed = run([paths.SERVER, "key", "list", "--db", organization.db],
                 env=organization.env, wrap=True)
    assert listed.status == 0
    assert "second" in listed.stdout
    assert second not in listed.stdout and organization.key not in listed.stdout
    revoked = run([paths.SERVER, "key", "revoke", "--db", organization.db, "second"],
                  env=organization.env, wrap=True)
    assert revoked.status == 0, revoked
    status, _, content = client.request("GET", LIST)
    expect_error(status, content, 401)
    assert organization.api.list() == []
