"""What a machine is connected to, or might be: TLS servers of two authorities, one that never
answers, a network in which there is nothing else."""

from __future__ import annotations

import contextlib
import socket

import pytest

from .https import HttpsServer
from .tls import TlsServer


@contextlib.contextmanager
def listener(port=0, host="127.0.0.1"):
    """A port on which the kernel takes connections and nobody answers."""
    with socket.create_server((host, port), backlog=200) as sock:
        sock.settimeout(30)
        yield sock, f"127.0.0.1:{sock.getsockname()[1]}"


@contextlib.contextmanager
def https(cert, *address):
    """A server for many clients at once."""
    server = HttpsServer(cert.path.parent, cert.path, cert.key, listen=address)
    try:
        yield
    finally:
        server.stop()


def connect(*address, **more) -> socket.socket:
    return socket.create_connection(address, 20, **more)


def probes(*addresses) -> list[str]:
    return [f"--probe={address}" for address in addresses]


@pytest.fixture
def silent():
    with listener() as (_, address):
        yield address


@pytest.fixture
def serve(tmp_path):
    """Starts TLS servers, which end with the test."""
    servers = []

    def start(cert, *args):
        servers.append(TlsServer(tmp_path, cert, *args))
        return servers[-1].address

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def pair(certs):
    """Two authorities, and of each a certificate for a server."""
    return certs.for_loopback("First Authority"), certs.for_loopback("Second Authority")


@pytest.fixture
def trusted(organization, world, pair):
    """A machine that trusts both."""
    world.ids = [organization.add(authority, f"a{i}") for i, (authority, _) in enumerate(pair)]
    world.sync()
    return world
