"""README.md here says of each kind of fault which files test it: these do, all that do are
there, and what no test reaches says why."""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
LINES = re.findall(r"^\| (\d+) \|[^|]*\|([^|]*)\|$",
                   (Path(__file__).parent / "README.md").read_text("utf-8"), re.MULTILINE)
ROWS = {int(number): cell.strip() for number, cell in LINES}


def names_in(text: str, suffix: str) -> set[str]:
    """Of the tests that a file has."""
    if suffix == ".py":
        return set(re.findall(r"^def (test_\w+)", text, re.MULTILINE)) | set(
            re.findall(r'^    "(fault_\d\d [^"]*)"', text, re.MULTILINE))
    return {name for names in re.findall(r'"(faults?_[^"]+)"|\bCASE\((faults?_\w+)\)', text)
            for name in names if name}


@cache
def files_by_row() -> dict[int, set[str]]:
    """Row -> the files with a test that carries its number."""
    found = defaultdict(set)
    for path in (*TESTS.rglob("test_*.py"), *TESTS.rglob("*_test.c")):
        for name in names_in(path.read_text("utf-8"), path.suffix):
            numbers = re.search(r"faults?_((?:\d\d[_ ](?:and_|to_)?)+)", name)
            for row in re.findall(r"\d\d", numbers[1]) if numbers else ():
                found[int(row)].add(str(path.relative_to(TESTS)))
    return found


def test_every_row_is_listed_once():
    assert [int(number) for number, _ in LINES] == list(range(1, len(LINES) + 1))
    assert set(files_by_row()) <= set(ROWS), "a test has a number that is no row's"


@pytest.mark.parametrize("row", sorted(ROWS))
def test_the_files_of_a_row_are_those_that_test_it(row):
    if not files_by_row()[row]:
        assert re.match(r"none: \w.{20}", ROWS[row]), "what is not tested says why"
        return
    assert set(re.findall(r"`([^`]+)`", ROWS[row])) == files_by_row()[row]
