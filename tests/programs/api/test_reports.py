"""Which hosts follow: what hosts report of themselves, who is behind and since when."""

import hashlib
import json
import time

import pytest

from judge import CERTIFICATES, error_of
from support import paths
from support.process import wait_until

pytestmark = pytest.mark.both

REPORTS = "/v1/orgtrust/reports"
HOSTS = "/v1/orgtrust/hosts"
HOSTS_OF_KEY = 20000


@pytest.fixture
def admin(organization):
    """Not judged: the published description has neither reports nor hosts."""
    return organization.api


@pytest.fixture
def reader(organization):
    return organization.client(key=organization.create_key("read", "hosts"))


def tag_of(ids):
    return hashlib.sha256("".join(f"{i}\n" for i in sorted(ids)).encode()).hexdigest()[:32]


def report(client, host, ids, project=None, **more):
    """What the host says; with its scopes as {project: ids} it has several."""
    scopes = ids if isinstance(ids, dict) else {project: ids}
    return client.call("POST", REPORTS, {
        "host": host, "version": "1.2.3", "stacks": [{"name": "openssl", "state": "wired"}],
        "scopes": [{"project": name, "tag": tag_of(active)} for name, active in scopes.items()],
    } | more)


def hosts(client, query=""):
    return client.call("GET", f"{HOSTS}?{query}")["data"]


def standing(client):
    """{name: since when it is behind, None: it is not}"""
    return {host["name"]: host["behind_since"] for host in hosts(client, "limit=100")}


def count(client):
    found = client.call("GET", f"{HOSTS}/count")
    assert found["object"] == "orgtrust.hosts.count"
    return found["current"], found["behind"]


@pytest.mark.memory
def test_a_host_is_listed_with_what_it_said(admin, reader, pem):
    ids = [admin.upload(pem) for _ in range(3)]
    admin.activate(*ids[:2])
    before = int(time.time())
    assert report(reader, "web-1.example", ids[:2]) == {
        "object": "orgtrust.report", "host": "web-1.example", "current": True}
    (host,) = hosts(reader)
    assert before <= host.pop("last_seen") <= time.time()
    assert host == {
        "object": "orgtrust.host", "name": "web-1.example", "version": "1.2.3",
        "stacks": [{"name": "openssl", "state": "wired"}], "current": True,
        "behind_since": None, "scopes": [{"project": None, "tag": tag_of(ids[:2]),
                                          "current": True, "behind_since": None}]}
    page = admin.call("GET", HOSTS)
    assert (page["object"], page["first_id"], page["last_id"], page["has_more"]) == (
        "list", "web-1.example", "web-1.example", False)
    report(reader, "web-1.example", ids[:2], stacks=[], version="2.0")
    (host,) = hosts(reader)
    assert (host["stacks"], host["version"]) == ([], "2.0"), "what it says last counts"


def test_an_answer_to_a_key_says_that_reports_are_taken(admin, organization):
    for answer in (admin.request("GET", CERTIFICATES), admin.request("GET", f"{HOSTS}?limit=0")):
        assert answer[1]["Orgtrust-Reports"] == "yes"
    stranger = organization.client(key="orgtrust-nonsense")
    status, headers, _ = stranger.request("GET", CERTIFICATES)
    assert status == 401 and "Orgtrust-Reports" not in headers


def test_who_has_not_what_is_active_is_behind_since_it_changed(admin, reader, pem):
    """Since the first change that it lacks, however many follow."""
    ids = [admin.upload(pem) for _ in range(3)]
    report(reader, "a", [])
    report(reader, "b", [])
    assert standing(reader) == {"a": None, "b": None}, "nothing was ever active"
    before = int(time.time())
    admin.activate(ids[0])
    after = time.time()
    since = standing(reader)
    assert all(before <= at <= after for at in since.values()) and count(reader) == (0, 2)
    time.sleep(1.1)
    admin.activate(ids[1])
    assert standing(reader) == since
    assert report(reader, "a", ids[:1])["current"] is False
    assert standing(reader) == since, "it still lacks something, as since then"
    assert report(reader, "a", ids[:2])["current"] is True
    assert standing(reader) == {"a": None, "b": since["b"]} and count(reader) == (1, 1)
    assert [host["name"] for host in hosts(reader, "behind=true")] == ["b"]
    admin.deactivate(ids[0])
    assert standing(reader)["a"] > since["b"] == standing(reader)["b"]
    report(reader, "c", ids[:2])
    assert standing(reader)["c"] >= since["b"] + 1, "one that comes with what is old"


def test_a_change_that_is_taken_back_leaves_nobody_behind(admin, reader, pem):
    one, two = admin.upload(pem), admin.upload(pem)
    admin.activate(one)
    report(reader, "had-it", [one])
    report(reader, "never-had-it", [])
    admin.activate(two)
    admin.deactivate(two)
    assert standing(reader)["had-it"] is None and count(reader) == (1, 1)


def test_names_and_what_is_inactive_make_nobody_behind(admin, reader, pem):
    one = admin.upload(pem)
    admin.activate(one)
    report(reader, "a", [one])
    admin.rename(one, "another name")
    admin.upload(pem)
    admin.activate(one)
    assert count(reader) == (1, 0)


def test_each_scope_counts_for_itself(organization, admin, reader, pem):
    lab, other = organization.client(project="lab"), organization.client(project="other")
    one, two = admin.upload(pem), admin.upload(pem)
    admin.activate(one)
    lab.activate(two)
    report(reader, "both", {None: [one], "lab": [two]})
    report(reader, "one", [one])
    other.activate(one)
    assert count(reader) == (2, 0), "nobody follows the other project"
    lab.deactivate(two)
    (both,) = hosts(reader, "behind=true")
    assert {s["project"]: s["current"] for s in both["scopes"]} == {None: True, "lab": False}
    assert both["behind_since"] == both["scopes"][1]["behind_since"] and not both["current"]
    report(reader, "both", [one])
    assert count(reader) == (2, 0), "it follows the project no more"
    refused = reader.request("POST", REPORTS, {
        "host": "x", "version": "1", "scopes": [{"project": "nowhere", "tag": "0" * 32}]})
    assert error_of(refused) == (404, "project_not_found", "scopes")
    assert count(reader) == (2, 0), "all of a report or nothing"


def test_an_end_of_an_activation_is_a_change(admin, reader, pem):
    cert_id = admin.upload(pem)
    at = int(time.time()) + 2
    admin.call("POST", f"{CERTIFICATES}/activate",
               {"certificate_ids": [cert_id], "orgtrust_deactivate_at": at})
    report(reader, "a", [cert_id])
    wait_until(lambda: count(reader) == (0, 1), what="the end")
    assert standing(reader)["a"] >= at


def test_the_list_is_paged_by_name(reader):
    names = [f"host-{i:02}" for i in range(25)]
    for name in reversed(names):
        report(reader, name, [])
    found, after, pages = [], "", 0
    while True:
        page = reader.call("GET", f"{HOSTS}?limit=10{after}")
        found += [host["name"] for host in page["data"]]
        pages += 1
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert found == names and pages == 3
    assert hosts(reader, "after=host-23")[0]["name"] == "host-24"
    assert hosts(reader, "behind=true&limit=1") == []
    for query, code in (("limit=0", "invalid_limit"), ("behind=1", "invalid_parameter"),
                        ("after=a&after=b", "duplicate_parameter")):
        assert error_of(reader.request("GET", f"{HOSTS}?{query}"))[:2] == (400, code)


GOOD = {"host": "a", "version": "1.2.3~rc1+git", "stacks": [],
        "scopes": [{"project": None, "tag": "0" * 32}]}
SCOPE = GOOD["scopes"][0]
BAD = [
    ("host", "host", [None, "", 1, "a" * 65, "a b", "a/b", "<script>", "ä", "a\n", "a+b", "a~b",
                      "a%2e"]),
    ("version", "version", [None, "", 1, "v" * 25, "1 2"]),
    ("scopes", "scopes", [None, [], {}, [SCOPE] * 2, [None], [{}], [{"tag": "0" * 32}],
                          [{"project": "", "tag": "0" * 32}], [{"project": None, "tag": 1}],
                          [{"project": None, "tag": "A" * 32}],
                          [{"project": None, "tag": "0" * 31}],
                          [{"project": None, "tag": "g" * 32}],
                          [{"project": "a b", "tag": "0" * 32}],
                          [{"project": f"p{i}", "tag": "0" * 32} for i in range(17)]]),
    ("stacks", "stacks", [{}, "x", [1], [{"name": "a"}], [{"name": "a", "state": "b c"}],
                          [{"name": "a" * 25, "state": "b"}],
                          [{"name": f"s{i}", "state": "ok"} for i in range(25)]]),
]


@pytest.mark.parametrize("member, param, values", BAD, ids=[bad[0] for bad in BAD])
def test_a_report_of_another_shape_is_refused(reader, member, param, values):
    for value in values:
        body = dict(GOOD) | {member: value}
        if value is None:
            del body[member]
        answer = reader.request("POST", REPORTS, body)
        assert error_of(answer) == (400, "invalid_report", param), (value, answer)
    assert hosts(reader) == []
    assert reader.request("POST", REPORTS, dict(GOOD) | {"more": 1})[0] == 200


def test_a_report_is_small(reader):
    answer = reader.request("POST", REPORTS, dict(GOOD) | {"more": "x" * 8192})
    assert error_of(answer) == (413, "body_too_large", None)


def test_a_host_that_is_not_seen_for_30_days_goes(organization, reader):
    for name in ("old", "quiet", "here"):
        report(reader, name, [])
    day = 24 * 3600
    now = int(time.time())
    organization.sql(f"UPDATE hosts SET seen_at = {now - 30 * day - 60} WHERE name = 'old'")
    organization.sql(f"UPDATE hosts SET seen_at = {now - 29 * day} WHERE name = 'quiet'")
    assert set(standing(reader)) == {"quiet", "here"} and count(reader) == (2, 0)
    report(reader, "new", [])
    assert set(organization.sql("SELECT name FROM hosts")) == {("quiet",), ("here",), ("new",)}
    assert organization.sql("SELECT count(*) FROM host_scopes") == [("3",)]
    report(reader, "old", [])
    assert count(reader) == (4, 0), "it is here again"


def test_hosts_of_a_revoked_key_go_after_two_days(organization, admin, reader):
    report(reader, "made-up", [])
    report(admin, "moved", [])
    (key,) = [k for k in admin.call("GET", "/v1/organization/admin_api_keys")["data"]
              if k["name"] == "hosts"]
    admin.call("DELETE", f"/v1/organization/admin_api_keys/{key['id']}")
    report(admin, "another", [])
    assert count(admin) == (3, 0), "a key is exchanged without hosts that vanish meanwhile"
    organization.sql(f"UPDATE hosts SET seen_at = {int(time.time()) - 2 * 24 * 3600 - 60}")
    report(admin, "third", [])
    assert set(standing(admin)) == {"another", "moved", "third"}


def fill(organization, key_name):
    """As many made-up hosts as a key may have, without asking the server so often."""
    numbers = (f"SELECT n FROM generate_series(1, {HOSTS_OF_KEY - 1}) AS n"
               if organization.cluster is not None else
               f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
               f" WHERE n < {HOSTS_OF_KEY - 1}) SELECT n FROM c")
    organization.sql(
        f"INSERT INTO hosts (name, key, version, stacks, seen_at) SELECT 'made-up-' || n,"
        f" (SELECT seq FROM keys WHERE name = '{key_name}'), '1', '[]', {int(time.time())}"
        f" FROM ({numbers}) AS made")


def test_who_makes_names_up_fills_the_share_of_one_key(organization, admin, reader):
    report(admin, "real", [])
    fill(organization, "hosts")
    report(reader, "made-up-last", [])
    answer = reader.request("POST", REPORTS, dict(GOOD) | {"host": "one-more"})
    assert error_of(answer) == (409, "too_many_hosts", "host")
    report(reader, "made-up-7", [])
    report(admin, "other", [])
    report(reader, "real", [])
    assert sum(count(admin)) == HOSTS_OF_KEY + 2, "who is known goes on reporting"


def test_reports_and_hosts_need_a_key(organization):
    nobody = organization.client(key="orgtrust-nonsense")
    for method, path in (("POST", REPORTS), ("GET", HOSTS), ("GET", f"{HOSTS}/count")):
        assert nobody.request(method, path, GOOD if method == "POST" else None)[0] == 401
    assert organization.api.request("GET", REPORTS)[0] == 405
    assert organization.api.request("GET", f"{HOSTS}/a")[0] == 404


def test_no_change_waits_for_the_tag_of_a_long_list(organization, admin, reader):
    """A change notes that it was one; who reports next pays for the tag, once."""
    rows = 5000 if paths.is_sanitized("address") else 50000
    numbers = (f"SELECT n FROM generate_series(1, {rows}) AS n"
               if organization.cluster is not None else
               f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
               f" WHERE n < {rows}) SELECT n FROM c")
    organization.sql("INSERT INTO certificates (id, created_at, valid_at, expires_at)"
                     f" SELECT 'cert_' || n, 1, 1, 4000000000 FROM ({numbers}) AS made")
    organization.sql("INSERT INTO activations (scope, certificate)"
                     " SELECT '', seq FROM certificates WHERE id <> 'cert_1'")
    admin.activate("cert_1")
    assert organization.sql("SELECT scope, tag FROM lists") == [("", "")]
    ids = [f"cert_{n}" for n in range(1, rows + 1)]
    assert report(reader, "a", ids)["current"] is True
    assert organization.sql("SELECT scope, tag FROM lists") == [("", tag_of(ids))]


def test_hosts_of_a_database_of_before(organization, admin, reader, pem):
    """A server that knows nothing of hosts changes what is active: its changes count."""
    cert_id = admin.upload(pem)
    report(reader, "a", [])
    organization.sql("INSERT INTO activations (scope, certificate)"
                     " SELECT '', seq FROM certificates")
    assert count(reader) == (0, 1)
    organization.sql("DELETE FROM activations")
    assert count(reader) == (1, 0) and json.dumps(hosts(reader)).count(cert_id) == 0
