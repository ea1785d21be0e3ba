"""All odd certificates active beside one good root, in a system that has them exported:
everybody still reads everything else, and believes a server of the good root."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest
from examined import details, of, on_a_machine, prepared, results
from support import paths
from support.https import HttpsServer
from support.p11_system import can_mount, need, with_plain_build
from support.process import run

HERE = Path(__file__).resolve().parent
PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"
CLIENT = paths.REPOSITORY / "tests" / "programs" / "clients" / "TrustClient.java"
ANCHORS, CERTS, STATE = "/usr/local/share/ca-certificates", "/etc/ssl/certs", "/var/lib/orgtrust"
BUNDLE = f"{CERTS}/ca-certificates.crt"
PAGE = "it was believed"

pytestmark = pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")


class Place:
    """The machine, its server, and the system that only they see."""

    def __init__(self, machine, directory):
        self.machine, self.dir = machine, directory
        self.mounts = {ANCHORS: directory / "anchors", CERTS: directory / "certs",
                       STATE: directory / "state",
                       "/etc/ca-certificates/update.d": directory / "hooks"}
        for source in self.mounts.values():
            if source.name != "certs":
                source.mkdir(parents=True)
        shutil.copytree(CERTS, directory / "certs", symlinks=True)
        self.p12, self.bundle = directory / "java.p12", directory / "bundle.pem"

    def run(self, *argv, **more):
        puts = [word for target, source in self.mounts.items()
                for word in ("--put", source, target)]
        return run([PRIVATE, *puts, *argv], env=self.machine.env | more.pop("env", {}),
                   timeout=180, **more)


def fill(api, certs):
    """All of them active, and one good root, which comes with a server's certificate."""
    root = certs.ca("The Good Root", key=certs.new_key())
    for path in sorted((HERE / "odd").glob("*.pem")):
        api.add(None, content=path.read_text(), name=path.stem)
    api.add(root, name="good")
    return certs.issue(root, "localhost", san="DNS:localhost,IP:127.0.0.1")


@pytest.fixture
def place(machine, api, certs, tmp_path):
    need("update-ca-certificates", "ca-certificates")
    made = Place(machine, tmp_path / "system")
    leaf = fill(api, certs)
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.html").write_text(PAGE + "\n")
    made.server = HttpsServer(pages, leaf.path, leaf.key)
    before = made.run("/usr/sbin/update-ca-certificates", "--fresh")
    assert before.status == 0, before
    made.before = (tmp_path / "system" / "certs" / "ca-certificates.crt").read_text().count(
        "BEGIN CERT")
    machine.configure(export_system="yes", export_java=made.p12, export_bundle=made.bundle)
    done = machine.check(made.run(paths.COMMAND, "sync"))
    assert done.status == 0, done
    yield made
    made.server.stop()


def test_fault_57_all_odd_ones_at_once_take_nobodys_trust_away(place):
    url, port = place.server.url, str(place.server.port)
    anchors = place.bundle.read_text().count("BEGIN CERT")
    assert anchors > 5
    whole = (place.dir / "certs" / "ca-certificates.crt").read_text().count("BEGIN CERT")
    assert whole == place.before + anchors

    done = place.run("gnutls-cli", "--x509cafile", BUNDLE, "-p", port, "localhost",
                     stdin=b"")
    assert f"Processed {whole} CA certificate(s)" in done.stdout + done.stderr, done
    assert "Status: The certificate is trusted" in done.stdout, done
    assert PAGE in place.run("wget", "-qO-", url).stdout
    assert PAGE in place.run("curl", "-sS", url).stdout
    done = place.run("git", "-c", "http.version=HTTP/1.1", "ls-remote", url + "x.git")
    assert "not found" in done.stderr and "certificate" not in done.stderr, done


@with_plain_build
def test_fault_57_java_believes_by_file_and_by_token(place):
    java, javac = need("java"), need("javac", "openjdk-17-jdk-headless")
    conf = paths.REPOSITORY / "conf" / "java"
    classes = place.dir / "classes"
    assert run([javac, "-d", classes, CLIENT], env=place.machine.env).status == 0
    text = (conf / "orgtrust-pkcs11.cfg.in").read_text()
    (place.dir / "orgtrust-pkcs11.cfg").write_text(
        text.replace("@ORGTRUST_PKCS11_DIR@/orgtrust-pkcs11.so", str(paths.PKCS11_MODULE)))
    (place.dir / "orgtrust.security").write_text(
        (conf / "orgtrust.security.in").read_text().replace("@ORGTRUST_DATADIR@",
                                                           str(place.dir)))
    for options in (
        [f"-Djavax.net.ssl.trustStore={place.p12}", "-Djavax.net.ssl.trustStoreType=PKCS12"],
        [f"-Djava.security.properties={place.dir}/orgtrust.security",
         "-Djavax.net.ssl.trustStoreType=PKCS11", "-Djavax.net.ssl.trustStore=NONE"],
    ):
        done = place.run(java, "-XX:-UsePerfData", *options, "-cp", classes, "TrustClient",
                         stdin=(place.server.url + "\n").encode())
        assert done.stdout.strip() == PAGE, done


@with_plain_build
def test_fault_57_nss_and_gnutls_believe_by_token(place):
    database = place.dir / "nss"
    database.mkdir()
    certutil, modutil = need("certutil", "libnss3-tools"), need("modutil", "libnss3-tools")
    assert place.run(certutil, "-N", "-d", f"sql:{database}", "--empty-password").status == 0
    spec = f'library="{paths.PKCS11_MODULE}" name="orgtrust" NSS="trustOrder=101"'
    done = place.run(modutil, "-dbdir", f"sql:{database}", "-rawadd", spec, "-force")
    assert done.status == 0, done
    listed = place.run(certutil, "-L", "-h", "all", "-d", f"sql:{database}").stdout
    assert "orgtrust:good" in listed and not re.search("p_dupcomment|o_utcoffset", listed)
    done = place.run("tstclnt", "-4", "-h", "localhost", "-p", str(place.server.port), "-d",
                     f"sql:{database}", "-Q", "-b", stdin=b"")
    assert done.status == 0, done


def test_fault_57_openssl_believes_by_its_store(place):
    done = place.machine.openssl(
        "s_client", "-connect", place.server.address, "-verify_return_error", "-brief",
        "-no-CAfile", "-no-CApath", "-CAstore", "orgtrust:///", stdin=b"", status=None)
    assert "Verification: OK" in done.stderr, done


@pytest.fixture
def root(api, certs, key, tmp_path):
    """A system of its own that has everything installed and exported."""
    fill(api, certs)
    made = prepared(tmp_path / "root", api.base_url, key, "export_java = /srv/trust.p12\n")
    made.install("openssl", "p11-kit", "nss", "system")  # the last sets export_system = yes
    made.orgtrust("sync")
    yield made
    made.close()


def held(root) -> dict[str, int]:
    """How many certificates each place should have, by what the organization says."""
    listed = root.orgtrust("list", "--json").json()["certificates"]
    now = time.time()
    active = [c for c in listed if c["state"] in ("active", "withheld")]
    anchors = [c for c in active if c["ca"] and c["valid_at"] <= now <= c["expires_at"]]

    def number(among, *places):
        return sum(not set(places) & set(c["withheld_from"]) for c in among)

    return {"store": number(active, "openssl"), "token": number(anchors, "token"),
            "files": number(anchors, "files"), "java": number(anchors, "java"),
            "cacerts": number(anchors, "files", "java")}


@on_a_machine
def test_fault_57_doctor_agrees(root):
    """Each reader that is here reads every real file and token whole: as many certificates
    as there are for that place."""
    for program, package in (("gnutls-cli", "gnutls-bin"), ("tstclnt", "libnss3-tools"),
                             ("keytool", "openjdk-17-jre-headless")):
        need(program, package)
    assert b"\nexport_system = yes\n" in root.read("/etc/orgtrust/orgtrust.conf")
    there = held(root)
    assert 5 < there["token"] <= there["files"] < there["store"] < 37
    report = root.doctor("source", "openssl", "p11-kit", "nss", "java", "system", "exports")
    assert set(results(report).values()) == {"proved"}, report
    for check, told in (
        ("openssl", f"the real store of this source was read whole by OpenSSL: {there['store']} "),
        ("p11-kit", f"the real token of this source was read whole by GnuTLS: {there['token']} "),
        ("nss", f"the real token of this source was read whole by NSS: {there['token']} "),
        ("java", f"the real token of this source was read whole by Java: {there['token']} "),
        ("system", f"holds the organization's {there['files']} anchors, and none that"),
        ("system", "read whole by GnuTLS and OpenSSL"),
    ):
        assert told in details(report, check), report
    exports = {found["subject"]: found["detail"] for found in of(report, "exports")["findings"]}
    for path, place, readers in (("/srv/ca.pem", "files", "GnuTLS and OpenSSL"),
                                 ("/srv/ca.d", "files", "GnuTLS and OpenSSL"),
                                 ("/srv/trust.p12", "java", "Java and OpenSSL")):
        assert f"holds the organization's {there[place]} anchors" in exports[path], report
        assert f"read whole by {readers}" in exports[path], report
    if root.path("/etc/ca-certificates/update.d/jks-keystore").exists():
        assert (f"holds the organization's {there['cacerts']} anchors; compared"
                in details(report, "java")), report
