"""docs/clients.md shows what doctor knows of programs that read only files, row by row."""

from __future__ import annotations

import re

from support import paths

ROW = re.compile(r'\{"([^"]+)",\s*OT_READS_(\w+),\s*(NULL|"[^"]*"),\s*(true|false),\s*'
                 r'(NULL|"[^"]*")\}')
READS = {"SYSTEM": "the system's store", "OWN": "a list of its own",
         "INSIDE": "what is in its sandbox"}
HEADING = "### What such programs read"


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


def shown() -> list[list[str]]:
    section = (paths.REPOSITORY / "docs/clients.md").read_text().split(HEADING)[1]
    lines = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_document_shows_what_doctor_says():
    assert shown() == known()
