"""A host tells the server what it has: after a change and once a day, to an API that takes
reports, and never at the cost of a sync."""

import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from fault_server import Answer, error
from support import paths
from support.process import run, wait_until

HOSTS = "/v1/orgtrust/hosts"
DAY = 24 * 3600
NOBODY = 65534


@pytest.fixture
def host(world):
    """A machine that reports, as all do by themselves."""
    world.configure(report=None, host_name="web-1")
    return world


@pytest.fixture
def hosts(organization):
    return lambda: organization.api.call("GET", f"{HOSTS}?limit=100")["data"]


def later(seconds):
    """Of a machine whose clock has gone on by so much."""
    if paths.is_sanitized("address") or paths.WRAP:
        pytest.skip("a preloaded library would come before the sanitizer's")
    library = paths.BUILD / "tests" / "faults" / "clock_ahead.so"
    assert library.is_file()
    return {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(seconds)}


@pytest.mark.memory
def test_a_host_says_what_it_has_after_a_change(host, organization, hosts, roots):
    ids = [organization.add(root, active=False) for root in roots[:3]]
    organization.api.activate(*ids[:2])
    host.sync()
    (told,) = hosts()
    assert told["name"] == "web-1" and told["current"] is True
    assert told["version"] == host.orgtrust("version").stdout.split()[1]
    assert [scope["project"] for scope in told["scopes"]] == [None]
    assert all(stack["state"] in ("wired", "not_wired", "in_the_way")
               for stack in told["stacks"])
    organization.api.activate(ids[2])
    (behind,) = hosts()
    assert behind["current"] is False
    host.sync()
    (again,) = hosts()
    assert again["current"] is True and again["scopes"] != told["scopes"]


def reports(organization):
    """How many the server was sent."""
    return (organization.dir / "server.log").read_text().count(" POST /v1/orgtrust/reports 200 ")


@pytest.fixture
def logged(tmp_path, monkeypatch, organization):
    """The same with a server that logs requests."""
    organization.stop()
    organization.options = ("--log",)
    organization.start(organization.port)
    return organization


def test_what_has_not_changed_is_told_once_a_day(host, logged, roots):
    logged.add(roots[0])
    host.sync()
    first = reports(logged)
    time.sleep(1.1)  # a snapshot and a report of one second may come in either order
    host.sync()
    told = reports(logged)
    assert first == 1 and told <= 2
    for _ in range(2):
        host.sync()
    assert reports(logged) == told
    host.sync(env=later(DAY - 60))
    assert reports(logged) == told
    host.sync(env=later(DAY + 60))
    assert reports(logged) == told + 1
    host.sync(env=later(2 * DAY))
    assert reports(logged) == told + 1
    host.sync(env=later(2 * DAY + 120))
    assert reports(logged) == told + 2


def test_a_snapshot_of_a_clock_that_was_ahead_is_told_once(host, logged, roots):
    cert_id = logged.add(roots[0])
    host.sync(env=later(3600))
    assert reports(logged) == 1
    host.sync()
    told = reports(logged)
    for _ in range(2):
        host.sync()
    assert reports(logged) == told == 2
    logged.api.deactivate(cert_id)
    host.sync("--accept-empty")
    assert reports(logged) == told + 1


def only(host, source, name, text=""):
    """One source of a project, and no other."""
    host.configure(f"[source {source}]\nbase_url = {host.base_url}\n"
                   f"admin_key_file = {host.key_file}\nproject = lab\n{text}",
                   base_url=None, admin_key_file=None, report=None, host_name=name)


def test_sources_of_one_api_are_one_host(host, organization, hosts, roots):
    lab = organization.client(project="lab")
    ids = [organization.add(root, active=False) for root in roots[:3]]
    organization.api.activate(ids[0])
    lab.activate(ids[1])
    host.configure("[source default]\n[source lab]\nproject = lab\n"
                   "[source alone]\nproject = lab\ninherit = no\n",
                   report=None, host_name="web-1")
    host.sync()
    (told,) = hosts()
    assert [scope["project"] for scope in told["scopes"]] == [None, "lab"] and told["current"]
    lab.deactivate(ids[1])
    (told,) = hosts()
    assert [scope["current"] for scope in told["scopes"]] == [True, False]
    host.sync()
    assert hosts()[0]["current"]
    only(host, "canary", "web-2")
    host.sync()
    (told,) = [told for told in hosts() if told["name"] == "web-2"]
    assert [scope["project"] for scope in told["scopes"]] == [None, "lab"], \
        "a project's source holds what is active in the organization, too"
    assert told["current"]


def test_a_project_alone_is_one_scope(host, organization, hosts, roots):
    lab = organization.client(project="lab")
    one, two = [organization.add(root, active=False) for root in roots[:2]]
    organization.api.activate(one)
    lab.activate(two)
    only(host, "lab", "web-1", "inherit = no\n")
    host.sync()
    (told,) = hosts()
    assert [scope["project"] for scope in told["scopes"]] == ["lab"] and told["current"]


def test_what_cannot_be_read_is_followed_all_the_same(host, organization, hosts, certs, roots):
    """A certificate that this host withholds or quarantines is active at the server."""
    organization.add(roots[0])
    leaf = certs.issue(certs.ca("Authority"), "leaf.example")
    organization.add(leaf)
    host.sync()
    assert hosts()[0]["current"]


@pytest.mark.parametrize("more", [{"report": "no"}, {"host_name": "none"}])
def test_it_can_be_switched_off_and_named(host, hosts, organization, roots, more):
    organization.add(roots[0])
    host.configure(**({"report": None, "host_name": "web-1"} | more))
    host.sync()
    if "report" in more:
        assert hosts() == [] and not (host.cache / "default.reported").exists()
        return
    if not os.path.exists("/etc/machine-id"):
        pytest.skip("this machine has no id")
    made = run(["systemd-id128", "machine-id",
                "--app-specific=6f0b5c523a9e4d178c21e4d0975b1fa8"], env=host.env)
    assert made.status == 0, made
    assert [told["name"] for told in hosts()] == [made.stdout.strip()]


def test_a_users_own_cache_is_not_the_machines(host, hosts, organization, roots):
    if os.geteuid() != 0:
        pytest.skip("needs root, which lets another user sync")
    organization.add(roots[0])
    with tempfile.TemporaryDirectory() as home:
        os.chown(home, NOBODY, NOBODY)
        for path in (host.conf, host.key_file):
            copy = shutil.copy(path, home)
            os.chown(copy, NOBODY, NOBODY)
            os.chmod(copy, 0o600)
        conf = Path(home, host.conf.name)
        conf.write_text(conf.read_text().replace(str(host.dir), home))
        env = host.env | {"HOME": home, "TMPDIR": home, "ORGTRUST_CONF": str(conf)}
        del env["ORGTRUST_CACHE_DIR"]
        command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                   paths.COMMAND, "sync"]
        done = run(command, env=env, wrap=True)
        assert done.status == 0 and done.stderr == "", done
        assert Path(home, ".cache/orgtrust/default.snapshot").exists() and hosts() == []
        done = run(command, env=env | {"ORGTRUST_CACHE_DIR": f"{home}/named"}, wrap=True)
        assert done.status == 0 and [told["name"] for told in hosts()] == ["web-1"]


@pytest.fixture
def reported(machine, api, roots):
    """A machine of an API that says it takes reports, and answers as a test has it."""
    machine.configure(report=None, host_name="web-1", connect_timeout="2s", timeout="20s")
    api.add(roots[0], name="root")
    machine.answers = []

    def say(request, right):
        if request.path != "/v1/orgtrust/reports":
            right.headers["Orgtrust-Reports"] = "yes"
            return right
        machine.answers.append(request.json())
        return machine.answer

    machine.answer = Answer(200, {"object": "orgtrust.report", "host": "web-1",
                                  "current": True})
    api.on("any", say)
    return machine


def test_an_api_that_does_not_say_so_is_sent_none(machine, api, roots):
    machine.configure(report=None, host_name="web-1")
    api.add(roots[0], name="root")
    machine.sync()
    assert {r.kind for r in api.requests} == {"list", "get"}


def test_a_report_says_no_more_than_it_has_to(reported):
    reported.sync()
    (told,) = reported.answers
    assert set(told) == {"host", "version", "scopes", "stacks"}
    assert told["host"] == "web-1" and len(told["scopes"]) == 1
    assert set(told["scopes"][0]) == {"project", "tag"}
    assert all(set(stack) == {"name", "state"} for stack in told["stacks"])


@pytest.mark.parametrize("answer", [
    error(500, "broken"), error(503, "away", Retry_After="60"), error(404, "nothing"),
    error(409, "full"), error(403, "no"), Answer(200, "<html>"),
    Answer(200, {"object": "other"}), None,
], ids=["500", "503", "404", "409", "403", "no JSON", "other JSON", "no answer"])
def test_what_fails_is_one_line_and_no_failure_of_the_sync(reported, answer):
    reported.answer = answer
    done = reported.sync()
    lines = [line for line in done.stderr.splitlines() if "sent again after a later sync" in line]
    assert len(lines) == 1 == len(done.stderr.splitlines()), done
    assert reported.snapshot() and "1 active" in done.stdout
    again = reported.sync()
    assert again.stderr == "" and len(reported.answers) == 1, "not at once"
    reported.answer = Answer(200, {"object": "orgtrust.report", "host": "web-1",
                                   "current": False})
    third = reported.sync(env=later(DAY + 60))
    assert third.stderr == "" and len(reported.answers) == 2
    assert "failures = 0" in (reported.cache / "default.reported").read_text()


def test_a_change_after_a_failure_is_told_at_once(reported, api, roots):
    reported.answer = error(503, "away", Retry_After="3600")
    reported.sync()
    assert len(reported.answers) == 1
    time.sleep(1.1)  # what was written in the second of the attempt may have been told
    api.add(roots[1], name="another")
    reported.answer = Answer(200, {"object": "orgtrust.report", "host": "web-1",
                                   "current": True})
    assert reported.sync().stderr == "" and len(reported.answers) == 2


def test_an_api_that_does_not_answer_holds_nothing_up(reported, api):
    """The snapshot and what follows it are there before, and five seconds are the end."""
    reported.configure(report=None, host_name="web-1", timeout="60s",
                       export_bundle=str(reported.dir / "bundle.pem"))
    reported.answer = Answer(200, {}, delay=3600.0)
    process = reported.start("sync")
    wait_until(lambda: reported.answers, what="the report")
    assert (reported.dir / "bundle.pem").exists() and reported.snapshot()
    wait_until(lambda: not process.is_running(), timeout=6 * paths.SLOWNESS,
               what="the end of the sync")
    assert process.stop() == 0


def test_a_signal_ends_a_report(reported):
    reported.answer = Answer(200, {}, delay=3600.0)
    process = reported.start("sync")
    wait_until(lambda: reported.answers, what="the report")
    began = time.monotonic()
    process.stop()
    assert time.monotonic() - began < 3 * paths.SLOWNESS
    assert not (reported.cache / "default.reported").exists(), "it is due as it was"


def test_watch_reports_as_sync_does(host, organization, hosts, roots):
    host.configure(report=None, host_name="web-1", refresh_interval="1s")
    ids = [organization.add(root, active=False) for root in roots[:2]]
    organization.api.activate(ids[0])
    host.start("watch")
    wait_until(lambda: [told["current"] for told in hosts()] == [True])
    organization.api.activate(ids[1])
    assert [told["current"] for told in hosts()] == [False]
    wait_until(lambda: [told["current"] for told in hosts()] == [True])
