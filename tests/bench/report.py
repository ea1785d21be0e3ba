"""The table, the JSON and the curves."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

from measure import CannotRun, Fact, Row

_PLOT = """\
set terminal svg size 800,500 dynamic font 'sans,13' background '#ffffff'
set output '{out}'
set title '{title}'
set logscale xy
set xlabel 'certificates'
set ylabel '{unit}'
set format y '10^{{%T}}'
set grid
set key left top
plot {plots}
"""


def seconds(value: float) -> str:
    for unit, scale in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def _ratio(value: float) -> str:
    if value >= 0.1:
        return f"{value:.2f} ×"
    return f"1/{1 / value:.0f}"


def line(found: Row | Fact) -> str:
    """One line of the table."""
    start = f"{found.verdict:4} {found.pair:17} {found.size:>6}  "
    if isinstance(found, Fact):
        value = f"{found.value:.4g} {found.unit}".rstrip()
        goal = f"  goal {found.goal}" if found.goal else ""
        return f"{start}{found.what}: {value}{goal}"
    parts = []
    for name in found.names:
        low, high = found.quartiles(name)
        parts.append(f"{name} {seconds(found.median(name))}"
                     f" [{seconds(low)} … {seconds(high)}]")
    text = start + ", ".join(parts)
    if found.ratio is not None:
        text += f"  ratio {_ratio(found.ratio)}"
    if found.cpu_ratio is not None:
        text += f", processor time {_ratio(found.cpu_ratio)}"
    if found.instruction_ratio is not None:
        text += f", instructions {_ratio(found.instruction_ratio)}"
    if found.goal is not None:
        text += f"  goal {found.goal.text}"
    return text + (f"  ({found.note})" if found.note else "")


def describe_machine() -> dict:
    model = [text.split(":", 1)[1].strip()
             for text in Path("/proc/cpuinfo").read_text().splitlines()
             if text.startswith("model name")]
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "processor": model[0] if model else platform.machine(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "load": os.getloadavg(),
        "niceness": os.nice(0),
    }


def _entry(found: Row | Fact) -> dict:
    entry = dataclasses.asdict(found) | {"verdict": found.verdict}
    if isinstance(found, Row):
        entry["ratio"] = found.ratio
        entry["cpu_ratio"] = found.cpu_ratio
        entry["instruction_ratio"] = found.instruction_ratio
        entry["medians"] = {name: found.median(name) for name in found.names}
    return entry


def write_json(path: Path, machine: dict, found: list[Row | Fact]):
    everything = {"machine": machine, "results": [_entry(one) for one in found]}
    path.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n")


def _curves(found: list[Row | Fact]) -> tuple[str, dict[str, list[tuple[int, float]]]]:
    curves: dict[str, list[tuple[int, float]]] = {}
    for one in found:
        if isinstance(one, Row):
            for name in one.names:
                curves.setdefault(name, []).append((one.size, one.median(name)))
        elif one.unit == "KiB":
            curves.setdefault(one.what, []).append((one.size, max(one.value, 1)))
    return ("KiB" if isinstance(found[0], Fact) else "seconds"), curves


def growth(found: list[Row | Fact]) -> list[Fact]:
    """How our side of one pair grows from 150 certificates to the most that were
    measured."""
    ours = {one.size: one.samples(one.names[0]) for one in found if isinstance(one, Row)}
    sizes = sorted(size for size in ours if size >= 150)
    if len(sizes) < 2:
        return []
    first, last = (statistics.median(ours[size]) for size in (sizes[0], sizes[-1]))
    return [Fact(found[0].pair, sizes[-1],
                 f"growth from {sizes[0]}, where the certificates are {sizes[-1] / sizes[0]:.0f} ×",
                 last / first, "×")]


def draw(path: Path, title: str, found: list[Row | Fact]):
    """The growth of one pair, both axes logarithmic; nothing where there is one size."""
    unit, curves = _curves(found)
    if max(len(points) for points in curves.values()) < 2:
        return
    plots = ", ".join(f"'-' using 1:2 with linespoints linewidth 2 title '{name}'"
                      for name in curves)
    script = _PLOT.format(out=path, title=title.replace("'", " "), unit=unit, plots=plots)
    for points in curves.values():
        script += "".join(f"{size} {value}\n" for size, value in points) + "e\n"
    done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise CannotRun(f"gnuplot: {done.stderr}")
