#!/usr/bin/env python3
"""Measures how the product is put together: files, lines, functions, includes, circles and,
when a build is named, what its symbol tables say of global functions.

  tests/lint/structure.py [BUILD]
  tests/lint/structure.py --for-one-file BUILD    fails where a function is global for nobody
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PRODUCT = ("common", "provider", "p11module", "cli", "server")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def sources() -> list[Path]:
    """Every .c and .h of the product, by its path in the project."""
    return sorted(path.relative_to(PROJECT) for folder in PRODUCT
                  for path in (PROJECT / folder).rglob("*.[ch]"))


def included(path: Path, among: set[Path]) -> list[Path]:
    """Our own files that it includes: beside it, from the top of its folder, or of common."""
    roots = [path.parent, Path(path.parts[0]), Path("common")]
    found = []
    for name in INCLUDE.findall((PROJECT / path).read_text()):
        found += [root / name for root in roots if root / name in among][:1]
    return found


def includes() -> dict[Path, list[Path]]:
    files = set(sources())
    return {path: included(path, files) for path in files}


def name_of(path: Path) -> str:
    """What a .c and its .h share."""
    return str(path.with_suffix("")).removesuffix("_internal")


def needs() -> dict[str, set[str]]:
    """Of each name (of a .c and its .h, with its folder) those that it includes."""
    found: dict[str, set[str]] = {}
    for path, others in includes().items():
        found.setdefault(name_of(path), set()).update(map(name_of, others))
    return {name: others - {name} for name, others in found.items()}


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The groups of names each of which needs, in the end, itself."""
    @cache
    def reached(start: str) -> frozenset[str]:
        seen, left = set(), list(graph[start])
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                left += graph[name]
        return frozenset(seen)

    found = []
    for name in sorted(graph):
        if name in reached(name) and not any(name in group for group in found):
            found.append({other for other in reached(name) if name in reached(other)})
    return found


def depth(graph: dict[Path, list[Path]]) -> int:
    """The longest chain of our own headers below one file."""
    @cache
    def below(path: Path) -> int:
        return max((1 + below(other) for other in graph[path]), default=0)

    return max(map(below, graph))


def function_lengths(text: str) -> list[int]:
    """Lines of each body, in the project's format: braces in the first column."""
    return [body.count("\n") - 1
            for body in re.findall(r"\)\n(\{\n(?:.*\n)*?\}\n)", text)]


def symbols(build: Path) -> tuple[dict[str, Path], dict[str, set[Path]]]:
    """Global functions, each with the file that defines it; and by whom each is used."""
    defined: dict[str, Path] = {}
    users: dict[str, set[Path]] = {}
    for made in build.rglob("*.c.o"):
        path = Path(re.sub(r"CMakeFiles/[^/]+\.dir/", "", str(made.relative_to(build)))[:-2])
        if not (PROJECT / path).exists():
            continue  # left of an earlier state of the sources
        if not (PROJECT / path).exists():
            continue  # made before its source was moved
        table = subprocess.run(["nm", made], capture_output=True, text=True, check=True).stdout
        for line in table.splitlines():
            kind, name = line.split()[-2:]
            if kind == "T" and path.parts[0] in PRODUCT:
                defined[name] = path
            elif kind == "U":
                users.setdefault(name, set()).add(path)
    return defined, users


def for_one_file(defined: dict[str, Path], users: dict[str, set[Path]]) -> list[str]:
    """Functions that are global although no other file of the product uses them. Tests may
    call one that its own file uses, too; what tests alone use is dead."""
    tested = " ".join(path.read_text() for path in (PROJECT / "tests").rglob("*.c"))

    def is_looked_into(name: str) -> bool:
        word = re.compile(rf"\b{name}\b")
        own = word.findall((PROJECT / defined[name]).read_text())
        return len(own) > 1 and bool(word.search(tested))

    return sorted(name for name in defined
                  if not any(user.parts[0] in PRODUCT for user in users.get(name, ()))
                  and not is_looked_into(name)
                  and not name.startswith(("C_", "OSSL_")) and name != "main")


def print_globals(build: Path):
    defined, users = symbols(build)
    outside = [name for name, path in defined.items()
               if any(user.parts[0] in PRODUCT and user.parent != path.parent
                      for user in users.get(name, ()))]
    alone = for_one_file(defined, users)
    print(f"global functions            {len(defined)}")
    print(f"  used outside their folder {len(outside)}")
    print(f"  for one file alone        {len(alone)}: {' '.join(alone) or 'none'}")


def main(build: Path | None):
    files = sources()
    texts = [(PROJECT / path).read_text() for path in files]
    lengths = [length for text in texts for length in function_lengths(text)]
    found = circles(needs())
    print(f"files                       {len(files)}")
    print(f"lines                       {sum(text.count(chr(10)) for text in texts)}")
    print(f"functions                   {len(lengths)}")
    print(f"  median of their lines     {statistics.median(lengths):g}")
    print(f"  longest                   {max(lengths)}")
    print(f"include depth               {depth(includes())}")
    print(f"circles of files            {len(found)}")
    for group in found:
        print(f"  {' '.join(sorted(group))}")
    if build:
        print_globals(build)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--for-one-file"]:
        sys.exit("\n".join(for_one_file(*symbols(Path(sys.argv[2]).resolve()))) or 0)
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None)
