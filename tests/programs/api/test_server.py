"""Starting, listening, stopping; TLS; the database file."""

import json
import os
import re
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import threading
import time

import pytest

from judge import CERTIFICATES, judging
from support import paths
from support.organization import Organization
from support.process import Background, clean_environment, run, wait_until


def serve(tmp_path, *argv, status):
    done = run([paths.SERVER, *argv], env=clean_environment(HOME=str(tmp_path)), wrap=True)
    assert done.status == status, done
    assert done.stdout == ""
    return done.stderr


def test_ready_is_said_once_and_true(tmp_path):
    child = subprocess.Popen(
        [*paths.WRAP, paths.SERVER, "--db", tmp_path / "o.db", "--listen", "127.0.0.1:0"],
        env=clean_environment(), stdout=subprocess.PIPE, text=True)
    line = child.stdout.readline()
    match = re.fullmatch(r"listening on http://127\.0\.0\.1:(\d+)/v1\n", line)
    with socket.create_connection(("127.0.0.1", int(match[1]))) as link:
        link.sendall(b"GET /v1/organization/certificates HTTP/1.1\r\nHost: x\r\n\r\n")
        assert link.recv(100).startswith(b"HTTP/1.1 401 ")
    child.terminate()
    assert child.stdout.read() == "" and child.wait() == 0
    child.stdout.close()


def test_ipv6(tmp_path):
    log = tmp_path / "log"
    server = Background([paths.SERVER, "--db", tmp_path / "o.db", "--listen", "[::1]:0"],
                        env=clean_environment(), log=log, wrap=True)
    wait_until(lambda: "listening" in server.output(), what="readiness")
    port = int(re.search(r"http://\[::1\]:(\d+)/v1", server.output())[1])
    with socket.create_connection(("::1", port)) as link:
        link.sendall(b"GET /v1/organization/certificates HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"401" in link.recv(100)
    assert server.stop() == 0


@pytest.mark.file
def test_the_database_is_for_its_owner_only(organization, pem):
    judging(organization).upload(pem)
    files = list(organization.dir.glob("organization.db*"))
    assert len(files) == 3, "with its log and index"
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
    organization.stop()
    assert list(organization.dir.glob("organization.db*")) == [organization.db], "closed"


@pytest.mark.both
@pytest.mark.memory
def test_all_is_there_after_a_restart(organization, pem):
    api = judging(organization)
    api.activate(api.upload(pem, "kept"))
    before = api.list()
    organization.stop()
    organization.start()
    assert judging(organization).list() == before


@pytest.mark.parametrize("argv, status, word", [
    ([], 2, "--db"), (["--db", "x"], 2, "--listen"), (["--listen", "127.0.0.1:0"], 2, "--db"),
    (["--db", "{db}", "--listen", "127.0.0.1"], 2, "HOST:PORT"),
    (["--db", "{db}", "--listen", "127.0.0.1:65536"], 2, "HOST:PORT"),
    (["--db", "{db}", "--listen", "::1:0"], 2, "[::1]:0"),
    (["--db", "{db}", "--listen", ":0"], 2, "HOST:PORT"),
    (["--db", "{db}", "--listen", "192.0.2.1:0"], 4, "does not have that address"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "--tls-cert", "x"], 2, "--tls-key"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "--max-certificates", "0"], 2, "'0'"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "--max-certificates", "-1"], 2, "'-1'"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "--rate-limit", "5/m"], 2, "50/s"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "--frob"], 2, "--frob"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "word"], 2, "word"),
    (["--db"], 2, "--db"), (["serve"], 2, "serve"),
    (["--db", "/nonexistent/o.db", "--listen", "127.0.0.1:0"], 10, "/nonexistent/o.db"),
    (["--db", "/dev/null", "--listen", "127.0.0.1:0"], 3, "not a regular file"),
    (["--db", "{db}", "--listen", "127.0.0.1:0", "--tls-cert", "/nonexistent.pem",
      "--tls-key", "/nonexistent.pem"], 3, "/nonexistent.pem"),
])
def test_what_is_wrong_is_said(tmp_path, argv, status, word):
    argv = [a.format(db=tmp_path / "o.db") for a in argv]
    err = serve(tmp_path, *argv, status=status)
    assert word in err and err.startswith("orgtrust-server: ") and err.count("\n") == 1


def test_a_port_in_use_is_named(tmp_path, organization):
    err = serve(tmp_path, "--db", tmp_path / "o.db", "--listen",
                f"127.0.0.1:{organization.port}", status=4)
    assert str(organization.port) in err and "another port" in err


def damaged(kind, path):
    if kind == "words":
        path.write_text("hello " * 1000)
    elif kind in ("foreign", "newer"):
        database = sqlite3.connect(path)
        if kind == "foreign":
            database.execute("CREATE TABLE recipes (name)")
        else:
            database.execute("PRAGMA application_id = 0x4f547273")
            database.execute("PRAGMA user_version = 99")
        database.commit()
        database.close()
    elif kind == "text for all":
        path.write_text("root:x:0:0:root:/root:/bin/bash\n")
    path.chmod({"writable": 0o666, "text for all": 0o644}.get(kind, 0o600))


@pytest.mark.file
@pytest.mark.parametrize("kind, status, word", [
    ("words", 11, "o.db is not an orgtrust database"),
    ("foreign", 11, "o.db is not an orgtrust database: it belongs to another program"),
    ("newer", 3, "99"), ("writable", 3, "chmod 600"),
    ("text for all", 11, "o.db is not an orgtrust database: name another file with --db"),
])
def test_a_database_that_is_not_ours_is_left_alone(tmp_path, kind, status, word):
    path = tmp_path / "o.db"
    path.touch()
    damaged(kind, path)
    before = path.read_bytes()
    for argv in (["--listen", "127.0.0.1:0"], ["key", "create"]):
        words = argv + ["--db", path] if argv[0] == "key" else ["--db", path, *argv]
        assert word in serve(tmp_path, *words, status=status)
    assert path.read_bytes() == before


@pytest.mark.both
def test_a_key_is_made_while_the_server_runs_and_two_servers_share_a_database(
    organization, pem
):
    second = Organization.__new__(Organization)
    second.__dict__.update(organization.__dict__)
    second.start()
    try:
        one, two = judging(organization), judging(second)
        cert_id = one.upload(pem)
        two.activate(cert_id)
        assert one.list() == two.list() and one.list()[0]["active"]
    finally:
        second.stop()


@pytest.mark.both
def test_a_locked_database_is_a_503_with_retry_after(organization, pem):
    api = judging(organization)
    api.list()  # the key's use is noted; the next note is a minute away
    with organization.writing():
        status, headers, _ = api.request("POST", CERTIFICATES, {"certificate": pem})
        assert (status, headers["Retry-After"]) == (503, "1")
        assert api.list() == [], "readers do not wait"
    api.upload(pem)


@pytest.mark.both
def test_who_waits_for_a_locked_database_waits_beside_the_others(organization, pem):
    """And not behind them, each of whom waits his five seconds: nobody else was answered."""
    clients = [organization.client() for _ in range(4)]
    took = []

    def upload(client):
        began = time.monotonic()
        status = client.request("POST", CERTIFICATES, {"certificate": pem})[0]
        took.append((status, time.monotonic() - began))

    for client in clients:
        assert client.list() == []  # connected, each with a worker of its own
    with organization.writing():
        threads = [threading.Thread(target=upload, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [status for status, _ in took] == [503] * 4
    assert max(seconds for _, seconds in took) < 6 + 2 * paths.SLOWNESS, took
    organization.api.upload(pem)


@pytest.mark.memory
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished(organization, pem, stop):
    body = json.dumps({"certificate": pem}).encode()
    head = (f"POST {CERTIFICATES} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
            f"{organization.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", organization.port)) as link:
        link.settimeout(20 * paths.SLOWNESS)
        link.sendall(head + body[:100])
        time.sleep(0.3 * paths.SLOWNESS)
        ender = threading.Thread(target=organization.stop, args=(stop,))
        ender.start()
        wait_until(lambda: refuses(organization.port), what="no new connection")
        link.sendall(body[100:])
        answer = link.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 ") and b"Connection: close" in answer
        ender.join()
    organization.start()
    assert len(judging(organization).list()) == 1


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_idle_and_stalled_connections_do_not_hold_up_the_end(organization):
    api = judging(organization)
    api.list()
    stalled = socket.create_connection(("127.0.0.1", organization.port))
    stalled.sendall(b"GET /v1 HTTP/1.1\r\nHost:")
    began = time.monotonic()
    organization.stop()
    assert time.monotonic() - began < 5 * paths.SLOWNESS
    stalled.close()


def test_the_log_has_a_line_a_request_and_no_secret(tmp_path, pem):
    org = Organization(tmp_path / "org", options=("--log",))
    api = judging(org)
    cert_id = api.upload(pem, "Secret name")
    api.request("GET", f"{CERTIFICATES}/{cert_id}?include[]=content&key=querysecret")
    api.request("GET", "/v1/nowhere%0a\u001b[31m".encode("ascii", "ignore").decode()
                .replace("\u001b", "%1b"))
    org.stop()
    log = (org.dir / "server.log").read_text()
    lines = [line for line in log.splitlines() if re.search(r" \d{3} \d+ \d+us$", line)]
    assert len(lines) == 3
    assert f"POST {CERTIFICATES} 200" in lines[0] and "key_" in lines[0]
    assert f"GET {CERTIFICATES}/{cert_id} 200" in lines[1]
    for secret in (org.key, org.key.rsplit("-", 1)[1], "BEGIN", "Secret name", "querysecret",
                   pem.splitlines()[1]):
        assert secret not in log


def test_without_log_only_changes_are_said(organization, pem):
    api = judging(organization)
    api.upload(pem)
    api.list()
    api.request("GET", "/nowhere")
    first, *more = organization.server.output().splitlines()
    assert first.startswith("listening on ")
    assert [line.split()[:3] for line in more] == [
        ["orgtrust-server:", "change", "certificate.created"]]


@pytest.fixture
def tls(certs):
    return certs.for_loopback("Authority of the server")


@pytest.mark.memory
@pytest.mark.filterwarnings("ignore:.*TLSv1_1:DeprecationWarning")
def test_tls(tmp_path, tls, pem):
    ca, leaf = tls
    org = Organization(tmp_path / "org", ca=ca.path, options=(
        "--tls-cert", str(leaf.path), "--tls-key", str(leaf.key)))
    try:
        api = judging(org, ca=ca.path)
        api.activate(api.upload(pem))
        assert len(api.list()) == 1
        assert "listening on https://" in org.server.output()
        with pytest.raises((ssl.SSLError, OSError)):
            old = ssl.create_default_context(cafile=ca.path)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            with socket.create_connection(("127.0.0.1", org.port)) as link:
                old.wrap_socket(link, server_hostname="127.0.0.1").close()
        with socket.create_connection(("127.0.0.1", org.port)) as link:
            link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            link.settimeout(5 * paths.SLOWNESS)
            assert b"HTTP/1.1 200" not in link.recv(1000)
    finally:
        org.stop()


@pytest.mark.parametrize("kind, word", [
    ("mismatch", "is not the key"), ("swapped", "no certificate"), ("encrypted", "passphrase"),
    ("empty", "no certificate")])
def test_tls_files_that_do_not_fit_are_named(tmp_path, certs, tls, kind, word):
    _, leaf = tls
    cert, key = leaf.path, leaf.key
    if kind == "mismatch":
        key = certs.shared_key
    elif kind == "swapped":
        cert, key = key, tmp_path / "swapped.key"
        key.write_bytes(leaf.path.read_bytes())
        key.chmod(0o600)
    elif kind == "empty":
        cert = tmp_path / "empty.pem"
        cert.touch()
    else:
        key = tmp_path / "encrypted.key"
        subprocess.run([paths.OPENSSL, "pkey", "-in", leaf.key, "-aes256", "-passout",
                        "pass:x", "-out", key], check=True,
                       env=clean_environment(OPENSSL_CONF="/dev/null"))
    err = serve(tmp_path, "--db", tmp_path / "o.db", "--listen", "127.0.0.1:0",
                "--tls-cert", cert, "--tls-key", key, status=3)
    assert word in err


def test_help_and_version_are_printed(tmp_path):
    for option, word in (("--help", "key create"), ("--version", "orgtrust-server ")):
        done = run([paths.SERVER, option], env=clean_environment(), wrap=True)
        assert done.status == 0 and word in done.stdout and done.stderr == ""


@pytest.mark.file
@pytest.mark.parametrize("words", ["help", "key --help", "key create --help",
                                   "project create --name A --help", "migrate --help"])
def test_help_is_printed_behind_a_command_too(words):
    done = run([paths.SERVER, *words.split()], env=clean_environment(), wrap=True)
    assert done.status == 0 and "key create" in done.stdout and done.stderr == ""


@pytest.mark.file
def test_a_full_disk_is_a_500_and_the_reason_is_logged(tmp_path, pem):
    """A limit on the size of files stands for the disk."""
    org = Organization(tmp_path / "org")
    api = judging(org)
    api.upload(pem)
    pid = org.server.pid
    import resource

    size = os.path.getsize(f"{org.db}-wal")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    answers = [api.request("POST", CERTIFICATES, {"certificate": pem})[0] for _ in range(3)]
    assert answers == [500, 500, 500]
    assert len(api.list()) == 1
    assert "database" in org.server.output()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    api.upload(pem)
    assert len(api.list()) == 2
    org.stop()
