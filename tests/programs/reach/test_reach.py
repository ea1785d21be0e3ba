"""Which programs follow the organization, and when: README.md says what was measured, and
in a fresh Debian 12 and 13 that is what is measured. So is which of them hold an authority to
names, and to a no, which docs/clients.md says.

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
HOLDING = "## Which programs hold to names, and to a no\n"
# What stands for a fact that there is none of.
NONE = {"added": "runs once", "removed": "runs once", "names": "it shows"}


def table(document: str, heading: str) -> list[list[str]]:
    """The rows below a heading, without the head."""
    section = (paths.REPOSITORY / document).read_text().split(heading)[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def cell(program: str, fact: str) -> str:
    """What the table says of a fact in each release."""
    said = {release: facts[program][fact] or NONE[fact] for release, facts in FACTS.items()}
    if len(set(said.values())) == 1:
        return said["12"]
    return ", ".join(f"{release}: {value}" for release, value in said.items())


def test_the_table_of_the_readme_is_what_was_measured():
    assert set(FACTS) == set(RELEASES.values())
    assert FACTS["12"].keys() == FACTS["13"].keys()
    assert table("README.md", HEADING) == [
        [program, *(cell(program, fact) for fact in ("by", "added", "removed"))]
        for program in FACTS["12"]]


def test_the_table_of_who_holds_is_what_was_measured():
    assert table("docs/clients.md", HOLDING) == [
        [program, cell(program, "names"), cell(program, "no")] for program in FACTS["12"]]


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
