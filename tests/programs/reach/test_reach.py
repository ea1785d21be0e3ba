"""Which programs follow the organization, and when: README.md says what was measured, and
in a fresh Debian 12 and 13 that is what is measured.

`walk`, in a root, measures; facts.json holds what it said, by Debian's release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import paths
from support.packages import enter_root, make_packages, with_packages

FACTS = json.loads(Path(__file__).with_name("facts.json").read_text())
RELEASES = {"bookworm": "12", "trixie": "13"}
HEADING = "## Which programs follow, and when\n"


def table() -> list[list[str]]:
    """The rows below the heading, without the head."""
    section = (paths.REPOSITORY / "README.md").read_text().split(HEADING)[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def cell(values: dict[str, str | None]) -> str:
    """What the table says of a fact in each release."""
    said = {release: value or "runs once" for release, value in values.items()}
    if len(set(said.values())) == 1:
        return said["12"]
    return ", ".join(f"{release}: {value}" for release, value in said.items())


def test_the_table_of_the_readme_is_what_was_measured():
    assert set(FACTS) == set(RELEASES.values())
    assert FACTS["12"].keys() == FACTS["13"].keys()
    assert table() == [
        [program, *(cell({release: FACTS[release][program][fact] for release in FACTS})
                    for fact in ("by", "added", "removed"))]
        for program in FACTS["12"]]


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    return make_packages(tmp_path_factory.mktemp("packages"))


# Fetching, installing and some hundred handshakes with ten languages and two browsers.
@pytest.mark.long
@pytest.mark.parametrize("root", RELEASES)
@with_packages[0]
@with_packages[1]
@with_packages[2]
def test_programs_follow_and_nothing_is_left(debs, root):
    done = enter_root(root, debs, "tests/programs/reach/walk", debs, options=["--keep-downloads"],
                      timeout=3600)
    assert done.status == 0, done.stderr[-20000:]
    assert json.loads(done.stdout) == FACTS[RELEASES[root]]
