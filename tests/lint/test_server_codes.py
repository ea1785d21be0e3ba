"""docs/errors.md has every code that orgtrust-server answers with, and no other."""

from __future__ import annotations

import re

from structure import PROJECT

CALL = re.compile(r"ot_reply_error\(([^;]*);", re.DOTALL)
WORD = re.compile(r'"([a-z]+(?:_[a-z]+)+)"')


def arguments(call: str) -> list[str]:
    """Those of a call, cut at its own commas."""
    found, depth, quoted = [""], 0, False
    for at, char in enumerate(call):
        if char == '"' and call[at - 1] != "\\":
            quoted = not quoted
        if not quoted:
            depth += (char == "(") - (char == ")")
            if char == "," and depth == 0:
                found.append("")
                continue
        found[-1] += char
    return found


def codes_of_the_server() -> set[str]:
    found = set(re.findall(r'#define OT_CODE_\w+ "(\w+)"',
                           (PROJECT / "common/cert/upload_rules.h").read_text()))
    for path in (PROJECT / "server").rglob("*.c"):
        for call in CALL.findall(path.read_text()):
            if len(arguments(call)) > 3:
                found |= set(WORD.findall(arguments(call)[2]))
    return found


def test_each_code_is_explained():
    text = (PROJECT / "docs/errors.md").read_text()
    section = text[text.index("## What orgtrust-server answers"):].split("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if re.match(r"\| \d", row)]
    explained = {code for row in rows for code in re.findall(r"`(\w+)`", row[2])}
    answered = codes_of_the_server()
    assert len(answered) > 30
    assert explained == answered
