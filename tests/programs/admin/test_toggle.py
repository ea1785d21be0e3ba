"""orgtrust activate and deactivate: batches, names, what is done when one fails."""

import pytest
from fault_server import error
from support.world import AUTH, NOT_FOUND, REFUSED, USAGE


@pytest.fixture
def many(machine, api, fifty):
    """An organization of 25 inactive certificates."""
    machine.ids = [api.add(c, name=f"c{i:02d}", active=False)
                   for i, c in enumerate(fifty[:25])]
    return machine


def batches(api, kind="activate") -> list[int]:
    return [len(r.json()["certificate_ids"]) for r in api.requests if r.kind == kind]


def active(api) -> int:
    return sum(c["active"] for c in api.certs)


@pytest.mark.memory
def test_batches_of_ten(many, api):
    done = many.orgtrust("activate", *many.ids)
    assert batches(api) == [10, 10, 5] and active(api) == 25
    assert done.stdout.splitlines() == [
        f"activated {cert_id} 'c{i:02d}'" for i, cert_id in enumerate(many.ids)]
    assert many.count() == 25


def test_all(many, api):
    api.item(many.ids[3])["active"] = True
    many.orgtrust("activate", "--all")
    assert batches(api) == [10, 10, 4]
    done = many.orgtrust("deactivate", "--all", status=USAGE)
    assert "--yes" in done.stderr and active(api) == 25
    many.orgtrust("deactivate", "--all", "--yes")
    assert batches(api, "deactivate") == [10, 10, 5] and active(api) == 0
    assert many.orgtrust("deactivate", "--all").stdout == "", "nothing to ask for"


def test_names_and_ids_each_once(many, api):
    done = many.orgtrust("activate", "c01", many.ids[1], "c02", "c01")
    assert batches(api) == [2] and done.stdout.count("activated") == 2


def test_what_is_so_already_is_said_and_not_sent(many, api):
    many.orgtrust("activate", "c00")
    api.forget()
    done = many.orgtrust("activate", "c00", "c01")
    assert done.stdout.startswith(f"already active {many.ids[0]} 'c00'\n")
    assert batches(api) == [1]
    assert "already inactive" in many.orgtrust("deactivate", "c05").stdout
    assert batches(api, "deactivate") == []


def test_one_that_is_not_there_stops_all_before_the_first_request(many, api):
    done = many.orgtrust("activate", "c00", "nobody", status=NOT_FOUND)
    assert "'nobody'" in done.stderr and batches(api) == []


def test_an_ambiguous_name_lists_the_ids(many, api):
    for cert_id in many.ids[:3]:
        api.item(cert_id)["name"] = "same"
    done = many.orgtrust("deactivate", "same", status=USAGE)
    assert all(cert_id in done.stderr for cert_id in many.ids[:3])
    assert "3 certificates are named 'same'" in done.stderr
    api.item(many.ids[4])["name"] = many.ids[0]
    many.orgtrust("activate", many.ids[0])
    assert [c["id"] for c in api.certs if c["active"]] == [many.ids[0]], "the id goes first"


def refuse(api, status):
    def handler(request, right):
        for cert_id in request.json()["certificate_ids"]:
            api.item(cert_id)["active"] = False
        return error(status, "not these ten")
    return handler


def test_a_refused_batch_does_not_stop_the_others(many, api):
    api.on("activate", refuse(api, 400), nth=1)
    done = many.orgtrust("activate", *many.ids, status=REFUSED)
    assert batches(api) == [10, 10, 5] and active(api) == 15
    lines = done.stdout.splitlines()
    assert sum(line.startswith("activated ") for line in lines) == 15
    assert sum(line.startswith("not activated ") for line in lines) == 10
    assert done.stderr.count("not these ten") == 1, "said once of the batch"
    assert many.count() == 15, "what was done is in the snapshot"


def test_a_refused_key_ends_it(many, api):
    api.on("activate", refuse(api, 401), nth=1)
    done = many.orgtrust("activate", *many.ids, "--json", status=AUTH)
    assert batches(api) == [10, 10]
    outcomes = [c["outcome"] for c in done.json()["changes"]]
    assert outcomes == ["done"] * 10 + ["failed"] * 10 + ["planned"] * 5
    failed = done.json()["changes"][10]
    assert failed["status"] == "auth" and "not these ten" in failed["error"]


def test_a_dry_run_changes_nothing(many, api):
    many.sync()
    before = many.snapshot()
    done = many.orgtrust("activate", "--all", "--dry-run")
    assert done.stdout.count("would activate") == 25
    assert batches(api) == [] and many.snapshot() == before
    done = many.orgtrust("deactivate", "c00", "--dry-run", "--json").json()
    assert done["dry_run"] is True and done["syncs"] == []


def test_a_project_leaves_the_organization_alone(organization, world, roots):
    organization.create_project("proj_lab")
    world.configure("[source lab]\nproject = proj_lab\ninherit = no\n")
    ids = [organization.add(r, f"r{i}", active=i == 0) for i, r in enumerate(roots)]
    done = world.orgtrust("activate", "r1", "r2", "--project", "proj_lab")
    assert done.stdout.count(" in project proj_lab\n") == 2
    lab = organization.client(project="proj_lab")
    assert [c["active"] for c in lab.list()] == [False, True, True]
    assert [c["active"] for c in organization.api.list()] == [True, False, False]
    assert world.count("orgtrust://lab/") == 2 and world.count() == 1
    world.orgtrust("deactivate", ids[1], "--source", "lab")
    assert [c["active"] for c in lab.list()] == [False, False, True]
    world.orgtrust("activate", "r1", "--project", "../x", status=USAGE)


def test_what_the_organization_keeps_trusted_in_a_project_is_said(organization, world, roots):
    """Deactivating it in the project is done, and does not end the trust."""
    organization.create_project("proj_lab")
    cert_id = organization.add(roots[0], "r0")
    said = (f"warning: {cert_id} is active in the organization, which counts in the project, "
            "too: it stays trusted until it is deactivated with --project ''\n")
    world.configure("[source lab]\nproject = proj_lab\n[source alone]\nproject = proj_lab\n"
                    "inherit = no\n")
    world.sync()
    for before in ("already inactive", "deactivated"):
        done = world.orgtrust("deactivate", "r0", "--source", "lab", "--yes")
        assert done.stdout.startswith(before) and said in done.stderr
        assert [c["active"] for c in world.listed("--source", "lab")] == [True]
        world.orgtrust("activate", "r0", "--source", "lab")
    assert "warning" not in world.orgtrust("deactivate", "r0", "--source", "alone",
                                           "--yes").stderr
    assert said in world.orgtrust("deactivate", "r0", "--project", "proj_lab").stderr
    done = world.orgtrust("deactivate", "r0", "--source", "lab", "--project", "", "--yes")
    assert "warning" not in done.stderr
    assert [c["active"] for c in world.listed("--source", "lab")] == [False]


def test_a_project_that_inherits_follows_the_organization(organization, world, roots):
    """Its source is not the one that was named, and has what is active in either."""
    organization.create_project("proj_lab")
    cert_id = organization.add(roots[0], "r0", active=False)
    world.configure("[source lab]\nproject = proj_lab\n")
    world.sync()
    done = world.orgtrust("activate", "r0", "--json").json()
    assert sorted(sync["source"] for sync in done["syncs"]) == ["default", "lab"]
    assert world.count("orgtrust://lab/") == 1 and world.count() == 1
    world.orgtrust("deactivate", "r0", "--yes")
    assert [c["active"] for c in world.listed("--source", "lab")] == [False], \
        "nor is it held back because it was the last"
    world.orgtrust("activate", "r0")
    world.orgtrust("delete", "--deactivate", cert_id, "--yes")
    assert world.listed("--source", "lab") == []
    world.configure("[source lab]\nproject = proj_lab\ninherit = no\n")
    organization.add(roots[1], "r1", active=False)
    done = world.orgtrust("activate", "r1", "--json").json()
    assert [sync["source"] for sync in done["syncs"]] == ["default"]
