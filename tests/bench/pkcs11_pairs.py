"""The PKCS#11 module beside p11-kit-trust.so with the same anchors."""

from __future__ import annotations

import os
import statistics
import subprocess

from support import paths

from measure import CannotRun, Fact, Goal, Row, Side, count_instructions, driver
from pairs import Plan, pair
from place import DRIVERS, library, machine

NAMES = ["orgtrust", "p11-kit"]
# p11-kit-trust.so takes a time that grows with the square of their number: 0.4 s for 1,000,
# two minutes for 10,000. Ours with more is held against the peer with this many.
PEER_MAX = 1000


def argv(work: str, rounds: int, side: str, place) -> list:
    return [DRIVERS / "bench_pkcs11", work, rounds, side, place.dir, paths.PKCS11_MODULE,
            library("p11-kit-trust.so")]


def _row(plan: Plan, name: str, work: str, rounds: int, size: int) -> Row:
    place = machine(size)
    sides = {name: Side() for name in (NAMES if size <= PEER_MAX else NAMES[:1])}
    driver(argv(work, rounds, "all" if len(sides) == 2 else NAMES[0], place), place.env,
           sides)
    for side in sides:
        if plan.counts_instructions(size, 100000 if side == NAMES[0] else plan.peer_counts):
            count_instructions(argv(work, 1, side, place), place.env, sides[side])
    return Row(name, size, sides)


def _rows(plan: Plan, name: str, work: str, many: int, goal: Goal | None, sizes: list[int]):
    peer = None
    for size in sizes:
        row = _row(plan, name, work, plan.rounds(many), size)
        row.goal = goal if size >= 150 and len(row.sides) == 2 else None
        yield row
        if len(row.sides) == 2:
            peer = row
        elif peer is not None and goal is not None:
            ratio = row.median(NAMES[0]) / peer.median(NAMES[1])
            yield Fact(name, size, f"against p11-kit-trust with {peer.size} only, 1/ratio",
                       1 / ratio, "", goal.text, ratio <= goal.ratio)


@pair("pkcs11-start", "C_Initialize, find by subject, read: module, p11-kit-trust", True)
def start(plan: Plan):
    yield from _rows(plan, "pkcs11-start", "start", 15, Goal(1 / 50, "50 × faster"),
                     plan.sizes)


@pair("pkcs11-find", "find by subject and read in an open session: module, p11-kit-trust",
      True)
def find(plan: Plan):
    yield from _rows(plan, "pkcs11-find", "find", 9, None, plan.sizes)


@pair("pkcs11-attribute", "an attribute or its length, of those that GnuTLS asks for: module, "
      "p11-kit-trust")
def attribute(plan: Plan):
    yield from _rows(plan, "pkcs11-attribute", "attribute", 9, None, plan.up_to(1000))


@pair("pkcs11-enumerate", "C_Initialize, every certificate read, a certificate: module, "
      "p11-kit-trust", True)
def enumerate_all(plan: Plan):
    yield from _rows(plan, "pkcs11-enumerate", "enumerate", 9, None, plan.sizes)


def _memory_once(place, side: str) -> tuple[int, int]:
    done = subprocess.run(list(map(str, argv("memory", 1, side, place))), env=place.env,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr)
    _, rss, private = done.stdout.split()
    return int(rss), int(private)


def _memory(place, side: str) -> tuple[int, int]:
    """Medians: where the kernel puts things decides what it maps around them. A library
    that has just been built and is not on the disk yet would count as dirty."""
    with open(paths.PKCS11_MODULE, "rb") as file:
        os.fsync(file.fileno())
    samples = [_memory_once(place, side) for _ in range(9 if side == NAMES[0] else 1)]
    rss, private = zip(*samples)
    return statistics.median(rss), statistics.median(private)


@pair("memory", "memory added to a host by loading, a search and a read: module, "
      "p11-kit-trust", True)
def memory(plan: Plan):
    peer = peer_size = None
    for size in plan.sizes:
        place = machine(size)
        ours = _memory(place, NAMES[0])
        if size <= PEER_MAX or peer is None:
            peer, peer_size = _memory(place, NAMES[1]), size
            yield Fact("memory", size, "resident, p11-kit-trust", peer[0], "KiB")
            yield Fact("memory", size, "private and dirty, p11-kit-trust", peer[1], "KiB")
        yield Fact("memory", size, "resident, module", ours[0], "KiB")
        yield Fact("memory", size, "private and dirty, module", ours[1], "KiB")
        against = "" if peer_size == size else f" to p11-kit-trust with {peer_size} only"
        judged = size >= 150
        yield Fact("memory", size, f"resident, ratio{against}", ours[0] / peer[0], "×",
                   "≤ 1/15" if judged else "", ours[0] / peer[0] <= 1 / 15 if judged else None)
        yield Fact("memory", size, f"private and dirty, ratio{against}", ours[1] / peer[1],
                   "×")
