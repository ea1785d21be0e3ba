"""What a fleet that waits costs the server, and how soon all of it has a change: 10,000 held
requests in less than 200 MB and without processor time, 2,000 waiting hosts (20 of them real)
within two seconds. (A run that is not long has a tenth of both.)"""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from judge import CERTIFICATES
from support import paths
from support.process import wait_until
from support.tls import TlsServer, openssl_believes
from support.waiting_hosts import WaitingHosts, digits_of
from support.watched import Watched
from test_reports_cost import processor_s
from test_wait_hosts import Host, waiting

pytestmark = [pytest.mark.file, pytest.mark.concurrency, pytest.mark.usefixtures("many_files"),
              pytest.mark.skipif(bool(paths.WRAP) or paths.is_sanitized("address")
                                 or paths.is_sanitized("thread") or paths.IS_SLOW,
                                 reason="memory and times of the plain build")]

SCALE = 1 if paths.LONG else 10
HELD = 10000 // SCALE
SIMULATED, REAL = 2000 // SCALE, 20 if paths.LONG else 4
MEMORY_MB = 200 / SCALE
TLS_MEMORY_MB = 220 / SCALE  # for half as many: three quarters are the HTTP library's buffer
WITHIN = 2.0
LOOKS = 10  # seconds in which nothing changes


class Fleet(WaitingHosts):
    """Hosts that wait at the server itself."""

    def __init__(self, org, count: int):
        self.org = org
        etag = org.api.request("GET", f"{CERTIFICATES}?limit=1")[1]["ETag"]
        before = waiting(org)
        super().__init__(org.port, digits_of(etag), count, org.create_key("read"),
                         tls=org.api.tls)
        wait_until(lambda: waiting(org) == before + count, timeout=60, what="all that wait")

    def fetch_lists(self, _=None):
        """As each does once it is answered, over a few connections."""
        def some(first: int):
            client = self.org.client(key=self.key)
            for link in self.links[first::8]:
                assert link.recv(4096).startswith(b"HTTP/1.1 304 ")
                assert client.request("GET", f"{CERTIFICATES}?limit=100&order=asc")[0] == 200
            client.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(some, range(8)))


def resident_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", text, re.MULTILINE)[1]) / 1000


@pytest.fixture
def org(tmp_path):
    made = Watched(tmp_path / "org")
    yield made
    made.stop()


@pytest.mark.parametrize("over, held, most", [("plain", HELD, MEMORY_MB),
                                              ("tls", HELD // 2, TLS_MEMORY_MB)])
def test_what_holding_costs(tmp_path, certs, pem, over, held, most):
    """With TLS half as many: their handshakes must not take as long as the first one waits."""
    org = Watched(tmp_path / "org", tls=certs.for_loopback("Held") if over == "tls" else None)
    org.api.upload(pem)
    pid = org.server.pid
    before = resident_mb(pid)
    with Fleet(org, held) as fleet:
        used = resident_mb(pid) - before
        began = processor_s(pid)
        time.sleep(LOOKS)
        spent = processor_s(pid) - began
        assert waiting(org) == held
        org.api.upload(pem)
        wait_until(lambda: waiting(org) == 0, timeout=10)
        assert all(answer.startswith("HTTP/1.1 304 ") for answer in fleet.answers())
    org.stop()
    print(f"{held} held, {over}: {used:.1f} MB, {spent:.2f} s of processor time in {LOOKS} s")
    assert used < most
    assert spent <= 0.1


def test_a_deactivation_is_everywhere_in_two_seconds(org, tmp_path, certs, roots):
    gone, stays = (org.add(root) for root in roots[:2])
    key = org.create_key("read")
    server = TlsServer(tmp_path, certs.issue(roots[0], "localhost"))
    hosts = [Host(tmp_path / f"host-{number}", org, key=key) for number in range(REAL)]
    with Fleet(org, SIMULATED) as fleet, ThreadPoolExecutor(1) as others:
        for host in hosts:
            host.process = host.start("watch")
        wait_until(lambda: waiting(org) == SIMULATED + REAL, timeout=120, what="all hosts")
        assert openssl_believes(hosts[0], server, "orgtrust:")
        had = [host.snapshot().inode for host in hosts]
        began = time.monotonic()
        org.api.deactivate(gone)
        fetched = others.submit(fleet.fetch_lists)
        wait_until(lambda: all(host.snapshot().inode != inode
                               for host, inode in zip(hosts, had)), timeout=10)
        took = time.monotonic() - began
        fetched.result()
    print(f"{REAL} of {SIMULATED + REAL} hosts have it after {took:.2f} s")
    for host in hosts:
        assert [c["id"] for c in host.listed() if c["active"]] == [stays]
    assert not openssl_believes(hosts[-1], server, "orgtrust:")
    for host in hosts:
        assert host.process.stop() == 0
    server.stop()
    assert took < WITHIN
