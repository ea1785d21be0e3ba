"""Rows 25, 45 and 65: a first sync that ends in the middle is gone on with by the next."""

import os
import signal

import pytest
from fault_server import error
from support.process import wait_until
from support.world import NETWORK, RATE
from test_faults_rate import RATE_PER_S, Bucket

COUNT = 60


@pytest.fixture(scope="module")
def sixty(certs):
    return certs.many(COUNT, "Interrupted")


@pytest.fixture
def many(machine, api, sixty):
    for cert in sixty:
        api.add(None, content=cert.pem)
    return machine


def partial_of(machine):
    return machine.cache / "default.partial"


def whole_at_last(machine, api):
    """What the sync that ends well has asked for; nothing is left beside the snapshot."""
    api.forget()
    machine.heals(COUNT)
    assert not partial_of(machine).exists()
    return [r.cert_id for r in api.requests if r.kind == "get"]


def allow(api, count):
    """So many contents, then no more."""
    given = []

    def handler(request, right):
        if len(given) >= count:
            return error(429, "Rate limit reached.")
        given.append(request.cert_id)
        return right

    api.on("get", handler)
    return given


def test_fault_65_what_was_let_in_is_not_fetched_again(many, api):
    first = allow(api, 25)
    many.sync_keeps(RATE)
    assert len(first) == 25
    assert partial_of(many).stat().st_mode & 0o777 == 0o600
    api.heal()
    second = allow(api, 15)
    many.sync_keeps(RATE)
    rest = whole_at_last(many, api)
    assert len(rest) == COUNT - 40
    assert len({*first, *second, *rest}) == COUNT


def test_fault_25_what_came_before_the_network_went_is_not_fetched_again(many, api):
    given = []

    def handler(request, right):
        if len(given) >= 20:
            return None
        given.append(request.cert_id)
        return right

    api.on("get", handler)
    many.sync_keeps(NETWORK)
    rest = whole_at_last(many, api)
    # One that was on its way when the first failure ended the sync is lost with it.
    assert COUNT - 20 <= len(rest) < COUNT


def test_fault_45_a_sync_that_is_killed_has_kept_what_came(many, api):
    bucket = Bucket()
    api.on("any", bucket)
    process = many.start("sync")
    wait_until(lambda: len(bucket.let_in) > 1 + COUNT // 2, timeout=30,
               what="half of the contents")
    process.child.send_signal(signal.SIGKILL)
    process.child.wait()
    first = [cert_id for kind, cert_id in bucket.let_in if kind == "get"]
    rest = whole_at_last(many, api)
    # It is written twice a second, so that no more than a second's is lost.
    assert len(rest) <= COUNT - len(first) + RATE_PER_S
    assert {*first, *rest} == {c["id"] for c in api.certs}


def test_fault_45_a_pause_that_the_api_asks_for_is_long_enough(many, api):
    """Killed while nothing comes, for the API has asked to be left alone."""
    given = []

    def handler(request, right):
        if len(given) >= 30:
            return error(429, "Rate limit reached.", retry_after="50")
        given.append(request.cert_id)
        return right

    api.on("get", handler)
    process = many.start("sync")
    wait_until(lambda: partial_of(many).exists() and partial_of(many).stat().st_size > 0,
               timeout=20, what="the file of what has come")
    os.kill(process.child.pid, signal.SIGKILL)
    process.child.wait()
    assert len(given) == 30
    assert len(whole_at_last(many, api)) == COUNT - 30


def test_fault_42_a_damaged_file_costs_no_more_than_its_contents(many, api):
    allow(api, 30)
    many.sync_keeps(RATE)
    path = partial_of(many)
    kept = bytearray(path.read_bytes())
    kept[len(kept) // 2] ^= 1
    path.write_bytes(kept)
    assert COUNT - 30 < len(whole_at_last(many, api)) < COUNT


def test_fault_42_another_organizations_is_not_used(many, api):
    allow(api, 30)
    many.sync_keeps(RATE)
    many.configure(project="proj_a")
    assert len(whole_at_last(many, api)) == COUNT


def test_fault_41_a_file_that_others_may_write_is_not_used(many, api):
    allow(api, 30)
    many.sync_keeps(RATE)
    partial_of(many).chmod(0o666)
    assert len(whole_at_last(many, api)) == COUNT


def test_fault_40_a_link_is_neither_followed_nor_removed(many, api, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("somebody's")
    partial_of(many).symlink_to(elsewhere)
    allow(api, 30)
    many.sync_keeps(RATE)
    api.heal()
    many.sync()
    assert many.count() == COUNT
    assert elsewhere.read_text() == "somebody's"
    assert partial_of(many).is_symlink()
