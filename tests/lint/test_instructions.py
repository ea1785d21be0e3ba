"""The guard of core operations: what it takes out of callgrind's output, and when it says no.
tests/run has it count; tests/bench/guard.py."""

import sys
from collections import Counter

import pytest
from support import paths

sys.path.append(str(paths.REPOSITORY / "tests" / "bench"))

import allowance  # noqa: E402
import callgrind  # noqa: E402
from allowance import Count  # noqa: E402

# As valgrind's manual describes it: a function of ours that calls one of its own, and twice
# one of libc, which calls it back.
OUTPUT = """\
version: 1
creator: callgrind-3.19.0
positions: line
events: Ir
summary: 178

ob=(1) /usr/lib/ours.so
fl=(1) ours.c
fn=(1) ask
10 5
+1 7
cfn=(2) answer
calls=1 20
* 160
cob=(2) /usr/lib/libc.so.6
cfi=(2) libc.c
cfn=(3) copy
calls=2 0
-2 116

fn=(2)
20 44

ob=(2)
fl=(2)
fn=(3)
0 100
cob=(1)
cfi=(1)
cfn=(4) called_back
calls=3 30
+1 6

ob=(1)
fl=(1)
fn=(4)
30 16
fe=(2)
* 6
"""


def test_an_instruction_is_counted_once_and_in_its_own_object(tmp_path):
    out = tmp_path / "out"
    out.write_text(OUTPUT)
    profile = callgrind.read(out)
    assert profile.within == Counter({"/usr/lib/ours.so": 78, "/usr/lib/libc.so.6": 100})
    assert profile.leaving == Counter({"/usr/lib/ours.so": 2, "/usr/lib/libc.so.6": 3})
    assert profile.total == 178
    assert profile.calls == Counter({"answer": 1, "copy": 2, "called_back": 3})


@pytest.mark.parametrize("now, wrong", [
    (Count(1049, 10), []),
    (Count(500, 5), []),
    (Count(1051, 10), ["search: instructions 1000.0 → 1051.0, +5.1%"]),
    (Count(1000, 11), ["search: calls 10.0 → 11.0, +10.0%"]),
])
def test_what_grows_by_more_than_a_twentieth_is_named(now, wrong):
    assert allowance.judge({"search": Count(1000, 10)}, {"search": now}) == wrong


def test_what_is_measured_has_a_number_and_the_other_way_round():
    one = Count(1, 1)
    assert allowance.judge({"a": one, "b": one}, {"b": one, "c": one}) == [
        "a is measured or has a number, not both",
        "c is measured or has a number, not both"]


def test_numbers_are_renewed_for_one_build_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(allowance, "FILE", tmp_path / "instructions.txt")
    allowance.FILE.write_text("# Why.\n#\ngcc-1-x a 5.0 1.00\ngcc-12-x a 7.0 2.00\n")
    allowance.renew("gcc-1-x", {"b": Count(8, 3)})
    assert allowance.known("gcc-1-x") == {"b": Count(8, 3)}
    assert allowance.known("gcc-12-x") == {"a": Count(7, 2)}
    assert allowance.FILE.read_text().startswith("# Why.\n#\n")
