"""A machine whose API is the misbehaving one of tests/faults. A conftest.py imports from here
the fixtures that its tests use."""

import secrets
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))

from fault_server import FaultServer  # noqa: E402

from .world import World  # noqa: E402


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
    """A machine that is configured for it."""
    made = World(tmp_path / "machine", api.base_url, key)
    made.configure(connect_timeout="2s", timeout="4s")
    yield made
    made.close()


@pytest.fixture
def synced(machine, api, roots):
    """A machine with a snapshot of three certificates, the last one inactive."""
    machine.ids = [api.add(root, name=f"root {i}", active=i < 2)
                   for i, root in enumerate(roots)]
    machine.sync()
    api.forget()
    return machine
