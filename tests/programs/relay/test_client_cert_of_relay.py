"""A relay in front of an API that asks for a client certificate."""

import pytest
from relay import Relay
from support.asking_front import MISSING, NGINX, AskingFront
from support.world import World

pytestmark = pytest.mark.skipif(NGINX is None, reason=MISSING)
API = "api.example"  # as relay.py calls the API


@pytest.fixture
def front(organization, certs, tmp_path):
    made = AskingFront(tmp_path / "front", certs, organization.port, API)
    yield made
    made.stop()


@pytest.mark.parametrize("shows", [True, False], ids=["with one", "without"])
def test_hosts_behind_it_need_none(front, organization, certs, tmp_path, roots, shows):
    organization.add(roots[0], "there")
    client = certs.issue(front.ca, "the relay", usage="clientAuth")
    relay = Relay(f"127.0.0.1:{front.port}", organization.key, api_ca=front.ca.path,
                  client=(client.path, client.key) if shows else None)
    host = World(tmp_path / "host", relay.base_url)
    try:
        done = host.sync(status=None)
        if shows:
            assert done.status == 0 and [c["name"] for c in host.listed()] == ["there"]
        else:
            assert done.status != 0 and "400" in done.stderr and host.snapshot() is None
    finally:
        host.close()
        relay.stop()
