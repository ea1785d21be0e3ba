"""What is asked before something is lost, and of whom."""

import os
import signal

import pytest
from dialogue import Dialogue
from support.world import INTERRUPTED, OK, USAGE


@pytest.fixture
def losses(synced, roots, tmp_path):
    """Every command that asks, and what is then to be seen at the API."""
    one = tmp_path / "one"
    one.mkdir()
    (one / "root 0.pem").write_text(roots[0].pem)
    inactive = synced.ids[2]
    return {
        "delete": (["delete", inactive], lambda api: len(api.certs) == 2),
        "deactivate": (["deactivate", "--all"],
                       lambda api: not any(c["active"] for c in api.certs)),
        "last": (["deactivate", "root 0", "root 1"],
                 lambda api: not any(c["active"] for c in api.certs)),
        "apply": (["apply", one], lambda api: sum(c["active"] for c in api.certs) == 1),
    }


COMMANDS = ["delete", "deactivate", "last", "apply"]


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
@pytest.mark.parametrize("command", COMMANDS)
def test_yes(synced, api, losses, command, answer):
    words, is_done = losses[command]
    dialogue = Dialogue(synced, *words)
    dialogue.read_until("[y/N]")
    assert f"{'delete' if command == 'delete' else 'deactivate'} cert_" in dialogue.said, \
        "what is lost is shown before"
    assert not is_done(api)
    dialogue.answer(answer)
    status, out, said = dialogue.end()
    assert status == OK and is_done(api), said
    assert out.count("\n") >= 1


@pytest.mark.parametrize("answer", ["n\n", "\n", "yesterday\n", "\x04"],
                         ids=["no", "enter", "else", "end"])
@pytest.mark.parametrize("command", COMMANDS)
def test_anything_else(synced, api, losses, command, answer):
    before = (synced.snapshot(), [dict(c) for c in api.certs])
    dialogue = Dialogue(synced, *losses[command][0])
    dialogue.read_until("[y/N]")
    dialogue.answer(answer)
    status, out, said = dialogue.end()
    assert status == INTERRUPTED and out == "" and "nothing was changed" in said
    assert (synced.snapshot(), api.certs) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_signal(synced, api, losses, command):
    before = [dict(c) for c in api.certs]
    dialogue = Dialogue(synced, *losses[command][0])
    dialogue.read_until("[y/N]")
    os.kill(dialogue.child.pid, signal.SIGINT)
    status, out, _ = dialogue.end()
    assert status == INTERRUPTED and out == "" and api.certs == before


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_to_ask(synced, api, losses, command):
    words, is_done = losses[command]
    before = [dict(c) for c in api.certs]
    done = synced.orgtrust(*words, status=USAGE)
    assert "nothing changed: no terminal to ask on" in done.stderr
    assert "repeat with --yes" in done.stderr and api.certs == before
    done = synced.orgtrust(*words, status=USAGE, stdin=b"y\n")
    assert api.certs == before, "a pipe is not a person"
    synced.orgtrust(*words, "--yes")
    assert is_done(api)


def test_only_the_last_of_a_scope_is_asked_about(organization, world, roots):
    """What the organization has active stays so for a project."""
    ids = [organization.add(root, f"r{i}", active=i == 0) for i, root in enumerate(roots[:2])]
    project = organization.client(project="proj_a")
    project.activate(ids[1])
    project.close()
    world.orgtrust("deactivate", "r1", "--project", "proj_a")
    said = world.orgtrust("deactivate", "r0", status=USAGE).stderr
    assert "Nothing will be trusted in this scope" in said and "--yes" in said
    assert world.orgtrust("deactivate", "r0", "--dry-run").status == OK
    world.orgtrust("deactivate", "r0", "--yes")
    assert "already inactive" in world.orgtrust("deactivate", "r0").stdout


def test_what_loses_nothing_is_not_asked(synced, api, roots, tmp_path):
    every = tmp_path / "every"
    every.mkdir()
    for i, root in enumerate(roots):
        (every / f"{i}.pem").write_text(root.pem)
    for words in (["apply", every], ["rename", "root 0", "zero"], ["deactivate", "root 1"],
                  ["activate", "--all"]):
        dialogue = Dialogue(synced, *words)
        status, _, said = dialogue.end()
        assert status == OK and "[y/N]" not in said, said
