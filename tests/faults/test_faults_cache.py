"""Rows 36 and 38 to 45: clocks, disks, files that are not what they should be, and many
processes at once."""

import os
import resource
import shutil
import signal
import stat
import subprocess
import time

import pytest
from fault_server import error
from support import paths
from support.account import let_others_write
from support.process import run, wait_until
from support.world import CONFIG, DISK, OK, PROTOCOL, SNAPSHOT

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def has_mount_namespaces():
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True,
                          check=False).returncode == 0


needs_mounts = pytest.mark.skipif(
    os.geteuid() != 0 or not has_mount_namespaces(),
    reason="needs root and mount namespaces (unshare --mount)")


def age(machine, seconds):
    """Makes the snapshot look as if seen so many seconds ago."""
    then = time.time() - seconds
    os.utime(machine.snapshot_path(), (then, then))


# 36: clocks.


def test_fault_36_a_snapshot_from_the_future_is_stale(synced, api):
    synced.sync("--if-stale")
    assert api.count() == 0, "a fresh one is left alone"
    age(synced, -86400)
    assert synced.status()["state"] == "stale"
    synced.sync("--if-stale")
    assert api.count("list") == 1
    assert abs(synced.snapshot_path().stat().st_mtime - time.time()) < 60
    assert synced.count() == 3


def test_fault_36_a_snapshot_of_1970_is_expired_and_heals(synced, api):
    synced.configure(auto_refresh="no")
    os.utime(synced.snapshot_path(), (0, 0))
    done = synced.storeutl("-noout", "-certs", status=None)
    assert synced.total(done) == 0, done
    assert "orgtrust sync" in done.stderr, "it says what to do"
    assert synced.status()["state"] == "expired"
    synced.sync("--if-stale")
    assert synced.count() == 3


def test_fault_36_a_state_from_the_future_does_not_stop_refreshing(synced, api):
    """A failure that was noted by a clock a hundred years ahead is not believed."""
    api.on("list", error(503, "Oh."))
    synced.sync(status=None)
    age(synced, 3600)
    api.heal()
    api.forget()
    synced.sync("--if-stale", status=PROTOCOL)
    assert api.count() == 0, "the back-off holds"
    ahead = 100 * 365 * 86400
    lines = []
    for line in synced.state_path().read_text().splitlines():
        name, _, value = line.partition(" = ")
        lines.append(f"{name} = {int(value) + ahead}" if name.endswith("_at") else line)
    assert sum(line.startswith(("attempt_at", "retry_at")) for line in lines) == 2
    synced.state_path().write_text("\n".join(lines) + "\n")
    synced.sync("--if-stale")
    assert abs(synced.snapshot_path().stat().st_mtime - time.time()) < 60


# 38: disks that are full or break.


def in_small_filesystem(machine, size, *args):
    """argv that runs args with the cache on a file system of its own, that holds what the
    cache holds now and a ballast up to size; afterwards it lists what is there."""
    script = """
        set -e
        mkdir -p "$1.copy" && cp -a "$1/." "$1.copy/"
        mount -t tmpfs -o size=$2,mode=755 tmpfs "$1"
        cp -a "$1.copy/." "$1/"
        dd if=/dev/zero of="$1/ballast" bs=4096 2>/dev/null || true
        status=0
        cache=$1
        shift 2
        "$@" || status=$?
        rm "$cache/ballast"
        rm -rf "$cache.after" && cp -a "$cache" "$cache.after"
        exit $status
    """
    return ["unshare", "--mount", "sh", "-c", script, "sh", machine.cache, size, *args]


@needs_mounts
def test_fault_38_a_full_disk_keeps_the_snapshot(synced, api, certs):
    for i in range(5):
        api.add(certs.ca(f"Too much {i}"))
    before = synced.snapshot()
    done = synced.check(run(
        in_small_filesystem(synced, "256k", *paths.WRAP, paths.COMMAND, "sync"),
        env=synced.env))
    assert done.status == DISK, done
    assert "space" in done.stderr.lower(), done
    after = synced.dir / "cache.after"
    assert (after / "default.snapshot").read_bytes() == before.content
    assert not [p for p in after.iterdir() if p.name.endswith(".tmp")]
    synced.sync()
    assert synced.count() == 8


@needs_mounts
def test_fault_38_a_disk_that_takes_no_file_more_is_full_and_not_unwritable(synced, api, certs):
    """It has blocks, and no inodes: who reads on is not sent to the directory's mode."""
    api.add(certs.ca("One more"))
    files = len(list(synced.cache.iterdir())) + 2  # the directory itself, and the ballast
    done = synced.check(run(
        in_small_filesystem(synced, f"256k,nr_inodes={files}", *paths.WRAP, paths.COMMAND,
                            "sync"), env=synced.env))
    assert done.status == DISK, done
    assert "free some space: No space left on device" in done.stderr, done
    assert "writable" not in done.stderr, done


@needs_mounts
def test_fault_38_without_a_file_more_the_api_is_not_asked_by_every_program_either(
        synced, api, certs):
    """How it went takes the place of what the last listing was like, which saves requests."""
    state, listing = synced.state_path(), synced.cache / "default.listing"
    listing.write_text("# As orgtrust-server, or more than one page, has it be.\n")
    assert not state.exists()
    api.add(certs.ca("One more"))
    api.forget()
    age(synced, 3600)
    files = len(list(synced.cache.iterdir())) + 2  # the directory itself, and the ballast
    script = 'for i in 1 2 3 4 5 6; do "$@" || status=$?; done; exit $status'
    done = synced.check(run(
        in_small_filesystem(synced, f"256k,nr_inodes={files}", "sh", "-c", script, "sh",
                            *paths.WRAP, paths.COMMAND, "sync", "--if-stale"),
        env=synced.env))
    assert done.status == DISK and "No space left on device" in done.stderr, done
    assert api.count("list") == 1, done
    left = synced.dir / "cache.after"
    assert "No space left on device" in (left / state.name).read_text()
    assert not (left / listing.name).exists()
    synced.sync()
    assert synced.count() == 4


@needs_mounts
@pytest.mark.parametrize("has_state", [True, False])
def test_fault_38_a_full_disk_does_not_have_the_api_asked_by_every_program(
        synced, api, certs, has_state):
    """What a program starts that finds the snapshot old is held back after the first time:
    how it went is written over how the last one went, and where there is none, there is room
    for an empty file."""
    state = synced.state_path()
    state.unlink(missing_ok=True)
    if has_state:
        state.write_text("failures = 0\n")
    for i in range(5):
        api.add(certs.ca(f"Too much {i}"))
    api.forget()
    age(synced, 3600)
    script = 'for i in 1 2 3 4 5 6; do "$@" || status=$?; done; exit $status'
    done = synced.check(run(
        in_small_filesystem(synced, "256k", "sh", "-c", script, "sh", *paths.WRAP,
                            paths.COMMAND, "sync", "--if-stale"),
        env=synced.env))
    assert done.status == DISK and "No space left on device" in done.stderr, done
    assert ("no room to write down why" in done.stderr) != has_state, done
    assert api.count("list") == 1, done
    left = synced.dir / "cache.after" / state.name
    assert (left.stat().st_size > 0) == has_state and left.stat().st_mode & 0o777 == 0o644
    left.rename(state)
    assert synced.orgtrust("status", "--json", status=None).json()["sources"][0]["failures"] == 1
    synced.sync()
    assert synced.count() == 8 and "failures = 1" not in state.read_text()


def test_fault_38_a_file_size_limit_keeps_the_snapshot(synced, api, certs):
    """Writing fails in the middle: EFBIG, with SIGXFSZ ignored as services often have it."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))

    api.add(certs.ca("Too large"))
    before = synced.snapshot()
    done = synced.sync(status=None, preexec_fn=limit)
    assert done.status == DISK, done
    assert synced.snapshot() == before
    assert not synced.temporaries()
    synced.heals(4)


# 39: the cache is missing or read-only.


def test_fault_39_a_missing_cache_directory_is_made(machine, api, roots):
    api.add(roots[0])
    machine.cache.rmdir()
    machine.sync()
    assert machine.count() == 1
    assert stat.S_IMODE(machine.cache.stat().st_mode) & 0o022 == 0


def test_fault_39_a_cache_that_cannot_be_made_is_named(machine):
    machine.cache.rmdir()
    machine.cache.write_text("a file is in its place")
    done = machine.sync(status=None)
    assert done.status > 0
    assert str(machine.cache) in done.stderr
    machine.cache.unlink()
    machine.cache.mkdir()


@needs_mounts
def test_fault_39_a_read_only_cache_is_served_and_the_sync_says_why(synced, api):
    script = """
        set -e
        mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
        shift
        exec "$@"
    """
    read_only = ["unshare", "--mount", "sh", "-c", script, "sh", synced.cache]
    before = synced.snapshot()
    done = synced.check(run([*read_only, *paths.WRAP, paths.COMMAND, "sync"],
                            env=synced.env))
    assert done.status == DISK, done
    assert str(synced.cache) in done.stderr
    assert "read-only" in done.stderr.lower()
    # The provider serves what is there, however stale, and says nothing.
    age(synced, 86400)
    shown = synced.check(run(
        [*read_only, *paths.WRAP, paths.OPENSSL, "storeutl", "-noout", "-certs",
         "orgtrust:///"], env=synced.provider_env()))
    assert "Total found: 3" in shown.stdout, shown
    assert shown.stderr == "", shown
    assert synced.snapshot().content == before.content


# 40 and 41: files that are not to be trusted.


def refuses(machine, word, status=CONFIG):
    """Neither the provider nor the command uses the snapshot; both say why."""
    machine.configure(auto_refresh="no")
    found = machine.storeutl("-noout", "-certs", status=None)
    assert machine.total(found) == 0, found
    assert word in found.stderr, found
    listed = machine.orgtrust("list", status=status)
    assert word in listed.stderr, listed


def test_fault_40_a_snapshot_that_is_a_link_is_refused(synced):
    real = synced.dir / "elsewhere"
    shutil.move(synced.snapshot_path(), real)
    synced.snapshot_path().symlink_to(real)
    refuses(synced, "link")


def test_fault_40_a_snapshot_that_is_a_fifo_is_refused_at_once(synced):
    synced.snapshot_path().unlink()
    os.mkfifo(synced.snapshot_path(), 0o644)
    began = time.monotonic()
    refuses(synced, "regular file")
    assert time.monotonic() - began < 10 * paths.SLOWNESS, "nobody waits for a writer"


@needs_root
def test_fault_40_a_snapshot_that_is_a_device_is_refused(synced):
    synced.snapshot_path().unlink()
    try:
        os.mknod(synced.snapshot_path(), stat.S_IFCHR | 0o644, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("device nodes may not be made here")
    refuses(synced, "regular file")


def test_fault_40_a_snapshot_that_is_a_directory_is_refused(synced):
    synced.snapshot_path().unlink()
    synced.snapshot_path().mkdir()
    refuses(synced, "regular file")


def test_fault_40_a_key_file_that_is_a_link_or_fifo_is_refused(synced, key):
    synced.key_file.unlink()
    os.mkfifo(synced.key_file, 0o600)
    synced.sync_keeps(CONFIG, str(synced.key_file))
    synced.key_file.unlink()


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_fault_41_a_snapshot_that_others_may_write_is_refused(synced, mode):
    let_others_write(synced.snapshot_path(), mode)
    refuses(synced, "writ")


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_fault_41_a_cache_directory_that_others_may_write_is_refused(synced, mode):
    let_others_write(synced.cache, mode)
    try:
        refuses(synced, str(synced.cache))
        synced.sync(status=CONFIG)
    finally:
        synced.cache.chmod(0o755)


@needs_root
@pytest.mark.parametrize("what", ["snapshot", "directory"])
def test_fault_41_a_snapshot_of_another_user_is_refused(synced, what):
    path = synced.snapshot_path() if what == "snapshot" else synced.cache
    os.chown(path, 12345, 12345)
    refuses(synced, "own")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_fault_41_a_key_that_others_may_read_is_refused(synced, api, mode):
    synced.key_file.chmod(mode)
    synced.sync_keeps(CONFIG, str(synced.key_file), "chmod")
    assert api.count() == 0


# 42: a damaged snapshot.


def expect_healing(machine):
    """Nothing damaged is handed out; the next sync makes it whole."""
    machine.sync()
    assert machine.count() == 3
    assert len(machine.listed()) == 3


@pytest.mark.parametrize("keep", [0, 1, 2047, 2048, 0.5, -1, -8, -100])
def test_fault_42_a_truncated_snapshot_is_detected_and_heals(synced, keep):
    synced.configure(auto_refresh="no")
    content = synced.snapshot().content
    cut = content[: int(len(content) * keep)] if isinstance(keep, float) else content[:keep]
    synced.snapshot_path().write_bytes(cut)
    done = synced.storeutl("-noout", "-certs", status=None)
    assert synced.total(done) == 0, done
    assert str(synced.snapshot_path()) in done.stderr
    synced.orgtrust("list", status=SNAPSHOT)
    expect_healing(synced)


def test_fault_42_a_longer_snapshot_is_detected_and_heals(synced):
    synced.configure(auto_refresh="no")
    with open(synced.snapshot_path(), "ab") as file:
        file.write(b"\0" * 64)
    assert synced.count() == 0
    expect_healing(synced)


def test_fault_42_flipped_bits_never_change_what_is_found(synced, roots):
    """At 150 places spread over the file: what is handed out is a right certificate."""
    synced.configure(auto_refresh="no")
    good = {"".join(r.pem.split()) for r in roots}
    content = synced.snapshot().content
    step = max(1, len(content) // (40 if paths.IS_SLOW else 150))
    for place in range(0, len(content), step):
        damaged = bytearray(content)
        damaged[place] ^= 1 << (place % 8)
        synced.snapshot_path().write_bytes(damaged)
        done = synced.storeutl("-certs", status=None)
        assert done.status >= 0, f"byte {place}: {done}"
        found = done.stdout.split("-----BEGIN CERTIFICATE-----")[1:]
        for text in found:
            pem = "-----BEGINCERTIFICATE-----" + "".join(
                text.split("-----END CERTIFICATE-----")[0].split()
            ) + "-----ENDCERTIFICATE-----"
            assert pem in good, f"byte {place}"
        if len(found) < 3:
            assert done.stderr, f"byte {place}: something is missing and nobody says so"
    expect_healing(synced)


def test_fault_42_another_version_is_detected_and_heals(synced):
    synced.configure(auto_refresh="no")
    content = bytearray(synced.snapshot().content)
    # Behind the directory, the entry of the head and its two checksums stands the magic.
    at = 2048 + 9 + 16
    assert content[at : at + 4] == b"ORTS"
    content[at + 4] ^= 0x40
    synced.snapshot_path().write_bytes(content)
    assert synced.count() == 0
    expect_healing(synced)


def test_fault_42_a_snapshot_of_another_organization_is_not_used(synced, api):
    synced.configure(auto_refresh="no", project="proj_other", inherit="no")
    done = synced.storeutl("-noout", "-certs", status=None)
    assert synced.total(done) == 0, done
    synced.sync()
    assert api.count("list") == 1
    assert synced.count() == 3


# 44: many at once.


@pytest.mark.concurrency
def test_fault_44_two_hundred_at_once_fetch_once(synced, api, certs):
    synced.configure(timeout="10m")
    api.add(certs.ca("For everybody"))
    release = synced.dir / "go"

    def hold(request, right):
        wait_until(release.exists, timeout=120)
        return right

    api.on("list", hold, nth=0)
    count = 40 if paths.IS_SLOW else 200
    crowd = [synced.start("sync", "--quiet") for _ in range(count)]
    wait_until(lambda: api.count("list") >= 1, timeout=60)
    # All others are there and wait for the lock before the first may go on.
    lock = synced.cache / "default.lock"
    inode = lock.stat().st_ino

    def waiting():
        return sum(f":{inode} " in line and "->" in line
                   for line in open("/proc/locks", encoding="ascii"))

    wait_until(lambda: waiting() >= count - 1 or still_polling(crowd), timeout=120)
    release.touch()
    for process in crowd:
        assert process.child.wait(120 * paths.SLOWNESS) == OK, process.output()
    assert api.count("list") == 1
    assert api.count("get") == 1
    assert synced.count() == 4


def still_polling(crowd):
    """They may also poll for the lock; then all have been running for a while."""
    time.sleep(0.2)
    ticks = os.sysconf("SC_CLK_TCK")
    with open("/proc/uptime", encoding="ascii") as file:
        now = float(file.read().split()[0])
    for process in crowd:
        try:
            with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
                started = int(file.read().rsplit(") ", 1)[1].split()[19]) / ticks
        except OSError:
            return False
        if now - started < 5:
            return False
    return True


@pytest.mark.concurrency
def test_fault_44_the_lock_dies_with_its_process(synced, api):
    api.on("list", api.hang, nth=0)
    holder = synced.start("sync")
    wait_until(lambda: api.count("list") == 1)
    holder.child.send_signal(signal.SIGKILL)
    holder.child.wait()
    began = time.monotonic()
    synced.sync()
    assert time.monotonic() - began < 20 * paths.SLOWNESS
    assert synced.count() == 3


@pytest.mark.concurrency
def test_fault_44_those_who_waited_in_vain_try_themselves(synced, api):
    """The one who fetched failed; the next one fetches, and does not report that failure."""
    api.on("list", lambda request, right: (time.sleep(1), None)[1], nth=0)
    api.on("list", lambda request, right: None, nth=1)
    api.on("list", lambda request, right: None, nth=2)
    first = synced.start("sync")
    wait_until(lambda: api.count("list") >= 1)
    second = synced.start("sync")
    assert first.child.wait(60 * paths.SLOWNESS) != OK
    assert second.child.wait(60 * paths.SLOWNESS) == OK, second.output()


# 45: kills, beyond the random moments of tests/programs/e2e.


def test_fault_45_what_a_killed_sync_left_is_reaped(synced, api, certs):
    """A temporary file of a dead process goes with the next sync that writes."""
    stray = synced.cache / ".default.snapshot.Ab12Cd.tmp"
    stray.write_bytes(b"half a snapshot")
    stray.chmod(0o600)
    foreign = synced.cache / "notes.txt"
    foreign.write_text("not ours")
    api.add(certs.ca("After the kill"))
    synced.sync()
    assert not stray.exists()
    assert foreign.exists()
    assert synced.count() == 4


def test_fault_45_kill_while_the_answer_is_awaited(synced, api, certs):
    api.add(certs.ca("Not seen"))
    before = synced.snapshot()
    api.on("get", api.hang, nth=0)
    process = synced.start("sync")
    wait_until(lambda: api.count("get") == 1)
    process.child.send_signal(signal.SIGKILL)
    process.child.wait()
    assert synced.snapshot() == before
    assert synced.count() == 3
    synced.heals(4)
