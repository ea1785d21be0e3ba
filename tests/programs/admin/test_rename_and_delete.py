"""orgtrust rename and delete."""

import pytest
from support.world import NOT_FOUND, OK, REFUSED, USAGE


@pytest.fixture
def ids(organization, world, roots):
    """Three certificates: active in the organization, in a project, nowhere."""
    world.configure("[source lab]\nproject = proj_lab\n[source far]\nproject = proj_far\n")
    organization.create_project("proj_far")
    made = [organization.add(r, f"r{i}", active=i == 0) for i, r in enumerate(roots)]
    organization.client(project="proj_lab").activate(made[0], made[1])
    return made


def names(organization) -> list[str]:
    return [c["name"] for c in organization.api.list()]


@pytest.mark.memory
def test_rename(organization, world, ids):
    done = world.orgtrust("rename", "r1", "a 'new' name")
    assert done.stdout == f"renamed {ids[1]} 'r1' to 'a 'new' name'\n"
    assert names(organization) == ["r0", "a 'new' name", "r2"]
    assert [c["name"] for c in world.listed("--name", "a 'new' name")] == ["a 'new' name"]
    done = world.orgtrust("rename", ids[0], "r0")
    assert done.stdout.startswith("already so named")
    world.orgtrust("rename", ids[0], "zero", "--dry-run")
    assert names(organization)[0] == "r0"
    (change,) = world.orgtrust("rename", ids[0], "zero", "--json").json()["changes"]
    assert (change["before"], change["name"], change["outcome"]) == ("r0", "zero", "done")


def test_a_name_that_the_api_refuses(organization, world, ids):
    world.sync()
    before = world.snapshot()
    done = world.orgtrust("rename", "r0", "x" * 300, status=REFUSED)
    assert "rename" in done.stderr and names(organization) == ["r0", "r1", "r2"]
    assert world.snapshot() == before


def test_an_active_certificate_is_kept_and_it_is_said_where(organization, world, ids):
    world.sync()
    before = world.snapshot()
    done = world.orgtrust("delete", "r0", "--yes", status=REFUSED)
    assert "active in the organization, project proj_lab" in done.stderr
    assert "--deactivate" in done.stderr
    assert names(organization) == ["r0", "r1", "r2"] and world.snapshot() == before
    done = world.orgtrust("delete", "r1", "--yes", status=REFUSED)
    assert "this configuration sees it active in project proj_lab:" in done.stderr


@pytest.mark.memory
def test_deactivate_does_both_wherever_it_is_known(organization, world, ids):
    world.sync()
    assert (world.count(), world.count("orgtrust://lab/")) == (1, 2)
    done = world.orgtrust("delete", "r0", "r1", "--deactivate", "--yes")
    assert done.stdout.splitlines() == [
        f"deactivated {ids[0]} 'r0'",
        f"deactivated {ids[0]} 'r0' in project proj_lab",
        f"deactivated {ids[1]} 'r1' in project proj_lab",
        f"deleted {ids[0]} 'r0'",
        f"deleted {ids[1]} 'r1'"]
    assert names(organization) == ["r2"]
    assert [c["name"] for c in world.listed()] == ["r2"]
    assert (world.count(), world.count("orgtrust://lab/")) == (0, 0)


def test_a_project_that_nobody_here_knows(organization, world, ids):
    organization.client(project="proj_secret").activate(ids[2])
    done = world.orgtrust("delete", "r2", "--deactivate", "--yes", status=REFUSED)
    assert "project proj_secret" in done.stderr, "the API knows it"
    world.orgtrust("delete", "r2", "--deactivate", "--yes", "--project", "proj_secret")
    assert names(organization) == ["r0", "r1"]


def test_one_that_is_kept_does_not_stop_the_others(organization, world, ids):
    done = world.orgtrust("delete", "r0", "r2", "--yes", status=REFUSED)
    assert names(organization) == ["r0", "r1"]
    assert f"not deleted {ids[0]}" in done.stdout and f"deleted {ids[2]}" in done.stdout
    assert [c["name"] for c in world.listed()] != ["r2"]


def test_nothing_is_deleted_without_being_asked(organization, world, ids):
    done = world.orgtrust("delete", "r2", status=USAGE)
    assert "--yes" in done.stderr and len(names(organization)) == 3
    done = world.orgtrust("delete", "r0", "--deactivate", "--dry-run", status=OK)
    assert done.stdout.count("would deactivate") == 2
    assert done.stdout.count("would delete") == 1 and len(names(organization)) == 3
    world.orgtrust("delete", "r2", "nobody", "--yes", status=NOT_FOUND)
    assert len(names(organization)) == 3
