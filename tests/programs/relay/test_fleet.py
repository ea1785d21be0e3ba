"""Hosts behind a relay, by the dozen and by the thousand: what they cost the API, what an
outage of it costs them, and that none ever holds the key."""

from __future__ import annotations

import asyncio
import time

import pytest
from fleet import Fleet, LightHost, RealHost, Wire, memory_has
from support import paths
from support.inside import looks_inside
from support.organization import Organization
from support.process import wait_until
from support.world import World

LIST = "/v1/organization/certificates"


@pytest.fixture
def counted(tmp_path):
    """An organization that says what it was asked for."""
    made = Organization(tmp_path / "organization", max_certificates=1000, options=("--log",))
    yield made
    made.stop()


def asked(organization) -> tuple[int, int]:
    """How many (pages, single certificates) it was asked for with a key that reads."""
    paths_asked = [line.split()[3] for line in organization.server.output().splitlines()
                   if " GET /v1/" in line]
    return paths_asked.count(LIST), sum(p.startswith(f"{LIST}/") for p in paths_asked)


def reports(organization) -> int:
    return organization.server.output().count(" POST /v1/orgtrust/reports 200 ")


class Trial:
    def __init__(self, tmp_path, organization, relays, interval: int):
        self.organization = organization
        self.interval = interval
        self.key = organization.create_key("read").encode()
        self.relay = relays(f"127.0.0.1:{organization.port}", self.key.decode(),
                            interval=interval)
        self.place = tmp_path
        self.worlds: list[World] = []

    def add_world(self, port: int) -> World:
        world = World(self.place / f"host-{len(self.worlds)}", f"http://127.0.0.1:{port}/v1")
        # What those who wait cost is counted in test_waiting_fleet.py.
        world.configure(refresh_interval=f"{self.interval}s", max_stale="1d", report=None,
                        wait="no", host_name=f"real-{len(self.worlds)}")
        self.worlds.append(world)
        return world

    async def run(self, light: int, real: int, intervals: int, outage: int):
        organization = self.organization
        wire = Wire(self.relay.port, self.key)
        await wire.start()
        fleet = Fleet([RealHost(self.add_world(wire.port)) for _ in range(real)]
                      + [LightHost(self.relay.port, self.key, i) for i in range(light)],
                      self.interval)
        watcher = self.add_world(wire.port).start("watch")
        certs = organization.api.list()
        pages = -(-len(certs) // 100)
        spare, *rest = [cert["id"] for cert in certs]

        # Everybody's first sync.
        began = time.monotonic()
        await fleet.run(1)
        took = time.monotonic() - began
        lists, gets = asked(organization)
        assert gets == len(certs), "each content once, for all hosts"
        assert lists <= pages * (took / self.interval + 1)
        self.show("first syncs", fleet, lists + gets, took)

        # What the design promises.
        before, fleet.syncs = asked(organization), 0
        organization.api.activate(spare)
        took = await fleet.run(intervals)
        lists, gets = (now - then for now, then in zip(asked(organization), before))
        assert fleet.syncs == intervals * len(fleet.hosts)
        # nginx counts whole seconds, so that an interval may be up to two longer.
        least = took * self.interval // (self.interval + 2)
        assert pages * least <= lists <= pages * took * 1.1, (lists, took)
        assert gets == 0
        self.check_reports(fleet, changes=2)
        self.show(f"{took:.2f} intervals, {pages} pages", fleet, lists, took * self.interval)

        # No API. Every sync of every host succeeds.
        port, fleet.syncs = organization.port, 0
        organization.stop()
        took = await fleet.run(outage)
        assert fleet.syncs == outage * len(fleet.hosts)
        assert all(host.active == {spare, *rest} for host in fleet.hosts), "the addition"
        self.show(f"outage of {took:.2f} intervals", fleet, 0, took * self.interval)

        organization.start(port)
        organization.api.deactivate(spare)
        await asyncio.sleep(self.interval + 1)  # for as long a failing API is left alone
        await fleet.run(2)  # who asks while another's question is on its way sees it then
        assert all(host.active == set(rest) for host in fleet.hosts), "the removal"
        self.check_reports(fleet, changes=3)
        await self.search(fleet, wire, watcher)

    def check_reports(self, fleet: Fleet, changes: int):
        """Every host has said once for each change that it follows, the watcher, too; a real
        one does so again with each sync that ends in the second of its snapshot, which on a
        machine that is late may be two."""
        hosts = len(fleet.hosts) + 1
        counted = self.organization.api.call("GET", "/v1/orgtrust/hosts/count")
        wait_until(lambda: self.count() == (hosts, 0), what=f"all to follow: {counted}")
        real = len(self.worlds)
        assert hosts * changes <= reports(self.organization) <= (hosts + 2 * real) * changes
        print(f"{reports(self.organization)} reports of {hosts} hosts, {changes} changes")

    def count(self) -> tuple[int, int]:
        found = self.organization.api.call("GET", "/v1/orgtrust/hosts/count")
        return found["current"], found["behind"]

    def show(self, what: str, fleet: Fleet, requests: int, seconds: float):
        print(f"{what}: {len(fleet.hosts)} hosts, {fleet.syncs} syncs, {requests} requests "
              f"to the API, {seconds:.1f} s")

    async def search(self, fleet: Fleet, wire: Wire, watcher):
        """The key is in no host's files, environment, memory or traffic."""
        assert wire.bytes > 1000 and not wire.leaked
        assert all(host.bytes > 1000 for host in fleet.hosts if isinstance(host, LightHost))
        assert await asyncio.to_thread(wait_until, watcher.is_running)
        if not paths.WRAP:
            assert not memory_has(watcher.pid, self.key)
            assert memory_has(self.relay.nginx.pid, self.key), "where it is, it is found"
        for world in self.worlds:
            assert not any(self.key.decode() in value for value in world.env.values())
            files = [path for path in world.dir.rglob("*") if path.is_file()]
            assert world.snapshot_path() in files
            assert not any(self.key in path.read_bytes() for path in files)


@pytest.fixture
def trial(tmp_path, counted, relays):
    made: list[Trial] = []

    def make(interval: int) -> Trial:
        made.append(Trial(tmp_path, counted, relays, interval))
        return made[-1]

    yield make
    for one in made:
        for world in one.worlds:
            world.close()


@looks_inside
def test_forty_hosts_for_three_intervals(trial, counted, roots):
    for number, root in enumerate(roots):
        counted.add(root, f"root {number}", active=number > 0)
    asyncio.run(trial(1).run(light=36, real=4, intervals=3, outage=1))


@pytest.mark.long
def test_two_thousand_hosts_for_ten_intervals(trial, counted, certs):
    for number, cert in enumerate(certs.many(110, "Fleet")):
        counted.add(cert, f"fleet {number}", active=number > 0)
    asyncio.run(trial(10).run(light=1950, real=50, intervals=10, outage=5))
