"""The misbehaving API is trusted by every other test here: it must behave when told to."""

import http.client
import json

import pytest
from fault_server import Answer, error, gzipped
from support.organization import ApiClient, ApiError


def test_it_answers_as_the_api_does(api, key, roots):
    client = ApiClient(api.port, key)
    ids = [client.upload(root, f"name {i}") for i, root in enumerate(roots)]
    client.activate(*ids[:2])
    assert [c["active"] for c in client.list()] == [True, True, False]
    assert client.get(ids[0], content=True)["certificate_details"]["content"] == \
        roots[0].pem
    assert "content" not in client.get(ids[0])["certificate_details"]
    client.rename(ids[2], "new")
    client.deactivate(ids[0])
    client.delete(ids[0])
    api.page_limit = 1
    assert [(c["id"], c["name"]) for c in client.list()] == \
        [(ids[1], "name 1"), (ids[2], "new")]
    assert api.count("upload") == 3
    client.close()


def test_it_wants_the_key(api):
    with pytest.raises(ApiError) as refused:
        ApiClient(api.port, "another").list()
    assert refused.value.status == 401


def test_a_rule_for_the_nth_request(api, key, roots):
    api.add(roots[0])
    api.on("list", error(500, "second"), nth=1)
    client = ApiClient(api.port, key)
    client.list()
    with pytest.raises(ApiError):
        client.list()
    client.list()
    api.on("list", lambda request, right: None)
    with pytest.raises((OSError, http.client.HTTPException)):
        client.list()
    api.heal()
    assert len(client.list()) == 1
    client.close()


def test_bodies_are_cut_and_compressed(api, key, roots):
    api.add(roots[0])
    client = ApiClient(api.port, key)
    api.on("list", lambda request, right: Answer(body=right.body, truncate=10))
    with pytest.raises(http.client.IncompleteRead):
        client.list()
    api.on("list", lambda request, right: gzipped(right))
    _, headers, content = client.request("GET", client.scope)
    assert headers["Content-Encoding"] == "gzip"
    assert content[:2] == b"\x1f\x8b"
    api.on("list", lambda request, right: right.changed(lambda b: b | {"has_more": 5}))
    _, _, content = client.request("GET", client.scope)
    assert json.loads(content)["has_more"] == 5
    client.close()
