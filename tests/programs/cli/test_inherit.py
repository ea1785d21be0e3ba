"""A project's source: what is active in the project or in the organization."""

import itertools

import pytest
from fault_server import error
from support.world import AUTH, NOT_FOUND, PROTOCOL, SNAPSHOT

BLUE = "[source blue]\nproject = proj_blue\n"


@pytest.fixture
def blue(organization, world, roots):
    """Three certificates: active in the project, in the organization, in both."""
    world.ids = [organization.add(root, f"r{i}", active=i > 0)
                 for i, root in enumerate(roots[:3])]
    world.project = organization.client(project="proj_blue")
    world.project.activate(world.ids[0], world.ids[2])
    world.configure(BLUE)
    world.sync()
    yield world
    world.project.close()


def scopes(world, *args) -> dict:
    return {c["name"]: c["active_by"] for c in world.listed("--source", "blue", *args)}


def test_it_holds_what_is_active_in_either(blue, organization, certs):
    assert blue.count("orgtrust://blue/") == 3
    assert scopes(blue) == {"r0": ["project"], "r1": ["organization"],
                            "r2": ["project", "organization"]}
    organization.add(certs.ca("Nobody's"), "nowhere", active=False)
    blue.sync()
    assert scopes(blue, "--state", "inactive") == {"nowhere": []}
    assert blue.count("orgtrust://blue/") == 3


def test_list_and_show_say_by_which(blue):
    table = blue.orgtrust("list", "--source", "blue").stdout.splitlines()
    assert table[0].split() == ["NAME", "STATE", "BY", "EXPIRES", "ID"]
    by = {line.split()[0]: line.split()[2] for line in table[1:]}
    assert by == {"r0": "project", "r1": "organization", "r2": "both"}
    shown = {name: blue.orgtrust("show", name, "--source", "blue").stdout
             for name in ("r0", "r1", "r2")}
    assert "active by   project\n" in shown["r0"]
    assert "active by   organization\n" in shown["r1"]
    assert "active by   project and organization\n" in shown["r2"]
    assert blue.orgtrust("show", "r1", "--source", "blue", "--json").json()["active_by"] == \
        ["organization"]
    assert "active by" not in blue.orgtrust("show", "r1", "--source", "default").stdout
    assert {tuple(c["active_by"]) for c in blue.listed("--source", "default")} == \
        {("organization",), ()}


def test_an_unchanged_sync_is_one_request_for_both_lists(blue):
    done = blue.sync("--source", "blue", "--json").json()["sources"][0]
    assert (done["changed"], done["requests"]) == (False, 1)


def test_where_it_is_active_changes_without_its_trust(blue, organization):
    organization.api.deactivate(blue.ids[2])
    done = blue.sync("--source", "blue", "--json").json()["sources"][0]
    assert (done["changed"], done["modified"], done["active"]) == (True, 1, 3)
    assert scopes(blue)["r2"] == ["project"]
    blue.project.deactivate(blue.ids[2])
    done = blue.sync("--source", "blue", "--json").json()["sources"][0]
    assert (done["active"], done["requests"]) == (2, 3), "what goes is looked for once more"
    assert scopes(blue)["r2"] == []


def test_inherit_no_is_the_project_alone(blue):
    blue.configure(BLUE + "inherit = no\n", auto_refresh="no")
    done = blue.orgtrust("list", "--source", "blue", status=SNAPSHOT)
    assert "is of project proj_blue, the configuration says project proj_blue alone" in \
        done.stderr
    done = blue.sync("--source", "blue", "--json").json()["sources"][0]
    assert (done["total"], done["active"]) == (3, 2)
    assert blue.count("orgtrust://blue/") == 2
    table = blue.orgtrust("list", "--source", "blue").stdout.splitlines()
    assert table[0].split() == ["NAME", "STATE", "EXPIRES", "ID"]
    assert scopes(blue) == {"r0": ["project"], "r1": [], "r2": ["project"]}
    done = blue.sync("--source", "blue", "--json").json()["sources"][0]
    assert (done["changed"], done["requests"]) == (False, 1)


@pytest.fixture
def two_lists(api, machine, roots):
    """The misbehaving API with one certificate, active in the organization alone."""
    moved = api.add(roots[0], name="moved")
    machine.configure(BLUE, auto_refresh="no")
    machine.active_in = {"organization": True, "project": False}

    def answer(request, right):
        scope = "project" if request.project else "organization"
        return right.changed(
            lambda page: page["data"][0].__setitem__("active", machine.active_in[scope]))

    api.on("list", answer)
    machine.answer = answer
    machine.moved = moved
    return machine


def blue_active(machine) -> list[str]:
    return [c["id"] for c in machine.listed("--source", "blue", "--state", "active")]


@pytest.mark.parametrize("way", [("organization", "project"), ("project", "organization")])
def test_what_moves_between_the_lists_while_they_are_read_stays_trusted(two_lists, api, way):
    machine = two_lists
    old, new = way
    machine.active_in = {old: True, new: False}
    machine.sync("--source", "blue")
    assert blue_active(machine) == [machine.moved]

    def move(request, right):
        shown = machine.answer(request, right)
        machine.active_in = {old: False, new: True}  # behind the answer to the first list
        return shown

    api.on("list", move)
    machine.sync("--source", "blue")
    assert blue_active(machine) == [machine.moved]


def test_lists_that_never_agree_change_nothing(two_lists, api):
    machine = two_lists
    machine.sync("--source", "blue")
    before = machine.snapshot("blue")

    looks = itertools.count()

    def elsewhere(request, right):
        machine.active_in = {"organization": False,
                             "project": bool(request.project and next(looks) % 2)}
        return machine.answer(request, right)

    api.on("list", elsewhere)
    done = machine.sync("--source", "blue", status=PROTOCOL)
    assert "the project's list is another one" in done.stderr
    assert machine.snapshot("blue") == before


@pytest.mark.parametrize("refused", ["organization", "project"])
def test_a_failure_of_either_list_fails_the_sync(two_lists, api, refused):
    machine = two_lists
    machine.sync("--source", "blue")
    before = machine.snapshot("blue")
    api.on("list", lambda request, right:
           error(403, "not yours") if ("project" if request.project else "organization") ==
           refused else machine.answer(request, right))
    done = machine.sync("--source", "blue", status=AUTH)
    assert "not yours" in done.stderr
    assert ("inherit = no" in done.stderr) == (refused == "organization")
    assert machine.snapshot("blue") == before
    assert blue_active(machine) == [machine.moved]


@pytest.mark.parametrize("inherit", ["yes", "no"])
def test_a_project_that_the_api_does_not_have_fails_its_sync(organization, world, roots,
                                                             inherit):
    organization.add(roots[0], "of all")
    world.configure(f"[source lost]\nproject = proj_lost\ninherit = {inherit}\n")
    done = world.sync("--source", "lost", status=NOT_FOUND)
    assert "There is no project proj_lost in this organization" in done.stderr
    assert "project of the source lost" in done.stderr
    assert world.snapshot("lost") is None
