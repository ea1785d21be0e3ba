"""What a fleet that waits behind a relay costs, and how soon all of it has a change: 2,000
waiting hosts, 20 of them real, within five seconds, one question to the API, and next to no
processor time of nginx while nothing changes. (A run that is not long has a tenth.)"""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import paths
from support.process import wait_until
from support.tls import TlsServer, openssl_believes
from support.waiting_hosts import WaitingHosts, digits_of
from test_waits import PAGE, active, asked, begin, held, org  # noqa: F401

pytestmark = [pytest.mark.usefixtures("many_files"),
              pytest.mark.skipif(bool(paths.WRAP) or paths.is_sanitized("address")
                                 or paths.is_sanitized("thread") or paths.IS_SLOW,
                                 reason="times of the plain build")]

SCALE = 1 if paths.LONG else 10
SIMULATED, REAL = 2000 // SCALE, 20 if paths.LONG else 4
WITHIN = 5.0
LOOKS = 10  # seconds in which nothing changes
SHARE = 0.03  # of a processor, in these


def of_workers(relay, name: str, pattern: str) -> list[int]:
    texts = [Path(f"/proc/{worker}/{name}").read_text() for worker in relay.workers()]
    return [sum(map(int, re.search(pattern, text)[1].split())) for text in texts]


def processor_s(relay) -> float:
    """User and system, of all workers; the clock ticks a hundred times a second."""
    return sum(of_workers(relay, "stat", r"\) \S+(?: \S+){10} (\d+ \d+)")) / 100


def resident_mb(relay) -> float:
    return sum(of_workers(relay, "status", r"VmRSS:\s+(\d+)")) / 1000


class Told(threading.Thread):
    """Each of those that wait asks for the page when it is told, over a few connections, in
    which its moment is."""

    def __init__(self, relay, fleet: WaitingHosts):
        super().__init__()
        self.relay, self.fleet, self.took = relay, fleet, 0.0
        self.began = time.monotonic()
        self.start()

    def run(self):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.some, range(8)))
        self.took = time.monotonic() - self.began

    def some(self, first: int):
        with self.relay.connection() as link:
            for waited in self.fleet.links[first::8]:
                head = waited.recv(4096).decode()
                assert head.startswith("HTTP/1.1 304 ")
                digits = digits_of(re.search("ETag: (.*)\r\n", head)[1])
                link.request("GET", PAGE, headers={"Orgtrust-Moment": digits})
                answer = link.getresponse()
                assert digits in answer.headers["ETag"] and answer.read()


def test_a_deactivation_is_everywhere_in_five_seconds(org, relays, hosts, tmp_path,  # noqa: F811
                                                      certs, roots):
    relay = relays(f"127.0.0.1:{org.port}", org.reader, interval=60, waiting=(4096, 2048))
    server = TlsServer(tmp_path, certs.issue(roots[0], "localhost"))
    real = [hosts(relay, refresh_interval="1h") for _ in range(REAL)]
    processes = begin(org, real)
    before, memory = asked(org), resident_mb(relay)
    with WaitingHosts(relay.port, digits_of(relay.ask("GET", PAGE)[1]["ETag"]),
                      SIMULATED) as fleet:
        time.sleep(1)
        memory = resident_mb(relay) - memory
        began = processor_s(relay)
        time.sleep(LOOKS)
        spent = processor_s(relay) - began
        assert fleet.answered() == 0 and held(org) <= 2 and asked(org) - before <= 2
        assert openssl_believes(real[0], server, "orgtrust:")
        had = [host.snapshot().inode for host in real]
        before, began = asked(org), time.monotonic()
        org.api.deactivate(org.ids[0])
        told = Told(relay, fleet)
        wait_until(lambda: all(host.snapshot().inode != inode
                               for host, inode in zip(real, had)), timeout=30)
        took = time.monotonic() - began
        told.join()
        questions = asked(org) - before
    print(f"{SIMULATED + REAL} hosts behind a relay: {took:.2f} s until {REAL} real ones have "
          f"it, {told.took:.2f} s until {SIMULATED} others have the page; {questions} requests "
          f"to the API; waiting {memory:.1f} MB and {100 * spent / LOOKS:.1f} % of a processor")
    for host in real:
        assert active(host) == {org.ids[1]}
    assert not openssl_believes(real[-1], server, "orgtrust:")
    for process in processes:
        assert process.stop() == 0
    server.stop()
    assert max(took, told.took) < WITHIN
    assert spent <= SHARE * LOOKS
    assert questions <= 2 + 1 + 2 + 1, "waits that end, the page, waits that begin"
