"""The table of rooms in CONTRIBUTING.md, every include of the product held to it, and which
headers are for one room alone.

A header is named `_internal` where no other room has any business with it: not with the
header itself, nor through another one that is for all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from structure import PROJECT, includes

LIBRARIES = {
    "cdb.h": "cdb", "cjson": "cJSON", "curl": "libcurl", "libpq-fe.h": "libpq",
    "microhttpd.h": "libmicrohttpd", "openssl": "OpenSSL", "p11-kit": "p11-kit", "sqlite3.h": "SQLite", "xxhash.h": "xxHash",
}
# What is neither libc nor a library of the table is caught by its folder or name here.
LIBC = re.compile(r"(arpa|linux|net|netinet|sys)/|[a-z0-9]+\.h$")
ALL = "all of `common` but `common/errand`"
FOR_ALL = {"common/base"}
INCLUDES = includes()


def rooms() -> dict[str, set[str]]:
    """Of each folder what it may use, as the table says."""
    found: dict[str, set[str]] = {}
    rows = re.findall(r"^\| `((?:common|provider|p11module|cli|server)[\w/]*)` \|"
                      r"[^|]*\|([^|]*)\|", (PROJECT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    folders = [folder for folder, _ in rows]
    for folder, uses in rows:
        if ALL in uses:
            uses = uses.replace(ALL, ", ".join(other for other in folders if
                                               re.fullmatch("common/(?!errand).*", other)))
        found[folder] = {word.strip().strip("`") for word in uses.split(",") if word.strip()}
    return found


ROOMS = rooms()


def used(path: Path, others: list[Path]) -> set[str]:
    """The folders and libraries that a file includes something of."""
    found = {str(other.parent) for other in others if other.parent != path.parent}
    for name in re.findall(r"^#include <([^>]+)>", (PROJECT / path).read_text(), re.MULTILINE):
        library = LIBRARIES.get(name.split("/")[0])
        if library:
            found.add(library)
        else:
            assert LIBC.match(name), f"{path} includes <{name}>: name its library in {__file__}"
    return found


def test_the_table_names_folders_and_libraries():
    assert len(ROOMS) > 15
    known = set(ROOMS) | set(LIBRARIES.values())
    assert [(folder, word) for folder, words in ROOMS.items() for word in words
            if word not in known] == []


def test_every_folder_has_its_row():
    assert {str(path.parent) for path in INCLUDES} == set(ROOMS)


@pytest.mark.parametrize("folder", sorted(ROOMS))
def test_a_room_uses_what_its_row_says_and_no_less(folder):
    found: dict[str, set[str]] = {}
    for path, others in INCLUDES.items():
        if str(path.parent) == folder:
            for what in used(path, others) - FOR_ALL:
                found.setdefault(what, set()).add(path.name)
    beyond = {what: names for what, names in found.items() if what not in ROOMS[folder]}
    assert beyond == {}
    if ALL not in row_of(folder):
        # A row that allows more than is used would soon be read as a plan.
        assert ROOMS[folder] - set(found) == set()


def row_of(folder: str) -> str:
    return next(line for line in (PROJECT / "CONTRIBUTING.md").read_text().splitlines()
                if line.startswith(f"| `{folder}` |"))


def public_headers(room: str) -> set[Path]:
    """Those that another room includes, and what these include in turn."""
    found = {other for path, others in INCLUDES.items() for other in others
             if str(other.parent) == room and path.parent != other.parent}
    left = list(found)
    while left:
        new = [other for other in INCLUDES[left.pop()]
               if str(other.parent) == room and other not in found]
        found.update(new)
        left += new
    return found


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_header_for_one_room_is_named_so(room):
    headers = {path for path in INCLUDES if str(path.parent) == room and path.suffix == ".h"}
    assert sorted(headers - public_headers(room)) == \
        sorted(path for path in headers if path.stem.endswith("_internal"))
