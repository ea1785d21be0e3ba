"""The files of the page: what they are sent with, to whom, and when they are not sent."""

import json
import re
import signal

import pytest
from support import paths
from support.organization import ApiClient, Organization

CONSOLE = paths.REPOSITORY / "server" / "console"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript",
         ".svg": "image/svg+xml"}
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
          "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


@pytest.fixture
def stranger(organization):
    """Without a key."""
    made = ApiClient(organization.port, None)
    yield made
    made.close()


def page_files():
    return sorted(path for path in CONSOLE.iterdir() if path.suffix in TYPES)


def test_each_file_is_sent_as_it_is_without_a_key(stranger):
    tags = set()
    for path in page_files():
        name = "" if path.name == "index.html" else path.name
        status, headers, content = stranger.request("GET", f"/console/{name}")
        assert (status, content) == (200, path.read_bytes()), path
        assert headers["Content-Type"] == f"{TYPES[path.suffix]}; charset=utf-8"
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-cache" and "Vary" not in headers
        tags.add(headers["ETag"])
        status, _, content = stranger.request("HEAD", f"/console/{name}")
        assert (status, content) == (200, b"")
    assert len(tags) == len(page_files()) > 5


def test_what_has_not_changed_is_not_sent_again(stranger):
    _, headers, content = stranger.request("GET", "/console/main.js")
    tag = headers["ETag"]
    status, headers, content = stranger.request("GET", "/console/main.js",
                                                headers={"If-None-Match": tag})
    assert (status, content, headers["ETag"]) == (304, b"", tag)
    assert headers["Content-Security-Policy"] == POLICY
    status, _, content = stranger.request("GET", "/console/main.js",
                                          headers={"If-None-Match": '"another"'})
    assert status == 200 and content


def test_the_page_is_found_without_its_slash(stranger):
    status, headers, content = stranger.request("GET", "/console")
    assert (status, headers["Location"], content) == (308, "console/", b"")


def test_who_begins_at_the_root_is_told_where_the_page_is(stranger):
    status, _, content = stranger.request("GET", "/")
    error = json.loads(content)["error"]
    assert status == 404 and "people find a page at /console/" in error["message"]


@pytest.mark.parametrize("path", ["/console/none.js", "/console/index.html", "/console/%2e%2e",
                                  "/console/main.js/", "/console//", "/console/console.c"])
def test_nothing_else_is_there(stranger, path):
    status, headers, content = stranger.request("GET", path)
    assert status == 404 and json.loads(content)["error"]["code"] == "unknown_url"
    assert headers["Content-Type"] == "application/json"


def test_it_is_only_read(stranger):
    for method in ("POST", "DELETE", "PUT"):
        status, headers, _ = stranger.request(method, "/console/", b"x" * 100)
        assert (status, headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    status, _, content = stranger.request("GET", "/console/", b"x" * 100)
    assert status == 200 and content == (CONSOLE / "index.html").read_bytes()


def test_it_can_be_switched_off(tmp_path):
    org = Organization(tmp_path / "org", options=("--no-console",))
    try:
        for path in ("/console", "/console/", "/console/main.js"):
            status, headers, content = org.api.request("GET", path)
            assert status == 404 and b"--no-console" in content, path
            assert "Content-Security-Policy" not in headers
        assert org.api.list() == []
    finally:
        org.stop(signal.SIGKILL)


def test_the_page_names_files_that_are_there():
    named = set()
    for path in page_files():
        text = path.read_text()
        named |= set(re.findall(r'(?:href|src)="([\w.]+)"', text)) if path.suffix == ".html" \
            else set(re.findall(r'from "\./([\w.]+)"', text))
    assert named == {path.name for path in page_files()} - {"index.html"}
