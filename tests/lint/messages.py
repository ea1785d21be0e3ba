"""What the two programs say: every sentence that stands in the sources, with … for what is put
into it. Sentences are the text of a call that takes one, and the reasons that tables, returned
texts and formatted parts have for such a call."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from structure import PROJECT

FOLDERS = ("common", "cli", "server")
# The calls that take a sentence. What people read as results is left out, and so are words
# within a sentence.
SAY = ("ot_error_set", "ot_error_errno", "ot_output_say", "ot_output_warn", "ot_output_fail",
       "ot_output_log", "ot_report_say")
# Those that take a part of one, or one behind other texts, and which argument that is.
TELL = {
    "ot_error_prefix": 1, "ot_confirm": 0, "ot_finding_add": 5, "ot_finding_add_error": 4,
    "ot_stack_plan_note": 1, "ot_fitness_withhold": 2, "ot_reply_error": 4,
    # Each of one file, which hands it on to one of the above.
    "bad_at": 1, "refuse_uri": 1, "refuse_line": 1, "refuse_input": 1, "refuse_certificate": 1,
    "refuse_damaged": 1, "refuse_conflict": 2, "refuse_member": 2, "say_why": 2,
    "add_detail": 0, "add_words": 0, "add_finding": 0,
}
# Where a text that stands in no such call may be a reason. The rest has help, results, what is
# written into files, and questions to databases.
REASONS = ("common", "cli/doctor", "cli/install", "server/auth", "server/handle", "server/http",
           "server/message", "server/shared")
# They put a reason together.
PARTS = {"", "snprintf", "asprintf", "ot_span_str"}
VERB = re.compile(r"\b(?:is|are|was|were|has|have|had|holds?|must|can|cannot|could|does|did|do|"
                  r"would|goes|begins?|follows?|broke|failed|refuses?|reaches|took|closed|loads|"
                  r"believed|check|raise|try|put|take|say|run|listens)\b")
FEW_WORDS = 3
WORDS = re.compile("[a-z]{3}")
NO_REASON = re.compile(r"(?m)^#include.*|\.summary =[^;}]*|_Static_assert\([^;]*;|"
                       r"struct ot_check \w+ = \{[^}]*\}")
COMMENT = re.compile(r'("(?:[^"\\\n]|\\.)*")|/\*.*?\*/', re.DOTALL)
TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\'(?:[^\'\\]|\\.)+\'|([A-Za-z_]\w*)|(.)', re.DOTALL)
CONVERSION = re.compile(r"%[-+ #0]*(?:\*|\d+\$?)?(?:\.(?:\*|\d+)?)?(?:hh|h|ll|l|z|j|t)?"
                        r"[diouxXcsp]")


def code_of(path) -> str:
    return COMMENT.sub(lambda found: found[1] or " ", path.read_text())


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


def sentence_of(text: str) -> str:
    """As it stands in the document: without what joins it to its neighbours."""
    text = CONVERSION.sub("…", text).replace('\\"', '"').replace("\\n", "")
    return re.sub("%?…+", "…", text).replace("%%", "%").replace("\\\\", "\\").strip(" ;")


def sentences(argument: list[re.Match]) -> Iterator[str]:
    """Of a format: one, or one for each branch of a condition. A macro is a thing that is
    put in, too."""
    parts = [""]
    for token in argument:
        if token[0] in "?:":
            parts.append("")
        elif token[1] is not None:
            parts[-1] += token[1]
        elif token[2]:
            parts[-1] += "…"
    for part in parts:
        if WORDS.search(part):
            yield sentence_of(part)


def said_in_calls(text: str) -> Iterator[str]:
    """Where a format has no words, what is put into it may be a sentence."""
    for call in re.finditer(r"\b(" + "|".join((*SAY, *TELL)) + r")\s*\(", text):
        given = arguments(text, call.end())[TELL.get(call[1], 0):]
        if not TELL.get(call[1]):
            given = [a for a in given if any(token[1] for token in a)]
        few = 1 if call[1] in SAY else FEW_WORDS
        for argument in given:
            if not any(token[1] for token in argument):
                break
            found = [said for said in sentences(argument) if len(said.split()) >= few]
            yield from found
            if found:
                break
            few = FEW_WORDS


def literals(text: str) -> Iterator[tuple[str, str]]:
    """Each text with what was joined to it, and the call that it is in ("": none)."""
    calls, word, joined = [], "", ""
    for token in TOKEN.finditer(text):
        if token[1] is not None:
            joined += token[1]
        elif joined and token[2] and token[2].isupper():
            joined += "…"
        elif not token[0].isspace() and token[0] != "\\":  # that of a macro's lines
            if joined:
                yield joined, calls[-1] if calls else ""
            joined = ""
            if token[0] == "(":
                calls.append(word)
            elif token[0] == ")" and calls:
                calls.pop()
        if not token[0].isspace():
            word = token[2] or ""


def reasons(text: str) -> Iterator[str]:
    for literal, call in literals(NO_REASON.sub("", text)):
        said = sentence_of(literal)
        if call in PARTS and len(said.split()) >= FEW_WORDS and "\\n" not in literal and \
                VERB.search(said):
            yield said


@functools.cache
def messages() -> dict[str, str]:
    """Each sentence, and the first file that says it."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*.[ch]")):
            name, text = str(path.relative_to(PROJECT)), code_of(path)
            said = list(said_in_calls(text)) if path.suffix == ".c" else []
            if name.startswith(REASONS):
                said += reasons(text)
            for sentence in said:
                found.setdefault(sentence, name)
    return found
