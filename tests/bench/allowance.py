"""What core operations may take: instructions.txt, and what is held against it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).resolve().parent / "instructions.txt"
GROWTH = 1.05


class Count(NamedTuple):
    """Of one operation."""

    instructions: float
    calls: float

    def __str__(self) -> str:
        return f"{self.instructions:12.1f} {self.calls:10.2f}"


def known(build: str) -> dict[str, Count]:
    """What the file says of a build."""
    found = {}
    for line in FILE.read_text().splitlines():
        if line.startswith(f"{build} "):
            _, name, instructions, calls = line.split()
            found[name] = Count(float(instructions), float(calls))
    return found


def lines(build: str, counts: dict[str, Count]) -> list[str]:
    return [f"{build} {name:17} {count}" for name, count in counts.items()]


def renew(build: str, counts: dict[str, Count]):
    """In place of what the file says of that build."""
    kept = [line for line in FILE.read_text().splitlines()
            if not line.startswith(f"{build} ")]
    FILE.write_text("\n".join(kept + lines(build, counts)) + "\n")


def judge(allowed: dict[str, Count], counts: dict[str, Count]) -> list[str]:
    """What is wrong, in words."""
    wrong = [f"{name} is measured or has a number, not both"
             for name in sorted(allowed.keys() ^ counts.keys())]
    for name in sorted(allowed.keys() & counts.keys()):
        for what, before, now in zip(Count._fields, allowed[name], counts[name]):
            if now > before * GROWTH:
                wrong.append(f"{name}: {what} {before:.1f} → {now:.1f}, "
                             f"{now / before - 1:+.1%}")
    return wrong
