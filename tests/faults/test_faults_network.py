"""Rows 21 to 35 and 37: an API that refuses, stumbles, stalls or lies, and the network."""

import email.utils
import gzip
import resource
import socket
import time

import pytest
from fault_server import Answer, FaultServer, error, gzipped
from support import paths
from support.world import AUTH, EMPTY, NETWORK, NOT_FOUND, PROTOCOL, RATE


@pytest.mark.parametrize("status", [401, 403])
def test_fault_21_a_refused_key_is_not_tried_again(synced, api, status):
    api.on("list", error(status, "You may not do this."))
    synced.sync_keeps(AUTH, str(synced.key_file), "You may not do this")
    assert api.count() == 1
    synced.heals(3)


def test_fault_21_a_key_from_the_environment_is_called_so(synced, api, key):
    synced.configure(admin_key_file=None)
    api.on("list", error(401, "Incorrect key."))
    before = synced.snapshot()
    done = synced.sync(status=AUTH, env={"OPENAI_ADMIN_KEY": key})
    assert "OPENAI_ADMIN_KEY" in done.stderr
    assert synced.snapshot() == before


def test_fault_22_a_list_that_is_not_found_is_an_error(synced, api):
    api.on("list", error(404, "No such project."))
    synced.sync_keeps(NOT_FOUND, "No such project", f"127.0.0.1:{api.port}", "base_url")
    assert api.count() == 1
    assert synced.count() == 3
    synced.heals(3)


def test_fault_24_retry_after_in_seconds_is_honoured(synced, api):
    api.on("list", error(429, "Slow down.", Retry_After="2"), nth=0)
    began = time.monotonic()
    synced.sync()
    assert time.monotonic() - began >= 2.0
    assert api.count("list") == 2


def test_fault_24_retry_after_as_a_date_is_honoured(synced, api):
    date = email.utils.formatdate(time.time() + 3, usegmt=True)
    api.on("list", error(429, "Slow down.", Retry_After=date), nth=0)
    began = time.monotonic()
    synced.sync()
    assert time.monotonic() - began >= 1.5
    assert api.count("list") == 2


@pytest.mark.parametrize("value", ["3600", "99999999999999999999",
                                   "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_fault_24_a_huge_retry_after_ends_the_sync_and_schedules_it(synced, api, value):
    api.on("list", error(429, "Come back later.", Retry_After=value))
    began = time.time()
    synced.sync_keeps(RATE)
    assert time.time() - began < 10 * paths.SLOWNESS
    assert api.count("list") == 1
    assert synced.status()["next_refresh"] >= began + 3000


@pytest.mark.parametrize("value", ["-5", "soon", "", "0", "1.5.2"])
def test_fault_24_an_unusable_retry_after_means_the_usual_back_off(synced, api, value):
    api.on("list", error(429, "Slow down.", Retry_After=value), nth=0)
    began = time.monotonic()
    synced.sync()
    assert time.monotonic() - began < 10 * paths.SLOWNESS
    assert api.count("list") == 2


def test_fault_24_without_retry_after_it_gives_up_after_the_retries(synced, api):
    api.on("list", error(429, "Slow down."))
    synced.sync_keeps(RATE, "Slow down")
    assert api.count("list") == 3
    synced.heals(3)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_fault_25_server_errors_are_tried_again_with_a_growing_pause(synced, api, status):
    arrived = []

    def fail(request, right):
        arrived.append(time.monotonic())
        return error(status, "Something broke.")

    api.on("list", fail)
    synced.sync_keeps(PROTOCOL, str(status))
    assert len(arrived) == 3
    assert arrived[1] - arrived[0] > 0.2, "there is a pause"
    assert arrived[2] - arrived[1] > 0.4, "and it grows"
    synced.heals(3)


@pytest.mark.parametrize("failure", [error(500, "Oh."), error(503, "Oh."), None],
                         ids=["500", "503", "reset"])
@pytest.mark.parametrize("kind", ["list", "get"])
def test_fault_25_one_failure_is_overcome(synced, api, certs, kind, failure):
    api.add(certs.ca("Behind a stumble"))
    api.on(kind, lambda request, right: failure, nth=0)
    synced.sync()
    assert api.count(kind) == 2
    assert synced.count() == 4


def test_fault_25_resets_end_the_sync(synced, api):
    api.on("list", lambda request, right: None)
    synced.sync_keeps(NETWORK, "127.0.0.1")
    assert api.count("list") == 3
    synced.heals(3)


def test_fault_25_nobody_listens(synced):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    synced.configure(base_url=f"http://127.0.0.1:{port}/v1")
    done = synced.sync(status=NETWORK)
    assert str(port) in done.stderr


def test_fault_25_a_name_that_does_not_resolve(synced):
    synced.configure(base_url="https://nowhere.invalid/v1")
    done = synced.sync(status=NETWORK)
    assert "nowhere.invalid" in done.stderr


def test_fault_25_no_answer_in_time(synced, api):
    synced.configure(timeout="1s")
    api.on("list", lambda request, right: Answer(delay=30))
    began = time.monotonic()
    synced.sync_keeps(NETWORK, "1")
    assert time.monotonic() - began < 15 * paths.SLOWNESS
    synced.configure()
    synced.heals(3)


def test_fault_27_an_answer_byte_by_byte_meets_the_total_deadline(synced, api):
    synced.configure(timeout="2s")
    api.on("list", lambda request, right: Answer(body=right.body, drip=0.2))
    began = time.monotonic()
    synced.sync_keeps(NETWORK)
    assert time.monotonic() - began < 20 * paths.SLOWNESS
    synced.configure()
    synced.heals(3)


@pytest.mark.long
def test_fault_27_an_answer_byte_by_byte_meets_the_low_speed_limit(synced, api):
    synced.configure(timeout="10m")
    api.on("list", lambda request, right: Answer(body=right.body, drip=0.5))
    began = time.monotonic()
    synced.sync_keeps(NETWORK, timeout=120)
    assert time.monotonic() - began < 100


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("kind", ["list", "get"])
def test_fault_28_a_truncated_body_is_a_transport_error(synced, api, certs, kind, reset):
    api.add(certs.ca("Truncated"))
    api.on(kind, lambda request, right: Answer(body=right.body, truncate=40, reset=reset))
    synced.sync_keeps(NETWORK)
    synced.heals(4)


def test_fault_28_a_length_that_promises_more_is_a_transport_error(synced, api):
    api.on("list", lambda request, right: Answer(
        body=right.body, length=len(right.encoded()) + 10))
    synced.sync_keeps(NETWORK)


def test_fault_28_a_length_that_promises_less_is_an_error(synced, api):
    api.on("list", lambda request, right: Answer(
        body=right.body, length=len(right.encoded()) - 10))
    synced.sync_keeps(PROTOCOL)


def test_fault_29_an_oversize_list_ends_the_sync(synced, api):
    api.on("list", lambda request, right: Answer(
        body=right.encoded() + b" " * (4 * 1024 * 1024)))
    synced.sync_keeps(PROTOCOL, "bytes")
    assert api.count("list") == 1
    synced.heals(3)


def test_fault_29_an_oversize_certificate_ends_the_sync(synced, api, certs):
    new = api.add(certs.ca("Oversize"))
    api.on("get", lambda request, right: Answer(
        body=right.encoded() + b" " * (1024 * 1024)), cert_id=new)
    synced.sync_keeps(PROTOCOL, "bytes")
    synced.heals(4)


def bomb(size):
    """Small on the wire, size bytes decoded."""
    return Answer(body=gzip.compress(b"[" + b" " * size + b"]"),
                  headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_fault_29_a_decompression_bomb_ends_the_sync(synced, api, encoding):
    made = bomb(200 * 1024 * 1024)
    if encoding != "gzip":
        made.body = gzip.compress(made.body)
        made.headers["Content-Encoding"] = encoding
    api.on("list", made)
    # Decoding it all would not fit into this much memory.
    is_plain = not (paths.WRAP or paths.is_sanitized("address") or
                    paths.is_sanitized("thread"))
    synced.sync_keeps(PROTOCOL, preexec_fn=limit_memory if is_plain else None)
    assert api.count("list") == 1
    synced.heals(3)


def limit_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (150 << 20, 150 << 20))


def test_fault_29_honest_compression_is_understood(synced, api, certs):
    api.add(certs.ca("Compressed"))
    api.on("any", lambda request, right: gzipped(right)
           if "gzip" in request.headers.get("accept-encoding", "") else right)
    synced.sync()
    assert synced.count() == 4


NOT_UTF8 = [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"]


@pytest.mark.parametrize("raw", NOT_UTF8, ids=[r.hex() for r in NOT_UTF8])
def test_fault_30_invalid_utf8_is_a_protocol_error(synced, api, roots, raw):
    api.certs[0]["name"] = "MARK"
    api.on("list", lambda request, right: Answer(
        body=right.encoded().replace(b"MARK", b"a" + raw + b"b")))
    synced.sync_keeps(PROTOCOL, "UTF-8")


ODD_NAMES = ["escape \x1b[31mred", "newline\nname", "bidi \u202egnp.exe", "tab\there",
             "\u2066isolate", "c1 \x9b31m", "\u2028line", "del \x7f", "\u061cmark"]


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_fault_30_controls_in_a_name_are_escaped_on_display(synced, api, certs, name):
    odd = api.add(certs.ca("Odd name"), name=name)
    synced.sync()
    bad = next(c for c in name if not c.isprintable())
    for args in (["list"], ["show", odd], ["status"]):
        out = synced.orgtrust(*args).text
        assert bad == "\n" or bad not in out, (args, out)
        assert name not in out
    assert {c["id"]: c["name"] for c in synced.listed()}[odd] == name, "JSON keeps it"


def test_fault_30_nul_in_a_name_is_a_protocol_error(synced, api):
    api.certs[0]["name"] = "a\x00b"
    synced.sync_keeps(PROTOCOL)


def raw(text):
    return lambda request, right: Answer(body=text)


BAD_JSON = {
    "deep arrays": "[" * 200_000,
    "deep objects": '{"a":' * 200_000,
    "deep closed": "[" * 100_000 + "]" * 100_000,
    "huge number": '{"object":"list","data":[],"has_more":false,"x":1e400}',
    "too large an integer": '{"object":"list","data":[],"has_more":false,'
                            '"x":9223372036854775808}',
    "duplicate keys": '{"object":"list","data":[],"data":[],"first_id":null,'
                      '"last_id":null,"has_more":false}',
    "text behind": '{"object":"list","data":[],"first_id":null,"last_id":null,'
                   '"has_more":false} {}',
    "cut": '{"object":"list","data":[',
    "empty": "",
    "not a number": '{"object":"list","data":[],"has_more":NaN}',
    "text": "hello",
}


@pytest.mark.parametrize("name", BAD_JSON, ids=lambda n: n.replace(" ", "_"))
def test_fault_31_json_that_is_not_for_us(synced, api, name):
    api.on("list", raw(BAD_JSON[name]))
    synced.sync_keeps(PROTOCOL)
    assert api.count("list") == 1


@pytest.mark.parametrize("number", ["1e400", "9223372036854775808", "-1e999",
                                    "9007199254740993000000"])
def test_fault_31_a_time_that_is_no_time(synced, api, number):
    api.certs[0]["created_at"] = 123454321
    api.on("list", lambda request, right: Answer(
        body=right.encoded().replace(b"123454321", number.encode())))
    synced.sync_keeps(PROTOCOL)


PORTAL = "<!DOCTYPE html><html><title>Welcome to the hotel</title></html>"


@pytest.mark.parametrize("content_type", ["text/html", "application/json", None])
def test_fault_32_a_captive_portal_is_not_the_api(synced, api, content_type):
    api.on("any", Answer(body=PORTAL, content_type=content_type))
    synced.sync_keeps(PROTOCOL)
    synced.heals(3)


def test_fault_32_json_of_another_type_is_not_the_api(synced, api):
    api.on("list", lambda request, right: Answer(body=right.body,
                                                 content_type="text/html"))
    synced.sync_keeps(PROTOCOL, "text/html")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("kind", ["list", "get"])
def test_fault_33_a_redirect_is_refused_and_the_key_goes_nowhere(synced, api, certs, key,
                                                                 status, kind):
    api.add(certs.ca("Redirected"))
    other = FaultServer()
    try:
        api.on(kind, Answer(status, {}, {"Location": f"{other.base_url}/elsewhere"}))
        synced.sync_keeps(PROTOCOL, "redirect")
        assert other.count() == 0, "the other host was asked"
    finally:
        other.close()


def test_fault_33_a_redirect_to_another_scheme_is_refused(synced, api, tmp_path):
    target = tmp_path / "file.json"
    target.write_text("{}")
    api.on("list", Answer(302, {}, {"Location": f"file://{target}"}))
    synced.sync_keeps(PROTOCOL, "redirect")


def test_fault_34_the_environments_proxy_is_not_asked(synced, api):
    env = {name: "http://127.0.0.1:1" for name in ("http_proxy", "https_proxy", "ALL_PROXY")}
    synced.sync(env=env)
    assert api.count("list") == 1


@pytest.fixture
def tls(synced, api, certs, key):
    """Makes the same organization answer over TLS with a certificate for a name."""
    made = []

    def start(issuer, san="IP:127.0.0.1", days=30, cert=None):
        leaf = cert or certs.issue(issuer, "api.example", san=san, days=days)
        server = FaultServer(key, tls=(leaf.path, leaf.key))
        server.certs, server.contents = api.certs, api.contents
        made.append(server)
        return server

    yield start
    for server in made:
        server.close()


def bundle(machine, cert):
    path = machine.dir / f"ca-{cert.serial}.pem"
    path.write_text(cert.pem)
    path.chmod(0o644)
    return path


def test_fault_34_tls_with_the_right_authority_works(synced, certs, tls):
    authority = certs.ca("API authority", key=certs.new_key())
    server = tls(authority)
    synced.configure(base_url=server.base_url, ca_file=str(bundle(synced, authority)))
    synced.sync()
    assert server.count("list") == 1


@pytest.fixture
def verified(synced, certs, tls):
    """The API over TLS, with the right authority; (server, settings)."""
    authority = certs.ca("API authority", key=certs.new_key())
    server = tls(authority)
    return server, {"base_url": server.base_url, "ca_file": str(bundle(synced, authority))}


def test_fault_34_a_proxy_that_is_away_is_not_gone_around(synced, verified):
    server, settings = verified
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    synced.configure(**settings, proxy=f"http://127.0.0.1:{port}")
    before = synced.snapshot()
    done = synced.sync(status=NETWORK)
    assert "proxy" in done.stderr and str(port) in done.stderr
    assert synced.snapshot() == before
    assert server.count() == 0
    synced.configure(**settings)
    synced.sync()
    assert server.count("list") == 1


def test_fault_34_a_proxy_that_refuses_gets_no_key(synced, verified):
    server, settings = verified
    proxy = FaultServer()
    try:
        synced.configure(**settings, proxy=f"http://127.0.0.1:{proxy.port}")
        before = synced.snapshot()
        done = synced.sync(status=NETWORK)
        assert "proxy" in done.stderr
        assert proxy.count() >= 1
        assert all(r.method == "CONNECT" for r in proxy.requests)
        assert all("authorization" not in r.headers for r in proxy.requests)
        assert synced.snapshot() == before
        assert server.count() == 0
    finally:
        proxy.close()


@pytest.mark.parametrize("wrong", ["unknown authority", "other host", "expired", "plain text"])
def test_fault_34_bad_tls_fails_and_is_never_downgraded(synced, certs, tls, api, wrong):
    authority = certs.ca("API authority", key=certs.new_key())
    trusted = authority
    if wrong == "unknown authority":
        trusted = certs.ca("Another authority", key=certs.new_key())
        server = tls(authority)
    elif wrong == "other host":
        server = tls(authority, san="DNS:elsewhere.example")
    elif wrong == "expired":
        old = certs.dated("127.0.0.1", "20000101000000Z", "20010101000000Z")
        server, trusted = tls(None, cert=old), old
    else:
        server = api
    url = server.base_url.replace("http://", "https://")
    synced.configure(base_url=url, ca_file=str(bundle(synced, trusted)))
    before = synced.snapshot()
    done = synced.sync(status=NETWORK)
    assert "127.0.0.1" in done.stderr
    assert synced.snapshot() == before
    assert server.count() == 0, "nothing was said to it"
    assert server is api or api.count() == 0


def test_fault_35_the_api_is_never_verified_through_ourselves(synced, certs, tls, api):
    """The organization trusts the API's own authority; orgtrust must not."""
    authority = certs.ca("Only in the organization", key=certs.new_key())
    api.add(authority)
    synced.sync()
    assert synced.count() == 4
    server = tls(authority)
    other = certs.ca("In the fixed file", key=certs.new_key())
    recursive = {
        "OPENSSL_CONF": str(synced.openssl_cnf),
        "SSL_CERT_DIR": "orgtrust:///",
        "SSL_CERT_FILE": "orgtrust:///",
        "CURL_CA_BUNDLE": str(bundle(synced, authority)),
    }
    synced.configure(base_url=server.base_url, ca_file=str(bundle(synced, other)))
    synced.sync(status=NETWORK, env=recursive)
    synced.configure(base_url=server.base_url, ca_file=None)
    synced.sync(status=NETWORK, env=recursive)
    assert server.count() == 0
    synced.configure(base_url=server.base_url, ca_file=str(bundle(synced, authority)))
    synced.sync(env=recursive)
    assert server.count("list") == 1


def deactivate_all(api):
    for cert in api.certs:
        cert["active"] = False


def test_fault_37_an_active_list_that_flickers_empty_is_kept(synced, api):
    """Empty in the first listing, as before in the second one of the same sync."""
    healthy = {c["id"] for c in api.certs}

    def flicker(request, right):
        for cert in api.certs:
            cert["active"] = True
        return right

    deactivate_all(api)
    api.on("list", flicker, nth=0)
    synced.sync_keeps(EMPTY, "--accept-empty")
    assert api.count("list") == 2
    assert {c["id"] for c in synced.listed("--state", "active")} == healthy
    synced.heals(3)


def test_fault_37_an_empty_list_is_believed_when_two_listings_agree(synced, api):
    deactivate_all(api)
    synced.sync()
    assert api.count("list") == 2, "one listing is not enough"
    assert synced.count() == 0


def test_fault_37_accept_empty_is_believed_at_once(synced, api):
    deactivate_all(api)
    synced.sync("--accept-empty")
    assert api.count("list") == 1
    assert synced.count() == 0


def test_fault_37_listings_that_disagree_are_kept(synced, api):
    deactivate_all(api)

    def change(request, right):
        if request.nth % 2:
            return right.changed(lambda body: body["data"][0].update(name="other"))
        return right

    api.on("list", change)
    synced.sync_keeps(EMPTY, "--accept-empty")
    assert synced.count() == 3
