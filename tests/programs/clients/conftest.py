"""Fixtures of the clients' tests; module_world.py says what there is."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from module_world import ModuleWorld  # noqa: E402
from support.organization import Organization  # noqa: E402
from support.p11_system import can_mount  # noqa: E402


@pytest.fixture(scope="session")
def module_world(tmp_path_factory, certs):
    """Shared by all tests that want it: what a test changes it puts back."""
    if not can_mount():
        pytest.skip("needs mount namespaces: run as root")
    organization = Organization(tmp_path_factory.mktemp("p11") / "organization")
    try:
        made = ModuleWorld(organization, certs)
        try:
            yield made
        finally:
            made.close()
    finally:
        organization.stop()
