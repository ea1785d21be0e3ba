#!/usr/bin/python3
"""Holds what core operations take to the numbers in instructions.txt.

    tests/bench/guard.py            status 1 when one takes more than 5 % more than there
    tests/bench/guard.py --known    status 1, and why, when it has no numbers for this build
    tests/bench/guard.py --renew    writes what they take now; a commit that does so says why

Counted are the instructions within our own programs and libraries, and the calls that leave
them, into OpenSSL or libc: neither knows of which version these are. The build that
ORGTRUST_BUILD names is one of RelWithDebInfo."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # support

from support import paths  # noqa: E402
from support.organization import ApiClient, Organization  # noqa: E402
from support.process import Background, run  # noqa: E402
from support.world import World  # noqa: E402

import allowance  # noqa: E402
import callgrind  # noqa: E402
import pkcs11_pairs  # noqa: E402
import store_pairs  # noqa: E402
from allowance import Count  # noqa: E402
from measure import count_batch  # noqa: E402
from place import Machine, machine  # noqa: E402
from wires import fill, organization  # noqa: E402

SIZE = 1000
READ = 100  # certificates that the sync which is counted finds new
PAGE = 100
AGAIN = 5  # how often each page is asked for after the first time


def _per(profile: callgrind.Profile, path: Path, operations: int) -> Count:
    within, leaving = profile.of(path)
    assert within > 0, f"nothing was counted in {path}"
    return Count(within / operations, leaving / operations)


def _driver(argv: list, place: Machine, path: Path) -> Count:
    profile, operations = count_batch(argv, place.env)
    return _per(profile, path, operations)


def _of_provider(work: str, place: Machine) -> Count:
    return _driver(store_pairs.argv(work, 1, "orgtrust", place), place, paths.PROVIDER)


def _of_module(work: str, place: Machine) -> Count:
    return _driver(pkcs11_pairs.argv(work, 1, "orgtrust", place), place, paths.PKCS11_MODULE)


def _command(world: World, operations: int, *args: str, inside: tuple[str, ...] = ()) -> Count:
    """Of a whole run of the command, or of what happens inside functions of it."""
    out = world.dir / "callgrind"
    done = run([*callgrind.command(out, *inside), paths.COMMAND, *args], env=world.env,
               timeout=300)
    assert done.status == 0, done
    return _per(callgrind.read(out), paths.COMMAND, operations)


def _of_command(org: Organization, scratch: Path, pems: list[str]) -> dict[str, Count]:
    world = World(scratch / "world", org.base_url, org.key)
    fill(org, pems[:-READ], 0)
    world.sync(timeout=300)
    fill(org, pems[-READ:], SIZE - READ)
    found = {"sync-read": _command(world, READ, "sync", "--quiet",
                                   inside=("ot_content_accept",))}
    assert world.status()["active"] == SIZE
    before = world.snapshot()
    found["sync-unchanged"] = _command(world, 1, "sync", "--quiet")
    assert world.snapshot().inode == before.inode
    found["list"] = _command(world, 1, "list")
    world.close()
    return found


def _server(org: Organization, scratch: Path, walks: int) -> callgrind.Profile:
    """Of one that is new and is asked for all pages of a hundred so many times."""
    out = scratch / "server.callgrind"
    server = Background([*callgrind.command(out, "ot_connection_handle"), paths.SERVER, "--db",
                         org.db, "--listen", "127.0.0.1:0"], env=org.env,
                        log=scratch / "server.log")
    client = ApiClient(server.port(timeout=300), org.key)
    listed = [len(client.list()) for _ in range(walks)]
    client.close()
    status = server.stop(timeout=300)
    assert status == 0 and listed == [SIZE] * walks, server.output()
    return callgrind.read(out)


def _of_server(org: Organization, scratch: Path) -> dict[str, Count]:
    """What a page costs that nobody asked for before, and what it costs later."""
    first, later = (_per(_server(org, scratch, walks), paths.SERVER, SIZE // PAGE)
                    for walks in (1, 1 + AGAIN))
    return {"list-page": first,
            "list-page-again": Count(*((more - once) / AGAIN
                                       for once, more in zip(first, later)))}


def _of_organization(scratch: Path, place: Machine) -> dict[str, Count]:
    with ExitStack() as stack:
        org = organization(stack, scratch / "organization")
        found = _of_command(org, scratch, place.pems())
    return found | _of_server(org, scratch)


def measure() -> dict[str, Count]:
    """Everything below one directory with a name that is always as long, two things at once:
    how a file is reached is looked at from its root on, name by name."""
    with tempfile.TemporaryDirectory(prefix="orgtrust-guard.", dir="/tmp") as name:
        scratch = Path(name)
        scratch.chmod(0o755)
        place = machine(SIZE, "rsa", scratch)
        jobs: list[Callable[[], dict[str, Count]]] = [
            lambda: _of_organization(scratch, place),
            lambda: {"lookup-absent": _of_provider("absent", place)},
            lambda: {"lookup-present": _of_provider("present", place)},
            lambda: {"pkcs11-start": _of_module("start", place)},
            lambda: {"pkcs11-attribute": _of_module("attribute", place)},
        ]
        with ThreadPoolExecutor(2) as pool:
            return {name: count for part in pool.map(lambda job: job(), jobs)
                    for name, count in part.items()}


def this_build() -> str:
    """What the numbers depend on, as a word: the compiler and the processor."""
    cache = (paths.BUILD / "CMakeCache.txt").read_text()
    if ("CMAKE_BUILD_TYPE:STRING=RelWithDebInfo" not in cache
            or re.search("^ORGTRUST_SANITIZE:.*=.", cache, re.M)):
        sys.exit(f"{paths.BUILD} is no plain build of RelWithDebInfo")
    said = next(paths.BUILD.glob("CMakeFiles/*/CMakeCCompiler.cmake")).read_text()
    compiler, version = (re.search(rf'CMAKE_C_COMPILER_{what} "([^".]+)', said)[1]
                         for what in ("ID", "VERSION"))
    return f"{compiler.lower().replace('gnu', 'gcc')}-{version}-{os.uname().machine}"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests/bench/guard.py")
    parser.add_argument("--known", action="store_true")
    parser.add_argument("--renew", action="store_true")
    asked = parser.parse_args(argv)
    build = this_build()
    allowed = allowance.known(build)
    if not allowed and not asked.renew:
        print(f"NO NUMBERS FOR {build} in {allowance.FILE}; tests/bench/guard.py --renew adds "
              "them")
    if asked.known:
        return 0 if allowed else 1
    counts = measure()
    print("\n".join(allowance.lines(build, counts)))
    if asked.renew:
        allowance.renew(build, counts)
        return 0
    wrong = allowance.judge(allowed, counts) if allowed else []
    for one in wrong:
        print(f"MORE THAN {allowance.FILE.name} ALLOWS: {one}")
    return 1 if wrong or not allowed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
