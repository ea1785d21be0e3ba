"""orgtrust export: by hand, in every format."""

import os
import subprocess

import pytest
from export_world import fingerprints, verify
from support import paths
from support.p11_system import need
from support.process import clean_environment, run
from support.world import CONFIG, NOT_FOUND, SNAPSHOT, USAGE

# Whatever keystore format a Java writes or reads, its tools go by the C locale's messages.
_QUIET = ("-J-XX:-UsePerfData", "-J-XX:TieredStopAtLevel=1", "-J-Duser.language=en")


def keytool(world, store, *options, tool=None):
    return run([tool or need("keytool"), *_QUIET, "-list", "-keystore", store, *options],
               env=clean_environment(HOME=str(world.dir)))


@pytest.fixture
def synced(machine, api, certs):
    machine.roots = [certs.ca("Größe 🔑"), certs.ca("By Hand")]
    machine.ids = [api.add(machine.roots[0], name="first"),
                   api.add(machine.roots[1], name="second"),
                   api.add(certs.ca("off"), name="off", active=False)]
    machine.sync()
    return machine


@pytest.mark.memory
def test_every_format_by_hand(synced, tmp_path):
    first, second = synced.roots
    both = {first.sha256, second.sha256}
    done = synced.orgtrust("export", "--format", "pem")
    assert set(fingerprints(done.stdout)) == both and done.stderr == ""
    out = tmp_path / "out.pem"
    out.write_text("anything: it was named by hand")
    assert synced.orgtrust("export", "--format", "pem", "--output", out).text == ""
    assert out.read_text() == done.stdout
    link = tmp_path / "link.pem"
    link.symlink_to(out)
    synced.orgtrust("export", "--format", "pem", "--output", link)
    assert link.is_symlink() and out.read_text() == done.stdout
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    synced.orgtrust("export", "--format", "pem", "--output", pipe)
    assert reader.communicate(timeout=20)[0] == done.out and pipe.is_fifo()
    assert synced.orgtrust("export", "--format", "der", "--name", "second").out == second.der
    assert synced.orgtrust("export", "--format", "der", "--id", synced.ids[0],
                           "--output", tmp_path / "one.der").text == ""
    assert (tmp_path / "one.der").read_bytes() == first.der
    synced.orgtrust("export", "--format", "dir", "--output", tmp_path / "d")
    assert verify(first, "-CApath", tmp_path / "d") and verify(second, "-CApath",
                                                               tmp_path / "d")
    once = synced.orgtrust("export", "--format", "p12").out
    assert synced.orgtrust("export", "--format", "p12").out == once, "the same bytes"
    told = synced.orgtrust("export", "--format", "p12", "--name", "second", "--json",
                           "--output", tmp_path / "s.p12").json()
    assert told == {"source": "default", "format": "p12",
                    "output": str(tmp_path / "s.p12"), "anchors": 1}


@pytest.mark.parametrize("arguments, status, words", [
    ([], USAGE, "in which --format"),
    (["--format", "xml"], USAGE, "not one of pem, dir, p12, der"),
    (["--format", "jks"], USAGE, "every Java since 8 reads --format p12"),
    (["--format", "der"], USAGE, "DER holds one certificate, and 2 are meant"),
    (["--format", "dir"], USAGE, "--output"),
    (["--format", "pem", "--json"], USAGE, "--output"),
    (["--format", "pem", "--name", "off"], NOT_FOUND, "that is meant is a trust anchor"),
    (["--format", "pem", "--id", "cert_none"], NOT_FOUND, "that is meant is a trust anchor"),
    (["--format", "dir", "--output", "/"], None, "/"),
    (["--format", "pem", "--output", "/nowhere/x"], None, "/nowhere"),
])
def test_what_cannot_be_exported_is_said(synced, arguments, status, words):
    done = synced.orgtrust("export", *arguments, status=status)
    assert done.status != 0 and words in done.stderr
    if "--json" in arguments:
        assert words in done.json()["error"]["message"]
    else:
        assert done.stdout == ""


def test_without_a_snapshot(machine):
    machine.orgtrust("export", "--format", "pem", status=SNAPSHOT)


@pytest.mark.parametrize("options", [["-storepass", "changeit"], []],
                         ids=["changeit", "none"])
def test_java_reads_the_p12_with_a_password_and_without(synced, tmp_path, options):
    store = tmp_path / "store.p12"
    synced.orgtrust("export", "--format", "p12", "--output", store)
    done = keytool(synced, store, *options, "-v")
    assert done.status == 0, done
    assert done.stdout.count("Entry type: trustedCertEntry") == 2, done
    for root in synced.roots:
        colons = ":".join(root.sha256[i:i + 2] for i in range(0, 64, 2)).upper()
        assert f"SHA256: {colons}" in done.stdout
    assert "Alias name: orgtrust " in done.stdout


def test_fault_61_names_that_collide_in_lower_case_lose_no_certificate(synced, api, certs,
                                                                       tmp_path):
    # What Java makes of these letters depends on its version and on where it runs.
    names = ["ROOT", "root", "\u0130stanbul", "i\u0307stanbul", "\u00c4\u00d6", "\u00e4\u00f6",
             "STRASSE", "stra\u00dfe", "\u03a3\u03a3", "\u03c3\u03c2"]
    for number, name in enumerate(names):
        api.add(certs.ca(name, key=certs.new_key(), serial=number + 7), name=name)
    synced.sync()
    store = tmp_path / "store.p12"
    synced.orgtrust("export", "--format", "p12", "--output", store)
    for options in ((), ("-J-Duser.language=tr",)):
        done = keytool(synced, store, *options)
        assert done.stdout.count("trustedCertEntry") == 2 + len(names), done


def test_export_java_is_no_jks(synced):
    synced.configure(export_java=synced.dir / "store.JKS")
    done = synced.orgtrust("sync", status=CONFIG)
    assert "let its name end in .p12" in done.stderr


def test_a_newer_java_reads_it(synced, tmp_path):
    newer = "/usr/lib/jvm/temurin-25-jdk-amd64/bin/keytool"
    if subprocess.run(["test", "-x", newer], check=False).returncode != 0:
        pytest.skip("JDK 25 IS NOT INSTALLED: its keytool is not tried")
    store = tmp_path / "store.p12"
    synced.orgtrust("export", "--format", "p12", "--output", store)
    done = keytool(synced, store, "-storepass", "changeit", tool=newer)
    assert done.stdout.count("trustedCertEntry") == 2, done


def test_openssl_reads_the_p12(synced, tmp_path):
    store = tmp_path / "store.p12"
    synced.orgtrust("export", "--format", "p12", "--output", store)
    done = run([paths.OPENSSL, "pkcs12", "-in", store, "-nokeys", "-nomacver", "-passin",
                "pass:"], env=clean_environment(OPENSSL_CONF="/dev/null"))
    assert set(fingerprints(done.out.decode("latin-1"))) == {
        root.sha256 for root in synced.roots}
