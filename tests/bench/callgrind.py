"""What callgrind counts: instructions in user space, which depend neither on what else runs
nor on the machine's speed, by the program or library in which they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_COST = frozenset("0123456789+-*")  # how a line with a cost begins: with a line's number


@dataclass
class Profile:
    """Of one run; an object is the path of a program or library."""

    within: Counter[str] = field(default_factory=Counter)  # instructions in its own code
    leaving: Counter[str] = field(default_factory=Counter)  # calls from it into another
    calls: Counter[str] = field(default_factory=Counter)  # of a function, by its name

    @property
    def total(self) -> int:
        return self.within.total()

    def of(self, path: Path) -> tuple[int, int]:
        """(instructions within, calls that leave) of one object."""
        same = [name for name in self.within if Path(name).resolve() == path.resolve()]
        return (sum(self.within[name] for name in same),
                sum(self.leaving[name] for name in same))


class _Names:
    """A name is written once, as `(7) name`, and afterwards as `(7)`."""

    def __init__(self):
        self.known: dict[str, str] = {}

    def of(self, text: str) -> str:
        number, _, name = text.partition(" ")
        if not number.startswith("("):
            return text
        return self.known.setdefault(number, name)


def _parse(text: str) -> Profile:
    """Of callgrind's output, whose format is described in valgrind's manual: costs belong to
    the object named last, and that behind `calls=` is the callee's, counted there."""
    profile, objects, functions = Profile(), _Names(), _Names()
    here = callee = called = ""
    is_call = False
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "ob":
            here = objects.of(value)
        elif key == "cob":
            callee = objects.of(value)
        elif key == "fn":
            functions.of(value)
        elif key == "cfn":
            called, callee = functions.of(value), callee or here
        elif key == "calls":
            times = int(value.split()[0])
            profile.calls[called] += times
            if callee != here:
                profile.leaving[here] += times
            callee, is_call = "", True
        elif line[:1] in _COST:
            if not is_call:
                profile.within[here] += sum(map(int, line.split()[1:]))
            is_call = False
    return profile


def command(out: Path, *functions: str) -> list[str]:
    """What goes before a program: all of it is counted, or what happens inside the functions
    with these names. The profile is in the file `out` when it has ended."""
    return ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}",
            *(f"--toggle-collect={name}" for name in functions)]


def read(out: Path) -> Profile:
    """What such a program left; never nothing."""
    profile = _parse(out.read_text())
    assert profile.total > 0, f"callgrind counted nothing: {out}"
    return profile
