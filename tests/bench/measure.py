"""Samples, taken in turn, and what is made of them."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import callgrind


class CannotRun(Exception):
    """Something that a measurement needs does not work; the only reason to fail."""


@dataclass
class Side:
    """One way to do the work: what an operation took, by batch."""

    cpu: list[float] = field(default_factory=list)  # seconds of processor time, if known
    wall: list[float] = field(default_factory=list)  # seconds
    instructions: float | None = None  # of one operation, user space, by callgrind


@dataclass
class Goal:
    """At most this ratio of ours to the peer's; text as the table in the README has it."""

    ratio: float
    text: str


@dataclass
class Row:
    """One piece of work at one size: our side first, then the peer that is judged."""

    pair: str
    size: int
    sides: dict[str, Side]
    goal: Goal | None = None
    clock: str = "cpu"  # or "wall", where waiting is the work
    note: str = ""

    def samples(self, side: str) -> list[float]:
        return getattr(self.sides[side], self.clock)

    @property
    def names(self) -> list[str]:
        return list(self.sides)

    def median(self, side: str) -> float:
        return statistics.median(self.samples(side))

    def quartiles(self, side: str) -> tuple[float, float]:
        samples = self.samples(side)
        if len(samples) < 2:
            return samples[0], samples[0]
        low, _, high = statistics.quantiles(samples, n=4, method="inclusive")
        return low, high

    @property
    def ratio(self) -> float | None:
        """Ours to the peer's: medians, since a busy machine disturbs single batches."""
        if len(self.sides) < 2:
            return None
        ours, peer = self.names[:2]
        return self.median(ours) / self.median(peer)

    @property
    def cpu_ratio(self) -> float | None:
        """The same of processor time, where the row's own clock is another."""
        if self.clock == "cpu" or len(self.sides) < 2:
            return None
        spent = [statistics.median(side.cpu) for side in self.sides.values() if side.cpu]
        return spent[0] / spent[1] if len(spent) == 2 else None

    @property
    def instruction_ratio(self) -> float | None:
        counts = [side.instructions for side in self.sides.values()][:2]
        return counts[0] / counts[1] if len(counts) == 2 and all(counts) else None

    @property
    def verdict(self) -> str:
        if self.goal is None or self.ratio is None:
            return ""
        return "PASS" if self.ratio <= self.goal.ratio else "MISS"


@dataclass
class Fact:
    """A figure that is counted, not timed."""

    pair: str
    size: int
    what: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.met is None else "PASS" if self.met else "MISS"


def _run(argv, env, timeout) -> subprocess.CompletedProcess:
    done = subprocess.run(list(map(str, argv)), env=env, capture_output=True, text=True,
                          timeout=timeout, check=False)
    if done.returncode != 0:
        raise CannotRun(f"{' '.join(map(str, argv))}\n{done.stderr}")
    return done


def driver(argv, env, sides: dict[str, Side], timeout=1800) -> None:
    """Runs a C driver, whose lines bench.h describes, and keeps what it measured."""
    for line in _run(argv, env, timeout).stdout.splitlines():
        name, cpu, wall, operations = line.split()
        side = sides.setdefault(name, Side())
        side.cpu.append(int(cpu) / int(operations) / 1e9)
        side.wall.append(int(wall) / int(operations) / 1e9)


def count_instructions(argv, env, side: Side, timeout=1800) -> None:
    """Runs one measured batch of a driver under callgrind."""
    counted, operations = count_batch(argv, env, timeout=timeout)
    side.instructions = counted.total / operations


def count_batch(argv, env, timeout=1800) -> tuple[callgrind.Profile, int]:
    """What callgrind counts of one measured batch of a driver, and its operations."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        done = _run([*callgrind.command(out, "bench_section"), *argv], env, timeout)
        counted = callgrind.read(out)
    return counted, int(done.stdout.split()[3])


def instructions_a_call(argv, env, function: str, wrapper=()) -> float:
    """What a call of this function takes in a run of a driver, with all that it calls. Of the
    whole run, the round that only warms up included: callgrind counts calls also where it
    collects nothing. wrapper goes before valgrind."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        _run([*wrapper, *callgrind.command(out, function), *argv], env, 1800)
        counted = callgrind.read(out)
    if counted.calls[function] == 0:
        raise CannotRun(f"callgrind saw no call of {function}: {argv}")
    return counted.total / counted.calls[function]


def process_instructions(argv, env, timeout=1800) -> int:
    """Of a whole program, but not of those that it starts."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        _run([*callgrind.command(out), *argv], env, timeout)
        return callgrind.read(out).total


def process(argv, env, timeout=600, stdout=subprocess.DEVNULL) -> tuple[float, float]:
    """(processor time, time) of a whole program and its children, in seconds."""
    with tempfile.TemporaryFile() as err:
        began = time.monotonic()
        child = subprocess.Popen(list(map(str, argv)), env=env, stdin=subprocess.DEVNULL,
                                 stdout=stdout, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0 or wall > timeout:
            err.seek(0)
            raise CannotRun(f"{' '.join(map(str, argv))}: {child.returncode}\n"
                            f"{err.read().decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, wall


def in_turn(rounds: int, ways: dict, warm=True) -> dict[str, Side]:
    """Calls each way, which returns (processor time, time), in turn: A B A B …, after one
    round that does not count unless warm is false."""
    sides = {name: Side() for name in ways}
    for count in range(0 if warm else 1, rounds + 1):
        for name, way in ways.items():
            cpu, wall = way()
            if count > 0:
                sides[name].cpu += [cpu] if cpu is not None else []
                sides[name].wall.append(wall)
    return sides
