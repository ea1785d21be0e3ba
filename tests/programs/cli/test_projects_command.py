"""orgtrust projects: which there are, and how many certificates are active in each."""

import json

import pytest
from fault_server import Answer
from support.world import AUTH, PROTOCOL


def counts(world) -> dict:
    printed = json.loads(world.orgtrust("projects", "--json").stdout)
    assert printed["source"] == "default"
    return {p["id"]: (p["name"], p["active"]) for p in printed["projects"]}


def test_each_project_with_what_is_active_in_it(organization, world, roots):
    ids = [organization.add(root, f"r{i}", active=i == 0) for i, root in enumerate(roots[:3])]
    blue = organization.client(project="proj_blue")
    blue.activate(*ids)
    blue.close()
    organization.client(project="proj_empty").close()
    found = counts(world)
    assert found[None] == (None, 1)
    assert found["proj_blue"][1] == 3 and found["proj_empty"][1] == 0
    assert len(found) == 3
    lines = world.orgtrust("projects").stdout.splitlines()
    assert lines[0].split() == ["ID", "ACTIVE", "NAME"]
    assert lines[1].split()[:2] == ["-", "1"] and "the organization" in lines[1]
    assert [line.split()[:2] for line in lines[2:]] == [["proj_blue", "3"], ["proj_empty", "0"]]


def test_more_projects_than_fit_on_a_page(organization, world):
    for i in range(103):
        organization.client(project=f"proj_{i:03}").close()
    found = counts(world)
    assert len(found) == 104 and found["proj_102"][1] == 0


def listed(*items, **more) -> Answer:
    return Answer(body={"object": "list", "data": list(items), "has_more": False} | more)


@pytest.mark.parametrize("answer, words", [
    (listed({"object": "project", "id": "proj_1", "created_at": 1}), "object"),
    (listed({"object": "organization.project", "created_at": 1}), "id"),
    (listed({"object": "organization.project", "id": "../x", "created_at": 1}), "no id"),
    (listed(has_more=True), "more follow"),
    (Answer(body="nothing"), "JSON"),
], ids=["object", "no id", "bad id", "no end", "no JSON"])
def test_an_answer_of_another_form_is_refused(machine, api, answer, words):
    api.on("unknown", answer)
    done = machine.orgtrust("projects", status=PROTOCOL)
    assert "is not the API's" in done.stderr and words in done.stderr


def test_a_key_that_is_refused(organization, world):
    world.key_file.write_text("orgtrust-admin-" + "0" * 40 + "\n")
    world.key = None
    assert world.orgtrust("projects", status=AUTH).stdout == ""
