"""What an upload may be: its member's older name, several certificates in one entry, and
the conditions of the hosted API where the server was told to hold to them."""

import json
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support.organization import Organization

AUTHORITY = ("keyUsage=critical,keyCertSign,cRLSign", "authorityKeyIdentifier=keyid:always")
PRIVATE = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"


def content_of(api, cert_id):
    return api.get(cert_id, content=True)["certificate_details"]["content"]


def test_older_clients_send_content(api, pem, roots):
    made = api.call("POST", CERTIFICATES, {"content": pem, "name": "old"})
    assert made["name"] == "old" and content_of(api, made["id"]) == pem
    made = api.call("POST", CERTIFICATES, {"content": "x", "certificate": roots[1].pem})
    assert content_of(api, made["id"]) == roots[1].pem, "the present name goes before"
    answer = api.request("POST", CERTIFICATES, {"content": "x"})
    assert error_of(answer) == (400, "mtls_certificate_invalid", "certificate")


@pytest.mark.memory
def test_of_several_certificates_the_first_is_the_anchor(api, roots, certs):
    short = certs.ca("ends soon", days=2)
    made = api.call("POST", CERTIFICATES,
                    {"certificate": f"first\n{short.pem}second\n{roots[0].pem}{roots[1].pem}"})
    details = made["certificate_details"]
    assert (details["valid_at"], details["expires_at"]) == short.dates()
    assert content_of(api, made["id"]) == short.pem + roots[0].pem + roots[1].pem


@pytest.mark.memory
@pytest.mark.parametrize("behind, words", [
    (PRIVATE, "private key"),
    ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 2"),
    ("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "not base64"),
    ("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "revocation list"),
])
def test_what_is_behind_the_first_is_looked_at_too(api, roots, behind, words):
    answer = api.request("POST", CERTIFICATES, {"certificate": roots[0].pem + behind})
    assert error_of(answer) == (400, "mtls_certificate_invalid", "certificate")
    assert words in json.loads(answer[2])["error"]["message"]
    assert api.list() == []


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A server that holds to the hosted API's conditions."""
    org = Organization(tmp_path_factory.mktemp("strict") / "org",
                       options=("--upload-rules", "hosted"))
    yield judging(org)
    org.stop()


def test_what_the_hosted_api_takes_is_taken(strict, certs):
    root = certs.ca("sound", extensions=AUTHORITY)
    assert content_of(strict, strict.upload(root)) == root.pem


@pytest.mark.parametrize("is_ca, extensions, words", [
    (False, AUTHORITY, "no CA certificate"),
    (True, AUTHORITY[1:], "keyCertSign"),
    (True, ("keyUsage=cRLSign", AUTHORITY[1]), "keyCertSign"),
    (True, ("keyUsage=keyCertSign", AUTHORITY[1]), "cRLSign"),
    (True, AUTHORITY[:1] + ("authorityKeyIdentifier=none",), "authority key identifier"),
], ids=["leaf", "no usage", "no keyCertSign", "no cRLSign", "no authority"])
def test_what_the_hosted_api_would_refuse_is_refused(strict, api, certs, is_ca, extensions,
                                                     words):
    made = certs.ca("odd", is_ca=is_ca, extensions=extensions)
    answer = strict.request("POST", CERTIFICATES, {"certificate": made.pem})
    assert error_of(answer) == (400, "mtls_certificate_invalid", "certificate")
    assert words in json.loads(answer[2])["error"]["message"]
    assert api.upload(made), "a server without the option takes it"


def test_the_hosted_api_wants_a_subject_key_identifier(strict, certs):
    made = certs.ca("odd", key_id="none", extensions=AUTHORITY[:1])
    answer = strict.request("POST", CERTIFICATES, {"certificate": made.pem})
    assert error_of(answer) == (400, "mtls_certificate_invalid", "certificate")
    assert "subject key identifier" in json.loads(answer[2])["error"]["message"]


def test_the_hosted_api_wants_more_than_a_day(strict, api, certs):
    for days, refused in ((1, True), (2, False)):
        made = certs.ca(f"{days} days", days=days, extensions=AUTHORITY)
        answer = strict.request("POST", CERTIFICATES, {"certificate": made.pem})
        assert (answer[0] != 200) == refused, time.time()
        if refused:
            assert error_of(answer) == (400, "expired_certificate", "certificate")
            assert api.upload(made)


def test_the_hosted_api_takes_less_than_16_kilobytes(strict, certs):
    root = certs.ca("wordy", extensions=AUTHORITY)
    for length, refused in ((16383, False), (16384, True)):
        text = root.pem + "#" * (length - len(root.pem))
        answer = strict.request("POST", CERTIFICATES, {"certificate": text})
        assert (answer[0] != 200) == refused
        if refused:
            assert error_of(answer)[:2] == (400, "mtls_certificate_invalid")
