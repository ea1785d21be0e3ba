"""Row 75: a process without a network fails for itself alone; the machine goes on."""

import time

import pytest
from fault_server import error
from support import paths
from support.process import run, wait_until
from test_faults_host import EPERM, forbid_calls, make_stale, needs_root, needs_seccomp, plain

with open("/proc/net/route", "rb") as routes:
    needs_network = pytest.mark.skipif(len(routes.readlines()) < 2,
                                       reason="this machine has no network itself")
NAMESPACE = ["unshare", "--net"]
# PrivateNetwork= of systemd leaves the loopback device up, which nobody listens on.
WITH_LOOPBACK = [*NAMESPACE, "/usr/bin/python3", "-c", """
import fcntl, os, socket, struct, sys
up = struct.pack("16sh14x", b"lo", 1)
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, up)
os.execvp(sys.argv[1], sys.argv[1:])
"""]


@pytest.fixture
def counting(synced):
    """The machine, and how often a program has started the command on it."""
    count = synced.dir / "count"
    script = synced.dir / "orgtrust-command"
    script.write_text(script.read_text().replace("exec ", f"echo >>{count}\nexec "))
    synced.started = lambda: len(count.read_text()) if count.exists() else 0
    return synced


def storeutl(machine, *before):
    argv = [*before, paths.OPENSSL, "storeutl", "-noout", "-certs", "orgtrust:///"]
    done = run(argv, env=machine.provider_env())
    assert "Total found: 3" in done.stdout, done


def goes_on(machine, api):
    """What happens beside, at once: no failure is shown, and a program starts a sync."""
    shown = machine.status()
    assert shown["last_error"] is None and shown["failures"] == 0, shown
    assert not machine.state_path().exists()
    api.forget()
    storeutl(machine)
    wait_until(lambda: time.time() - machine.snapshot_path().stat().st_mtime < 60)
    assert api.count("list") == 1


@needs_root
@needs_network
@plain
@pytest.mark.parametrize("confined", [NAMESPACE, WITH_LOOPBACK], ids=["down", "up"])
def test_fault_75_a_program_in_a_namespace_of_its_own_is_alone_with_its_failure(
        counting, api, confined):
    make_stale(counting)
    storeutl(counting, *confined)
    offline = counting.cache / "default.offline"
    wait_until(offline.exists)
    assert counting.started() == 1
    # Others like it do not try again so soon, and are told why.
    for _ in range(3):
        storeutl(counting, *confined)
    time.sleep(0.3)
    assert counting.started() == 1
    told = run([*confined, paths.COMMAND, "status", "--json"], env=counting.env).json()
    assert told["sources"][0]["last_error"]["status"] == "network", told
    held = run([*confined, paths.COMMAND, "sync", "--if-stale"], env=counting.env)
    assert held.status == 4, held
    goes_on(counting, api)
    wait_until(lambda: not offline.exists(), what="what has succeeded to be fresh for all")
    assert counting.started() == 2


@needs_network
@plain
@needs_seccomp
@pytest.mark.parametrize("what", ["socket", "connect"])
def test_fault_75_a_sync_that_may_not_use_sockets_is_alone_with_its_failure(
        counting, api, what):
    def confine():
        forbid_calls(EPERM, [what])

    make_stale(counting)
    began = time.time()
    counting.sync(status=4, preexec_fn=confine)
    assert (counting.cache / "default.offline").exists()
    api.forget()
    counting.sync("--if-stale", status=4, preexec_fn=confine)
    assert api.count("list") == 0
    assert "retry_at" in (counting.cache / "default.offline").read_text()
    assert time.time() - began < 30
    goes_on(counting, api)


@needs_root
@plain
def test_fault_75_without_a_network_what_the_api_said_still_counts(counting, api):
    """A refusal is no matter of the network: everybody waits, also those without."""
    make_stale(counting)
    api.on("list", error(503, "Oh."))
    counting.sync(status=None)
    assert counting.state_path().exists()
    storeutl(counting, *NAMESPACE)
    storeutl(counting)
    time.sleep(0.3)
    assert counting.started() == 0


@needs_network
@plain
def test_fault_75_an_api_that_is_down_is_down_for_everybody(counting, api):
    """One process of many tries, on a machine that has a network."""
    make_stale(counting)
    api.on("list", lambda request, right: None)
    storeutl(counting)
    wait_until(counting.state_path().exists)
    for _ in range(3):
        storeutl(counting)
    time.sleep(0.3)
    assert counting.started() == 1
    assert not (counting.cache / "default.offline").exists()
