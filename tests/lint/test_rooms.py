"""What the rooms of a folder may use of each other, and which headers are for one room alone.

A header is named `_internal` where no other room has any business with it: not with the
header itself, nor through another one that is for all."""

from __future__ import annotations

from pathlib import Path

import pytest
from structure import includes

# Of each room that is held to this, the rooms of its own folder that it may use.
ROOMS = {
    "cli": {"cli/view", "cli/commands", "cli/install", "cli/doctor"},
    "cli/view": set(),
    "cli/commands": {"cli/view"},
    "cli/install": {"cli/view"},
    "cli/doctor": {"cli/view", "cli/install"},
    "server": {"server/http", "server/command", "server/handle", "server/auth",
               "server/message", "server/store", "server/shared"},
    "server/http": {"server/handle", "server/auth", "server/message", "server/store",
                    "server/shared"},
    "server/command": {"server/auth", "server/message", "server/store", "server/shared"},
    "server/handle": {"server/auth", "server/message", "server/store", "server/shared"},
    "server/auth": {"server/message", "server/store", "server/shared"},
    "server/message": {"server/shared"},
    "server/store": set(),
    "server/store/sqlite": {"server/store", "server/shared"},
    "server/shared": set(),
}
INCLUDES = includes()


def in_rooms() -> list[tuple[Path, Path]]:
    return [(path, other) for path, others in INCLUDES.items() for other in others
            if str(path.parent) in ROOMS]


def is_internal(header: Path) -> bool:
    return header.stem.endswith("_internal")


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


def test_a_room_uses_only_what_is_below_it():
    assert len(in_rooms()) > 100
    above = [f"{path} includes {other}" for path, other in in_rooms()
             if other.parent != path.parent
             and other.parts[0] == path.parts[0]
             and str(other.parent) not in ROOMS[str(path.parent)]]
    assert above == []


@pytest.mark.parametrize("room", [room for room in ROOMS if "/" in room])
def test_a_header_for_one_room_is_named_so(room):
    headers = {path for path in INCLUDES if str(path.parent) == room and path.suffix == ".h"}
    public = public_headers(room)
    assert headers
    assert sorted(headers - public) == sorted(filter(is_internal, headers))
