"""What somebody with an admin key changes through the page, and what it says before."""

import json
import time

import pytest
from support.certs import pem_of
from support.odd_certs import UTC, Odd, tlv
from support.odd_variants import variants
from support.p11_system import with_plain_build
from support.process import wait_until

pytestmark = with_plain_build


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def candidates(page):
    return {one[0]: one[1:] for one in page.js(
        "[...document.querySelectorAll('.candidate')].map((one) => [one.querySelector('input')"
        "?.value ?? one.querySelector('p').textContent, ...[...one.querySelectorAll("
        "'.problem, .odd')].map((p) => p.textContent)])")}


def test_what_is_wrong_is_said_before_anything_is_sent(page, organization, certs, tmp_path):
    here = certs.ca("Here already", key=certs.new_key())
    organization.api.upload(here, "Known")
    weak = certs.ca("Weak", key=certs.new_key("RSA", "rsa_keygen_bits:1024"))
    leaf = certs.issue(here, "leaf.example")
    ended = certs.dated("Ended", "20200101000000Z", "20210101000000Z")
    good = certs.ca("Good & <b>bold", key=certs.new_key())
    files = [here.path, weak.path, leaf.path, ended.path,
             written(tmp_path / "key.pem", good.pem + good.key.read_text()),
             written(tmp_path / "text.pem", "no certificate"),
             written(tmp_path / "broken.pem", "-----BEGIN CERTIFICATE-----\n%%%\n"
                                              "-----END CERTIFICATE-----\n"),
             written(tmp_path / "cut.pem", good.pem[:300]),
             written(tmp_path / "short.der", good.der[:-5]),
             written(tmp_path / "good.der", good.der),
             written(tmp_path / "again.pem", good.pem)]
    page.open(organization.key)
    page.click("Upload", "button")
    page.choose(*files)
    page.waits_for("4 certificates to upload, 7 are left out. Nothing has been sent yet.", "dialog")
    seen = candidates(page)
    assert seen["Here already"] == ["It is here already: Known."]
    assert seen["Weak"] == ["Its RSA key has 1024 bits."]
    assert "It is not an authority: no program trusts it as an anchor." in seen["leaf.example"]
    assert seen["Ended"][0].startswith("It ended on ")
    assert "nothing of it is sent" in seen["key.pem"][0]
    assert seen["text.pem"] == ["It holds no certificate, neither in PEM nor in DER."]
    assert seen["broken.pem"] == ["Its base64 is broken."]
    assert seen["short.der"][0].startswith("It cannot be read")
    assert seen["cut.pem"] == ["It holds the beginning of a certificate without its end: it was "
                               "cut off."]
    # By its name there are two: the one that is sent, and the one that is that one again.
    assert seen["Good & <b>bold"] == ["It is in good.der already."]
    page.screenshot("upload-problems")
    assert page.changes() == [] and len(organization.api.list()) == 1
    page.click("Upload 4 certificates", "dialog button")
    page.waits_for("5 certificates, 0 active", "#contents")
    assert {one["name"] for one in organization.api.list()} == {
        "Known", "Weak", "leaf.example", "Ended", "Good & <b>bold"}
    assert page.complaints() == []


def test_files_may_be_dropped_anywhere(admin, organization, certs):
    two = [certs.ca(f"Dropped {i}", key=certs.new_key()).path for i in (1, 2)]
    admin.drop(*two)
    admin.waits_for("2 certificates to upload", "dialog")
    admin.click("Cancel", "dialog button")
    assert admin.changes() == [] and not admin.has("Upload certificates", "h2")
    admin.drop(two[0])
    admin.click("Upload 1 certificate", "dialog button")
    admin.waits_for("1 certificate, 0 active", "#contents")


def test_the_room_that_is_left_is_known(page, organization, certs):
    organization.stop()
    organization.max_certificates = 1
    organization.start()
    page.url = f"http://127.0.0.1:{organization.port}/console/"
    page.open(organization.key)
    page.click("Upload", "button")
    page.choose(*(certs.ca(f"Root {i}", key=certs.new_key()).path for i in (1, 2)))
    page.waits_for("1 certificate to upload, 1 is left out", "dialog")
    assert page.js("[...document.querySelectorAll('.candidate .problem')].map((one) =>"
                   " one.textContent)") == [
        "There is no room for it: 1 certificate at most (--max-certificates)."]


def test_what_is_read_here_is_what_the_server_reads(admin, organization, certs):
    """der.js beside OpenSSL, and on what no library makes: an answer, and no accident."""
    made = [certs.ca("EC", key=certs.new_key(), serial=0x7F01),
            certs.ca("RSA", key=certs.new_key("RSA", "rsa_keygen_bits:2048"), serial=0x80),
            certs.dated("Late", "20490101000000Z", "20520101000000Z"),
            certs.issue(certs.ca("Issuer"), "leaf")]
    ids = [organization.api.upload(cert) for cert in made]
    server = {one["id"]: one for one in
              organization.api.call("GET", "/v1/orgtrust/certificates")["data"]}
    for cert_id, cert in zip(ids, made):
        here = admin.js(f"import('./der.js').then((m) => m.readCertificate(new Uint8Array("
                        f"{list(cert.der)})))")
        there = server[cert_id]
        assert int(here["serial"], 16) == int(there["serial"].replace(":", ""), 16) == cert.serial
        assert (here["validAt"], here["expiresAt"]) == (there["valid_at"], there["expires_at"])
        assert here["isCa"] is there["is_ca"] and here["isSelfIssued"] is there["self_signed"]
        assert here["subject"][-1] == ["CN", cert.cn]
    odd = [list(one) for one in variants().values()]
    assert len(odd) > 200
    for begin in range(0, len(odd), 100):
        problems = admin.js(
            "import('./check.js').then((m) => " + json.dumps(odd[begin:begin + 100]) +
            ".map((one) => m.checkCertificate(new Uint8Array(one),"
            " {certificates: [], checkedAt: 0}).problems.length))")
        assert all(count in (0, 1) for count in problems)


def test_a_name_a_project_and_an_end(admin, organization, certs):
    cert_id = organization.api.upload(certs.ca("Subject of it", key=certs.new_key()), "first")
    admin.click("Projects", "nav a")
    admin.click("Make a project", "button")
    admin.write("Canary <hosts>")
    admin.enter()
    admin.waits_for("Canary <hosts>", "table")
    admin.click("Certificates", "nav a")
    admin.click("first", "a")
    admin.waits_for("Certificate:", "pre")
    admin.click("Rename", "button")
    admin.js("document.getElementById('new-name').select()")
    admin.write("second")
    admin.click("Rename", "dialog button")
    admin.waits_for("second", "h3")
    admin.waits_for("renamed second", ".log")
    admin.click("Activate in Canary <hosts>", "button")
    admin.waits_for("Until", "dialog")
    admin.js("document.getElementById('until').value = '2027-03-01'")
    admin.click("Activate", "dialog button")
    admin.waits_for("Canary <hosts>: active", ".scopes")
    admin.waits_for("in Canary <hosts> until Mar 1, 2027", ".log")
    (one,) = organization.api.call("GET", "/v1/orgtrust/certificates")["data"]
    assert (one["id"], one["name"]) == (cert_id, "second")
    end = one["active_in"][0]["deactivate_at"]
    assert time.strftime("%Y-%m-%d", time.gmtime(end)) == "2027-03-01"
    assert admin.js("[...document.querySelectorAll('button')].find((one) =>"
                    " one.textContent === 'Delete').disabled") is True
    organization.api.activate(cert_id)
    admin.click("Deactivate in Canary <hosts>", "button")
    admin.waits_for("It is active in the organization (whose list hosts of a project have, too) as "
                    "well, and stays so.", "dialog")
    organization.api.deactivate(cert_id)
    admin.click("Deactivate", "dialog button")
    admin.waits_for("Canary <hosts>: not active", ".scopes")
    admin.click("Delete", "button")
    admin.waits_for("is active nowhere", "dialog")
    admin.click("Delete", "dialog button")
    admin.waits_for("no certificates yet", "#contents")
    assert organization.api.list() == [] and admin.complaints() == []


def test_what_the_server_refuses_is_said_and_nothing_is_lost(admin, organization, roots):
    cert_id = organization.api.upload(roots[0], "contested")
    admin.look()
    admin.click("contested", "a")
    admin.waits_for("Certificate:", "pre")
    admin.click("Delete", "button")
    organization.api.activate(cert_id)
    admin.click("Delete", "dialog button")
    admin.waits_for("deactivate it there first", "dialog .problem")
    admin.escape()
    assert not admin.has("Delete", "dialog h2")
    assert [one["id"] for one in organization.api.list()] == [cert_id]


def test_keys_are_made_shown_once_and_deleted(admin, organization):
    admin.click("Keys", "nav a")
    admin.click("Make an admin key", "button")
    admin.write("Robin")
    admin.js("document.getElementById('key-days').value = '30'")
    admin.click("Make", "dialog button")
    admin.waits_for("It is shown this once", "dialog")
    value = admin.text("dialog .secret")
    organization.client(key=value).list()
    admin.click("Done", "dialog button")
    admin.waits_for("Robin", "table")
    assert value not in admin.js("document.documentElement.outerHTML")
    admin.click("Delete Robin", "button")
    admin.click("Delete", "dialog button")
    wait_until(lambda: "Robin" not in admin.text("#contents"), what="the table without it")
    assert organization.client(key=value).request("GET", "/v1/orgtrust/server")[0] == 401


def test_a_read_key_changes_nothing(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    assert page.js("[...document.querySelectorAll('nav a')].map((one) => one.textContent)") == [
        "Certificates", "Timeline", "Hosts", "Projects"]
    assert page.js("[...document.querySelectorAll('main button')].length") == 0
    page.drop(roots[1].path)
    page.click("a root", "a")
    page.waits_for("Certificate:", "pre")
    assert page.js("[...document.querySelectorAll('main button, dialog')].length") == 0
    page.js("location.hash = '#keys'")
    page.waits_for("Certificates", "h2")
    assert page.changes() == [] and page.complaints() == []


def test_the_chain_and_what_is_odd(page, organization, certs, reader):
    root = certs.ca("Chain root", key=certs.new_key())
    middle = certs.issue(root, "Chain middle", is_ca=True)
    for cert, name in ((root, "root"), (middle, "middle")):
        organization.add(cert, name)
    organization.add(certs.issue(middle, "leaf.example"), "leaf")
    organization.api.activate(organization.api.upload(pem_of(
        Odd(not_before=tlv(UTC, b"200101000000+0000")).der()), "odd"))
    page.open(reader)
    page.waits_for("leaf is not an authority, so that no program trusts it", "#attention")
    page.waits_for("odd is withheld from", "#attention")
    page.click("leaf", "#contents a")
    page.waits_for("leaf active middle active root signed by itself", ".chain")
    page.screenshot("certificate")
