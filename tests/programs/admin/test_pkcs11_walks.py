"""A certificate's whole life by each tool that writes to PKCS#11 tokens, as a TLS client of
the same kind sees it. What a tool has no verb for is done by the command in the same walk
(`lacks` in token_tools.py)."""

from __future__ import annotations

import pytest
from support.p11_system import need, with_plain_build
from support.process import clean_environment, run
from token_host import TokenHost
from token_tools import (SCOPES, Certutil, OpenSC, OpenSCAsOfficer, P11Kit, P11tool,
                         P11toolByP11Kit)

pytestmark = with_plain_build

TOOLS = [OpenSC, OpenSCAsOfficer, P11tool, P11toolByP11Kit, Certutil, P11Kit]


@pytest.fixture(params=SCOPES)
def scope(request):
    return SCOPES[request.param]


@pytest.fixture
def unchanged(tokens):
    """What the organization has before and after a test."""
    def state():
        return [tokens.active(scope) for scope in SCOPES.values()]

    before = state()
    yield
    after = state()
    if after != before:
        tokens.restore()
    assert after == before


def writes_by_path() -> bool:
    done = run([need("p11-kit"), "import-object", "--help"], env=clean_environment())
    return "--provider" in done.text and done.status == 0


@pytest.mark.parametrize("kind", TOOLS, ids=lambda kind: kind.__name__)
def test_from_upload_to_deletion(tokens, unchanged, server, scope, kind):
    if kind is P11Kit and not writes_by_path():
        pytest.skip("this p11-kit writes to no module that it is given by its path; part "
                    "roots runs this on Debian 13")
    tool = kind(tokens, scope)
    other = next(s for s in SCOPES.values() if s is not scope)
    first, second = "walk: first", "walk: second"

    def admin() -> set[str]:
        assert tool.shown(scope.admin) == set(), "nothing without a login"
        return tool.shown(scope.admin, login=True)

    tool.upload(server.authority, first)
    assert tokens.active(scope)[first] is False
    assert admin() == {"kept", "inactive", first}, "what is inactive, too"
    assert tool.shown(scope.trust) == {"kept"}
    assert not tool.believes(server)

    tool.activate(server.authority, first)
    assert tokens.active(scope)[first] and not tokens.active(other)[first]
    assert tool.shown(scope.trust) == {"kept", first}
    inherited = {first} if scope is SCOPES["organization"] else set()
    assert tool.shown(other.trust) == {"kept"} | inherited, "the project's has it, too"
    assert tool.believes(server)

    tool.rename(server.authority, first, second)
    assert tool.shown(scope.trust) == {"kept", second}
    assert tool.believes(server)

    tool.deactivate(server.authority, second)
    assert not tokens.active(scope)[second]
    assert admin() == {"kept", "inactive", second}
    assert tool.shown(scope.trust) == tool.shown(other.trust) == {"kept"}
    assert not tool.believes(server)

    tool.delete(server.authority, second)
    assert admin() == {"kept", "inactive"}


def test_the_tokens_and_their_order(tokens):
    host = TokenHost(tokens.world)
    assert host.ask("slots") == "orgtrust admin 0x40c;orgtrust admin lab 0x40c;"
    host.stop()


@pytest.mark.parametrize("argv", [
    ["--write-object", "{der}", "--type", "cert", "--label", "x"],
    ["--delete-object", "--type", "cert", "--label", "kept"],
    ["--login", "--pin", "env:PIN", "--list-objects"]])
def test_the_module_that_is_trusted_writes_nothing(tokens, unchanged, scope, certs, argv):
    """Nor does anybody log in to it."""
    der = tokens.scratch() / "x.der"
    der.write_bytes(certs.ca("Not written").der)
    tool = OpenSC(tokens, scope)
    done = tool.call(*(word.format(der=der) for word in argv), token=scope.trust,
                     login=False, status=None)
    assert done.status != 0 and "CKR_" in done.text, done
    assert tool.shown(scope.trust) == {"kept"}


def test_an_id_is_what_it_is(tokens, unchanged, scope):
    """pkcs11-tool --set-id."""
    tool = OpenSC(tokens, scope)
    listing = tool.call("--list-objects", "--type", "cert").stdout
    (entry,) = [e for e in listing.split("Certificate Object;") if "kept" in e]
    number = next(line.split(":")[1].strip() for line in entry.splitlines() if "ID:" in line
                  and "Unique" not in line)
    tool.call("--type", "cert", "--id", number, "--set-id", number)
    done = tool.call("--type", "cert", "--id", number, "--set-id", "c0ffee", status=None)
    assert done.status != 0 and "CKR_ATTRIBUTE_READ_ONLY" in done.text, done
    assert tool.call("--list-objects", "--type", "cert").stdout == listing


@pytest.mark.parametrize("kind", [OpenSC, P11tool], ids=lambda kind: kind.__name__)
def test_an_active_one_is_not_deleted(tokens, unchanged, scope, kind):
    """And the tool's user reads why."""
    tool = kind(tokens, scope)
    done = tool.delete(None, "kept", status=None)
    assert "orgtrust: cannot delete" in done.stderr and "active in" in done.stderr, done
    assert tool.shown(scope.trust) == {"kept"}


def test_certutil_takes_the_trust_first(tokens, server, scope):
    """What is active is deactivated by -D, which deletes the trust object before the
    certificate; then that is kept if it is active elsewhere."""
    tool = Certutil(tokens, scope)
    other = next(s for s in SCOPES.values() if s is not scope)
    try:
        tool.upload(server.authority, "alone")
        tool.activate(server.authority, "alone")
        tool.delete(server.authority, "alone")
        assert set(tokens.active(scope)) == {"kept", "inactive"}
        done = tool.delete(None, "kept", status=None)
        assert "active in" in done.stderr, done
        assert not tokens.active(scope)["kept"] and tokens.active(other)["kept"]
    finally:
        tokens.restore()


def test_trust_anchor_changes_nothing(tokens, unchanged, certs, tmp_path):
    """`trust` is shown nothing that can be written."""
    trust = need("trust", "p11-kit")
    stored = tokens.run([trust, "anchor", "--store", certs.ca("Stored").path], p11kit=True)
    assert stored.status != 0 and "no configured writable location" in stored.stderr, stored
    kept = tmp_path / "kept.pem"
    tokens.run([trust, "extract", "--format=pem-bundle", "--filter=ca-anchors", kept],
               p11kit=True)
    assert kept.read_text().count("BEGIN") == 1
    removed = tokens.run([trust, "anchor", "--remove", kept], p11kit=True)
    assert kept.read_text() and "orgtrust" not in removed.text, removed
