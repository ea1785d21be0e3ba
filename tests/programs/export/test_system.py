"""export_system: the system's own anchors, in a system that only the test sees."""

import os
import shutil

import pytest
from export_world import fingerprints
from support import paths
from support.p11_system import can_mount, need
from support.process import clean_environment, run
from support.world import CONFIG, DISK, NOT_FOUND

PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"
ANCHORS, CERTS = "/usr/local/share/ca-certificates", "/etc/ssl/certs"
STATE = "/var/lib/orgtrust"

pytestmark = pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")


def run_among(mounts, argv, **more):
    """With these directories in place of the real ones: target -> source."""
    puts = [word for target, source in mounts.items() for word in ("--put", source, target)]
    return run([PRIVATE, *puts, *argv], timeout=120, **more)


class System:
    """Copies of the directories that are changed, seen in place of the real ones."""

    def __init__(self, exports, admins, fresh):
        self.exports, self.machine = exports, exports.machine
        self.dir = exports.dir.parent / "system"
        self.anchors, self.certs = self.dir / "anchors", self.dir / "certs"
        self.dir.mkdir()
        self.anchors.mkdir()
        shutil.copytree(fresh, self.certs, symlinks=True)
        self.state = self.dir / "state"
        self.state.mkdir()
        self.mounts = {ANCHORS: self.anchors, CERTS: self.certs, STATE: self.state}
        (self.anchors / "admin.crt").write_text(admins.pem)
        self.hooks = self.dir / "hooks"
        self.hooks.mkdir()
        hook = self.hooks / "told"
        hook.write_text(f"#!/bin/sh\ncat >>{self.dir}/told\n")
        hook.chmod(0o755)
        self.mounts["/etc/ca-certificates/update.d"] = self.hooks

    def run(self, argv, **more):
        return run_among(self.mounts, argv, env=self.machine.env, **more)

    def sync(self, *args, status=0):
        done = self.machine.check(self.run([*paths.WRAP, paths.COMMAND, "sync", *args]))
        assert done.status == status, done
        return done

    def told(self) -> list[str]:
        """Since the last time: what the hooks were told."""
        path = self.dir / "told"
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text.split()

    def ours(self) -> set[str]:
        return {one for path in (self.anchors / "orgtrust").glob("*.crt")
                for one in fingerprints(path.read_text())}

    def bundle(self) -> set[str]:
        return set(fingerprints((self.certs / "ca-certificates.crt").read_text()))

    def believes(self, cert) -> bool:
        """By OpenSSL's default bundle and directory."""
        return self.run([paths.OPENSSL, "verify", "-CApath", CERTS, cert.path]).status == 0


@pytest.fixture(scope="session")
def admins(certs):
    return certs.ca("An Admin's Own")


@pytest.fixture(scope="session")
def fresh(tmp_path_factory, admins):
    """/etc/ssl/certs as update-ca-certificates makes it with the admin's anchor."""
    need("update-ca-certificates", "ca-certificates")
    place = tmp_path_factory.mktemp("fresh")
    for name in ("anchors", "hooks"):
        (place / name).mkdir()
    shutil.copytree(CERTS, place / "certs", symlinks=True)
    (place / "anchors" / "admin.crt").write_text(admins.pem)
    done = run_among({ANCHORS: place / "anchors", CERTS: place / "certs",
                      "/etc/ca-certificates/update.d": place / "hooks"},
                     ["/usr/sbin/update-ca-certificates", "--fresh"], env=clean_environment())
    assert done.status == 0, done
    return place / "certs"


@pytest.fixture
def system(exports, admins, fresh):
    return System(exports, admins, fresh)


def test_the_anchors_of_the_system_follow(system, api, certs):
    first, second = certs.many(2, "System")
    first_id = api.add(first)
    second_id = api.add(second)
    others = system.bundle()
    names = {path.name for path in system.certs.iterdir()}
    system.machine.configure(export_system="yes")
    done = system.sync()
    assert "the system's anchors: 2 anchors" in done.stdout
    assert system.ours() == {first.sha256, second.sha256}
    assert system.bundle() == others | system.ours()
    assert system.believes(first) and system.believes(second)
    assert sorted(word[0] for word in system.told()) == ["+", "+"]

    before = {path.name: path.lstat().st_ctime_ns for path in system.certs.iterdir()}
    system.sync()
    assert system.told() == [], "nothing new: the system's tool is not run"
    assert before == {path.name: path.lstat().st_ctime_ns for path in system.certs.iterdir()}

    # One goes: also its links, and Java's hook hears of it.
    api.item(first_id)["active"] = False
    system.sync()
    assert system.bundle() == others | {second.sha256}
    assert not system.believes(first) and system.believes(second)
    (word,) = system.told()
    assert word.startswith(f"-{CERTS}/orgtrust-")

    # A run that was cut short is finished, whatever the files look like.
    (system.machine.cache / ".exports" / "system.pending").touch()
    next(system.certs.glob("orgtrust-*.pem")).unlink()
    system.sync()
    assert system.believes(second)
    assert not (system.machine.cache / ".exports" / "system.pending").exists()

    # The key is taken out of the configuration: so are the anchors.
    system.machine.configure()
    system.sync()
    assert system.bundle() == others and not system.believes(second)
    assert not (system.anchors / "orgtrust").exists()
    assert (system.anchors / "admin.crt").exists()
    assert {path.name for path in system.certs.iterdir()} == names
    assert api.item(second_id)["active"]
    assert not (system.machine.cache / ".exports" / "system.done").exists()


@pytest.mark.parametrize("is_others", [False, True])
def test_they_are_taken_back_where_the_cache_is_lost(system, api, certs, is_others):
    """By the configuration that has them, or by any where that one is gone."""
    root = certs.ca("Lost")
    api.add(root)
    others = system.bundle()
    system.machine.configure(export_system="yes")
    system.sync()
    # Another configuration of root's, which has nothing to do with the system.
    cache, other = system.machine.cache, system.dir / "other-cache"
    system.machine.configure()
    system.machine.env["ORGTRUST_CACHE_DIR"] = str(other)
    system.sync()
    assert other.is_dir() and system.believes(root)

    system.machine.env["ORGTRUST_CACHE_DIR"] = str(other if is_others else cache)
    shutil.rmtree(cache)
    system.sync()
    assert system.bundle() == others and not system.believes(root)
    assert system.ours() == set() and list(system.state.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a directory to a group")
@pytest.mark.parametrize("group, status", [(50, 0), (51, CONFIG)])
def test_fault_70_below_usr_local_the_group_staff_may_write(system, api, certs, group, status):
    """As Debian makes these directories; what the group may do is root's word."""
    api.add(certs.ca("Staff"))
    share = system.dir / "share"
    share.mkdir()
    system.anchors = system.anchors.rename(share / "ca-certificates")
    os.chown(system.anchors, 0, group)
    system.anchors.chmod(0o2775)
    del system.mounts[ANCHORS]
    system.mounts["/usr/local/share"] = share
    system.machine.configure(export_system="yes")
    done = system.sync(status=status)
    assert len(system.ours()) == (1 if status == 0 else 0)
    assert status == 0 or f"{ANCHORS}, which leads to " in done.stderr, done


def test_a_tool_that_fails_is_told_and_run_again(system, api, certs):
    root = certs.ca("Tool")
    api.add(root)
    system.machine.configure(export_system="yes")
    tool = system.dir / "tool"
    tool.write_text("#!/bin/sh\necho too bad >&2\nexit 7\n")
    tool.chmod(0o755)
    system.mounts["/usr/sbin/update-ca-certificates"] = tool
    done = system.sync(status=DISK)
    assert "update-ca-certificates ended with status 7" in done.stderr
    assert "too bad" in done.stderr
    assert system.machine.count() == 1
    assert "status 7" in system.exports.told()["system"]["problem"]
    # One that says all is well, and does nothing, is not believed.
    tool.write_text("#!/bin/sh\necho it skips something >&2\nexit 0\n")
    done = system.sync(status=DISK)
    assert "skips" not in done.stderr
    assert "update-ca-certificates did not make" in done.stderr
    del system.mounts["/usr/sbin/update-ca-certificates"]
    system.sync()
    assert system.believes(root)
    assert system.exports.told()["system"]["problem"] is None


def test_p11_kits_store(system, api, certs):
    """A Fedora in outline: its directory, and a tool that says how it was called."""
    first, second = certs.many(2, "p11-kit")
    cert_id = api.add(first)
    api.add(second)
    theirs, tool = system.dir / "pki", system.dir / "update-ca-trust"
    theirs.mkdir()
    (theirs / "admin.pem").write_text("an admin's")
    tool.write_text(f"#!/bin/sh\necho \"$0 $*\" >>{system.dir}/told\n")
    tool.chmod(0o755)
    nothing = system.dir / "nothing"
    nothing.touch(mode=0o644)
    system.mounts = {STATE: system.state,
                     "/etc/pki/ca-trust/source/anchors": theirs,
                     "/usr/bin/update-ca-trust": tool,
                     "/usr/sbin/update-ca-certificates": nothing}
    system.machine.configure(export_system="yes")
    system.sync()
    ours = {one for path in theirs.glob("orgtrust-*.pem")
            for one in fingerprints(path.read_text())}
    assert ours == {first.sha256, second.sha256}
    assert system.told() == ["/usr/bin/update-ca-trust", "extract"]
    system.sync()
    assert system.told() == []
    api.item(cert_id)["active"] = False
    system.sync()
    assert len(list(theirs.glob("orgtrust-*.pem"))) == 1
    assert (theirs / "admin.pem").read_text() == "an admin's"
    assert system.told() == ["/usr/bin/update-ca-trust", "extract"]
    system.mounts = {"/usr/sbin/update-ca-certificates": nothing}
    shutil.rmtree(theirs)
    if not shutil.which("trust", path="/usr/bin"):
        assert "neither" in system.sync(status=NOT_FOUND).stderr


def test_another_user_than_root_leaves_it_alone(system, api, certs):
    api.add(certs.ca("User"))
    system.machine.configure(export_system="yes")
    system.machine.key_file.chmod(0o444)
    for path in (system.machine.cache, system.machine.key_file):
        shutil.chown(path, 12345, 12345)
    system.machine.key_file.chmod(0o400)
    parent = system.exports.dir.parent
    while parent != parent.parent and not parent.stat().st_mode & 0o001:
        parent.chmod(parent.stat().st_mode | 0o011)
        parent = parent.parent
    done = system.run(["--as", "12345", paths.COMMAND, "sync"])
    assert done.status == 0, done
    assert "only a sync by root" in done.stderr
    assert not (system.anchors / "orgtrust").exists()
