"""What hosts get while the API behind the relay fails, what that costs the API, and how it
ends."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from fault_server import Answer, error
from relay import INTERVAL, RULES
from support import paths
from support.process import wait_until
from support.world import PROTOCOL

# What runs here is nginx; test_hosts.py has our part, sanitized too.
pytestmark = pytest.mark.skipif(paths.is_sanitized("address"), reason="with the plain build")

LIST = "/v1/organization/certificates"
PAGE = f"{LIST}?limit=100&order=asc"


def hang(request, right):
    """Longer than the relay waits."""
    return Answer(right.status, right.body, delay=30)


# What may happen to an API for a while. Each is answered with what was there before.
PASSING = {
    "429": error(429, "Too many.", Retry_After="3600"),
    "500": error(500, "Oops."),
    "502": Answer(502, "<html>", content_type="text/html"),
    "503": error(503, "Not now.", Retry_After="3600"),
    "504": error(504, "Late."),
    "reset": lambda request, right: None,
    "no HTTP": lambda request, right: Answer(right.status, "", {"X" * 70000: "y"}),
}


@pytest.fixture
def ids(api, roots):
    return [api.add(root, name=f"root {i}") for i, root in enumerate(roots)]


@pytest.fixture
def relay(relays, api, key, ids):
    return relays(f"127.0.0.1:{api.port}", key)


def code_of(content: bytes) -> str:
    return json.loads(content)["error"]["code"]


def wait_for_expiry():
    time.sleep(INTERVAL + 1.1)  # nginx counts whole seconds


@pytest.mark.parametrize("kind", PASSING)
def test_what_was_there_is_served_while_the_api_fails(relay, api, kind):
    """And the API is left alone meanwhile: one try for a page in a second."""
    for path in (PAGE, f"{LIST}?limit=1&order=asc"):
        assert relay.ask("GET", path)[0] == 200
    good = relay.ask("GET", PAGE)[2]
    api.on("any", PASSING[kind])
    api.forget()
    wait_for_expiry()
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: relay.ask("GET", PAGE), range(200)))
        relay.ask("GET", f"{LIST}?limit=1&order=asc")
        never_seen = relay.ask("GET", f"{LIST}?limit=2&order=asc")[0]
        assert never_seen == (429 if kind == "429" else 503)
    tries = 3 * (1 + (time.monotonic() - began) // 1)
    assert all((status, content) == (200, good) for status, _, content in answers)
    assert {headers["X-Cache"] for _, headers, _ in answers} <= {"STALE", "UPDATING"}
    assert 1 <= api.count() <= tries, api.requests
    api.heal()
    api.remove(api.certs[0]["id"])
    wait_until(lambda: relay.ask("GET", PAGE)[2] != good, what="the API's new answer")


def test_an_api_that_hangs_holds_up_one_host(relay, api):
    good = relay.ask("GET", PAGE)[2]
    api.on("any", hang)
    wait_for_expiry()
    api.forget()
    with ThreadPoolExecutor(4) as pool:
        held = pool.submit(relay.ask, "GET", PAGE)
        wait_until(api.count)
        began = time.monotonic()
        for _ in range(50):
            status, headers, content = relay.ask("GET", PAGE)
            assert (status, content) == (200, good)
            assert headers["X-Cache"] == "UPDATING"
        assert time.monotonic() - began < 10 * paths.SLOWNESS
        status, headers, content = held.result()
    assert (status, content, headers["X-Cache"]) == (200, good, "STALE")
    assert api.count() == 1


def test_hosts_that_come_at_once_cost_one_request(relay, api):
    """Whether the page is new or its time is up."""
    api.on("list", lambda request, right: Answer(right.status, right.body, delay=0.5))
    for _ in range(2):
        api.forget()
        with ThreadPoolExecutor(30) as pool:
            answers = list(pool.map(lambda i: relay.ask("GET", PAGE)[0], range(60)))
        assert answers == [200] * 60 and api.count() == 1
        wait_for_expiry()


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_and_the_next_one(relay, api, hosts, key, status):
    """It is the relay's fault, and no host is told that its own key is wrong. The new key
    takes a reload."""
    host = hosts(relay)
    host.sync()
    before = host.snapshot()
    new = "sk-admin-" + "n" * 60
    api.key = new
    api.on("any", lambda request, right: right if right.status != 401
           else error(status, f"Incorrect API key provided: {key}."))
    wait_for_expiry()
    done = host.sync(status=PROTOCOL)
    assert "refuses the key of the relay" in done.stderr and key not in done.text, done
    assert host.snapshot() == before
    tries = api.count()
    for _ in range(100):
        answer = relay.ask("GET", PAGE)
        assert answer[0] == 502 and code_of(answer[2]) == "relay_key_refused"
    assert api.count() <= tries + 1, "a refusal is remembered"
    relay.set_key(new)
    relay.reload()
    wait_until(lambda: relay.ask("GET", PAGE)[0] == 200, what="the new key")
    host.sync()
    assert host.snapshot() != before
    relay.reload()
    assert not relay.files_with(key) and not relay.files_with(new)


def test_without_anything_to_serve_hosts_keep_what_they_have(relay, api, hosts):
    """The API is out, and so is the cache: what the administrator's tmpfiles entry ends in."""
    host = hosts(relay)
    host.sync()
    before = host.snapshot()
    for child in relay.cache.iterdir():
        shutil.rmtree(child)
    api.on("any", PASSING["500"])
    done = host.sync(status=PROTOCOL)
    assert "API fails" in done.stderr and host.snapshot() == before, done
    assert code_of(relay.ask("GET", PAGE)[2]) == "relay_upstream_failed"
    api.heal()
    wait_until(lambda: relay.ask("GET", PAGE)[0] == 200, what="the API's answer")
    host.sync()


def test_an_api_that_cannot_be_reached_from_the_start(relays, hosts, key):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    relay = relays(f"127.0.0.1:{port}", key)
    done = hosts(relay).sync(status=PROTOCOL)
    assert "cannot be reached from the relay" in done.stderr, done


def test_what_the_api_confirms_is_not_old(relay, api):
    """What systemd-tmpfiles goes by: a page that the API confirms, with 304 even, has a new
    time; one that it does not has not, and goes."""
    if shutil.which("systemd-tmpfiles") is None or os.geteuid() != 0:
        pytest.skip("needs root, and systemd-tmpfiles (package systemd)")

    def revalidate(request, right):
        if request.headers.get("if-none-match") == '"one"':
            return Answer(304, b"", {"ETag": '"one"'}, content_type=None)
        right.headers["ETag"] = '"one"'
        return right

    def files():
        return [path for path in relay.cache.rglob("*") if path.is_file()]

    api.on("list", revalidate)
    assert relay.ask("GET", PAGE)[1]["ETag"] == '"one"'
    page, = wait_until(lambda: [path for path in files() if not path.suffix])
    os.utime(page, (0, 0))
    wait_for_expiry()
    assert relay.ask("GET", PAGE)[1]["X-Cache"] == "REVALIDATED"
    assert api.requests[-1].headers["if-none-match"] == '"one"'
    wait_until(lambda: time.time() - page.stat().st_mtime < 60, what="a new time")
    assert relay.ask("GET", PAGE, {"If-None-Match": '"one"'})[0] == 304, "hosts may ask so, too"

    entry = (RULES / "orgtrust-relay.tmpfiles").read_text()
    assert entry.count("d /var/cache/orgtrust-relay 0700 www-data ") == 1, entry
    config = relay.dir / "tmpfiles.conf"
    config.write_text(entry.replace("/var/cache/orgtrust-relay", str(relay.cache))
                      .replace("www-data", "nobody"))

    def clean():
        subprocess.run(["systemd-tmpfiles", "--clean", config], check=True)

    for days, stays in ((0, True), (6, True), (8, False)):
        then = time.time() - days * 86400
        os.utime(page, (then, then))
        clean()
        assert files() == ([page] if stays else []), days
    api.on("any", PASSING["500"])
    assert relay.ask("GET", PAGE)[0] == 503
