"""Row 76: thousands of connections to orgtrust-server that send a little now and then."""

import contextlib
import resource
import socket
import time

import pytest
from support import paths
from support.organization import Organization

LIST = "/v1/organization/certificates"

# server/limits.h
LIMIT, SHARE, HEAD_S, BODY_S = 4096, 512, 20, 30

pytestmark = pytest.mark.skipif(paths.WRAP != [] or paths.SLOWNESS > 1,
                                reason="times and thousands of connections")


@pytest.fixture(autouse=True)
def many_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 12000:
        pytest.skip("needs 12,000 descriptors (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (12000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_slow(stack, port, source, sent=f"GET {LIST} HTTP/1.1\r\nHost: x\r\n".encode()):
    """A connection that begins a request and does not end it."""
    link = stack.enter_context(socket.create_connection(
        ("127.0.0.1", port), 20, source_address=(source, 0)))
    link.sendall(sent)
    return link


def ask(port, source, key):
    """The status of a whole request, and how long it took."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0)) as link:
        link.settimeout(20)
        link.sendall(f"GET {LIST} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     f"Authorization: Bearer {key}\r\n\r\n".encode())
        answer = b""
        while part := link.recv(65536):
            answer += part
    return int(answer.split()[1]), time.monotonic() - began


def is_ended(link) -> bool:
    link.setblocking(False)
    try:
        return link.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def count_open(links) -> int:
    return sum(not is_ended(link) for link in links)


def test_fault_76_one_address_keeps_nobody_else_waiting(organization):
    """4,200 connections from one address: it keeps its share, and everybody is answered, as
    is who comes from that address with a whole request."""
    with contextlib.ExitStack() as stack:
        slow = [open_slow(stack, organization.port, "127.0.0.66") for _ in range(4200)]
        for source in ("127.0.0.2", "127.0.0.3", "127.0.0.66"):
            for _ in range(5):
                status, took = ask(organization.port, source, organization.key)
                assert status == 200 and took < 3, (source, took)
        assert SHARE - 20 <= count_open(slow) <= SHARE
        assert count_open(slow[-SHARE + 20:]) >= SHARE - 40, "the oldest went first"


def test_fault_76_many_addresses_keep_nobody_waiting(organization):
    """More than there is room for, none over its share: the longest waited for go."""
    with contextlib.ExitStack() as stack:
        slow = [open_slow(stack, organization.port, f"127.0.1.{i % 20 + 1}")
                for i in range(LIMIT + 300)]
        for number in range(10):
            status, took = ask(organization.port, f"127.0.2.{number + 1}", organization.key)
            assert status == 200 and took < 3, took
        left = count_open(slow)
        assert LIMIT - 40 <= left <= LIMIT
        # Workers take them in a slightly different order each.
        assert count_open(slow[:250]) <= 10 and count_open(slow[400:]) >= LIMIT - 150


def test_fault_76_the_share_is_an_option(tmp_path):
    organization = Organization(tmp_path / "organization",
                                options=("--connections-per-address", "3"))
    with contextlib.ExitStack() as stack:
        slow = [open_slow(stack, organization.port, "127.0.0.66") for _ in range(9)]
        assert ask(organization.port, "127.0.0.2", organization.key)[0] == 200
        assert count_open(slow) == 3 and count_open(slow[6:]) == 3
        assert ask(organization.port, "127.0.0.66", organization.key)[0] == 200
        assert count_open(slow) == 2
    organization.stop()


def test_fault_76_a_request_has_a_time_in_all(organization):
    """However it trickles: a head, one that follows an answer, a body; and what is quiet
    but in time is left alone."""
    key = f"Authorization: Bearer {organization.key}\r\n"
    with contextlib.ExitStack() as stack:
        head = open_slow(stack, organization.port, "127.0.0.5")
        later = open_slow(stack, organization.port, "127.0.0.5",
                          f"GET {LIST} HTTP/1.1\r\nHost: x\r\n{key}\r\n".encode())
        assert later.recv(65536).startswith(b"HTTP/1.1 200 ")
        later.sendall(f"GET {LIST} HTTP/1.1\r\nHost: x\r\n".encode())
        body = open_slow(stack, organization.port, "127.0.0.5",
                         f"POST {LIST} HTTP/1.1\r\nHost: x\r\n{key}Content-Length: 10000\r\n"
                         "Content-Type: application/json\r\n\r\n".encode())
        idle = open_slow(stack, organization.port, "127.0.0.5",
                         f"GET {LIST} HTTP/1.1\r\nHost: x\r\n{key}\r\n".encode())
        assert idle.recv(65536).startswith(b"HTTP/1.1 200 ")
        began, ended = time.monotonic(), {}
        trickled = {"head": (head, b"X: y\r\n"), "later": (later, b"X: y\r\n"),
                    "body": (body, b" ")}
        while len(ended) < 3 and time.monotonic() - began < BODY_S + 10:
            for name, (link, data) in trickled.items():
                if name in ended:
                    continue
                if is_ended(link):
                    ended[name] = time.monotonic() - began
                    continue
                with contextlib.suppress(OSError):
                    link.send(data)
            time.sleep(0.5)
        assert not is_ended(idle)
        for name, limit in (("head", HEAD_S), ("later", HEAD_S), ("body", BODY_S)):
            assert limit - 2 <= ended[name] <= limit + 5, ended
        assert ask(organization.port, "127.0.0.5", organization.key)[0] == 200
