"""Row 79: heads that two readers may read differently, and keys in a log."""

import re
import socket
import ssl

import pytest

from judge import CERTIFICATES, judging
from support import paths
from support.network import in_own_network
from support.organization import Organization
from support.process import clean_environment, run, wait_until
from test_requests import is_refused, json_of, status_of

TARGET = CERTIFICATES.encode()

# What stands in for the headers' lines, the line of the key among them; {key} is it.
KEY = b"Authorization: Bearer {key}\r\n"
HOST = b"Host: x\r\n"
FORBIDDEN = {
    "a space before the colon": HOST + b"X : y\r\n" + KEY,
    "a tab before the colon": HOST + b"X\t: y\r\n" + KEY,
    "a space before a length's colon": HOST + KEY + b"Content-Length : 5\r\n",
    "a space before the first header": b" X: y\r\n" + HOST + KEY,
    "a tab before the first header": b"\tX: y\r\n" + HOST + KEY,
    "a folded line": HOST + b"X: a\r\n b\r\n" + KEY,
    "a line folded by a tab": HOST + b"X: a\r\n\tb\r\n" + KEY,
    "a folded last line": HOST + KEY + b"X: a\r\n b\r\n",
    "a folded empty line": HOST + KEY + b"X: a\r\n \r\n",
    "a line folded twice": HOST + b"X: a\r\n b\r\n c\r\n" + KEY,
    "a folded key": HOST + KEY[:-2] + b"\r\n 0\r\n",
    "a header in a fold": HOST + KEY + b"X: a\r\n Content-Length: 5\r\n",
    "a bare CR in a value": HOST + b"X: a\rb\r\n" + KEY,
    "a bare CR in a name": HOST + b"X\rY: a\r\n" + KEY,
    "a header behind a bare CR": HOST + b"X: a\rContent-Length: 5\r\n" + KEY,
    "two CRs": HOST + b"X: a\r\r\n" + KEY,
    "a bare LF": HOST + b"X: a\nY: b\r\n" + KEY,
    "a NUL in a value": HOST + b"X: a\0b\r\n" + KEY,
    "a NUL behind a value": HOST + b"X: a\0\r\n" + KEY,
    "a NUL behind the last value": HOST + KEY + b"X: a\0\r\n",
    "a NUL in a name": HOST + b"X\0Y: a\r\n" + KEY,
    "chunked and a NUL": HOST + KEY + b"Transfer-Encoding: chunked\0\r\n",
    "chunked, NUL, more": HOST + KEY + b"Transfer-Encoding: chunked\0gzip\r\n",
    "a control in a value": HOST + b"X: a\x01b\r\n" + KEY,
    "DEL in a value": HOST + b"X: a\x7fb\r\n" + KEY,
    "a name that is none": HOST + b"X(y): a\r\n" + KEY,
    "no name": HOST + b": a\r\n" + KEY,
    "no colon": HOST + b"X\r\n" + KEY,
    "another coding": HOST + KEY + b"Transfer-Encoding: xchunked\r\n",
    "chunked in quotes": HOST + KEY + b'Transfer-Encoding: "chunked"\r\n',
    "chunked, a vertical tab": HOST + KEY + b"Transfer-Encoding: chunked\x0b\r\n",
    "a coding and a length": HOST + KEY + b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
    "two lengths": HOST + KEY + b"Content-Length: 0\r\nContent-Length: 5\r\n",
    "two equal lengths": HOST + KEY + b"Content-Length: 0\r\nContent-Length: 0\r\n",
    "a list of lengths": HOST + KEY + b"Content-Length: 0, 0\r\n",
    "a signed length": HOST + KEY + b"Content-Length: +0\r\n",
    "two keys": HOST + KEY + KEY,
    "two keys, one wrong": HOST + b"Authorization: Bearer x\r\n" + KEY,
    "two types": HOST + KEY + b"Content-Type: a/b\r\nContent-Type: application/json\r\n",
    "two hosts": HOST + HOST + KEY,
    "no host": KEY,
    "a host with a blank": b"Host: x y\r\n" + KEY,
    "a host with a path": b"Host: x/y\r\n" + KEY,
}
LINES = {
    "two blanks before the target": b"GET  " + TARGET + b" HTTP/1.1\r\n",
    "two blanks before the version": b"GET " + TARGET + b"  HTTP/1.1\r\n",
    "a blank at the end": b"GET " + TARGET + b" HTTP/1.1 \r\n",
    "a blank at the start": b" GET " + TARGET + b" HTTP/1.1\r\n",
    "a tab": b"GET\t" + TARGET + b"\tHTTP/1.1\r\n",
    "a blank in the target": b"GET " + TARGET + b" x HTTP/1.1\r\n",
    "a bare CR": b"GET " + TARGET + b"\r HTTP/1.1\r\n",
    "a bare LF": b"GET " + TARGET + b" HTTP/1.1\n",
    "a bare CR in the method": b"X\rGET " + TARGET + b" HTTP/1.1\r\n",
    "a control in the method": b"\x01GET " + TARGET + b" HTTP/1.1\r\n",
    "a NUL in the method": b"GET\0X " + TARGET + b" HTTP/1.1\r\n",
    "a NUL in the target": b"GET " + TARGET + b"\0 HTTP/1.1\r\n",
    "a NUL in the version": b"GET " + TARGET + b" HTTP/1.1\0\r\n",
    "a control in the target": b"GET " + TARGET + b"?\x01 HTTP/1.1\r\n",
    "not ASCII": b"GET " + TARGET + b"?\xc3\xa4 HTTP/1.1\r\n",
    "a fragment": b"GET " + TARGET + b"#x HTTP/1.1\r\n",
}
CASES = [(name, b"GET " + TARGET + b" HTTP/1.1\r\n", lines) for name, lines in FORBIDDEN.items()]
CASES += [(f"line: {name}", line, HOST + KEY) for name, line in LINES.items()]


@pytest.fixture(scope="module", params=[pytest.param("plain", marks=pytest.mark.memory), "tls"])
def framed(request, tmp_path_factory, certs):
    directory = tmp_path_factory.mktemp("framed") / "org"
    if request.param == "plain":
        org = Organization(directory)
    else:
        authority, leaf = certs.for_loopback("Framed")
        org = Organization(directory, ca=authority.path, options=(
            "--tls-cert", str(leaf.path), "--tls-key", str(leaf.key)))
    yield org
    org.stop()


def say(org, data: bytes) -> bytes:
    """All that comes back until the server closes; it must, and before we do."""
    with socket.create_connection(("127.0.0.1", org.port)) as link:
        link.settimeout(10 * paths.SLOWNESS)
        if org.ca:
            context = ssl.create_default_context(cafile=org.ca)
            context.suppress_ragged_eofs = True
            link = context.wrap_socket(link, server_hostname="127.0.0.1")
        answer = b""
        try:
            link.sendall(data)
            while part := link.recv(65536):
                answer += part
        except ConnectionError:  # closed with something of ours unread
            pass
        finally:
            link.close()
    return answer


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: CASES[n][0].replace(" ", "_"))
def test_fault_79_what_readers_read_differently_is_refused(framed, number):
    """And what follows on the connection, which such a request may have been made to hide,
    is not looked at."""
    _, line, lines = CASES[number]
    key = framed.key.encode()
    hidden = b"GET /v1/hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = say(framed, line + lines.replace(b"{key}", key) + b"\r\n" + hidden)
    statuses = set(re.findall(rb"HTTP/1\.1 (\d+)", answer))
    if line not in LINES.values():
        assert statuses == {b"400"}, answer
    assert statuses <= {b"400", b"505"}, answer  # libmicrohttpd drops some without a word
    assert b"unknown_url" not in answer and (not answer or b"Connection: close" in answer)
    assert judging(framed, ca=framed.ca).list() == []


def test_fault_79_it_is_said_in_the_apis_shape(framed):
    """But for what libmicrohttpd itself refuses."""
    for name in ("a space before the colon", "a folded line", "a bare CR in a value",
                 "chunked and a NUL", "a space before the first header", "a bare LF"):
        lines = FORBIDDEN[name].replace(b"{key}", framed.key.encode())
        answer = say(framed, b"GET " + TARGET + b" HTTP/1.1\r\n" + lines + b"\r\n")
        assert is_refused(answer, "malformed_request", by_library=True), (name, answer)
    for name, code in (("two keys", "duplicate_header"), ("two lengths", "invalid_framing"),
                       ("two hosts", "invalid_host")):
        lines = FORBIDDEN[name].replace(b"{key}", framed.key.encode())
        answer = say(framed, b"GET " + TARGET + b" HTTP/1.1\r\n" + lines + b"\r\n")
        assert is_refused(answer, code, by_library=True), (name, answer)


def test_fault_79_what_is_allowed_is_served(framed):
    """White space around values, any case, empty values, pipelining, parts that come late."""
    key = framed.key.encode()
    one = (b"GET " + TARGET + b"?include[]=content HTTP/1.1\r\nHOST:\t x \r\n"
           b"X-Empty:\r\nX-Blank:  \r\nx-utf: \xc3\xa4\r\nCookie: a=b; c=d\r\n"
           b"authorization:bearer " + key + b"\r\n\r\n")
    last = one.replace(b"X-Empty:", b"Connection: close")
    answer = say(framed, one * 3 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 4, answer
    old = b"GET " + TARGET + b" HTTP/1.0\r\nAuthorization: Bearer " + key + b"\r\n\r\n"
    assert status_of(say(framed, old)) == 200
    if framed.ca is None:
        with socket.create_connection(("127.0.0.1", framed.port)) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(len(last)):
                link.sendall(last[i:i + 1])
            assert link.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_fault_79_chunked_is_for_http_1_1(framed):
    head = (b"POST " + TARGET + b" HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer " + framed.key.encode()
            + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert is_refused(say(framed, head), "invalid_framing", by_library=True)


ODD_CHUNKS = {
    "a bare LF": b"2\n{}\r\n0\r\n\r\n",
    "a bare CR": b"2\r{}\r\n0\r\n\r\n",
    "a bare LF in an extension": b"2;a\n{}\r\n0\r\n\r\n",
    "a bare CR in an extension": b"2;\r{}\r\n0\r\n\r\n",
    "a bare LF behind a chunk": b"2\r\n{}\n0\r\n\r\n",
    "a bare LF behind the last size": b"2\r\n{}\r\n0\n\r\n",
    "a bare LF at the end": b"2\r\n{}\r\n0\r\n\n",
    "a bare LF behind a trailer": b"2\r\n{}\r\n0\r\nX: y\n\r\n",
    "nothing behind a chunk": b"2\r\n{}0\r\n\r\n",
    "a blank before a size": b" 2\r\n{}\r\n0\r\n\r\n",
    "a blank behind a size": b"2 \r\n{}\r\n0\r\n\r\n",
    "a blank before an extension": b"2 ;a\r\n{}\r\n0\r\n\r\n",
    "a sign": b"+2\r\n{}\r\n0\r\n\r\n",
    "0x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "a NUL": b"2\0\r\n{}\r\n0\r\n\r\n",
    "a NUL in an extension": b"2;\0\r\n{}\r\n0\r\n\r\n",
    "a control in an extension": b"2;\x01\r\n{}\r\n0\r\n\r\n",
    "a size of 68 bits": b"10000000000000002\r\n{}\r\n0\r\n\r\n",
    "no last size": b"2\r\n{}\r\n\r\n",
}


@pytest.mark.parametrize("chunks", ODD_CHUNKS.values(), ids=ODD_CHUNKS)
def test_fault_79_odd_chunks_hide_no_request(framed, chunks):
    """Whoever reads their end elsewhere, what stands behind them is not looked at."""
    head = (b"POST " + TARGET + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer " + framed.key.encode()
            + b"\r\n\r\n")
    hidden = b"GET /v1/hidden HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = say(framed, head + chunks + hidden)
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", answer)
    assert statuses in ([b"400"], [b"413"]) and b"Connection: close" in answer, answer
    assert b"unknown_url" not in answer


def test_fault_79_a_malformed_target_ends_the_connection_with_a_body_too(framed):
    head = (b"POST " + TARGET + b"/% HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer " + framed.key.encode()
            + b"\r\n\r\n{}")
    answer = say(framed, head + b"GET /v1/hidden HTTP/1.1\r\nHost: x\r\n"
                 b"Connection: close\r\n\r\n")
    assert json_of(answer)["error"]["code"] == "invalid_url" and b"unknown_url" not in answer


@pytest.mark.parametrize("trailer", [b"X : y\r\n", b"X: a\rb\r\n", b" X: y\r\n", b"X: \x01\r\n"])
def test_fault_79_trailers_are_headers_too(framed, trailer):
    head = (b"POST " + TARGET + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/json\r\nAuthorization: Bearer " + framed.key.encode()
            + b"\r\n\r\n2\r\n{}\r\n0\r\n")
    assert is_refused(say(framed, head + trailer + b"\r\n"), "malformed_request",
                      by_library=True)
    answer = say(framed, head.replace(b"Host: x", b"Host: x\r\nConnection: close")
                 + b"X: y\r\n\r\n")
    assert json_of(answer)["error"]["code"] == "missing_parameter"


@pytest.fixture
def logging(tmp_path):
    org = Organization(tmp_path / "org", options=("--log",))
    yield org
    if org.server is not None:
        org.stop()


def percent(text: str, times=1) -> str:
    for _ in range(times):
        text = "".join(f"%{byte:02x}" for byte in text.encode())
    return text


def test_fault_79_no_key_is_in_the_log_whatever_the_request_looks_like(logging, pem):
    keys = [logging.key, "sk-admin-" + "Zx9_" * 30, "sk-" + "a1" * 24]
    api = judging(logging)
    for key in keys:
        shapes = [key, percent(key), percent(key, 2), percent(key[:9]) + key[9:], f"x{key}",
                  f"cert_{key}", f"{key}.", key.upper(), f"Bearer%20{key}", f"a/{key}/b",
                  f"{CERTIFICATES}/{key}?x", f"//u:{key}@h", key.split("-")[-1]]
        for shape in shapes:
            for target in (f"/{shape}", f"{CERTIFICATES}/{shape}", f"{CERTIFICATES}?x={shape}",
                           f"{CERTIFICATES}?after={shape}", f"/v1/organization/projects/{shape}"
                           "/certificates", f"http://h/{shape}"):
                say(logging, f"GET {target} HTTP/1.1\r\nHost: x\r\nUser-Agent: {key}\r\n"
                    f"Authorization: Bearer {key}\r\nConnection: close\r\n\r\n".encode())
        for line in (f"{key}", f"{key} / HTTP/1.1", f"GET {key}", f"GET /{key} HTTP/{key}",
                     f"GET /{key}\r", f"GET / {key} HTTP/1.1", f"GET /\0{key} HTTP/1.1"):
            say(logging, f"{line}\r\nHost: {key}\r\n{key}\r\n{key}: {key}\r\n\r\n".encode())
        api.request("POST", CERTIFICATES, {"certificate": key, "name": key})
        api.request("POST", f"{CERTIFICATES}/activate", {"certificate_ids": [key]})
        cert_id = api.upload(pem, key)
        api.rename(cert_id, f"again {key}")
    logging.stop()
    log = (logging.dir / "server.log").read_text()
    assert log.count("\n") > 200 and "[hidden]" in log and CERTIFICATES in log
    for key in keys:
        secret = key.split("-")[-1]
        for part in (secret, secret[:12], secret[-12:], secret.upper()[:12]):
            assert part not in log, [line for line in log.splitlines() if part in line][:3]


def test_fault_79_ids_are_in_the_log(logging, pem):
    api = judging(logging)
    cert_id = api.upload(pem)
    api.get(cert_id)
    logging.create_project("proj_abcdefghijklmnopqrstuvwx")
    api.request("GET", "/v1/organization/projects/proj_abcdefghijklmnopqrstuvwx/certificates")
    log = logging.server.output()
    assert f"GET {CERTIFICATES}/{cert_id} 200" in log
    assert "projects/proj_abcdefghijklmnopqrstuvwx/certificates 200" in log


def test_fault_79_the_command_hides_a_key_that_is_given_as_a_name(logging):
    done = run([paths.SERVER, "key", "revoke", "--db", logging.db, logging.key],
               env=clean_environment(), wrap=True)
    assert done.status == 7 and "no key has the id or name '[hidden]'" in done.stderr, done


def ask(org, key, source="127.0.0.1"):
    here = "::1" if ":" in source else "127.0.0.1"
    with socket.create_connection((here, org.port), source_address=(source, 0)) as link:
        link.sendall(f"GET {CERTIFICATES} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     f"Authorization: Bearer {key}\r\n\r\n".encode())
        answer = b""
        while part := link.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize("options", [(), ("--log",)])
def test_fault_79_wrong_keys_are_logged_and_throttled_by_address(tmp_path, options):
    """20 a minute; a right key is served whatever comes from its address."""
    org = Organization(tmp_path / "org", options=options)
    wrong = org.key[:-4] + "0000"
    try:
        assert [status_of(ask(org, wrong, "127.0.0.66")) for _ in range(20)] == [401] * 20
        for _ in range(30):
            answer = ask(org, wrong, "127.0.0.66")
            assert status_of(answer) == 429
            assert json_of(answer)["error"]["code"] == "too_many_wrong_keys"
            assert 1 <= int(re.search(rb"Retry-After: (\d+)", answer)[1]) <= 61
        assert status_of(ask(org, org.key, "127.0.0.66")) == 200, "the neighbour's"
        assert status_of(ask(org, wrong, "127.0.0.67")) == 401
        log = wait_until(org.server.output)
        assert log.count("a wrong key came from 127.0.0.66, ") == 20
        assert log.count("more than 20 wrong keys came from 127.0.0.66") == 1
        assert log.count("a wrong key came from 127.0.0.67, number 1 within a minute") == 1
        assert org.key[:40] not in log and wrong not in log
    finally:
        org.stop()


def test_fault_79_wrong_keys_of_an_ipv6_network_are_those_of_one_address(tmp_path):
    network = [f"fd00:0:0:1::{number}" for number in range(1, 12)]
    other = "fd00:0:0:2::1"

    def try_it():
        org = Organization(tmp_path / "org", host="[::]")
        wrong = org.key[:-4] + "0000"
        try:
            statuses = [status_of(ask(org, wrong, source)) for source in network * 2]
            assert statuses == [401] * 20 + [429] * 2
            assert status_of(ask(org, wrong, other)) == 401
            assert status_of(ask(org, org.key, network[0])) == 200
            log = wait_until(org.server.output)
            assert log.count("a wrong key came from fd00:0:0:1::/64, ") == 20
            assert log.count("more than 20 wrong keys came from fd00:0:0:1::/64") == 1
        finally:
            org.stop()

    in_own_network(try_it, [*network, other])
