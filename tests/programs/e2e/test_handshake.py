"""A TLS handshake that the organization decides, with programs of the distribution."""

import os
import signal
import time

import pytest
from support import paths
from support.process import Background, wait_until


def handshake(world, server, *args, **more):
    return world.openssl(
        "s_client", "-connect", server.address, "-servername", "server.example",
        "-verify_hostname", "server.example", "-verify_return_error", "-brief",
        "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAstore", "orgtrust:///", *args,
        status=None, stdin=b"", **more,
    )


def test_the_handshake_follows_the_organization(organization, world, server, roots):
    organization.add(roots[0])
    world.sync()
    assert "Verification: OK" not in handshake(world, server).stderr
    known = organization.add(server.authority)
    world.sync()
    done = handshake(world, server)
    assert done.status == 0 and "Verification: OK" in done.stderr, done
    organization.api.deactivate(known)
    world.sync()
    done = handshake(world, server)
    assert done.status != 0, done
    assert "verify error" in done.stderr.lower() or "certificate verify failed" in \
        done.stderr, done


@pytest.mark.parametrize("purposes, accepted", [
    ("server", True), ("server, client", True), ("client", False), ("email", False)])
def test_the_purposes_hold(organization, world, server, purposes, accepted):
    organization.add(server.authority)
    world.configure(purposes=purposes)
    world.sync()
    assert (handshake(world, server).status == 0) is accepted


@pytest.mark.concurrency
def test_a_running_server_learns_of_a_new_authority(organization, world, certs, roots):
    """Client certificates, verified by `openssl s_server`: it reads the snapshot anew in
    the background, without a restart, for as long as it runs."""
    authority = certs.ca("Clients", key=certs.new_key())
    client = certs.issue(authority, "client.example", usage="clientAuth")
    site = certs.ca("Site", key=certs.new_key())
    leaf = certs.issue(site, "server.example", san="DNS:server.example")
    organization.add(roots[0])
    world.configure(refresh_interval="1s")
    world.sync()
    server = Background(
        [paths.OPENSSL, "s_server", "-accept", "127.0.0.1:0", "-cert", leaf.path,
         "-key", leaf.key, "-Verify", "1", "-verify_return_error", "-www", "-quiet",
         "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAstore", "orgtrust:///"],
        env=world.provider_env(), log=world.dir / "s_server.log", wrap=True,
    )
    world.background.append(server)
    port = server.port()

    def is_let_in():
        done = world.openssl(
            "s_client", "-connect", f"127.0.0.1:{port}", "-cert", client.path, "-key",
            client.key, "-CAfile", site.path, "-quiet", "-ign_eof", status=None,
            stdin=b"GET / HTTP/1.0\r\n\r\n", timeout=20)
        return b"HTTP/1.0 200" in done.out

    assert not is_let_in()
    organization.add(authority)
    # Nobody syncs by hand: a look-up in the stale snapshot starts it in the background.
    wait_until(is_let_in, timeout=20, step=0.3)
    server.stop(signal.SIGKILL)


def test_a_first_look_up_brings_the_first_snapshot(organization, world, roots):
    """No sync has ever run: the provider starts one and waits for it."""
    for root in roots:
        organization.add(root)
    assert world.snapshot() is None
    assert world.count() == len(roots)
    assert world.snapshot() is not None


def test_without_auto_refresh_nothing_is_started(organization, world, roots):
    organization.add(roots[0])
    world.configure(auto_refresh="no")
    done = world.storeutl("-noout", "-certs", status=None)
    assert "Total found: 1" not in done.stdout
    assert "orgtrust sync" in done.stderr
    world.sync()
    old = time.time() - 7200
    os.utime(world.snapshot_path(), (old, old))
    assert world.count() == 1
    time.sleep(1)
    assert world.snapshot_path().stat().st_mtime == pytest.approx(old, abs=2)
