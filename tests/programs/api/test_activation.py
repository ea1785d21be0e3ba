"""Activation is atomic, idempotent and of one scope."""

import pytest

from judge import CERTIFICATES, error_of, judging

pytestmark = pytest.mark.both

VERBS = ("activate", "deactivate")


def states(client):
    return {c["id"]: c["active"] for c in client.list()}


def toggle(client, verb, ids):
    return client.request("POST", f"{client.scope}/{verb}", {"certificate_ids": ids})


@pytest.mark.memory
def test_scopes_do_not_touch_each_other(organization, pem):
    org = judging(organization)
    a, b = (judging(organization, project=p) for p in ("proj_a", "proj_b"))
    one, two = org.upload(pem), org.upload(pem)
    a.activate(one)
    org.activate(two)
    assert states(a) == {one: True, two: False}
    assert states(b) == {one: False, two: False}
    assert states(org) == {one: False, two: True}
    a.deactivate(one, two)
    assert states(a) == {one: False, two: False}
    assert states(org) == {one: False, two: True}


@pytest.mark.memory
@pytest.mark.parametrize("project", [None, "proj_a"])
@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_id_changes_nothing(organization, pem, project, verb):
    client = judging(organization, project=project)
    ids = [client.upload(pem) for _ in range(9)]
    if verb == "deactivate":
        client.activate(*ids)
    before = states(client)
    for position in (0, 5, 9):
        for unknown in ("cert_unknown", "", "../x", "a" * 2000, "ü"):
            mixed = ids[:position] + [unknown] + ids[position:]
            status, code, param = error_of(toggle(client, verb, mixed))
            assert (status, code, param) == (404, "certificate_not_found", "certificate_ids")
    assert states(client) == before


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_idempotent_and_counts_duplicates_once(api, pem, verb):
    ids = [api.upload(pem) for _ in range(3)]
    wanted = verb == "activate"
    for _ in range(2):
        done = api.call("POST", f"{CERTIFICATES}/{verb}",
                        {"certificate_ids": [ids[2], ids[0], ids[2], ids[0]]})
        assert [(c["id"], c["active"]) for c in done["data"]] == [
            (ids[2], wanted), (ids[0], wanted)]
    assert states(api) == {ids[0]: wanted, ids[1]: False, ids[2]: wanted}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("body, code", [
    ({}, "missing_parameter"),
    ({"certificate_ids": []}, "invalid_certificate_ids"),
    ({"certificate_ids": "cert_a"}, "invalid_certificate_ids"),
    ({"certificate_ids": None}, "invalid_certificate_ids"),
    ({"certificate_ids": ["cert_a"] * 11}, "invalid_certificate_ids"),
    ({"certificate_ids": ["cert_a", 5]}, "invalid_type"),
])
def test_1_to_10_ids_are_needed(api, verb, body, code):
    answer = api.request("POST", f"{CERTIFICATES}/{verb}", body)
    assert error_of(answer) == (400, code, "certificate_ids")


def test_ten_at_once(api, pem):
    ids = [api.upload(pem) for _ in range(10)]
    assert toggle(api, "activate", ids)[0] == 200
    assert all(states(api).values())


@pytest.mark.parametrize("project", ["p", "x" * 128, "a-b_C9"])
def test_any_well_formed_id_may_be_a_projects(organization, pem, project):
    client = judging(organization, project=project)
    client.activate(client.upload(pem))
    assert list(states(client).values()) == [True]


@pytest.mark.parametrize("project", ["x" * 129, "a.b", "..", "a%20b", "a%2Fb", "%00", "%zz", "%c3%bc"])
def test_an_ill_formed_project_is_not(organization, project):
    status, _, _ = judging(organization).request(
        "GET", f"/v1/organization/projects/{project}/certificates")
    assert status in (400, 404)
