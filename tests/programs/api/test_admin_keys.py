"""Keys through the API: listed, made, looked up, at their end, deleted."""

import re
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support import paths
from support.process import run

pytestmark = pytest.mark.both

KEYS = "/v1/organization/admin_api_keys"


def id_of(key: str) -> str:
    return "key_" + key.split("-")[1]


def make(api, name="new", **more) -> dict:
    return api.call("POST", KEYS, {"name": name} | more)


def key_command(org, *argv, status=0):
    done = run([paths.SERVER, "key", *argv, "--db", org.db], env=org.env, wrap=True)
    assert done.status == status, done
    return done


@pytest.mark.memory
def test_a_key_is_made_used_and_deleted(organization, api):
    before = int(time.time())
    made = make(api, "ci")
    assert re.fullmatch("orgtrust-[0-9a-f]{16}-[0-9a-f]{64}", made["value"])
    assert made["id"] == id_of(made["value"]) and made["name"] == "ci"
    assert before - 1 <= made["created_at"] <= time.time() + 1
    assert (made["expires_at"], made["last_used_at"]) == (None, None)
    assert made["owner"] == {"type": "service_account", "object": "organization.service_account",
                             "id": made["id"], "name": "ci", "role": "owner",
                             "created_at": made["created_at"]}
    client = judging(organization, made["value"])
    assert client.list() == []
    shown = api.call("GET", f"{KEYS}/{made['id']}")
    assert shown["last_used_at"] >= made["created_at"]
    assert shown | {"last_used_at": None, "value": made["value"]} == made
    deleted = client.call("DELETE", f"{KEYS}/{made['id']}")
    assert deleted == {"object": "organization.admin_api_key.deleted", "id": made["id"],
                       "deleted": True}
    assert error_of(client.request("GET", CERTIFICATES))[:2] == (401, "invalid_api_key")
    for method in ("GET", "DELETE"):
        answer = api.request(method, f"{KEYS}/{made['id']}")
        assert error_of(answer) == (404, "admin_api_key_not_found", "key_id")


def test_no_answer_but_the_first_has_the_secret(organization, api):
    made = make(api)
    secret = made["value"].rsplit("-", 1)[1]
    assert made["redacted_value"] == f"orgtrust-{made['id'][4:]}-***"
    for path in (KEYS, f"{KEYS}/{made['id']}"):
        assert secret.encode() not in api.request("GET", path)[2]
    assert api.request("GET", KEYS)[1]["Cache-Control"] == "no-store"
    organization.stop()
    for path in organization.dir.iterdir():
        assert secret.encode() not in path.read_bytes()


def test_keys_of_the_command_and_of_the_api_are_the_same(organization, api):
    reader = organization.create_key("read", "fleet")
    listed = {k["name"]: k for k in api.call("GET", KEYS)["data"]}
    assert listed.keys() == {None, "fleet"}
    assert listed["fleet"]["id"] == id_of(reader)
    assert listed["fleet"]["owner"]["role"] == "reader"
    assert "name" not in listed[None]["owner"]
    make(api, "made here", expires_in_seconds=3600)
    row = key_command(organization, "list").stdout.splitlines()[-1]
    assert row.endswith("  made here") and row.split()[1] == "admin"
    assert re.fullmatch(r"\d{4}-.*Z", row.split()[4])
    assert error_of(api.request("POST", KEYS, {"name": "fleet"})) == (409, "name_taken", "name")


@pytest.mark.memory
def test_a_key_ends_at_its_time(organization, api):
    life = 20 if paths.WRAP else 2  # under valgrind the first request takes its time
    made = make(api, expires_in_seconds=life)
    assert made["expires_at"] == made["created_at"] + life
    client = judging(organization, made["value"])
    assert client.list() == []
    while time.time() < made["expires_at"] + 0.1:  # time(2) may be some ms behind
        time.sleep(0.05)
    answer = client.request("GET", CERTIFICATES)
    assert error_of(answer)[:2] == (401, "expired_api_key")
    assert made["id"].encode() in answer[2]
    assert api.call("GET", f"{KEYS}/{made['id']}")["expires_at"] == made["expires_at"]
    assert make(api, "until the end", expires_in_seconds=31536000)


def test_the_command_gives_a_key_its_end(organization, api):
    done = key_command(organization, "create", "--expires", "90d", "--name", "quarter")
    shown = api.call("GET", f"{KEYS}/{id_of(done.stdout.strip())}")
    assert shown["expires_at"] == shown["created_at"] + 90 * 86400
    (line,) = [line for line in key_command(organization, "list").stdout.splitlines()
               if line.endswith("quarter")]
    assert line.split()[4] == time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                            time.gmtime(shown["expires_at"]))
    for wrong in ("90", "0d", "900ms", "-1d", "36501d", "99999999999999w", "soon", ""):
        done = key_command(organization, "create", "--expires", wrong, status=2)
        assert f"'{wrong}'" in done.stderr and "90d" in done.stderr


def test_a_reading_key_sees_itself_and_no_other(organization, api):
    key = organization.create_key("read", "host")
    reader = judging(organization, key)
    own = reader.call("GET", f"{KEYS}/{id_of(key)}")
    assert own["name"] == "host" and own["expires_at"] is None
    for method, path, body in (
        ("GET", KEYS, None), ("GET", f"{KEYS}/{id_of(organization.key)}", None),
        ("POST", KEYS, {"name": "x"}), ("DELETE", f"{KEYS}/{id_of(key)}", None),
        ("GET", f"{KEYS}/key_none", None),
    ):
        answer = reader.request(method, path, body)
        assert error_of(answer)[:2] == (403, "insufficient_permissions"), path
    assert len(api.call("GET", KEYS)["data"]) == 2


@pytest.mark.parametrize("order", ["", "asc", "desc"])
def test_pages_hold_every_key_once_and_in_order(api, order):
    ids = [make(api, f"n{i}")["id"] for i in range(6)]
    found, after = [], "&after="
    while True:
        page = api.call("GET", f"{KEYS}?limit=3{order and '&order=' + order}{after}")
        found += [k["id"] for k in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    first = found[-1] if order == "desc" else found[0]
    assert first not in ids, "the administrator's own is the oldest"
    assert [i for i in found if i != first] == (ids[::-1] if order == "desc" else ids)


@pytest.mark.parametrize("query, code, param", [
    ("limit=0", "invalid_limit", "limit"), ("order=up", "invalid_order", "order"),
    ("after=key_none", "invalid_cursor", "after"),
])
def test_wrong_parameters_are_refused(api, query, code, param):
    assert error_of(api.request("GET", f"{KEYS}?{query}")) == (400, code, param)


@pytest.mark.parametrize("body, code, param", [
    ({}, "missing_parameter", "name"), ({"name": ""}, "invalid_name", "name"),
    ({"name": None}, "invalid_type", "name"), ({"name": "key_x"}, "invalid_name", "name"),
    ({"name": "x" * 65}, "invalid_name", "name"),
    ({"name": "x", "expires_in_seconds": 0}, "invalid_expires_in_seconds",
     "expires_in_seconds"),
    ({"name": "x", "expires_in_seconds": 31536001}, "invalid_expires_in_seconds",
     "expires_in_seconds"),
    ({"name": "x", "expires_in_seconds": 1.5}, "invalid_expires_in_seconds",
     "expires_in_seconds"),
    ({"name": "x", "expires_in_seconds": "90d"}, "invalid_expires_in_seconds",
     "expires_in_seconds"),
])
def test_what_makes_no_key_is_refused(api, body, code, param):
    assert error_of(api.request("POST", KEYS, body)) == (400, code, param)
    assert len(api.call("GET", KEYS)["data"]) == 1


def test_a_name_is_no_id(organization, api):
    """DELETE goes by the id alone."""
    organization.create_key("read", "fleet")
    assert api.request("DELETE", f"{KEYS}/fleet")[0] == 404
    assert len(api.call("GET", KEYS)["data"]) == 2
