"""Row 76: thousands of connections to orgtrust-server that send a little now and then."""

import contextlib
import socket
import time

import pytest
from support import paths
from support.network import in_own_network
from support.organization import Organization
from support.process import wait_until

LIST = "/v1/organization/certificates"

# server/shared/limits.h
LIMIT, SHARE, HEAD_S, BODY_S = 4096, 512, 20, 30

pytestmark = [pytest.mark.usefixtures("many_files"),
              pytest.mark.skipif(paths.WRAP != [] or paths.IS_SLOW,
                                 reason="times and thousands of connections")]


def connect(port, source):
    here = "::1" if ":" in source else "127.0.0.1"
    return socket.create_connection((here, port), 20, source_address=(source, 0))


def open_slow(stack, port, source, sent=f"GET {LIST} HTTP/1.1\r\nHost: x\r\n".encode()):
    """A connection that begins a request and does not end it."""
    link = stack.enter_context(connect(port, source))
    link.sendall(sent)
    return link


def ask(port, source, key):
    """The status of a whole request, and how long it took."""
    began = time.monotonic()
    with connect(port, source) as link:
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
                assert status == 200 and took < 3 * paths.SLOWNESS, (source, took)
        assert SHARE - 20 <= count_open(slow) <= SHARE
        assert count_open(slow[-SHARE + 20:]) >= SHARE - 40, "the oldest went first"


def test_fault_76_many_addresses_keep_nobody_waiting(organization):
    """More than there is room for, none over its share: the longest waited for go."""
    with contextlib.ExitStack() as stack:
        slow = [open_slow(stack, organization.port, f"127.0.1.{i % 20 + 1}")
                for i in range(LIMIT + 300)]
        for number in range(10):
            status, took = ask(organization.port, f"127.0.2.{number + 1}", organization.key)
            assert status == 200 and took < 3 * paths.SLOWNESS, took
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
        wait_until(lambda: count_open(slow) == 3, what="the end of six")
        assert count_open(slow[6:]) == 3
        assert ask(organization.port, "127.0.0.66", organization.key)[0] == 200
        wait_until(lambda: count_open(slow) == 2, what="the end of one more")
    organization.stop()


def test_fault_76_a_network_of_ipv6_is_one_address(tmp_path):
    """All of its addresses are its owner's. Those of IPv4 that IPv6 carries are one each."""
    network = [f"fd00:0:0:1::{number}" for number in range(1, 10)]
    mapped = [f"127.0.0.{number}" for number in range(61, 64)]
    other = "fd00:0:0:2::1"

    def try_it():
        organization = Organization(tmp_path / "organization", host="[::]",
                                    options=("--connections-per-address", "3"))
        try:
            with contextlib.ExitStack() as stack:
                slow = [open_slow(stack, organization.port, source) for source in network]
                alone = [open_slow(stack, organization.port, source) for source in mapped * 2]
                for source in (other, "127.0.0.2", network[0]):
                    assert ask(organization.port, source, organization.key)[0] == 200
                assert count_open(slow) == 2 and count_open(slow[7:]) == 2
                assert count_open(alone) == 6
        finally:
            organization.stop()

    in_own_network(try_it, [*network, other])


def test_fault_76_who_comes_over_tls_has_no_more_time(tmp_path, certs):
    """For the handshake either, of which the HTTP library says nothing."""
    authority, leaf = certs.for_loopback("Guests")
    organization = Organization(tmp_path / "organization", ca=authority.path, options=(
        "--tls-cert", str(leaf.path), "--tls-key", str(leaf.key),
        "--connections-per-address", "50"))
    hello = b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03"  # of 16 KiB
    with contextlib.ExitStack() as stack:
        slow = [open_slow(stack, organization.port, "127.0.0.66", hello) for _ in range(200)]
        began = time.monotonic()
        assert organization.api.list() == []
        while count_open(slow) > 50 and time.monotonic() - began < 5 * paths.SLOWNESS:
            time.sleep(0.05)  # the end of one that was too many is on its way
        assert 40 <= count_open(slow) <= 50
        while count_open(slow) and time.monotonic() - began < HEAD_S + 10 * paths.SLOWNESS:
            for link in slow[-60:]:
                with contextlib.suppress(OSError):
                    link.send(b"\0")
            time.sleep(0.5)
        assert HEAD_S - 2 <= time.monotonic() - began <= HEAD_S + 5 * paths.SLOWNESS
        assert organization.api.list() == []
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
