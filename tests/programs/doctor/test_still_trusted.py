"""orgtrust doctor and what a source distrusts: that the machine still trusts it, and by
what."""

from __future__ import annotations

import pytest
from examined import JAVA_STORE, details, on_a_machine, results
from support.p11_system import need

pytestmark = on_a_machine

CONF = "/etc/orgtrust/orgtrust.conf"
LOCAL = "/usr/local/share/ca-certificates/theirs.crt"


@pytest.fixture
def doubting(machine, party):
    """The machine, where the first root is active in a source that distrusts; it is as it
    was afterwards."""
    before = machine.read(CONF)
    no = party.client(project="proj_no")
    no.activate(party.ids[0])
    machine.write(CONF, before + b"[source default]\n[source no]\nproject = proj_no\n"
                  b"inherit = no\nmeaning = distrust\n")
    machine.orgtrust("sync")
    yield machine
    no.deactivate(party.ids[0])
    no.close()
    machine.write(CONF, before)
    machine.orgtrust("sync")


def verdict(machine, status=0) -> tuple[str, str]:
    report = machine.doctor("distrust", status=status)
    return results(report)["distrust"], details(report, "distrust")


@pytest.fixture
def system_trusts(doubting):
    """Makes the system trust a certificate, until the test ends."""
    def trust(cert):
        doubting.write(LOCAL, cert.pem)
        doubting.run("update-ca-certificates")

    yield trust
    doubting.path(LOCAL).unlink(missing_ok=True)
    doubting.run("update-ca-certificates", "--fresh")


def test_without_a_no_there_is_nothing_to_look_at(machine):
    word, text = verdict(machine)
    assert word != "fails" and "no source has meaning = distrust" in text


def test_what_nothing_trusts_is_proved(doubting):
    word, text = verdict(doubting)
    assert word == "proved" and "has the name and the key of what is distrusted" in text
    assert "1 certificate is distrusted" in text


def test_what_the_system_trusts_is_told(doubting, party, system_trusts):
    system_trusts(party.roots[1])
    assert verdict(doubting)[0] == "proved"
    system_trusts(party.roots[0])
    word, text = verdict(doubting, status=14)
    assert word == "fails" and "still trusted by who reads the system's store" in text
    assert f"CN={party.roots[0].cn}, which the source no distrusts" in text
    assert party.roots[0].sha256 in text and "export_system = yes in that source" in text
    conf = doubting.read(CONF)
    doubting.write(CONF, conf + b"export_system = yes\n")
    _, text = verdict(doubting, status=14)
    doubting.write(CONF, conf)
    assert "in that source" not in text and "take it out, then update-ca-cert" in text


def test_of_a_java_store_that_cannot_be_read_it_is_told(doubting, party):
    need("keytool")
    with doubting.java_trusts(party.roots[0]):
        doubting.write(JAVA_STORE, "damaged")
        word, text = verdict(doubting)
    assert word == "not-proved", text
    assert ("what Java trusts is not known, and may be what is distrusted: keytool cannot read "
            "it") in text


def test_a_twin_is_told_as_well(doubting, party, certs, system_trusts):
    root = party.roots[0]
    twin = certs.ca(root.cn, key=root.key)
    assert twin.sha256 != root.sha256
    system_trusts(twin)
    word, text = verdict(doubting, status=14)
    assert word == "fails" and twin.sha256 in text


def test_what_javas_own_store_trusts_is_told(doubting, party):
    need("keytool")
    with doubting.java_trusts(party.roots[0]):
        word, text = verdict(doubting, status=14)
    assert word == "fails" and "still trusted by Java: its store has 1" in text, text
    assert party.roots[0].sha256 in text and verdict(doubting)[0] == "proved"


def test_a_list_that_is_not_there_is_told(doubting):
    [path] = doubting.path("/var/cache/orgtrust").glob("no.snapshot")
    path.unlink()
    word, text = verdict(doubting, status=14)
    assert word == "fails" and "what it distrusts is not known, and is trusted" in text


def test_the_other_checks_know_what_is_withheld(doubting):
    """The source that distrusts has no anchors that a reader could miss."""
    doubting.install("openssl", "nss")
    try:
        report = doubting.doctor("openssl", "nss", "exports", "source")
        assert set(results(report).values()) == {"proved"}, report
    finally:
        doubting.uninstall("openssl", "nss")
