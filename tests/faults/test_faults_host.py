"""Rows 43, 46 to 52 and 75: what a host process may be, lack and do. tests/plugins/provider has the
rest, with threads and forks inside one process."""

import ctypes
import os
import resource
import shutil
import signal
import struct
import subprocess
import time

import pytest
from support import paths
from support.p11_system import need
from support.process import Background, run, wait_until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
plain = pytest.mark.skipif(
    paths.is_sanitized("address") or paths.is_sanitized("thread") or bool(paths.WRAP),
    reason="sanitizers and valgrind need memory, descriptors and calls of their own")


def make_stale(machine):
    old = time.time() - 7200
    os.utime(machine.snapshot_path(), (old, old))


# 43: readers keep the file they began with.


@pytest.mark.concurrency
def test_fault_43_searches_while_the_snapshot_is_replaced(synced, api, certs):
    """Each search sees one whole snapshot: 3, 4, 5 … certificates, never fewer."""
    env = synced.provider_env()
    # A sanitizer is for the program that loads the provider: the shell would fork in it.
    env["FOR_OPENSSL"] = env.pop("LD_PRELOAD", "")
    script = ("i=0; while [ $i -lt 40 ]; do i=$((i+1)); LD_PRELOAD=$FOR_OPENSSL "
              "openssl storeutl -noout -certs orgtrust:/// || exit 1; done")
    background = Background(["sh", "-c", script], env=env,
                            log=synced.dir / "reader.log")
    synced.background.append(background)
    for i in range(5):
        api.add(certs.ca(f"While reading {i}"))
        synced.sync()
    assert background.child.wait(120 * paths.SLOWNESS) == 0, background.output()
    found = [int(line.split(": ")[1]) for line in background.output().splitlines()
             if line.startswith("Total found")]
    assert len(found) == 40
    assert found == sorted(found), "never back to an older one"
    assert set(found) <= {3, 4, 5, 6, 7, 8}


# 49: a host that may do little.

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# By number, as the machines have them.
CALLS = {
    "x86_64": {"socket": 41, "connect": 42, "clone": 56, "fork": 57, "vfork": 58,
               "clone3": 435},
    "aarch64": {"socket": 198, "connect": 203, "clone": 220, "clone3": 435},
}


EPERM, KILL = 0x00050001, 0x80000000


def forbid_calls(outcome=EPERM, names=None):
    """Makes these calls (None: sockets and new processes) fail, or kill, from now on."""
    machine = os.uname().machine
    calls = [number for name, number in CALLS[machine].items()
             if names is None or name in names]
    program = [struct.pack("HBBI", 0x20, 0, 0, 4),  # load arch
               struct.pack("HBBI", 0x15, 1, 0, AUDIT_ARCH[machine]),
               struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000),
               struct.pack("HBBI", 0x20, 0, 0, 0)]  # load number
    for i, call in enumerate(calls):
        program.append(struct.pack("HBBI", 0x15, len(calls) - i, 0, call))
    program.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))  # allow
    program.append(struct.pack("HBBI", 0x06, 0, 0, outcome))
    code = ctypes.create_string_buffer(b"".join(program))
    header = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, header, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


needs_seccomp = pytest.mark.skipif(os.uname().machine not in CALLS,
                                   reason="no call numbers for this machine")


@plain
@needs_seccomp
def test_fault_49_without_processes_and_network_the_reading_goes_on(synced):
    fresh = synced.storeutl("-noout", "-certs", preexec_fn=forbid_calls)
    assert "Total found: 3" in fresh.stdout
    make_stale(synced)
    stale = synced.storeutl("-noout", "-certs", preexec_fn=forbid_calls)
    assert "Total found: 3" in stale.stdout, "EPERM at the refresh is not the reader's end"


@plain
@needs_seccomp
def test_fault_49_without_processes_and_without_a_snapshot_it_is_an_error(machine):
    done = machine.storeutl("-noout", "-certs", status=None, preexec_fn=forbid_calls)
    assert done.status >= 0, "not a crash"
    assert machine.total(done) == 0
    assert "orgtrust" in done.stderr


# 75: a host that a call kills.


@plain
@needs_seccomp
@pytest.mark.parametrize("program", ["openssl", "p11tool"])
def test_fault_75_a_host_that_is_killed_for_a_call_reads_and_starts_nothing(
        synced, api, program):
    """The filter comes with the program, as a service manager's does."""
    if program == "openssl":
        argv = [paths.OPENSSL, "storeutl", "-noout", "-certs", "orgtrust:///"]
        found = "Total found: 3"
    else:
        argv = [need("p11tool", "gnutls-bin"), f"--provider={paths.PKCS11_MODULE}",
                "--list-all-certs", "pkcs11:token=orgtrust"]
        found = "Object 2:"
    before = api.count("list")
    make_stale(synced)
    done = run(argv, env=synced.provider_env(),
               preexec_fn=lambda: forbid_calls(KILL))
    assert done.status == 0 and found in done.stdout, done
    synced.snapshot_path().unlink()
    done = run(argv, env=synced.provider_env(),
               preexec_fn=lambda: forbid_calls(KILL))
    assert done.status >= 0, "killed"
    assert api.count("list") == before


# 50: setuid and setgid hosts.


@needs_root
@plain
def test_fault_50_a_setgid_host_ignores_the_environment_and_creates_nothing(synced, api):
    """AT_SECURE by another group: the environment's configuration, cache and command are
    not believed, and nothing is started or written."""
    make_stale(synced)
    copy = synced.dir / "openssl-setgid"
    shutil.copy(paths.OPENSSL, copy)
    os.chown(copy, 0, 65534)
    copy.chmod(0o2755)
    args = [copy, "storeutl", "-provider-path", paths.PROVIDER_DIR, "-provider", "orgtrust",
            "-provider", "default", "-noout", "-certs", "orgtrust:///"]
    ordinary = run([paths.OPENSSL, *args[1:]], env=synced.env | {"ORGTRUST_COMMAND": "/bin/true"})
    assert "Total found: 3" in ordinary.stdout, ordinary
    files = {p: p.stat().st_mtime_ns for p in synced.cache.iterdir()}
    marker = synced.dir / "started"
    spy = synced.dir / "spy"
    spy.write_text(f"#!/bin/sh\n: >{marker}\n")
    spy.chmod(0o755)
    done = run(args, env=synced.env | {"ORGTRUST_COMMAND": str(spy)})
    assert done.status >= 0, done
    assert "Total found: 3" not in done.stdout, "the user's configuration was believed"
    time.sleep(0.5)
    assert not marker.exists()
    assert files == {p: p.stat().st_mtime_ns for p in synced.cache.iterdir()}


# 51: nothing left to allocate.


@plain
@pytest.mark.parametrize("descriptors", range(3, 24, 2))
def test_fault_51_few_descriptors(synced, api, certs, descriptors):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

    api.add(certs.ca("With few descriptors"))
    before = synced.snapshot()
    done = synced.sync(status=None, preexec_fn=limit)
    assert done.status >= 0, f"killed by a signal: {done}"
    if done.status == 0:
        assert synced.count() == 4
    else:
        assert done.stderr, "it says why"
        assert synced.snapshot() == before
        assert not synced.temporaries()
    found = synced.storeutl("-noout", "-certs", status=None, preexec_fn=limit)
    assert found.status >= 0, found
    synced.heals(4)


@plain
@pytest.mark.parametrize("megabytes", [8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96])
def test_fault_51_little_address_space(synced, api, certs, megabytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    api.add(certs.ca("With little memory"))
    before = synced.snapshot()
    done = synced.sync(status=None, preexec_fn=limit)
    # Below some size not even the dynamic loader gets this far: it ends with 127.
    assert done.status >= 0, f"killed by a signal: {done}"
    if done.status != 0:
        assert done.stderr
        # It may also end behind the snapshot, which then is the new one, and whole.
        assert synced.snapshot() == before or synced.count() == 4
    synced.heals(4)


# 52: what hosts do to processes.


def test_fault_52_a_closed_standard_output_is_no_accident(synced):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = run([paths.COMMAND, "list"], env=synced.env, wrap=True)
        assert done.status == 0
        child = subprocess.Popen([*paths.WRAP, paths.COMMAND, "list"], env=synced.env,
                                 stdout=writing, stderr=subprocess.PIPE)
        _, err = child.communicate(timeout=60 * paths.SLOWNESS)
        assert child.returncode != 0, "what could not be printed is a failure"
        assert b"Sanitizer" not in err
    finally:
        os.close(writing)


def test_fault_52_standard_descriptors_that_are_closed(synced, api, certs):
    """None of our files may become descriptor 0, 1 or 2 and be written to by accident."""
    def close_all():
        for descriptor in (0, 1, 2):
            os.close(descriptor)

    api.add(certs.ca("Closed"))
    child = subprocess.Popen([*paths.WRAP, paths.COMMAND, "sync", "--quiet"],
                             env=synced.env, preexec_fn=close_all)
    assert child.wait(60 * paths.SLOWNESS) == 0
    assert synced.count() == 4


@pytest.mark.concurrency
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_fault_52_a_signal_ends_a_sync_cleanly(synced, api, how):
    api.on("list", api.hang)
    before = synced.snapshot()
    process = synced.start("sync")
    wait_until(lambda: api.count("list") == 1)
    assert process.stop(how) in (130, -how)
    assert synced.snapshot() == before
    assert not synced.temporaries()
    synced.api.heal()
    synced.sync()


def test_fault_52_the_background_sync_is_not_the_hosts_child(synced, api):
    """openssl ends at once although the API hangs; the child ends by itself."""
    make_stale(synced)
    api.on("list", lambda request, right: (time.sleep(2), right)[1])
    began = time.monotonic()
    found = synced.storeutl("-noout", "-certs")
    assert "Total found: 3" in found.stdout
    assert time.monotonic() - began < 1.9 * paths.SLOWNESS
    wait_until(lambda: time.time() - synced.snapshot_path().stat().st_mtime < 60)
    assert api.count("list") == 1
