"""What follows from a change is said behind it, and what is another user's to do is left to
that user."""

import os
import tempfile

import pytest
from support import paths
from support.process import run
from support.world import OK, World

NOBODY = 65534


def test_effects_are_printed_after_their_cause(synced, roots):
    bundle = synced.dir / "bundle.pem"
    synced.configure(export_bundle=str(bundle))
    done = synced.orgtrust("activate", "root 2")
    first, *others = done.stdout.splitlines()
    assert first.startswith("activated cert_") and any(str(bundle) in line for line in others)
    both = synced.orgtrust("deactivate", "root 2", "--json").json()
    assert both["changes"][0]["outcome"] == "done" and both["exports"]


@pytest.fixture
def shared(api, key):
    """A machine whose cache is root's, and which everybody can look at."""
    with tempfile.TemporaryDirectory(prefix="orgtrust-shared-") as directory:
        os.chmod(directory, 0o755)
        made = World(directory, api.base_url, key)
        made.configure(admin_key_file=None, export_bundle=f"{directory}/bundle.pem")
        made.env["OPENAI_ADMIN_KEY"] = key
        yield made
        made.close()


@pytest.mark.skipif(os.geteuid() != 0 or bool(paths.WRAP), reason="becomes another user")
def test_without_root_the_machine_follows_at_its_next_sync(shared, api, roots):
    ids = [api.add(root, name=f"root {i}", active=i == 0) for i, root in enumerate(roots[:2])]
    shared.sync()
    before = shared.snapshot()

    def as_nobody(*words):
        return shared.check(run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
             str(paths.COMMAND), *words], env=shared.env | {"HOME": "/nonexistent"}))

    done = as_nobody("activate", "root 1")
    assert done.status == OK and done.stderr == ""
    assert done.stdout == (f"activated {ids[1]} 'root 1'\n"
                           "done; this machine follows at its next sync\n")
    assert api.item(ids[1])["active"] and shared.snapshot() == before
    done = as_nobody("deactivate", "root 1", "--json")
    assert done.status == OK and done.json()["changes"][0]["outcome"] == "done"
    assert as_nobody("sync").status != OK, "who only wants a sync is told"
    shared.orgtrust("activate", "root 1")
    assert shared.count() == 2
