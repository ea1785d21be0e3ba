"""activate --until and upload --activate --until: an end that the server keeps, or no activation that anybody
takes for one with an end."""

import time

import pytest
from support.world import PROTOCOL, USAGE, World

AT = "orgtrust_deactivate_at"
DAY_END = 4102358399  # of 2099-12-30


def test_the_server_ends_it_and_the_machine_follows(organization, world, roots):
    organization.add(roots[0], "r0")
    cert_id = organization.add(roots[1], "r1", active=False)
    done = world.orgtrust("activate", "r1", "--until", "5s", "--json").json()
    (change,) = done["changes"]
    assert (change["outcome"], change["id"]) == ("done", cert_id)
    assert 0 <= change["until"] - time.time() <= 5 and world.count() == 2
    while time.time() < change["until"]:
        time.sleep(0.05)
    world.sync()
    assert world.count() == 1
    lines = world.orgtrust("log").stdout.splitlines()
    assert sum(cert_id in line and "  until 20" in line for line in lines) == 2
    assert any("certificates.deactivated" in line for line in lines)


def test_in_a_project_alone_and_to_the_end_of_a_day(organization, world, roots):
    organization.create_project("proj_lab")
    organization.add(roots[0], "r0", active=False)
    done = world.orgtrust("activate", "r0", "--project", "proj_lab", "--until", "2099-12-31")
    assert done.stdout.endswith(" in project proj_lab until 2099-12-31 23:59:59Z\n")
    assert [c["active"] for c in organization.api.list()] == [False]
    assert [c["active"] for c in organization.client(project="proj_lab").list()] == [True]


def test_what_is_active_gets_an_end_and_loses_it(organization, world, roots):
    cert_id = organization.add(roots[0], "r0")
    organization.add(roots[1], "r1", active=False)
    done = world.orgtrust("activate", "r0", "--until", "2s")
    assert done.stdout.startswith(f"activated {cert_id} 'r0' until 20")
    done = world.orgtrust("activate", "r0", "--until", "never")
    assert done.stdout == f"activated {cert_id} 'r0'\n"
    time.sleep(2.1)
    assert [c["active"] for c in organization.api.list()] == [True, False]
    world.orgtrust("activate", "--all", "--until", "5s")
    time.sleep(5.1)
    assert [c["active"] for c in organization.api.list()] == [True, False], \
        "all that was not active yet"


def test_a_dry_run_says_until_when(organization, world, roots):
    organization.add(roots[0], "r0", active=False)
    done = world.orgtrust("activate", "r0", "--until", "2099-12-31", "--dry-run")
    assert "would activate" in done.stdout and "until 2099-12-31 23:59:59Z" in done.stdout
    assert [c["active"] for c in organization.api.list()] == [False]


@pytest.mark.parametrize("until", ["", "soon", "30", "-1d", "0s", "500ms", "2020-01-01",
                                   "2027-02-29", "2099-12-31T00:00"])
def test_a_time_that_is_none_or_over_sends_nothing(synced, api, until):
    done = synced.orgtrust("activate", "root 2", "--until", until, status=USAGE)
    assert "--until" in done.stderr and api.requests == []


def test_deactivate_has_no_such_option(synced, api):
    done = synced.orgtrust("deactivate", "root 0", "--until", "30d", status=USAGE)
    assert "no option --until" in done.stderr and api.requests == []


def test_the_hosted_api_is_not_asked(tmp_path, roots):
    machine = World(tmp_path / "machine", key="sk-admin-hosted-until")
    done = machine.orgtrust("activate", "r0", "--until", "30d", status=USAGE)
    assert "the hosted API keeps no end of an activation" in done.stderr
    assert "nothing was sent" in done.stderr
    (tmp_path / "root.pem").write_text(roots[0].pem)
    done = machine.orgtrust("upload", "--activate", "--until", "30d", tmp_path / "root.pem",
                            status=USAGE)
    assert "the hosted API keeps no end of an activation" in done.stderr


def test_list_and_show_say_when_it_ends(organization, world, roots):
    ids = [organization.add(root, f"r{i}", active=False) for i, root in enumerate(roots)]
    world.orgtrust("activate", "r0", "--until", "2099-12-30")
    world.orgtrust("activate", "r1")
    rows = {line.split()[0]: line for line in world.orgtrust("list").stdout.splitlines()}
    assert "  active until 2099-12-30  " in rows["r0"] and "until" not in rows["r1"]
    assert [c["until"] for i in ids for c in world.listed() if c["id"] == i] == \
        [DAY_END, None, None]
    shown = world.orgtrust("show", "r0").stdout
    assert "\nstate       active until 2099-12-30 23:59:59Z\n" in shown
    assert world.orgtrust("show", "r0", "--json").json()["until"] == DAY_END
    world.orgtrust("activate", "r0", "--until", "2099-12-31")
    assert world.orgtrust("show", "r0", "--json").json()["until"] == DAY_END + 86400
    world.orgtrust("activate", "r0", "--until", "never")
    assert "\nstate       active\n" in world.orgtrust("show", "r0").stdout
    world.orgtrust("activate", "r0", "--until", "2099-12-31")
    world.orgtrust("deactivate", "r0")
    assert world.orgtrust("show", "r0", "--json").json()["until"] is None


def test_a_limited_one_ends_likewise(organization, world, roots):
    organization.add(roots[0], "r0", active=False)
    world.configure(names="corp.example")
    world.orgtrust("activate", "r0", "--until", "2099-12-30")
    assert "\nstate       limited, active until 2099-12-30 " in \
        world.orgtrust("show", "r0").stdout


def test_where_two_scopes_count_the_later_end_does(organization, world, roots):
    """In the snapshot of a project's source, and where the API is asked for the project."""
    organization.create_project("proj_lab")
    for i, root in enumerate(roots):
        organization.add(root, f"r{i}", active=False)
    world.configure(project="proj_lab")
    for name, project, end in (("r0", "", "2099-12-30"), ("r0", "proj_lab", "2099-12-31"),
                               ("r1", "", "never"), ("r1", "proj_lab", "2099-12-30"),
                               ("r2", "", "2099-12-30")):
        world.orgtrust("activate", name, "--project", project, "--until", end)
    expected = {"r0": DAY_END + 86400, "r1": None, "r2": DAY_END}
    for args in ((), ("--project", "proj_lab")):
        assert {c["name"]: c["until"] for c in world.listed(*args)} == expected
    assert "  active until 2099-12-30  " in \
        world.orgtrust("list", "--project", "proj_lab", "--name", "r2").stdout


def test_an_upload_activates_until_then(organization, world, roots, tmp_path):
    organization.add(roots[0], "r0")
    for i in range(2):
        (tmp_path / f"{i}.pem").write_text(roots[i].pem)
    done = world.orgtrust("upload", "--activate", "--until", "2099-12-30",
                          tmp_path / "0.pem", tmp_path / "1.pem")
    assert done.stdout.count(" until 2099-12-30 23:59:59Z\n") == 2
    assert [c["until"] for c in world.listed()] == [DAY_END, DAY_END]
    done = world.orgtrust("upload", "--until", "30d", tmp_path / "0.pem", status=USAGE)
    assert "--until is for --activate" in done.stderr
    world.orgtrust("upload", "--activate", tmp_path / "0.pem")
    assert [c["until"] for c in world.listed()] == [DAY_END, DAY_END], "left as it is"


def test_an_upload_relies_on_no_silent_server(synced, api, certs, tmp_path):
    (tmp_path / "new.pem").write_text(certs.ca("New").pem)
    done = synced.orgtrust("upload", "--activate", "--until", "30d", tmp_path / "new.pem",
                           status=PROTOCOL)
    (request,) = [r for r in api.requests if r.kind == "activate"]
    assert abs(request.json()[AT] - time.time() - 30 * 86400) < 60
    assert "the activation has no end" in done.stderr


@pytest.mark.parametrize("said", ["soon", {}, [1], None, True, 1.5, 0])
def test_a_list_that_means_something_else_says_no_end(synced, api, said):
    api.on("list", lambda request, right: right.changed(lambda body: body | {
        "data": [cert | {AT: said} for cert in body["data"]]}))
    synced.sync()
    assert {(c["until"], c["warning"]) for c in synced.listed()} == {(None, None)}


def test_a_server_that_does_not_say_so_is_not_relied_on(synced, api):
    done = synced.orgtrust("activate", "root 2", "--until", "30d", status=PROTOCOL)
    (request,) = [r for r in api.requests if r.kind == "activate"]
    assert abs(request.json()[AT] - time.time() - 30 * 86400) < 60
    assert "the activation has no end" in done.stderr and "deactivate" in done.stderr
    assert done.stdout.startswith(f"not activated {synced.ids[2]} 'root 2' until 20")
    assert synced.count() == 3, "the snapshot has it: it is active"


@pytest.mark.parametrize("said", [None, "4000000000", 4000000000, -1])
def test_nor_is_one_that_says_another_end(synced, api, said):
    api.on("activate", lambda request, right: right.changed(
        lambda body: body | {AT: said}))
    done = synced.orgtrust("activate", "root 2", "--until", "30d", status=PROTOCOL)
    assert "the activation has no end" in done.stderr
