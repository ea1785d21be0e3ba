"""Through an HTTP/2 front end, as the hosted API is reached: TLS, one connection."""

import signal
import sqlite3

import pytest
from support.front import MISSING, NGHTTPX, start_front
from support.organization import Organization
from support.world import NETWORK, World


@pytest.fixture
def front(tmp_path, organization, certs):
    """nghttpx in front of the organization; (base URL, authority's file, access log)."""
    if NGHTTPX is None:
        pytest.skip(MISSING)
    authority = certs.ca("Front authority", key=certs.new_key())
    leaf = certs.issue(authority, "front.example", san="IP:127.0.0.1")
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    log = tmp_path / "access.log"
    proxy, port = start_front(tmp_path, organization.port, leaf.key, leaf.path,
                              f"--accesslog-file={log}", "--accesslog-format=$alpn $request")
    yield f"https://127.0.0.1:{port}/v1", bundle, log
    proxy.stop(signal.SIGKILL)


def test_a_sync_over_http2(organization, world, certs, front):
    url, bundle, log = front
    for cert in certs.many(40, "Over h2"):
        organization.add(cert)
    world.configure(base_url=url, ca_file=str(bundle))
    world.sync()
    assert world.count() == 40
    lines = log.read_text().splitlines()
    assert len(lines) == 2, "one page and the contents"
    assert all(line.startswith("h2 ") and line.endswith("HTTP/2") for line in lines), lines[0]


def test_long_answers_beside_each_other_do_not_wait(organization, world, certs, front):
    """libcurl's buffer is longer than they are: with a short one some of them stood still until
    they were given up, in one sync of ten."""
    url, bundle, log = front
    with sqlite3.connect(organization.db) as db:
        pem = certs.many(1, "Over h2")[0].pem
        for i in range(10000):
            made = db.execute("INSERT INTO certificates (id, name, created_at, valid_at, expires_at)"
                              " VALUES (?, NULL, ?, 1, 2)", (f"cert_{i:032x}", i)).lastrowid
            db.execute("INSERT INTO contents VALUES (?, ?)", (made, pem))
            db.execute("INSERT INTO activations (scope, certificate) VALUES ('', ?)", (made,))
    db.close()
    world.configure(base_url=url, ca_file=str(bundle))
    for _ in range(30):
        world.snapshot_path().unlink(missing_ok=True)
        done = world.sync("--json").json()["sources"][0]
        assert (done["total"], done["requests"], done["retries"]) == (10000, 300, 0)


def test_tls_of_the_servers_own(tmp_path, certs, roots):
    authority = certs.ca("Own TLS", key=certs.new_key(),
                         extensions=["keyUsage=critical,keyCertSign,cRLSign"])
    leaf = certs.issue(authority, "server.example", san="IP:127.0.0.1")
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    options = ("--tls-cert", str(leaf.path), "--tls-key", str(leaf.key))
    org = Organization(tmp_path / "organization", options=options, ca=bundle)
    try:
        for root in roots:
            org.add(root)
        world = World(tmp_path / "world", org.base_url, org.key)
        world.sync(status=NETWORK)
        world.configure(ca_file=str(bundle))
        world.sync()
        assert world.count() == len(roots)
        world.close()
    finally:
        org.stop()
