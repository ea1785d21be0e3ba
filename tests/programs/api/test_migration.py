"""A database of an earlier version is brought forward, and nothing of it is lost."""

import hashlib
import re
import sqlite3
from pathlib import Path

import pytest

from judge import judging
from support.organization import Organization

OLD = (Path(__file__).parent / "data" / "version-1.sql").read_text()
KEYS = re.findall("^--   (orgtrust-.*)$", OLD, re.MULTILINE)
PROJECTS = "/v1/organization/projects"


pytestmark = pytest.mark.file


@pytest.fixture
def old(tmp_path):
    """An organization whose database the first version of the tables left."""
    path = tmp_path / "org" / "organization.db"
    path.parent.mkdir()
    path.touch(0o600)
    database = sqlite3.connect(path)
    database.executescript(OLD)
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    database.close()
    org = Organization(path.parent, key=KEYS[0])
    yield org
    org.stop()


@pytest.mark.memory
def test_everything_is_there_after_the_first_start(old):
    api = judging(old)
    assert {c["name"]: c["active"] for c in api.list()} == {
        None: True, "Old 1": True, "Old 2": False}
    for cert in api.list():
        assert "BEGIN" in api.get(cert["id"], content=True)["certificate_details"]["content"]
    assert len(judging(old, KEYS[1]).list()) == 3
    database = sqlite3.connect(old.db)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    database.close()


def test_hosts_are_compared_with_what_was_active_before(old):
    api = old.client(key=KEYS[1])
    ids = sorted(c["id"] for c in api.list() if c["active"])
    for host, active in (("has-it", ids), ("has-not", [])):
        tag = hashlib.sha256("".join(f"{i}\n" for i in active).encode()).hexdigest()[:32]
        told = api.call("POST", "/v1/orgtrust/reports", {
            "host": host, "version": "1", "scopes": [{"project": None, "tag": tag}]})
        assert told["current"] is (host == "has-it")


def test_the_audit_log_begins_empty(old, pem):
    api = judging(old)
    log = "/v1/organization/audit_logs"
    assert api.call("GET", log)["data"] == []
    cert_id = api.upload(pem)
    (event,) = api.call("GET", log)["data"]
    assert event["certificate.created"] == {"id": cert_id}


def test_projects_that_activations_name_are_made(old):
    api = judging(old)
    found = {p["id"]: p for p in api.call("GET", PROJECTS)["data"]}
    assert sorted(found) == ["canary", "proj_b"], "in 'gone' nothing is active any more"
    assert found["canary"]["name"] == "canary"
    for project, active in (("canary", {None}), ("proj_b", {"Old 1", "Old 2"})):
        listed = api.call("GET", f"{PROJECTS}/{project}/certificates")["data"]
        assert {c["name"] for c in listed if c["active"]} == active
    assert api.request("GET", f"{PROJECTS}/gone/certificates")[0] == 404
