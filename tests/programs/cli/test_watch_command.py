"""orgtrust watch: its schedule, its signals, what it tells."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from fault_server import Answer, error
from support import paths
from support.process import wait_until

pytestmark = pytest.mark.concurrency


@pytest.fixture
def watched(machine, api, roots):
    api.add(roots[0], name="root")
    machine.configure(refresh_interval="1s", connect_timeout="2s", timeout="4s")
    return machine


def ends_at_once(process, number=signal.SIGTERM):
    began = time.monotonic()
    assert process.stop(number) == 0, process.output()
    assert time.monotonic() - began < 2 * paths.SLOWNESS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_syncs_again_and_again_and_ends_cleanly(watched, api, number):
    process = watched.start("watch")
    wait_until(lambda: api.count("list") >= 3, timeout=30)
    ends_at_once(process, number)
    lines = process.output().splitlines()
    assert lines[0] == "orgtrust: watching 1 source"
    assert re.fullmatch(r"orgtrust: default: 1 active of 1, 1 added; 2 requests; next in \d s",
                        lines[1])
    assert lines[-1] == "orgtrust: ended by a signal"
    assert not watched.temporaries()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_sync_that_hangs(watched, api, number):
    watched.configure(timeout="120s")
    api.on("list", lambda request, right: Answer(200, right.body, delay=60.0))
    process = watched.start("watch")
    wait_until(lambda: api.count("list") > 0)
    ends_at_once(process, number)
    assert not watched.temporaries()


def test_a_ctrl_c_that_is_meant_for_others_does_not_end_it(watched):
    """As a shell starts what a script has in the background."""
    process = watched.start(
        "watch", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    wait_until(lambda: "next in" in process.output())
    process.child.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.is_running() and "signal" not in process.output()
    ends_at_once(process)


def test_a_long_wait_ends_at_once(watched, api):
    watched.configure(refresh_interval="1h")
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    ends_at_once(process)


def test_each_source_has_its_own_schedule(watched, api):
    watched.configure("[source rare]\nproject = proj_rare\nrefresh_interval = 1h\n",
                      refresh_interval="1s")
    process = watched.start("watch")

    def lists(project):
        return sum(r.kind == "list" and r.project == project for r in list(api.requests))

    wait_until(lambda: lists(None) >= 3, timeout=30)
    assert lists("proj_rare") == 1
    ends_at_once(process)


def test_sources_that_are_always_due_leave_the_exports_their_turn(watched, api, tmp_path):
    """Each is due again before the other one's sync is over."""
    bundle = tmp_path / "bundle.pem"
    api.on("list", lambda request, right: Answer(200, right.body, delay=1.3))
    watched.configure("[source slow]\nproject = proj_slow\ninherit = no\nrefresh_interval = 1s\n"
                      "timeout = 10s\n",
                      refresh_interval="1s", timeout="10s", export_bundle=bundle)
    process = watched.start("watch")
    wait_until(lambda: api.count("list") >= 6, timeout=60)
    assert bundle.exists(), process.output()
    ends_at_once(process)


def test_source_names_the_only_one(watched, api):
    watched.configure("[source other]\nproject = proj_other\n", refresh_interval="1h")
    process = watched.start("watch", "--source", "other")
    wait_until(lambda: watched.snapshot("other") is not None)
    time.sleep(0.5)
    assert watched.snapshot("default") is None
    ends_at_once(process)


def test_what_is_fresh_is_left_alone_at_the_start(watched, api):
    watched.configure(refresh_interval="1h")
    watched.sync()
    api.forget()
    process = watched.start("watch")
    wait_until(lambda: "watching" in process.output())
    time.sleep(1)
    assert api.count("list") == 0
    ends_at_once(process)


def test_a_sync_of_somebody_else_moves_the_schedule(watched, api):
    watched.configure(refresh_interval="3s")
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    time.sleep(2)
    watched.sync()
    api.forget()
    time.sleep(1.6)  # its own turn, but for the sync above
    assert api.count("list") == 0
    wait_until(lambda: api.count("list") == 1, timeout=10)
    ends_at_once(process)


def test_fault_36_a_clock_that_is_set_ahead_makes_due_what_is_old_by_it(watched, api, tmp_path):
    """A virtual machine that was stopped for hours goes on, or a clock is set right: what
    programs take for old or expired is not left so for the rest of the interval."""
    if paths.is_sanitized("address") or paths.WRAP:
        pytest.skip("a preloaded library would come before the sanitizer's")
    ahead = tmp_path / "ahead"
    watched.configure(refresh_interval="1h", max_stale="2h")
    process = watched.start("watch", env={
        "LD_PRELOAD": str(paths.BUILD / "tests/faults/clock_ahead.so"), "CLOCK_AHEAD": str(ahead)})
    wait_until(lambda: "next in" in process.output())
    ahead.write_text("10800")
    wait_until(lambda: api.count("list") == 2, timeout=SEEN)
    wait_until(lambda: watched.snapshot_path().stat().st_mtime > time.time() + 9000)
    time.sleep(1)
    assert api.count("list") == 2, "once"
    ends_at_once(process)


def test_after_a_failure_it_waits(watched, api):
    api.on("list", lambda request, right: error(403, "not today"))
    process = watched.start("watch")
    wait_until(lambda: "not today" in process.output())
    time.sleep(2.5)  # more than two intervals
    assert api.count("list") == 1
    line = next(line for line in process.output().splitlines() if "not today" in line)
    assert re.search(r"; next try in (3\d) s$", line), line
    assert watched.status()["failures"] == 1
    ends_at_once(process)


@pytest.mark.memory
def test_a_reload_takes_a_new_source(watched, api):
    watched.configure(refresh_interval="1h")
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    watched.configure("[source new]\nproject = proj_new\ninherit = no\n", refresh_interval="1h")
    process.child.send_signal(signal.SIGHUP)
    wait_until(lambda: watched.snapshot("new") is not None)
    assert "configuration reloaded: 2 sources" in process.output()
    assert api.count("list") == 2, "what was fresh stays as it is"
    ends_at_once(process)


# A configuration is looked at every ten seconds; a machine may be busy besides.
SEEN = 120


def test_fault_83_a_changed_configuration_needs_no_signal(watched, api):
    watched.configure(refresh_interval="1h")
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    watched.configure("[source new]\nproject = proj_new\ninherit = no\n", refresh_interval="1h")
    wait_until(lambda: watched.snapshot("new") is not None, timeout=SEEN)
    assert "configuration reloaded: 2 sources" in process.output()
    assert api.count("list") == 2, "what was fresh stays as it is"
    ends_at_once(process)


def test_the_same_configuration_written_again_is_no_change(watched, api):
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    again = watched.conf.with_suffix(".again")  # in one step: half of it is another one
    again.write_bytes(watched.conf.read_bytes())
    again.chmod(0o644)
    again.replace(watched.conf)
    count = api.count("list")
    wait_until(lambda: api.count("list") >= count + 2, timeout=SEEN)
    assert "reloaded" not in process.output()
    ends_at_once(process)


def broken(conf):
    conf.write_text("frobnicate = yes\n")
    return "frobnicate"


def removed(conf):
    conf.unlink()
    return "does not exist"


def unsafe(conf):
    conf.chmod(0o666)
    return "can be written by others"


@pytest.mark.parametrize("spoil", [pytest.param(broken, marks=pytest.mark.memory),
                                   removed, unsafe])
def test_fault_83_by_a_bad_configuration_nothing_is_synced(watched, api, roots, tmp_path, spoil):
    bundle = tmp_path / "bundle.pem"
    good = dict(refresh_interval="1s", connect_timeout="2s", timeout="4s",
                export_bundle=bundle)
    watched.configure(**good)
    process = watched.start("watch")
    wait_until(bundle.exists, timeout=SEEN)
    why = spoil(watched.conf)
    wait_until(lambda: why in process.output(), timeout=SEEN)
    count, before = api.count("list"), watched.snapshot()
    api.add(roots[1])
    time.sleep(12)  # more than ten intervals, and two looks
    assert api.count("list") == count and watched.snapshot() == before
    assert bundle.read_text().count("BEGIN CERTIFICATE") == 1
    assert process.output().count(why) == 1, process.output()
    assert "nothing is synced or written until the configuration can be used" in \
        process.output()
    # Who asks is answered each time.
    process.child.send_signal(signal.SIGHUP)
    wait_until(lambda: process.output().count(why) == 2, timeout=SEEN)
    watched.configure(**good)
    wait_until(lambda: bundle.read_text().count("BEGIN CERTIFICATE") == 2, timeout=SEEN)
    ends_at_once(process)


def test_fault_83_a_new_export_is_kept_in_step(watched, api, roots, tmp_path):
    bundle = tmp_path / "bundle.pem"
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    watched.configure(refresh_interval="1s", export_bundle=bundle)
    wait_until(bundle.exists, timeout=SEEN)
    api.add(roots[1])
    wait_until(lambda: bundle.read_text().count("BEGIN CERTIFICATE") == 2, timeout=SEEN)
    # One that is no longer named is nobody's to write.
    watched.configure(refresh_interval="1s")
    wait_until(lambda: process.output().count("reloaded") == 2, timeout=SEEN)
    bundle.unlink()
    count = api.count("list")
    wait_until(lambda: api.count("list") >= count + 3, timeout=SEEN)
    assert not bundle.exists()
    ends_at_once(process)


def is_of(watched, project: str) -> bool:
    return f"project {project}".encode() in watched.snapshot_path().read_bytes()


def test_fault_83_a_new_project_is_the_only_one_from_then_on(watched, api):
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    watched.configure(project="proj_new", inherit="no", refresh_interval="1s")
    watched.sync()
    inode = watched.snapshot().inode
    for _ in range(60):
        assert watched.status()["state"] in ("fresh", "stale")
        time.sleep(0.05)
    assert watched.snapshot().inode == inode, "nothing is new"
    assert all(request.project == "proj_new" for request in api.requests[-2:])
    ends_at_once(process)


def test_a_new_project_needs_no_interval_to_pass(watched, api):
    """The snapshot is fresh, and of another scope."""
    watched.configure(refresh_interval="1h")
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    watched.configure(refresh_interval="1h", project="proj_new", inherit="no")
    wait_until(lambda: is_of(watched, "proj_new"), timeout=SEEN)
    ends_at_once(process)


def test_failures_of_an_earlier_configuration_hold_nothing_back(watched, api):
    api.on("list", lambda request, right: right if request.project == "proj_new"
           else error(429, "not today", retry_after="3600"))
    process = watched.start("watch")
    wait_until(lambda: re.search(r"not today.*next try in \d+ min", process.output()))
    watched.configure(refresh_interval="1h", project="proj_new", inherit="no")
    wait_until(lambda: watched.snapshot() is not None, timeout=SEEN)
    ends_at_once(process)


def test_fault_83_a_round_that_began_before_takes_nothing_back(watched, api):
    """Its listing hangs while another project is configured and synced."""
    watched.configure(refresh_interval="1s", timeout="60s")
    api.on("list", lambda request, right:
           right if request.project else Answer(200, right.body, delay=4.0))
    process = watched.start("watch")
    wait_until(lambda: api.count("list") > 0)
    watched.configure(refresh_interval="1s", timeout="60s", project="proj_new",
                      inherit="no")
    watched.sync()  # waits for the lock
    assert is_of(watched, "proj_new")
    inode = watched.snapshot().inode
    time.sleep(3)
    assert watched.snapshot().inode == inode, "nothing is new"
    assert watched.status()["failures"] == 0
    assert "changed meanwhile" not in process.output(), "nobody has to do anything"
    ends_at_once(process)


def test_json_is_one_event_a_line(watched, tmp_path):
    out = tmp_path / "events"
    with open(out, "wb") as events:
        child = subprocess.Popen(
            [*paths.WRAP, str(paths.COMMAND), "watch", "--json"], env=watched.env,
            stdin=subprocess.DEVNULL, stdout=events, stderr=subprocess.DEVNULL)
    wait_until(lambda: out.read_text().count("\n") >= 2, timeout=30)
    child.terminate()
    assert child.wait(20 * paths.SLOWNESS) == 0
    for line in out.read_text().splitlines():
        event = json.loads(line)
        assert (event["source"], event["status"], event["active"]) == ("default", "ok", 1)


def test_the_service_manager_is_told(watched, api, tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20 * paths.SLOWNESS)
        process = watched.start(
            "watch", env={"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"})
        said = []
        while not said or said[-1] != "READY=1":
            said.append(manager.recv(4096).decode())
        assert watched.snapshot() is not None, "ready after the first round"
        while said.count("WATCHDOG=1") < 3:
            said.append(manager.recv(4096).decode())
        process.child.send_signal(signal.SIGHUP)
        while not said[-1].startswith("RELOADING=1\nMONOTONIC_USEC="):
            said.append(manager.recv(4096).decode())
        while said[-1] != "READY=1":
            said.append(manager.recv(4096).decode())
        ends_at_once(process)
        while said[-1] != "STOPPING=1":
            said.append(manager.recv(4096).decode())


class Manager:
    """A service manager, as far as sd_notify(3) goes."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20 * paths.SLOWNESS)
        self.said = []

    def hear(self, wanted):
        """The first message that begins so, of those still to come."""
        while True:
            self.said.append(self.socket.recv(65536).decode())
            if self.said[-1].startswith(wanted):
                return self.said[-1]


@pytest.fixture
def manager(tmp_path):
    made = Manager(tmp_path / "manager")
    yield made
    made.socket.close()


def test_the_service_manager_is_told_what_was_seen_and_what_fails(watched, api, manager):
    process = watched.start("watch", env={"NOTIFY_SOCKET": manager.path})
    said = manager.hear("STATUS=")
    assert re.fullmatch(r"STATUS=default was seen at \S+ \S+Z", said), said
    api.on("list", lambda request, right: error(403, "not today"))
    while "not today" not in said:
        said = manager.hear("STATUS=")
    assert re.fullmatch(r"STATUS=default was seen at \S+ \S+Z, 1 failure since: .*"
                        r"not today.*", said), said
    assert process.child.poll() is None, "it ended although the snapshot is good"
    ends_at_once(process)


def test_what_fails_is_told_also_after_a_reload(watched, api, manager):
    """The next try is half a minute or an hour away, and nothing is right until then."""
    process = watched.start("watch", env={"NOTIFY_SOCKET": manager.path})
    manager.hear("READY=1")
    api.on("list", lambda request, right: error(403, "not today"))
    failing = manager.hear("STATUS=")
    while "not today" not in failing:
        failing = manager.hear("STATUS=")
    process.child.send_signal(signal.SIGHUP)
    manager.hear("RELOADING=1")
    assert manager.hear("STATUS=") == failing
    ends_at_once(process)


def test_the_service_manager_is_told_that_the_configuration_cannot_be_used(watched, manager):
    process = watched.start("watch", env={"NOTIFY_SOCKET": manager.path})
    manager.hear("READY=1")
    watched.configure("no_key_of_ours = x\n")
    process.child.send_signal(signal.SIGHUP)
    said = manager.hear("STATUS=the configuration")
    assert re.fullmatch(r"STATUS=the configuration cannot be used, so that nothing is synced: .*"
                        r"unknown key 'no_key_of_ours'.*; default was seen at \S+ \S+Z", said), said
    watched.configure()
    process.child.send_signal(signal.SIGHUP)
    assert re.fullmatch(r"STATUS=default was seen at \S+ \S+Z", manager.hear("STATUS=default"))
    ends_at_once(process)


def test_the_unit_fails_once_nothing_is_trusted_any_more(watched, api, manager):
    watched.sync()
    watched.configure(refresh_interval="1s", max_stale="2s")
    api.on("list", lambda request, right: error(403, "not today"))
    old = time.time() - 600
    os.utime(watched.snapshot_path(), (old, old))
    process = watched.start("watch", env={"NOTIFY_SOCKET": manager.path})
    assert process.child.wait(20 * paths.SLOWNESS) == 11, process.output()
    assert "not today" in process.output().splitlines()[-1]
    assert process.output().rstrip().endswith(
        "; its last snapshot is older than max_stale, so that nothing is trusted of it any "
        "more")
    while not manager.hear("").startswith("STOPPING=1"):
        pass
    assert "READY=1" not in manager.said

    # Begun again it waits as long as after any failure, and is not ready meanwhile.
    process = watched.start("watch", env={"NOTIFY_SOCKET": manager.path})
    wait_until(lambda: "watching" in process.output())
    time.sleep(1)
    assert process.child.poll() is None
    ends_at_once(process)
    while not manager.hear("").startswith("STOPPING=1"):
        pass
    assert "READY=1" not in manager.said

    # Where nobody would begin it again it goes on trying.
    process = watched.start("watch")
    time.sleep(1)
    assert process.child.poll() is None, process.output()
    ends_at_once(process)


def test_lines_in_the_journal_have_a_priority(watched, api, tmp_path):
    """As sd-daemon(3) has it; a file with the journal's number stands in for its socket."""
    watched.configure(refresh_interval="1h")
    api.on("list", lambda request, right: error(403, "not today"))
    for command, wanted in (("watch", ["<6>orgtrust: watching", "<4>orgtrust: "]),
                            ("sync", ["<3>orgtrust: "])):
        log = tmp_path / "log"
        with open(log, "wb") as err:
            stat = os.fstat(err.fileno())
            env = watched.env | {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
            child = subprocess.Popen([paths.COMMAND, command], env=env, stderr=err,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            try:
                wait_until(lambda lines=wanted: all(line in log.read_text()
                                                    for line in lines))
            finally:
                child.terminate()
                child.wait()


def test_the_key_is_not_in_its_arguments(watched, key):
    process = watched.start("watch")
    wait_until(lambda: "next in" in process.output())
    assert key not in Path(f"/proc/{process.pid}/cmdline").read_text()
    ends_at_once(process)


def resident_kb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


@pytest.mark.skipif(paths.WRAP != [] or paths.is_sanitized("address") or
                    paths.is_sanitized("thread"),
                    reason="their bookkeeping grows; they find leaks themselves")
def test_its_memory_stays_flat(watched, api, certs, key):
    for cert in certs.many(50, "Flat"):
        api.add(cert)
    process = watched.start("watch")

    def growth(rounds):
        """What ten rounds add, in kilobytes."""
        wait_until(lambda: api.count("list") >= rounds, timeout=60)
        before = resident_kb(process.pid)
        wait_until(lambda: api.count("list") >= rounds + 10, timeout=60)
        return resident_kb(process.pid) - before

    # Early rounds touch memory that later ones use again; a leak is in all of them.
    assert any(growth(rounds) <= 16 for rounds in (12, 22, 32, 42)), "it grows on and on"
    ends_at_once(process)
