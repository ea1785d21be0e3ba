"""Row 78: a database, what lies beside it, or a TLS key that others can get at."""

import os
import stat

import pytest
from support import paths
from support.account import let_others_write
from support.organization import Organization
from support.process import clean_environment, run

NOBODY = 65534
ROOT = os.geteuid() == 0


@pytest.fixture
def place(tmp_path):
    """A directory with a database that has a key."""
    made = tmp_path / "place"
    made.mkdir(mode=0o700)
    done = run([paths.SERVER, "key", "create", "--db", made / "o.db"], env=clean_environment())
    assert done.status == 0, done
    return made


def commands(db):
    yield ["--db", db, "--listen", "127.0.0.1:0"]
    yield ["key", "create", "--db", db]
    yield ["key", "list", "--db", db]
    yield ["key", "revoke", "--db", db, "key_0"]


def is_refused_by_all(db, *words):
    before = {path: path.lstat() for path in db.parent.iterdir()}
    for argv in commands(db):
        done = run([paths.SERVER, *argv], env=clean_environment(), wrap=True)
        assert done.status == 3 and done.stdout == "", done
        assert all(word in done.stderr for word in words), (words, done.stderr)
        assert done.stderr.count("\n") == 1
    after = {path: path.lstat() for path in db.parent.iterdir()}
    assert {p: (s.st_mode, s.st_uid, s.st_mtime_ns) for p, s in after.items()} == {
        p: (s.st_mode, s.st_uid, s.st_mtime_ns) for p, s in before.items()}


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_fault_78_a_database_that_others_can_read_or_write(place, suffix, mode):
    path = place / f"o.db{suffix}"
    path.touch()
    path.chmod(mode)
    is_refused_by_all(place / "o.db", str(path), f"{mode:04o}", "chmod 600")


@pytest.mark.skipif(not ROOT, reason="needs root, to give files away")
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_fault_78_a_database_of_another_owner(place, suffix):
    path = place / f"o.db{suffix}"
    path.touch(mode=0o600)
    os.chown(path, NOBODY, -1)
    is_refused_by_all(place / "o.db", str(path), f"user {NOBODY}", "chown 0")


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_fault_78_a_directory_that_others_can_write(place, mode):
    let_others_write(place, mode)
    is_refused_by_all(place / "o.db", str(place))


def test_fault_78_a_link_in_a_directory_that_others_can_write(tmp_path, place):
    """To a safe place; and one that nobody else could have made is followed."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "link").symlink_to(place)
    (shared / "file.db").symlink_to(place / "o.db")
    for db in (shared / "link" / "o.db", shared / "file.db"):
        shared.chmod(0o755)
        done = run([paths.SERVER, "key", "list", "--db", db], env=clean_environment())
        assert done.status == 0 and "key_" in done.stdout, done
        shared.chmod(0o777)
        is_refused_by_all(db, str(shared))


def test_fault_78_a_link_beside_the_database(place, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    victim.chmod(0o600)
    (place / "o.db-wal").symlink_to(victim)
    is_refused_by_all(place / "o.db", "o.db-wal", "not a regular file")
    assert victim.read_text() == "as it was"


@pytest.mark.skipif(not ROOT, reason="needs root, to act as another user")
def test_fault_78_root_makes_a_key_for_a_service_as_its_user(tmp_path, place):
    """In a directory that its user alone cannot get to, as systemd keeps it; a link that he
    puts there leads root nowhere."""
    for path in (place, *place.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    db = place / "o.db"
    for _ in range(2):
        done = run([paths.SERVER, "key", "create", "--db", db], env=clean_environment())
        assert done.status == 0, done
    assert {path.stat().st_uid for path in place.iterdir()} == {NOBODY}
    target = tmp_path / "roots"
    target.mkdir(mode=0o700)
    db.unlink()
    db.symlink_to(target / "made")
    done = run([paths.SERVER, "key", "create", "--db", db], env=clean_environment())
    assert done.status != 0 and not list(target.iterdir()), done


@pytest.fixture
def tls(tmp_path, certs, roots):
    leaf = certs.issue(roots[0], "localhost", san="IP:127.0.0.1")
    key = tmp_path / "keys" / "tls.key"
    key.parent.mkdir(mode=0o755)
    key.write_bytes(leaf.key.read_bytes())
    key.chmod(0o600)
    return leaf.path, key


def serve_with(tmp_path, cert, key):
    return run([paths.SERVER, "--db", tmp_path / "o.db", "--listen", "127.0.0.1:0",
                "--tls-cert", cert, "--tls-key", key], env=clean_environment(), wrap=True)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o666])
def test_fault_78_a_tls_key_that_others_can_get_at(tmp_path, tls, mode):
    cert, key = tls
    key.chmod(mode)
    done = serve_with(tmp_path, cert, key)
    assert done.status == 3 and "chmod 600" in done.stderr and str(key) in done.stderr, done


def test_fault_78_a_tls_key_behind_a_link(tmp_path, tls):
    cert, key = tls
    link = tmp_path / "shared" / "tls.key"
    link.parent.mkdir()
    link.symlink_to(key)
    org = Organization(tmp_path / "org", options=(
        "--tls-cert", str(cert), "--tls-key", str(link)))
    org.stop()
    link.parent.chmod(0o777)
    done = serve_with(tmp_path, cert, link)
    assert done.status == 3 and str(link.parent) in done.stderr, done


@pytest.mark.skipif(not ROOT, reason="needs root, to give files away")
def test_fault_78_the_owner_of_a_tls_key(tmp_path, tls):
    """Another user's is refused; a group may read root's, as Debian's ssl-cert does."""
    cert, key = tls
    key.chmod(0o640)
    org = Organization(tmp_path / "org", options=(
        "--tls-cert", str(cert), "--tls-key", str(key)))
    org.stop()
    os.chown(key, NOBODY, -1)
    key.chmod(0o600)
    done = serve_with(tmp_path, cert, key)
    assert done.status == 3 and f"user {NOBODY}" in done.stderr, done
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.skipif(not ROOT, reason="needs root, to act as another user")
@pytest.mark.parametrize("mode", [0o640, 0o660])
def test_fault_78_a_users_own_tls_key_is_for_no_group(tmp_path, tls, mode):
    cert, key = tls
    key.chmod(mode)
    for path in (tmp_path, key.parent, key):
        os.chown(path, NOBODY, NOBODY)
    # pytest's own directories are root's alone.
    sight = [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
    done = run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *sight,
                paths.SERVER, "--db", tmp_path / "o.db", "--listen", "127.0.0.1:0",
                "--tls-cert", cert, "--tls-key", key], env=clean_environment())
    assert done.status == 3 and f"mode {mode:04o}" in done.stderr, done
