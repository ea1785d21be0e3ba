"""Machines of their own, as the tests of install have them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "install"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from examined import prepared  # noqa: E402
from support.organization import Organization  # noqa: E402


@pytest.fixture(scope="module")
def party(tmp_path_factory, certs):
    made = Organization(tmp_path_factory.mktemp("party"))
    made.roots = [certs.ca(f"Doctor's {i}", key=certs.new_key()) for i in range(2)]
    made.ids = [made.add(root, root.cn) for root in made.roots]
    yield made
    made.stop()


@pytest.fixture(scope="module")
def machine(tmp_path_factory, party):
    """All of it installed, for an organization of two roots."""
    made = prepared(tmp_path_factory.mktemp("doctor") / "machine", party.base_url, party.key)
    made.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def installed(machine):
    machine.install("openssl", "p11-kit", "nss", "firefox", "system")
    return machine
