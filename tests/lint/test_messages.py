"""docs/errors.md has every sentence that the two programs say, with the way out of its group,
and none that they no longer say."""

from __future__ import annotations

import re

from messages import FOLDERS, REASONS, SAY, TELL, code_of, messages
from structure import PROJECT

TITLE = "## Every message, word for word"


def groups() -> list[tuple[str, list[str]]]:
    """The way out, and the sentences that it is for."""
    chapter = (PROJECT / "docs/errors.md").read_text().split(TITLE)[1].split("\n## ")[0]
    return [(before.strip().rsplit("\n\n", 1)[-1], block.splitlines())
            for before, block in re.findall(r"(.*?)^```text\n(.*?)^```$", chapter,
                                            re.DOTALL | re.MULTILINE)]


def test_each_message_is_explained_and_nothing_else_is():
    said = messages()
    assert len(said) > 900
    explained = [line for _, lines in groups() for line in lines]
    missing = sorted(f"{path}: {text}" for text, path in said.items() if text not in explained)
    assert not missing, "add these lines to the group whose way out they have:\n" + \
        "\n".join(missing)
    stale = sorted(set(explained) - said.keys())
    assert not stale, "nobody says this any more:\n" + "\n".join(stale)
    assert len(explained) == len(set(explained)), "a line stands in two groups"


def test_each_group_has_a_way_out():
    for way_out, lines in groups():
        assert len(way_out.split()) >= 8 and way_out.endswith((".", ":")), (way_out, lines[0])


def test_what_is_searched_is_there():
    sources = "".join(code_of(path) for folder in FOLDERS
                      for path in (PROJECT / folder).rglob("*.c"))
    assert not [name for name in (*SAY, *TELL) if not re.search(rf"\b{name}\(", sources)]
    assert not [name for name in REASONS if not (PROJECT / name).is_dir()]


def test_sentences_are_found_wherever_they_stand():
    """Of each kind one, and of what is none."""
    said = messages()
    for sentence in ("it does not ask orgtrust",  # a finding
                     "has a fraction of a second",  # a table of reasons
                     "nothing reaches it: a flatpak sees no policy of the machine. Google's own "
                     "package in its place follows",  # a macro in a table
                     "it took too long",  # a text that is returned
                     "check this machine's DNS and base_url of the source …",  # a part
                     "The body must be a JSON object.",  # the server's answer
                     "Change these files?",
                     "no program here uses p11-kit"):
        assert sentence in said, sentence
    for other in ("subject alternative name", "the sources' snapshots and keys",
                  "each has its number, and 0 is none"):
        assert other not in said, other
