"""What is under /v1/orgtrust for the page and for whoever else looks: where each certificate
is active, whom it names, from whom it is withheld; and the server itself."""

import json
import re
import time

import pytest
from support.certs import pem_of
from support.odd_certs import UTC, Odd, tlv
from support.organization import Organization
from support.process import run

pytestmark = pytest.mark.both

CERTIFICATES = "/v1/orgtrust/certificates"


def inspected(client) -> dict[str, dict]:
    return {one["name"]: one for one in client.call("GET", CERTIFICATES)["data"]}


def test_the_scopes_of_each(organization, roots):
    api, canary = organization.api, organization.client(project="canary")
    ids = {name: api.upload(root, name) for name, root in zip("abc", roots)}
    api.activate(ids["a"])
    end = int(time.time()) + 5000
    canary.call("POST", f"{canary.scope}/activate",
                {"certificate_ids": [ids["a"], ids["b"]], "orgtrust_deactivate_at": end})
    seen = inspected(api)
    assert {name: one["active_in"] for name, one in seen.items()} == {
        "a": [{"project": None, "deactivate_at": None},
              {"project": "canary", "deactivate_at": end}],
        "b": [{"project": "canary", "deactivate_at": end}], "c": []}
    assert {name: one["id"] for name, one in seen.items()} == ids


def test_what_a_certificate_says(organization, certs):
    root = certs.ca("x", subject="/O=Example GmbH/CN=Größe, \u202eRoot", serial=0xAB12)
    leaf = certs.issue(root, "server.example", san="DNS:server.example")
    api = organization.api
    api.upload(root, "root")
    api.upload(leaf.pem + root.pem, "leaf")
    seen = inspected(organization.client(key=organization.create_key("read")))
    assert "Größe" in seen["root"]["subject"] and "\u202e" not in seen["root"]["subject"]
    assert seen["root"]["subject"] == seen["root"]["issuer"] == seen["leaf"]["issuer"]
    assert (seen["root"]["serial"], seen["root"]["sha256"]) == ("AB:12", root.sha256)
    assert seen["leaf"]["sha256"] == leaf.sha256
    assert (seen["root"]["is_ca"], seen["leaf"]["is_ca"]) == (True, False)
    assert (seen["root"]["self_signed"], seen["leaf"]["self_signed"]) == (True, False)
    assert (seen["root"]["certificates"], seen["leaf"]["certificates"]) == (1, 2)
    assert seen["leaf"]["authority_key_id"] == seen["root"]["key_id"]
    assert "256" in seen["root"]["key"]
    assert (seen["root"]["valid_at"], seen["root"]["expires_at"]) == root.dates()
    assert all(one["withheld"] is one["problem"] is None for one in seen.values())


def test_from_whom_one_is_withheld(organization):
    api = organization.api
    api.upload(pem_of(Odd(not_before=tlv(UTC, b"200101000000+0000")).der()), "odd")
    withheld = inspected(api)["odd"]["withheld"]
    assert "shared files" in withheld["from"] or "token" in withheld["from"]
    assert len(withheld["reason"]) > 10


def test_the_text_is_that_of_openssl(organization, certs):
    root = certs.ca("The text")
    leaf = certs.issue(root, "server.example")
    cert_id = organization.api.upload(leaf.pem + root.pem)
    one = organization.api.call("GET", f"{CERTIFICATES}/{cert_id}")
    printed = "".join(run(["openssl", "x509", "-noout", "-text", "-in", cert.path],
                          env=organization.env).stdout for cert in (leaf, root))
    # Not each version of it puts the same blanks into a name.
    assert one["text"].replace(" = ", "=") == printed.replace(" = ", "=")
    assert one["id"] == cert_id and one["name"] is None
    status, _, content = organization.api.request("GET", f"{CERTIFICATES}/cert_none")
    assert (status, json.loads(content)["error"]["code"]) == (404, "certificate_not_found")


def test_page_by_page_and_only_what_has_changed(organization, roots):
    api = organization.api
    ids = [api.upload(root) for root in (*roots, *roots)]
    seen, after = [], ""
    while True:
        page = api.call("GET", f"{CERTIFICATES}?limit=4{after}")
        seen += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert seen == ids
    for target in (CERTIFICATES, f"{CERTIFICATES}/{ids[0]}"):
        _, headers, _ = api.request("GET", target)
        known = {"If-None-Match": headers["ETag"]}
        status, _, content = api.request("GET", target, headers=known)
        assert (status, content) == (304, b"")
        for change in (api.activate, api.deactivate, lambda one: api.rename(one, str(time.time()))):
            change(ids[0])
            status, headers, _ = api.request("GET", target, headers=known)
            assert status == 200 and headers["Cache-Control"] == "private, no-cache"
            known = {"If-None-Match": headers["ETag"]}
    for query in ("limit=0", "after=cert_none", "limit=101"):
        assert api.request("GET", f"{CERTIFICATES}?{query}")[0] == 400, query


def test_a_page_is_short_where_each_is_active_in_many_projects(organization, roots):
    api = organization.api
    ids = [api.upload(roots[0]) for _ in range(40)]
    organization.sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        f" INSERT INTO activations (scope, certificate) SELECT '{'p' * 90}' || i, seq"
        " FROM certificates, n")
    status, _, body = api.request("GET", f"{CERTIFICATES}?limit=100")
    assert status == 200 and 1024 * 1024 < len(body) < 2 * 1024 * 1024
    seen, after = [], ""
    while after is not None:
        page = api.call("GET", f"{CERTIFICATES}?limit=100{after}")
        seen += page["data"]
        after = f"&after={page['last_id']}" if page["has_more"] else None
    assert [one["id"] for one in seen] == ids
    assert {len(one["active_in"]) for one in seen} == {1000}


def test_one_that_cannot_be_read_is_shown_with_its_problem(organization, roots):
    ids = [organization.api.upload(root, name) for name, root in zip("ab", roots)]
    organization.sql("UPDATE orgtrust.contents SET pem = 'nothing'"
                     if organization.cluster else "UPDATE contents SET pem = 'nothing'")
    seen = inspected(organization.api)
    assert len(seen) == len(ids) == 2
    assert all(one["problem"] and one["certificates"] == 0 for one in seen.values())


def test_the_server_says_what_it_is_and_whose_key_asks(organization):
    key = organization.create_key("read", "reader")
    one = organization.client(key=key).call("GET", "/v1/orgtrust/server")
    assert one["object"] == "orgtrust.server" and re.fullmatch(r"[\d.]+", one["version"])
    assert abs(one["time"] - time.time()) < 100 and one["tls_expires_at"] is None
    assert (one["max_certificates"], one["upload_rules"]) == (50, "any")
    assert one["key"] == {"id": one["key"]["id"], "role": "read", "expires_at": None}
    assert one["key"]["id"][4:] in key
    assert organization.api.call("GET", "/v1/orgtrust/server")["key"]["role"] == "admin"


def test_the_end_of_its_tls_certificate(tmp_path, certs):
    ca, leaf = certs.for_loopback("Authority of the server")
    org = Organization(tmp_path / "org", ca=ca.path, options=(
        "--tls-cert", str(leaf.path), "--tls-key", str(leaf.key), "--upload-rules", "hosted"))
    try:
        one = org.api.call("GET", "/v1/orgtrust/server")
        assert one["tls_expires_at"] == leaf.dates()[1] and one["upload_rules"] == "hosted"
    finally:
        org.stop()


def test_all_of_it_needs_a_key(organization):
    stranger = organization.client(key="x")
    stranger.key = None
    for target in ("/v1/orgtrust/server", CERTIFICATES, f"{CERTIFICATES}/cert_1"):
        assert stranger.request("GET", target)[0] == 401
        assert organization.api.request("POST", target, {})[0] == 405
