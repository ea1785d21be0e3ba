"""SIGHUP has the server read its TLS certificate and key again: who connects from then on is
shown the new pair, who is connected is answered, and a pair that is none changes nothing. The
end of the certificate is told a month before, in the log and as a metric."""

import hashlib
import http.client
import os
import re
import signal
import socket
import ssl
import threading
import time

import pytest

from judge import CERTIFICATES
from support import paths
from support.organization import Organization
from support.process import wait_until


class Renewed(Organization):
    """A server whose certificate and key are files that are replaced as a tool for ACME does
    it, by renaming."""

    def __init__(self, directory, authority, pair):
        directory.mkdir(parents=True)
        self.cert, self.secret = directory / "tls.pem", directory / "tls.key"
        self.put(pair)
        super().__init__(directory, ca=authority.path, options=(
            "--tls-cert", str(self.cert), "--tls-key", str(self.secret),
            "--metrics", "127.0.0.1:0"))

    def put(self, pair, key=None):
        for path, content in ((self.cert, pair.pem.encode()),
                              (self.secret, (key or pair.key).read_bytes())):
            new = path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_bytes(content)
            os.replace(new, path)

    def start(self, port: int = 0):
        super().start(port)
        wait_until(lambda: "metrics on" in self.server.output(), what="readiness")
        self.port = int(re.findall(r"listening on https://127.0.0.1:(\d+)/v1",
                                   self.server.output())[-1])
        self.watch_port = int(re.findall(r"metrics on http://127.0.0.1:(\d+)/metrics",
                                         self.server.output())[-1])
        self.api = self.client()

    def hang_up(self, said: str):
        """SIGHUP; returns once the server has said this once more."""
        before = self.server.output().count(said)
        self.server.child.send_signal(signal.SIGHUP)
        wait_until(lambda: self.server.output().count(said) > before, what=said)

    def connect(self):
        trusting = ssl.create_default_context(cafile=self.ca)
        link = socket.create_connection(("127.0.0.1", self.port), timeout=30 * paths.SLOWNESS)
        return trusting.wrap_socket(link, server_hostname="127.0.0.1")

    def shown(self) -> str:
        """The SHA-256 of the certificate that a new connection sees."""
        with self.connect() as link:
            return hashlib.sha256(link.getpeercert(True)).hexdigest()

    def end_by_metric(self) -> int:
        watcher = http.client.HTTPConnection("127.0.0.1", self.watch_port, timeout=30)
        watcher.request("GET", "/metrics")
        text = watcher.getresponse().read().decode()
        watcher.close()
        return int(re.search(
            r"^orgtrust_server_tls_certificate_end_timestamp_seconds (\d+)$", text,
            re.MULTILINE)[1])


@pytest.fixture
def authority(certs):
    return certs.ca("Authority of the server", key=certs.new_key(),
                    extensions=("keyUsage=critical,keyCertSign,cRLSign",))


@pytest.fixture
def issue(certs, authority):
    def make(days):
        return certs.issue(authority, "localhost", san="IP:127.0.0.1", days=days,
                           extensions=("authorityKeyIdentifier=keyid",))
    return make


@pytest.fixture
def renewed(tmp_path, authority, issue):
    made = Renewed(tmp_path / "org", authority, issue(90))
    yield made
    made.stop()



def threads(server) -> int:
    return len(os.listdir(f"/proc/{server.server.pid}/task"))


def test_a_new_pair_is_shown_and_who_is_connected_is_answered(renewed, issue):
    was, number = renewed.shown(), threads(renewed)
    kept = http.client.HTTPSConnection("127.0.0.1", renewed.port, timeout=30 * paths.SLOWNESS,
                                       context=ssl.create_default_context(cafile=renewed.ca))
    asked = {"Authorization": f"Bearer {renewed.key}"}
    kept.request("GET", CERTIFICATES, headers=asked)
    answer = kept.getresponse()
    assert answer.read() and not answer.will_close
    with renewed.connect() as slow:  # the half of a request, before
        slow.sendall(f"GET {CERTIFICATES} HTTP/1.1\r\nHost: x\r\n".encode())
        successor = issue(200)
        renewed.put(successor)
        renewed.hang_up("was read again, and ends at")
        assert renewed.shown() == successor.sha256 != was
        slow.sendall(f"Authorization: Bearer {renewed.key}\r\n\r\n".encode())
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
    kept.request("GET", CERTIFICATES, headers=asked)
    answer = kept.getresponse()
    assert answer.status == 200 and answer.will_close, "and sees the new one from then on"
    kept.close()
    assert renewed.end_by_metric() == successor.dates()[1]
    # What served the former one has ended with its last connection.
    wait_until(lambda: threads(renewed) == number, what="the former threads' end")
    assert "warning" not in renewed.server.output()


@pytest.mark.parametrize("kind, word", [
    ("mismatch", "is not the key of the certificate"), ("empty", "holds no certificate"),
    ("open", "chmod"), ("away", "cannot read the TLS certificate"),
    ("pipe", "is not a regular file"), ("directory", "is not a regular file")])
def test_a_pair_that_is_none_changes_nothing(renewed, certs, issue, kind, word):
    was, number, end = renewed.shown(), threads(renewed), renewed.end_by_metric()
    if kind == "mismatch":
        renewed.put(issue(200), key=certs.shared_key)
    elif kind == "empty":
        renewed.cert.write_text("")
    elif kind == "open":
        renewed.put(issue(200))
        renewed.secret.chmod(0o644)
    else:
        renewed.cert.unlink()
    if kind == "pipe":  # which nobody writes to
        os.mkfifo(renewed.cert)
    elif kind == "directory":
        renewed.cert.mkdir()
    renewed.hang_up("stays in use")
    said = [line for line in renewed.server.output().splitlines() if "stays in use" in line]
    assert len(said) == 1 and word in said[0] and str(renewed.cert) in said[0]
    assert renewed.shown() == was and renewed.end_by_metric() == end
    assert threads(renewed) == number
    # The next one that is a pair is taken.
    if kind == "directory":
        renewed.cert.rmdir()
    successor = issue(100)
    renewed.put(successor)
    renewed.hang_up("was read again")
    assert renewed.shown() == successor.sha256


@pytest.mark.concurrency
def test_no_request_fails_while_the_pair_changes_again_and_again(renewed, issue):
    pairs = [issue(days) for days in (100, 200)]
    ended, seen = threading.Event(), []

    def ask():
        while not ended.is_set():
            client = renewed.client()
            for _ in range(3):
                seen.append(client.request("GET", CERTIFICATES)[0])
            client.close()

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        for i in range(4):
            renewed.put(pairs[i % 2])
            renewed.hang_up("was read again")
    finally:
        ended.set()
        for asker in askers:
            asker.join()
    assert len(seen) > 20 and set(seen) == {200}
    assert renewed.shown() == pairs[1].sha256


def test_the_end_is_told_a_month_before(renewed, issue):
    assert "warning" not in renewed.server.output()
    renewed.put(issue(20))
    renewed.hang_up("was read again")
    wait_until(lambda: "warning" in renewed.server.output(), what="the warning")
    end = renewed.end_by_metric()
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
    lines = [line for line in renewed.server.output().splitlines() if "warning" in line]
    assert len(lines) == 1, "once a day, and not each second"
    assert f"{renewed.cert} ends at {when}" in lines[0] and "SIGHUP" in lines[0]
    # At a start as well.
    renewed.stop()
    renewed.start()
    wait_until(lambda: renewed.server.output().count("warning") == 2, what="the warning")


def test_one_that_has_ended_is_said(renewed, certs):
    past = certs.dated("Past", "20200101000000Z", "20210101000000Z")
    renewed.put(past)
    renewed.hang_up("was read again")
    wait_until(lambda: "has ended at 2021-01-01T00:00:00Z" in renewed.server.output(),
               what="the warning")
    assert renewed.end_by_metric() == past.dates()[1]


def test_without_tls_sighup_ends_nothing(tmp_path):
    plain = Organization(tmp_path / "org")
    plain.server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: "there is none (--tls-cert)" in plain.server.output(), what="the line")
    assert plain.api.list() == []
    plain.stop()
