"""Run by `upgrade` in a fresh root: what an upgrade, a removal and a purge leave as it was."""

import hashlib
import re
import signal
import sqlite3
import stat
import sys
import time
from pathlib import Path

from support.process import Background, clean_environment, run
from support.service_manager import Asker, Manager

STATE = Path("/var/lib/orgtrust-server")
DATABASE = STATE / "organization.db"
BACKUPS = Path("/var/backups")
PACKAGES = ["orgtrust", "openssl-provider-orgtrust", "orgtrust-pkcs11", "orgtrust-server"]
WIRED = [Path("/etc/ssl/openssl.cnf"), Path("/etc/orgtrust/orgtrust.conf")]
ENV = clean_environment(HOME="/root", DEBIAN_FRONTEND="noninteractive")


def do(*argv):
    done = run(argv, env=ENV, timeout=200)
    assert done.status == 0, str(done)
    return done.text


class Reader(Asker):
    """A program that reads the certificates through the plugin, ten times a second."""

    def ask(self):
        done = run(["openssl", "storeutl", "-noout", "-certs", "orgtrust:///"], env=ENV)
        self.seen.append("Total found: 1" in done.stdout or str(done))


def watching(directory):
    return Background(["orgtrust", "watch"], env=ENV, log=directory / "watch.log")


def upgrade_while_used(debs, manager, listen, key):
    """Returns what a client of the API and a program with the plugin saw meanwhile."""
    asker, reader = Asker(int(listen.rpartition(":")[2]), key), Reader(0, key)
    watch = watching(manager.dir)
    for client in (asker, reader):
        client.start()
    time.sleep(1)
    do("dpkg", "-i", *debs)
    for _ in range(3):
        # As the postinst of each has systemd do it.
        manager.stop()
        manager.start(listen)
        assert watch.stop() == 0, watch.output()
        watch = watching(manager.dir)
        time.sleep(0.5)
    seen = asker.stop(), reader.stop()
    assert watch.stop() == 0, watch.output()
    return seen


def state_of_wiring():
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
            for path in WIRED}


def indexes():
    return sorted(path.name for path in Path("/var/lib/orgtrust/install").glob("*.json"))


def prepare(directory):
    STATE.mkdir(mode=0o700)
    key = do("orgtrust-server", "key", "create", "--db", DATABASE).strip()
    manager = Manager(directory, ["/usr/bin/orgtrust-server", "--db", str(DATABASE)])
    manager.start("127.0.0.1:0")
    conf = Path("/etc/orgtrust")
    conf.mkdir(exist_ok=True)
    (conf / "admin.key").touch(mode=0o600)
    (conf / "admin.key").write_text(key + "\n")
    (conf / "orgtrust.conf").write_text(
        f"base_url = http://{manager.address()}/v1\nadmin_key_file = /etc/orgtrust/admin.key\n"
        "refresh_interval = 1s\n")
    root = directory / "root.pem"
    do("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
       "-nodes", "-days", "2", "-subj", "/CN=Kept Root", "-keyout", directory / "root.key",
       "-out", root)
    do("orgtrust", "upload", root, "--name", "Kept Root", "--activate")
    do("orgtrust", "sync")
    do("orgtrust", "install", "--yes", "openssl", "system")
    return manager, key


def removed_and_installed_again(debs):
    wired, named = state_of_wiring(), indexes()
    assert named == ["openssl.json", "system.json"], named
    do("dpkg", "--remove", *PACKAGES)
    assert indexes() == [] and state_of_wiring() != wired
    do("openssl", "version")
    # One by one, too: what lacks its package waits for it.
    said = "".join(do("dpkg", "-i", deb) for deb in debs)
    assert (indexes(), state_of_wiring()) == (named, wired), said
    assert "openssl is wired again" in said and "system is wired again" in said
    assert not Path("/var/lib/orgtrust/rewire").exists()
    assert "Total found: 1" in do("openssl", "storeutl", "-noout", "-certs", "orgtrust:///")
    # What is not wired is not wired then, either.
    do("orgtrust", "uninstall", "--yes", "system")
    do("dpkg", "--remove", *PACKAGES)
    do("dpkg", "-i", *debs)
    assert indexes() == ["openssl.json"]


def told_of_what_stays_in_the_systems_store(debs):
    """What the configuration has by itself no package takes back: that is said, and how; and
    it can be done also after a purge."""
    conf, record = WIRED[1], Path("/var/lib/orgtrust/system-anchors")
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    before, without = bundle.read_bytes(), conf.read_text()
    conf.write_text(without + "export_system = yes\n")
    do("orgtrust", "sync")
    trusting = bundle.read_bytes()
    assert trusting != before
    said = do("dpkg", "--purge", *PACKAGES[:3])
    assert "what export_system and export_chromium have put on this machine stays" in said, said
    assert "kept /var/lib/orgtrust, which says what" in said, said
    assert record.exists() and bundle.read_bytes() == trusting
    do("dpkg", "-i", *debs)
    conf.write_text(without)
    do("orgtrust", "sync")
    assert bundle.read_bytes() == before and not record.exists()


def purged(manager):
    do("orgtrust-server", "project", "create", "--db", DATABASE, "--name", "Late")
    manager.child.send_signal(signal.SIGKILL)  # so that the last change is in the log
    manager.child.wait()
    assert Path(f"{DATABASE}-wal").stat().st_size > 0
    said = do("dpkg", "--purge", *PACKAGES)
    kept = Path(re.search(r"a copy of the database is in (\S+), for root alone", said)[1])
    assert "a database of PostgreSQL is the administrator's, and stays" in said
    assert kept.parent == BACKUPS and not STATE.exists()
    for path in (kept, *kept.iterdir()):
        status = path.stat()
        assert status.st_uid == status.st_gid == 0
        assert stat.S_IMODE(status.st_mode) == (0o700 if path == kept else 0o600), path
    with sqlite3.connect(kept / DATABASE.name) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT name FROM certificates").fetchall() == [("Kept Root",)]
        assert ("Late",) in database.execute("SELECT name FROM projects").fetchall()
    assert not Path("/var/lib/orgtrust").exists(), "what was noted is forgotten"


def main(debs, directory):
    directory.mkdir()
    manager, key = prepare(directory)
    answers, readings = upgrade_while_used(debs, manager, manager.address(), key)
    assert set(answers) == {200} and len(answers) > 20, answers
    assert set(readings) == {True} and len(readings) > 20, readings
    print(f"upgrade: {len(answers)} requests and {len(readings)} readings, none lost")
    removed_and_installed_again(debs)
    manager.stop()
    manager.start(manager.address())
    do("orgtrust", "sync")
    told_of_what_stays_in_the_systems_store(debs)
    purged(manager)
    print("upgrade: the database is kept, and what was wired came back")


main(sorted(Path(sys.argv[1]).glob("*.deb")), Path("/run/upgrade"))
