"""What people get wrong when they begin, and the sentence that leads out: each is provoked
with the real programs."""

import contextlib
import socket
import threading
import time

import pytest
from fault_server import Answer
from support.asking_front import MISSING, NGINX, AskingFront
from support.tls import TlsServer
from support.world import CONFIG, NETWORK

UNKNOWN_KEYS = {
    "base-url": "base_url",
    "refresh_intervall": "refresh_interval",
    "admin_key": "admin_key_file",
    "Export_Bundle": "export_bundle",
    "purpose": "purposes",
}


@pytest.mark.parametrize("written, meant", UNKNOWN_KEYS.items())
def test_a_key_that_is_nearly_one_is_asked_about(machine, api, written, meant):
    machine.configure(f"{written} = 1\n")
    done = machine.sync(status=CONFIG)
    assert f"unknown key '{written}'; did you mean {meant}?" in done.stderr
    assert f"{machine.conf}:" in done.stderr and api.count() == 0


@pytest.mark.parametrize("written", ["export", "colour", "SECRETSECRETSECRETSECRETSECRET"])
def test_a_key_that_is_like_none_or_like_several_is_not_guessed(machine, written):
    machine.configure(f"{written} = 1\n")
    done = machine.sync(status=CONFIG)
    assert "unknown key" in done.stderr and "did you mean" not in done.stderr
    assert "SECRET" not in done.stderr, "a secret may have been put in a wrong place"


@pytest.mark.parametrize("line", [
    "base_url = https://api.example/v1 # ours",
    "ca_file = /etc/ssl/ours.pem\t# ours",
    "export_bundle = /tmp/bundle.pem # for curl",
    "proxy = # none",
])
def test_a_comment_behind_a_value_is_told_how_it_begins(machine, api, line):
    machine.configure(line + "\n", base_url=None)
    done = machine.sync(status=CONFIG)
    assert "a comment behind a value begins with ' ;'" in done.stderr
    assert line.split()[0] in done.stderr and api.count() == 0
    machine.configure(line.replace("#", ";") + "\n", base_url=None)
    assert "a comment behind" not in machine.sync(status=None).stderr


def test_a_number_sign_in_a_command_is_the_shells(machine):
    machine.configure("on_change = echo # nothing\n")
    machine.sync()


BLANKS = [b"%s \n", b"%s\t", b"\n%s\n\n", b"  %s\r\n\r\n"]


@pytest.mark.parametrize("form", BLANKS)
def test_blanks_around_a_key_are_taken_off(machine, api, form):
    machine.key_file.write_bytes(form % machine.key.encode())
    machine.sync()
    assert api.count() > 0


NOT_ALONE = {
    "a quotation mark": b'"%s"\n',
    "an apostrophe": b"'%s'\n",
    "a variable": b"OPENAI_ADMIN_KEY=%s\n",
    "a variable that is exported": b"export OPENAI_ADMIN_KEY=%s\n",
    "a mark": b"\xef\xbb\xbf%s\n",
    "a header": b"Bearer %s\n",
}
SAYS = {
    "a quotation mark": "quotation marks",
    "an apostrophe": "quotation marks",
    "a variable": "the name of a variable",
    "a variable that is exported": "the name of a variable",
    "a mark": "a byte order mark",
    "a header": "a blank (byte 7)",
}


@pytest.mark.parametrize("what", NOT_ALONE)
def test_what_stands_around_a_key_is_named_and_the_key_is_not(machine, api, what):
    machine.key_file.write_bytes(NOT_ALONE[what] % machine.key.encode())
    done = machine.sync(status=CONFIG)  # searches the output for the key
    assert SAYS[what] in done.stderr and str(machine.key_file) in done.stderr
    assert "sk-" not in done.stderr and api.count() == 0


def test_a_key_in_utf_16_is_named(machine):
    machine.key_file.write_bytes(machine.key.encode("utf-16"))
    assert "UTF-16" in machine.sync(status=CONFIG).stderr


def test_a_quoted_key_in_the_environment_is_named(machine, api):
    machine.configure(admin_key_file=None)
    done = machine.sync(status=CONFIG, env={"OPENAI_ADMIN_KEY": f"'{machine.key}'"})
    assert "OPENAI_ADMIN_KEY" in done.stderr and "quotation marks" in done.stderr
    assert api.count() == 0


@pytest.fixture
def authority(certs):
    return certs.ca("API authority", key=certs.new_key())


@pytest.fixture
def meets(machine, tmp_path):
    """What a sync says of a TLS server with this certificate, where only that authority is
    trusted."""
    servers = []

    def start(cert, trusted, **settings):
        servers.append(TlsServer(tmp_path, cert))
        trusted.path.chmod(0o644)
        machine.configure(base_url=f"https://{servers[-1].address}/v1",
                          ca_file=str(trusted.path), **settings)
        said = machine.sync(status=NETWORK).stderr
        assert servers[-1].address in said
        return said

    yield start
    for server in servers:
        server.stop()


def test_a_certificate_for_another_name_says_for_whom_it_is(meets, certs, authority):
    san = "DNS:one.example,DNS:two.example,IP:192.0.2.1,DNS:four.example,email:a@b.example"
    said = meets(certs.issue(authority, "one.example", san=san), authority)
    assert "was issued for one.example, two.example, 192.0.2.1 and 1 more" in said
    assert "base_url" in said and "ca_file" not in said


def test_a_certificate_without_other_names_is_for_its_common_name(meets, certs, authority):
    said = meets(certs.issue(authority, "only.example"), authority)
    assert "was issued for only.example" in said


def today():
    return f"this machine says {time.strftime('%Y-%m-%d', time.gmtime())}"


def test_an_expired_certificate_says_when_and_what_the_clock_says(meets, certs):
    old = certs.dated("127.0.0.1", "20000101000000Z", "20010203040500Z")
    said = meets(old, old)
    assert "its TLS certificate expired on 2001-02-03 04:05 UTC" in said
    assert today() in said and "ca_file" not in said


def test_one_that_is_not_valid_yet_says_so_too(meets, certs):
    early = certs.dated("127.0.0.1", "20480101000000Z", "20490101000000Z")
    said = meets(early, early)
    assert "its TLS certificate is not valid before 2048-01-01 00:00 UTC" in said
    assert today() in said and "set the clock" in said


def test_an_expired_authority_is_named(meets, certs):
    old = certs.dated("Old authority", "20000101000000Z", "20010203040500Z",
                      key=certs.new_key())
    said = meets(certs.issue(old, "x", san="IP:127.0.0.1"), old)
    assert "certificate of its authority Old authority expired on 2001-02-03" in said


def test_an_unknown_issuer_is_named_and_so_is_ca_file(meets, certs, authority):
    other = certs.ca("Other", key=certs.new_key())
    said = meets(certs.issue(authority, "x", san="IP:127.0.0.1"), other)
    assert 'its issuer "API authority" is unknown here' in said
    assert f"ca_file of the source default (in use: {other.path})" in said


def test_plain_http_at_a_port_of_tls_names_the_scheme(machine, certs, authority, tmp_path):
    server = TlsServer(tmp_path, certs.issue(authority, "x", san="IP:127.0.0.1"))
    try:
        machine.configure(base_url=f"http://{server.address}/v1")
        done = machine.sync(status=NETWORK)
        assert f"may speak HTTPS: base_url = https://{server.address}/v1" in done.stderr
    finally:
        server.stop()


@pytest.mark.parametrize("page", [
    "<center>The plain HTTP request was sent to HTTPS port</center>",
    "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
], ids=["nginx", "apache"])
def test_a_page_that_says_so_is_understood(machine, api, page):
    api.on("any", lambda request, right: Answer(400, page, {"Content-Type": "text/html"}))
    done = machine.sync(status=NETWORK)
    assert f"base_url = https://127.0.0.1:{api.port}/" in done.stderr


@pytest.mark.skipif(NGINX is None, reason=MISSING)
def test_nginx_says_so(machine, api, certs, tmp_path):
    front = AskingFront(tmp_path / "front", certs, api.port)
    try:
        machine.configure(base_url=front.base_url.replace("https:", "http:"))
        done = machine.sync(status=NETWORK)
        assert f"base_url = https://127.0.0.1:{front.port}/" in done.stderr
    finally:
        front.stop()


def by_tls(url, machine, authority):
    """What a sync says of a server of plain HTTP that it speaks TLS to."""
    authority.path.chmod(0o644)
    machine.configure(base_url=url.replace("http:", "https:"), ca_file=str(authority.path))
    return machine.sync(status=NETWORK).stderr


@pytest.fixture
def http_only():
    """A server of plain HTTP, which says so to whatever it has read."""
    def answer():
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:  # closed
                return
            with taken, contextlib.suppress(ConnectionResetError):
                taken.recv(65536)
                taken.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                taken.shutdown(socket.SHUT_WR)
                while taken.recv(65536):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_tls_at_a_port_of_plain_http_names_the_scheme(machine, http_only, authority):
    said = by_tls(http_only, machine, authority)
    assert "does not speak TLS" in said and f"base_url = {http_only}" in said


def test_a_server_that_hangs_up_on_tls_may_speak_http(machine, organization, authority):
    """It does so before its answer is read where it has not read all that came: which comes
    first is chance."""
    said = by_tls(organization.base_url, machine, authority)
    assert "does not speak TLS" in said or "not plain HTTP" in said
    assert f"base_url = {organization.base_url}" in said


def test_nor_is_one_that_hangs_up_taken_for_tls_alone(machine, api, authority):
    assert "not plain HTTP" in by_tls(machine.base_url, machine, authority)
    assert api.count() == 0


def test_a_connection_that_breaks_later_is_not_taken_for_tls(machine, api, roots):
    for root in roots:
        api.add(root)
    api.on("get", lambda request, right: None)
    assert "HTTPS" not in machine.sync(status=NETWORK).stderr


def test_a_proxy_that_is_away_is_named(machine, authority):
    authority.path.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    machine.configure(base_url="https://api.example/v1", ca_file=str(authority.path),
                      proxy=f"http://127.0.0.1:{port}")
    said = machine.sync(status=NETWORK).stderr
    assert f"the proxy 127.0.0.1:{port} cannot be reached" in said
    assert "proxy of the source default" in said and "base_url" not in said


def test_a_proxy_that_refuses_is_named(machine, api, authority):
    authority.path.chmod(0o644)
    machine.configure(base_url="https://api.example/v1", ca_file=str(authority.path),
                      proxy=f"http://127.0.0.1:{api.port}")
    said = machine.sync(status=NETWORK).stderr
    assert f"the proxy 127.0.0.1:{api.port} does not let it through" in said
