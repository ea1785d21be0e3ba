"""The account that runs the tests."""

from __future__ import annotations

import grp
import os
import pwd
import stat

import pytest


def _has_private_group() -> bool:
    """As common/files/private_group.c has it: nobody else is in this account's group."""
    me, group = os.geteuid(), os.getegid()
    owners = {entry.pw_uid for entry in pwd.getpwall() if entry.pw_gid == group}
    name = pwd.getpwuid(me).pw_name
    known = [entry for entry in grp.getgrall() if entry.gr_gid == group]
    return me != 0 and owners == {me} and bool(known) and all(
        set(entry.gr_mem) <= {name} and (entry.gr_name == name or group == me)
        for entry in known)


def let_others_write(path, mode: int):
    """Gives a file or directory a mode; the test is skipped where nobody else could write then."""
    if not mode & stat.S_IWOTH and _has_private_group():
        pytest.skip("nobody else is in the group of the user who runs this")
    path.chmod(mode)
