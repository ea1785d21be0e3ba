"""`orgtrust install chromium`: a policy for every user in each browser that is installed, kept
by each sync, and not a trace of it afterwards; and what `orgtrust doctor chromium` finds."""

from __future__ import annotations

import base64
import json

from own_root import changes

CONF = "/etc/orgtrust/orgtrust.conf"
NAME = "00-orgtrust.json"
CHROMIUM, CHROME, EDGE = (f"/etc/{browser}/policies/managed"
                          for browser in ("chromium", "opt/chrome", "opt/edge"))
LISTS = ["CACertificates", "CACertificatesWithConstraints", "CADistrustedCertificates"]


def add_browsers(machine, *programs):
    for program in ("/usr/bin/chromium", *programs):
        if not machine.path(program).exists():
            machine.write(program, "#!/bin/sh\n", mode=0o755)


def policy(machine, directory=CHROMIUM) -> dict:
    return json.loads(machine.read(f"{directory}/{NAME}"))


def findings(machine, status=0) -> list[dict]:
    report = json.loads(machine.orgtrust("doctor", "--json", "chromium", status=status).stdout)
    [check] = report["checks"]
    return check["findings"]


def left(before, machine) -> dict:
    return {name: what for name, what in changes(before, machine.tree()).items()
            if not name.startswith("var/cache/")}


def test_each_browser_that_is_there_gets_one_and_uninstall_leaves_nothing(machine, party):
    add_browsers(machine, "/opt/google/chrome/chrome")
    machine.write(f"{CHROME}/theirs.json", '{"HomepageLocation": "https://example.com"}')
    machine.orgtrust("sync")
    before = machine.tree()
    assert [(found["subject"], found["result"]) for found in findings(machine)] == [
        ("Chromium", "not-wired"), ("Google Chrome", "not-wired")]
    machine.install("chromium")
    wanted = {"PolicyListMultipleSourceMergeList": LISTS,
              "CACertificates": [base64.b64encode(party.root.der).decode()]}
    assert policy(machine) == policy(machine, CHROME) == wanted
    assert not machine.path(EDGE).exists()
    assert [found["result"] for found in findings(machine)] == ["proved", "proved"]
    assert "nothing to do" in machine.install("chromium").stdout

    # Another browser comes, one goes, and the organization changes.
    add_browsers(machine, "/opt/microsoft/msedge/msedge")
    machine.path("/opt/google/chrome/chrome").unlink()
    party.organization.api.deactivate(party.id)
    machine.orgtrust("sync", "--accept-empty")
    party.organization.api.activate(party.id)
    assert policy(machine) == policy(machine, EDGE) == {
        "PolicyListMultipleSourceMergeList": LISTS}
    assert not machine.path(f"{CHROME}/{NAME}").exists()
    machine.orgtrust("sync")
    assert policy(machine, EDGE) == wanted

    # A sync died while it wrote the first file of one.
    machine.path(f"{EDGE}/{NAME}").unlink()
    machine.write(f"{EDGE}/.{NAME}.a1B2c3.tmp", "half")
    machine.uninstall("chromium")
    assert not left(before, machine)


def test_they_are_taken_back_where_the_cache_is_lost(machine):
    """And the line is taken out before the next sync: no browser goes on trusting."""
    add_browsers(machine)
    machine.path("/var/cache/orgtrust").rename(machine.path("/var/cache/before"))
    before = machine.tree()
    text = machine.read(CONF)
    machine.write(CONF, text + b"export_chromium = yes\n")
    machine.orgtrust("sync")
    assert policy(machine)["CACertificates"]
    machine.write(CONF, text)
    machine.path("/var/cache/orgtrust").rename(machine.path("/var/cache/lost"))
    machine.orgtrust("sync")
    assert left(before, machine).keys() <= {CONF[1:]}, "written by hand"


def test_with_the_system_in_one_go_and_apart(machine):
    """Both have a line in one file."""
    machine.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    add_browsers(machine)
    before = machine.read(CONF)
    machine.install("system", "chromium")
    text = machine.read(CONF).decode()
    assert "export_system = yes\n" in text and "export_chromium = yes\n" in text
    machine.uninstall("system")
    text = machine.read(CONF).decode()
    assert "export_system" not in text and "export_chromium = yes\n" in text
    assert policy(machine)["CACertificates"]
    machine.install("system")
    machine.uninstall()
    assert machine.read(CONF) == before
    assert not machine.path(CHROMIUM).exists()


def test_what_others_have_stays_and_is_told(machine):
    add_browsers(machine)
    machine.write(f"{CHROMIUM}/{NAME}", "{}")
    machine.install("chromium", status=3)
    assert machine.read(f"{CHROMIUM}/{NAME}") == b"{}"
    machine.path(f"{CHROMIUM}/{NAME}").unlink()
    machine.orgtrust("sync")
    assert policy(machine)["CACertificates"]

    machine.write(f"{CHROMIUM}/theirs.json", json.dumps({"CACertificates": []}))
    assert [found["result"] for found in findings(machine)] == ["proved"]
    machine.write(f"{CHROMIUM}/zz.json", json.dumps(
        {"PolicyListMultipleSourceMergeList": ["ExtensionInstallForcelist"],
         "CAPlatformIntegrationEnabled": False}))
    found = findings(machine, status=14)
    assert [one["result"] for one in found] == ["fails", "note"]
    assert "theirs.json sets it, too, and zz.json does not say" in found[0]["detail"]
    assert found[0]["detail"].endswith(f"in {CHROMIUM}/zz.json")
    machine.write(f"{CHROMIUM}/zz.json", '{"PolicyListMultipleSourceMergeList": ["*"]}')
    assert [found["result"] for found in findings(machine)] == ["proved"]
    machine.write(f"{CHROMIUM}/zz.json", "{")
    assert {found["result"] for found in findings(machine)} == {"proved", "note"}

    machine.write(f"{CHROMIUM}/{NAME}", machine.read(f"{CHROMIUM}/{NAME}").replace(
        b'"CACertificates": [\n    "MII', b'"CACertificates": [\n    "AAA'))
    assert findings(machine, status=14)[0]["fix"] == "orgtrust sync"
    # What no sync would mend is not said to be mended by one.
    machine.write(f"{CHROMIUM}/{NAME}", "{}")
    machine.orgtrust("sync", status=3)
    found = findings(machine, status=14)[0]
    assert found["fix"] is None and found["detail"].count("did not write") == 1
    machine.path(f"{CHROMIUM}/{NAME}").unlink()
    machine.orgtrust("sync")


def test_a_policy_that_users_cannot_read_is_found_and_its_fix_mends_it(machine):
    add_browsers(machine)
    machine.install("chromium")
    machine.path(f"{CHROMIUM}/{NAME}").chmod(0o600)
    found = findings(machine, status=14)
    assert found[0]["detail"].endswith(f"{CHROMIUM}/{NAME} is closed to them")
    machine.run("sh", "-c", found[0]["fix"])
    assert [one["result"] for one in findings(machine)] == ["proved"]


def test_a_user_is_sent_to_root_or_to_nss(machine):
    add_browsers(machine)
    done = machine.install("chromium", user=True, status=7)
    assert "orgtrust install nss" in done.stderr
