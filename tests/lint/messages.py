"""What the two programs say: every sentence that stands in a call of the sources, with … for
what is put into it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from structure import PROJECT

FOLDERS = ("common", "cli", "server")
# Only prefixes (ot_error_prefix), what people read as results, and words within a sentence
# are left out.
CALL = re.compile(r"\b(?:ot_error_set|ot_error_errno|ot_output_say|ot_output_warn|"
                  r"ot_output_fail|ot_output_log|ot_report_say)\s*\(")
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\'(?:[^\'\\]|\\.)\'|([A-Za-z_]\w*)|(.)', re.DOTALL)
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+)?)?(?:hh|h|ll|l|z|j|t)?[diouxXcsp]")


def arguments(text: str, start: int) -> list[list[re.Match]]:
    """The tokens of each argument of the call whose first one begins there."""
    found, depth = [[]], 1
    for token in TOKEN.finditer(text, start):
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return found
        if token[0] == "," and depth == 1:
            found.append([])
        elif not token[0].isspace():
            found[-1].append(token)
    raise AssertionError("a call without an end")


def sentences(argument: list[re.Match]) -> Iterator[str]:
    """Of a format: one, or one for each branch of a condition. A macro is a thing that is
    put in, too."""
    parts = [""]
    for token in argument:
        if token[0] in "?:":
            parts.append("")
        elif token[0].startswith('"'):
            parts[-1] += token[1]
        elif token[2]:
            parts[-1] += "…"
    for part in parts:
        text = CONVERSION.sub("…", part).replace('\\"', '"').replace("\\n", "")
        text = re.sub("…+", "…", text.replace("%%", "%"))
        if re.search("[a-z]{3}", text):
            yield text


def messages() -> dict[str, str]:
    """Each sentence, and the first file that says it."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*.c")):
            text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.DOTALL)
            for call in CALL.finditer(text):
                formats = [argument for argument in arguments(text, call.end())
                           if any(token[0].startswith('"') for token in argument)]
                for sentence in sentences(formats[0]) if formats else ():
                    found.setdefault(sentence, str(path.relative_to(PROJECT)))
    return found
