"""No circle of files: where a header or source of one name needs another, that one does not
need it in turn. So each file of p11module can be read after those below it, alone."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDERS = ("p11module", "p11module/admin")


def needs(folders) -> dict[str, set[str]]:
    """Of each name (of a .c and its .h) those that it includes."""
    files = [file for folder in folders for file in (PROJECT / folder).glob("*.[ch]")]
    found: dict[str, set[str]] = {file.stem: set() for file in files}
    for file in files:
        included = re.findall(r'^#include "(?:.*/)?(\w+)\.h"', file.read_text(), re.MULTILINE)
        found[file.stem] |= (set(included) & set(found)) - {file.stem}
    return found


def in_circles(graph: dict[str, set[str]]) -> set[str]:
    """What remains when names that need none of the rest are taken away."""
    left = {name: set(others) for name, others in graph.items()}
    while True:
        free = {name for name, others in left.items() if not others}
        if not free:
            return set(left)
        left = {name: others - free for name, others in left.items() if name not in free}


def test_a_circle_is_seen():
    assert in_circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {"a", "b", "c"}


def test_no_circle():
    graph = needs(FOLDERS)
    assert graph["session"] and graph["c_login"], "the files are read"
    assert in_circles(graph) == set()
