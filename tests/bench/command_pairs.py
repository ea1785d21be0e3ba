"""What people type, beside the cheapest program that reads as many bytes of output.
Processor time, which other programs disturb little."""

from __future__ import annotations

import statistics
import subprocess
from pathlib import Path

from support import paths

from measure import Fact, Goal, Row, in_turn, process
from pairs import Plan, pair
from place import Machine, machine

AT_ONCE_MS = 50
# install --dry-run ends with 10 where there is something to do.
OR_CHANGES = ["/bin/sh", "-c", '"$@"; status=$?; [ $status = 0 ] || [ $status = 10 ]', "sh"]


def _read_by_wc(place: Machine, output: Path):
    """wc -c of a pipe: of a file it would ask for the length alone."""
    return lambda: process(["/bin/sh", "-c", f"cat '{output}' | wc -c"], place.plain_env)


def _output(place: Machine, argv: list, output: Path):
    with output.open("wb") as to:
        subprocess.run(list(map(str, argv)), env=place.env, stdout=to, check=False)


@pair("command-list", "a whole program, into nowhere: orgtrust list, wc -c of the same bytes",
      True)
def command_list(plan: Plan):
    argv = [paths.COMMAND, "list"]
    for size in plan.sizes:
        place, output = machine(size), plan.scratch / "listed"
        _output(place, argv, output)
        sides = in_turn(plan.rounds(9), {
            "orgtrust": lambda m=place: process(argv, m.env),
            "wc": _read_by_wc(place, output)})
        yield Row("command-list", size, sides,
                  Goal(2, "≤ 2 ×") if size >= 100000 else None)


def _milliseconds(plan: Plan, argv: list, env: dict[str, str]) -> float:
    sides = in_turn(plan.rounds(9), {"orgtrust": lambda: process(argv, env)})
    return 1000 * statistics.median(sides["orgtrust"].cpu)


@pair("command-show", "a whole program: orgtrust show of one of so many")
def command_show(plan: Plan):
    for size in plan.sizes:
        place, output = machine(size), plan.scratch / "listed"
        _output(place, [paths.COMMAND, "list"], output)
        shown = output.read_text().splitlines()[size // 2].split("  ")[0]
        took = _milliseconds(plan, [paths.COMMAND, "show", shown], place.env)
        yield Fact("command-show", size, "time", took, "ms", "≤ 5 ms", took <= 5)


@pair("command-at-once", "whole programs that a person waits for: status, completion, install "
      "--dry-run, doctor source")
def command_at_once(plan: Plan):
    for size in plan.sizes:
        for words in (["status"], ["complete", "show", "Anch"],
                      ["install", "--dry-run", "openssl"], ["doctor", "source"]):
            took = _milliseconds(plan, [*OR_CHANGES, paths.COMMAND, *words],
                                 machine(size).env)
            yield Fact("command-at-once", size, " ".join(words), took, "ms",
                       f"≤ {AT_ONCE_MS} ms", took <= AT_ONCE_MS)
