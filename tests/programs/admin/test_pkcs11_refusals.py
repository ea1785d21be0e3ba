"""What the API refuses, through PKCS#11: the CK_RV of orgtrust-pkcs11(7), the API's own
words where the user sees them, and nothing changed. test_refusals.py is the same by the
command."""

from __future__ import annotations

import pytest
from fault_server import error
from support import paths
from support.organization import Organization
from support.process import run
from support.world import World
from test_refusals import EXITS
from test_upload import LOST, contents, openssl
from token_host import TokenHost

# By the status of an answer: what every write returns, but for what is refused.
RVS = {401: "PIN_EXPIRED", 403: "TOKEN_WRITE_PROTECTED", 404: "OBJECT_HANDLE_INVALID",
       429: "FUNCTION_FAILED"}
REFUSED = {"delete": "ACTION_PROHIBITED"}
REFUSED_ELSE = "ATTRIBUTE_VALUE_INVALID"


def rv_of(kind: str, status: int) -> str:
    return RVS.get(status, REFUSED.get(kind, REFUSED_ELSE))


@pytest.fixture
def host(synced):
    """A host that is logged in."""
    synced.configure(connect_timeout="2s", timeout="2s")
    made = TokenHost(synced)
    made.log_in()
    yield made
    made.stop()


@pytest.fixture
def writes(synced, host, certs):
    """The call of each write, on certificates that suit it."""
    fresh = synced.dir / "fresh.der"
    fresh.write_bytes(certs.ca("Refused").der)
    handles = [host.ask("find", f"root {i}") for i in range(3)]
    return {
        "upload": ["upload", "plain", fresh, "fresh"],
        "rename": ["name", handles[0], "zero"],
        "activate": ["mark", handles[2], "trusted"],
        "deactivate": ["mark", handles[0], "plain"],
        "delete": ["destroy", handles[2]],
    }


def assert_told(host, *words: str):
    """One line to standard error, and the same to the log."""
    said, logged = host.said(), host.ask("log")
    assert said.startswith("orgtrust: ") and said.count("\n") == 1, said
    assert said.strip().removeprefix("orgtrust: ") in logged, (said, logged)
    for word in words:
        assert word in said, said


@pytest.mark.parametrize("kind", ["upload", "rename", "activate", "deactivate", "delete"])
def test_every_4xx(synced, api, host, writes, kind):
    shown = host.listed()
    before = (synced.snapshot(), [dict(c) for c in api.certs])

    def refusing(status):
        def refuse(request, right):
            api.certs[:] = [dict(c) for c in before[1]]  # it was not carried out
            return error(status, "the API's own words", Retry_After="3600")
        return refuse

    # Of the change itself, and of what is asked before.
    for status, of in [*((s, kind) for s in EXITS), (400, "list"), (401, "list"),
                       (403, "list"), (404, "list"), (429, "list")]:
        api.heal()
        api.forget()
        api.on(of, refusing(status))
        rv, _ = host.call(*writes[kind])
        assert rv == rv_of(kind, status), (status, of, host.stderr())
        assert_told(host, "the API's own words", str(status))
        assert api.count(of) == 1, "not repeated"
        assert (synced.snapshot(), api.certs) == before
    assert host.listed() == shown
    api.heal()
    if kind != "upload":
        assert host.ask(*writes[kind]) == "", "the login outlives every refusal"
    else:
        assert int(host.ask(*writes[kind]))
    assert api.certs != before[1] and synced.snapshot() != before[0]


LOGINS = {400: "GENERAL_ERROR", 401: "PIN_INCORRECT", 403: "PIN_INCORRECT",
          404: "GENERAL_ERROR", 429: "FUNCTION_FAILED", 501: "DEVICE_ERROR"}


def test_a_login_that_is_refused(synced, api, host):
    host.ask("logout")
    before = synced.snapshot()
    for status, expected in LOGINS.items():
        api.heal()
        api.on("list", error(status, "the API's own words", Retry_After="3600"))
        rv, _ = host.call("login", "user", synced.key_file)
        assert rv == expected, (status, host.stderr())
        assert_told(host, "the API's own words", str(status))
        assert host.listed() == set(), "not logged in"
    assert synced.snapshot() == before
    api.heal()
    host.ask("login", "so", synced.key_file)
    assert len(host.listed()) == 3


@pytest.mark.memory
def test_the_configured_key(synced, host):
    """The PIN `config`, and when there is no such key."""
    word = synced.dir / "word"
    word.write_text("config\n")
    host.ask("logout")
    host.ask("login", "user", word)
    host.ask("name", host.ask("find", "root 0"), "zero")
    host.ask("logout")
    synced.key_file.write_text("sk-admin-other\n")
    rv, _ = host.call("login", "user", word)
    assert rv == "PIN_INCORRECT" and str(synced.key_file) in host.said()


# What orgtrust-server itself refuses.


@pytest.fixture
def kept(organization, world, roots):
    """(world, what must be the same afterwards)"""
    world.configure()
    organization.add(roots[0], "r0")
    organization.add(roots[1], "r1", active=False)
    world.sync()

    def state():
        listed = organization.api.list()
        return ([organization.api.get(c["id"], content=True) for c in listed], listed,
                world.snapshot().content)

    before = state()
    yield world
    assert state() == before


def host_of(world, key: str | None = None) -> TokenHost:
    """Logged in, by a key of its own."""
    host = TokenHost(world)
    if key is None:
        host.log_in()
    else:
        path = world.dir / "other.key"
        path.write_text(key + "\n")
        host.log_in(key_file=path)
        path.unlink()
    return host


def calls(world, host, roots) -> list[list]:
    der = world.dir / "new.der"
    der.write_bytes(roots[2].der)
    r0, r1 = host.ask("find", "r0"), host.ask("find", "r1")
    return [["upload", "plain", der, "r2"], ["name", r0, "x"], ["mark", r1, "trusted"],
            ["mark", r0, "plain"], ["destroy", r1], ["destroy", r0],
            ["trust", "delegator", write_der(world, roots[1])]]


def write_der(world, root):
    path = world.dir / f"{root.serial}.der"
    path.write_bytes(root.der)
    return path


def test_401_a_key_that_is_revoked_meanwhile(organization, kept, roots):
    host = host_of(kept, organization.create_key(name="short-lived"))
    done = run([paths.SERVER, "key", "revoke", "--db", organization.db, "short-lived"],
               env=organization.env, wrap=True)
    assert done.status == 0, done
    for words in calls(kept, host, roots):
        assert host.call(*words)[0] == "PIN_EXPIRED", words
        assert_told(host, "status 401")
    host.stop()


def test_403_a_key_that_may_only_read(organization, kept, roots):
    host = host_of(kept, organization.create_key("read"))
    assert host.listed() == {"+r0", "-r1"}, "it may look"
    for words in calls(kept, host, roots):
        assert host.call(*words)[0] == "TOKEN_WRITE_PROTECTED", words
        assert_told(host, "status 403")
    host.stop()


def test_409_400_and_what_is_no_certificate(kept, roots):
    host = host_of(kept)
    r0 = host.ask("find", "r0")
    assert host.call("destroy", r0)[0] == "ACTION_PROHIBITED"
    assert_told(host, "status 409", "active in")
    assert host.call("name", r0, "x" * 300)[0] == "ATTRIBUTE_VALUE_INVALID"
    assert_told(host, "status 400")
    der = write_der(kept, roots[2])
    assert host.call("upload", "trusted", der, "x" * 300)[0] == "ATTRIBUTE_VALUE_INVALID"
    assert_told(host, "status 400")
    for content, word in ((roots[2].der[:-1], ""), (roots[2].der * 2, ""),
                          (b"\x30\x02\x05\x00", "nothing was sent"),
                          (openssl("pkey", "-outform", "DER", "-in", roots[2].key),
                           "private key")):
        der.write_bytes(content)
        assert host.call("upload", "plain", der)[0] == "ATTRIBUTE_VALUE_INVALID", word
        if word:  # what the template itself shows to be wrong, the CK_RV says
            assert_told(host, word)
    host.stop()


@pytest.mark.memory
def test_404_what_somebody_else_has_deleted(organization, world, roots):
    world.configure()
    ids = [organization.add(r, f"r{i}", active=False) for i, r in enumerate(roots)]
    host = host_of(world)
    handles = [host.ask("find", f"r{i}") for i in range(3)]
    for cert_id in ids:
        organization.api.delete(cert_id)
    before = world.snapshot()
    for words in (["name", handles[0], "x"], ["mark", handles[1], "trusted"],
                  ["destroy", handles[2]]):
        assert host.call(*words)[0] == "OBJECT_HANDLE_INVALID", words
        assert_told(host)
    assert organization.api.list() == [] and world.snapshot().content == before.content
    host.stop()


def test_a_full_organization(tmp_path, roots):
    organization = Organization(tmp_path / "organization", max_certificates=2)
    world = World(tmp_path / "world", organization.base_url, organization.key)
    world.configure()
    for root in roots[:2]:
        organization.add(root, root.cn)
    host = host_of(world)
    before = (organization.api.list(), world.snapshot())
    rv, _ = host.call("upload", "trusted", write_der(world, roots[2]), "r2")
    assert rv == "DEVICE_MEMORY"
    assert_told(host, "holds 2 certificates")
    assert (organization.api.list(), world.snapshot()) == before
    host.stop()
    world.close()
    organization.stop()


def test_nobody_listens(kept, roots):
    host = host_of(kept)
    words = calls(kept, host, roots)
    kept.configure(base_url="http://127.0.0.1:9/v1", connect_timeout="1s")
    assert host.call(*words[0])[0] == "DEVICE_ERROR"
    assert_told(host)
    host.stop()


# Row 26: the answer to an upload is lost.


@pytest.mark.parametrize("lose", LOST.values(), ids=LOST.keys())
def test_fault_26_an_upload_whose_answer_is_lost_is_not_repeated(synced, api, host, writes,
                                                                 lose):
    api.on("upload", lambda request, right: lose(right))
    words = writes["upload"]
    handle = host.ask("upload", "trusted", *words[2:])
    assert api.count("upload") == 1 and len(api.certs) == 4
    assert host.ask("find", "fresh") == handle and "+fresh" in host.listed()
    api.heal()
    assert host.ask(*words) == handle, "and what is there is not sent again"
    assert api.count("upload") == 1 and len(contents(api)) == 4


def test_fault_26_when_the_list_is_lost_too_the_next_call_finds_it(synced, api, host,
                                                                   writes):
    def lose(request, right):
        api.on("list", lambda request, right: None)

    api.on("upload", lose)
    assert host.call(*writes["upload"])[0] == "DEVICE_ERROR"
    assert_told(host, "not known whether the upload arrived")
    api.heal()
    handle = host.ask(*writes["upload"])
    assert api.count("upload") == 1 and len(api.certs) == 4
    assert host.ask("find", "fresh") == handle


def test_a_sync_that_fails_afterwards(synced, api, host, writes):
    """The change is made, so the call has succeeded; what this machine lacks is said."""
    api.on("list", lambda request, right: right if request.nth == 0 else
           error(500, "broken"))
    api.forget()
    host.ask(*writes["activate"])
    assert all(c["active"] for c in api.certs)
    assert "orgtrust sync" in host.ask("log")
