"""Fixtures of the administration's tests."""

import pytest

from support.misbehaving import api, key, machine, synced  # noqa: F401


@pytest.fixture(scope="session")
def fifty(certs):
    """As many certificates as an organization holds."""
    return certs.many(50, "Fifty")
