"""Exports follow the snapshots: what is in them, who can read them, when they are written."""

import json
import os
import shutil
import subprocess
import time

import pytest
from export_world import blocks, fingerprints, identity, verify
from fault_server import error
from support import paths
from support.p11_system import can_mount
from support.process import Background, clean_environment, run, wait_until
from support.tls import TlsServer
from support.world import CONFIG, DISK


def curl(address, *options):
    return run(["/usr/bin/curl", "-sS", "--connect-to", f"::{address}",
                *options, "https://site.example/"],
               env=clean_environment(OPENSSL_CONF="/dev/null")).status == 0


@pytest.mark.memory
def test_a_walk_through_an_organizations_life(exports, api, certs):
    """Everything that can be said without starting anew."""
    first, second, inactive = certs.many(3, "Walk")
    leaf = certs.ca("not a CA", is_ca=False)
    expired = certs.dated("expired", "20200101000000Z", "20210101000000Z")
    future = certs.dated("future", "20900101000000Z", "20910101000000Z")
    ids = {cert: api.add(cert, active=cert is not inactive)
           for cert in (first, second, inactive, leaf, expired, future)}
    exports.configure()
    done = exports.sync()
    assert exports.hold(first, second), "fault 20: no others"
    for line in (f"bundle {exports.bundle}: 2 anchors", f"dir {exports.hashed}: 2 anchors",
                 f"java {exports.store}: 2 anchors"):
        assert line in done.stdout
    server = certs.issue(first, "server", san="DNS:site.example")
    for trust in (("-CAfile", exports.bundle), ("-CApath", exports.hashed)):
        assert verify(server, *trust)
        assert not verify(certs.issue(inactive, "no", san="DNS:no"), *trust)
    assert {path.stat().st_mode & 0o777 for path in exports.hashed.iterdir()} == {0o644}

    # Nothing new: nothing is written, in the exports or beside them.
    before = exports.identities()
    assert exports.sync().stdout.count("\n") == 1
    assert exports.identities() == before

    # A tampered or lost file is made anew, the others stay.
    hashed = next(exports.hashed.glob("*.0"))
    hashed.write_text(inactive.pem)
    exports.store.unlink()
    kept = identity(exports.bundle)
    exports.sync()
    assert exports.hold(first, second) and identity(exports.bundle) == kept

    # What is deactivated goes; what stays in the directory is not touched.
    stays = next(p for p in exports.hashed.glob("*.0")
                 if fingerprints(p.read_text()) == [second.sha256])
    kept, place = identity(stays), exports.hashed.stat().st_ino
    api.item(ids[first])["active"] = False
    exports.sync()
    assert exports.hold(second) and identity(stays) == kept
    assert exports.hashed.stat().st_ino == place
    assert not verify(server, "-CAfile", exports.bundle)

    # The API is away: what is there stays, and what is missing is still made.
    api.on("list", lambda request, right: None)
    exports.bundle.unlink()
    exports.sync(status=None)
    assert exports.hold(second)
    assert not exports.temporaries()
    assert exports.told()["bundle"] == {"kind": "bundle", "path": str(exports.bundle),
                                        "problem": None, "status": None, "at": None}


def test_a_handshake_follows(exports, api, certs, tmp_path):
    """curl, with the bundle and with the directory."""
    root = certs.ca("Handshake Root")
    cert_id = api.add(root)
    api.add(certs.ca("Another Root"))
    exports.configure()
    exports.sync()
    server = TlsServer(tmp_path, certs.issue(root, "site", san="DNS:site.example"))
    try:
        for options in (["--cacert", exports.bundle],
                        ["--capath", exports.hashed]):
            assert curl(server.address, *options)
        api.item(cert_id)["active"] = False
        exports.sync()
        for options in (["--cacert", exports.bundle],
                        ["--capath", exports.hashed]):
            assert not curl(server.address, *options)
    finally:
        server.stop()


@pytest.mark.skipif(not shutil.which("javac", path="/usr/bin"), reason="NO JDK: NO HANDSHAKE")
def test_java_follows(exports, api, certs, tmp_path):
    """A Java that is told nothing but where the store is."""
    root = certs.ca("Java Root")
    cert_id = api.add(root, name="named with ümlaut")
    api.add(certs.ca("Another Root"))
    exports.configure()
    exports.sync()
    source = paths.REPOSITORY / "tests" / "programs" / "clients" / "TrustClient.java"
    env = clean_environment(HOME=str(tmp_path))
    assert run(["/usr/bin/javac", "-d", tmp_path, source], env=env).status == 0
    server = TlsServer(tmp_path, certs.issue(root, "site", san="IP:127.0.0.1"))

    def visit(*options):
        return run(["/usr/bin/java", "-XX:TieredStopAtLevel=1", *options,
                    f"-Djavax.net.ssl.trustStore={exports.store}", "-cp", tmp_path,
                    "TrustClient"], env=env, stdin=f"https://{server.address}/\n".encode())

    try:
        for options in ([], ["-Djavax.net.ssl.trustStorePassword=changeit"]):
            done = visit(*options)
            assert done.status == 0 and "refused" not in done.stdout, done
        api.item(cert_id)["active"] = False
        exports.sync()
        assert "unable to find valid certification path" in visit().stdout
    finally:
        server.stop()


def test_all_anchors_of_one_subject_are_in_one_file(exports, api, certs):
    """Row 19: a rollover; both keys' certificates verify, and one of them goes alone."""
    old = certs.ca("Rollover", key=certs.new_key())
    new = certs.ca("Rollover", key=certs.new_key())
    old_id = api.add(old)
    api.add(new)
    exports.configure()
    exports.sync()
    assert [p.name for p in exports.hashed.glob("*.*[0-9]")] == [
        run([paths.OPENSSL, "x509", "-noout", "-hash", "-in", old.path],
            env=clean_environment()).stdout.strip() + ".0"]
    for root in (old, new):
        assert verify(certs.issue(root, "site", san="DNS:a"), "-CApath", exports.hashed)
    api.item(old_id)["active"] = False
    exports.sync()
    assert exports.hold(new)
    assert verify(certs.issue(new, "site", san="DNS:a"), "-CApath", exports.hashed)
    assert not verify(certs.issue(old, "site", san="DNS:a"), "-CApath", exports.hashed)


def test_no_name_of_the_organization_is_in_a_bundle(exports, api, certs):
    root = certs.ca("Honest")
    api.add(root, name="-----BEGIN CERTIFICATE-----\nx")
    exports.configure()
    exports.sync()
    text = exports.bundle.read_text()
    assert len(blocks(text)) == 1 and text.count("BEGIN") == 1


# Several sources.

def test_sources_that_name_one_file_are_in_it_together(exports, api, certs):
    ours, theirs, both = certs.many(3, "Union")
    api.add(ours, cert_id="cert_ours")
    api.add(theirs, cert_id="cert_theirs")
    api.add(both, cert_id="cert_both")
    hidden = {"proj_b": "cert_ours", None: "cert_theirs"}

    def listed(request, right):
        def change(page):
            page["data"] = [c for c in page["data"] if c["id"] != hidden[request.project]]
            page["last_id"] = page["data"][-1]["id"]

        return right.changed(change)

    api.on("list", listed)
    exports.configure("[source default]\n[source b]\nproject = proj_b\n")
    done = exports.sync("--source", "default")
    assert not exports.bundle.exists(), "half of it would be worse than none"
    assert "source 'b'" in done.stderr
    assert exports.told()["bundle"]["status"] == "no-snapshot"
    exports.sync()
    assert exports.hold(ours, theirs, both)
    assert exports.told()["bundle"]["status"] is None
    # The other's snapshot is damaged: what it gave is not taken away.
    path = exports.machine.snapshot_path("b")
    path.write_bytes(path.read_bytes()[:-9])
    before = exports.identities()
    done = exports.sync("--source", "default")
    assert "source 'b'" in done.stderr
    assert exports.hold(ours, theirs, both)
    assert {k: v for k, v in exports.identities().items() if k.is_relative_to(exports.dir)
            } == {k: v for k, v in before.items() if k.is_relative_to(exports.dir)}


@pytest.mark.parametrize("text, words", [
    ("purposes = server\nexport_bundle = {bundle}\n"
     "[source b]\nexport_bundle = {bundle}\n", "has other purposes than source 'default'"),
    ("purposes = email\nexport_bundle = {bundle}\n", "neither the purpose server nor client"),
    ("export_bundle = {bundle}\nexport_java = {bundle}\n",
     "names the place of another export"),
    ("purposes = client\nexport_java = {store}\n", "not the purpose server"),
], ids=["others", "email", "two-kinds", "java"])
def test_what_would_widen_the_trust_is_refused(exports, api, certs, text, words):
    api.add(certs.ca("Wide"))
    exports.machine.configure(
        "[source default]\n" + text.format(bundle=exports.bundle, store=exports.store))
    done = exports.sync(status=CONFIG)
    assert words in done.stderr and str(exports.machine.conf) in done.stderr
    assert not exports.bundle.exists() and not exports.store.exists()
    assert words in exports.machine.orgtrust("status", status=CONFIG).stderr
    assert exports.machine.snapshot() is not None, "the snapshot is in place"


def test_for_clients_alone(exports, api, certs):
    root = certs.ca("Clients")
    api.add(root)
    exports.configure(purposes="client", export_java=None)
    exports.sync()
    assert exports.in_bundle() == exports.in_dir() == {root.sha256}


# Emptiness.

def test_fault_37_an_export_is_emptied_only_when_that_was_confirmed(exports, api, certs):
    root = certs.ca("Last")
    cert_id = api.add(root)
    exports.configure()
    exports.sync()
    api.item(cert_id)["active"] = False
    exports.sync()  # which asked twice
    assert exports.hold()
    assert exports.bundle.read_text().startswith("# orgtrust")
    api.item(cert_id)["active"] = True
    exports.sync()
    # The cache is lost and the first listing comes up empty: that was seen once.
    shutil.rmtree(exports.machine.cache)
    exports.machine.cache.mkdir()
    api.item(cert_id)["active"] = False
    done = exports.sync()
    assert "seen only once" in done.stderr and exports.hold(root)
    assert exports.told()["bundle"]["status"] == "empty"
    exports.sync("--accept-empty")
    assert exports.hold()
    assert exports.told()["bundle"]["status"] is None


def test_fault_37_a_second_sync_that_agrees_confirms_it(exports, api, certs):
    root = certs.ca("Last")
    cert_id = api.add(root)
    exports.configure()
    exports.sync()
    shutil.rmtree(exports.machine.cache)
    exports.machine.cache.mkdir()
    api.item(cert_id)["active"] = False
    exports.sync()
    assert exports.hold(root)

    def emptied():
        exports.sync()
        return exports.in_bundle() == set()

    wait_until(emptied, timeout=5, step=0.3)
    assert exports.hold()


def test_fault_36_a_wrong_clock_empties_nothing(exports, api, certs):
    root = certs.dated("Soon expired", "20200101000000Z", "20210101000000Z")
    good = certs.ca("Good")
    api.add(root)
    good_id = api.add(good)
    exports.configure()
    exports.sync()
    assert exports.hold(good)
    api.item(good_id)["active"] = False  # one is active still, but not valid now
    done = exports.sync()
    assert "none of 1 active certificates is a CA that is valid now" in done.stderr
    assert exports.hold(good)
    assert exports.told()["java"]["status"] == "empty"
    exports.sync("--accept-empty")
    assert exports.hold()


def test_without_the_api_exports_stay_also_after_max_stale(exports, api, certs):
    root = certs.ca("Stays")
    api.add(root)
    exports.configure(max_stale="1h")
    exports.sync()
    old = time.time() - 7200
    os.utime(exports.machine.snapshot_path(), (old, old))
    api.on("any", error(500, "away"))
    exports.sync("--quiet", status=None)
    assert exports.machine.count() == 0, "a plugin trusts nothing then"
    assert exports.hold(root)


# Places that cannot be written.

def test_fault_39_a_directory_that_cannot_be_written_is_told(exports, api, certs):
    """The snapshot is in place all the same, and so are the other exports."""
    root = certs.ca("Unwritable")
    api.add(root)
    in_the_way = exports.dir / "in-the-way"
    in_the_way.write_text("a file\n")
    missing = in_the_way / "missing" / "bundle.pem"
    exports.configure(export_bundle=missing)
    done = exports.sync(status=DISK)
    assert str(missing.parent) in done.stderr
    assert exports.machine.count() == 1
    assert exports.in_dir() == {root.sha256} and exports.in_store() == {root.sha256}
    told = exports.told()["bundle"]
    assert told["status"] == "io" and str(missing.parent) in told["problem"]
    text = exports.machine.orgtrust("status").stdout
    assert told["problem"] in text
    (exported,) = [e for e in json.loads(exports.sync("--json", status=DISK).stdout)["exports"]
                   if e["kind"] == "bundle"]
    assert exported["outcome"] == "failed" and exported["status"] == "io"
    in_the_way.unlink()
    exports.sync()
    assert fingerprints(missing.read_text()) == [root.sha256], "made where it is not there"
    assert exports.told()["bundle"]["problem"] is None


@pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")
def test_fault_38_a_full_disk_keeps_the_exports(exports, api, certs):
    """A disk of 32 KB, which only this test sees."""
    first = certs.ca("First")
    api.add(first)
    exports.configure()
    disk = Background(
        ["unshare", "--mount", "sh", "-c",
         f"mount -t tmpfs -o size=32k,mode=755 none {exports.dir} && echo ready && cat"],
        env=exports.machine.env, log=exports.machine.dir / "disk.log",
        stdin=subprocess.PIPE)
    wait_until(lambda: "ready" in disk.output())
    inside = f"/proc/{disk.pid}/root{exports.bundle}"

    def sync(status):
        done = exports.machine.check(run(
            ["nsenter", "--mount", "--root", "--target", disk.pid, *paths.WRAP,
             paths.COMMAND, "sync"],
            env=exports.machine.env))
        assert status in (None, done.status), done
        return done

    try:
        sync(0)
        with open(inside, "rb") as file:
            before = file.read()
        for cert in certs.many(60, "Too much"):
            api.add(cert)
        done = sync(DISK)
        assert "No space left on device" in done.stderr and "free some space" in done.stderr
        with open(inside, "rb") as file:
            assert file.read() == before
        assert exports.machine.count() == 61, "the snapshot is in place"
        for cert in api.certs[2:]:
            cert["active"] = False
        sync(None)  # which makes room in the directory, after the other files' turn
        sync(0)
        with open(inside, encoding="ascii") as file:
            assert len(fingerprints(file.read())) == 2
    finally:
        disk.stop()


def test_faults_40_and_41_a_place_that_is_not_safe_is_refused(exports, api, certs):
    api.add(certs.ca("Unsafe"))
    target = exports.dir / "target"
    target.write_text("")
    exports.bundle.symlink_to(target)
    exports.dir.chmod(0o755)
    exports.store.mkdir()
    exports.configure()
    done = exports.sync(status=CONFIG)
    assert "symbolic link" in done.stderr and "not a regular file" in done.stderr
    assert target.read_text() == "" and exports.bundle.is_symlink()
    exports.bundle.unlink()
    exports.dir.chmod(0o777)
    done = exports.sync(status=CONFIG)
    assert "can be written by others" in done.stderr and not exports.bundle.exists()


def test_what_orgtrust_did_not_write_is_not_replaced(exports, api, certs):
    """An admin who names the system's own store keeps it."""
    root = certs.ca("Ours")
    api.add(root)
    exports.bundle.write_text(root.pem)
    exports.store.write_bytes(b"\xfe\xed\xfe\xed not ours")
    exports.hashed.mkdir()
    (exports.hashed / "0123abcd.0").write_text(root.pem)
    exports.configure()
    done = exports.sync(status=CONFIG)
    assert done.stderr.count("orgtrust did not write") == 3
    assert exports.bundle.read_text() == root.pem
    assert [p.name for p in exports.hashed.iterdir()] == ["0123abcd.0"]
    exports.bundle.write_text("")
    exports.store.unlink()
    (exports.hashed / "0123abcd.0").unlink()
    exports.sync()
    assert exports.hold(root)


def test_other_files_in_the_directory_stay(exports, api, certs):
    root = certs.ca("Neighbour")
    api.add(root)
    exports.configure()
    exports.sync()
    (exports.hashed / "README").write_text("an admin's")
    (exports.hashed / "ffffffff.3").write_text("somebody else's trust")
    exports.sync()
    assert exports.hold(root)
    assert {p.name for p in exports.hashed.iterdir()} >= {"README", ".orgtrust"}
    assert not (exports.hashed / "ffffffff.3").exists()


def test_watch_exports_too(exports, api, certs):
    first, second = certs.many(2, "Watched")
    api.add(first)
    exports.configure(refresh_interval="1s")
    process = exports.machine.start("watch")
    wait_until(lambda: "bundle" in process.output())
    assert exports.hold(first)
    api.add(second)
    wait_until(lambda: f"dir {exports.hashed}: 2 anchors" in process.output())
    wait_until(lambda: f"java {exports.store}: 2 anchors" in process.output())
    assert exports.hold(first, second)
    assert process.stop() == 0


def test_a_new_configuration_is_followed_without_a_change(exports, api, certs):
    root = certs.ca("Configured")
    api.add(root)
    exports.machine.sync()
    exports.configure()
    exports.sync("--if-stale", "--quiet")
    assert exports.hold(root)
