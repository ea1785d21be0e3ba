"""Fixtures of the relay's tests."""

import secrets
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from relay import Relay  # noqa: E402
from support.misbehaving import api, key  # noqa: E402,F401
from support.world import World  # noqa: E402


@pytest.fixture
def relays():
    """relays(api, key, …) makes a Relay, which ends with the test."""
    made: list[Relay] = []

    def make(*args, **more) -> Relay:
        made.append(Relay(*args, **more))
        return made[-1]

    yield make
    for relay in made:
        relay.stop()


@pytest.fixture
def hosts(tmp_path):
    """hosts(relay) makes a machine that knows the relay and no key."""
    made: list[World] = []

    def make(relay: Relay, **values) -> World:
        host = World(tmp_path / f"host-{len(made)}", relay.base_url)
        host.configure(**({"refresh_interval": "1s", "max_stale": "1d"} | values))
        made.append(host)
        return host

    yield make
    for host in made:
        host.close()


@pytest.fixture
def own_key():
    """What a host sends although it should have none."""
    return "sk-host-" + secrets.token_hex(20)
