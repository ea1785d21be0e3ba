"""orgtrust sync beside other ways to get the same from the same server."""

from __future__ import annotations

import math
import shutil
from contextlib import ExitStack
from pathlib import Path

from support import paths
from support.world import World

from measure import CannotRun, Fact, Goal, Row, Side, in_turn, process, process_instructions
from pairs import Plan, pair
from place import machine
from wires import Wire, changed, fill, organization, paths_of, private, wires

LATENCY_MS = 50
HERE = Path(__file__).resolve().parent
SYNC = [paths.COMMAND, "sync", "--quiet"]


class Syncs:
    """One organization of `count` certificates, and a machine that syncs from it.

    The organization first has 99 % of them, of which it keeps the cache for each wire."""

    def __init__(self, stack: ExitStack, scratch: Path, count: int):
        self.count = count
        self.scratch = scratch
        scratch.mkdir()
        place = machine(count)
        pems = place.pems()
        self.org = organization(stack, scratch / "organization")
        self.wires = wires(stack, scratch, self.org, place, LATENCY_MS)
        self.world = World(scratch / "world", self.org.base_url, self.org.key)
        self.new = math.ceil(count / 100)
        fill(self.org, pems[: count - self.new], 0)
        for wire in self.wires if count <= 10000 else []:
            self.use(wire)
            self._empty_cache()
            self.world.sync(timeout=600)
            shutil.copytree(self._snapshot.parent, self._almost(wire))
        fill(self.org, pems[count - self.new :], count - self.new)

    @property
    def _snapshot(self) -> Path:
        return self.world.snapshot_path()

    def _almost(self, wire: Wire) -> Path:
        return self.scratch / f"almost-{wire.name}"

    def _empty_cache(self):
        for path in self._snapshot.parent.glob("*"):
            path.unlink()

    def use(self, wire: Wire):
        self.wire = wire
        self.world.configure(base_url=wire.base_url,
                             ca_file=str(wire.ca) if wire.ca else None)

    def forget(self):
        self._snapshot.unlink(missing_ok=True)

    def sync(self) -> tuple[float, float]:
        return process(SYNC, self.world.env)

    def cold(self) -> tuple[float, float]:
        self.forget()
        return self.sync()

    def one_percent(self) -> tuple[float, float]:
        # All that is known of the 99 %, and, as after a change, no page that the server kept.
        self._empty_cache()
        for path in self._almost(self.wire).iterdir():
            shutil.copy2(path, self._snapshot.parent)
        changed(self.org)
        return self.sync()

    def check(self):
        """The whole organization is there."""
        status = self.world.status()
        if status["active"] != self.count:
            raise CannotRun(f"the sync did not bring everything: {status}")

    def curl_argv(self, wanted: list[str]) -> list:
        """curl --parallel of those paths, as many at a time as it has by itself (50)."""
        config = private(self.scratch / "curl.conf", "".join(
            f'url = "{self.wire.base_url}{path}"\noutput = "/dev/null"\n'
            for path in wanted) + f'header = "Authorization: Bearer {self.org.key}"\n'
            + (f'cacert = "{self.wire.ca}"\n' if self.wire.ca else ""))
        return ["/usr/bin/curl", "--disable", "--globoff", "--silent", "--show-error",
                "--fail", "--compressed", "--parallel", "--config", config]

    def curl(self, wanted: list[str]):
        argv = self.curl_argv(wanted)
        return lambda: process(argv, self.world.env)

    def count_instructions(self, sides: dict[str, Side]):
        """Of a cold sync, and of curl for the same, a certificate."""
        self.forget()
        for side, argv in ((sides["orgtrust"], SYNC),
                           (sides["curl"], self.curl_argv(paths_of(self.count)))):
            side.instructions = process_instructions(argv, self.world.env) / self.count

    def one_by_one(self):
        argv = ["/usr/bin/python3", "-I", HERE / "one_by_one.py", self.wire.base_url,
                self.world.key_file, *([self.wire.ca] if self.wire.ca else [])]
        return lambda: process(argv, self.world.env)


def _cold(plan: Plan, syncs: Syncs, wire: Wire, waited: dict[str, dict[str, float]]):
    name, count = f"sync-cold {wire.name}", syncs.count
    many = plan.rounds(5 if count <= 1000 else 2)
    judged = count >= 150
    sides = in_turn(many, {"orgtrust": syncs.cold, "curl": syncs.curl(paths_of(count))},
                    warm=count <= 1000)
    syncs.check()
    if not wire.is_far and plan.counts_instructions(count, 1000):
        syncs.count_instructions(sides)
    goal = Goal(1.2, "≤ 1.2 ×") if wire.is_far else Goal(1.0, "≤ 1.0 ×")
    row = Row(name, count, sides, goal if judged else None, "wall")
    waited[wire.name] = {side: row.median(side) for side in row.names}
    yield row
    if judged and not wire.is_far:
        yield Fact(name, count, "processor time, ratio to curl's", row.cpu_ratio, "×",
                   "≤ 1.2 ×", row.cpu_ratio <= 1.2)
    # One after the other takes a round trip each: minutes, where it is far and much.
    if count <= (150 if wire.is_far else 1000):
        sides = in_turn(1 if wire.is_far else many,
                        {"orgtrust": syncs.cold, "one by one": syncs.one_by_one()},
                        warm=not wire.is_far)
        yield Row(name, count, sides, Goal(1 / 10, "10 × faster") if judged else None,
                  "wall")


def _unchanged(plan: Plan, syncs: Syncs, wire: Wire):
    name, pages = f"sync-unchanged {wire.name}", math.ceil(syncs.count / 100)
    syncs.cold()
    before = syncs.world.snapshot()
    sides = in_turn(plan.rounds(5), {"orgtrust": syncs.sync,
                                     "curl": syncs.curl(paths_of(syncs.count)[:pages])})
    yield Row(name, syncs.count, sides, None, "wall", "curl: the lists only")
    done = syncs.world.sync("--json").json()
    requests = done["sources"][0]["requests"]
    yield Fact(name, syncs.count, "requests", requests, "", "= 1", requests == 1)
    after = syncs.world.snapshot()
    same = (before.inode, before.content) == (after.inode, after.content)
    yield Fact(name, syncs.count, "snapshots written", 0 if same else 1, "", "none", same)


def _one_percent(plan: Plan, syncs: Syncs, wire: Wire):
    urls = paths_of(syncs.count)
    pages = math.ceil(syncs.count / 100)
    sides = in_turn(plan.rounds(5), {
        "orgtrust": syncs.one_percent,
        "curl": syncs.curl(urls[:pages] + urls[-syncs.new :]),
    })
    syncs.check()
    row = Row(f"sync-1% {wire.name}", syncs.count, sides, None, "wall",
              "curl: the lists and what is new")
    yield row
    if wire.is_far and syncs.count == 10000:
        seconds = row.median("orgtrust")
        yield Fact(row.pair, syncs.count, "seconds", seconds, "s", "≤ 0.5 s", seconds <= 0.5)


def _waits(syncs: Syncs, waited: dict[str, dict[str, float]]):
    """How much of the distance a sync waits for: round trips one after the other."""
    for near, far in (("h1", f"h1+{LATENCY_MS}ms"), ("h2", f"h2+{LATENCY_MS}ms")):
        for side in waited[near]:
            trips = (waited[far][side] - waited[near][side]) / (LATENCY_MS / 1000)
            yield Fact(f"sync-cold {far}", syncs.count,
                       f"round trips one after the other, {side}", trips,
                       f"of {len(paths_of(syncs.count))} requests")


def _large(syncs: Syncs, wire: Wire):
    """Growth alone: one sync, which no peer is there for."""
    sides = in_turn(1, {"orgtrust": syncs.cold}, warm=False)
    syncs.check()
    yield Row(f"sync-cold {wire.name}", syncs.count, sides, None, "wall")


@pair("sync", "cold, unchanged, 1 % new; HTTP/1.1 and HTTP/2, each also 50 ms away: orgtrust, "
      "curl --parallel on the same URLs, one by one")
def sync(plan: Plan):
    for count in plan.sizes:
        with ExitStack() as stack:
            syncs = Syncs(stack, plan.scratch / f"sync-{count}", count)
            waited: dict[str, dict[str, float]] = {}
            for wire in syncs.wires:
                syncs.use(wire)
                if count <= 10000:
                    yield from _cold(plan, syncs, wire, waited)
                    yield from _unchanged(plan, syncs, wire)
                    yield from _one_percent(plan, syncs, wire)
                elif not wire.is_far:
                    yield from _large(syncs, wire)
            if waited:
                yield from _waits(syncs, waited)
            syncs.world.close()
