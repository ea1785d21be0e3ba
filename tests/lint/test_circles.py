"""No circle of files: where a header or source of one name needs another, that one does not
need it in turn. So each file can be read after those below it, alone; and these are few."""

from __future__ import annotations

from structure import circles, depth, includes, needs

DEPTH_MAX = 6


def test_a_circle_is_seen():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [{"b", "c"}]


def test_no_circle():
    graph = needs()
    assert graph["p11module/session"] and graph["p11module/admin/login"], "the files are read"
    assert circles(graph) == []


def test_no_long_chain_of_includes():
    assert 2 < depth(includes()) <= DEPTH_MAX
