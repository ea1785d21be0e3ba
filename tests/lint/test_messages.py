"""docs/errors.md has every sentence that the two programs say, with the way out of its group,
and none that they no longer say."""

from __future__ import annotations

import re

from messages import messages
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
    assert len(said) > 500
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
