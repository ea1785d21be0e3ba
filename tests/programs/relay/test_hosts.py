"""Hosts without a key behind the relay: TLS all the way, the real server at its end."""

from __future__ import annotations

import time

import pytest
from relay import INTERVAL
from support.organization import Organization
from support.process import wait_until
from support.world import AUTH, NETWORK, REFUSED


@pytest.fixture
def served(tmp_path, certs, relays):
    """(organization, relay, the authority's file): it vouches for both."""
    # As Python 3.13 wants them.
    authority = certs.ca("Relay authority", key=certs.new_key(),
                         extensions=["keyUsage=critical,keyCertSign,cRLSign"])
    by = ["authorityKeyIdentifier=keyid"]
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    front = certs.issue(authority, "relay.example", san="IP:127.0.0.1", extensions=by)
    behind = certs.issue(authority, "api.example", san="DNS:api.example,IP:127.0.0.1",
                         extensions=by)
    organization = Organization(
        tmp_path / "organization", ca=bundle,
        options=("--tls-cert", str(behind.path), "--tls-key", str(behind.key), "--log"))
    key = organization.create_key("read")
    relay = relays(f"127.0.0.1:{organization.port}", key, api_ca=bundle,
                   tls=(front.path, front.key))
    relay.key = key
    yield organization, relay, bundle
    organization.stop()


def requests(organization) -> list[str]:
    """The statuses of what the relay asked the organization: its key only reads."""
    return [line.split()[4] for line in organization.server.output().splitlines()
            if " GET /v1/" in line]


def test_hosts_follow_the_organization_without_a_key(served, hosts, roots):
    organization, relay, bundle = served
    ids = [organization.add(root) for root in roots[:2]]
    fleet = [hosts(relay, ca_file=str(bundle)) for _ in range(3)]
    for host in fleet:
        assert "key" not in host.conf.read_text()
        host.sync()
        assert host.count() == 2
    assert len(requests(organization)) == 3, "one page, each content once"
    done = fleet[0].sync("--json").json()["sources"][0]
    assert done["requests"] == 1 and done["bytes"] == 0, "the page is not sent again"

    # What changes reaches who asks after the relay's interval, of whole seconds.
    organization.api.activate(organization.api.upload(roots[2]))
    time.sleep(INTERVAL + 1.1)
    for host in fleet:
        host.sync()
        assert host.count() == 3
    organization.api.deactivate(ids[0])
    time.sleep(INTERVAL + 1.1)
    for host in fleet:
        host.sync()
        assert host.count() == 2

    # It confirms what did not change, and fetches nothing anew.
    asked = len(requests(organization))
    time.sleep(INTERVAL + 1.1)
    fleet[0].sync()
    assert requests(organization)[asked:] == ["304"]

    # Out for five intervals: each sync succeeds, with what there was.
    port = organization.port
    organization.stop()
    for _ in range(5):
        time.sleep(INTERVAL)
        for host in fleet:
            host.sync()
            assert host.count() == 2 and host.status()["failures"] == 0
    organization.start(port)
    organization.api.activate(ids[0])
    for host in fleet:
        wait_until(lambda: host.sync() and host.count() == 3, what="recovery")  # noqa: B023

    relay.reload()
    assert relay.files_with(relay.key) == []
    for host in fleet:
        for path in host.dir.rglob("*"):
            assert not path.is_file() or relay.key.encode() not in path.read_bytes()


def test_projects_have_pages_of_their_own(served, hosts, roots):
    organization, relay, bundle = served
    ids = [organization.add(root, active=root is roots[0]) for root in roots]
    organization.client(project="proj_one").activate(*ids[1:])
    whole = hosts(relay, ca_file=str(bundle))
    part = hosts(relay, ca_file=str(bundle), project="proj_one", inherit="no")
    both = hosts(relay, ca_file=str(bundle), project="proj_one")
    for host in (whole, part, both):
        host.sync()
    assert (whole.count(), part.count(), both.count()) == (1, 2, 3)


def test_a_relay_verifies_the_api_and_hosts_the_relay(served, hosts, relays, certs, roots):
    organization, relay, bundle = served
    organization.add(roots[0])
    assert "not trusted" in hosts(relay).sync(status=NETWORK).stderr
    other = relays(f"127.0.0.1:{organization.port}", relay.key, tls=relay.tls,
                   api_ca=roots[0].path)
    assert hosts(other, ca_file=str(bundle)).sync(status=None).status != 0
    assert requests(organization) == [], "no key for who cannot be verified"


def test_a_host_can_only_read_whatever_key_it_has(served, hosts, roots):
    """An administrator's own key does not get through either."""
    organization, relay, bundle = served
    cert_id = organization.add(roots[0], "one")
    host = hosts(relay, ca_file=str(bundle))
    host.sync()
    for words in (["deactivate", "--yes", cert_id], ["rename", cert_id, "two"],
                  ["upload", str(roots[1].path)]):
        done = host.orgtrust(*words, status=REFUSED, env={"OPENAI_ADMIN_KEY": organization.key})
        assert "relay only reads" in done.stderr, done
    assert [c["name"] for c in organization.api.list() if c["active"]] == ["one"]


def test_a_host_that_is_not_admitted_is_told_so(relays, hosts, api, key):
    relay = relays(f"127.0.0.1:{api.port}", key, access="allow 192.0.2.0/24; deny all;")
    host = hosts(relay)
    done = host.sync(status=AUTH)
    assert "refuses this machine" in done.stderr and "does not serve this host" in done.stderr
    assert "wants an admin key" not in done.stderr, done
    assert api.count() == 0
