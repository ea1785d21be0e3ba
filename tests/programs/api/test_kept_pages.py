"""Pages that were written are kept until the revision changes, whoever changes it."""

import json

import pytest

from judge import CERTIFICATES, judging

from support import paths
from support.organization import Organization

KEPT_MIB = 32


def names(client, query="limit=100"):
    """Of one page; the whole answer is returned by the client as it came."""
    status, headers, body = client.request("GET", f"{client.scope}?{query}")
    assert status == 200
    return [item["name"] for item in json.loads(body)["data"]], headers, body


@pytest.mark.both
def test_a_page_is_written_once_for_a_revision(organization, pem):
    api = judging(organization)
    api.upload(pem, "before")
    first = names(api)
    # Behind the server's back, so that one sees which answers it reads and which it keeps.
    organization.sql("UPDATE certificates SET name = 'after'")
    assert names(api)[0] == ["before"] and names(api)[2] == first[2]
    assert names(api, "limit=99")[0] == ["after"], "which nobody has asked for"
    organization.sql("UPDATE meta SET revision = "
                     + ("decode(md5('another'), 'hex')" if organization.cluster is not None
                        else "randomblob(16)"))
    assert names(api)[0] == ["after"]
    assert names(api)[1]["ETag"] != first[1]["ETag"]


@pytest.mark.both
def test_what_another_server_changes_is_in_the_next_answer(organization, pem, tmp_path):
    api = judging(organization)
    ids = [api.upload(pem, f"Number {number}") for number in range(3)]
    other = Organization(tmp_path / "other", db=organization.db, key=organization.key)
    try:
        beside = judging(other)
        for number in range(20):
            asked, changed = (api, beside) if number % 2 else (beside, api)
            assert names(asked)[2] == names(asked)[2]
            changed.rename(ids[number % 3], f"Renamed {number}")
            assert f"Renamed {number}" in names(asked)[0]
        api.activate(ids[0])
        assert json.loads(names(beside, "limit=1&order=asc")[2])["data"][0]["active"]
    finally:
        other.stop()


@pytest.mark.both
def test_scopes_and_keys_have_pages_of_their_own(organization, pem):
    api, project = judging(organization), judging(organization, project="proj_a")
    cert_id = api.upload(pem)
    project.activate(cert_id)
    read = judging(organization, key=organization.create_key("read"))
    for _ in range(2):
        assert json.loads(names(api)[2])["data"][0]["active"] is False
        assert json.loads(names(project)[2])["data"][0]["active"] is True
        assert names(read)[2] == names(api)[2]
    assert judging(organization, key="wrong").request("GET", CERTIFICATES)[0] == 401
    ended = organization.create_key("read", "to be deleted")
    assert names(judging(organization, key=ended))[2] == names(api)[2]
    for key in api.call("GET", "/v1/organization/admin_api_keys?limit=100")["data"]:
        if key["name"] == "to be deleted":
            api.call("DELETE", f"/v1/organization/admin_api_keys/{key['id']}")
    assert judging(organization, key=ended).request("GET", CERTIFICATES)[0] == 401


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


@pytest.mark.skipif(bool(paths.WRAP) or paths.is_sanitized("address"),
                    reason="what is freed is not given back there")
@pytest.mark.file
def test_what_is_kept_has_a_bound(organization, pem):
    """Twice as much is asked for, none of it again."""
    organization.max_certificates = 1000
    organization.stop()
    organization.start()
    api = organization.api
    made = [api.upload(pem, "n" * 249 + f"{number:06}") for number in range(150)]
    api.request("GET", CERTIFICATES + "?limit=100")
    before, asked = resident_mib(organization.server.pid), 0
    for order in "asc", "desc":
        for limit in range(80, 101):
            for after in (made[25:75] if order == "asc" else made[75:125]):
                _, _, body = api.request(
                    "GET", f"{CERTIFICATES}?limit={limit}&order={order}&after={after}")
                asked += len(body)
    assert asked > 2 * KEPT_MIB * 2 ** 20
    assert resident_mib(organization.server.pid) - before < 1.5 * KEPT_MIB
