"""Row 80: somebody floods the relay, and hosts hear of a deactivation all the same."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import secrets
import socket
import threading
import time

import pytest
from fault_server import FaultServer, error
from relay import INTERVAL, Relay
from support import paths
from support.network import in_own_network
from support.organization import Organization
from support.process import wait_until

# What runs here is nginx.
pytestmark = pytest.mark.skipif(paths.is_sanitized("address"), reason="with the plain build")

LIST = "/v1/organization/certificates"
PAGE = f"{LIST}?limit=100&order=asc"
FLOODER = "127.0.0.66"

# What conf/relay lets one address ask the API for: at once, and in a second.
AT_ONCE, PER_SECOND = 400, 20


@pytest.fixture
def relay(relays, api, key, roots):
    for number, root in enumerate(roots):
        api.add(root, name=f"root {number}")
    return relays(f"127.0.0.1:{api.port}", key)


class Flood:
    """Asks for something else each time, as fast as it can, over a few connections of an
    address of its own."""

    KINDS = (f"{LIST}/cert_{{}}", f"{LIST}/cert_{{}}?include[]=content", f"{LIST}?after=cert_{{}}",
             "/v1/organization/projects/proj_{}/certificates")

    def __init__(self, relay, kinds=KINDS):
        self.relay, self.kinds = relay, kinds
        self.statuses: list[int] = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._ask) for _ in range(4)]

    def _ask(self):
        with self.relay.connection(source=FLOODER) as link:
            while not self.ended.is_set():
                for kind in self.kinds:
                    with contextlib.suppress(OSError, http.client.HTTPException):
                        link.request("GET", kind.format(secrets.token_hex(12)))
                        answer = link.getresponse()
                        answer.read()
                        self.statuses.append(answer.status)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


def test_fault_80_what_the_api_does_not_have_is_asked_for_once(relay, api):
    """Whoever asks, and whatever is made up."""
    for kind in Flood.KINDS[:3]:
        target = kind.format("nothing")
        api.forget()
        api.on("any", error(404, "No such certificate."))
        for number in range(100):
            with relay.connection(source=f"127.0.1.{number % 5 + 1}") as link:
                link.request("GET", target)
                answer = link.getresponse()
                assert (answer.status, json.loads(answer.read())["error"]["code"]) == (
                    404, "not_found")
        assert api.count() == 1, target
    assert not list(relay.cache.rglob("*.*")) and not [
        path for path in relay.cache.rglob("*") if path.is_file()], "it drives nothing out"


def test_fault_80_a_flood_costs_the_api_little_and_holds_nobody_up(relay, api):
    assert relay.ask("GET", PAGE)[0] == 200
    with Flood(relay) as flood:
        wait_until(lambda: flood.statuses.count(429) > 50, what="more than is let through")
        api.forget()
        began = time.monotonic()
        for number in range(3):
            api.certs[number]["active"] = False
            changed = time.monotonic()
            while any(cert["active"] for cert in
                      json.loads(relay.ask("GET", PAGE)[2])["data"][:number + 1]):
                time.sleep(0.05)
            # nginx counts whole seconds.
            assert time.monotonic() - changed < INTERVAL + 2 * paths.SLOWNESS
        took = time.monotonic() - began
        asked = api.count() - sum("limit=100&order=asc" in r.target and "after" not in r.target
                                  for r in api.requests)
        assert asked <= PER_SECOND * (took + 1) + 4, (asked, took)
    assert 200 in {relay.ask("GET", f"{LIST}/{cert['id']}")[0] for cert in api.certs}


def test_fault_80_a_flood_that_exhausts_the_key(tmp_path, relays, certs):
    """The API lets the key do less than the relay lets one address ask: its 429s are not
    everybody's."""
    organization = Organization(tmp_path / "organization", options=("--rate-limit", "15/s"))
    try:
        ids = [organization.add(cert) for cert in certs.many(3, "Flooded")]
        relay = relays(f"127.0.0.1:{organization.port}", organization.create_key("read"),
                       interval=3)
        assert relay.ask("GET", PAGE)[0] == 200

        def is_told(seconds):
            """In a flood, within so long."""
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                status, _, content = relay.ask("GET", PAGE)
                assert status == 200
                if not json.loads(content)["data"][0]["active"]:
                    return True
                time.sleep(0.05)
            return False

        # The flood takes 20 a second of 15: one try in four finds something left. But both
        # keep time, and the relay tries at whole seconds, so that all tries of a flood may
        # come at a bad moment: with a key that is full again the next flood has another one.
        for _ in range(6):
            with Flood(relay) as flood:
                wait_until(lambda: flood.statuses.count(429) > 50, what="an exhausted key")
                if organization.api.list()[0]["active"]:
                    organization.api.deactivate(ids[0])
                if is_told(3 + 1 + 6 * 2):
                    return
            time.sleep(random.uniform(1.2, 1.4))
        raise AssertionError("thirty-six tries, if need be")
    finally:
        organization.stop()


def test_fault_80_one_429_is_not_everybodys(relay, api):
    assert relay.ask("GET", PAGE)[0] == 200
    api.on("get", error(429, "Too many."))
    for _ in range(5):
        status, headers, content = relay.ask("GET", f"{LIST}/cert_{secrets.token_hex(12)}")
        assert (status, headers["Retry-After"]) == (429, "1")
        assert json.loads(content)["error"]["code"] == "relay_rate_limited"
    api.certs[0]["active"] = False
    time.sleep(INTERVAL + 1.1)
    status, headers, content = relay.ask("GET", PAGE)
    assert status == 200 and headers["X-Cache"] == "EXPIRED"
    assert not json.loads(content)["data"][0]["active"]


def test_fault_80_requests_of_one_address_are_limited(relays, api, key, roots):
    """One a second here, and 20,000 at once as there: nobody else notices."""
    api.add(roots[0])
    relay = relays(f"127.0.0.1:{api.port}", key, rate=1, interval=60)
    assert relay.ask("GET", PAGE)[0] == 200
    one = f"GET {PAGE} HTTP/1.1\r\nHost: relay\r\n\r\n".encode()
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    limited = 0
    for _ in range(23):
        with socket.create_connection(("127.0.0.1", relay.port),
                                      source_address=(FLOODER, 0)) as link:
            sender = threading.Thread(target=link.sendall, args=(one * 899 + last,))
            sender.start()
            received = b""
            while part := link.recv(1 << 20):
                received += part
            sender.join()
            limited += received.count(b"HTTP/1.1 429 ")
            assert received.count(b"HTTP/1.1 ") == 900
    assert 600 <= limited <= 700
    assert relay.ask("GET", PAGE)[0] == 200 and api.count() == 1


def test_fault_80_the_inner_port_serves_nobody_else(relay, api, key):
    for headers in ({}, {"Authorization": "Bearer sk-admin-x"}, {"Authorization": key},
                    {"X-Orgtrust-Host": "127.0.0.1"}):
        link = http.client.HTTPConnection("127.0.0.1", relay.inner_port, timeout=20)
        link.request("GET", PAGE.removeprefix("/v1"), headers=headers)
        assert link.getresponse().status == 403
        link.close()
    assert api.count() == 0


def test_fault_80_a_network_of_ipv6_is_one_address(key):
    """Who owns a /64 asks the API for no more by taking another address each time."""
    network = [f"fd00:0:0:1::{number:x}" for number in range(1, 31)]
    others = ["fd00:0:0:2::1", "fd00:0:1:1::1", "127.0.0.2"]

    def ask(relay, source) -> int:
        with relay.connection(source=source) as link:
            link.request("GET", f"/v1/organization/projects/proj_{secrets.token_hex(12)}"
                         "/certificates")
            return link.getresponse().status

    def try_it():
        api = FaultServer(key)
        api.on("any", error(404, "No such project."))
        relay = Relay(f"127.0.0.1:{api.port}", key, host="::")
        try:
            began = time.monotonic()
            statuses = [ask(relay, source) for source in network * 25]
            most = AT_ONCE + 1 + PER_SECOND * (time.monotonic() - began)
            assert AT_ONCE <= statuses.count(404) <= most and set(statuses) == {404, 429}
            assert api.count() == statuses.count(404)
            assert [ask(relay, source) for source in others] == [404] * 3
        finally:
            relay.stop()
            api.close()

    in_own_network(try_it, [*network, *others[:2]])
