"""orgtrust apply: a directory as the wanted state."""

import os
import random
import signal
import time

import pytest
from fault_server import error
from support import paths
from support.process import Background, wait_until
from support.world import EMPTY, NETWORK, NOT_FOUND, OK, REFUSED, USAGE


def fill(directory, certs, prefix="root"):
    directory.mkdir(exist_ok=True)
    for i, cert in enumerate(certs):
        (directory / f"{prefix} {i:02d}.pem").write_text(cert.pem)
    return directory


@pytest.fixture
def wanted(tmp_path, roots):
    return fill(tmp_path / "wanted", roots)


def active(api) -> list[str]:
    return [c["name"] for c in api.certs if c["active"]]


def kinds(api) -> list[str]:
    return [r.kind for r in api.requests if r.method != "GET"]


@pytest.mark.memory
def test_the_first_time_and_the_second(machine, api, wanted, roots):
    done = machine.orgtrust("apply", wanted)
    assert active(api) == ["root 00", "root 01", "root 02"]
    assert done.stderr.splitlines()[0] == f"upload 'root 00' from {wanted}/root 00.pem"
    assert done.stdout.count("uploaded") == 3 and done.stdout.count("\nactivated") == 3
    assert machine.count() == 3
    api.forget()
    done = machine.orgtrust("apply", wanted)
    assert (done.stdout, done.stderr) == ("nothing to do\n", "")
    assert kinds(api) == []
    done = machine.orgtrust("apply", wanted, "--json").json()
    assert done["changes"] == [] and done["syncs"][0]["changed"] is False


def test_what_is_there_is_activated_and_keeps_its_name(synced, api, wanted):
    synced.orgtrust("apply", wanted)
    assert kinds(api) == ["activate"]
    assert active(api) == ["root 0", "root 1", "root 2"]


def test_what_is_not_wanted_is_deactivated_last(synced, api, tmp_path, certs):
    fresh = fill(tmp_path / "other", certs.many(2, "Fresh"), "fresh")
    done = synced.orgtrust("apply", fresh, status=USAGE)
    assert "nothing changed: no terminal to ask on" in done.stderr and "--yes" in done.stderr
    assert f"deactivate {synced.ids[0]} 'root 0'" in done.stderr
    assert kinds(api) == []
    synced.orgtrust("apply", fresh, "--yes")
    assert kinds(api) == ["upload", "upload", "activate", "deactivate"]
    assert active(api) == ["fresh 00", "fresh 01"]
    assert len(api.certs) == 5, "nothing is deleted without --prune"
    assert synced.count() == 2


def test_prune_deletes_what_is_not_wanted(synced, api, tmp_path, roots):
    one = fill(tmp_path / "one", roots[:1])
    done = synced.orgtrust("apply", one, "--prune", "--yes")
    assert kinds(api) == ["deactivate", "delete", "delete"]
    assert [c["name"] for c in api.certs] == ["root 0"]
    assert done.stdout.count("deleted") == 2
    assert synced.orgtrust("apply", one, "--prune", "--yes").stdout == "nothing to do\n"


def test_prune_keeps_what_a_project_trusts(organization, world, tmp_path, roots):
    ids = [organization.add(r, f"r{i}") for i, r in enumerate(roots)]
    organization.client(project="proj_a").activate(ids[2])
    one = fill(tmp_path / "one", roots[:1])
    done = world.orgtrust("apply", one, "--prune", "--yes")
    assert f"kept {ids[2]}" in done.stdout and "proj_a" in done.stderr
    assert [c["id"] for c in organization.api.list()] == [ids[0], ids[2]]
    assert [c["active"] for c in organization.api.list()] == [True, False]


def test_prune_is_for_the_organization(synced, api, wanted):
    done = synced.orgtrust("apply", wanted, "--prune", "--yes", "--project", "proj_a",
                           status=USAGE)
    assert "--prune is for the organization" in done.stderr and kinds(api) == []


def test_a_project(organization, world, wanted, roots, certs):
    world.configure("[source lab]\nproject = proj_lab\ninherit = no\n")
    other = organization.add(certs.ca("Other"), "other")
    organization.client(project="proj_lab").activate(other)
    world.orgtrust("apply", wanted, "--source", "lab", "--yes")
    shown = {c["name"]: c["active"] for c in organization.client(project="proj_lab").list()}
    assert shown == {"other": False, "root 00": True, "root 01": True, "root 02": True}
    assert [c["name"] for c in organization.api.list() if c["active"]] == ["other"]
    assert world.count("orgtrust://lab/") == 3


@pytest.mark.parametrize("kind, number", [("upload", 400), ("activate", 400)])
def test_nothing_is_taken_away_when_an_addition_fails(synced, api, tmp_path, certs, kind,
                                                      number):
    fresh = fill(tmp_path / "fresh", certs.many(2, "Unlucky"), "fresh")

    def fail(request, right):
        for cert in api.certs:
            cert["active"] = cert["name"] in ("root 0", "root 1")
        return error(number, "not today")

    api.on(kind, fail)
    done = synced.orgtrust("apply", fresh, "--yes", status=REFUSED)
    assert "deactivate" not in kinds(api)
    assert active(api) == ["root 0", "root 1"]
    assert "not tried: deactivate" in done.stdout and "not today" in done.stderr


def test_an_empty_directory_must_be_meant(synced, api, tmp_path):
    empty = fill(tmp_path / "empty", [])
    (empty / ".hidden").write_text("anything")
    done = synced.orgtrust("apply", empty, "--yes", status=EMPTY)
    assert "--accept-empty" in done.stderr and api.count() == 0
    synced.orgtrust("apply", empty, "--accept-empty", "--yes")
    assert active(api) == [] and synced.listed("--state", "active") == []


def test_what_a_directory_may_hold(machine, api, wanted, roots, certs):
    machine.orgtrust("apply", "missing", status=NOT_FOUND)
    (wanted / ".git").mkdir()
    (wanted / "sub").mkdir()
    assert "sub is not a file" in machine.orgtrust("apply", wanted, status=USAGE).stderr
    (wanted / "sub").rmdir()
    (wanted / "README").write_text("certificates of ours")
    assert "README" in machine.orgtrust("apply", wanted, status=USAGE).stderr
    (wanted / "README").unlink()
    (wanted / "z.key").write_bytes(roots[0].key.read_bytes())
    done = machine.orgtrust("apply", wanted, status=USAGE)
    assert "z.key: it holds a private key" in done.stderr
    assert api.count() == 0
    (wanted / "z.key").unlink()
    (wanted / "link").symlink_to(wanted / "root 00.pem")
    more = certs.many(2, "More")
    (wanted / "both.crt").write_text(more[0].pem + more[1].pem)
    (wanted / "same again.cer").write_bytes(roots[1].der)
    machine.orgtrust("apply", wanted)
    assert active(api) == ["both 1", "both 2", "link", "root 01", "root 02"]


def test_every_bad_file_is_named_before_anything_is_asked(machine, api, wanted):
    for name in ("README", "notes.txt", "z.csr"):
        (wanted / name).write_text("no certificate")
    done = machine.orgtrust("apply", wanted, status=USAGE)
    assert f"{wanted}/README: it is neither PEM nor" in done.stderr
    assert done.stderr.endswith(". 2 more cannot be taken: notes.txt, z.csr\n")
    assert api.count() == 0 and done.stderr.count("\n") == 1


def test_the_plan_has_names_and_totals(synced, api, tmp_path, certs):
    fresh = fill(tmp_path / "fresh", certs.many(2, "Fresh"), "fresh")
    total = "in all: 2 to upload, 2 to activate, 2 to deactivate\n"
    plan = synced.orgtrust("apply", fresh, "--dry-run")
    assert plan.stdout.endswith(total) and plan.stdout.count("would ") == 6
    assert f"would deactivate {synced.ids[0]} 'root 0'\n" in plan.stdout
    done = synced.orgtrust("apply", fresh, "--yes")
    assert total in done.stderr and "activate 'fresh 00' from" in done.stderr
    assert synced.orgtrust("apply", fresh, "--dry-run").stdout == "nothing to do\n"


def test_a_file_name_that_is_no_text(machine, api, wanted, certs):
    name = os.fsencode(wanted) + b"/\xff.pem"
    with open(name, "w") as file:
        file.write(certs.ca("No text").pem)
    done = machine.orgtrust("apply", wanted, status=USAGE)
    assert "not UTF-8" in done.stderr and api.count() == 0


def test_two_ids_of_one_certificate_are_both_wanted(machine, api, roots, tmp_path):
    api.add(roots[0], name="old", active=False)
    api.add(roots[0], name="new")
    machine.orgtrust("apply", fill(tmp_path / "one", roots[:1]))
    assert kinds(api) == []


def test_an_active_one_without_usable_content_is_not_wanted(machine, api, roots, tmp_path):
    api.add(roots[1], name="broken", content="nothing")
    machine.orgtrust("apply", fill(tmp_path / "one", roots[:1]), "--yes")
    assert active(api) == ["root 00"]


def test_a_dry_run_changes_nothing(synced, api, tmp_path, certs):
    before = (synced.snapshot(), [dict(c) for c in api.certs])
    fresh = fill(tmp_path / "fresh", certs.many(1, "Dry"), "fresh")
    done = synced.orgtrust("apply", fresh, "--prune", "--dry-run")
    assert [line.split()[1] for line in done.stdout.splitlines()[:-1]] == [
        "upload", "activate", "deactivate", "deactivate", "delete", "delete", "delete"]
    assert kinds(api) == []
    assert (synced.snapshot(), api.certs) == before


def test_after_a_killed_sync_the_next_apply_still_syncs(synced, api, wanted):
    """Done at the API, but this machine does not know it yet."""
    api.item(synced.ids[2])["active"] = True
    assert synced.count() == 2
    assert synced.orgtrust("apply", wanted).stdout == "nothing to do\n"
    assert synced.count() == 3


def test_the_network_ends_in_the_middle(machine, api, wanted):
    api.on("upload", lambda request, right: None, nth=1)
    api.on("list", lambda request, right: right if request.nth == 0 else None)
    done = machine.orgtrust("apply", wanted, status=NETWORK)
    assert "not known whether" in done.stderr and done.stdout.count("not tried") >= 2
    api.heal()
    machine.orgtrust("apply", wanted)
    assert sorted(active(api)) == ["root 00", "root 01", "root 02"]
    assert len(api.certs) == 3


class Killer:
    """Kills the command at the n-th write that the API sees, when it has been carried out
    but nobody has heard of it."""

    def __init__(self, api):
        self.process = None
        self.left = 0
        api.on("any", self)

    def __call__(self, request, right):
        if request.method == "GET":
            return right
        self.left -= 1
        if self.left > 0:
            return right
        wait_until(lambda: self.process is not None)
        self.process.child.send_signal(signal.SIGKILL)
        return None


def apply_and_kill(machine, directory, killer, writes) -> int:
    killer.process, killer.left = None, writes
    killer.process = Background([paths.COMMAND, "apply", directory, "--prune", "--yes"],
                                env=machine.env, wrap=True, log=machine.dir / "apply.log")
    return killer.process.child.wait(60 * paths.SLOWNESS)


def test_kill_in_the_middle_of_fifty_files(machine, api, tmp_path, certs, fifty):
    """Each next apply goes on where the killed one was, until one finishes. Trust in what
    is wanted never ends in between, and nothing is taken away before all of it is there."""
    directory = fill(tmp_path / "wanted", fifty)
    kept = api.add(fifty[0], name="kept")
    old = [api.add(c, name=f"old {i}") for i, c in enumerate(certs.many(12, "Old"))]
    machine.sync()
    killer = Killer(api)
    moments = random.Random(20261123)
    kills = 0
    while apply_and_kill(machine, directory, killer, moments.randint(1, 9)) != OK:
        kills += 1
        assert kills < 70, machine.dir / "apply.log"
        wanted = [c for c in api.certs if c["id"] not in old]
        assert api.item(kept)["active"]
        if len(wanted) < 50 or not all(c["active"] for c in wanted):
            assert all(api.item(i)["active"] for i in old), "taken away too soon"
        assert machine.status()["usable"]
    assert kills > 8
    api.heal()
    assert sorted(active(api)) == sorted(["kept"] + [f"root {i:02d}" for i in range(1, 50)])
    assert len(api.certs) == 50, "nothing twice, and nothing old"
    assert len(machine.listed("--state", "active")) == 50
    assert machine.orgtrust("apply", directory, "--prune").stdout == "nothing to do\n"


def settle(api):
    """Waits until the server has done what a killed client had sent: it may be behind."""
    before, now = None, api.list()
    while before != now:
        time.sleep(0.1 * paths.SLOWNESS)
        before, now = now, api.list()


@pytest.mark.concurrency
def test_kill_at_random_moments(organization, world, tmp_path, fifty):
    """The same with the real server, whenever it happens."""
    directory = fill(tmp_path / "wanted", fifty)
    moments = random.Random(1123)
    statuses = []
    for _ in range(12):
        process = Background([paths.COMMAND, "apply", directory], env=world.env, wrap=True,
                             log=world.dir / "apply.log")
        time.sleep(moments.uniform(0, 0.05) * paths.SLOWNESS)
        process.child.send_signal(signal.SIGKILL)
        statuses.append(process.child.wait())
        settle(organization.api)
    assert -signal.SIGKILL in statuses
    world.orgtrust("apply", directory)
    listed = organization.api.list()
    assert sorted(c["name"] for c in listed) == [f"root {i:02d}" for i in range(50)]
    assert all(c["active"] for c in listed)
    assert world.count() == 50
    assert world.orgtrust("apply", directory).stdout == "nothing to do\n"
