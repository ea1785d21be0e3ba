"""Row 77: what orgtrust-server has confirmed is there after a loss of power."""

import signal

import pytest
from support import paths
from support.organization import ApiError, Organization
from support.process import clean_environment, run

pytestmark = pytest.mark.skipif(
    paths.WRAP != [] or paths.is_sanitized("address") or paths.is_sanitized("thread"),
    reason="a sanitizer's runtime or valgrind is preloaded instead")


class Disk:
    """What was synced, by synced_only.c."""

    def __init__(self, directory):
        self.dir = directory
        self.dir.mkdir()
        library = paths.BUILD / "tests" / "faults" / "synced_only.so"
        assert library.is_file()
        self.env = {"LD_PRELOAD": str(library), "SYNCED_ONLY": str(self.dir)}

    def keep(self, directory):
        """All that is there now, as after a sync of everything."""
        for there in directory.iterdir():
            if there.is_file():
                (self.dir / f"{there.name}.data").write_bytes(there.read_bytes())
                (self.dir / f"{there.name}.entry").touch()

    def restore(self, directory):
        """The directory as the next start of the machine finds it."""
        directory.mkdir()
        for entry in self.dir.glob("*.entry"):
            data = entry.with_suffix(".data")
            there = directory / entry.stem
            there.write_bytes(data.read_bytes() if data.exists() else b"")
            there.chmod(0o600)
        return directory


@pytest.fixture
def disk(tmp_path):
    return Disk(tmp_path / "disk")


def restarted(organization, directory) -> Organization:
    """Another server, on what the disk has."""
    again = Organization.__new__(Organization)
    again.__dict__.update(organization.__dict__)
    again.dir, again.db = directory, directory / organization.db.name
    again.env = clean_environment(HOME=str(directory))
    again.start()
    return again


def test_fault_77_a_confirmed_change_survives_a_power_cut(tmp_path, disk, certs):
    """After each confirmed change the power fails, and the machine starts again."""
    organization = Organization(tmp_path / "organization")
    organization.stop()
    disk.keep(organization.dir)
    organization.env |= disk.env
    organization.start()
    project = organization.client(project="proj_one")
    first, second = map(organization.api.upload, certs.many(2, "Power"))
    changes = [
        (lambda: organization.api.activate(first, second), [True, True]),
        (lambda: organization.api.deactivate(first), [False, True]),
        (lambda: project.activate(first), [False, True]),
        (lambda: organization.api.rename(second, "after"), [False, True]),
        (lambda: project.deactivate(first), [False, True]),
        (lambda: organization.api.delete(first), [True]),
    ]
    for number, (change, active) in enumerate(changes):
        change()
        expected = [organization.api.list(), project.list()]
        again = restarted(organization, disk.restore(tmp_path / f"restored-{number}"))
        try:
            found = [again.api.list(), again.client(project="proj_one").list()]
        finally:
            again.stop()
        assert found == expected
        assert [c["active"] for c in found[0]] == active
    organization.stop(signal.SIGKILL)


def test_fault_77_a_change_that_cannot_be_kept_is_not_confirmed(tmp_path, disk, certs):
    """The disk fails to sync, for a while."""
    organization = Organization(tmp_path / "organization")
    organization.stop()
    organization.env |= disk.env
    organization.start()
    first, second = [organization.add(cert) for cert in certs.many(2, "Broken disk")]
    (disk.dir / "broken").touch()
    for change in (lambda: organization.api.deactivate(first),
                   lambda: organization.api.rename(first, "after")):
        with pytest.raises(ApiError) as refused:
            change()
        assert refused.value.status == 500
    assert [cert["active"] for cert in organization.api.list()] == [True, True]
    made = run([paths.SERVER, "key", "create", "--db", organization.db],
               env=clean_environment(**disk.env))
    assert made.status == 10, made
    (disk.dir / "broken").unlink()
    organization.api.deactivate(second)
    assert [cert["active"] for cert in organization.api.list()] == [True, False]
    organization.stop(signal.SIGKILL)


def test_fault_77_a_key_that_was_printed_survives_a_power_cut(tmp_path, disk):
    """Also the first, for which the database itself is made: its directory has its name."""
    db = tmp_path / "new" / "organization.db"
    db.parent.mkdir()
    env = clean_environment(**disk.env)
    made = [run([paths.SERVER, "key", "create", "--db", db], env=env) for _ in range(2)]
    assert [done.status for done in made] == [0, 0], made
    restored = disk.restore(tmp_path / "restored")
    listed = run([paths.SERVER, "key", "list", "--db", restored / db.name],
                 env=clean_environment())
    assert listed.status == 0 and listed.stdout.count("key_") == 2, listed
    revoked = listed.stdout.splitlines()[1].split()[0]
    assert run([paths.SERVER, "key", "revoke", "--db", db, revoked], env=env).status == 0
    listed = run([paths.SERVER, "key", "list", "--db",
                  disk.restore(tmp_path / "again") / db.name], env=clean_environment())
    assert revoked not in listed.stdout and listed.stdout.count("key_") == 1, listed
