"""orgtrust list and orgtrust show, without a network."""

import os
import re
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
from support import paths
from support.world import NOT_FOUND, SNAPSHOT, USAGE
from terminal import run_on_terminal

JSON_CERTIFICATE = {"id", "name", "label", "state", "active", "until", "ca", "self_signed",
                    "created_at", "valid_at", "expires_at", "sha256", "handed_out_sha256",
                    "reason", "withheld_from", "denied", "warning"}
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


@pytest.fixture
def organized(organization, world, roots):
    """The same of a server, with ids as it makes them; the third is inactive."""
    world.ids = [organization.add(root, f"root {i}", active=i < 2)
                 for i, root in enumerate(roots)]
    world.sync()
    return world


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
    assert lines[0].split() == ["NAME", "STATE", "EXPIRES", "ID"]
    assert len(lines) == 7
    by_id = {line.split()[-1]: line for line in lines[1:]}
    assert by_id[mixed.ids[2]].startswith("root 2  ")
    assert re.search(r"  inactive     \d{4}-\d\d-\d\d in \d+ (days|years)  ", by_id[mixed.ids[2]])
    assert re.search(r"^broken +quarantined  - ", by_id[mixed.broken])
    assert lines[-1] == by_id[mixed.broken], "of which no end is known comes last"
    assert mixed.orgtrust("list", "--name", "none of them").stdout == ""


@pytest.mark.parametrize("columns", [60, 71, 72, 120])
@pytest.mark.parametrize("source", ["default", "blue"])
def test_the_table_fits_the_terminal(organized, organization, certs, columns, source):
    organization.add(certs.ca("Wide"), "広い" * 60)
    organization.add(certs.ca("Long"), "long " * 50)
    organization.client(project="proj_blue").close()
    organized.configure("[source blue]\nproject = proj_blue\n")
    organized.sync()
    out = on_terminal(organized, "list", "--source", source, columns=columns)
    width = {line: sum(2 if ord(c) > 0x2fff else 1 for c in line)
             for line in out.splitlines()}
    assert max(width.values()) <= columns, width
    assert out.count("…") == 2
    assert (" BY " in out) == (source == "blue" and columns >= 72)
    assert "広い" * 60 in organized.orgtrust("list").stdout, "not cut in a pipe"


def test_an_end_leaves_room_for_the_name(synced, api):
    api.item(synced.ids[0])["orgtrust_deactivate_at"] = 4102358399
    synced.sync()
    assert "  active until 2099-12-30  " in on_terminal(synced, "list", columns=72)
    narrow = on_terminal(synced, "list", columns=71)
    assert "  until 2099-12-30  " in narrow and "active until" not in narrow


def on_terminal(world, *args, columns=80) -> str:
    status, out, err = run_on_terminal([paths.COMMAND, *args], world.env | {"TERM": "xterm"},
                                       columns=columns)
    assert status == 0, err
    return out


def test_what_expires_soonest_comes_first(synced, api, certs):
    for name, days in (("late", 401), ("soon", 13)):
        api.add(certs.ca(name, days=days), name=name)
    synced.sync()
    lines = synced.orgtrust("list").stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines[:3]] == ["soon", "late", "root"]
    end = datetime.now(timezone.utc) + timedelta(days=13)
    assert re.search(rf" {end:%Y-%m-%d} in 1[23] days ", lines[0])
    assert re.search(r" in 40[01] days ", lines[1])


def test_every_command_takes_the_short_id_that_list_shows(organized):
    """On a terminal an id has as many characters as tell it from the others."""
    lines = on_terminal(organized, "list").splitlines()[1:]
    for line in lines:
        short = line.split()[-1]
        assert not short.startswith("cert_") and len(short) < 12
        (cert_id,) = [each for each in organized.ids if each.startswith(f"cert_{short}")]
        for word in (line[:6], short, f"cert_{short}"):
            assert organized.orgtrust("show", word, "--json").json()["id"] == cert_id
    organized.orgtrust("rename", short, "called otherwise")
    assert organized.orgtrust("show", cert_id, "--json").json()["name"] == "called otherwise"
    organized.orgtrust("deactivate", short)
    assert cert_id in organized.orgtrust("log", "--cert", short).stdout
    assert cert_id in organized.orgtrust("log", "--local", "--cert", short).stdout
    organized.orgtrust("activate", short)
    der = organized.orgtrust("export", "--format", "pem", "--id", short).stdout
    assert der.count("BEGIN") == 1


@pytest.mark.parametrize("verb", [["show"], ["impact"], ["deactivate", "--yes", "--dry-run"]])
def test_labels_of_twins_and_of_the_nameless(synced, api, certs, verb):
    twins = [api.add(certs.ca(f"Twin {i}"), name="twin", active=True) for i in range(2)]
    nameless = api.add(certs.ca("Known by its CN"), name=None, active=True)
    synced.sync()
    by_label = {c["label"]: c["id"] for c in synced.listed()}
    assert by_label["Known by its CN"] == nameless and by_label["twin (2)"] in twins
    for label in ("twin (2)", "Known by its CN"):
        assert by_label[label] in synced.orgtrust(*verb, label).stdout
    assert "2 certificates are named 'twin'" in synced.orgtrust(*verb, "twin", status=USAGE).stderr
    assert {c["id"] for c in synced.listed("--name", "twin (2)")} == {by_label["twin (2)"]}


@pytest.mark.parametrize("verb", [["show"], ["rename"]])
def test_what_several_ids_begin_with_is_refused(synced, api, certs, verb):
    ids = [api.add(certs.ca(f"Like {i}"), name=f"like {i}", cert_id=f"cert_alike{i}")
           for i in range(2)]
    synced.sync()
    name = ["new"] if verb == ["rename"] else []
    done = synced.orgtrust(*verb, "alike", *name, status=USAGE)
    assert "2 certificates have an id that begins with 'alike'" in done.stderr
    assert all(each in done.stderr for each in ids)
    synced.orgtrust(*verb, "ali", *name, status=NOT_FOUND)
    synced.orgtrust(*verb, "alike1", *name)


def test_what_is_called_comes_before_what_begins_so(synced, api, certs):
    """An id before names, a name or a label before the beginnings of ids; a certificate
    whose name is its label is found once."""
    by_id = api.add(certs.ca("By id"), name="other", cert_id="cert_first")
    by_name = api.add(certs.ca("By name"), name="cert_first", cert_id="cert_second")
    begins = api.add(certs.ca("Begins"), name="third", cert_id="cert_firstborn")
    by_label = api.add(certs.ca("firs"), name=None, cert_id="cert_label")
    quarantined = api.add(certs.ca("Broken"), name="broken", content="nonsense")
    synced.sync()

    def shown(word):
        return synced.orgtrust("show", word, "--json").json()["id"]

    assert shown("cert_first") == by_id and shown("other") == by_id
    assert shown("cert_second") == by_name
    assert shown("third") == shown("firstb") == begins
    assert shown("firs") == by_label
    assert shown("broken") == quarantined


@pytest.mark.parametrize("kind, option, text", [
    ("RSA", "rsa_keygen_bits:3072", "RSA 3072 bits"),
    ("EC", "ec_paramgen_curve:P-384", "EC secp384r1"),
    ("EC", "ec_paramgen_curve:brainpoolP256r1", "EC brainpoolP256r1"),
    ("RSA-PSS", "rsa_keygen_bits:2048", "RSA-PSS 2048 bits"),
    ("ED25519", None, "ED25519 256 bits"),
])
def test_the_kind_of_a_key(synced, api, certs, kind, option, text):
    """As OpenSSL says it, whether or not OpenSSL is asked."""
    added = api.add(certs.ca("Key", key=certs.new_key(kind, option)), name="key")
    synced.sync()
    assert synced.orgtrust("show", added, "--json").json()["key"] == text


def test_list_of_a_project_asks_the_api(organized, organization):
    """Also of one that no source is about."""
    first, second, idle = organized.ids
    project = organization.client(project="proj_green")
    project.activate(idle)
    project.close()
    rows = organized.orgtrust("list", "--project", "proj_green").stdout.splitlines()
    assert rows[0].split() == ["NAME", "STATE", "BY", "EXPIRES", "ID"]
    by = {line.split()[-1]: line for line in rows[1:]}
    assert "  active  project " in by[idle] and "  active  organization " in by[first]
    listed = organized.orgtrust("list", "--project", "proj_green", "--json", "--state",
                                "active").json()
    assert listed["project"] == "proj_green"
    assert {c["id"]: c["active_by"] for c in listed["certificates"]} == {
        first: ["organization"], second: ["organization"], idle: ["project"]}
    assert set(listed["certificates"][0]) == {"id", "name", "label", "state", "active", "active_by",
                                              "until", "expires_at"}
    of_all = organized.listed("--project", "")
    assert {c["id"] for c in of_all if not c["active"]} == {idle}
    organized.orgtrust("list", "--project", "proj_green", "--state", "withheld", status=USAGE)
    organized.orgtrust("list", "--key-fd", "3", status=USAGE)
    named = organized.orgtrust("list", "--project", "", "--name", "root 2").stdout
    assert len(named.splitlines()) == 2


def test_list_of_a_project_has_the_labels_of_the_list(synced, api, certs):
    """Of what has no name, too; what came since the sync and has none is known by its id."""
    nameless = api.add(certs.ca("Known by its CN"), name=None, active=True)
    api.add(certs.ca("Twin"), name="Known by its CN")
    renamed = api.add(certs.ca("Other"), name="before")
    synced.sync()
    api.item(renamed)["name"] = "since"
    later = api.add(certs.ca("Later"), name=None)
    labels = {c["id"]: c["label"] for c in synced.listed()} | {renamed: "since", later: later}
    assert {c["id"]: c["label"] for c in synced.listed("--project", "")} == labels
    shown = synced.orgtrust("list", "--project", "", "--name", labels[nameless]).stdout
    assert shown.splitlines()[1].startswith(labels[nameless] + "  ")


@pytest.mark.parametrize("verb", [["show"], ["impact"], ["deactivate", "--yes", "--dry-run"]])
def test_a_name_that_is_the_label_of_another_is_refused(synced, api, certs, verb):
    """Who types what the list shows does not mean the one that the list shows otherwise."""
    labelled = api.add(certs.ca("The root"), name=None, active=True, cert_id="cert_1first")
    synced.sync()
    named = api.add(certs.ca("Else"), name="The root", active=True, cert_id="cert_2then")
    synced.sync()
    labels = {c["id"]: c["label"] for c in synced.listed()}
    assert (labels[labelled], labels[named]) == ("The root", "The root (2)")
    said = synced.orgtrust(*verb, "The root", status=USAGE).stderr
    assert "2 certificates are named 'The root'" in said and labelled in said and named in said
    if verb[0] == "deactivate":
        told = synced.orgtrust(*verb, labelled)
        assert f"would deactivate {labelled} 'The root'\n" in told.stdout
        assert f"{labelled} 'The root': trusted here since" in told.stderr
    api.item(labelled)["name"] = "otherwise since the sync"
    if verb[0] == "deactivate":
        assert named in synced.orgtrust(*verb, "The root").stdout


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
