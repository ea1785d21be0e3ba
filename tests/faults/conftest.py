"""A machine that is configured for a misbehaving API."""

import pytest
from machine import Machine

from support.misbehaving import api, key  # noqa: F401


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
