"""A sync from a source with `names`, whose anchors are re-wrapped, beside one without."""

from __future__ import annotations

from contextlib import ExitStack

from support import paths
from support.world import World

from measure import CannotRun, Goal, Row, in_turn, process
from pairs import Plan, pair
from place import machine
from wires import fill, organization


def _cold(world: World, names: str | None):
    def sync() -> tuple[float, float]:
        world.snapshot_path().unlink(missing_ok=True)
        world.configure(names=names)
        return process([paths.COMMAND, "sync", "--quiet"], world.env)

    return sync


def _check(world: World, count: int):
    """With names, all are there with limits on them: none is withheld."""
    _cold(world, "corp.example")()
    status = world.status()
    if (status["active"], status["limited"], status["withheld"]) != (count, count, []):
        raise CannotRun(f"the sync did not bring everything: {status}")


@pair("sync-limited", "cold sync from one server: with names, without", True)
def sync_limited(plan: Plan):
    for count in plan.sizes:
        with ExitStack() as stack:
            org = organization(stack, plan.scratch / f"limited-organization-{count}")
            fill(org, machine(count).pems(), 0)
            world = World(plan.scratch / f"limited-world-{count}", org.base_url, org.key)
            stack.callback(world.close)
            _check(world, count)
            sides = in_turn(plan.rounds(9 if count <= 10000 else 3), {
                "names": _cold(world, "corp.example, 10.0.0.0/8"),
                "none": _cold(world, None),
            }, warm=count <= 1000)
            yield Row("sync-limited", count, sides,
                      Goal(1.3, "≤ 1.3 ×") if count >= 150 else None, "wall")
