"""Row 67: what an API sends beside its answers, and how much of them, is bounded."""

import gzip
import itertools
import os
import re
import socket
import threading
import time

import pytest
from fault_server import Answer
from support import paths
from support.world import PROTOCOL

# A sync of nothing takes 15 MB, most of it libraries.
PEAK_MB = 60
PEAK_IS_MEANT = not (paths.WRAP or paths.is_sanitized("address") or
                     paths.is_sanitized("thread"))


class Endless:
    """Answers a list with `before`, and then with `part` for as long as somebody reads."""

    def __init__(self, before: bytes, part: bytes):
        self.before, self.part = before, part * (65536 // len(part) or 1)
        self.sent = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection:
            connection.settimeout(60)
            try:
                while b"\r\n\r\n" not in connection.recv(65536):
                    pass
                connection.sendall(self.before)
                while True:
                    connection.sendall(self.part)
                    self.sent += len(self.part)
            except OSError:
                return

    def close(self):
        self.listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "trailers": (CHUNKED + b"2\r\n{}\r\n0\r\n", b"X-More: of the same, and more of it\r\n"),
    "header lines": (HEAD, b"X-More: of the same, and more of it\r\n"),
    "header line": (HEAD + b"X-Long: ", b"0123456789abcdef"),
    "trailer line": (CHUNKED + b"2\r\n{}\r\n0\r\nX-Long: ", b"0123456789abcdef"),
    "chunk extension": (CHUNKED + b"2;x=", b"0123456789abcdef"),
    "chunk size": (CHUNKED, b"0"),
    "empty chunks' extensions": (CHUNKED, b"1;x=0123456789abcdef0123456789abcdef\r\n \r\n"),
    "1xx": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n"),
    "status line": (b"HTTP/1.1 200 ", b"OK and more "),
    "body": (HEAD + b"\r\n", b" " * 64),
    "chunks": (CHUNKED, b"40\r\n" + b" " * 64 + b"\r\n"),
}


def sync_with_peak(machine):
    """The status of a sync, its output, and the most memory that it had, in MB."""
    process = machine.start("sync")
    _, waited, usage = os.wait4(process.pid, 0)
    process.child.returncode = os.waitstatus_to_exitcode(waited)
    return process.child.returncode, process.output(), usage.ru_maxrss / 1024


@pytest.mark.parametrize("what", ENDLESS, ids=lambda w: re.sub(r"\W+", "_", w))
def test_fault_67_what_does_not_end_is_a_protocol_error(synced, what):
    before = synced.snapshot()
    endless = Endless(*ENDLESS[what])
    try:
        synced.configure(base_url=f"http://127.0.0.1:{endless.port}/v1", timeout="50s")
        began = time.monotonic()
        status, output, peak = sync_with_peak(synced)
        took = time.monotonic() - began
    finally:
        endless.close()
    assert status == PROTOCOL, output
    assert "out of memory" not in output
    assert took < 20 * paths.SLOWNESS
    assert endless.sent < 128 << 20
    assert synced.snapshot() == before
    if PEAK_IS_MEANT:
        assert peak < PEAK_MB, f"{peak} MB"


def test_fault_67_one_certificate_is_at_most_64_kb(synced, api, certs):
    """A longer one is no certificate to us, and keeps nothing away from the others."""
    good = api.add(certs.ca("Beside a long one"))
    long = api.add(None, content="-----BEGIN CERTIFICATE-----\n" + "MIIA" * 22_000 +
                   "\n-----END CERTIFICATE-----\n")
    longer = api.add(None, content="x" * 300_000)
    synced.sync()
    assert synced.count() == 4
    listed = {c["id"]: c for c in synced.listed()}
    assert not listed[good].get("note")
    for cert_id in (long, longer):
        assert "65536" in str(listed[cert_id]) or "131072" in str(listed[cert_id])


@pytest.mark.skipif(bool(paths.WRAP), reason="half a gigabyte is too much for it")
def test_fault_67_the_certificates_of_a_sync_are_bounded_together(synced, api):
    """4,300 texts of 128 KB, small on the wire."""
    count = 4300
    text = "x" * 131_000
    for _ in range(count):
        api.add(None, content=None)
    numbers = itertools.count()

    def long(request, right):
        right.body["certificate_details"]["content"] = f"{next(numbers)}{text}"
        return Answer(body=gzip.compress(right.encoded(), 1),
                      headers={"Content-Encoding": "gzip"})

    api.on("get", long)
    # The fake compresses half a gigabyte, which a busy machine does not do in no time.
    synced.configure(timeout="10m", connect_timeout="1m")
    before = synced.snapshot()
    status, output, peak = sync_with_peak(synced)
    assert status == PROTOCOL and "536870912 bytes together" in output, output
    assert synced.snapshot() == before
    if PEAK_IS_MEANT:
        assert peak < 150, f"{peak} MB"
