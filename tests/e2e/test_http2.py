"""Through an HTTP/2 front end, as the hosted API is reached: TLS, one connection."""

import shutil
import signal
import socket

import pytest
from support.organization import Organization
from support.process import Background, clean_environment
from support.world import NETWORK, World

NGHTTPX = shutil.which("nghttpx", path="/usr/sbin:/usr/bin")


@pytest.fixture
def front(tmp_path, organization, certs):
    """nghttpx in front of the organization; (base URL, authority's file, access log)."""
    if NGHTTPX is None:
        pytest.skip("nghttpx is not installed (package nghttp2-proxy)")
    authority = certs.ca("Front authority", key=certs.new_key())
    leaf = certs.issue(authority, "front.example", san="IP:127.0.0.1")
    bundle = tmp_path / "authority.pem"
    bundle.write_text(authority.pem)
    log = tmp_path / "access.log"
    # It takes no port 0, but a socket that is listening already.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        proxy = Background(
            [NGHTTPX, "--conf=/dev/null", "--workers=1", "--no-ocsp",
             f"--frontend=127.0.0.1,{port}", f"--backend=127.0.0.1,{organization.port}",
             f"--accesslog-file={log}", "--accesslog-format=$alpn $request",
             "--errorlog-file=/dev/stderr", leaf.key, leaf.path],
            env=clean_environment(NGHTTPX_ACCEPT_1=f"tcp,{listener.fileno()}"),
            log=tmp_path / "nghttpx.log", pass_fds=[listener.fileno()],
        )
    assert proxy.port() == port
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
    assert len(lines) == 41, "one page and each content once"
    assert all(line.startswith("h2 ") and line.endswith("HTTP/2") for line in lines), lines[0]


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
