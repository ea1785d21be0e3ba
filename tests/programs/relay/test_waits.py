"""Hosts that wait behind a relay: all are one question to the API, a change reaches them
within seconds, and neither they nor who misuses it keeps others from the relay."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import signal
import socket
import threading
import time

import pytest
from fault_server import Answer, error
from support import paths
from support.process import children, wait_until
from support.waiting_hosts import LIST, WaitingHosts, digits_of
from support.watched import Watched

PAGE = f"{LIST}?limit=100&order=asc"
SOON = 5 * paths.SLOWNESS  # seconds: how late a host may have a change
FLOODER = "127.0.0.66"


@pytest.fixture
def org(tmp_path, roots):
    made = Watched(tmp_path / "org")
    made.ids = [made.add(root) for root in roots[:2]]
    made.reader = made.create_key("read")
    yield made
    made.stop()


@pytest.fixture
def relay(relays, org):
    return relays(f"127.0.0.1:{org.port}", org.reader, interval=60)


@pytest.fixture
def simulated():
    """simulated(relay, count, …) makes WaitingHosts for the moment that the relay has."""
    made: list[WaitingHosts] = []

    def make(relay, count: int, **more) -> WaitingHosts:
        digits = digits_of(relay.ask("GET", PAGE)[1]["ETag"])
        made.append(WaitingHosts(relay.port, digits, count, **more))
        return made[-1]

    yield make
    for hosts in made:
        hosts.close()


def held(org) -> int:
    return int(org.metrics()["requests_waiting"])


def asked(org) -> int:
    """How often lists were asked for so far."""
    return int(sum(value for name, value in org.metrics().items()
                   if name.startswith("requests_total") and '/certificates"' in name
                   and 'method="GET"' in name))


def active(host) -> set[str]:
    return {cert["id"] for cert in host.listed() if cert["active"]}


def begin(org, hosts) -> list:
    """A watch of each, once it waits."""
    processes = [host.start("watch") for host in hosts]
    for process in processes:
        wait_until(lambda: "next in" in process.output() and children(process.pid),  # noqa: B023
                   timeout=30, what="a host that waits")
    wait_until(lambda: held(org), what="the relay's question")
    return processes


def until_all_have(hosts, expected: set[str]) -> float:
    began = time.monotonic()
    wait_until(lambda: all(active(host) == expected for host in hosts), timeout=30)
    return time.monotonic() - began


def test_a_change_reaches_hosts_behind_a_relay_within_seconds(org, relay, hosts):
    """Whatever the relay's interval and theirs are; and what they ask for later is not what
    the relay had before."""
    fleet = [hosts(relay, refresh_interval="1h") for _ in range(4)]
    processes = begin(org, fleet)
    one, two = org.ids
    for change, expected in ((org.api.deactivate, {two}), (org.api.activate, {one, two})):
        before = asked(org)
        change(one)
        assert until_all_have(fleet, expected) < SOON
        for host in fleet:
            host.sync()
            assert active(host) == expected
        wait_until(lambda: all(children(process.pid) for process in processes) and held(org),
                   what="all to wait again")
        assert asked(org) - before <= 6, "waits that end, the page, once more, waits that begin"
    for process in processes:
        assert process.stop() == 0, process.output()
        assert "warning" not in process.output()


def test_all_hosts_are_one_question_to_the_api(org, relay, simulated):
    before = asked(org)
    fleet = simulated(relay, 300)
    wait_until(lambda: held(org), what="the relay's question")
    time.sleep(1)
    assert fleet.answered() == 0
    assert held(org) <= 2 and asked(org) - before <= 2, "two where a minute ended"
    org.api.deactivate(org.ids[0])
    wait_until(lambda: fleet.answered() == 300, timeout=SOON, step=0.1)
    heads = fleet.answers()
    assert all(head.startswith("HTTP/1.1 304 ") for head in heads)
    [now] = {digits_of(re.search("ETag: (.*)\r\n", head, re.IGNORECASE)[1]) for head in heads}
    before = asked(org)
    for _ in range(50):
        status, headers, content = relay.ask("GET", PAGE, {"Orgtrust-Moment": now})
        assert (status, digits_of(headers["ETag"])) == (200, now)
        assert not json.loads(content)["data"][0]["active"]
    assert 1 <= asked(org) - before <= 2, "one in five seconds"
    status, headers, _ = relay.ask("GET", PAGE)
    assert digits_of(headers["ETag"]) == now, "also for those who were not told"


def test_a_project_is_waited_for_by_itself(org, relay, hosts):
    org.create_project("proj_one")
    host = hosts(relay, refresh_interval="1h", project="proj_one", inherit="no")
    [process] = begin(org, [host])
    org.client(project="proj_one").activate(org.ids[0])
    assert until_all_have([host], {org.ids[0]}) < SOON
    assert process.stop() == 0


def test_hosts_wait_again_after_an_api_was_away(org, relay, hosts):
    """Meanwhile none of them asks all the time."""
    fleet = [hosts(relay, refresh_interval="1h") for _ in range(2)]
    begin(org, fleet)
    port = org.port
    org.stop()
    time.sleep(6)
    tries = [line for line in logged(relay) if line["status"] >= 500]
    assert len(tries) <= 2 * 6
    (org.dir / "server.log").unlink()  # by which its ports are known
    org.start(port)
    org.api.deactivate(org.ids[0])
    assert until_all_have(fleet, {org.ids[1]}) < 30


def logged(relay) -> list[dict]:
    """What the relay has written: its log is not kept back."""
    return [json.loads(line) for line in relay.log.read_text().splitlines()]


def test_hosts_beyond_the_limit_are_sent_away(org, relays, simulated, hosts):
    """For ten minutes, at once, and without a question to the API; the others have the
    relay as before, and a real one follows at its interval."""
    relay = relays(f"127.0.0.1:{org.port}", org.reader, interval=1, waiting=(6, 4))
    first = simulated(relay, 5, source=FLOODER)
    wait_until(lambda: first.answered() == 1, what="one of five of an address")
    second = simulated(relay, 3)
    wait_until(lambda: second.answered() == 1, what="one of seven")
    for fleet in (first, second):
        for link in fleet.links:
            link.setblocking(False)
        [head] = [link.recv(4096).decode() for link in fleet.links if can_be_read(link)]
        assert head.startswith("HTTP/1.1 429 ") and "\r\nRetry-After: 600\r\n" in head
    assert 1 <= held(org) <= 2
    began = time.monotonic()
    for number in range(20):
        assert relay.ask("GET", f"{LIST}?limit={number + 1}")[0] == 200
    assert time.monotonic() - began < SOON
    before = sent_away(relay)
    host = hosts(relay, refresh_interval="2s")
    process = host.start("watch")
    wait_until(lambda: sent_away(relay) > before, what="a host that is sent away")
    org.api.deactivate(org.ids[0])
    until_all_have([host], {org.ids[1]})
    time.sleep(4)
    assert sent_away(relay) == before + 1, "it does not try again with each sync"
    assert process.stop() == 0


def sent_away(relay) -> int:
    return sum(line["status"] == 429 for line in logged(relay))


@pytest.mark.usefixtures("many_files")
def test_as_many_as_fit_debians_configuration_leave_room_for_others(org, relays, simulated):
    """Also where one worker has all of them, as nginx may do it."""
    relay = relays(f"127.0.0.1:{org.port}", org.reader, interval=60, workers=1, connections=768)
    fleet = simulated(relay, 700)
    wait_until(lambda: fleet.answered() == 700 - 384, what="those for whom there is no place")
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(relay.connection(source="127.0.0.77")) for _ in range(200)]
        for link in others:
            link.connect()
        for link in others:
            link.request("GET", PAGE)
        assert {link.getresponse().status for link in others} == {200}
    org.api.deactivate(org.ids[0])
    wait_until(lambda: fleet.answered() == 700, timeout=SOON, step=0.1)
    assert relay.ask("GET", PAGE)[0] == 200


def can_be_read(link) -> bool:
    try:
        return link.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return False


@pytest.mark.parametrize("kind", ["500", "429", "reset"])
def test_what_is_older_is_no_answer_to_a_host_that_was_told(relays, api, key, roots, kind):
    """Not even where the API fails, and others get it."""
    failures = {"500": error(500, "Oops."), "429": error(429, "Too many."),
                "reset": lambda request, right: None}
    for number, root in enumerate(roots):
        api.add(root, name=f"root {number}")
    relay = relays(f"127.0.0.1:{api.port}", key, interval=1)
    old = relay.ask("GET", PAGE)[2]
    api.certs[0]["active"] = False
    api.on("any", failures[kind])
    moment = {"Orgtrust-Moment": "0" * 32}
    for _ in range(3):
        assert relay.ask("GET", PAGE, moment)[0] == (429 if kind == "429" else 503)
        assert relay.ask("GET", PAGE)[::2] == (200, old)
    api.heal()
    new = wait_until(lambda: got if (got := relay.ask("GET", PAGE, moment))[0] == 200 else None)[2]
    assert new != old
    assert relay.ask("GET", PAGE)[2] == new
    api.on("any", failures[kind])
    time.sleep(7)
    assert relay.ask("GET", PAGE, moment)[::2] == (200, new), "nor is this older"


class Holding:
    """What the misbehaving API says as one that holds lists; a change ends that."""

    def __init__(self, api):
        self.digits, self.changed = "a" * 32, threading.Event()
        api.on("any", self.answer)

    def change(self):
        self.digits = "b" * 32
        self.changed.set()

    def answer(self, request, right):
        if "wait=" in request.target:
            self.changed.wait(50)
        elif self.changed.is_set():
            return error(500, "Oops.")
        # Of a certificate, too, as the server says it.
        return Answer(right.status, right.body, {
            "Orgtrust-Waits": "yes", "ETag": f'"orgtrust-list-{self.digits}-{"c" * 16}"'})


def test_a_called_host_that_gets_nothing_keeps_what_it_has(relays, api, key, roots, hosts):
    """Although the relay has a page, which is older; and says so."""
    api.add(roots[0])
    holding = Holding(api)
    relay = relays(f"127.0.0.1:{api.port}", key, interval=60)
    host = hosts(relay, refresh_interval="1h")
    process = host.start("watch")
    wait_until(lambda: any("wait=" in r.target for r in api.requests), what="a host that waits")
    before = host.snapshot()
    holding.change()
    wait_until(lambda: "next try in" in process.output(), what="a sync that fails")
    assert "API fails" in process.output()
    assert host.snapshot() == before and host.status()["failures"] == 1
    assert relay.ask("GET", PAGE)[0] == 200
    process.stop()


def kept(relay) -> list:
    """What is in its cache, and not just on the way there."""
    return sorted(path for path in relay.cache.rglob("*") if path.is_file() and not path.suffix)


def test_fault_80_made_up_moments_cost_what_made_up_pages_do(relays, api, key, roots):
    """One question each, of those that an address has; what the relay keeps stays."""
    api.add(roots[0])
    relay = relays(f"127.0.0.1:{api.port}", key, interval=60)
    good = relay.ask("GET", PAGE)[2]
    files = wait_until(lambda: kept(relay))
    api.forget()
    for value in ("", "0" * 31, "0" * 33, "A" * 32, "0" * 31 + "g", f"{'0' * 32}, {'0' * 32}"):
        assert relay.ask("GET", PAGE, {"Orgtrust-Moment": value})[1]["X-Cache"] == "HIT", value
    assert api.count() == 0
    began, statuses = time.monotonic(), []
    with relay.connection(source=FLOODER) as link:
        for number in range(600):
            digits = secrets.token_hex(16)
            if number % 2:
                link.request("GET", PAGE, headers={"Orgtrust-Moment": digits})
            else:
                link.request("GET", f"{LIST}?limit=1&wait={digits}")
            answer = link.getresponse()
            answer.read()
            statuses.append(answer.status)
    assert set(statuses) == {200, 429}
    assert api.count() == statuses.count(200) <= 400 + 1 + 20 * (time.monotonic() - began)
    assert kept(relay) == files, "it drives nothing out"
    assert relay.ask("GET", PAGE)[::2] == (200, good)
    assert relay.ask("GET", PAGE, {"Orgtrust-Moment": "1" * 32})[0] == 200, "another address"


@pytest.mark.parametrize("query", [
    "wait=" + "0" * 32, "limit=2&wait=" + "0" * 32, "limit=1&wait=" + "0" * 31,
    "limit=1&wait=" + "A" * 32, "limit=1&wait=", f"limit=1&wait={'0' * 32}&after=cert_1",
    f"limit=1&wait={'0' * 32}&wait={'0' * 32}"])
def test_a_wait_is_asked_for_in_one_way(relay, org, query):
    before = asked(org)
    assert relay.ask("GET", f"{LIST}?{query}")[0] == 400
    assert asked(org) == before


def test_an_api_that_does_not_hold_lists_is_not_waited_at(relays, api, key, roots, hosts):
    """The hosted one, of which each answer is as it was."""
    api.add(roots[0])
    relay = relays(f"127.0.0.1:{api.port}", key, interval=60)
    assert "Orgtrust-Waits" not in relay.ask("GET", PAGE)[1]
    process = hosts(relay, refresh_interval="1h").start("watch")
    wait_until(lambda: "next in" in process.output())
    time.sleep(1)
    assert children(process.pid) == [] and not [r for r in api.requests if "wait" in r.target]
    process.stop()


def test_a_reload_of_the_relay_loses_nobody(org, relay, hosts):
    """Who waits at a worker of before is told by that."""
    host = hosts(relay, refresh_interval="1h")
    [process] = begin(org, [host])
    [child], before = children(process.pid), relay.workers()
    relay.nginx.child.send_signal(signal.SIGHUP)
    wait_until(lambda: len(relay.workers()) > len(before), what="new workers")
    time.sleep(1)
    assert children(process.pid) == [child] and held(org) == 1
    org.api.deactivate(org.ids[0])
    assert until_all_have([host], {org.ids[1]}) < SOON
    wait_until(lambda: children(process.pid) not in ([], [child]) and held(org),
               what="another wait")
    wait_until(lambda: not relay.workers() & before, what="the end of the workers of before")
    process.stop()


def test_what_is_asked_of_the_api_is_the_wait_alone(relays, api, key, roots, own_key):
    api.add(roots[0])
    api.on("list", lambda request, right: Answer(
        200, right.body, {"Orgtrust-Waits": "yes", "ETag": f'"orgtrust-list-{"a" * 32}-{"b" * 16}"'}))
    relay = relays(f"127.0.0.1:{api.port}", key, interval=60)
    sent = {"Authorization": f"Bearer {own_key}", "Cookie": own_key, "If-None-Match": "*"}
    status, headers, _ = relay.ask("GET", f"{LIST}?limit=1&wait={'0' * 32}", sent)
    assert (status, headers["Orgtrust-Waits"]) == (304, "yes")
    assert relay.ask("GET", PAGE, sent | {"Orgtrust-Moment": "a" * 32})[0] == 304
    wait, page = api.requests
    assert wait.target == f"{LIST}?limit=1&wait={'0' * 32}" and page.target == PAGE
    for request in (wait, page):
        assert request.headers == {
            "host": "api.example", "authorization": f"Bearer {key}",
            "accept": "application/json", "user-agent": "orgtrust-relay"}


@pytest.mark.skipif(not paths.LONG, reason="it takes three minutes")
def test_hosts_behind_a_relay_go_on_for_minutes(org, relay, hosts):
    """One question a minute to the API, and no process of a host begins anew."""
    fleet = [hosts(relay, refresh_interval="1h") for _ in range(2)]
    begin(org, fleet[:1])
    time.sleep(20)
    begin(org, fleet[1:])
    time.sleep(65)
    processes = [host.background[-1] for host in fleet]
    waiters, before = [children(process.pid) for process in processes], asked(org)
    time.sleep(100)
    assert [children(process.pid) for process in processes] == waiters
    assert held(org) == 1 and asked(org) - before <= 2
    org.api.deactivate(org.ids[0])
    assert until_all_have(fleet, {org.ids[1]}) < SOON
    for process in processes:
        process.stop()
