"""The PKCS#11 module beside p11-kit-trust.so with the same anchors."""

from __future__ import annotations

import subprocess

from support import paths

from measure import CannotRun, Fact, Goal, Row, Side, count_instructions, driver
from pairs import Plan, pair
from place import DRIVERS, library, machine

NAMES = ["orgtrust", "p11-kit"]
# p11-kit-trust.so takes about 0.2 ms a certificate: fewer rounds where that is long.
ROUNDS = {10000: 3, 100000: 1}


def _argv(work: str, rounds: int, side: str, place) -> list:
    return [DRIVERS / "bench_pkcs11", work, rounds, side, place.dir, paths.PKCS11_MODULE,
            library("p11-kit-trust.so")]


def _rows(plan: Plan, name: str, work: str, many: int, goal: Goal | None, sizes: list[int]):
    for size in sizes:
        place = machine(size)
        sides = {name: Side() for name in NAMES}
        rounds = plan.rounds(min(many, ROUNDS.get(size, many)))
        if size >= 10000:
            # Ours alone many times, since the peer allows so few rounds in turn.
            driver(_argv(work, 15, "orgtrust", place), place.env, sides)
        driver(_argv(work, rounds, "all", place), place.env, sides)
        for side in NAMES:
            if plan.counts_instructions(size, 1000 if side == "p11-kit" else 100000):
                count_instructions(_argv(work, 1, side, place), place.env, sides[side])
        yield Row(name, size, sides, goal if size >= 150 else None)


@pair("pkcs11-start", "C_Initialize, find by subject, read: module, p11-kit-trust", True)
def start(plan: Plan):
    yield from _rows(plan, "pkcs11-start", "start", 15, Goal(1 / 50, "50 × faster"),
                     plan.sizes)


@pair("pkcs11-find", "find by subject and read in an open session: module, p11-kit-trust",
      True)
def find(plan: Plan):
    yield from _rows(plan, "pkcs11-find", "find", 9, None, plan.up_to(10000))


@pair("pkcs11-enumerate", "C_Initialize, every certificate read, a certificate: module, "
      "p11-kit-trust", True)
def enumerate_all(plan: Plan):
    yield from _rows(plan, "pkcs11-enumerate", "enumerate", 9, None, plan.up_to(10000))


def _memory(place, side: str) -> tuple[int, int]:
    done = subprocess.run(list(map(str, _argv("memory", 1, side, place))), env=place.env,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr)
    _, rss, private = done.stdout.split()
    return int(rss), int(private)


@pair("memory", "memory added to a host by loading, a search and a read: module, "
      "p11-kit-trust", True)
def memory(plan: Plan):
    for size in plan.sizes:
        place = machine(size)
        ours, peer = (_memory(place, side) for side in NAMES)
        goal = "≤ 1/20" if size >= 150 else ""
        yield Fact("memory", size, "resident, module", ours[0], "KiB")
        yield Fact("memory", size, "resident, p11-kit-trust", peer[0], "KiB")
        yield Fact("memory", size, "resident, ratio", ours[0] / peer[0], "×", goal,
                   ours[0] / peer[0] <= 1 / 20 if goal else None)
        yield Fact("memory", size, "private and dirty, module", ours[1], "KiB")
        yield Fact("memory", size, "private and dirty, p11-kit-trust", peer[1], "KiB")
        yield Fact("memory", size, "private and dirty, ratio", ours[1] / peer[1], "×")
