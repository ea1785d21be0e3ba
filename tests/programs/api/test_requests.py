"""fault 56: malformed requests and huge bodies get a clear 4xx and change nothing."""

import ctypes
import json
import socket

import pytest

from judge import CERTIFICATES, DESCRIPTION, error_of, judging
from support import paths
from support.organization import Organization

pytestmark = pytest.mark.memory
MIB = 1024 * 1024


def talk(org, data: bytes, close=True) -> bytes:
    """Sends bytes, returns all that comes back until the server closes or falls silent."""
    answer = b""
    with socket.create_connection(("127.0.0.1", org.port), 3 * min(paths.SLOWNESS, 5)) as link:
        try:
            link.sendall(data)
            if close:
                link.shutdown(socket.SHUT_WR)
            while part := link.recv(65536):
                answer += part
        except OSError:
            pass
    return answer


def library_version() -> tuple[int, ...]:
    library = ctypes.CDLL("libmicrohttpd.so.12")
    library.MHD_get_version.restype = ctypes.c_char_p
    return tuple(map(int, library.MHD_get_version().decode().split(".")[:2]))


# From 1.0 on libmicrohttpd refuses some requests itself, with a page of its own.
LIBRARY_REFUSES = library_version() >= (1, 0)


def is_refused(answer: bytes, code: str, *, by_library: bool) -> bool:
    """400 with the API's code; where the library refuses, in its own words or in none."""
    if by_library and LIBRARY_REFUSES:
        return answer == b"" or (status_of(answer) == 400 and b"Connection: close" in answer)
    return status_of(answer) == 400 and json_of(answer)["error"]["code"] == code


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def json_of(answer: bytes):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/json" in head, answer
    return json.loads(body)


def head_of(org, *lines: bytes, method=b"POST", target=CERTIFICATES.encode()) -> bytes:
    return b"\r\n".join([
        method + b" " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close",
        b"Authorization: Bearer " + org.key.encode(), b"Content-Type: application/json",
        *lines, b"", b""])


@pytest.fixture(scope="module")
def bombarded(tmp_path_factory):
    org = Organization(tmp_path_factory.mktemp("bombarded") / "org")
    yield org
    org.stop()


@pytest.fixture
def alive(bombarded):
    """Whatever a test sent: the server then still answers, and holds what it held."""
    yield bombarded
    assert judging(bombarded).list() == []


@pytest.mark.parametrize("data", [
    b"FOO\r\n\r\n", b"\r\n" * 100, b"GET\r\n\r\n", b"GET /v1\r\n\r\n", b"\x00" * 100,
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\nNo colon\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 100000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n",
], ids=["word", "lines", "no target", "no version", "NULs", "version", "h2", "header", "TLS",
        "long target", "long header", "many headers"])
def test_fault_56_what_is_no_http_is_refused_or_dropped(alive, data):
    answer = talk(alive, data)
    assert answer == b"" or 400 <= status_of(answer) < 500 or status_of(answer) == 505


@pytest.mark.parametrize("length", [b"abc", b"-1", b"1e3", b"0x10", b"99999999999999999999"])
def test_fault_56_a_length_that_is_no_number(alive, length):
    assert status_of(talk(alive, head_of(alive, b"Content-Length: " + length))) in (400, 413)


@pytest.mark.parametrize("lines", [
    [b"Content-Length: 2", b"Content-Length: 2"],
    [b"Content-Length: 2", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: gzip"], [b"Transfer-Encoding: gzip, chunked"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
], ids=["two lengths", "both", "unknown", "two codings", "twice"])
def test_fault_56_ambiguous_framing_ends_the_connection(alive, lines):
    answer = talk(alive, head_of(alive, *lines) + b"{}", close=False)
    by_us = {line.split(b":")[0] for line in lines} == {b"Content-Length"}
    assert is_refused(answer, "invalid_framing", by_library=not by_us)


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"2\r\n{}junk\r\n0\r\n\r\n",
                                    b"ffffffffffffffffffff\r\n"])
def test_fault_56_broken_chunks(alive, chunks):
    answer = talk(alive, head_of(alive, b"Transfer-Encoding: chunked") + chunks)
    assert answer == b"" or status_of(answer) in (400, 413)


def test_fault_56_chunked_bodies_are_read(alive, pem):
    body = json.dumps({"certificate": pem}).encode()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 100]), body[i:i + 100])
                      for i in range(0, len(body), 100)) + b"0\r\n\r\n"
    answer = talk(alive, head_of(alive, b"Transfer-Encoding: chunked") + chunks)
    assert status_of(answer) == 200
    judging(alive).delete(json_of(answer)["id"])


@pytest.mark.parametrize("target", [
    b"/v1/organization/certificates\0", b"/v1/organization/certificates\0/x",
    b"/v1/organization\0/certificates", b"/v1/organization/certificates/%00",
    b"/v1/organization/certificates?after=%00", b"/v1/organization/certificates/%",
    b"/v1/organization/certificates/%4", b"/v1/organization/certificates/%zz",
    b"/v1/organization/certificates?limit=%g0", b"organization",
])
def test_fault_56_nul_and_bad_escapes_in_the_target(alive, target):
    answer = talk(alive, head_of(alive, method=b"GET", target=target))
    code = "malformed_request" if b"\0" in target else "invalid_url"
    assert is_refused(answer, code, by_library=b"\0" in target)


@pytest.mark.parametrize("path", [
    "/", "/v1", "/v1/", "/v2/organization/certificates", "/v1/organization/certificates/",
    "//v1/organization/certificates", "/v1//organization/certificates",
    "/v1/organization/certificates/..", "/v1/organization/certificates/%2e%2e",
    "/v1/organization/certificates/a%2Fb", "/v1/organization/certificates/a/b/c/d/e/f/g/h",
    "/v1/organization/certificates/" + "x" * 129, "/v1/organization%2Fcertificates",
    "/v1/organization/projects//certificates", "/V1/organization/certificates",
])
def test_fault_56_paths_that_lead_nowhere(alive, path):
    assert error_of(judging(alive).request("GET", path)) == (404, "unknown_url", None)


def test_fault_56_encoded_letters_are_the_letters(alive, pem):
    api = judging(alive)
    cert_id = api.upload(pem)
    assert api.call("GET", f"/v1/organi%7Aation/certificates/%63{cert_id[1:]}")["id"] == cert_id
    api.delete(cert_id)


@pytest.mark.parametrize("size", [MIB + 1, 2 * MIB, 7 * MIB])
def test_fault_56_a_huge_body_gets_its_413(alive, size):
    api = judging(alive)
    assert error_of(api.request("POST", CERTIFICATES, b"x" * size))[:2] == (
        413, "body_too_large")


def test_fault_56_a_body_of_the_largest_size_is_read(alive):
    status, code, _ = error_of(judging(alive).request("POST", CERTIFICATES, b"x" * MIB))
    assert (status, code) == (400, "invalid_json")


def test_fault_56_a_huge_body_is_refused_before_it_is_sent(alive):
    for lines in ([b"Content-Length: %d" % (20 * MIB)],
                  [b"Content-Length: %d" % (2 * MIB), b"Expect: 100-continue"]):
        answer = talk(alive, head_of(alive, *lines), close=False)
        assert status_of(answer) == 413, answer
        assert json_of(answer)["error"]["code"] == "body_too_large"


def test_fault_56_an_endless_chunked_body_is_cut_off(alive):
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    answer = talk(alive, head_of(alive, b"Transfer-Encoding: chunked") + chunk * 200)
    assert answer == b"" or status_of(answer) == 413
    answer = talk(alive, head_of(alive, b"Transfer-Encoding: chunked") + chunk * 20
                  + b"0\r\n\r\n")
    assert status_of(answer) == 413 and json_of(answer)


def test_fault_56_strangers_do_not_get_to_send_a_body(alive):
    head = (b"POST /v1/organization/certificates HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
    assert status_of(talk(alive, head, close=False)) == 401


def test_fault_56_large_headers_are_refused_in_the_apis_shape(alive):
    answer = talk(alive, head_of(alive, b"X: " + b"a" * 20000, method=b"GET"))
    assert status_of(answer) == 431
    assert json_of(answer)["error"]["code"] == "headers_too_large"


@pytest.mark.parametrize("hosts", [[], [b"Host: a", b"Host: b"]])
def test_fault_56_one_host_is_needed(alive, hosts):
    lines = [b"GET /v1/organization/certificates HTTP/1.1", *hosts, b"", b""]
    answer = talk(alive, b"\r\n".join(lines), close=False)
    assert is_refused(answer, "invalid_host", by_library=not hosts)


@pytest.mark.parametrize("body", [
    b"", b" ", b"x", b"{", b"{}x", b"[]", b"null", b'"text"', b"1",
    b'{"certificate": "a", "certificate": "b"}', b'{"a": 1e400}', b'{"a": 9223372036854775808}',
    b'{"name": "\xff"}', b'{"name": "\\u0000"}', b'{"name": "\\ud800"}',
    b"[" * 100000, b'{"a":' * 1000 + b"1" + b"}" * 1000, b"{'certificate': 1}",
    b'\xef\xbb\xbf{}', '{"name": "x"}'.encode("utf-16"), b'{"certificate": "a",}',
], ids=range(21))
@pytest.mark.parametrize("path", [CERTIFICATES, f"{CERTIFICATES}/activate",
                                  f"{CERTIFICATES}/cert_x"])
def test_fault_56_bad_json_is_a_400(alive, path, body):
    status, code, _ = error_of(judging(alive).request("POST", path, body))
    assert (status, code) == (400, "invalid_json")


@pytest.mark.parametrize("headers", [
    {"Content-Type": "text/plain"}, {"Content-Type": "application/jsonx"},
    {"Content-Type": ""}, {"Content-Type": "multipart/form-data"},
    {"Content-Encoding": "gzip"},
])
def test_fault_56_another_content_type_is_a_415(alive, headers):
    answer = judging(alive).request("POST", CERTIFICATES, b"{}", headers)
    assert error_of(answer)[0] == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_fault_56_json_may_say_its_charset(alive, kind):
    answer = judging(alive).request("POST", CERTIFICATES, b"{}", {"Content-Type": kind})
    assert error_of(answer)[:2] == (400, "missing_parameter")


def test_fault_56_a_body_where_none_belongs_is_passed_over(alive):
    api = judging(alive)
    assert api.request("GET", CERTIFICATES, b'{"x": 1}')[0] == 200
    assert api.request("DELETE", f"{CERTIFICATES}/cert_x", b"{}")[0] == 404


def test_fault_56_pipelined_requests_are_answered_in_order(alive):
    one = head_of(alive, method=b"GET").replace(b"Connection: close\r\n", b"")
    last = head_of(alive, method=b"GET", target=b"/v1/nothing")
    answer = talk(alive, one * 5 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 5
    assert answer.index(b"HTTP/1.1 404") > answer.rindex(b"HTTP/1.1 200 OK")


def test_fault_56_a_request_that_breaks_off_leaves_nothing(alive, pem):
    body = json.dumps({"certificate": pem}).encode()
    whole = head_of(alive, b"Content-Length: %d" % len(body)) + body
    for cut in range(0, len(whole), 97):
        with socket.create_connection(("127.0.0.1", alive.port)) as link:
            link.sendall(whole[:cut])


def test_fault_56_refusals_quote_nothing_dangerous(alive):
    path = f"{CERTIFICATES}/activate"
    evil = "<script>\u202e\u001b[31m" + "x" * 5000
    answer = judging(alive).request("POST", path, {"certificate_ids": [evil]})
    message = json.loads(answer[2])["error"]["message"]
    assert "\u202e" not in message and "\x1b" not in message and len(message) < 2000


def test_the_judge_judges(alive):
    """The strict description objects to what it should."""
    good = {"object": "list", "data": [], "first_id": None, "last_id": None,
            "has_more": False}
    headers = {"Content-Type": "application/json"}

    def objections(value, status=200, target=CERTIFICATES):
        return DESCRIPTION.answer_objections("GET", target, status, headers,
                                             json.dumps(value).encode())

    assert objections(good) == []
    item = {"object": "organization.certificate", "id": "c", "name": None, "created_at": 1,
            "certificate_details": {"valid_at": 1, "expires_at": 2}, "active": True}
    page = good | {"data": [item], "first_id": "c", "last_id": "c"}
    assert objections(page) == []
    assert objections(page | {"extra": 1})
    assert objections(page | {"data": [item | {"content": "x"}]})
    assert objections(page | {"data": [item | {"active": 1}]})
    assert objections(page | {"first_id": "d"})
    assert objections({k: v for k, v in good.items() if k != "has_more"})
    assert objections({"error": "x"}, 404) and objections({"error": {"message": "x"}}, 404)
    assert objections(item, target=f"{CERTIFICATES}/c")
