"""The page at /console/: nothing that it is told becomes markup or code, nothing is kept, and
nobody else is asked. Each file has one subject, which its first line says."""

from __future__ import annotations

import re

from structure import PROJECT

CONSOLE = PROJECT / "server" / "console"
SCRIPTS = sorted(CONSOLE.glob("*.js"))
FILES = sorted(path for path in CONSOLE.iterdir() if path.suffix in (".js", ".html", ".css", ".svg"))

# What makes markup or code of text; what keeps; what tells others.
FORBIDDEN = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|document\.write|DOMParser|"
    r"createContextualFragment|eval|Function\(|localStorage|sessionStorage|indexedDB|caches|"
    r"document\.cookie|cookieStore|sendBeacon|WebSocket|EventSource|XMLHttpRequest|serviceWorker|"
    r"postMessage|import\()|javascript:|\.style\b|\bstyle[:=]|[\"']style[\"']|console\.")
ELSEWHERE = re.compile(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", re.IGNORECASE)
FUNCTION_MAX = 40


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|(?<![:\"])//[^\n]*", " ", text, flags=re.DOTALL)


def test_no_script_makes_code_of_text_or_keeps_anything():
    found = {(path.name, match[0]) for path in SCRIPTS
             for match in FORBIDDEN.finditer(without_comments(path.read_text()))}
    assert len(SCRIPTS) > 5 and found == set()


def test_this_lint_can_fail():
    for text in ("a.innerHTML = b", "eval(text)", "one.style.left = x", 'h("p", {style: x})',
                 "localStorage.key = key", 'setAttribute("style", x)', "await import(name)"):
        assert FORBIDDEN.search(without_comments(text)), text
    assert ELSEWHERE.search('fetch("https://example.org/")')


def test_the_markup_has_neither_scripts_nor_styles_in_it():
    text = (CONSOLE / "index.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=", text)
    assert re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL) == [""]


def test_nobody_else_is_named():
    allowed = {"//www.w3.org/2000/svg"}  # a name and no place
    for path in FILES:
        text = path.read_text()
        assert {text[m.start():].split('"')[0].removeprefix("http:") for m in
                ELSEWHERE.finditer(text)} <= allowed, path.name


def test_only_one_file_knows_the_key():
    """Who types it in hands it over; the rest may ask whether there is one."""
    users = {path.name for path in SCRIPTS if re.search(r"\bAuthorization\b|\bkey = text\b",
                                                        path.read_text())}
    assert users == {"api.js"}


def test_each_file_says_its_subject_and_its_functions_are_short():
    for path in SCRIPTS:
        text = path.read_text()
        assert text.startswith("// ") and text.count("\n") < 250, path.name
        for begin in re.finditer(r"^(?:export )?(?:async )?function (\w+)", text, re.MULTILINE):
            length = text[begin.start():].split("\n}\n")[0].count("\n") + 1
            assert length <= FUNCTION_MAX, (path.name, begin[1], length)
