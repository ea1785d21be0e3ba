"""Runs a program that may open only what a profile of AppArmor allows, by Landlock: for
kernels without AppArmor. A program of its own, in whichever root:

    apparmor_parser --preprocess PROFILE | as_apparmor.py PROGRAM [ARGUMENT…]

Paths are taken from the profile with its abstractions, as apparmor_parser has put them
together. Reading and writing are held to them, listing as well; what AppArmor says of
execution, sockets and capabilities is not. A name with * is what is there at the start, and
what is below ** the whole directory before it: never less than the profile allows, and more
only there. An owner is not looked at."""

from __future__ import annotations

import ctypes
import glob
import itertools
import os
import re
import stat
import sys

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_PATH_BENEATH, _NO_NEW_PRIVS = 1, 38
_RULE = re.compile(r"^\s*(?:owner\s+)?(?P<path>[/@]\S*)\s+(?P<access>[a-zA-Z]+),")
_PROFILE = """\
abi <abi/3.0>,
include <tunables/global>
profile confined /usr/bin/* {{
  include <abstractions/base>
  include <abstractions/nameservice>
  {abstractions}
  /usr/bin/* mr,
}}
"""
_VARIABLE = re.compile(r"^\s*@\{(?P<name>\w+)\}\s*\+?=\s*(?P<values>.*)$")

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments) -> int:
    result = _libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}")
    return result


def is_here() -> bool:
    """Whether this kernel has Landlock."""
    return _libc.syscall(ctypes.c_long(_CREATE_RULESET), None, ctypes.c_size_t(0), 1) > 0


def profile(*abstractions: str) -> str:
    """What an administrator writes for a program of the distribution."""
    return _PROFILE.format(abstractions="\n  ".join(
        f"include <abstractions/{name}>" for name in abstractions))


def _alternatives(pattern: str) -> list[str]:
    """a{b,c}d: abd, acd."""
    depth, start, begins = 0, 0, []
    for at, char in enumerate(pattern):
        if char == "{":
            depth += 1
            if depth == 1:
                start, begins = at, [at + 1]
        elif char == "," and depth == 1:
            begins.append(at + 1)
        elif char == "}":
            depth -= 1
            if depth == 0:
                ends = [*(begin - 1 for begin in begins[1:]), at]
                return [whole
                        for begin, end in zip(begins, ends, strict=True)
                        for whole in _alternatives(pattern[:start] + pattern[begin:end]
                                                   + pattern[at + 1:])]
    return [pattern]


def _with_values(pattern: str, variables: dict[str, list[str]]) -> list[str]:
    found = re.search(r"@\{(\w+)\}", pattern)
    if not found:
        return [pattern]
    return list(itertools.chain.from_iterable(
        _with_values(pattern[:found.start()] + value + pattern[found.end():], variables)
        for value in variables.get(found[1], ())))


def rules(text: str) -> list[tuple[str, str]]:
    """(path pattern, access) of every rule for files: without variables and alternatives."""
    # A process is whichever runs.
    variables = {"pid": ["*"], "tid": ["*"], "pids": ["*"]}
    found = []
    for line in text.splitlines():
        if assigned := _VARIABLE.match(line):
            values = [value.strip('"') for value in assigned["values"].split()]
            if "+=" in line:
                values = variables.get(assigned["name"], []) + values
            if assigned["name"] not in ("pid", "tid", "pids"):
                variables[assigned["name"]] = values
        elif rule := _RULE.match(line):
            found += [(re.sub("//+", "/", path), rule["access"])
                      for pattern in _with_values(rule["path"], variables)
                      for path in _alternatives(pattern)]
    return found


def _allow(ruleset: int, path: str, access: int):
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(fd).st_mode):
        access &= ~_READ_DIR
    if access:
        beneath = (ctypes.c_uint64(access), ctypes.c_int32(fd))
        packed = bytes(beneath[0]) + bytes(beneath[1])
        _call(_ADD_RULE, ruleset, _PATH_BENEATH, packed, 0)
    os.close(fd)


def _open_up(ruleset: int, pattern: str, letters: str):
    access = ((_READ_FILE if set(letters) & set("rm") else 0)
              | (_WRITE_FILE if set(letters) & set("wa") else 0))
    if "**" in pattern:
        for path in glob.glob(pattern.split("**")[0].rpartition("/")[0] + "/"):
            _allow(ruleset, path, access | _READ_DIR)
        return
    for path in glob.glob(pattern, include_hidden=True):
        is_dir = pattern.endswith("/")
        _allow(ruleset, path, _READ_DIR if is_dir and "r" in letters else
               0 if os.path.isdir(path) else access)


def confine(text: str):
    """This process, from now on, and all that it starts."""
    handled = ctypes.c_uint64(_WRITE_FILE | _READ_FILE | _READ_DIR)
    ruleset = _call(_CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(8), 0)
    for pattern, letters in rules(text):
        _open_up(ruleset, pattern, letters)
    if _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no new privileges")
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


if __name__ == "__main__":
    confine(sys.stdin.read())
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.execvp(sys.argv[1], sys.argv[1:])
