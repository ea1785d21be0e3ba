"""orgtrust status: every state a source can be in, and what needs attention."""

import collections
import os
import random
import re
import time

import pytest
from fault_server import error
from support import paths
from support.world import AUTH, BROKEN, SNAPSHOT

JSON_ALWAYS = {"name", "base_url", "project", "state", "usable", "problem", "next_refresh",
               "failures", "last_error", "key_ends_at", "limits", "meaning",
               "quarantined", "withheld", "expired",
               "not_yet_valid", "expiring", "not_ca", "same_serial", "same_name",
               "long_key_id", "warned", "exports", "notify"}
JSON_OF_SNAPSHOT = {"total", "active", "inactive", "limited", "seen_at", "age"}


def age(machine, seconds):
    seen = int(time.time()) - seconds
    os.utime(machine.snapshot_path(), (seen, seen))
    return seen


def status_is(machine, word, status):
    """In both forms; returns the source's object."""
    human = machine.orgtrust("status", status=status)
    assert human.stdout.startswith(f"default: {word}\n"), human
    assert human.stderr == ""
    done = machine.orgtrust("status", "--json", status=status)
    (source,) = done.json()["sources"]
    assert source["state"] == word
    assert source["usable"] is (status == 0)
    assert (source["problem"] is None) is (status == 0)
    return source


@pytest.mark.parametrize("document, begin, end, pattern", [
    ("conf/man/orgtrust.1", ".It Cm status\n.Ql {sources", ".It Cm list", r"^\.Va (\w+)"),
    ("docs/monitoring.md", "| field |", "\n\n", r"`(\w+)`"),
], ids=["manual", "monitoring"])
def test_every_field_is_described(document, begin, end, pattern):
    text = (paths.REPOSITORY / document).read_text()
    text = text[text.index(begin):]
    described = set(re.findall(pattern, text[:text.index(end)], re.MULTILINE))
    assert JSON_ALWAYS | JSON_OF_SNAPSHOT <= described


def test_missing(machine):
    source = status_is(machine, "missing", SNAPSHOT)
    assert "orgtrust sync" in source["problem"]
    assert set(source) == JSON_ALWAYS
    assert source["last_error"] is None


def test_fresh(synced):
    source = status_is(synced, "fresh", 0)
    assert set(source) == JSON_ALWAYS | JSON_OF_SNAPSHOT
    assert (source["total"], source["active"], source["inactive"]) == (3, 2, 1)
    assert source["next_refresh"] == source["seen_at"] + 900
    assert 0 <= source["age"] < 60


def test_stale(synced):
    seen = age(synced, 3600)
    source = status_is(synced, "stale", 0)
    assert source["seen_at"] == seen and 3600 <= source["age"] < 3700
    assert source["next_refresh"] <= time.time()
    assert "next refresh  due" in synced.orgtrust("status").stdout


def test_fault_36_a_snapshot_from_the_future_is_stale(synced):
    age(synced, -86400)
    source = status_is(synced, "stale", 0)
    assert source["age"] == 0
    assert "in the future" in synced.orgtrust("status").stdout


@pytest.mark.memory
def test_expired(synced):
    age(synced, 8 * 86400)
    source = status_is(synced, "expired", SNAPSHOT)
    assert source["total"] == 3, "it still says what was there"
    assert "max_stale" in source["problem"]


def test_fault_42_corrupt(synced):
    data = bytearray(synced.snapshot_path().read_bytes())
    data[len(data) // 2] ^= 1
    synced.snapshot_path().write_bytes(data)
    status_is(synced, "corrupt", SNAPSHOT)
    synced.sync()
    status_is(synced, "fresh", 0)


def test_fault_84_other_scope(synced):
    synced.configure(project="proj_new")
    source = status_is(synced, "other-scope", SNAPSHOT)
    sentence = "the snapshot is of the organization, the configuration says project proj_new"
    assert f"{sentence}; run 'orgtrust sync --source default'" in source["problem"]
    assert source["next_refresh"] <= time.time()
    for command in (["list"], ["export", "--format", "pem"]):
        done = synced.orgtrust(*command, status=SNAPSHOT)
        assert f"{sentence}; run 'orgtrust sync'" in done.stderr, done
    report = synced.orgtrust("doctor", "--json", "source", status=BROKEN).json()
    (finding,) = [finding for finding in report["checks"][0]["findings"]
                  if finding["result"] == "fails"]
    assert sentence in finding["detail"], finding
    # Nothing but what it says itself is wrong with it: a sync puts another in its place.
    synced.sync("--if-stale")
    status_is(synced, "fresh", 0)


def test_fault_41_unsafe(synced):
    synced.snapshot_path().chmod(0o666)
    source = status_is(synced, "unsafe", SNAPSHOT)
    assert "chmod" in source["problem"]


def test_neither_key_nor_network_is_needed(synced, api):
    synced.configure(admin_key_file="/nonexistent", base_url=api.base_url)
    status_is(synced, "fresh", 0)
    assert not api.requests


def test_the_last_error_has_its_time(synced, api):
    began = int(time.time())
    api.on("list", lambda request, right: error(401, "key was revoked"))
    synced.sync(status=AUTH)
    source = status_is(synced, "fresh", 0)
    assert source["failures"] == 1
    last = source["last_error"]
    assert set(last) == {"status", "message", "at"}
    assert last["status"] == "auth" and "key was revoked" in last["message"]
    assert began <= last["at"] <= time.time()
    assert source["next_refresh"] > last["at"]
    assert "key was revoked" in synced.orgtrust("status").stdout


@pytest.mark.memory
def test_what_needs_attention(synced, api, certs):
    added = {
        "expired": api.add(certs.dated("Expired", "20000101000000Z", "20010101000000Z")),
        "expiring": api.add(certs.ca("Soon", days=5)),
        "not_ca": api.add(certs.ca("Leaf", is_ca=False)),
        "quarantined": api.add(certs.ca("Broken"), content="nonsense"),
        "warned": api.add(certs.ca("Lied about"), valid_at=1, expires_at=2),
    }
    # What is inactive bothers nobody.
    api.add(certs.dated("Old", "20000101000000Z", "20010101000000Z"), active=False)
    api.add(certs.ca("Idle leaf", is_ca=False), active=False)
    synced.sync()
    source = status_is(synced, "fresh", 0)
    assert {kind: [c["id"] for c in source[kind]] for kind in added} == \
        {kind: [cert_id] for kind, cert_id in added.items()}
    assert source["quarantined"][0]["reason"]
    assert source["warned"][0]["warning"]
    human = synced.orgtrust("status").stdout
    for cert_id in added.values():
        assert cert_id in human


def test_anchors_of_one_issuer_and_serial_are_found(synced, api, certs):
    """Held against a count of our own, of what is drawn from few names and serials."""
    draw = random.Random(17)
    anchors: dict[tuple[str, int], set[str]] = collections.defaultdict(set)
    added = {}
    for i in range(48):
        cn, serial = f"Drawn {draw.randrange(6)}", 7 + draw.randrange(8)
        kind = draw.choice(["anchor", "anchor", "inactive", "leaf"])
        cert = certs.ca(cn, serial=serial, days=1000 + i, is_ca=kind != "leaf")
        cert_id = api.add(cert, name=f"number {i}", active=kind != "inactive")
        if kind == "anchor":
            added[cert_id] = cn, serial
            anchors[cn, serial].add(cert_id)
    twice = {cert_id for cert_id, key in added.items() if len(anchors[key]) > 1}
    assert 4 < len(twice) < len(added) - 4
    synced.sync()
    source = status_is(synced, "fresh", 0)
    assert {c["id"] for c in source["same_serial"]} == twice


def test_hostile_names_are_escaped(synced, api, certs):
    api.add(certs.ca("Soon", days=5), name="red \x1b[31m and \u202egpj.exe")
    synced.sync()
    human = synced.orgtrust("status").stdout
    assert "\x1b" not in human and "\u202e" not in human and "red" in human
    (entry,) = synced.status()["expiring"]
    assert entry["name"] == "red \x1b[31m and \u202egpj.exe", "JSON has what is there"


@pytest.mark.parametrize("kind", ["dir", "fifo", "link"])
def test_fault_40_what_is_no_plain_file_is_refused(synced, tmp_path, kind):
    path = synced.snapshot_path()
    kept = tmp_path / "kept"
    path.rename(kept)
    if kind == "dir":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(kept)
    status_is(synced, "unsafe", SNAPSHOT)
