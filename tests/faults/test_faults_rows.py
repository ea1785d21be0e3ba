"""README.md here says for each row of facts/faults.md which files test it: they must."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROWS = {
    int(number): re.findall(r"`([^`]+)`", files)
    for number, files in re.findall(r"^\| (\d+) \|[^|]*\|([^|]*)\|$",
                                    (Path(__file__).parent / "README.md").read_text(),
                                    re.MULTILINE)
}


def test_every_row_is_listed():
    assert not set(range(1, 57)) - set(ROWS)


@pytest.mark.parametrize("row", sorted(ROWS))
def test_the_files_of_a_row_test_it(row):
    assert ROWS[row], "no file is named"
    for name in ROWS[row]:
        text = (TESTS / name).read_text("utf-8")
        assert re.search(rf"faults?_{row:02d}_\w+", text), f"{name} has no test of row {row}"
