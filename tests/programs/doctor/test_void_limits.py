"""orgtrust doctor and the limits of a source: that they are void where the machine trusts
the same key without them, and from where."""

from __future__ import annotations

import shutil

import pytest
from examined import JAVA_STORE, details, on_a_machine, results
from support.p11_system import need

pytestmark = on_a_machine

CONF = "/etc/orgtrust/orgtrust.conf"


@pytest.fixture
def limited(machine):
    """The machine, whose source has limits, and is as it was afterwards."""
    before = machine.read(CONF)
    machine.write(CONF, b"names = corp.example\n" + before)
    machine.orgtrust("sync")
    yield machine
    machine.write(CONF, before)
    machine.orgtrust("sync")


def verdict(machine, status=0) -> tuple[str, str]:
    report = machine.doctor("limits", status=status)
    return results(report)["limits"], details(report, "limits")


def test_without_limits_there_is_nothing_to_look_at(machine):
    assert "no source has names or not_after" in verdict(machine)[1]


def test_limits_that_nothing_else_undoes_are_proved(limited):
    word, text = verdict(limited)
    assert word == "proved" and "trusts one of its 2 anchors' keys" in text, text
    assert "Java holds no anchor to its names" in text


def test_limits_are_void_where_the_system_trusts_the_original(limited, party):
    path = "/usr/local/share/ca-certificates/original.crt"
    limited.write(path, party.roots[0].pem)
    limited.run("update-ca-certificates")
    try:
        word, text = verdict(limited, status=14)
    finally:
        limited.path(path).unlink()
        limited.run("update-ca-certificates", "--fresh")
    assert word == "fails" and "void for who trusts /etc/ssl/certs/ca-certificates.crt" in text
    assert party.roots[0].sha256 in text and party.roots[1].sha256 not in text
    assert verdict(limited)[0] == "proved"


@pytest.mark.parametrize("place", ["/root/.pki/nssdb", "/root/.mozilla/firefox/x.default"])
def test_limits_are_void_where_a_database_trusts_the_original(limited, party, place):
    limited.write("/root/original.pem", party.roots[1].pem)
    nss = ("certutil", "-d", f"sql:{place}", "-n", "an original, by hand")
    is_new = not limited.path(place).exists()
    if is_new:
        limited.path(place).mkdir(parents=True)
        limited.run("certutil", "-N", "--empty-password", "-d", f"sql:{place}")
    limited.run(*nss, "-A", "-t", "C,,", "-i", "/root/original.pem")
    try:
        word, text = verdict(limited, status=14)
    finally:
        limited.run(*nss, "-D")
        if is_new:
            shutil.rmtree(limited.path(place))
    assert word == "fails" and f"void for who trusts sql:{place}" in text, text
    assert party.roots[1].sha256 in text
    assert verdict(limited)[0] == "proved"


def test_of_a_database_that_cannot_be_read_nothing_is_claimed(limited):
    file = limited.path("/root/.pki/nssdb/cert9.db")
    before = file.read_bytes()
    file.write_bytes(b"damaged")
    try:
        word, text = verdict(limited)
    finally:
        file.write_bytes(before)
    assert word == "not-proved" and "nothing else here" not in text, text
    assert ("what sql:/root/.pki/nssdb trusts is not known, and may be the same keys without the "
            "limits: certutil cannot read it") in text


def test_of_a_java_store_that_cannot_be_read_nothing_is_claimed(limited, party):
    need("keytool")
    with limited.java_trusts(party.roots[0]):
        limited.write(JAVA_STORE, "damaged")
        word, text = verdict(limited)
    assert word == "not-proved" and "nothing else here" not in text, text
    assert (f"what {JAVA_STORE} trusts is not known, and may be the same keys without the "
            "limits: keytool cannot read it") in text


def test_limits_are_void_where_javas_store_has_the_original(limited, party):
    need("keytool")
    with limited.java_trusts(party.roots[0]):
        word, text = verdict(limited, status=14)
    assert word == "fails" and f"void for who trusts {JAVA_STORE}: it has 1" in text, text
    assert party.roots[0].sha256 in text
    assert verdict(limited)[0] == "proved"


def test_limits_are_void_where_another_source_has_none(limited, party):
    conf = limited.read(CONF)
    limited.write(CONF, conf.replace(b"names = corp.example\n", b"") +
                  b"[source default]\nnames = corp.example\n[source open]\n")
    limited.orgtrust("sync")
    try:
        word, text = verdict(limited, status=14)
    finally:
        limited.write(CONF, conf)
    assert word == "fails" and "void for who trusts the source open: it has 2" in text, text


def in_system(machine) -> int:
    """How many of ours the system's store has."""
    directory = machine.path("/usr/local/share/ca-certificates/orgtrust")
    return len(list(directory.glob("*.crt"))) if directory.exists() else 0


def test_the_system_is_given_none_where_java_has_its_own_of_it(installed):
    hook = "/etc/ca-certificates/update.d/jks-keystore"
    before = installed.read(CONF)
    assert in_system(installed) == 2
    try:
        installed.write(CONF, b"names = corp.example\n" + before)
        installed.orgtrust("sync")
        assert in_system(installed) == 2
        installed.write(hook, "#!/bin/sh\n", mode=0o755)
        installed.orgtrust("sync")
        assert in_system(installed) == 0
        _, text = verdict(installed)
        assert "nor is the system's store, of which its own is made" in text
        assert "and from the system's store, of which Java's is made" in installed.orgtrust(
            "status").stdout
        report = installed.doctor("system", "programs")
        assert "not in the system's store, of which Java's is made" in details(report, "system")
        assert "anchors but those that are limited to names" in details(report, "programs")
    finally:
        installed.path(hook).unlink(missing_ok=True)
        installed.write(CONF, before)
        installed.orgtrust("sync")
    assert in_system(installed) == 2
