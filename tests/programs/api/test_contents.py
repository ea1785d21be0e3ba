"""Several certificates with content at once, which is what a host asks for that has none."""

import json

import pytest
from judge import CERTIFICATES

from support.organization import Organization
from support.world import World

CONTENTS = "/v1/orgtrust/contents"


def contents(client, *ids):
    return client.call("GET", f"{CONTENTS}?ids={','.join(ids)}")


def requests(done):
    return json.loads(done.stdout)["sources"][0]["requests"]


@pytest.mark.both
def test_each_is_what_it_is_by_itself(organization, roots):
    api = organization.api
    ids = [api.upload(root, name) for root, name in zip(roots, ("a", 'ü "b"', None))]
    read = organization.client(key=organization.create_key("read"))
    for wanted in (ids, ids[1:], ids[:1], [*reversed(ids), "cert_nobody", ids[0]]):
        answer = contents(read, *wanted)
        assert answer["object"] == "list" and answer["has_more"] is False
        assert answer["data"] == [api.get(one, content=True) for one in ids if one in wanted]
    assert contents(read, "cert_nobody")["data"] == []


@pytest.mark.both
def test_an_answer_is_of_now(organization, roots):
    api = organization.api
    ids = [api.upload(root, "before") for root in roots]
    path = f"{CONTENTS}?ids={','.join(ids)}"
    tag = api.request("GET", path)[1]["ETag"]
    assert api.request("GET", path, headers={"If-None-Match": tag})[0] == 304
    api.rename(ids[1], "after")
    assert [one["name"] for one in contents(api, *ids)["data"]] == ["before", "after", "before"]
    api.delete(ids[0])
    assert [one["id"] for one in contents(api, *ids)["data"]] == ids[1:]
    assert api.request("GET", path, headers={"If-None-Match": tag})[0] == 200


@pytest.mark.both
def test_what_is_kept_of_it_is_given_again(organization, pem):
    api = organization.api
    cert_id = api.upload(pem, "before")
    assert contents(api, cert_id)["data"][0]["name"] == "before"
    # Behind the server's back, so that one sees which answer was kept.
    organization.sql("UPDATE certificates SET name = 'after'")
    assert contents(api, cert_id)["data"][0]["name"] == "before"


@pytest.mark.parametrize("query", [
    "", "?ids=", "?ids=,", "?ids=cert_a,", "?ids=cert_a,,cert_b", "?ids=cert%2Fa", "?ids=a%20b",
    "?ids=cert_a&ids=cert_b", "?ids=" + "a" * 129, "?ids=" + ",".join(["cert_a"] * 101)])
def test_what_is_no_list_of_ids_is_refused(organization, query):
    status, _, body = organization.api.request("GET", CONTENTS + query)
    said = json.loads(body)["error"]
    assert (status, said["param"]) == (400, "ids")
    assert said["code"] == ("duplicate_parameter" if "&" in query else "invalid_ids")


def test_who_may_ask_and_how(organization, pem):
    api = organization.api
    cert_id = api.upload(pem)
    path = f"{CONTENTS}?ids={','.join([cert_id] * 100)}"
    assert [one["id"] for one in api.call("GET", path)["data"]] == [cert_id]
    assert organization.client(key="wrong").request("GET", path)[0] == 401
    assert api.request("POST", path, body={})[0] == 405
    assert api.request("GET", f"{CERTIFICATES}?limit=1")[1]["Orgtrust-Contents"] == "yes"
    assert "Orgtrust-Contents" not in organization.client(key="wrong").request(
        "GET", CERTIFICATES)[1]


@pytest.mark.both
def test_a_host_that_has_nothing_asks_for_fifty_at_a_time(organization, certs, tmp_path):
    organization.max_certificates = 300
    organization.stop()
    organization.start()
    api, pems = organization.api, certs.many(3, "Listed")
    ids = [api.upload(pems[number % 3], f"Number {number}") for number in range(120)]
    for first in range(0, 120, 10):
        api.activate(*ids[first : first + 10])
    machine = World(tmp_path / "machine", organization.base_url, organization.key)
    assert requests(machine.sync("--json")) == 2 + 3
    assert machine.status()["active"] == 120
    api.activate(api.upload(pems[0], "one more"))
    assert requests(machine.sync("--json")) <= 2 + 1
    assert machine.status()["active"] == 121
    machine.close()


def test_what_is_too_much_for_one_answer_comes_by_itself(tmp_path, certs):
    """Each entry of 100 KiB: more than two are not in one answer."""
    organization = Organization(tmp_path / "org")
    api = organization.api
    long = certs.many(1, "Long")[0]
    entry = "".join([long.pem] * (100 * 1024 // len(long.pem)))
    ids = [api.upload(entry, f"Number {number}") for number in range(20)]
    answer = contents(api, *ids)
    some = len(answer["data"])
    assert some == 2 and answer["has_more"] is True
    assert [one["id"] for one in answer["data"]] == ids[:some]
    machine = World(tmp_path / "machine", organization.base_url, organization.key)
    assert requests(machine.sync("--json")) == 1 + 1 + 20 - some
    assert len(machine.listed()) == 20 and machine.status()["quarantined"] == []
    machine.close()
    organization.stop()


