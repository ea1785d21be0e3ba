"""Activations with an end: orgtrust-server ends them at their time, whatever happens to it."""

import json
import random
import signal
import threading
import time

import pytest

from judge import CERTIFICATES, error_of
from support import paths
from test_audit import events, key_actor

pytestmark = pytest.mark.both

AT = "orgtrust_deactivate_at"
KILLS = 100 if paths.LONG else 12


@pytest.fixture
def api(organization):
    """Not judged: the published description does not have the end."""
    return organization.api


def activate(client, ids, at=None):
    body = {"certificate_ids": ids} | ({} if at is None else {AT: at})
    return client.request("POST", f"{client.scope}/activate", body)


def states(client):
    return {c["id"]: c["active"] for c in client.list()}


def soon():
    """A whole second, at least two away: what is asked before it has the time."""
    return int(time.time() + 2 + paths.SLOWNESS)


def wait_for(at):
    while time.time() < at:
        time.sleep(0.02)


def rows(org):
    """[(scope, certificate, end)] as the database has them, without asking the server."""
    found = org.sql("SELECT scope, id, ends_at FROM activations"
                    " JOIN certificates ON seq = certificate")
    return [(scope, cert_id, int(end) if end else None) for scope, cert_id, end in found]


def until_gone(org, seconds=5):
    """How long it takes until nothing is active, with nobody asking."""
    began = time.time()
    while rows(org):
        assert time.time() < began + seconds * paths.SLOWNESS
        time.sleep(0.05)


@pytest.mark.memory
def test_it_ends_at_its_time_in_its_scope_alone(organization, api, pem):
    lab = organization.client(project="lab")
    one, two = api.upload(pem, "One"), api.upload(pem)
    at = soon()
    status, _, content = activate(api, [one, two], at)
    assert status == 200 and json.loads(content)[AT] == at
    assert all(c["active"] for c in json.loads(content)["data"])
    lab.activate(one)
    etag = api.request("GET", CERTIFICATES)[1]["ETag"]
    wait_for(at)
    status, headers, content = api.request("GET", CERTIFICATES, headers={"If-None-Match": etag})
    assert status == 200 and headers["ETag"] != etag
    assert [c["active"] for c in json.loads(content)["data"]] == [False, False]
    assert states(lab) == {one: True, two: False}
    ended, _, begun = events(api)[:3]
    assert (begun["type"], begun["certificates.activated"][AT]) == ("certificates.activated", at)
    assert ended["type"] == "certificates.deactivated" and "project" not in ended
    assert ended["certificates.deactivated"] == {
        "certificates": [{"id": one, "name": "One"}, {"id": two}], AT: at}
    assert ended["actor"] == key_actor(organization.key) | {"session": {}}
    assert at <= ended["effective_at"] <= at + 2 * paths.SLOWNESS


def test_it_needs_nobody_who_asks(organization, api, pem):
    lab = organization.client(project="lab")
    ids = [api.upload(pem) for _ in range(13)]
    at = soon()
    for i in range(0, 13, 10):
        activate(api, ids[i:i + 10], at)
    activate(lab, ids[:1], at)
    wait_for(at)
    until_gone(organization)
    found = events(api, "event_types[]=certificates.deactivated")
    assert sorted(len(e["certificates.deactivated"]["certificates"]) for e in found) == [1, 3, 10]
    assert [e.get("project", {}).get("id") for e in found] == ["lab", None, None]
    assert api.delete(ids[0])["object"] == "certificate.deleted"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_ended_while_the_server_was_down_is_never_shown(organization, api, pem, how):
    cert_id, other = api.upload(pem), api.upload(pem)
    at = soon()
    activate(api, [cert_id], at)
    activate(api, [other], at + 3600)
    organization.stop(how)
    wait_for(at)
    assert len(rows(organization)) == 2, "down is down"
    organization.start()
    assert states(organization.api) == {cert_id: False, other: True}
    assert rows(organization) == [("", other, at + 3600)]
    (event,) = events(organization.api, "event_types[]=certificates.deactivated")
    assert event["certificates.deactivated"][AT] == at <= event["effective_at"]


def test_the_next_activation_has_its_own_end_or_none(organization, api, pem):
    cert_id = api.upload(pem)
    at = int(time.time()) + 3600
    for end in (at, at, at + 60, None, None, at):
        assert activate(api, [cert_id], end)[0] == 200
        assert rows(organization) == [("", cert_id, end)]
    told = [e["certificates.activated"].get(AT)
            for e in events(api, "event_types[]=certificates.activated")]
    assert told == [at, None, at + 60, at], "each change once"
    api.deactivate(cert_id)
    api.activate(cert_id)
    assert rows(organization) == [("", cert_id, None)], "forgotten with the activation"


def test_lists_show_the_end_of_their_scope_alone(organization, api, pem):
    """And a tag that was given before the end was set is good no longer."""
    lab = organization.client(project="lab")
    one, two = api.upload(pem), api.upload(pem)
    api.activate(two)
    at = int(time.time()) + 3600
    for end in (at, at + 60, None):
        etag = api.request("GET", CERTIFICATES)[1]["ETag"]
        activate(api, [one], end)
        status, _, content = api.request("GET", CERTIFICATES,
                                         headers={"If-None-Match": etag})
        listed = json.loads(content)["data"]
        assert status == 200 and {c["id"]: c.get(AT) for c in listed} == {one: end, two: None}
        assert [AT in c for c in listed].count(True) == (end is not None)
    activate(api, [one], at)
    assert not any(AT in c for c in lab.list())
    assert AT not in api.get(one), "by itself it is active nowhere"


def test_an_end_that_was_taken_back_does_not_come(organization, api, pem):
    kept, ended = api.upload(pem), api.upload(pem)
    at = soon()
    activate(api, [kept, ended], at)
    api.activate(kept)
    wait_for(at)
    assert states(api) == {kept: True, ended: False}


def test_a_revoked_key_leaves_the_end_it_set(organization, api, pem):
    cert_id = api.upload(pem)
    other = organization.client(key=organization.create_key(name="other"))
    at = soon()
    activate(other, [cert_id], at)
    api.call("DELETE", "/v1/organization/admin_api_keys/key_" + other.key.split("-")[1])
    wait_for(at)
    assert states(api) == {cert_id: False}
    assert events(api)[0]["actor"]["api_key"]["id"] == "key_" + other.key.split("-")[1]


@pytest.mark.parametrize("at, code", [
    (0, "invalid_orgtrust_deactivate_at"), (-1, "invalid_orgtrust_deactivate_at"),
    (1, "invalid_orgtrust_deactivate_at"), (1e15, "invalid_orgtrust_deactivate_at"),
    (253402300800, "invalid_orgtrust_deactivate_at"),
    (4000000000.5, "invalid_orgtrust_deactivate_at"),
    ("4000000000", "invalid_type"), (True, "invalid_type"), ([], "invalid_type"),
])
def test_an_end_is_a_time_to_come(organization, api, pem, at, code):
    cert_id = api.upload(pem)
    assert error_of(activate(api, [cert_id], at)) == (400, code, AT)
    assert rows(organization) == []


def test_who_cannot_carry_it_out_answers_nothing_stale(organization, api, pem):
    cert_id = api.upload(pem)
    at = soon()
    activate(api, [cert_id], at)
    with organization.writing():
        wait_for(at)
        assert error_of(api.request("GET", CERTIFICATES))[:2] == (503, "database_busy")
    assert states(api) == {cert_id: False}


@pytest.mark.concurrency
def test_no_reader_among_many_sees_it_after_its_time(organization, api, pem):
    """While others write; all of one request end together."""
    ids = [api.upload(pem) for _ in range(5)]
    busy = api.upload(pem)
    at = soon()
    activate(api, ids, at)
    wrong, counts = [], {"before": 0, "after": 0}

    def read():
        client = organization.client()
        while time.time() < at + 2:
            asked = time.time()
            seen = states(client)
            active = {seen[i] for i in ids}
            counts["after" if asked >= at else "before"] += 1
            if active != {asked < at} and not (asked < at <= time.time()):
                wrong.append((asked, active))

    def write():
        client = organization.client()
        while time.time() < at + 2:
            client.activate(busy)
            client.deactivate(busy)

    threads = [threading.Thread(target=f) for f in (read, read, read, write, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and all(counts.values())
    ended = [e for e in events(api) if AT in e.get("certificates.deactivated", {})]
    assert len(ended) == 1, "carried out once"


@pytest.mark.concurrency
def test_kill_9_leaves_the_activation_with_its_end_or_nothing(organization, pem):
    """And whatever was left ends, with its event, exactly once."""
    chance = random.Random(9)
    ids = [organization.api.upload(pem) for _ in range(10)]
    for _ in range(KILLS):
        client, at = organization.client(), int(time.time()) + 2
        killer = threading.Timer(chance.uniform(0, 0.02), organization.server.stop,
                                 (signal.SIGKILL,))
        killer.start()
        try:
            activate(client, ids, at)
        except OSError:
            pass
        killer.join()
        organization.server = None
        left = rows(organization)
        assert {end for _, _, end in left} <= {at} and len(left) in (0, 10)
        organization.start()
        if left:
            wait_for(at)
        assert not any(states(organization.api).values())
        assert rows(organization) == []
        ended = [e for e in events(organization.api, "event_types[]=certificates.deactivated")
                 if e["certificates.deactivated"][AT] == at]
        assert len(ended) == (1 if left else 0)
