"""A machine that exports what it trusts."""

import pytest
from export_world import Exports
from support.misbehaving import api, key, machine  # noqa: F401


@pytest.fixture
def exports(machine, api, tmp_path):  # noqa: F811
    """The machine with a bundle, a hashed directory and a Java store of its own."""
    return Exports(machine, api, tmp_path / "exports")
