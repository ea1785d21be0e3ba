"""Fixtures of the clients' tests; module_world.py says what there is."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from module_world import ModuleWorld, kept_open  # noqa: E402


@pytest.fixture(scope="session")
def module_world(tmp_path_factory, certs):
    """Shared by all tests that want it: what a test changes it puts back."""
    with kept_open(ModuleWorld, tmp_path_factory.mktemp("p11"), certs) as made:
        yield made
