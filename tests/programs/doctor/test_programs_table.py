"""docs/clients.md shows what doctor knows of programs: of those that read only files row by
row, and of those by which it tries stacks whether they hold to names and to a no."""

from __future__ import annotations

import re

from support import paths

ROW = re.compile(r'\{"([^"]+)",\s*OT_READS_(\w+),\s*(NULL|"[^"]*"),\s*(true|false),\s*'
                 r'(NULL|"[^"]*")\}')
READS = {"SYSTEM": "the system's store", "OWN": "a list of its own",
         "INSIDE": "what is in its sandbox"}
HEADING = "### What such programs read"
STACK = re.compile(r'\{"([^"]+)",\s*"([^"]+)",\s*(true|false),\s*"orgtrust doctor ([^"]+)"\}')
HOLDING = "## Which programs hold to names, and to a no\n"


def known() -> list[list[str]]:
    """The rows of doctor's table as the document has to show them."""
    text = (paths.REPOSITORY / "cli/doctor/programs_table.c").read_text()
    rows = ROW.findall(text)
    assert len(rows) == text.count('{"') > 20, "every row was understood"
    return [[name, READS[reads],
             "" if variable == "NULL" else f"`{variable[1:-1]}`",
             "" if variable == "NULL" else "instead" if replaces == "true" else "as well",
             "" if besides == "NULL" else besides[1:-1]]
            for name, reads, variable, replaces, besides in rows]


def shown(heading: str) -> list[list[str]]:
    section = (paths.REPOSITORY / "docs/clients.md").read_text().split(heading)[1]
    lines = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_document_shows_what_doctor_says():
    assert shown(HEADING) == known()


def test_doctor_asks_of_a_stack_what_the_document_says_of_its_program():
    text = (paths.REPOSITORY / "cli/doctor/hold.c").read_text()
    stacks = STACK.findall(text)
    assert len(stacks) == text.count('{"') == 5, "every row was understood"
    rows = {program: [names, no] for program, names, no in shown(HOLDING)}
    for stack, program, holds_to_names, check in stacks:
        assert stack == check
        assert rows[program] == ["yes" if holds_to_names == "true" else "believes none", "yes"]
