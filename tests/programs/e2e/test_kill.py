"""SIGKILL at any moment of a sync leaves the old snapshot or the new one."""

import random
import signal
import time

import pytest
from support import paths
from support.process import Background

KILLS = 200 if paths.LONG else 20


@pytest.mark.concurrency
def test_fault_45_kill_at_random_moments(organization, world, certs):
    """The organization alternates between two states with different content, and for each
    sync the content that it needs is new: every step of a sync is killed at some time."""
    api = organization.api
    even = [organization.add(c, f"even {i}") for i, c in enumerate(certs.many(12, "Even"))]
    world.sync()
    shapes = {frozenset(even)}
    # How long a whole sync takes here, now: the moments are spread over it.
    began = time.monotonic()
    world.sync()
    whole = max(time.monotonic() - began, 0.02) * 2
    moments = random.Random(20240229)
    odd = []
    seen_old = seen_new = 0
    for number in range(KILLS):
        if number % 2 == 0:
            api.deactivate(*even[:6])
            odd = [organization.add(c) for c in certs.many(3, f"Odd {number}")]
            new = frozenset(even[6:]) | frozenset(odd)
        else:
            api.deactivate(*odd)
            for known in odd:
                api.delete(known)
            api.activate(*even[:6])
            new = frozenset(even)
        process = Background(
            [paths.COMMAND, "sync"], env=world.env, wrap=True,
            log=world.dir / "killed.log",
        )
        time.sleep(moments.uniform(0, whole))
        process.child.send_signal(signal.SIGKILL)
        process.child.wait()
        # Every byte is verified here: `status` reads all, `list` each record.
        assert world.status()["usable"], f"kill {number}"
        found = frozenset(c["id"] for c in world.listed("--state", "active"))
        assert found in shapes or found == new, f"kill {number}: neither old nor new"
        seen_new += found == new
        seen_old += found != new
        assert world.count() == len(found)
        # The next sync is not disturbed and removes what the killed one left.
        world.sync()
        found = frozenset(c["id"] for c in world.listed("--state", "active"))
        assert found == new
        assert not world.temporaries(), f"kill {number}"
        shapes = {new}
    assert seen_old, "no kill came before the end; the moments are chosen badly"
    if paths.LONG:
        assert seen_new, "no kill came after the end; the moments are chosen badly"
