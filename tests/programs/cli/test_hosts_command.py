"""orgtrust hosts: who has what is active now, and who is behind since when."""

import hashlib
import re
import time

import pytest
from fault_server import Answer
from support.world import AUTH, NOT_FOUND, PROTOCOL, USAGE

REPORTS = "/v1/orgtrust/reports"
WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"


def report(organization, host, ids, *stacks):
    tag = hashlib.sha256("".join(f"{i}\n" for i in sorted(ids)).encode()).hexdigest()[:32]
    organization.api.call("POST", REPORTS, {
        "host": host, "version": "1.0", "scopes": [{"project": None, "tag": tag}],
        "stacks": [{"name": f"stack{i}", "state": state} for i, state in enumerate(stacks)]})


def test_who_follows_and_who_is_behind(organization, world, roots):
    assert world.orgtrust("hosts").stdout == "0 of 0 hosts current\n"
    cert_id = organization.add(roots[0])
    report(organization, "db", [], "wired", "not_wired")
    report(organization, "web", [cert_id], "wired", "wired")
    title, db, web, last = world.orgtrust("hosts").stdout.splitlines()
    assert title.split() == "NAME STATE SINCE LAST SEEN VERSION STACKS WIRED".split()
    assert re.fullmatch(rf"db +behind +{WHEN} +{WHEN} +1\.0 +1 of 2", db)
    assert re.fullmatch(rf"web +current +- +{WHEN} +1\.0 +2 of 2", web)
    assert last == "1 of 2 hosts current"
    behind = world.orgtrust("hosts", "--behind").stdout.splitlines()
    assert [line.split() for line in behind] == [title.split(), db.split(),
                                                 ["1", "host", "behind"]]
    report(organization, "db", [cert_id])
    assert world.orgtrust("hosts", "--behind").stdout == "0 hosts behind\n"


def test_json_is_what_the_server_has(organization, world, roots):
    organization.add(roots[0])
    report(organization, "db", [])
    printed = world.orgtrust("hosts", "--json").json()
    assert printed == {"source": "default",
                       "hosts": organization.api.call("GET", "/v1/orgtrust/hosts")["data"]}
    assert printed["hosts"][0]["behind_since"] <= time.time()
    assert world.orgtrust("hosts", "--behind", "--json").json() == printed


def test_a_key_that_reads_will_do_and_pages_are_followed(organization, world):
    for number in range(103):
        report(organization, f"host-{number:03}", [])
    world.key = organization.create_key("read")
    world.key_file.write_text(world.key + "\n")
    found = world.orgtrust("hosts", "--json").json()["hosts"]
    assert [host["name"] for host in found] == [f"host-{n:03}" for n in range(103)]
    assert world.orgtrust("hosts").stdout.splitlines()[-1] == "103 of 103 hosts current"


def test_who_keeps_no_list_of_hosts(machine, bare_world, api):
    done = machine.orgtrust("hosts", status=NOT_FOUND)
    assert "which orgtrust-server keeps and a relay does not show" in done.stderr
    bare_world.configure(base_url=None)
    assert "takes no reports" in bare_world.orgtrust("hosts", status=USAGE).stderr


def listed(*items, **more) -> Answer:
    return Answer(body={"object": "list", "data": list(items), "has_more": False} | more)


HOST = {"object": "orgtrust.host", "name": "a", "version": "1", "last_seen": 1, "stacks": [],
        "scopes": [], "current": True, "behind_since": None}


@pytest.mark.parametrize("answer, words", [
    (listed(HOST | {"object": "host"}), "object"),
    (listed(HOST | {"name": "../x"}), "no name of a host"),
    (listed(HOST | {"name": "a" * 65}), "no name of a host"),
    (listed(HOST | {"version": None}), "version"),
    (listed(HOST | {"current": False}), "behind_since"),
    (listed(has_more=True), "more follow"),
    (Answer(body="nothing"), "JSON"),
], ids=["object", "bad name", "long name", "version", "since", "no end", "no JSON"])
def test_an_answer_of_another_form_is_refused(machine, api, answer, words):
    api.on("unknown", answer)
    done = machine.orgtrust("hosts", status=PROTOCOL)
    assert "is not the API's" in done.stderr and words in done.stderr


def test_what_a_host_says_does_nothing_to_the_terminal(machine, api):
    api.on("unknown", listed(HOST | {"version": "\x1b[2J\u202e"}))
    done = machine.orgtrust("hosts")
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout


def test_a_key_that_is_refused(organization, world):
    world.key_file.write_text("orgtrust-admin-" + "0" * 40 + "\n")
    world.key = None
    assert world.orgtrust("hosts", status=AUTH).stdout == ""
