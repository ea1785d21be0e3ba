"""Row 65: an API that allows only so many requests a second."""

import signal
import threading
import time

import pytest
from fault_server import error
from support import paths
from support.front import MISSING, NGHTTPX, start_front
from support.process import wait_until
from support.world import RATE

COUNT = 100
RATE_PER_S = 10
BURST = 10


class Bucket:
    """A handler that lets in what a token bucket has room for, and refuses the rest."""

    def __init__(self, **headers):
        self.headers = headers
        self.tokens, self.at = float(BURST), None
        self.let_in: list[tuple[str, str]] = []
        self.refused = 0
        self.lock = threading.Lock()

    def __call__(self, request, right):
        with self.lock:
            now = time.monotonic()
            if self.at is not None:
                self.tokens = min(BURST, self.tokens + (now - self.at) * RATE_PER_S)
            self.at = now
            if self.tokens < 1:
                self.refused += 1
                return error(429, "Rate limit reached.", **self.headers)
            self.tokens -= 1
            self.let_in.append((request.kind, request.cert_id or request.query.get("after")))
            return right


def least_seconds(requests):
    """What the limit itself takes."""
    return (requests - BURST) / RATE_PER_S


@pytest.fixture(scope="module")
def hundred(certs):
    return certs.many(COUNT, "Rate limited")


@pytest.fixture
def limited(machine, api, hundred):
    for cert in hundred:
        api.add(None, content=cert.pem)
    # Only the limit is to slow it down, not a machine that is busy.
    machine.configure(timeout="60s", connect_timeout="20s")
    return machine


def first_sync(machine, bucket):
    began = time.monotonic()
    machine.sync(timeout=90)
    took = time.monotonic() - began
    assert machine.count() == COUNT
    assert len(bucket.let_in) == len(set(bucket.let_in)), "something was fetched twice"
    requests = COUNT + sum(kind == "list" for kind, _ in bucket.let_in)
    assert len(bucket.let_in) == requests
    assert took <= 1.3 * least_seconds(requests) * paths.SLOWNESS, \
        f"{took:.1f} s where the limit takes {least_seconds(requests)} s"
    assert machine.status()["failures"] == 0


SAYS = {"nothing": {}, "seconds": {"Retry_After": "1"}, "milliseconds": {"retry_after_ms": "150"}}


@pytest.mark.parametrize("says", SAYS)
def test_fault_65_a_first_sync_below_a_rate_limit_ends_well_at_once(limited, api, says):
    bucket = Bucket(**SAYS[says])
    api.on("any", bucket)
    first_sync(limited, bucket)
    assert bucket.refused > 0, "the limit was never met"


@pytest.mark.parametrize("says", ["nothing", "seconds"])
def test_fault_65_the_same_over_http2(tmp_path, limited, api, certs, says):
    if NGHTTPX is None:
        pytest.skip(MISSING)
    bucket = Bucket(**SAYS[says])
    api.on("any", bucket)
    authority = certs.ca("Rate front authority", key=certs.new_key())
    leaf = certs.issue(authority, "front.example", san="IP:127.0.0.1")
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    front, port = start_front(tmp_path, api.port, leaf.key, leaf.path)
    try:
        limited.configure(base_url=f"https://127.0.0.1:{port}/v1", ca_file=str(bundle),
                          timeout="60s", connect_timeout="20s")
        first_sync(limited, bucket)
    finally:
        front.stop(signal.SIGKILL)


def test_fault_65_an_api_that_lets_nothing_in_is_left_alone_soon(limited, api):
    began = time.monotonic()
    api.on("any", error(429, "Rate limit reached."))
    limited.sync(status=RATE)
    assert time.monotonic() - began < 10 * paths.SLOWNESS
    assert api.count() == 3


def test_fault_25_the_server_says_not_to_try_again(synced, api):
    api.on("list", error(503, "Not now.", x_should_retry="false"))
    synced.sync_keeps(None, "Not now")
    assert api.count("list") == 1


def test_fault_25_the_server_says_to_try_again(synced, api):
    api.on("list", error(400, "An odd one.", x_should_retry="true"), nth=0)
    synced.sync()
    assert api.count("list") == 2
