"""What the relay lets through, what of it, and who sees the key."""

from __future__ import annotations

import contextlib
import json
import os
import urllib.request
from pathlib import Path

import pytest
from fault_server import Answer
from support import paths
from support.process import clean_environment, run, wait_until

# What runs here is nginx; test_hosts.py has our part, sanitized too.
pytestmark = pytest.mark.skipif(paths.is_sanitized("address"), reason="with the plain build")

LIST = "/v1/organization/certificates"
PROJECT = "/v1/organization/projects/proj_1/certificates"
NOBODY = 65534


@pytest.fixture
def ids(api, roots):
    return [api.add(root, name=f"root {i}") for i, root in enumerate(roots)]


@pytest.fixture
def relay(relays, api, key, ids):
    return relays(f"127.0.0.1:{api.port}", key, interval=60)


def is_error(status: int, headers, content: bytes) -> bool:
    """In the API's form, to be shown to a person, and not kept."""
    error = json.loads(content)["error"]
    return (set(error) == {"message", "type", "param", "code"} and len(error["message"]) > 20
            and headers["Content-Type"] == "application/json"
            and headers["Cache-Control"] == "no-store" and status >= 400)


def test_lists_and_certificates_go_through_as_they_are(relay, api, ids):
    """Each in one spelling, so that whoever asks how meets the same entry of the cache."""
    through = [
        (LIST, "?limit=20&order=desc"),
        (f"{LIST}?limit=100&order=asc", ""),
        (f"{LIST}?order=asc&limit=100", "?limit=100&order=asc"),
        (f"{LIST}?after={ids[0]}&limit=1&order=asc", f"?limit=1&order=asc&after={ids[0]}"),
        (PROJECT, "?limit=20&order=desc"),
        (f"{LIST}/{ids[1]}", ""),
        (f"{LIST}/{ids[1]}?include[]=content", ""),
        (f"{LIST}/{ids[1]}?include%5B%5D=content", "?include[]=content"),
    ]
    for asked, sent in through:
        direct = run_direct(api, asked)
        expected = asked.split("?")[0] + sent if sent else asked
        before = api.count()
        for cached in ("MISS", "HIT"):
            status, headers, content = relay.ask("GET", asked)
            assert (status, content) == (200, direct), asked
            assert headers["X-Cache"] in (cached, "HIT"), (asked, headers)
            assert headers["Cache-Control"] == "private, no-cache"
        assert all(r.target == expected for r in api.requests[before:]), api.requests[-1]
        assert len(api.requests) - before <= 1, asked
    assert api.count() == 6 + len(through), "each entry once, and the direct ones"
    status, headers, content = relay.ask("HEAD", f"{LIST}?limit=100&order=asc")
    assert (status, content, headers["X-Cache"]) == (200, b"", "HIT")


def run_direct(api, target: str) -> bytes:
    """What the API itself answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{api.port}{target}",
                                     headers={"Authorization": f"Bearer {api.key}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as got:
        return got.read()


REPORTS = "/v1/orgtrust/reports"
REFUSED = [
    *[(method, target, 405) for target in (LIST, f"{LIST}/cert_1", PROJECT)
      for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE")],
    *[(method, f"{scope}/{word}", 405) for scope in (LIST, PROJECT)
      for word in ("activate", "deactivate") for method in ("GET", "POST")],
    *[(method, target, 404) for method in ("GET", "POST") for target in (
        f"{LIST}/", f"{LIST}/activate/", f"{LIST}/cert_1/activate", f"{PROJECT}/cert_1",
        f"{LIST}/cert_1/content", "/v1/organization/users", "/v1", "/",
        "/v1/organization/admin_api_keys", "/v1/organization/admin_api_keys/key_1",
        "/v1/organization/audit_logs", "/v1/organization/projects", "/v1/orgtrust/reports/",
        "/v1/orgtrust/hosts", "/v1/orgtrust/hosts/count",
        "/v1/organization/projects/proj_1", f"{LIST}/../admin_api_keys",
        f"{LIST}/%2e%2e/admin_api_keys", f"{LIST}/cert%2F1", f"{LIST}/cert%0a1",
        f"{LIST}/{'a' * 129}", "/.orgtrust/content", "/.orgtrust/key", "/nginx_status",
        "/v1/orgtrust/server", "/v1/orgtrust/certificates", "/v1/orgtrust/certificates/cert_1",
        "/console", "/console/", "/console/main.js")],
    *[("GET", f"{LIST}?{query}", 400) for query in (
        "limit=0", "limit=101", "limit=1e1", "order=up", "after=", "after=a%2fb",
        f"after={'a' * 129}", "limit=1&", "&limit=1", "limit=1&&order=asc", "x=1",
        "limit=1&x=1", "include[]=content", "after=a;b", "after=%0d%0aX:1")],
    *[("GET", f"{LIST}/cert_1?{query}", 400) for query in (
        "include[]=key", "include=content", "include[]=content&x=1", "x=1")],
    ("GET", f"{LIST}/cert_1%00", 400), ("GET", f"{LIST}/../../../../etc/passwd", 400),
    ("GET", f"{LIST}/{'a' * 9000}", 400),
]


def test_everything_else_ends_at_the_relay(relay, api):
    for method, target, status in REFUSED:
        answer = relay.ask(method, target)
        assert answer[0] == status and is_error(*answer), (method, target, answer)
        has = status == 405 and not target.endswith("activate")
        assert answer[1].get("Allow") == ("GET, HEAD" if has else None), answer
    for headers, body, status in (
            ({"X-Long": "a" * 40000}, None, 400), ({}, b"x" * 100_000, 413), ({}, b"x", 413),
            ({"Transfer-Encoding": "chunked"}, b"0\r\n\r\n", 413)):
        answer = relay.ask("GET", LIST, headers, body)
        assert answer[0] == status and is_error(*answer), answer
    assert api.count() == 0


def test_a_report_goes_through_and_nothing_beside_it(relay, api, key, own_key):
    """Its body alone, each time, by the relay's key; the API's answer comes back."""
    taken = Answer(200, {"object": "orgtrust.report", "host": "a", "current": True},
                   {"Set-Cookie": key})
    api.on("any", taken)
    sent = {"Authorization": f"Bearer {own_key}", "Cookie": own_key, "Host": "evil.example",
            "Content-Type": own_key, "X-Forwarded-For": own_key, "User-Agent": own_key}
    for _ in range(2):
        status, headers, content = relay.ask("POST", REPORTS, sent, b'{"host": "a"}')
        assert (status, json.loads(content)) == (200, taken.body) and "Set-Cookie" not in headers
    assert api.count() == 2, "none is kept"
    for request in api.requests:
        assert (request.method, request.target, request.body) == (
            "POST", REPORTS, b'{"host": "a"}')
        assert request.headers == {
            "host": "api.example", "authorization": f"Bearer {key}", "content-length": "13",
            "accept": "application/json", "user-agent": "orgtrust-relay",
            "content-type": "application/json"}
    assert relay.ask("POST", f"{REPORTS}?x={own_key}", {}, b"{}")[0] == 200
    assert api.requests[-1].target == REPORTS


def test_a_report_is_small_and_posted(relay, api):
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS"):
        status, headers, _ = relay.ask(method, REPORTS)
        assert status == 405 and headers["Allow"] == "POST", method
    answer = relay.ask("POST", REPORTS, {}, b"x" * 8193)
    assert answer[0] == 413 and is_error(*answer)
    assert api.count() == 0


@pytest.mark.parametrize("says, status", [
    (400, 400), (401, 502), (403, 502), (404, 404), (409, 503), (413, 413), (429, 429),
    (500, 503), (503, 503)])
def test_what_the_api_says_to_a_report_is_said_in_the_relays_words(relay, api, key, says, status):
    api.on("any", Answer(says, {"error": {"message": f"wrong: {key}"}}))
    for _ in range(2):
        answer = relay.ask("POST", REPORTS, {}, b"{}")
        assert answer[0] == status and is_error(*answer) and key.encode() not in answer[2]
    assert api.count() == 2, "it is asked each time"


def test_nothing_of_a_request_is_forwarded(relay, api, key, own_key, ids):
    """Neither its Authorization nor any other header; and it decides nothing."""
    sent = {"Authorization": f"Bearer {own_key}", "Proxy-Authorization": own_key,
            "Cookie": own_key, "OpenAI-Organization": own_key, "X-Forwarded-For": own_key,
            "Host": "evil.example", "User-Agent": own_key, "Referer": own_key,
            "Cache-Control": "no-cache", "Pragma": "no-cache", "Range": "bytes=0-1",
            "If-None-Match": own_key, "Accept": own_key, "X-Accel-Expires": "0"}
    for target in (LIST, PROJECT, f"{LIST}/{ids[0]}", f"{LIST}/{ids[0]}?include[]=content"):
        for _ in range(2):
            status, _, content = relay.ask("GET", target, sent)
            assert status == 200 and json.loads(content)
    assert api.count() == 4, "no header makes the relay ask again"
    for request in api.requests:
        assert request.headers == {
            "host": "api.example", "authorization": f"Bearer {key}",
            "accept": "application/json", "user-agent": "orgtrust-relay"}
        assert own_key not in request.target and request.body == b""
    relay.nginx.stop()
    assert not relay.files_with(own_key), "not in a log either"


def test_a_configuration_of_before_tells_no_host_to_wait(relays, api, key, ids):
    """It says nothing of how many may, and nginx takes it with the rules of now."""
    relay = relays(f"127.0.0.1:{api.port}", key, waiting=None)
    api.on("list", lambda request, right: Answer(
        200, right.body, {"Orgtrust-Waits": "yes", "Orgtrust-Reports": "yes"}))
    status, headers, _ = relay.ask("GET", f"{LIST}?limit=100&order=asc")
    assert (status, headers["Orgtrust-Reports"]) == (200, "yes")
    assert "Orgtrust-Waits" not in headers
    before = api.count()
    assert relay.ask("GET", f"{LIST}?limit=1&wait={'0' * 32}")[0] == 400
    assert api.count() == before


def test_contents_are_kept_one_by_one(relays, api, key, roots, hosts):
    """What an API gives of several at once would be in the cache once for each choice of them:
    hosts are not told of it, and the relay does not have it."""
    api.gives_contents = True
    for _ in range(4):
        api.add(roots[0])
    relay = relays(f"127.0.0.1:{api.port}", key)
    for target in (f"{LIST}?limit=100&order=asc", f"{LIST}/{api.certs[0]['id']}"):
        status, headers, _ = relay.ask("GET", target)
        assert status == 200 and "Orgtrust-Contents" not in headers
    assert relay.ask("GET", f"/v1/orgtrust/contents?ids={api.certs[0]['id']}")[0] == 404
    for _ in range(2):
        machine = hosts(relay)
        machine.sync()
        assert machine.status()["active"] == 4
    assert api.count("contents") == 0 and api.count("get") == 1 + 4


def test_only_the_master_can_read_the_key(relay, key):
    if os.geteuid() != 0:
        pytest.skip("needs root: nginx's workers are somebody else only then")
    assert relay.key_file.stat().st_mode & 0o777 == 0o600
    for worker in relay.workers():
        status = Path(f"/proc/{worker}/status")
        wait_until(lambda: f"Uid:\t{NOBODY}\t{NOBODY}" in status.read_text(),  # noqa: B023
                   what="an account without rights")
        assert key.encode() not in Path(f"/proc/{worker}/environ").read_bytes()
        assert key.encode() not in Path(f"/proc/{worker}/cmdline").read_bytes()
    done = run(["setpriv", f"--reuid={NOBODY}", "--clear-groups", "cat", relay.key_file],
               env=clean_environment())
    assert done.status != 0 and not done.out, done


def test_the_key_is_in_no_answer_no_log_no_file(relay, api, key, ids):
    """Not even when the API itself says it: in an error, or in the headers it is known to
    set."""
    told = {name: key for name in (
        "Set-Cookie", "X-Request-Id", "Openai-Organization", "Cache-Control", "Vary",
        "Alt-Svc", "Expires", "Retry-After")}
    told |= {"X-Accel-Redirect": f"/{key}", "Location": f"http://{key}/"}
    said = b""
    for number, status in enumerate((400, 401, 403, 404, 409, 418, 301)):
        api.on("any", Answer(status, {"error": {"message": f"wrong: {key}"}}, told))
        for target in (f"{LIST}?limit={number + 1}", f"{LIST}/{ids[0]}?include[]=content"):
            said += said_by(relay, "GET", target)
    for target in ("/", f"{LIST}?key=1", f"{LIST}/activate", "/.orgtrust/key"):
        said += said_by(relay, "POST", target)
    with relay.connection() as connection:
        connection.connect()
        connection.sock.sendall(b"\x16\x03\x01\x00\xff GARBAGE\r\n\r\n")
        said += connection.sock.recv(65536)
    api.heal()
    for target in (f"{LIST}?limit=90", f"{LIST}/{ids[2]}", f"{LIST}/{ids[2]}?include[]=content"):
        said += said_by(relay, "GET", target)
    relay.reload()
    assert relay.files_with(key) == []
    assert any(path.is_file() for path in relay.cache.rglob("*")) and relay.log.stat().st_size
    api.on("any", lambda request, right: Answer(200, right.body, told))
    said += said_by(relay, "GET", f"{LIST}?limit=91") + said_by(relay, "GET", LIST)
    assert said.count(b'"data"') == 3 and b"relay_key_refused" in said
    assert key.encode() not in said
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            assert key.encode() not in (process / "cmdline").read_bytes()


def said_by(relay, method: str, target: str) -> bytes:
    status, headers, content = relay.ask(method, target)
    return f"{status} {headers}".encode() + content


def test_the_log_says_who_asked_and_what_came_of_it(relay, ids):
    relay.ask("GET", f"{LIST}?limit=100&order=asc")
    relay.ask("GET", f"{LIST}/%22,%22status%22:200?key=secret")
    relay.reload()  # what was to be written is, by each of its processes when it ends
    first, second = sorted(map(json.loads, relay.log.read_text().splitlines()),
                           key=lambda line: line["status"])
    assert set(first) == {"time", "host", "method", "path", "status", "bytes", "cache", "api",
                          "seconds"}
    assert (first["host"], first["path"], first["status"]) == ("127.0.0.1", LIST, 200)
    assert (first["cache"], first["api"]) == ("MISS", "200")
    assert second["status"] == 404 and "secret" not in relay.log.read_text()


def test_the_page_of_a_captive_portal_is_not_kept(relay, api, ids):
    api.on("list", Answer(200, "<html>Log in</html>", content_type="text/html"))
    assert relay.ask("GET", LIST)[1]["Content-Type"] == "text/html"
    api.heal()
    assert json.loads(relay.ask("GET", LIST)[2])["data"]


def test_access_by_address(relays, api, key, ids):
    """The commented part, with an address that is not ours: a 403 that names the relay."""
    closed = relays(f"127.0.0.1:{api.port}", key, access="allow 192.0.2.0/24; deny all;")
    for method, target in (("GET", LIST), ("GET", "/"), ("POST", LIST)):
        answer = closed.ask(method, target)
        assert is_error(*answer), answer
    answer = closed.ask("GET", LIST)
    assert answer[0] == 403 and json.loads(answer[2])["error"]["code"] == "relay_host_refused"
    assert api.count() == 0
    opened = relays(f"127.0.0.1:{api.port}", key, access="allow 127.0.0.0/8; deny all;")
    assert opened.ask("GET", LIST)[0] == 200
