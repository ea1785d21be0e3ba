"""Counts what the parts of tests/run recorded and says it.

tally.py --line RESULTS/PART    one line for a part that has just ended
tally.py RESULTS LOGS           the table, what was skipped, what failed, the closing line;
                                exit status 1 when anything failed"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path


# What unit_skip() of the C tests prints.
NOT_TESTED = re.compile(r"^  NOT TESTED here: (.*)$", re.MULTILINE)


WORDS = 20  # lines of a failed test in the table; its log has all
REASON = 120  # characters of why it failed, beside its name


@dataclass
class Part:
    name: str
    seconds: int = 0
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)  # the last ones of a failed test
    reasons: dict[str, str] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)  # of tests that passed

    def line(self) -> str:
        return (f"{self.passed:6} passed {len(self.failed):5} failed "
                f"{len(self.skipped):5} skipped {self.seconds:6} s")


def read_junit(part: Part, path: Path):
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name", "?")
        if path.stem.startswith("pytest"):
            name = f"{case.get('classname', '')}::{name}"
        skipped = case.find("skipped")
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        said = case.findtext("system-out") or ""
        if wrong is not None:
            part.failed.append(name)
            # pytest says it in the failure, ctest in what the program wrote.
            part.words[name] = (wrong.text or said).rstrip().splitlines()[-WORDS:]
            reason = " ".join((wrong.get("message") or "").split())
            if reason:
                part.reasons[name] = reason[:REASON]
        elif skipped is not None:
            part.skipped.append((name, skipped.get("message") or "no reason given"))
        elif case.get("status") in ("disabled", "notrun"):
            part.skipped.append((name, case.get("status", "")))
        else:
            part.passed += 1
            part.left_out += [(name, why) for why in NOT_TESTED.findall(said)]


def read_checks(part: Part, path: Path):
    for line in path.read_text("utf-8").splitlines():
        outcome, name, why = line.split("\t", 2)
        if outcome == "passed":
            part.passed += 1
        elif outcome == "skipped":
            part.skipped.append((name, why))
        else:
            part.failed.append(f"{name} ({why})")


def read_part(directory: Path) -> Part:
    part = Part(directory.name)
    for path in sorted(directory.glob("*.xml")):
        try:
            read_junit(part, path)
        except ElementTree.ParseError as wrong:
            part.failed.append(f"{path.name} cannot be read: {wrong}")
    if (directory / "checks.tsv").exists():
        read_checks(part, directory / "checks.tsv")
    part.seconds = int((directory / "seconds").read_text())
    status = (directory / "status").read_text().strip()
    if status != "0":
        part.failed.append(f"the part itself ended with {status}")
    if part.passed == 0 and not part.failed and not part.skipped:
        part.failed.append("nothing ran")
    return part


def by_reason(skipped: list[tuple[str, str]]) -> dict[str, list[str]]:
    """What lacks here is said once, however many tests lack it."""
    found: dict[str, list[str]] = {}
    for name, why in skipped:
        found.setdefault(why, []).append(name)
    return found


def main(argv: list[str]) -> int:
    if argv[0] == "--line":
        print(read_part(Path(argv[1])).line())
        return 0
    results, logs = Path(argv[0]), Path(argv[1])
    order = sorted(results.iterdir(), key=lambda d: (d / "status").stat().st_mtime_ns)
    parts = [read_part(directory) for directory in order]
    print()
    for part in parts:
        print(f"{part.name:9} {part.line()}   {logs / part.name}.log")
    for part in parts:
        for why, names in by_reason(part.skipped).items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            print(f"SKIPPED {part.name}: {names[0]}{more}: {why}")
        for name, why in part.left_out:
            print(f"PARTLY  {part.name}: {name} without {why}")
    for part in parts:
        for name, words in part.words.items():
            print("", f"{part.name}: {name}", *(f"    {line}" for line in words), sep="\n")
    print()
    for part in parts:  # whoever has the end alone sees what failed, and why
        for name in part.failed:
            why = f": {part.reasons[name]}" if name in part.reasons else ""
            print(f"FAILED  {part.name}: {name}{why}")
    failed = sum(len(p.failed) for p in parts)
    print(f"{sum(p.passed for p in parts)} passed, {failed} failed, "
          f"{sum(len(p.skipped) for p in parts)} skipped")
    return 1 if failed or not parts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
