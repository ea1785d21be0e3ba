"""A machine that is configured for a misbehaving API."""

import secrets

import pytest
from fault_server import FaultServer
from machine import Machine


@pytest.fixture
def key():
    return "sk-admin-" + secrets.token_hex(40)


@pytest.fixture
def api(key):
    """The misbehaving API; it misbehaves only when told to."""
    server = FaultServer(key)
    yield server
    server.close()


@pytest.fixture
def machine(tmp_path, api, key):
    made = Machine(tmp_path / "machine", api, key)
    yield made
    made.close()


@pytest.fixture
def synced(machine, api, roots):
    """A machine with a good snapshot of three active certificates."""
    for i, root in enumerate(roots):
        api.add(root, name=f"root {i}")
    machine.sync()
    api.forget()
    return machine
