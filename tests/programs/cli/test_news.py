"""What changed here: each certificate that came, went, was renamed or is withheld, named once
by sync and watch and kept by the machine."""

import json
import re
import signal
import time

import pytest
from support.process import wait_until
from support.world import OK, SNAPSHOT

LINE = re.compile(r"([-+~]) (\S+) (\S+) ([0-9a-f]{64}|-) (\S+) (.*)")


def lines_of(text: str) -> list[tuple]:
    """Sign, source, id, SHA-256, word, name and detail of each line of news."""
    found = [LINE.fullmatch(line.removeprefix("orgtrust: ")) for line in text.splitlines()]
    return [match.groups() for match in found if match]


def test_300_certificates_and_four_changes_are_four_lines(machine, api, certs):
    roots = certs.many(301, "Fleet")
    ids = [api.add(root, name=f"root {i}", active=i % 2 == 0)
           for i, root in enumerate(roots[:300])]
    first = machine.sync()
    assert lines_of(first.stdout) == []
    assert "default: 150 changes: trust began 150 times and ceased 0 times" in first.stdout
    api.item(ids[1])["active"] = True
    api.item(ids[2])["active"] = False
    api.item(ids[4])["name"] = "another name"
    new = api.add(roots[300], name="root 300", active=True)
    done = machine.sync()
    assert sorted(lines_of(done.stdout)) == sorted([
        ("+", "default", ids[1], roots[1].sha256, "activated", "root 1"),
        ("-", "default", ids[2], roots[2].sha256, "deactivated", "root 2"),
        ("~", "default", ids[4], roots[4].sha256, "renamed",
         "another name (before: root 4)"),
        ("+", "default", new, roots[300].sha256, "added", "root 300"),
    ])
    assert len(done.stdout.splitlines()) == 5, "the summary, and a line for each"
    again = machine.sync()
    assert lines_of(again.stdout) == [] and len(again.stdout.splitlines()) == 1


def test_json_names_them_too(machine, api, roots):
    ids = [api.add(root, name=f"r{i}") for i, root in enumerate(roots)]
    [source] = json.loads(machine.sync("--json").stdout)["sources"]
    assert (source["began"], source["ceased"], source["other"]) == (3, 0, 0)
    assert {news["id"] for news in source["news"]} == set(ids)
    api.remove(ids[0])
    before = int(time.time())
    [source] = json.loads(machine.sync("--json").stdout)["sources"]
    [news] = source["news"]
    assert before <= news.pop("at") <= time.time() and news.pop("number") > 0
    assert news == {"sign": "-", "what": "removed", "source": "default", "id": ids[0],
                    "name": "r0", "sha256": roots[0].sha256, "detail": None}
    [source] = json.loads(machine.sync("--json").stdout)["sources"]
    assert (source["began"], source["ceased"], source["other"], source["news"]) == (0, 0, 0, [])


def test_what_is_not_trusted_is_no_plus(machine, api, certs, roots):
    """Inactive, no authority, expired: told, with the reason, as no change of trust."""
    api.add(roots[0])
    machine.sync()
    leaf = certs.issue(roots[0], "leaf.example")
    old = certs.dated("Old", "20200101000000Z", "20210101000000Z")
    added = {api.add(roots[1], name="quiet", active=False): "quiet (inactive)",
             api.add(leaf, name="leaf"): "leaf (it is no certificate authority)",
             api.add(old, name="old"): "old (expired)"}
    found = lines_of(machine.sync().stdout)
    assert {line[2]: (line[0], line[4], line[5]) for line in found} == \
        {cert: ("~", "added", text) for cert, text in added.items()}
    for cert in added:
        api.remove(cert)
    assert {line[:5:4] for line in lines_of(machine.sync().stdout)} == {("~", "removed")}


def test_withheld_is_a_minus_with_its_reason(machine, api, roots):
    """The API limits its trust in a way that no program could keep to."""
    cert = api.add(roots[0], name="limited")
    machine.sync()
    api.item(cert)["name_constraints"] = {"permitted": ["example.com"]}
    [line] = lines_of(machine.sync().stdout)
    assert line[0] == "-" and line[4] == "withheld"
    assert "name_constraints" in line[5]
    del api.item(cert)["name_constraints"]
    [line] = lines_of(machine.sync().stdout)
    assert (line[0], line[4], line[5]) == ("+", "admitted", "limited")


def test_a_certificate_that_expires_between_two_syncs_is_news(machine, api, certs, roots):
    api.add(roots[0])
    ends = time.gmtime(time.time() + 6)
    short = certs.dated("Short", "20200101000000Z", time.strftime("%Y%m%d%H%M%SZ", ends))
    cert = api.add(short, name="short")
    assert {line[:5:4] for line in lines_of(machine.sync().stdout)} == {("+", "added")}
    assert lines_of(machine.sync().stdout) == []
    time.sleep(8)
    [line] = lines_of(machine.sync().stdout)
    assert line == ("-", "default", cert, short.sha256, "expired", "short (expired)")
    assert lines_of(machine.sync().stdout) == []


def test_one_certificate_under_two_ids_is_trusted_until_both_are_gone(machine, api, roots):
    one, two = api.add(roots[0], name="one"), api.add(roots[0], name="two")
    machine.sync()
    api.remove(one)
    [line] = lines_of(machine.sync().stdout)
    assert line[0] == "~" and line[5] == f"one (still trusted as {two})"
    three = api.add(roots[0], cert_id="cert_three", name="three")
    [line] = lines_of(machine.sync().stdout)
    assert line[0] == "~" and line[5] == f"three (trusted before as {two})"
    api.remove(two)
    api.remove(three)
    api.add(roots[1])
    assert [line[0] for line in lines_of(machine.sync().stdout)].count("-") == 2


def test_names_cannot_forge_lines(machine, api, roots):
    name = "a\n+ default cert_x 00 added\tb\u202e%41-"
    cert = api.add(roots[0], name=name)
    [line] = lines_of(machine.sync().stdout)
    assert line[2] == cert and line[5] == \
        "a\\x0a+ default cert_x 00 added\\x09b\\u{202E}%41-"
    api.item(cert)["name"] = "-"
    [line] = lines_of(machine.sync().stdout)
    assert line[4] == "renamed" and line[5].startswith("- (before: a\\x0a")
    [source] = json.loads(machine.sync("--json").stdout)["sources"]
    assert source["news"] == []


def test_a_machine_that_begins_to_remember_has_no_news_of_what_it_holds(machine, api, roots):
    for root in roots[:2]:
        api.add(root)
    machine.sync()
    (machine.cache / "default.memory").unlink()
    assert lines_of(machine.sync().stdout) == []
    (machine.cache / "default.memory").unlink()
    api.add(roots[2], name="new")
    assert [line[5] for line in lines_of(machine.sync().stdout)] == ["new"]


@pytest.mark.parametrize("damage", [b"", b"orgtrust-memory 1\t1", b"\0" * 600])
def test_a_damaged_memory_begins_anew(machine, api, roots, damage):
    api.add(roots[0])
    machine.sync()
    (machine.cache / "default.memory").write_bytes(damage)
    api.add(roots[1], name="new")
    done = machine.sync()
    assert [line[5] for line in lines_of(done.stdout)] == ["new"] and done.stderr == ""


def test_a_snapshot_that_is_lost_is_no_news(machine, api, roots):
    """What is fetched again is what the machine knows already."""
    for root in roots:
        api.add(root)
    machine.sync()
    (machine.cache / "default.snapshot").unlink()
    done = machine.sync()
    assert "3 added" in done.stdout and lines_of(done.stdout) == []


def test_what_could_not_be_written_down_is_told_by_the_next_sync(machine, api, roots):
    api.add(roots[0])
    machine.sync()
    api.add(roots[1], name="new")
    memory = machine.cache / "default.memory"
    kept = memory.read_bytes()
    memory.unlink()
    memory.mkdir()
    done = machine.sync()
    assert "2 active of 2" in done.stdout and lines_of(done.stdout) == []
    assert "what has changed is told by the next sync" in done.stderr
    memory.rmdir()
    memory.write_bytes(kept)
    assert [line[5] for line in lines_of(machine.sync().stdout)] == ["new"]
    assert lines_of(machine.sync().stdout) == []


def test_watch_names_them_in_its_log(machine, api, roots):
    api.add(roots[0])
    machine.sync()
    machine.configure(refresh_interval="1s")
    watch = machine.start("watch")
    new = api.add(roots[1], name="new")
    wait_until(lambda: new in watch.output())
    time.sleep(1.5)
    assert watch.stop(signal.SIGTERM) == OK
    assert lines_of(watch.output()) == [
        ("+", "default", new, roots[1].sha256, "added", "new")]


def test_watch_names_what_other_syncs_have_found(machine, api, roots):
    """Each once, whoever was first; for whoever alarms by the log of the service."""
    api.add(roots[0])
    machine.sync()
    machine.configure(refresh_interval="2s")
    watch = machine.start("watch")
    wait_until(lambda: "watching" in watch.output())
    new = api.add(roots[1], name="new")
    assert f"+ default {new}" in machine.sync().stdout
    wait_until(lambda: new in watch.output())
    gone = api.certs[0]["id"]
    api.remove(gone)
    wait_until(lambda: gone in watch.output())
    time.sleep(2.5)
    assert watch.stop(signal.SIGTERM) == OK
    assert [(line[0], line[2]) for line in lines_of(watch.output())] == [("+", new), ("-", gone)]


def test_the_machine_remembers_without_key_and_network(machine, api, roots):
    assert "nothing is remembered yet" in machine.orgtrust("log", "--local").stderr
    ids = [api.add(root, name=f"r{i}") for i, root in enumerate(roots)]
    machine.configure("[source lab]\n")
    machine.sync()
    api.item(ids[0])["active"] = False
    machine.sync()
    api.close()
    machine.key_file.unlink()
    lines = machine.orgtrust("log", "--local", "--source", "default").stdout.splitlines()
    assert re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ  - default ", lines[0])
    assert [line.split()[2] for line in lines] == ["-", "+", "+", "+"]
    found = json.loads(machine.orgtrust("log", "--local", "--json").stdout)["sources"]
    assert [source["source"] for source in found] == ["default", "lab"]
    assert [news["sign"] for news in found[1]["news"]] == ["-", "+", "+", "+"]
    assert found[0]["news"][0]["id"] == ids[0]
    assert found[0]["remembers_since"] == found[0]["news"][-1]["at"]
    shown = machine.orgtrust("show", ids[1], "--json").json()
    assert shown["trusted_since"] == found[0]["remembers_since"]
    assert machine.orgtrust("show", ids[0], "--json").json()["trusted_since"] is None
    assert re.search(r"^trusted +20", machine.orgtrust("show", ids[1]).stdout, re.MULTILINE)
    of_one = machine.orgtrust("log", "--local", "--cert", ids[0], "--source", "lab").stdout
    assert [line.split()[2] for line in of_one.splitlines()] == ["-", "+"]
    assert machine.orgtrust("log", "--local", "--since", "1h").stdout.count("\n") == 8
    assert machine.orgtrust("log", "--local", "--since", "2038-01-01").text == ""
    (machine.cache / "lab.memory").write_text("damaged")
    assert "lab.memory is damaged" in machine.orgtrust("log", "--local", status=SNAPSHOT).stderr


def test_a_certificate_that_is_limited_is_known_by_its_own_sha256(machine, api, roots):
    """Java is given none whose names are limited, and that is said."""
    cert = api.add(roots[0], name="Root")
    machine.sync()
    machine.configure(names="corp.example")
    [line] = lines_of(machine.sync().stdout)
    assert line[:5] == ("~", "default", cert, roots[0].sha256, "withheld")
    assert line[5].startswith("Root (withheld from trust stores for Java: its names are")
    machine.configure()
    [line] = lines_of(machine.sync().stdout)
    assert line[0] == "~" and line[3] == roots[0].sha256 and line[4] == "admitted"
