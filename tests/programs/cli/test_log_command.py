"""orgtrust log: who changed what, from orgtrust-server's audit log."""

import itertools
import json
import time

import pytest
from fault_server import Answer
from support.world import PROTOCOL, USAGE


def events(world, *args) -> list[dict]:
    printed = json.loads(world.orgtrust("log", "--json", *args).stdout)
    assert printed["source"] == "default"
    return printed["events"]


@pytest.fixture
def changed(organization, world, roots):
    """Uploaded, activated in the organization and in a project, renamed."""
    world.ids = [organization.add(root, f"r{i}", active=False)
                 for i, root in enumerate(roots[:2])]
    organization.api.activate(*world.ids)
    blue = organization.client(project="proj_blue")
    blue.activate(world.ids[1])
    blue.close()
    organization.api.rename(world.ids[0], "evil\u202etoor")
    return world


def test_a_line_for_each_change_the_newest_first(changed):
    lines = changed.orgtrust("log").stdout.splitlines()
    words = [line.split("  ") for line in lines]
    kinds = [word[1] for word in words]
    assert kinds[0] == "certificate.updated" and kinds.count("certificate.created") == 2
    assert kinds.count("certificates.activated") == 2
    assert all(word[2].startswith(("key_", "local:")) for word in words), lines
    activations = [word for word in words if word[1] == "certificates.activated"]
    assert [word[3] for word in activations] == ["proj_blue", "-"]
    assert all(f"{cert} (r{i})" in activations[1][4 + i] for i, cert in enumerate(changed.ids))
    assert "evil\\u{202E}toor" in lines[0] and "\u202e" not in "".join(lines)


def test_json_has_each_event_as_the_api_has_it(changed, organization):
    found = events(changed)
    assert found[0]["certificate.updated"]["id"] == changed.ids[0]
    assert [e["effective_at"] for e in found] == sorted(
        (e["effective_at"] for e in found), reverse=True)


def test_one_certificate_and_a_time(changed):
    of_one = events(changed, "--cert", changed.ids[1])
    assert {e["type"] for e in of_one} == {"certificate.created", "certificates.activated"}
    assert len(of_one) == 3
    assert events(changed, "--since", "1h") == events(changed)
    assert events(changed, "--since", "2038-01-01") == []
    first = time.gmtime(min(e["effective_at"] for e in events(changed)))
    assert events(changed, "--since", time.strftime("%Y-%m-%d", first)) == events(changed), \
        "from its first second on"
    for wrong in ("yesterday", "2026-13-40", "2026-02-29", "2026-11-31", "26-11-29", ""):
        assert "--since" in changed.orgtrust("log", "--since", wrong, status=USAGE).stderr
    assert "certificate id" in changed.orgtrust("log", "--cert", "../x", status=USAGE).stderr


def test_more_than_fit_on_a_page(changed, organization):
    for _ in range(60):
        organization.api.deactivate(changed.ids[0])
        organization.api.activate(changed.ids[0])
    found = events(changed)
    assert len(found) > 120 and len({e["id"] for e in found}) == len(found)


@pytest.mark.parametrize("body, words", [
    ({"object": "list", "data": [{"id": "a", "type": "x"}], "has_more": False}, "effective_at"),
    ({"object": "list", "data": [{"id": "/", "type": "x", "effective_at": 1}],
      "has_more": False}, "no id"),
    ({"object": "list", "data": [], "has_more": True}, "more follow"),
], ids=["no time", "bad id", "no end"])
def test_an_answer_of_another_form_is_refused(machine, api, body, words):
    api.on("unknown", Answer(body=body))
    assert words in machine.orgtrust("log", status=PROTOCOL).stderr


@pytest.mark.parametrize("command, item", [
    ("log", {"type": "x", "effective_at": 1}),
    ("projects", {"object": "organization.project", "name": "p", "created_at": 1}),
    ("hosts", {"object": "orgtrust.host", "version": "1.0", "last_seen": 1, "current": True}),
])
@pytest.mark.parametrize("pages", [1, 2, 5])
def test_pages_that_come_again_are_refused(machine, api, command, item, pages):
    """As behind a proxy that keeps answers whatever the query; and it ends."""
    sent = itertools.count()

    def answer(request, right):
        name = f"n{next(sent) % pages}"
        return Answer(body={"object": "list", "data": [item | {"id": name, "name": name}],
                            "has_more": True})

    api.on("unknown", answer)
    for args in ((), ("--json",)):
        done = machine.orgtrust(command, *args, status=PROTOCOL)
        assert "goes round in circles: it gives the cursor n" in done.stderr
    assert next(sent) <= 6 * pages + 4
