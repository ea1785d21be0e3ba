"""Where a source distrusts, NSS's databases get a module for that, which is asked before
their user; and every file is what it was after uninstall."""

from __future__ import annotations

import json
import os

import pytest
from clients import make_database

DIRECTORY = f"/usr/lib/{os.uname().machine}-linux-gnu/pkcs11"
DATABASE = "/root/.pki/nssdb"
LIST = f"{DATABASE}/pkcs11.txt"
CONF = "/etc/orgtrust/orgtrust.conf"
ENTRY = f"library={DIRECTORY}/orgtrust-distrust-pkcs11.so\nname=orgtrust-distrust\n"


@pytest.fixture
def doubting(machine, party):
    """The organization's root is what the user of a database trusts, and what the source
    `no` distrusts."""
    no = party.organization.client(project="proj_no")
    no.activate(party.id)
    no.close()
    machine.write("/root/root.pem", party.root.pem)
    machine.run("mkdir", "-p", DATABASE)
    nss = ("certutil", "-d", f"sql:{DATABASE}")
    machine.run(*nss, "-N", "--empty-password")
    machine.run(*nss, "-A", "-n", "mine", "-t", "C,,", "-i", "/root/root.pem")
    return machine


def distrusts(machine):
    machine.write(CONF, machine.read(CONF) + b"[source default]\n[source no]\n"
                  b"project = proj_no\ninherit = no\nmeaning = distrust\n")
    machine.orgtrust("sync")


def flags(machine) -> str:
    done = machine.run("certutil", "-L", "-d", f"sql:{DATABASE}", "-h", "all")
    [found] = [line.split()[-1] for line in done.stdout.splitlines()
               if line.startswith("mine ")]
    return found


def findings(machine, check, status, **more) -> str:
    """What of a check fails."""
    report = json.loads(machine.orgtrust("doctor", "--json", check, status=status,
                                         **more).stdout)
    return " ".join(finding["detail"] for check in report["checks"]
                    for finding in check["findings"] if finding["result"] == "fails")


def test_a_source_that_distrusts_is_asked_first(doubting):
    before = doubting.read(LIST)
    distrusts(doubting)
    assert flags(doubting) == "C,,"
    doubting.install("nss")
    assert ENTRY in doubting.read(LIST).decode()
    assert flags(doubting) == "p,p,p"
    assert "nothing to do" in doubting.install("nss").stdout
    doubting.uninstall("nss")
    assert doubting.read(LIST) == before
    assert flags(doubting) == "C,,"


def test_one_that_comes_later_is_found_by_doctor_and_wired_again(doubting):
    before = doubting.read(LIST)
    doubting.install("nss")
    assert ENTRY not in doubting.read(LIST).decode(), "nobody pays for what he has not"
    assert "distrusted" not in findings(doubting, "nss", 0)
    distrusts(doubting)
    assert "what is distrusted is still trusted" in findings(doubting, "nss", 14)
    doubting.install("nss")
    assert flags(doubting) == "p,p,p"
    assert "distrusted" not in findings(doubting, "nss", None)
    doubting.uninstall("nss")
    assert doubting.read(LIST) == before


def test_a_profile_of_firefox_from_before_it_is_found_by_doctor(doubting):
    doubting.run("chmod", "755", "/var/cache/orgtrust")
    make_database(doubting, "/home/user/.mozilla/firefox/x.default", user=True)
    doubting.install("firefox", user=True)
    assert findings(doubting, "firefox", None, user=True) == ""
    distrusts(doubting)
    assert "still trusted by a profile" in findings(doubting, "firefox", 14, user=True)
    doubting.install("firefox", user=True)
    assert findings(doubting, "firefox", None, user=True) == ""


def test_what_an_admin_changed_meanwhile_stays(doubting):
    distrusts(doubting)
    doubting.install("nss")
    doubting.run("modutil", "-dbdir", f"sql:{DATABASE}", "-rawadd",
                 f'library="{DIRECTORY}/opensc-pkcs11.so" name="theirs"', "-force")
    doubting.uninstall("nss")
    left = doubting.read(LIST).decode()
    assert "name=theirs" in left and "orgtrust" not in left


def test_the_systems_list_is_what_it_was_after_uninstall(doubting, party):
    """install system sets export_system for all sources, that which distrusts included."""
    listed = "/etc/ca-certificates.conf"
    doubting.write("/usr/share/ca-certificates/theirs.crt", party.root.pem)
    doubting.write(listed, doubting.read(listed) + b"theirs.crt\n")
    doubting.run("update-ca-certificates")
    before = doubting.read(listed)
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    body = party.root.pem.splitlines()[1].encode()
    assert body in doubting.read(bundle)
    distrusts(doubting)
    configured = doubting.read(CONF)
    doubting.install("system")
    assert doubting.read(listed) == before.replace(b"\ntheirs.crt\n", b"\n!theirs.crt\n")
    assert body not in doubting.read(bundle)
    doubting.uninstall("system")
    assert doubting.read(listed) == before and doubting.read(CONF) == configured
    assert body in doubting.read(bundle)
