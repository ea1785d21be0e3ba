"""orgtrust list and orgtrust show, without a network."""

import os
import subprocess
import time

import pytest
from support import paths
from support.world import NOT_FOUND, SNAPSHOT, USAGE
from terminal import run_on_terminal

JSON_CERTIFICATE = {"id", "name", "label", "state", "active", "ca", "self_signed",
                    "created_at", "valid_at", "expires_at", "sha256", "handed_out_sha256",
                    "reason", "withheld_from", "warning"}
JSON_LISTED = JSON_CERTIFICATE | {"active_by"}
JSON_SHOWN = JSON_LISTED | {"source", "subject", "issuer", "serial", "key", "sha1",
                                 "pem", "trusted_since"}


@pytest.fixture
def mixed(synced, api, certs):
    """Two active, one inactive, one quarantined, two of one name."""
    synced.broken = api.add(certs.ca("Broken"), name="broken", content="nonsense")
    synced.twins = [api.add(certs.ca(f"Twin {i}"), name="twin") for i in range(2)]
    synced.sync()
    api.forget()
    yield synced
    assert not api.requests, "list and show stay at home"


@pytest.mark.memory
def test_list_by_state(mixed):
    def ids(*args):
        return {c["id"] for c in mixed.listed(*args)}

    active = {*mixed.ids[:2], *mixed.twins}
    assert ids("--state", "active") == active
    assert ids("--state", "inactive") == {mixed.ids[2]}
    assert ids("--state", "quarantined") == {mixed.broken}
    assert ids() == ids("--state", "all") == active | {mixed.ids[2], mixed.broken}


def test_list_by_name(mixed):
    assert {c["id"] for c in mixed.listed("--name", "twin")} == set(mixed.twins)
    assert [c["id"] for c in mixed.listed("--name", "root 2", "--state", "inactive")] == \
        [mixed.ids[2]]
    assert mixed.listed("--name", "root 2", "--state", "active") == []
    assert mixed.listed("--name", "twi") == []


def test_the_json_of_list(mixed, roots):
    done = mixed.orgtrust("list", "--json").json()
    assert set(done) == {"source", "certificates"} and done["source"] == "default"
    for cert in done["certificates"]:
        assert set(cert) == JSON_LISTED
    shown = {c["id"]: c for c in done["certificates"]}
    root = shown[mixed.ids[0]]
    assert (root["name"], root["state"], root["active"], root["ca"]) == \
        ("root 0", "active", True, True)
    assert root["sha256"] == root["handed_out_sha256"] == roots[0].sha256
    assert (root["valid_at"], root["expires_at"]) == roots[0].dates()
    broken = shown[mixed.broken]
    assert broken["state"] == "quarantined" and broken["reason"]
    assert broken["sha256"] is None and broken["ca"] is None


@pytest.mark.memory
def test_the_table_of_list(mixed):
    lines = mixed.orgtrust("list").stdout.splitlines()
    assert lines[0].split() == ["ID", "STATE", "CA", "EXPIRES", "NAME"]
    assert len(lines) == 7
    by_id = {line.split()[0]: line for line in lines[1:]}
    assert "inactive" in by_id[mixed.ids[2]] and by_id[mixed.ids[2]].endswith("root 2")
    assert "quarantined" in by_id[mixed.broken]
    assert mixed.orgtrust("list", "--name", "none of them").stdout == ""


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_fits_the_terminal(synced, api, certs, columns):
    api.add(certs.ca("Wide"), name="広い" * 60)
    api.add(certs.ca("Long"), name="long " * 60)
    synced.sync()
    env = synced.env | {"TERM": "xterm"}
    status, out, _ = run_on_terminal([paths.COMMAND, "list"], env, columns=columns)
    assert status == 0
    width = {line: sum(2 if ord(c) > 0x2fff else 1 for c in line)
             for line in out.splitlines()}
    # The other columns take 68; the name gets what is left, but never less than 8.
    assert max(width.values()) <= max(columns, 68 + 8), width
    assert out.count("…") == 2
    assert "広い" * 60 in synced.orgtrust("list").stdout, "not cut in a pipe"


def test_hostile_names_are_escaped(synced, api, certs):
    evil = api.add(certs.ca("Evil \u202ecn"), name="x\x1b]0;t\x07\u2066\x85\nforged line")
    synced.sync()
    for words in (["list"], ["show", evil]):
        shown = synced.orgtrust(*words).stdout
        for char in "\x1b\x07\u2066\x85\u202e":
            assert char not in shown, words
        assert "\nforged line" not in shown


@pytest.mark.memory
def test_show_by_id_and_by_name(mixed, roots):
    by_id = mixed.orgtrust("show", mixed.ids[0], "--json").json()
    assert by_id == mixed.orgtrust("show", "root 0", "--json").json()
    assert set(by_id) == JSON_SHOWN
    assert by_id["subject"] == by_id["issuer"] == f"CN={roots[0].cn}"
    assert by_id["serial"].replace(":", "") == f"{roots[0].serial:04X}"
    assert by_id["sha1"] == roots[0].fingerprint("sha1")
    assert by_id["pem"].split() == roots[0].pem.split()
    human = mixed.orgtrust("show", "root 0").stdout
    assert f"subject     CN={roots[0].cn}\n" in human
    assert "state       active\n" in human
    assert "CA          yes, self-signed\n" in human
    assert roots[0].sha256.upper() in human.replace(":", "")


def test_show_pem_is_the_certificate_and_nothing_else(mixed, roots):
    pem = mixed.orgtrust("show", "root 2", "--pem").stdout
    assert pem.split() == roots[2].pem.split()
    der = subprocess.run([paths.OPENSSL, "x509", "-outform", "DER"], input=pem.encode(),
                         capture_output=True, check=True).stdout
    assert der == roots[2].der


@pytest.mark.memory
def test_show_of_an_ambiguous_name_gives_the_ids(mixed):
    done = mixed.orgtrust("show", "twin", status=USAGE)
    for cert_id in mixed.twins:
        assert cert_id in done.stderr
    assert done.stdout == ""


def test_show_of_what_is_not_there(mixed):
    done = mixed.orgtrust("show", "nothing", status=NOT_FOUND)
    assert "'nothing'" in done.stderr and "orgtrust list" in done.stderr


def test_show_of_a_quarantined_one_says_why(mixed):
    human = mixed.orgtrust("show", "broken").stdout
    assert "state       quarantined\n" in human and "reason      " in human
    shown = mixed.orgtrust("show", "broken", "--json").json()
    assert shown["pem"] is None and shown["subject"] is None and shown["reason"]
    mixed.orgtrust("show", "broken", "--pem", status=NOT_FOUND)


def test_an_id_comes_before_a_name(synced, api, certs):
    """A certificate that is named like another's id does not take its place."""
    api.add(certs.ca("Impostor"), name=synced.ids[0])
    synced.sync()
    assert synced.orgtrust("show", synced.ids[0], "--json").json()["name"] == "root 0"


@pytest.mark.parametrize("words", [["list"], ["show", "root 0"]])
def test_without_a_usable_snapshot(machine, api, roots, words):
    done = machine.orgtrust(*words, status=SNAPSHOT)
    assert "orgtrust sync" in done.stderr and done.stdout == ""
    api.add(roots[0], name="root 0")
    machine.sync()
    machine.orgtrust(*words)
    old = time.time() - 8 * 86400
    os.utime(machine.snapshot_path(), (old, old))
    done = machine.orgtrust(*words, status=SNAPSHOT)
    assert done.stdout == "", "what is no longer trusted is not shown as if it were"


def test_source_is_whose_snapshot_is_read(synced, api, roots):
    synced.configure("[source blue]\nproject = proj_blue\n")
    synced.sync("--source", "blue")
    api.forget()
    shown = synced.orgtrust("show", "root 0", "--source", "blue", "--json").json()
    assert shown["source"] == "blue"
    assert synced.orgtrust("list", "--source", "blue", "--json").json()["source"] == "blue"
