"""What the command loads before it begins: libcurl, and all that this brings, is for those
who ask an API."""

import re

import pytest
from support.world import OK


def loaded(world, *args, status=OK) -> set[str]:
    """The libraries of a run, by the dynamic linker's own account."""
    account = world.dir / "libraries"
    world.orgtrust(*args, status=status,
                   env={"LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(account)})
    found = set()
    for part in world.dir.glob("libraries.*"):
        found |= set(re.findall(r"calling init: \S*/(lib\w+)", part.read_text()))
        part.unlink()
    assert "libcrypto" in found, found
    return found


@pytest.mark.parametrize("args", [("list",), ("list", "--json"), ("show", "root 0"),
                                  ("status",), ("complete", "show", ""), ("version",),
                                  ("log", "--local"), ("doctor", "source")])
def test_what_only_reads_starts_without_libcurl(synced, args):
    assert "libcurl" not in loaded(synced, *args)


def test_what_asks_the_api_has_it(synced):
    assert "libcurl" in loaded(synced, "sync")


def test_a_libcurl_that_cannot_be_used_is_told(synced):
    """And the dynamic linker's reason with it; what is there can be read all the same."""
    (synced.dir / "libcurl.so.4").write_text("no library\n")
    env = {"LD_LIBRARY_PATH": str(synced.dir)}
    done = synced.sync(env=env, status=1)
    assert "libcurl cannot be loaded: " in done.stderr
    assert f"{synced.dir}/libcurl.so.4: " in done.stderr
    assert "install the package libcurl4" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "root 0" in synced.orgtrust("list", env=env).stdout
