"""The audit log: each change once, with whose it was, from where and in which project; every
filter; and no row without its change, nor a change without its row."""

import getpass
import random
import signal
import threading
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support import paths
from support.organization import ApiError, Organization
from support.process import run

pytestmark = pytest.mark.both

LOG = "/v1/organization/audit_logs"
KEYS = "/v1/organization/admin_api_keys"
PROJECTS = "/v1/organization/projects"
KILLS = 200 if paths.LONG else 20
LOCAL = {"type": "session", "session": {"user": {"id": f"local:{getpass.getuser()}"}}}


def events(api, query="") -> list[dict]:
    """All that the query finds, the newest first."""
    found, after = [], ""
    while True:
        page = api.call("GET", f"{LOG}?limit=100&{query}{after}")
        found += page["data"]
        if not page["has_more"]:
            return found
        after = f"&after={page['last_id']}"


def newest(api) -> dict:
    return api.call("GET", f"{LOG}?limit=1")["data"][0]


def server_command(org, *argv):
    done = run([paths.SERVER, *argv, "--db", org.db], env=org.env, wrap=True)
    assert done.status == 0, done
    return done.stdout.strip()


def key_actor(key: str) -> dict:
    key_id = "key_" + key.split("-")[1]
    return {"type": "api_key", "session": {"ip_address": "127.0.0.1"},
            "api_key": {"id": key_id, "type": "service_account",
                        "service_account": {"id": key_id}}}


@pytest.mark.memory
def test_every_change_is_there_with_its_hand_and_place(organization, roots):
    api = judging(organization)
    actor = key_actor(organization.key)
    before = int(time.time())

    def last(kind, detail, project=None):
        event = newest(api)
        assert event["type"] == kind and event[kind] == detail
        assert event["actor"] == actor and event.get("project") == project
        assert before - 1 <= event["effective_at"] <= time.time() + 1

    one, two = api.upload(roots[0], "One"), api.upload(roots[1])
    last("certificate.created", {"id": two})
    assert events(api)[1]["certificate.created"] == {"id": one, "name": "One"}
    api.rename(one, "Eins")
    last("certificate.updated", {"id": one, "name": "Eins"})
    api.activate(one, two)
    both = {"certificates": [{"id": one, "name": "Eins"}, {"id": two}]}
    last("certificates.activated", both)
    project = api.call("POST", PROJECTS, {"name": "Canary"})["id"]
    last("project.created", {"id": project, "data": {"name": "Canary", "title": "Canary"}})
    there = judging(organization, project=None)
    there.scope = f"{PROJECTS}/{project}/certificates"
    place = {"id": project, "name": "Canary"}
    there.activate(two)
    last("certificates.activated", {"certificates": [{"id": two}]}, place)
    there.deactivate(two)
    last("certificates.deactivated", {"certificates": [{"id": two}]}, place)
    api.deactivate(two, one)
    last("certificates.deactivated", {"certificates": both["certificates"][::-1]})
    api.delete(one)
    last("certificate.deleted", {"id": one, "name": "Eins", "certificate": roots[0].pem})
    made = api.call("POST", KEYS, {"name": "ci"})
    last("api_key.created", {"id": made["id"], "data": {"scopes": ["admin"]}})
    api.call("DELETE", f"{KEYS}/{made['id']}")
    last("api_key.deleted", {"id": made["id"]})
    assert len(events(api)) == 1 + 11 and len({e["id"] for e in events(api)}) == 12


def test_what_the_command_does_is_there_too(organization):
    api = judging(organization)
    (first,) = events(api)
    assert first["type"] == "api_key.created" and first["actor"] == LOCAL
    assert first["api_key.created"]["id"] == "key_" + organization.key.split("-")[1]
    key = server_command(organization, "key", "create", "--role", "read", "--name", "host")
    key_id = "key_" + key.split("-")[1]
    assert newest(api)["api_key.created"] == {"id": key_id, "data": {"scopes": ["read"]}}
    server_command(organization, "key", "revoke", "host")
    assert newest(api)["api_key.deleted"] == {"id": key_id}
    server_command(organization, "project", "create", "--name", "Lab", "--id", "lab")
    assert newest(api)["project.created"]["id"] == "lab" and newest(api)["actor"] == LOCAL


@pytest.mark.memory
def test_what_changes_nothing_writes_nothing(organization, pem):
    api = judging(organization)
    cert_id, other = api.upload(pem, "Name"), api.upload(pem)
    api.activate(cert_id)
    before = events(api)
    api.activate(cert_id)
    api.deactivate(other)
    api.rename(cert_id, "Name")
    api.call("POST", f"{CERTIFICATES}/{cert_id}", {})
    api.list()
    for method, path, body, status in (
        ("DELETE", f"{CERTIFICATES}/{cert_id}", None, 409),
        ("DELETE", f"{CERTIFICATES}/cert_none", None, 404),
        ("POST", f"{CERTIFICATES}/cert_none", {"name": "x"}, 404),
        ("POST", CERTIFICATES, {"certificate": "x"}, 400),
        ("POST", f"{CERTIFICATES}/activate", {"certificate_ids": [other, "cert_none"]}, 404),
        ("POST", KEYS, {}, 400), ("DELETE", f"{KEYS}/key_none", None, 404),
        ("POST", PROJECTS, {}, 400), ("PUT", LOG, None, 405), ("DELETE", LOG, None, 405),
    ):
        assert api.request(method, path, body)[0] == status, (method, path)
    assert events(api) == before
    api.activate(cert_id, other)
    assert newest(api)["certificates.activated"] == {"certificates": [{"id": other}]}, \
        "of those that are asked for, the ones that were not active"


def test_keys_that_read_do_not_read_it(organization):
    reader = judging(organization, organization.create_key("read"))
    assert error_of(reader.request("GET", LOG))[:2] == (403, "insufficient_permissions")


def test_names_come_out_as_they_went_in(organization, pem):
    api = judging(organization)
    name = '"\\/ \U0001f512 é'
    cert_id = api.upload(pem, name)
    assert newest(api)["certificate.created"] == {"id": cert_id, "name": name}


@pytest.fixture(scope="module")
def told(tmp_path_factory, roots):
    """An organization with 30 events by two keys, in two projects, over three seconds."""
    org = Organization(tmp_path_factory.mktemp("told") / "org")
    api = judging(org)
    second = judging(org, api.call("POST", KEYS, {"name": "second"})["value"])
    for project in ("a", "b"):
        org.create_project(project)
    ids = []
    for turn in range(3):
        for client in (api, second):
            ids.append(client.upload(roots[0].pem, f"{turn}"))
        for project in ("a", "b"):
            judging(org, project=project).activate(*ids[-2:])
        second.rename(ids[-1], f"renamed {turn}")
        api.activate(ids[-1])
        time.sleep(1.1)
    org.ids = ids
    yield org
    org.stop()


def kinds(found) -> set[str]:
    return {e["type"] for e in found}


@pytest.mark.memory
def test_filters_by_type_and_by_target(told):
    api = judging(told)
    everything = events(api)
    assert len(everything) == 1 + 1 + 2 + 3 * 6
    created = events(api, "event_types[]=certificate.created")
    assert kinds(created) == {"certificate.created"} and len(created) == 6
    two = events(api, "event_types[]=project.created&event_types[]=api_key.created")
    assert kinds(two) == {"project.created", "api_key.created"} and len(two) == 4
    assert events(api, "event_types=project.created") == [
        e for e in two if e["type"] == "project.created"]
    assert events(api, "event_types[]=login.succeeded") == []
    of_one = events(api, f"resource_ids[]={told.ids[-1]}")
    assert [e["type"] for e in of_one] == [
        "certificates.activated", "certificate.updated", "certificates.activated",
        "certificates.activated", "certificate.created"]
    of_two = events(api, f"resource_ids[]={told.ids[0]}&resource_ids[]=a")
    assert kinds(of_two) == {"certificate.created", "certificates.activated",
                             "project.created"}
    assert events(api, "resource_ids[]=cert_none") == []


@pytest.mark.memory
def test_filters_by_project_and_by_actor(told):
    api = judging(told)
    in_a = events(api, "project_ids[]=a")
    assert len(in_a) == 3 and {e["project"]["id"] for e in in_a} == {"a"}
    assert len(events(api, "project_ids[]=a&project_ids[]=b")) == 6
    assert events(api, "project_ids[]=none") == []
    everything = events(api)
    actors = {e["actor"]["api_key"]["id"] for e in everything if "api_key" in e["actor"]}
    assert len(actors) == 2
    counted = 0
    for actor in actors:
        mine = events(api, f"actor_ids[]={actor}")
        assert {e["actor"]["api_key"]["id"] for e in mine} == {actor}
        counted += len(mine)
    by_hand = events(api, f"actor_ids[]={LOCAL['session']['user']['id']}")
    assert {e["actor"]["type"] for e in by_hand} == {"session"}
    assert counted + len(by_hand) == len(everything)
    assert events(api, "actor_emails[]=a@example.org") == [], "nobody has one here"
    assert events(api, "tenant_only=true") == [] and events(api, "tenant_only=false") == everything
    (only,) = events(api, f"project_ids[]=b&actor_ids[]={key_actor(told.key)['api_key']['id']}"
                          f"&resource_ids[]={told.ids[0]}&event_types[]=certificates.activated")
    assert only["project"]["id"] == "b"


def test_filters_by_time(told):
    api = judging(told)
    everything = events(api)
    times = sorted({e["effective_at"] for e in everything})
    assert len(times) >= 3
    middle = times[1]
    for name, fits in (("gt", lambda t: t > middle), ("gte", lambda t: t >= middle),
                       ("lt", lambda t: t < middle), ("lte", lambda t: t <= middle)):
        found = events(api, f"effective_at[{name}]={middle}")
        assert found == [e for e in everything if fits(e["effective_at"])] != []
    assert events(api, f"effective_at[gte]={middle}&effective_at[lte]={middle}") == [
        e for e in everything if e["effective_at"] == middle]
    assert events(api, "effective_at[gt]=-5&effective_at%5Blt%5D=1") == []
    assert events(api, f"effective_at[gt]={middle}&effective_at[lt]={middle}") == []


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_forwards_and_backwards_hold_every_event_once(told, limit):
    api = judging(told)
    everything = [e["id"] for e in events(api)]
    assert everything == [e["id"] for e in api.call("GET", f"{LOG}?limit=100")["data"]]
    found, after = [], ""
    while True:
        page = api.call("GET", f"{LOG}?limit={limit}{after}")
        found += [e["id"] for e in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert found == everything
    found, before = [everything[-1]], f"&before={everything[-1]}"
    while True:
        page = api.call("GET", f"{LOG}?limit={limit}{before}")
        found = [e["id"] for e in page["data"]] + found
        if not page["has_more"]:
            break
        before = f"&before={page['first_id']}"
    assert found == everything
    between = api.call("GET", f"{LOG}?after={everything[2]}&before={everything[6]}")
    assert [e["id"] for e in between["data"]] == everything[3:6]


def test_a_page_of_long_events_is_short(organization, pem):
    """What was deleted is in it whole: a hundred of the largest are more than anybody takes."""
    largest = pem * (128 * 1024 // len(pem))
    deleted = [organization.api.upload(largest) for _ in range(40)]
    for one in deleted:
        organization.api.delete(one)
    status, _, body = organization.api.request("GET", f"{LOG}?limit=100")
    assert status == 200 and 1024 * 1024 < len(body) < 3 * 1024 * 1024
    log = events(organization.api)
    gone = [e["certificate.deleted"] for e in log if e["type"] == "certificate.deleted"]
    assert [e["id"] for e in gone] == deleted[::-1]
    assert {e["certificate"] for e in gone} == {gone[0]["certificate"]}
    ids, before, pages = [], log[-1]["id"], 0
    while before is not None:
        page = organization.api.call("GET", f"{LOG}?limit=100&before={before}")
        ids = [e["id"] for e in page["data"]] + ids
        before, pages = page["first_id"] if page["has_more"] else None, pages + 1
    assert ids == [e["id"] for e in log[:-1]] and pages > 1


@pytest.mark.parametrize("query, code, param", [
    ("limit=0", "invalid_limit", "limit"), ("after=none", "invalid_cursor", "after"),
    ("before=none", "invalid_cursor", "before"),
    ("effective_at[gt]=soon", "invalid_parameter", "effective_at[gt]"),
    ("effective_at[lte]=1.5", "invalid_parameter", "effective_at[lte]"),
    ("effective_at[lt]=9999999999999999999", "invalid_parameter", "effective_at[lt]"),
    ("effective_at[lt]=1&effective_at[lt]=2", "duplicate_parameter", "effective_at[lt]"),
    ("tenant_only=1", "invalid_parameter", "tenant_only"),
])
def test_wrong_parameters_are_refused(told, query, code, param):
    assert error_of(judging(told).request("GET", f"{LOG}?{query}")) == (400, code, param)


def test_more_parameters_than_anybody_needs_are_refused(told):
    query = "&".join(["event_types[]=x"] * 129)
    assert error_of(judging(told).request("GET", f"{LOG}?{query}"))[:2] == (400, "invalid_url")
    assert events(judging(told), "&".join(["event_types[]=x"] * 127)) == []


def test_ipv6_is_told_whole(tmp_path, pem):
    org = Organization(tmp_path / "org", host="[::1]")
    try:
        key = org.key
        done = run(["curl", "-sS", "-H", f"Authorization: Bearer {key}", "-d",
                    '{"name":"x"}', "-H", "Content-Type: application/json",
                    f"http://[::1]:{org.port}{PROJECTS}"], env=org.env)
        assert done.status == 0 and "organization.project" in done.stdout
        assert org.sql("SELECT address FROM audit ORDER BY seq DESC")[0] == ("::1",)
    finally:
        org.stop()


def events_since(api, last: str | None) -> list[dict]:
    """Those that came after the one with this id, the oldest first."""
    found: list[dict] = []
    while last is not None:
        page = api.call("GET", f"{LOG}?limit=100&before={last}")
        found += page["data"][::-1]
        if not page["has_more"]:
            return found
        last = page["first_id"]
    return events(api)[::-1]


def replay(state: dict, log: list[dict]):
    """Brings the state to what the organization must be after these events."""
    for event in log:
        kind, detail = event["type"], event[event["type"]]
        scope = event.get("project", {}).get("id", "")
        ids = [c["id"] for c in detail.get("certificates", [])]
        if kind == "certificate.created":
            assert detail["id"] not in state["certs"]
            state["certs"][detail["id"]] = detail.get("name")
        elif kind == "certificate.updated":
            assert state["certs"][detail["id"]] != detail["name"]
            state["certs"][detail["id"]] = detail["name"]
        elif kind == "certificate.deleted":
            assert state["certs"].pop(detail["id"]) == detail.get("name")
        elif kind == "certificates.activated":
            assert not state["active"] & {(scope, i) for i in ids} and ids
            state["active"] |= {(scope, i) for i in ids}
        elif kind == "certificates.deactivated":
            assert state["active"] >= {(scope, i) for i in ids} and ids
            state["active"] -= {(scope, i) for i in ids}
        elif kind == "api_key.created":
            state["keys"].add(detail["id"])
        elif kind == "api_key.deleted":
            state["keys"].remove(detail["id"])
        else:
            assert kind == "project.created"
            state["projects"].add(detail["id"])


def stored(org) -> dict:
    return {
        "certs": dict(org.sql("SELECT id, name FROM certificates")),
        "active": set(org.sql("SELECT a.scope, c.id FROM activations a"
                              " JOIN certificates c ON c.seq = a.certificate")),
        "keys": {row[0] for row in org.sql("SELECT id FROM keys")},
        "projects": {row[0] for row in org.sql("SELECT id FROM projects")},
    }


def change_until(org, stop, seed, pem):
    """Every kind of change, one after the other, until the server is gone."""
    api, project = org.client(), org.client(project="canary")
    mine: list[str] = []
    try:
        while not stop.is_set():
            mine.append(api.upload(pem, f"{seed.random()}"))
            api.rename(mine[-1], f"{seed.random()}")
            for scope in (api, project):
                scope.activate(*mine[-3:])
                scope.deactivate(*mine[-2:])
            made = api.call("POST", KEYS, {"name": f"{seed.random()}"})
            api.call("POST", PROJECTS, {"name": "x"})
            api.call("DELETE", f"{KEYS}/{made['id']}")
            api.delete(mine.pop())
    except (OSError, ApiError, Exception) as gone:
        if not stop.is_set():
            raise gone


@pytest.mark.concurrency
def test_fault_56_kill_9_leaves_no_change_without_its_row_nor_a_row_without_its_change(
    tmp_path, pem
):
    org = Organization(tmp_path / "org", max_certificates=100000)
    org.create_project("canary")
    seed, last = random.Random(13), None
    state = {"certs": {}, "active": set(), "keys": set(), "projects": set()}
    for _ in range(KILLS):
        stop = threading.Event()
        threads = [threading.Thread(target=change_until, args=(org, stop, seed, pem))
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(seed.uniform(0.01, 0.1) * paths.SLOWNESS)
        stop.set()
        org.server.child.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
        org.stop(signal.SIGKILL)
        org.start()
        log = events_since(org.api, last)
        last = log[-1]["id"] if log else last
        replay(state, log)
        assert state == stored(org)
    assert len(stored(org)["certs"]) > KILLS / 4
    org.stop()
