"""Measures what it is asked for; tests/bench/run starts it."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # support

import pairs  # noqa: E402
import report  # noqa: E402
from measure import CannotRun, Fact, Row  # noqa: E402
from place import paths  # noqa: E402

# Each adds its pairs to the table, in this order.
import store_pairs  # noqa: E402, F401  isort: skip
import pkcs11_pairs  # noqa: E402, F401  isort: skip
import tls_pairs  # noqa: E402, F401  isort: skip
import sync_pairs  # noqa: E402, F401  isort: skip
import limits_pairs  # noqa: E402, F401  isort: skip
import command_pairs  # noqa: E402, F401  isort: skip
import server_pairs  # noqa: E402, F401  isort: skip

SIZES = [50, 150, 1000, 10000, 100000]
QUICK = [50, 150]


def options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/bench/run")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--size", type=int, action="append", metavar="N")
    parser.add_argument("--out", type=Path, default=paths.BUILD.parent)
    parser.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args(argv)


def chosen(names: list[str]) -> list[pairs.Pair]:
    """The pairs whose names begin so, in the order of the table; all without a name."""
    for name in names:
        if not any(known.startswith(name) for known in pairs.ALL):
            sys.exit(f"tests/bench/run: no pair '{name}'; --list names them")
    return [one for one in pairs.ALL.values()
            if not names or any(one.name.startswith(name) for name in names)]


def measure(one: pairs.Pair, plan: pairs.Plan) -> list[Row | Fact]:
    found = []
    for result in one.measure(plan):
        print(report.line(result), flush=True)
        found.append(result)
    if one.curve:
        for result in report.growth(found):
            print(report.line(result), flush=True)
            found.append(result)
    return found


def end(number: int, _):
    print(f"tests/bench/run: ended by {signal.Signals(number).name}", file=sys.stderr)
    sys.exit(128 + number)


def main(argv: list[str]) -> int:
    asked = options(argv)
    # However it ends, what it started ends with it.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, end)
    if asked.list:
        for one in chosen(asked.names):
            print(f"{one.name:17} {one.what}")
        return 0
    asked.out.mkdir(parents=True, exist_ok=True)
    machine = report.describe_machine()
    results: list[Row | Fact] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="orgtrust-bench-") as scratch:
        Path(scratch).chmod(0o755)
        sizes = asked.size or (QUICK if asked.quick else SIZES)
        plan = pairs.Plan(asked.quick, sizes, Path(scratch), asked.short)
        for one in chosen(asked.names):
            try:
                found = measure(one, plan)
                if one.curve and found:
                    report.draw(asked.out / f"{one.name}.svg", one.what, found)
                results += found
            except (CannotRun, AssertionError, OSError) as why:
                print(f"tests/bench/run: {one.name} cannot run: {why}", file=sys.stderr)
                failed = True
    machine["load afterwards"] = report.describe_machine()["load"]
    report.write_json(asked.out / "results.json", machine, results)
    verdicts = [one.verdict for one in results]
    print(f"\n{verdicts.count('PASS')} PASS, {verdicts.count('MISS')} MISS; load "
          f"{machine['load'][0]:.1f} before, {machine['load afterwards'][0]:.1f} after; "
          f"{asked.out}/results.json")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
