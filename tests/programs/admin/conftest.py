"""Fixtures of the administration's tests."""

import pytest

from support.misbehaving import api, key, machine, synced  # noqa: F401
from support.organization import Organization
from support.p11_system import can_mount
from support.tls_peers import pair, serve, silent, trusted  # noqa: F401
from support.world import World
from token_tools import Tokens


@pytest.fixture(scope="session")
def fifty(certs):
    """As many certificates as an organization holds."""
    return certs.many(50, "Fifty")


@pytest.fixture(scope="session")
def tokens(tmp_path_factory, certs):
    """Shared by all tests that want it: what a test changes it puts back."""
    if not can_mount():
        pytest.skip("needs mount namespaces: run as root")
    place = tmp_path_factory.mktemp("tokens")
    organization = Organization(place / "organization")
    world = World(place / "world", organization.base_url, organization.key)
    try:
        made = Tokens(place, world, organization, certs)
        yield made
        made.close()
    finally:
        world.close()
        organization.stop()
