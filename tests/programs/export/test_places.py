"""Where exports and the cache may lie: whoever could lead root elsewhere is not followed."""

import os
import signal
import time

import pytest
from support.account import let_others_write

ADA = 65534  # a user without rights
SECONDS = 4.0  # of a race

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def give_to_ada(path):
    path.mkdir()
    os.chown(path, ADA, ADA)
    return path


@pytest.fixture
def active(api, certs):
    cert = certs.many(1, "Place")[0]
    api.add(cert)
    return cert


@needs_root
@pytest.mark.parametrize("setting, name", [("export_bundle", "ca.pem"), ("export_dir", "ca.d"),
                                       ("export_java", "ca.p12"), ("cache_dir", "cache")])
def test_fault_70_nothing_is_written_below_another_users_directory(
        exports, active, setting, name, tmp_path):
    ours = give_to_ada(tmp_path / "ada") / "ours"
    ours.mkdir()
    exports.configure(**({} if setting == "cache_dir" else {setting: ours / name}))
    done = exports.sync(status=3, env={} if setting != "cache_dir" else {
        "ORGTRUST_CACHE_DIR": str(ours / name)})
    assert f"{tmp_path}/ada, which leads to {ours}" in done.stderr, done
    assert "belongs to user 65534" in done.stderr
    assert not list(ours.iterdir())


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_fault_70_nor_below_one_that_others_may_write(exports, active, mode, tmp_path):
    shared = tmp_path / "shared"
    (shared / "ours").mkdir(parents=True)
    let_others_write(shared, mode)
    exports.configure(export_dir=shared / "ours" / "ca.d")
    done = exports.sync(status=3)
    assert f"{shared}, which leads to " in done.stderr and "chmod go-w" in done.stderr
    assert not list((shared / "ours").iterdir())
    shared.chmod(0o1777)  # as /tmp
    exports.sync()
    assert (shared / "ours" / "ca.d").is_dir()


def test_an_administrators_link_above_is_followed(exports, active, tmp_path):
    """As /var/run is, or a cache on another disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "var").symlink_to("disk")
    exports.configure(export_dir=tmp_path / "var" / "ca.d",
                      export_bundle=tmp_path / "var" / "ca.pem")
    exports.sync()
    assert {path.name for path in (tmp_path / "disk").iterdir()} == {"ca.d", "ca.pem"}


@needs_root
def test_fault_70_a_race_above_changes_nothing_elsewhere(exports, active, tmp_path):
    """She lets her directory be a link to root's by turns: root's keeps its mode and files."""
    victim = tmp_path / "victim"
    (victim / "ca.d").mkdir(parents=True)
    for i in range(50):
        (victim / "ca.d" / f"{i:08x}.0").write_text("root's")
    (victim / "ca.d").chmod(0o600)
    home = give_to_ada(tmp_path / "ada")
    exports.configure(export_dir=home / "d" / "ca.d")
    tmp_path.chmod(0o755)
    child = os.fork()
    if child == 0:
        os.chdir(home)
        os.setgid(ADA)
        os.setuid(ADA)
        while True:
            os.mkdir("d")
            os.mkdir("d/ca.d")
            os.rmdir("d/ca.d")
            os.rmdir("d")
            os.symlink(victim, "d")
            os.unlink("d")
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            assert "ada" in exports.sync(status=3).stderr
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "it raced until now"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert (victim / "ca.d").stat().st_mode & 0o777 == 0o600
    assert len(list((victim / "ca.d").iterdir())) == 50
    assert {path.name for path in victim.iterdir()} == {"ca.d"}


@needs_root
def test_fault_70_export_by_hand_neither(exports, active, tmp_path):
    home = give_to_ada(tmp_path / "ada")
    (home / "link").symlink_to(tmp_path / "other.pem")
    (tmp_path / "other.pem").write_text("root's")
    exports.configure()
    exports.sync()
    for name in ("ca.pem", "link"):
        done = exports.machine.orgtrust("export", "--format", "pem", "--output",
                                        home / name, status=3)
        assert "standard output" in done.stderr and "user 65534" in done.stderr
    assert (tmp_path / "other.pem").read_text() == "root's"
    assert not (home / "ca.pem").exists()
