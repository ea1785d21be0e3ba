"""A key that a container is given as a file: on a read-only mount of its own, behind links
and readable for others, as Kubernetes and Docker have it."""

import pytest
from support import paths
from support.p11_system import can_mount
from support.process import run
from support.world import CONFIG, OK

pytestmark = pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")

# $1: the mount, $2: the key's text in a file; then what is done with it, then the command.
MOUNT = """
set -eu
mount=$1 text=$2
mkdir -p "$mount"
mount -t tmpfs -o mode=1777 tmpfs "$mount"
"""
KUBERNETES = """
mkdir "$mount/..2026_11_29"
cat "$text" >"$mount/..2026_11_29/key"
chmod 0644 "$mount/..2026_11_29/key"
ln -s ..2026_11_29 "$mount/..data"
ln -s ..data/key "$mount/key"
"""
DOCKER = """
cat "$text" >"$mount/key"
chmod 0444 "$mount/key"
"""
READ_ONLY = 'mount -o remount,ro "$mount"\n'
GO = "shift 2\nexec \"$@\"\n"


def sync(machine, *steps, status):
    mount = machine.dir / "secrets"
    text = machine.dir / "text"
    text.write_text(machine.key + "\n")
    machine.configure(admin_key_file=mount / "key")
    done = machine.check(run(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                              "".join((MOUNT, *steps, GO)), "sh", mount, text,
                              paths.COMMAND, "sync"], env=machine.env))
    text.unlink()
    assert done.status == status, done
    return done


@pytest.mark.parametrize("layout", [KUBERNETES, DOCKER], ids=["kubernetes", "docker"])
def test_a_secret_on_a_read_only_mount_is_taken(machine, api, layout):
    sync(machine, layout, READ_ONLY, status=OK)
    assert api.count() > 0


@pytest.mark.parametrize("layout, why", [
    (KUBERNETES, "can be written by others"), (DOCKER, "can be written by others")],
    ids=["kubernetes", "docker"])
def test_not_where_somebody_could_write(machine, api, layout, why):
    assert why in sync(machine, layout, status=CONFIG).stderr
    assert api.count() == 0


@pytest.mark.parametrize("change, why", [
    ('chown 12345 "$mount/..data/key"\n', "belongs to user 12345"),
    ('chmod 0666 "$mount/..data/key"\n', "can be written by others"),
    ('ln -sf "$text" "$mount/key"\n', "can be written by others"),
    ('rm "$mount/key"; mkdir "$mount/key"\n', "is not a regular file"),
], ids=["owner", "mode", "out of the mount", "directory"])
def test_what_is_not_taken_there_either(machine, api, change, why):
    done = sync(machine, KUBERNETES, change, READ_ONLY, status=CONFIG)
    assert why in done.stderr
    assert api.count() == 0
