"""What is said of a certificate that is withheld, and where it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import paths
from support.cert_readers import pem
from support.odd_certs import IS_CA, Odd, ec_key, extension, name, number, oid, tlv
from support.odd_curves import GENERATORS
from support.p11_system import need, with_plain_build
from support.process import run
from support.world import OK

ODD = Path(__file__).resolve().parent / "odd"
SM2 = Odd(cn="sm2", key=ec_key(GENERATORS["SM2"][1], oid(GENERATORS["SM2"][0])))


def odd(stem: str) -> str:
    return (ODD / f"{stem}.pem").read_text()


def by_id(machine, *args):
    return {c["id"]: c for c in machine.listed(*args)}


@pytest.fixture
def twice(synced, api):
    """One of everything active: a certificate with an extension twice."""
    synced.odd = api.add(None, content=odd("p_dupcomment"), name="odd")
    synced.said = synced.sync()
    return synced


def test_fault_57_every_command_names_what_is_withheld_and_who_would_stumble(twice):
    reason = "it has one extension twice: GnuTLS and Java would throw away every"
    places = "tokens, shared files and trust stores for Java"
    assert f"default: {twice.odd} is withheld from {places}: {reason}" in twice.said.stderr
    assert "3 active of 4" in twice.said.stdout and ", 1 withheld" in twice.said.stdout
    listed = twice.orgtrust("list").stdout
    assert f"\n'odd' is withheld from {places}: {reason}" in listed
    (row,) = [line for line in listed.splitlines() if line.endswith(f"  {twice.odd}")]
    assert " withheld " in row
    entry = by_id(twice)[twice.odd]
    assert entry["state"] == "withheld" and entry["active"] is True
    assert entry["withheld_from"] == ["token", "files", "java"]
    assert entry["reason"].startswith(reason)
    assert set(by_id(twice, "--state", "withheld")) == {twice.odd}
    shown = twice.orgtrust("show", twice.odd).stdout
    assert f"withheld    {places}\n" in shown and f"because     {reason}" in shown
    status = twice.orgtrust("status").stdout
    assert "1 active, but withheld where programs share:" in status
    assert f"{twice.odd}  odd  from {places}: {reason}" in status
    assert [c["id"] for c in twice.status()["withheld"]] == [twice.odd]


def test_fault_57_it_is_in_no_shared_file_and_openssl_keeps_what_it_can_use(twice, tmp_path):
    assert twice.count() == 3  # OpenSSL reads it
    for kind in ("pem", "p12"):
        twice.orgtrust("export", "--format", kind, "--output", tmp_path / kind)
    assert (tmp_path / "pem").read_text().count("BEGIN") == 2
    done = twice.openssl("pkcs12", "-in", tmp_path / "p12", "-nokeys", "-passin", "pass:",
                         env={"OPENSSL_CONF": "/dev/null"})
    assert done.stdout.count("BEGIN") == 2
    done = twice.orgtrust("export", "--format", "pem", "--id", twice.odd, status=None)
    assert done.status != OK and "withheld" in done.stderr


def test_fault_57_what_java_alone_cannot_read_is_in_the_other_files(synced, api, tmp_path):
    key = api.add(None, content=pem(SM2.der()).decode())
    synced.sync()
    for kind in ("pem", "p12"):
        synced.orgtrust("export", "--format", kind, "--output", tmp_path / kind)
    assert (tmp_path / "pem").read_text().count("BEGIN") == 3
    done = synced.openssl("pkcs12", "-in", tmp_path / "p12", "-nokeys", "-passin", "pass:",
                          env={"OPENSSL_CONF": "/dev/null"})
    assert done.stdout.count("BEGIN") == 2
    assert by_id(synced)[key]["withheld_from"] == ["token", "java"]


def test_fault_57_what_openssl_cannot_use_is_not_in_its_store(synced, api):
    offset = api.add(None, content=odd("o_utcoffset"))
    synced.sync()
    assert synced.count() == 2 and synced.count("orgtrust:///?state=all") == 3
    assert "openssl" in by_id(synced)[offset]["withheld_from"]


def test_an_inactive_one_is_not_called_withheld(synced, api):
    idle = api.add(None, content=odd("p_dupcomment"), active=False)
    done = synced.sync()
    assert "withheld" not in done.stdout + done.stderr
    assert by_id(synced)[idle]["state"] == "inactive"
    assert synced.status()["withheld"] == []
    assert "withheld    tokens" in synced.orgtrust("show", idle).stdout


# Before anything is sent.

def test_upload_warns_before_and_does_not_refuse(synced, api, tmp_path):
    file = tmp_path / "odd.pem"
    file.write_text(odd("p_dupcomment"))
    words = f"warning: while it is active, {file} is withheld from tokens, shared files"
    done = synced.orgtrust("upload", "--activate", "--dry-run", file)
    assert "would upload" in done.stdout
    done = synced.orgtrust("upload", "--activate", file)
    assert done.stderr.count(words) == 1 and "Java" in done.stderr
    (made,) = [c["id"] for c in api.certs if c["id"] not in synced.ids]
    assert api.item(made)["active"] is True
    synced.orgtrust("deactivate", "--yes", made)
    done = synced.orgtrust("activate", made)
    assert f"warning: while it is active, {made} is withheld from tokens" in done.stderr


def test_apply_warns_before(synced, tmp_path):
    directory = tmp_path / "wanted"
    directory.mkdir()
    (directory / "odd.pem").write_text(odd("p_dupcomment"))
    done = synced.orgtrust("apply", "--yes", directory)
    assert "odd.pem is withheld from tokens" in done.stderr


# A field that the schema does not have.

def add_field(api, kind, cert_id, **fields):
    """Answers of that kind say so of that certificate."""
    def change(_request, right):
        def edit(body):
            for item in body.get("data", [body]):
                if item["id"] == cert_id:
                    item.update(fields)
        return right.changed(edit)
    api.on(kind, change)


def test_fault_69_an_unknown_field_is_a_warning_and_no_more(synced, api):
    add_field(api, "list", synced.ids[0], owner="x")
    done = synced.sync()
    assert ", 1 warning" in done.stdout and "withheld" not in done.stdout
    (warned,) = synced.status()["warned"]
    assert warned["id"] == synced.ids[0] and "owner" in warned["warning"]
    assert "owner" in synced.orgtrust("status").stdout
    assert synced.count() == 2
    before = synced.snapshot()
    assert "unchanged" in synced.sync().stdout and synced.snapshot().inode == before.inode
    api.heal()
    synced.sync()
    assert synced.status()["warned"] == []


@pytest.mark.parametrize("fields, said", [
    ({"filter": "x"}, '"filter"'),
    ({"limits": [{"CEL_policy": {"a": 1}}]}, '"limits.CEL_policy"'),
    ({"certificate_details": {"valid_at": 1, "expires_at": 2, "nameConstraints": ["a"]}},
     '"certificate_details.nameConstraints"'),
])
def test_fault_69_a_field_that_restricts_withholds_everywhere(synced, api, fields, said,
                                                              tmp_path):
    add_field(api, "list", synced.ids[0], **fields)
    done = synced.sync()
    assert said in done.stderr and "1 withheld" in done.stdout
    (entry,) = synced.status()["withheld"]
    assert entry["id"] == synced.ids[0] and said in entry["reason"]
    assert entry["withheld_from"] == ["openssl", "token", "files", "java"]
    assert synced.count() == 1
    synced.orgtrust("export", "--format", "pem", "--output", tmp_path / "pem")
    assert (tmp_path / "pem").read_text().count("BEGIN") == 1
    assert "unchanged" in synced.sync().stdout
    api.heal()
    synced.sync()
    assert synced.status()["withheld"] == [] and synced.count() == 2


def test_fault_69_the_certificates_own_answer_counts_too_while_it_says_so(synced, api, certs):
    late = api.add(certs.ca("Filtered"))
    add_field(api, "get", late, cel_filter="x")
    done = synced.sync()
    assert '"cel_filter"' in done.stderr and "1 added" in done.stdout
    assert synced.count() == 2
    assert "unchanged" in synced.sync().stdout
    assert synced.status()["withheld"][0]["id"] == late
    api.heal()
    done = synced.sync()
    assert "1 modified" in done.stdout and synced.count() == 3


def test_fault_69_fitness_is_judged_again_once_a_restriction_is_gone(twice, api):
    add_field(api, "list", twice.odd, policy="x")
    twice.sync()
    assert len(by_id(twice)[twice.odd]["withheld_from"]) == 4
    api.heal()
    twice.sync()
    entry = by_id(twice)[twice.odd]
    assert entry["withheld_from"] == ["token", "files", "java"]
    assert "one extension twice" in entry["reason"]


def told(machine) -> set[str]:
    """Names of what readers of the module of distrust are told."""
    done = machine.check(run([need("p11tool", "gnutls-bin"), "--provider",
                              paths.DISTRUST_PKCS11_MODULE, "--list-all-certs",
                              "pkcs11:"], timeout=60, env=machine.env))
    return set(re.findall("Label: (.*)", done.stdout))


@with_plain_build
@pytest.mark.parametrize("kind", ["list", "get"])
@pytest.mark.parametrize("name, is_told", [("filtered", True), ("odd", False)])
def test_what_restricts_trust_in_a_certificate_does_not_keep_a_no_from_its_readers(
        synced, api, certs, kind, name, is_told):
    """But what they stumble over does; and trust in it stays restricted."""
    content = certs.ca("Filtered").pem if is_told else odd("p_dupcomment")
    add_field(api, kind, api.add(None, content=content, name=name), filter="x")
    before = synced.conf.read_text()
    synced.sync()
    assert synced.count() == 2 and told(synced) == set()
    synced.conf.write_text(before + "meaning = distrust\n")
    synced.sync()
    assert told(synced) == {"root 0", "root 1"} | ({name} if is_told else set())
    synced.conf.write_text(before)
    assert synced.count() == 2


# What keeps programs from finding the right one.

def made(cn, **parts) -> str:
    return pem(Odd(cn=cn, **parts).der()).decode()


def test_status_names_what_programs_would_mistake(synced, api):
    point = GENERATORS["secp384r1"]
    other = ec_key(point[1], oid(point[0]))
    future = api.add(None, content=made("future", not_before=tlv(23, b"390101000000Z")))
    serial = [api.add(None, content=made("serial", serial=number(7), key=k))
              for k in (ec_key(), other)]
    same = [api.add(None, content=made("same", issuer=name("same"), subject=name("same"),
                                       serial=number(8 + i), key=k))
            for i, k in enumerate((ec_key(), other))]
    long = api.add(None, content=made("long", extensions=(
        IS_CA, extension("2.5.29.14", tlv(4, b"\1" * 129)))))
    synced.sync()
    said = synced.status()

    def named(kind):
        return {c["id"] for c in said[kind]}

    assert named("not_yet_valid") == {future}
    assert named("same_serial") == set(serial)
    assert named("same_name") == {*same, *serial}
    assert named("long_key_id") == {long}
    human = synced.orgtrust("status").stdout
    for words in ("not valid yet:", "NSS takes only one", "OpenSSL tries only one",
                  "of more than 128 bytes"):
        assert words in human
