"""Users whose umask is 002, Debian's default since release 13: what only their own group can
write is nobody else's. The user is `daemon`, whom every Debian has with a group of his own."""

import os
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest
from support import paths
from support.world import CONFIG, DISK, World

DAEMON = 1
GAMES_GROUP = 60  # another user's
OPEN_TO_ALL = 65534  # nogroup, which several accounts have as their first


def can_run_it():
    """Only root can be another user, who then has to reach the build."""
    if os.geteuid() != 0:
        return False
    done = subprocess.run([paths.COMMAND, "--version"], user=DAEMON, group=DAEMON,
                          extra_groups=[], stdout=subprocess.DEVNULL, check=False)
    return done.returncode == 0


pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root, to be another user")


@pytest.fixture
def users(organization):
    """A machine of that user's, all of whose files his group can write, but not the key."""
    try:
        can = can_run_it()
    except PermissionError:
        can = False
    if not can:
        pytest.skip("another user cannot reach this build")
    top = Path(tempfile.mkdtemp(prefix="orgtrust-umask-"))
    world = World(top / "home", organization.base_url, organization.key)
    for path in [top, *top.rglob("*")]:
        os.chown(path, DAEMON, DAEMON)
        path.chmod(0o775 if path.is_dir() else 0o664)
    world.key_file.chmod(0o600)
    yield world
    world.close()
    shutil.rmtree(top)


def sync(world, **more):
    return world.sync(user=DAEMON, group=DAEMON, extra_groups=[], umask=0o002, **more)


def test_what_his_own_group_can_write_is_accepted(users, organization, certs):
    organization.add(certs.ca("Group"), "a")
    bundle, hashed = users.dir / "bundle.pem", users.dir / "made/hashed"
    with users.conf.open("a") as conf:
        conf.write(f"export_bundle = {bundle}\nexport_dir = {hashed}\n")
    sync(users)
    made = {bundle, *hashed.parent.rglob("*"), *users.cache.rglob("*")}
    modes = {p: oct(p.lstat().st_mode) for p in made if not p.is_symlink()}
    assert len(modes) > 4 and not any(int(mode, 8) & 0o022 for mode in modes.values()), modes
    found = users.storeutl("-noout", "-certs", user=DAEMON, group=DAEMON, extra_groups=[])
    assert users.total(found) == 1, "the provider reads the same configuration"


@pytest.mark.parametrize("group", [GAMES_GROUP, OPEN_TO_ALL])
def test_what_another_group_can_write_is_not(users, group):
    os.chown(users.conf, DAEMON, group)
    users.conf.chmod(0o664)
    done = sync(users, status=CONFIG)
    assert f"{users.conf} can be written by others (mode 0664" in done.stderr
    assert "umask of 002" in done.stderr and "chmod go-w" in done.stderr


def test_nor_what_all_can_write(users):
    users.conf.chmod(0o666)
    assert "can be written by others (mode 0666)" in sync(users, status=CONFIG).stderr


def test_nor_what_an_access_list_lets_others_write(users):
    """user::rw-, user:2:rw-, group::r--, mask::rw-, other::r-- shows itself as 0664."""
    entries = [(1, 6, -1), (2, 6, 2), (4, 4, -1), (16, 6, -1), (32, 4, -1)]
    listed = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in entries)
    try:
        os.setxattr(users.conf, "system.posix_acl_access", listed)
    except OSError as error:
        pytest.skip(f"no access lists here: {error}")
    assert users.conf.stat().st_mode & 0o777 == 0o664
    assert "can be written by others" in sync(users, status=CONFIG).stderr


def test_a_key_that_his_group_can_read_is_refused(users):
    users.key_file.chmod(0o660)
    assert f"chmod 600 '{users.key_file}'" in sync(users, status=CONFIG).stderr


def test_root_who_kept_his_home_is_told_of_sudo_h(users):
    kept = users.dir / ".config/orgtrust/orgtrust.conf"
    kept.parent.mkdir(parents=True)
    shutil.copy(users.conf, kept)
    os.chown(kept, DAEMON, DAEMON)
    del users.env["ORGTRUST_CONF"]
    done = users.sync(status=CONFIG)
    assert f"{kept} belongs to user 1, and so does HOME ({users.dir})" in done.stderr
    assert "sudo -H" in done.stderr and "chown" not in done.stderr


def as_user(world, *words, **more):
    return world.orgtrust(*words, user=DAEMON, group=DAEMON, extra_groups=[], **more)


def test_what_only_root_may_is_said_to_be_roots(users):
    """The key of the machine is root's; so is its cache."""
    os.chown(users.key_file, 0, 0)
    done = as_user(users, "projects", status=DISK)
    assert f"cannot open {users.key_file}: Permission denied; run it as root (sudo)" in (
        done.stderr)
    done = sync(users, status=DISK)
    assert "Permission denied; run it as root (sudo)" in done.stderr
    assert "run it as root" not in users.orgtrust("projects", status=None).stderr
