"""Projects: made, listed, and missing where nobody made them."""

import re
import time

import pytest

from judge import error_of, judging
from support import paths
from support.process import run

pytestmark = pytest.mark.both

PROJECTS = "/v1/organization/projects"


def project_command(org, *argv, status=0):
    done = run([paths.SERVER, "project", *argv], env=org.env, wrap=True)
    assert done.status == status, done
    return done


@pytest.mark.memory
def test_a_project_is_made_and_found(organization, api, pem):
    before = int(time.time())
    made = api.call("POST", PROJECTS, {"name": "Canary \u00e9"})
    assert re.fullmatch("proj_[0-9a-f]{32}", made["id"])
    assert made == {"object": "organization.project", "id": made["id"], "name": "Canary \u00e9",
                    "created_at": made["created_at"], "archived_at": None, "status": "active"}
    assert before - 1 <= made["created_at"] <= time.time() + 1
    assert api.call("GET", f"{PROJECTS}/{made['id']}") == made
    assert api.call("GET", PROJECTS)["data"] == [made]
    cert_id = api.upload(pem)
    scope = f"{PROJECTS}/{made['id']}/certificates"
    assert [c["active"] for c in api.call("GET", scope)["data"]] == [False]
    api.call("POST", f"{scope}/activate", {"certificate_ids": [cert_id]})
    assert [c["active"] for c in api.call("GET", scope)["data"]] == [True]


@pytest.mark.parametrize("method, path, body", [
    ("GET", "", None), ("GET", "/certificates", None),
    ("POST", "/certificates/activate", {"certificate_ids": ["cert_x"]}),
    ("POST", "/certificates/deactivate", {"certificate_ids": ["cert_x"]}),
])
def test_a_project_that_nobody_made_is_not_found(api, method, path, body):
    answer = api.request(method, f"{PROJECTS}/proj_none{path}", body)
    assert error_of(answer) == (404, "project_not_found", "project_id")
    assert api.call("GET", PROJECTS)["data"] == [], "nor does asking make it"


def test_who_has_no_key_does_not_learn_which_projects_there_are(organization):
    organization.create_project("proj_a")
    stranger = judging(organization, "orgtrust-wrong")
    for project in ("proj_a", "proj_none"):
        assert stranger.request("GET", f"{PROJECTS}/{project}")[0] == 401


def test_a_reading_key_reads_projects(organization):
    organization.create_project("proj_a")
    reader = judging(organization, organization.create_key("read"))
    assert [p["id"] for p in reader.call("GET", PROJECTS)["data"]] == ["proj_a"]
    assert reader.call("GET", f"{PROJECTS}/proj_a")["name"] == "proj_a"
    answer = reader.request("POST", PROJECTS, {"name": "x"})
    assert error_of(answer)[:2] == (403, "insufficient_permissions")


def test_pages_hold_every_project_once_and_in_order(api):
    ids = [api.call("POST", PROJECTS, {"name": str(i)})["id"] for i in range(7)]
    found, after = [], ""
    while True:
        page = api.call("GET", f"{PROJECTS}?limit=3&include_archived=true{after}")
        found += [p["id"] for p in page["data"]]
        if not page["has_more"]:
            break
        assert len(page["data"]) == 3
        after = f"&after={page['last_id']}"
    assert found == ids
    assert [p["id"] for p in api.call("GET", f"{PROJECTS}?after={ids[-1]}")["data"]] == []


@pytest.mark.parametrize("query, code, param", [
    ("limit=0", "invalid_limit", "limit"), ("limit=101", "invalid_limit", "limit"),
    ("after=proj_none", "invalid_cursor", "after"),
    ("after=a&after=b", "duplicate_parameter", "after"),
    ("include_archived=yes", "invalid_parameter", "include_archived"),
])
def test_wrong_parameters_are_refused(api, query, code, param):
    assert error_of(api.request("GET", f"{PROJECTS}?{query}")) == (400, code, param)


@pytest.mark.parametrize("body, code, param", [
    ({}, "missing_parameter", "name"), ({"name": ""}, "invalid_name", "name"),
    ({"name": 1}, "invalid_type", "name"), ({"name": "a\nb"}, "invalid_name", "name"),
    ({"name": "x", "residency": "EU_STORAGE_PROCESSING"}, "unsupported_parameter", "residency"),
    ({"name": "x", "external_key_id": "k"}, "unsupported_parameter", "external_key_id"),
])
def test_what_cannot_be_kept_is_refused(api, body, code, param):
    assert error_of(api.request("POST", PROJECTS, body)) == (400, code, param)
    assert api.call("GET", PROJECTS)["data"] == []


def test_what_says_nothing_is_passed_over(api):
    made = api.call("POST", PROJECTS, {"name": "x", "residency": "GLOBAL",
                                       "external_key_id": None, "colour": "red"})
    assert made["name"] == "x"


@pytest.mark.memory
def test_the_command_makes_and_lists_projects(organization, api):
    done = project_command(organization, "create", "--db", organization.db, "--name", "One")
    assert re.fullmatch("proj_[0-9a-f]{32}\n", done.stdout) and done.stderr == ""
    done = project_command(organization, "create", "--db", organization.db, "--name", "Two",
                           "--id", "canary")
    assert done.stdout == "canary\n"
    assert [p["name"] for p in api.call("GET", PROJECTS)["data"]] == ["One", "Two"]
    listed = project_command(organization, "list", "--db", organization.db).stdout.splitlines()
    assert listed[0].split() == ["ID", "CREATED", "NAME"]
    assert re.fullmatch(r"canary +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  Two", listed[2])


@pytest.mark.parametrize("argv, status, word", [
    (["create", "--db", "{db}"], 2, "--name"), (["create", "--name", "x"], 2, "--db"),
    (["create", "--db", "{db}", "--name", ""], 2, "empty"),
    (["create", "--db", "{db}", "--name", "x", "--id", "a/b"], 2, "a/b"),
    (["create", "--db", "{db}", "--name", "x", "--id", "x" * 129], 2, "128"),
    (["create", "--db", "{db}", "--name", "x", "--id", "twin"], 8, "twin"),
    (["create", "--db", "{db}", "--name", "x", "word"], 2, "no words"),
    (["list", "--db", "{db}", "--name", "x"], 2, "--help"),
    (["list", "--db", "/nonexistent/x.db"], 10, "/nonexistent/x.db"),
    ([], 2, "create or list"), (["burn"], 2, "create or list"),
])
def test_wrong_commands_say_what_is_wrong(organization, argv, status, word):
    organization.create_project("twin")
    argv = [a.format(db=organization.db) for a in argv]
    done = project_command(organization, *argv, status=status)
    assert word in done.stderr and done.stdout == ""
