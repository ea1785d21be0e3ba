"""Every 4xx, for every write: its exit status, what is said, and that nothing changed."""

import pytest
from fault_server import Answer, error
from support.world import (AUTH, NETWORK, NOT_FOUND, OK, PROTOCOL, RATE, REFUSED)

EXITS = {400: REFUSED, 401: AUTH, 403: AUTH, 404: NOT_FOUND, 405: REFUSED, 409: REFUSED,
         413: REFUSED, 415: REFUSED, 422: REFUSED, 429: RATE}

# What the person is told to do.
ADVICE = {AUTH: "check that it is an admin key", NOT_FOUND: "check the id",
          RATE: "asks to be left alone"}


@pytest.fixture
def writes(synced, certs):
    """The command of each write, on certificates that suit it."""
    fresh = certs.ca("Refused").path
    return {
        "upload": ["upload", fresh],
        "rename": ["rename", "root 0", "zero"],
        "activate": ["activate", "root 2"],
        "deactivate": ["deactivate", "root 0"],
        "delete": ["delete", "root 2", "--yes"],
    }


@pytest.mark.parametrize("status", EXITS)
@pytest.mark.parametrize("kind", ["upload", "rename", "activate", "deactivate", "delete"])
def test_every_4xx(synced, api, writes, kind, status):
    before = (synced.snapshot(), [dict(c) for c in api.certs])
    kept = before[1]

    def refuse(request, right):
        api.certs[:] = [dict(c) for c in kept]  # it was not carried out
        return error(status, "the API's own words", Retry_After="3600")

    api.on(kind, refuse)
    done = synced.orgtrust(*writes[kind], status=EXITS[status])
    assert "the API's own words" in done.stderr and str(status) in done.stderr
    assert ADVICE.get(EXITS[status], "") in done.stderr
    assert api.count(kind) == 1, "not repeated"
    assert (synced.snapshot(), api.certs) == before
    done = synced.orgtrust(*writes[kind], "--json", status=EXITS[status])
    (change,) = done.json()["changes"]
    assert change["action"] == kind and change["outcome"] == "failed"
    assert "the API's own words" in change["error"] and done.json()["syncs"] == []


LOST = {
    "reset": (NETWORK, lambda right: None),
    "html": (PROTOCOL, lambda right: Answer(200, "<html>", content_type="text/html")),
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize("kind, past", [
    ("rename", "renamed"), ("activate", "activated"), ("deactivate", "deactivated"),
    ("delete", "deleted")])
def test_what_is_done_and_never_confirmed_is_not_called_undone(synced, api, writes, kind, past,
                                                               lost):
    status, lose = lost
    before = [dict(c) for c in api.certs]
    api.on(kind, lambda request, right: lose(right))
    done = synced.orgtrust(*writes[kind], status=status)
    assert api.certs != before, "it was carried out"
    assert done.stdout.startswith(f"perhaps {past} cert_") and "not " not in done.stdout
    api.certs[:] = before
    (change,) = synced.orgtrust(*writes[kind], "--json", status=status).json()["changes"]
    assert change["outcome"] == "unknown" and change["error"]


@pytest.mark.parametrize("status", EXITS)
def test_every_4xx_of_the_list_before(synced, api, writes, status):
    before = (synced.snapshot(), [dict(c) for c in api.certs])
    api.on("list", lambda request, right: error(status, "no list", Retry_After="3600"))
    for words in writes.values():
        done = synced.orgtrust(*words, status=EXITS[status])
        assert "no list" in done.stderr and done.stdout == ""
    assert (synced.snapshot(), api.certs) == before


# What orgtrust-server itself refuses.


@pytest.fixture
def kept(organization, world, roots):
    """(world, what must be the same afterwards)"""
    organization.add(roots[0], "r0")
    organization.add(roots[1], "r1", active=False)
    world.sync()

    def state():
        return (world.snapshot(), organization.api.list(),
                [organization.api.get(c["id"], content=True)
                 for c in organization.api.list()])

    before = state()
    yield world
    assert state() == before


COMMANDS = [["upload", "FILE"], ["rename", "r0", "x"], ["activate", "r1"],
            ["deactivate", "r0", "--yes"], ["delete", "r1", "--yes"], ["delete", "r0", "--yes"]]


def words_of(words, roots):
    return [roots[2].path if word == "FILE" else word for word in words]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words))
def test_401_a_wrong_key(kept, roots, words):
    kept.key_file.write_text("sk-admin-wrong\n")
    done = kept.orgtrust(*words_of(words, roots), status=AUTH)
    assert str(kept.key_file) in done.stderr and "status 401" in done.stderr
    assert "sk-admin-wrong" not in done.text


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words))
def test_403_a_key_that_may_only_read(organization, kept, roots, words):
    kept.key_file.write_text(organization.create_key("read") + "\n")
    done = kept.orgtrust(*words_of(words, roots), status=AUTH)
    assert "status 403" in done.stderr


def test_no_key_at_all(kept, roots):
    kept.configure(admin_key_file=None)
    done = kept.orgtrust("rename", "r0", "x", status=AUTH)
    assert "wants an admin key" in done.stderr and "admin_key_file" in done.stderr


def test_409_active(kept):
    done = kept.orgtrust("delete", "r0", "--yes", status=REFUSED)
    assert "status 409" in done.stderr and "--deactivate" in done.stderr


def test_400_a_name_that_is_too_long(kept, roots):
    for words in (["rename", "r0", "x" * 300], ["upload", roots[2].path, "--name", "x" * 300]):
        assert "status 400" in kept.orgtrust(*words, status=REFUSED).stderr


def test_nobody_listens(kept, roots):
    kept.configure(base_url="http://127.0.0.1:9/v1", connect_timeout="1s")
    kept.orgtrust("upload", roots[2].path, status=NETWORK)


# The change is made, the sync behind it is not.


@pytest.mark.parametrize("answer, status", [(error(500, "broken"), PROTOCOL),
                                            (error(403, "no more"), AUTH)])
def test_a_sync_that_fails_afterwards(synced, api, answer, status):
    before = synced.snapshot()
    api.on("list", lambda request, right: right if request.nth == 0 else answer)
    done = synced.orgtrust("activate", "root 2", status=status)
    assert done.stdout.startswith("activated ")
    assert "the changes are made all the same" in done.stderr and "orgtrust sync" in done.stderr
    assert all(c["active"] for c in api.certs) and synced.snapshot() == before
    api.heal()
    synced.orgtrust("activate", "root 2", status=OK)
    assert synced.count() == 3


def test_every_source_that_sees_the_change_is_synced(synced, api):
    """A project's that inherits sees the organization, too; and none of another scope."""
    synced.configure("[source same]\n[source lab]\nproject = proj_lab\n"
                     "[source alone]\nproject = proj_alone\ninherit = no\n")
    done = synced.orgtrust("activate", "root 2", "--json").json()
    assert [s["source"] for s in done["syncs"]] == ["default", "same", "lab"]
    done = synced.orgtrust("deactivate", "root 2", "--json", "--project", "proj_lab").json()
    assert [s["source"] for s in done["syncs"]] == ["default", "lab"]
    assert (done["source"], done["project"], done["dry_run"]) == ("default", "proj_lab", False)
    assert set(done) == {"source", "project", "dry_run", "changes", "syncs"}
    assert set(done["changes"][0]) == {"action", "outcome", "id", "name", "before", "file",
                                       "sha256", "project", "until", "status", "error"}
