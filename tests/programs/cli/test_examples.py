"""The configurations that the documents show are ones that orgtrust takes."""

import re

import pytest
from support import paths
from support.process import run
from support.world import CONFIG

MANUAL = (paths.REPOSITORY / "conf/man/orgtrust.conf.5").read_text()
KEYS = set(re.findall(r"^\.It Ic (\w+)", MANUAL, re.MULTILINE))


def shown() -> list[tuple[str, str]]:
    """Each block of a document that sets a key of ours, with where it is."""
    found = []
    documents = [paths.REPOSITORY / "README.md",
                 *sorted((paths.REPOSITORY / "docs").glob("*.md"))]
    for document in documents:
        for block in re.findall(r"^```ini\n(.*?)^```", document.read_text(),
                                re.MULTILINE | re.DOTALL):
            if KEYS & set(re.findall(r"^(\w+) *=", block, re.MULTILINE)):
                found.append((f"{document.name}-{len(found)}", block))
    for i, block in enumerate(re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", MANUAL,
                                         re.MULTILINE | re.DOTALL)):
        found.append((f"orgtrust.conf.5-{i}", block))
    return found


EXAMPLES = shown()


def test_there_are_examples():
    names = {where.rsplit("-", 1)[0] for where, _ in EXAMPLES}
    assert {"README.md", "clients.md", "fleet.md", "orgtrust.conf.5"} <= names


@pytest.mark.parametrize("block", [block for _, block in EXAMPLES],
                         ids=[where for where, _ in EXAMPLES])
def test_an_example_is_taken(world, block):
    world.conf.write_text(block)
    # Some leave it to the environment that there is a source.
    done = run([paths.COMMAND, "list"], env=world.env | {"OPENAI_ADMIN_KEY": "sk-" + "0" * 40})
    assert done.status not in (0, CONFIG), done
    assert "no snapshot" in done.stderr
