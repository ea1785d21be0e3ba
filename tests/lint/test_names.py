"""A name says what it is without its file: a static function's has more than one word and is
no other's, no name is a keyword of C++, what is called `is_` answers with a bool, the absent
span has one spelling, and the words are those of the field."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from structure import PROJECT, sources

NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^#\s*include[^\n]*',
                   re.DOTALL | re.MULTILINE)
STATIC = re.compile(r"^static [^;={}()]*?\b(\w+)\([^;{}]*?\)\n\{", re.MULTILINE)
IS = re.compile(r"^([^\s#;={}()][^;={}()\n]*?)\b((?:ot_\w+_)?is_\w+)\(", re.MULTILINE)
# Those that C does not have, too, and headers of the system do not make macros.
CPP = frozenset("""catch class concept constexpr decltype delete explicit export friend mutable
namespace new noexcept nullptr operator private protected public requires template this throw
try typeid typename using virtual""".split())

# Words that said something to their author alone; the field has its own.
PRIVATE = ("mandate", "deed", "aspect", "wish", "told", "heart", "chosen", "judge", "settle")


def code(path: Path) -> str:
    return NOISE.sub(" ", (PROJECT / path).read_text())


def static_functions() -> dict[str, set[str]]:
    found = defaultdict(set)
    for path in sources():
        for name in STATIC.findall(code(path)):
            found[name].add(str(path))
    return found


def test_no_static_function_shares_its_name():
    found = static_functions()
    assert len(found) > 1000, "the functions were seen"
    shared = {name: sorted(files) for name, files in found.items() if len(files) > 1}
    assert shared == {}


def test_a_static_function_says_what_it_does_and_to_what():
    assert [f"{name} in {file}" for name, files in static_functions().items() if "_" not in name
            for file in files] == []


def test_no_name_is_a_keyword_of_cpp():
    found = {(word, path.name) for path in sources()
             for word in re.findall(r"[A-Za-z_]\w*", code(path)) if word in CPP}
    assert found == set()


def test_what_asks_answers_with_a_bool():
    asked = [(kind, name) for path in sources() for kind, name in IS.findall(code(path))
             if not kind.startswith(("return", "typedef"))]
    assert len(asked) > 100
    assert [name for kind, name in asked if "bool" not in kind] == []


def test_names_use_the_words_of_the_field():
    found = {(word, str(path)) for path in sources()
             for name in re.findall(r"[A-Za-z_]\w*", code(path))
             for word in name.lower().split("_") if word in PRIVATE}
    assert found == set()


def test_the_absent_span_has_one_spelling():
    other = re.compile(r"ot_span_of\(NULL|ot_span_str\(NULL\)|\bot_span\b[^;(]*\{NULL, 0\}")
    assert [str(path) for path in sources()
            if path.name != "span.h" and other.search(code(path))] == []
