"""Rows 10 to 20: what a certificate's id, content and dates may not do."""

import time

import pytest

from support.world import PROTOCOL

BAD_IDS = ["cert_a/b", "..", "cert_..%2fx", "%2e%2e", "cert\x00a", "cert\na", "a" * 129,
           "cert_a?b", "cert_ä", "cert a"]


@pytest.mark.parametrize("bad", BAD_IDS, ids=range(len(BAD_IDS)))
def test_fault_10_a_bad_id_never_reaches_a_url_or_a_path(synced, api, certs, bad):
    api.add(certs.ca("Bad id"), cert_id=bad)
    files = {p for p in synced.dir.rglob("*")}
    synced.sync_keeps(PROTOCOL)
    assert api.count("get") == 0
    assert {r.query.get("after") for r in api.requests} == {None}
    new = {p for p in synced.dir.rglob("*")} - files
    assert all(p.name in ("default.state", "default.lock") for p in new), new


def test_fault_10_a_bad_cursor_never_reaches_a_url(synced, api):
    api.on("list", lambda request, right: right.changed(
        lambda body: body | {"has_more": True, "last_id": "../../x"}))
    synced.sync_keeps(PROTOCOL, "last_id")
    assert api.count("list") == 1


def test_fault_11_another_id_than_was_asked_for(synced, api, certs):
    asked = api.add(certs.ca("Asked"))
    other = api.certs[0]["id"]
    api.on("get", lambda request, right: right.changed(lambda b: b | {"id": other}),
           cert_id=asked)
    synced.sync_keeps(PROTOCOL, asked)
    synced.heals(4)


def without_content(body):
    del body["certificate_details"]["content"]


def null_content(body):
    body["certificate_details"]["content"] = None


@pytest.mark.parametrize("change", [without_content, null_content])
def test_fault_12_missing_content_is_asked_for_again(synced, api, certs, change):
    new = api.add(certs.ca("Late"))
    api.on("get", lambda request, right: right.changed(change), nth=0)
    synced.sync()
    assert api.count("get") == 2
    assert new in [c["id"] for c in synced.listed()]


@pytest.mark.parametrize("change", [without_content, null_content])
def test_fault_12_content_that_stays_away_ends_the_sync(synced, api, certs, change):
    new = api.add(certs.ca("Never"))
    api.on("get", lambda request, right: right.changed(change))
    synced.sync_keeps(PROTOCOL, new, "content")
    assert api.count("get") == 2, "once more, then no more"
    synced.heals(4)


def quarantined(machine, cert_id, *words):
    """The entry is shown with its reason, and handed to nobody."""
    entries = {e["id"]: e for e in machine.status()["quarantined"]}
    assert cert_id in entries, machine.status()
    reason = entries[cert_id]["reason"]
    for word in words:
        assert word.lower() in reason.lower(), (word, reason)
    assert machine.count(f"orgtrust://default/{cert_id}?state=all") == 0
    return reason


@pytest.mark.parametrize("with_certificate", [False, True])
def test_fault_13_a_private_key_is_quarantined_and_never_cached(synced, api, certs,
                                                                with_certificate):
    cert = certs.ca("Leaked", key=certs.new_key())
    secret = cert.key.read_text()
    content = secret + cert.pem if with_certificate else secret
    leaked = api.add(cert, content=content)
    done = synced.sync()
    quarantined(synced, leaked, "private key")
    assert synced.count() == 3
    lines = [line for line in secret.splitlines() if "-----" not in line]
    for line in lines:
        assert line not in done.text
        for path in synced.dir.rglob("*"):
            if path.is_file():
                assert line.encode() not in path.read_bytes(), path


def test_fault_14_of_several_certificates_the_first_is_the_anchor(synced, api, certs):
    first, second, third = certs.many(3, "Behind")
    entry = api.add(certs.ca("Several"), content=first.pem + second.pem + third.pem)
    before = synced.count()
    done = synced.sync()
    assert done.stdout.count("1 warning") == 1
    (shown,) = [c for c in synced.listed() if c["id"] == entry]
    assert (shown["state"], shown["sha256"]) == ("active", first.sha256)
    for cert in (second, third):
        assert f"{cert.cn} (SHA-256 {cert.sha256[:8]}" in shown["warning"]
        assert cert.cn in synced.orgtrust("status").stdout, "status names the others"
    assert synced.count() == before + 1
    found = synced.storeutl("-certs").stdout
    assert first.pem.strip() in found and second.pem.strip() not in found
    api.forget()
    done = synced.sync("--json").json()["sources"][0]
    assert (done["changed"], api.count("get")) == (False, 0), "and is kept so"
    (shown,) = [c for c in synced.listed() if c["id"] == entry]
    assert second.cn in shown["warning"]


def test_fault_14_whatever_else_stands_behind_the_first_is_quarantined(synced, api, certs):
    first = certs.ca("First of all")
    key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
    crl = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
    cut = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"
    made = {api.add(certs.ca(f"Odd {i}"), content=first.pem + more): word
            for i, (more, word) in enumerate(((key, "private key"), (crl, "revocation list"),
                                              (cut, "not base64")))}
    synced.sync()
    for entry, word in made.items():
        quarantined(synced, entry, word)
    assert synced.count() == 3


def test_fault_14_headers_in_the_block_are_quarantined(synced, api, certs):
    pem = certs.ca("Headers").pem
    head, rest = pem.split("\n", 1)
    odd = api.add(certs.ca("Headers 2"), content=f"{head}\nProc-Type: 4,CLEAR\n\n{rest}")
    synced.sync()
    quarantined(synced, odd)
    assert synced.count() == 3


def test_fault_14_text_around_one_block_is_allowed(synced, api, certs):
    cert = certs.ca("Wrapped in text")
    api.add(cert, content=f"subject=Wrapped\r\n\r\n{cert.pem}\nthe end\n")
    synced.sync()
    assert synced.count() == 4


def one_line(pem):
    begin, *lines, end = pem.strip().splitlines()
    return f"{begin}{''.join(lines)}{end}"


def test_fault_15_one_line_of_good_base64_is_accepted(synced, api, certs):
    cert = certs.ca("One line")
    api.add(cert, content=one_line(cert.pem))
    synced.sync()
    assert synced.count() == 4
    found = synced.storeutl("-certs", "-sha256", "-fingerprint", cert.sha256)
    assert "Total found: 1" in found.stdout


@pytest.mark.parametrize("damage", [
    lambda pem: pem.replace("MII", "M!I", 1),
    lambda pem: pem.replace("=", "").replace("-----END", "A-----END"),
    lambda pem: pem.replace("-----END", "====-----END"),
])
def test_fault_15_one_line_of_bad_base64_is_quarantined(synced, api, certs, damage):
    cert = certs.ca("Bad line")
    bad = api.add(cert, content=damage(one_line(cert.pem)))
    synced.sync()
    quarantined(synced, bad)
    assert synced.count() == 3


def pem_around(der):
    import base64
    text = base64.b64encode(der).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""])


@pytest.mark.parametrize("damage", [
    lambda der: der + b"\0", lambda der: der[:-1], lambda der: b"\x30\x03\x02\x01\x01",
    lambda der: b"\x30\x80" + der[4:] + b"\0\0", lambda der: b"not DER at all",
], ids=["trailing", "short", "other", "indefinite", "text"])
def test_fault_16_bytes_that_are_no_certificate_are_quarantined(synced, api, certs, damage):
    cert = certs.ca("Damaged")
    bad = api.add(cert, content=pem_around(damage(cert.der)))
    synced.sync()
    quarantined(synced, bad)
    assert synced.count() == 3


def odd_certificates(certs):
    yield certs.ca("Negative", serial=-5)
    yield certs.ca("Huge", serial=int("7f" * 40, 16))
    yield certs.ca("Critical", extensions=["1.2.3.4.5.6=critical,DER:05:00"])
    yield certs.ca("Tiny", key=certs.new_key("RSA", "rsa_keygen_bits:512"))


def test_fault_17_odd_certificates_are_kept(synced, api, certs):
    odd = [(api.add(c), c) for c in odd_certificates(certs)]
    synced.sync()
    assert synced.count() == 3 + len(odd)
    for cert_id, cert in odd:
        out = synced.storeutl("-certs", uri=f"orgtrust://default/{cert_id}").stdout
        assert "".join(cert.pem.split()) in "".join(out.split()), cert.cn
        if cert.serial < 0:
            continue  # the openssl program has no way to say it
        found = synced.storeutl("-noout", "-certs", "-issuer", f"/CN={cert.cn}",
                                "-serial", str(cert.serial))
        assert "Total found: 1" in found.stdout, (cert.cn, found)


def test_fault_18_the_certificate_is_right_about_its_dates(synced, api, certs):
    cert = certs.ca("Lied about")
    valid_at, expires_at = cert.dates()
    lied = api.add(cert, valid_at=1, expires_at=2)
    synced.sync()
    shown = {c["id"]: c for c in synced.listed()}[lied]
    assert (shown["valid_at"], shown["expires_at"]) == (valid_at, expires_at)
    assert shown["warning"], "it says that the API disagrees"
    assert synced.count() == 4


def test_fault_19_one_certificate_under_two_ids(synced, api, certs):
    cert = certs.ca("Twice")
    first, second = api.add(cert, name="one"), api.add(cert, name="two")
    synced.sync()
    for cert_id in (first, second):
        assert synced.count(f"orgtrust://default/{cert_id}") == 1
    assert synced.count("orgtrust:///?name=one") == 1
    assert synced.count("orgtrust:///?name=two") == 1


def test_fault_19_all_certificates_of_a_subject_come_together(synced, api, certs):
    keys = [certs.new_key() for _ in range(3)]
    for key in keys:
        api.add(certs.ca("Same subject", key=key))
    synced.sync()
    found = synced.storeutl("-noout", "-certs", "-subject", "/CN=Same subject")
    assert "Total found: 3" in found.stdout


def test_fault_20_validity_and_ca_are_shown_as_they_are(synced, api, certs):
    expired = api.add(certs.dated("Expired", "20000101000000Z", "20010101000000Z"))
    future = api.add(certs.dated("Future", "20400101000000Z", "20480101000000Z"))
    leaf = api.add(certs.ca("Leaf", is_ca=False))
    soon = api.add(certs.ca("Soon", days=5))
    synced.sync()
    shown = {c["id"]: c for c in synced.listed()}
    now = time.time()
    assert shown[expired]["expires_at"] < now
    assert shown[future]["valid_at"] > now
    assert shown[leaf]["ca"] is False
    assert shown[soon]["ca"] is True
    assert synced.count() == 7, "consumers check dates themselves"
    expiring = [c["id"] for c in synced.status()["expiring"]]
    assert soon in expiring
    assert future not in expiring


def test_fault_20_a_certificate_that_is_no_ca_vouches_for_nobody(synced, api, certs,
                                                                 tmp_path):
    not_ca = certs.ca("Not a CA", is_ca=False)
    leaf = certs.issue(not_ca, "leaf.example", san="DNS:leaf.example")
    api.add(not_ca)
    synced.sync()
    refused = synced.openssl("verify", "-CAstore", "orgtrust:///", leaf.path, status=None)
    assert refused.status != 0
    assert "OK" not in refused.stdout
