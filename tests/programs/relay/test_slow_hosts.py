"""Row 76, at the relay: connections that send a little now and then."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest
from support import paths
from support.organization import Organization

pytestmark = [pytest.mark.usefixtures("many_files"),
              pytest.mark.skipif(paths.is_sanitized("address") or paths.IS_SLOW,
                                 reason="with the plain build; times")]

LIST = "/v1/organization/certificates"
PAGE = f"{LIST}?limit=100&order=asc"
SLOW = "127.0.0.66"

# conf/relay/server.conf
IN_ALL_S = 10


def send_part(stack, relay, data: bytes) -> socket.socket:
    link = stack.enter_context(socket.create_connection(
        ("127.0.0.1", relay.port), 20, source_address=(SLOW, 0)))
    link.sendall(data)
    return link


def test_fault_76_slow_hosts_keep_nobody_waiting(tmp_path, relays, roots):
    """And none of them is seen by the server behind, for which all are one address."""
    organization = Organization(tmp_path / "organization",
                                options=("--connections-per-address", "8"))
    try:
        organization.add(roots[0])
        relay = relays(f"127.0.0.1:{organization.port}", organization.create_key("read"))
        head = f"GET {PAGE} HTTP/1.1\r\nHost: relay\r\n".encode()
        body = head + b"Content-Length: 1000\r\n\r\n"
        with contextlib.ExitStack() as stack:
            slow = [send_part(stack, relay, body if number % 2 else head)
                    for number in range(4200)]
            for number in range(20):
                began = time.monotonic()
                target = f"{LIST}?limit={number + 1}"  # none of which it has yet
                assert relay.ask("GET", target)[0] == 200
                assert time.monotonic() - began < 3 * paths.SLOWNESS
            assert len(slow) == 4200 and organization.api.list()
    finally:
        organization.stop()


class Trickle(threading.Thread):
    """Sends data, then more of what it is given, until the other side closes."""

    def __init__(self, relay, data: bytes, more: bytes):
        super().__init__()
        self.relay, self.data, self.more = relay, data, more
        self.took, self.answer = 0.0, b""

    def run(self):
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            link = send_part(stack, self.relay, self.data)
            link.settimeout(0.5)
            while self.took < IN_ALL_S + 20:
                self.took = time.monotonic() - began
                try:
                    part = link.recv(65536)
                except TimeoutError:
                    with contextlib.suppress(OSError):
                        link.send(self.more)
                    continue
                except ConnectionError:
                    return
                self.answer += part
                if not part:
                    return


def test_fault_76_a_request_to_the_relay_has_a_time_in_all(relays, api, key):
    """Its head, and its body, of which there is to be none."""
    relay = relays(f"127.0.0.1:{api.port}", key)
    line = f"GET {PAGE} HTTP/1.1\r\nHost: relay\r\n".encode()
    chunked = line + b"Transfer-Encoding: chunked\r\n\r\n"
    trickles = {
        "head": Trickle(relay, line, b"X: y\r\n"),
        "body": Trickle(relay, line + b"Content-Length: 60000\r\n\r\n", b"x"),
        "chunks": Trickle(relay, chunked, b"1\r\nx\r\n"),
        "a chunk's extension": Trickle(relay, chunked + b"1;", b"x"),
        "trailers": Trickle(relay, chunked + b"0\r\n", b"X: y\r\n"),
    }
    for one in trickles.values():
        one.start()
    for name, one in trickles.items():
        one.join()
        assert one.took < IN_ALL_S + 5 * paths.SLOWNESS, name
        if name != "head":
            assert one.answer.startswith(b"HTTP/1.1 413 ") and b"body_too_large" in one.answer
    assert api.count() == 0
