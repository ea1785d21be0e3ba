"""SECURITY.md says nothing that no test holds: security.txt here names, for each of its
sentences, the tests that fail once it is no longer true, or says why it is no claim."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
# A CUnit program's name begins with a word for its folder.
FOLDERS = {"unit": "unit", "provider": "plugins/provider", "p11": "plugins/p11module"}


def blocks(markdown: str) -> list[str]:
    """Paragraphs, items of lists and cells of tables, each as one line. A table's head and
    first column say of whom the others speak."""
    found, head = [], True
    for line in markdown.splitlines():
        if line.startswith("|"):
            if not head:
                found += ["", *line.strip("| ").split(" | ")[1:], ""]
            head = head and "---" not in line
            continue
        head = True
        if not line.strip() or line.startswith("#"):
            found.append("")
        elif line.startswith("- "):
            found += ["", line[2:]]
        elif found and found[-1] != "":
            found[-1] += " " + line.strip()
        else:
            found.append(line)
    return [block.strip() for block in found if block.strip(" |")]


def sentences(markdown: str) -> list[str]:
    return [sentence for block in blocks(markdown)
            for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z`*(])", block)]


def entries(text: str) -> list[tuple[str, list[str]]]:
    """The first words of a sentence, and what is written below them."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("> "):
            found.append((line[2:], []))
        elif line.startswith("    "):
            found[-1][1].append(line.strip())
        else:
            assert not line or line.startswith("#"), f"what is this: {line}"
    return found


def unmatched(markdown: str, text: str) -> list[str]:
    """What is wrong between the two, in words."""
    said, listed = sentences(markdown), [begin for begin, _ in entries(text)]
    wrong = []
    for sentence in said:
        if not any(sentence.startswith(begin) for begin in listed):
            wrong.append(f"no entry: {sentence}")
    for begin in listed:
        meant = [sentence for sentence in said if sentence.startswith(begin)]
        if len(meant) != 1:
            wrong.append(f"the first words of {len(meant)} sentences: {begin}")
    if not wrong and not all(map(str.startswith, said, listed)):
        wrong.append("the entries are in another order than the sentences")
    return wrong


@cache
def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def cases(path: Path) -> set[str]:
    """What the table of a CUnit program registers."""
    text = path.read_text("utf-8")
    quoted = re.findall(r'\{\s*((?:"[^"]*"\s*)+),\s*\w+\s*\}', text)
    return {"".join(re.findall(r'"([^"]*)"', one)) for one in quoted} | set(
        re.findall(r"\bCASE\((\w+)\)", text)) - {"name"}


@cache
def commands() -> set[str]:
    """What ctest runs that is no CUnit program."""
    return {name for path in TESTS.rglob("CMakeLists.txt")
            for name in re.findall(r"add_test\(NAME ([\w.]+)", path.read_text("utf-8"))}


def exists(test: str) -> bool:
    """FOLDER/FILE.py::FUNCTION, PROGRAM: CASE, or the name of another test of ctest's."""
    file, colons, function = test.partition("::")
    if colons:
        path = TESTS / file
        name, _, parameter = function.partition("[")
        return (path.is_file() and name.startswith("test_") and name in functions(path)
                and parameter.removesuffix("]") in path.read_text("utf-8"))
    program, colon, case = test.partition(": ")
    if not colon:
        return test in commands()
    prefix, _, name = program.partition("_")
    path = TESTS / FOLDERS.get(prefix, "none") / f"{name}_test.c"
    return path.is_file() and case in cases(path)


def test_every_sentence_has_its_entry_and_every_entry_its_sentence():
    assert not unmatched((TESTS.parent / "SECURITY.md").read_text("utf-8"),
                         (HERE / "security.txt").read_text("utf-8"))


def test_every_entry_has_tests_or_says_why_it_has_none():
    for begin, lines in entries((HERE / "security.txt").read_text("utf-8")):
        assert lines, f"nothing is named: {begin}"
        reasons = [line for line in lines if line.startswith("none:")]
        assert not reasons or len(lines) == 1 and len(lines[0]) > 20, begin
        assert len(set(lines)) == len(lines), f"twice: {begin}"


def test_every_test_that_is_named_exists():
    named = {line for _, lines in entries((HERE / "security.txt").read_text("utf-8"))
             for line in lines if not line.startswith("none:")}
    assert len(named) > 50
    assert not {test for test in named if not exists(test)}


# And this lint can fail.

TEXT = """\
# A heading

One holds. Two
holds too.

| who | can | cannot |
| --- | --- | --- |
| root | write. It may | read |
| others | nothing | |

- An item
  of two lines.
"""
LIST = "> One\n    t\n> Two\n    t\n> write.\n    t\n> It may\n    t\n> read\n    t\n" \
       "> nothing\n    t\n> An item\n    t\n"


def test_sentences_are_found_wherever_they_stand():
    assert sentences(TEXT) == ["One holds.", "Two holds too.", "write.", "It may", "read",
                               "nothing", "An item of two lines."]


def test_what_does_not_match_is_told():
    assert unmatched(TEXT, LIST) == []
    assert unmatched(TEXT, LIST.replace("> Two\n    t\n", "")) == ["no entry: Two holds too."]
    assert unmatched(TEXT.replace(" Two\nholds too.", ""), LIST) == [
        "the first words of 0 sentences: Two"]
    assert unmatched(TEXT.replace("Two", "One"), LIST.replace("Two", "One holds too")) == [
        "the first words of 2 sentences: One"]
    assert "another order" in unmatched(TEXT, LIST.replace("> One\n    t\n", "")
                                        + "> One\n    t\n")[0]


def test_a_test_that_is_not_there_is_told():
    for test in ("unit_spawn: who_may_start_one", "unit_cache_host: fault_49_under_seccomp",
                 "provider_faults: fault_47_ends in any order", "provider.symbols",
                 "lint/test_security.py::test_a_test_that_is_not_there_is_told"):
        assert exists(test), test
    for test in ("unit_spawn: who_may_start", "unit_none: x", "spawn: who_may_start_one",
                 "provider.symbol", "lint/test_security.py::test_nothing",
                 "lint/test_none.py::test_x", "lint/test_security.py::exists",
                 "doctor/test_doctor.py::test_what_is_broken_is_found[no such case]"):
        assert not exists(test), test
