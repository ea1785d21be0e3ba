"""Each change has a line in the server's log, with or without --log: what, which, in which
project, by which key, and what came of it. Beside the audit log, whose row it names."""

import re
import time

import pytest

from judge import CERTIFICATES, judging
from support.process import wait_until

LINE = re.compile(r"orgtrust-server: change (?P<event>\S+) ids=(?P<ids>\S+) project=(?P<project>\S+)"
                  r" key=(?P<key>\S+) address=(?P<address>\S+) outcome=(?P<outcome>\S+)"
                  r" event=(?P<row>\S+)")

pytestmark = pytest.mark.both


def changes(organization) -> list[dict[str, str]]:
    lines = [line for line in organization.server.output().splitlines() if " change " in line]
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    return [match.groupdict() for match in found]


def rows(organization) -> dict[str, str]:
    """The audit log's, but for those of the command line: type by id."""
    return dict(organization.sql("SELECT id, type FROM audit WHERE address IS NOT NULL"))


def key_id(organization) -> str:
    return organization.sql("SELECT id FROM keys")[0][0]


@pytest.fixture
def project(organization):
    return judging(organization, project="proj_a")


def test_each_change_has_a_line_and_a_row(organization, project, pem):
    api = judging(organization)
    first, second = api.upload(pem, "First"), api.upload(pem)
    api.activate(first, second)
    project.activate(first)
    project.deactivate(first)
    api.deactivate(first, second)
    api.rename(first, "Renamed")
    api.delete(second)
    made = api.call("POST", "/v1/organization/projects", {"name": "B"})["id"]
    key = api.call("POST", "/v1/organization/admin_api_keys", {"name": "other"})["id"]
    api.call("DELETE", f"/v1/organization/admin_api_keys/{key}")
    seen = changes(organization)
    assert [(line["event"], line["ids"], line["project"]) for line in seen] == [
        ("certificate.created", first, "-"), ("certificate.created", second, "-"),
        ("certificates.activated", f"{first},{second}", "-"),
        ("certificates.activated", first, "proj_a"),
        ("certificates.deactivated", first, "proj_a"),
        ("certificates.deactivated", f"{first},{second}", "-"),
        ("certificate.updated", first, "-"), ("certificate.deleted", second, "-"),
        ("project.created", made, "-"), ("api_key.created", key, "-"),
        ("api_key.deleted", key, "-")]
    assert {line["outcome"] for line in seen} == {"done"}
    assert {line["key"] for line in seen} == {key_id(organization)}
    assert {line["address"] for line in seen} == {"127.0.0.1"}
    assert {line["row"]: line["event"] for line in seen} == rows(organization)


def test_what_changes_nothing_says_so(organization, pem):
    api = judging(organization)
    cert = api.upload(pem, "Name")
    api.deactivate(cert)
    api.rename(cert, "Name")
    assert [(line["event"], line["outcome"], line["row"] != "-")
            for line in changes(organization)] == [
        ("certificate.created", "done", True), ("certificates.deactivated", "unchanged", False),
        ("certificate.updated", "unchanged", False)]


def test_what_is_refused_or_fails_is_said_and_no_secret_with_it(organization, pem):
    api = judging(organization)
    cert = api.upload(pem)
    api.activate(cert)
    secret = "sk-admin-0123456789abcdefghijkl"
    assert api.request("DELETE", f"{CERTIFICATES}/{cert}")[0] == 409
    assert api.request("POST", f"{CERTIFICATES}/activate",
                       {"certificate_ids": [cert, "cert_none", secret, "a\nb", ""]})[0] == 404
    assert api.request("DELETE", "/v1/organization/admin_api_keys/key_none")[0] == 404
    with organization.writing():
        assert api.request("POST", f"{CERTIFICATES}/{cert}", {"name": "New"})[0] == 503
    seen = changes(organization)[2:]
    assert [(line["event"], line["ids"], line["outcome"], line["row"]) for line in seen] == [
        ("certificate.deleted", cert, "refused", "-"),
        ("certificates.activated", f"{cert},cert_none,[hidden],?", "refused", "-"),
        ("api_key.deleted", "key_none", "refused", "-"),
        ("certificate.updated", cert, "failed", "-")]
    text = organization.server.output()
    assert secret not in text and organization.key not in text


def test_an_end_that_has_come_is_a_change_of_the_key_that_set_it(organization, pem):
    api = organization.api  # the published description does not have the end
    project = organization.client(project="proj_a")
    certs = [api.upload(pem) for _ in range(2)]
    api.call("POST", f"{project.scope}/activate",
             {"certificate_ids": certs, "orgtrust_deactivate_at": int(time.time()) + 2})
    wait_until(lambda: len(changes(organization)) == 4, what="the end")
    line = changes(organization)[-1]
    row = line.pop("row")
    assert line == {"event": "certificates.deactivated", "ids": ",".join(certs),
                    "project": "proj_a", "key": key_id(organization), "address": "-",
                    "outcome": "done"}
    assert organization.sql(f"SELECT type FROM audit WHERE id = '{row}'") == [
        ("certificates.deactivated",)]


def test_who_only_reads_leaves_no_line(organization):
    api = judging(organization)
    api.list()
    assert api.request("GET", f"{CERTIFICATES}/cert_none")[0] == 404
    assert api.request("POST", CERTIFICATES, {"certificate": "none"})[0] == 400
    assert changes(organization) == []
