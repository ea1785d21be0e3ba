"""The ten operations, once each and at their edges."""

import json
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support import certs as openssl

pytestmark = pytest.mark.both


@pytest.mark.memory
def test_every_operation_has_the_published_shape(organization, roots):
    api = judging(organization)
    project = judging(organization, project="proj_a")
    before = int(time.time())
    uploaded = api.call("POST", CERTIFICATES, {"certificate": roots[0].pem, "name": "One"})
    assert uploaded["name"] == "One"
    assert before - 1 <= uploaded["created_at"] <= time.time() + 1
    details = uploaded["certificate_details"]
    assert (details["valid_at"], details["expires_at"]) == roots[0].dates()
    one = uploaded["id"]

    assert api.get(one) == uploaded
    assert api.get(one, content=True)["certificate_details"]["content"] == roots[0].pem
    assert api.rename(one, "Two") == uploaded | {"name": "Two"}

    org_item = {"object": "organization.certificate", "id": one, "name": "Two",
                "created_at": uploaded["created_at"], "certificate_details": details}
    project_item = org_item | {"object": "organization.project.certificate"}
    for client, item, kind in (
        (api, org_item, "organization.certificate"),
        (project, project_item, "organization.project.certificate"),
    ):
        assert client.list() == [item | {"active": False}]
        for verb, active in (("activate", True), ("deactivate", False)):
            done = client.call("POST", f"{client.scope}/{verb}", {"certificate_ids": [one]})
            suffix = "activation" if active else "deactivation"
            assert done == {"object": f"{kind}.{suffix}",
                            "data": [item | {"active": active}]}
            assert client.list() == [item | {"active": active}]
    assert api.delete(one) == {"object": "certificate.deleted", "id": one}
    assert api.list() == [] and project.list() == []


def test_a_name_may_be_left_out_and_comes_back_as_null(api, pem):
    cert_id = api.upload(pem)
    assert api.get(cert_id)["name"] is None
    assert api.list()[0]["name"] is None


def test_modifying_without_a_name_changes_nothing(api, pem):
    cert_id = api.upload(pem, "Kept")
    assert api.call("POST", f"{CERTIFICATES}/{cert_id}", {})["name"] == "Kept"


@pytest.mark.parametrize("name", ["", "é" * 255, '"\\/', "\U0001f512 ключ", "a\u202eb",
                                  "\ufffd", "x" * 255])
def test_names_come_back_as_they_were_sent(api, pem, name):
    cert_id = api.upload(pem, name)
    assert api.get(cert_id)["name"] == name
    assert api.rename(cert_id, name + "")["name"] == name


@pytest.mark.parametrize("name", ["a\nb", "\x00", "\x7f", "\x85", "x" * 256, 5, None, ["x"]])
def test_names_that_nobody_can_read_are_refused(api, pem, name):
    body = {"certificate": pem, "name": name}
    assert error_of(api.request("POST", CERTIFICATES, body))[0] == 400
    cert_id = api.upload(pem, "Good")
    answer = api.request("POST", f"{CERTIFICATES}/{cert_id}", {"name": name})
    assert error_of(answer)[0] == 400
    assert api.get(cert_id)["name"] == "Good"


def test_unknown_members_and_parameters_are_passed_over(api, pem):
    body = {"certificate": pem, "colour": {"deep": [1]}}
    cert_id = api.call("POST", CERTIFICATES, body)["id"]
    assert api.call("GET", f"{CERTIFICATES}/{cert_id}?shade=dark")["id"] == cert_id


@pytest.mark.parametrize("query", ["include[]=content", "include%5B%5D=content",
                                   "include=content", "include[]=content&include[]=content"])
def test_content_is_included_in_each_spelling(api, pem, query):
    cert_id = api.upload(pem)
    got = api.call("GET", f"{CERTIFICATES}/{cert_id}?{query}")
    assert got["certificate_details"]["content"] == pem


@pytest.mark.memory
def test_something_else_cannot_be_included(api, pem):
    cert_id = api.upload(pem)
    answer = api.request("GET", f"{CERTIFICATES}/{cert_id}?include[]=key")
    assert error_of(answer) == (400, "invalid_include", "include")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("cert_id", ["cert_unknown", "activat", "x" * 128])
def test_an_unknown_certificate_is_not_found(api, method, cert_id):
    body = {"name": "x"} if method == "POST" else None
    answer = api.request(method, f"{CERTIFICATES}/{cert_id}", body)
    assert error_of(answer) == (404, "certificate_not_found", "certificate_id")


@pytest.mark.memory
def test_an_active_certificate_is_not_deleted_and_the_refusal_names_the_scopes(
    organization, pem
):
    api = judging(organization)
    cert_id = api.upload(pem)
    api.activate(cert_id)
    for number in range(12):
        judging(organization, project=f"proj_{number:02}").activate(cert_id)
    status, _, content = api.request("DELETE", f"{CERTIFICATES}/{cert_id}")
    error = json.loads(content)["error"]
    assert (status, error["code"]) == (409, "certificate_in_use")
    assert "the organization" in error["message"]
    assert "proj_00" in error["message"] and "13 in all" in error["message"]
    api.deactivate(cert_id)
    for number in range(12):
        assert api.request("DELETE", f"{CERTIFICATES}/{cert_id}")[0] == 409
        judging(organization, project=f"proj_{number:02}").deactivate(cert_id)
    api.delete(cert_id)
    assert api.request("GET", f"{CERTIFICATES}/{cert_id}")[0] == 404


def test_the_same_certificate_twice_has_two_ids(api, pem):
    first, second = api.upload(pem), api.upload(pem)
    assert first != second
    api.activate(first)
    assert {c["id"]: c["active"] for c in api.list()} == {first: True, second: False}


@pytest.mark.memory
def test_50_certificates_are_the_limit_and_one_deleted_makes_room(api, pem):
    ids = [api.upload(pem) for _ in range(50)]
    assert len(set(ids)) == 50
    answer = api.request("POST", CERTIFICATES, {"certificate": pem})
    assert error_of(answer) == (400, "certificate_limit_reached", None)
    api.delete(ids[0])
    api.upload(pem)
    assert len(api.list()) == 50


def test_content_is_normalised(api, roots):
    body = "".join(roots[0].pem.splitlines()[1:-1])
    text = f"Subject: x\r\n-----BEGIN CERTIFICATE-----\r\n{body}\r\n-----END CERTIFICATE-----"
    cert_id = api.upload(text)
    content = api.get(cert_id, content=True)["certificate_details"]["content"]
    assert content == openssl.pem_of(roots[0].der)


PRIVATE = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n"


@pytest.mark.memory
@pytest.mark.parametrize("kind", ["key", "key and certificate", "certificate and key"])
def test_private_keys_are_refused_and_leave_no_trace(organization, roots, kind):
    api = judging(organization)
    key = roots[0].key.read_text()
    text = {"key": key, "key and certificate": key + roots[0].pem,
            "certificate and key": roots[0].pem + key}[kind]
    status, _, content = api.request("POST", CERTIFICATES, {"certificate": text})
    assert status == 400 and "private key" in json.loads(content)["error"]["message"]
    assert api.list() == []
    organization.stop()
    secret = key.splitlines()[1]
    for path in organization.dir.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    assert secret.encode() not in content


@pytest.mark.parametrize("text", [
    "", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    "-----BEGIN CERTIFICATE-----\nAAAA", "x" * (513 * 1024),
], ids=["empty", "words", "not DER", "not base64", "request", "no end", "huge"])
def test_what_is_no_certificate_is_refused(api, text):
    answer = api.request("POST", CERTIFICATES, {"certificate": text})
    assert error_of(answer) == (400, "mtls_certificate_invalid", "certificate")
    assert api.list() == []


@pytest.mark.parametrize("body, code", [
    ({}, "missing_parameter"), ({"name": "x"}, "missing_parameter"),
    ({"certificate": None}, "invalid_type"), ({"certificate": ["x"]}, "invalid_type"), ({"content": 5}, "invalid_type"),
])
def test_an_upload_needs_a_certificate(api, body, code):
    assert error_of(api.request("POST", CERTIFICATES, body)) == (400, code, "certificate")
