"""Row 68: the key stands nowhere, whatever the API does with it."""

import json
import os
import re
import resource
import signal
import time
import urllib.parse
from pathlib import Path

import pytest
from fault_server import Answer, error
from support import paths
from support.front import MISSING, NGHTTPX, start_front
from support.inside import looks_inside
from support.process import children, wait_until
from support.world import World

PLAIN = not (paths.WRAP or paths.is_sanitized("address") or paths.is_sanitized("thread"))


def escaped(key):
    return "".join(f"\\u{ord(c):04x}" for c in key)


def percent(key):
    return "".join(f"%{ord(c):02x}" for c in key)


SPELLINGS = {
    "plain": lambda key: key,
    "capitals": lambda key: key.upper(),
    "first letter escaped": lambda key: f"\\u{ord(key[0]):04X}" + key[1:],
    "escaped": escaped,
    "escaped twice": lambda key: escaped(key).replace("\\", "\\\\"),
    "percent": percent,
    "mixed": lambda key: key[:4] + percent(key[4:9]) + key[9:],
}


def spelled_out(text: bytes) -> str:
    """What somebody can read out of it, however it is written."""
    plain = text.decode("utf-8", "replace")
    for _ in range(3):
        plain = urllib.parse.unquote(plain)
        plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), plain)
    return plain.lower()


def stands_nowhere(machine, key, *outputs: bytes):
    for output in outputs:
        assert key not in spelled_out(output)
    for path in machine.dir.rglob("*"):
        if path.is_file() and path != machine.key_file:
            assert key not in spelled_out(path.read_bytes()), path


def everything(machine):
    """What the commands say after it."""
    said = b""
    for args in (["status"], ["status", "--json"], ["list"], ["list", "--json"]):
        done = machine.orgtrust(*args, status=None)
        said += done.out + done.err
    return said


def sync_says(machine, *args):
    read, write = os.pipe()
    done = machine.sync("--report-fd", write, *args, status=None, pass_fds=(write,))
    os.close(write)
    with open(read, "rb") as report:
        return done, done.out + done.err + report.read()


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda s: s.replace(" ", "_"))
@pytest.mark.parametrize("where", ["message", "code", "name", "id", "cursor", "member",
                                   "content_type", "location", "location_path", "reason"])
def test_fault_68_the_key_that_is_sent_back(synced, api, key, where, spelling):
    word = SPELLINGS[spelling](key)
    marked = {
        "message": lambda r: error(401, "The key MARK is wrong, MARK!"),
        "code": lambda r: Answer(400, {"error": {"message": "m", "type": "MARK",
                                                 "param": "MARK", "code": "MARK"}}),
        "name": lambda r: r.changed(lambda b: b["data"][0].update(name="a MARK b")),
        "id": lambda r: r.changed(lambda b: b["data"][0].update(id="MARK")),
        "cursor": lambda r: r.changed(lambda b: b.update(last_id="MARK", has_more=True)),
        "member": lambda r: Answer(body='{"MARK":1,"MARK":2}'),
        "content_type": lambda r: Answer(body="x", content_type="MARK/MARK; x=MARK"),
        "location": lambda r: Answer(302, {}, {"Location": "https://MARK.example/MARK"}),
        "location_path": lambda r: Answer(302, {}, {"Location": "/MARK?MARK"}),
        "reason": lambda r: Answer(body="MARK", headers={"Content-Encoding": "MARK"}),
    }[where]

    def answer(request, right):
        made = marked(right)
        made.body = made.encoded().replace(b"MARK", word.encode())
        made.content_type = (made.content_type or "").replace("MARK", word)
        made.headers = {k: v.replace("MARK", word) for k, v in made.headers.items()}
        return made

    api.on("list", answer)
    done, said = sync_says(synced)
    stands_nowhere(synced, key, said, everything(synced))
    if where == "name":
        assert done.status == 0
        assert any("****" in (c["name"] or "") for c in synced.listed())
    elif where != "cursor":
        assert done.status > 0, said


def test_fault_68_a_certificate_that_holds_the_key(synced, api, certs, key):
    """Its subject would be in the snapshot, for everybody to read."""
    short = key[:60]  # a common name has at most 64 characters
    synced.key_file.write_text(short + "\n")
    synced.key = api.key = short
    bad = api.add(certs.ca(short))
    done, said = sync_says(synced)
    assert done.status == 0, done
    stands_nowhere(synced, short, said, everything(synced))
    assert "admin key" in json.dumps([c for c in synced.listed() if c["id"] == bad])
    assert synced.count() == 3


def memory_of(pid: int) -> bytes:
    """All that a process can write."""
    found = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            if "w" not in mode:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            try:
                memory.seek(start)
                found.append(memory.read(end - start))
            except (OSError, ValueError, OverflowError):
                pass
    return b"".join(found)


def idle_watch(machine):
    watch = machine.start("watch")
    wait_until(lambda: re.search(r"next (in|try)", watch.output()), what="a first sync")
    # It follows the sync, and then waits.
    wait_until(lambda: "S" in open(f"/proc/{watch.pid}/stat").read().split()[2])
    return watch


@looks_inside
@pytest.mark.skipif(not PLAIN, reason="its runtime keeps what is freed")
@pytest.mark.parametrize("outcome", ["good", "refused", "echoed", "broken"])
def test_fault_68_an_idle_watch_has_no_key_in_its_memory(machine, api, roots, key, outcome):
    for root in roots:
        api.add(root)
    if outcome == "refused":
        api.on("list", error(401, "No."))
    elif outcome == "echoed":
        api.on("list", error(401, f"{key} is wrong: {key}"))
    elif outcome == "broken":
        api.on("get", lambda request, right: Answer(body=key * 3, truncate=100))
    watch = idle_watch(machine)
    memory = memory_of(watch.pid)
    assert b"watching" in memory or len(memory) > 100_000
    assert key.encode() not in memory
    watch.stop()


@looks_inside
@pytest.mark.skipif(not PLAIN, reason="its runtime keeps what is freed")
def test_fault_68_nor_after_tls_and_http2(tmp_path, machine, api, roots, certs, key):
    if NGHTTPX is None:
        pytest.skip(MISSING)
    for root in roots:
        api.add(root)
    authority = certs.ca("Secrecy front authority", key=certs.new_key())
    leaf = certs.issue(authority, "front.example", san="IP:127.0.0.1")
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    front, port = start_front(tmp_path, api.port, leaf.key, leaf.path)
    try:
        machine.configure(base_url=f"https://127.0.0.1:{port}/v1", ca_file=str(bundle))
        watch = idle_watch(machine)
        assert machine.count() == 3
        assert key.encode() not in memory_of(watch.pid)
        watch.stop()
    finally:
        front.stop(signal.SIGKILL)


@looks_inside
@pytest.mark.skipif(not PLAIN, reason="its runtime keeps what is freed")
def test_fault_68_who_waits_beside_it_has_one(tmp_path, organization, roots):
    """At orgtrust-server, and ends before the next sync."""
    known = organization.add(roots[0])
    key = organization.create_key("read")
    machine = World(tmp_path / "waiting", organization.base_url, key)
    machine.configure(refresh_interval="1h")
    watch = idle_watch(machine)

    def waiting():
        """Its one child, which has asked."""
        found = children(watch.pid)
        try:
            return found[0] if len(found) == 1 and key.encode() in memory_of(found[0]) else None
        except ProcessLookupError:  # it ended meanwhile
            return None

    before = wait_until(waiting, what="who waits")
    assert key.encode() not in memory_of(watch.pid)
    organization.api.deactivate(known)
    wait_until(lambda: waiting() not in (None, before), what="the next one that waits")
    assert not Path(f"/proc/{before}").exists()
    assert key.encode() not in memory_of(watch.pid)
    assert watch.stop() == 0


@looks_inside
def test_fault_68_nobody_waits_where_it_is_switched_off(tmp_path, organization, roots):
    organization.add(roots[0])
    machine = World(tmp_path / "alone", organization.base_url, organization.create_key("read"))
    machine.configure(refresh_interval="1h", wait="no")
    watch = idle_watch(machine)
    for _ in range(5):
        assert children(watch.pid) == []
        time.sleep(0.3)
    assert watch.stop() == 0


def unlimited_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)


@pytest.mark.skipif(not PLAIN, reason="a sanitizer handles the signal")
def test_fault_68_a_process_with_a_key_leaves_no_core(machine, api):
    api.on("list", api.hang)
    machine.configure(timeout="60s")
    process = machine.start("sync", preexec_fn=unlimited_core, cwd=machine.dir)
    wait_until(lambda: api.count("list") == 1)
    os.kill(process.pid, signal.SIGSEGV)
    _, status = os.waitpid(process.pid, 0)
    process.child.returncode = -signal.SIGSEGV
    assert os.WTERMSIG(status) == signal.SIGSEGV and not os.WCOREDUMP(status)
    assert not list(machine.dir.glob("core*"))
