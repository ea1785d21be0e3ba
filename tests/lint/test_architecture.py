"""What docs/architecture.md and CONTRIBUTING.md name is there: files, folders, functions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ARCHITECTURE = PROJECT / "docs" / "architecture.md"
PLACE = re.compile(r"`((?:common|provider|p11module|cli|server|conf|docs|tests)/[\w./-]*)`")
FUNCTION = re.compile(r"`(\w+)\(\)`")


@pytest.mark.parametrize("document", [ARCHITECTURE, PROJECT / "CONTRIBUTING.md"],
                         ids=lambda path: path.name)
def test_every_place_exists(document):
    named = PLACE.findall(document.read_text())
    assert len(named) > 5
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_every_function_is_defined_in_the_file_that_is_named_next():
    """`function()`, and before the end of the sentence the file that has it."""
    text = re.sub(r"```.*?```", "", ARCHITECTURE.read_text(), flags=re.DOTALL)
    found = list(FUNCTION.finditer(text))
    assert len(found) > 15
    for match in found:
        place = PLACE.search(text, match.end())
        assert place, match[1]
        source = (PROJECT / place[1]).read_text()
        assert re.search(rf"^[\w].*\b{match[1]}\(", source, re.MULTILINE), (match[1], place[1])
