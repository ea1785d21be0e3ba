"""orgtrust sync: what it prints and how it ends."""

import fcntl
import os
import re
import signal
import time
from pathlib import Path

import pytest
from fault_server import Answer, error
from support import paths
from support.process import wait_until
from support.world import (AUTH, BUSY, CONFIG, INTERRUPTED, NETWORK, NOT_FOUND, PROTOCOL, RATE, REFUSED)
from terminal import run_on_terminal

JSON_WHEN_OK = {"source", "status", "fetched", "changed", "total", "active", "added",
                "removed", "modified", "quarantined", "withheld", "warnings", "requests", "retries",
                "bytes", "began", "ceased", "other", "news"}


def test_the_summary(machine, api, roots):
    ids = [api.add(root) for root in roots]
    done = machine.sync()
    assert done.stdout.splitlines()[0] == "default: 3 active of 3, 3 added; 4 requests"
    assert done.stderr == ""
    assert machine.sync().stdout == "default: 3 active of 3, unchanged; 1 request\n"
    api.remove(ids[0])
    assert machine.sync().stdout.splitlines()[0] == \
        "default: 2 active of 2, 1 removed; 1 request"


def test_who_holds_the_lock_is_said_at_once(machine, api, roots):
    api.add(roots[0])
    machine.sync()
    with (machine.cache / "default.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = machine.start("sync")
        name = Path("/proc/self/comm").read_text().strip()
        wait_until(lambda: f"orgtrust: source 'default': {name} (process {os.getpid()}) is at "
                   "it; waiting for that to end\n" in waiting.output(), timeout=5)
        quiet = machine.start("sync", "--quiet")
        time.sleep(1)
        assert waiting.is_running() and quiet.is_running()
    assert waiting.child.wait(20) == 0 and quiet.child.wait(20) == 0
    assert quiet.output() == ""
    assert "is at it" not in machine.sync().stderr


def test_quiet_prints_errors_only(machine, api, roots):
    api.add(roots[0])
    done = machine.sync("--quiet")
    assert done.text == ""
    api.on("list", lambda request, right: error(403, "no"))
    done = machine.sync("--quiet", status=AUTH)
    assert done.stdout == "" and "no" in done.stderr


def test_a_key_that_does_nothing_any_more_is_named(machine, api, roots):
    """And takes nothing away: what the file says otherwise holds."""
    api.add(roots[0])
    machine.configure("[source lab]\nproject = proj_lab\nadmin_token = yes\n",
                      admin_token="maybe")
    line = next(number for number, text in enumerate(machine.conf.read_text().splitlines(), 1)
                if text.startswith("admin_token"))
    warning = (f"orgtrust: warning: {machine.conf}:{line}: admin_token does nothing any more: "
               "take the line out, and administer by orgtrust-admin-pkcs11.so, see "
               "orgtrust-pkcs11(7)\n")
    assert machine.sync().stderr == warning
    assert machine.orgtrust("status").stderr == warning
    assert machine.sync("--quiet").text == ""
    found = machine.orgtrust("doctor", "source", status=None)
    assert "admin_token does nothing any more" in found.stdout, found


@pytest.mark.memory
def test_the_json_has_its_documented_members(machine, api, roots):
    api.add(roots[0])
    done = machine.sync("--json")
    assert set(done.json()) == {"sources"}
    (source,) = done.json()["sources"]
    assert set(source) == JSON_WHEN_OK
    assert (source["status"], source["total"], source["added"]) == ("ok", 1, 1)
    api.on("list", lambda request, right: error(403, "no"))
    (source,) = machine.sync("--json", status=AUTH).json()["sources"]
    assert set(source) == {"source", "status", "error"}
    assert source["status"] == "forbidden" and "no" in source["error"]


def test_if_stale_leaves_what_is_fresh(synced, api):
    done = synced.sync("--if-stale")
    assert "nothing to do" in done.stdout
    assert api.count("list") == 0
    old = time.time() - 3600
    os.utime(synced.snapshot_path(), (old, old))
    synced.sync("--if-stale")
    assert api.count("list") == 1


@pytest.mark.memory
def test_one_source_that_fails_does_not_stop_the_others(machine, api, roots):
    api.add(roots[0])
    machine.configure(
        "[source a]\nbase_url = http://127.0.0.1:9/v1\n[source b]\n", connect_timeout="1s")
    done = machine.sync(status=NETWORK)
    assert [line.split(":")[0] for line in done.stdout.splitlines()
            if ": " in line] == ["default", "b"]
    assert done.stderr.startswith("orgtrust: source 'a': ")
    assert machine.snapshot("b") is not None and machine.snapshot("a") is None
    words = {s["source"]: s["status"]
             for s in machine.sync("--json", status=NETWORK).json()["sources"]}
    assert words == {"default": "ok", "a": "network", "b": "ok"}


def test_source_names_the_only_one(machine, api, roots):
    api.add(roots[0])
    machine.configure("[source other]\n")
    machine.sync("--source", "other")
    assert machine.snapshot("default") is None and machine.snapshot("other") is not None


def test_the_first_failure_is_the_exit_status(machine, api):
    machine.configure(
        "[source a]\nproject = proj_a\n[source b]\nbase_url = http://127.0.0.1:9/v1\n",
        connect_timeout="1s")
    api.on("list", lambda request, right:
           error(403, "no") if request.project == "proj_a" else right)
    machine.sync(status=AUTH)


@pytest.mark.parametrize("answer, status", [
    (error(401, "who"), AUTH),
    (error(403, "no"), AUTH),
    (error(404, "where"), NOT_FOUND),
    (error(400, "what"), REFUSED),
    (error(429, "slower", Retry_After="86400"), RATE),
    (error(500, "broken"), PROTOCOL),
    (Answer(200, "<html>", content_type="text/html"), PROTOCOL),
], ids=["401", "403", "404", "400", "429", "500", "html"])
def test_every_kind_of_failure_has_its_exit_status(synced, api, answer, status):
    api.on("list", lambda request, right: answer)
    done = synced.sync(status=status)
    assert done.stderr.startswith("orgtrust: source 'default': ")
    assert done.stderr.count("default") <= 2, "said once, and maybe once in the advice"
    assert synced.count() == 2


@pytest.mark.memory
def test_quarantined_certificates_are_told(synced, api, roots):
    bad = api.add(roots[0], content="no certificate at all")
    done = synced.sync()
    assert f"orgtrust: default: {bad} is quarantined: " in done.stderr
    assert ", 1 quarantined" in done.stdout
    assert synced.sync("--quiet").text == ""


def test_accept_empty_believes_at_once(synced, api):
    for cert in api.certs:
        cert["active"] = False
    synced.sync("--accept-empty")
    assert synced.count() == 0


@pytest.mark.concurrency
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_hanging_sync(synced, api, number):
    before = synced.snapshot()
    api.on("list", lambda request, right: Answer(200, right.body, delay=60.0))
    synced.configure(timeout="120s")
    process = synced.start("sync")
    wait_until(lambda: api.count("list") > 0)
    began = time.monotonic()
    assert process.stop(number) == INTERRUPTED, process.output()
    assert time.monotonic() - began < 2 * paths.SLOWNESS
    assert synced.snapshot() == before
    assert not synced.temporaries()


def bar_of(machine, api, roots, *args, columns=80, **env):
    """What a sync that takes a while writes to its standard error, a terminal."""
    for root in roots:
        api.add(root)
    api.on("get", lambda request, right: Answer(200, right.body, delay=0.3))
    environment = machine.env | {"TERM": "xterm"} | env
    status, _, said = run_on_terminal(
        [paths.COMMAND, "sync", *args], environment, columns=columns)
    assert status == 0
    return said


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(machine, api, roots):
    said = bar_of(machine, api, roots)
    assert re.search(r"default: (listing|fetching)", said)
    assert said.endswith("\r\x1b[K")


@pytest.mark.parametrize("columns", [12, 40])
def test_the_bar_fits_its_terminal(machine, api, roots, columns):
    said = bar_of(machine, api, roots, columns=columns)
    for line in said.replace("\x1b[K", "").split("\r"):
        assert len(line) < columns


@pytest.mark.parametrize("args, env", [
    ([], {"TERM": "dumb"}), ([], {"NO_COLOR": "1"}), (["--quiet"], {})],
    ids=["dumb", "no-color", "quiet"])
def test_no_bar_where_it_is_not_wanted(machine, api, roots, args, env):
    assert bar_of(machine, api, roots, *args, **env) == ""


def answers_after(change):
    """The right answer to a request, after the change."""
    def handler(request, right):
        change()
        return right
    return handler


def test_fault_83_a_scope_that_was_changed_meanwhile_is_not_written(synced, api, roots):
    before = synced.snapshot()
    api.remove(synced.ids[0])
    api.on("list", answers_after(lambda: synced.configure(project="proj_new")))
    done = synced.sync(status=BUSY)
    assert "the configuration was changed meanwhile" in done.stderr
    assert synced.snapshot() == before
    shown = synced.status()
    assert shown["state"] == "other-scope" and shown["failures"] == 0
    api.heal()
    synced.sync()
    assert synced.status()["state"] == "fresh"


def test_fault_83_who_has_waited_for_the_lock_sends_nothing_by_what_was_said_before(synced, api):
    with open(synced.cache / "default.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = synced.start("sync")
        time.sleep(1.5 * paths.SLOWNESS)
        assert process.is_running(), process.output()
        synced.configure(project="proj_new")
    assert process.child.wait(60 * paths.SLOWNESS) == BUSY, process.output()
    assert not api.requests


def test_fault_83_a_configuration_that_broke_meanwhile_is_not_followed(synced, api, tmp_path):
    bundle = tmp_path / "bundle.pem"
    synced.configure(export_bundle=bundle)
    before = synced.snapshot()
    api.remove(synced.ids[0])
    good = synced.conf.read_text()
    api.on("list", answers_after(lambda: synced.conf.write_text("frobnicate = yes\n")))
    done = synced.sync(status=CONFIG)
    assert "frobnicate" in done.stderr
    assert synced.snapshot() == before and not bundle.exists()
    synced.conf.write_text(good)
    assert synced.status()["failures"] == 0


def test_fault_83_a_failure_of_an_earlier_configuration_is_not_recorded(synced, api):
    def refuse(request, right):
        synced.configure(project="proj_new")
        return error(403, "not with this key")

    api.on("list", refuse)
    done = synced.sync(status=AUTH)
    assert "not with this key" in done.stderr
    synced.configure()
    assert synced.status()["failures"] == 0


def test_fault_83_exports_go_by_what_the_configuration_says_afterwards(synced, api, tmp_path):
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    synced.configure(export_bundle=old)
    api.on("list", answers_after(lambda: synced.configure(export_bundle=new)))
    synced.sync()
    assert new.read_text().count("BEGIN CERTIFICATE") == 2 and not old.exists()
