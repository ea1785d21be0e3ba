"""Clients that trust, beside a token that administers: they trust what they did before, are
asked for nothing, and see nothing of it."""

from __future__ import annotations

import pytest
from module_world import REFUSED, TRUSTED
from nss_database import make_database
from support.p11_system import need, with_plain_build
from test_gnutls import gnutls_cli, label
from test_java import Java
from test_nss import trust_flags
from test_p11kit import trust_list

pytestmark = with_plain_build


@pytest.fixture(scope="module", autouse=True)
def admin_slots(module_world):
    """The organization's token, and its administration."""
    module_world.world.configure(refresh_interval="1h", admin_token="yes")
    done = module_world.run([need("p11-kit"), "list-modules"], p11kit=True)
    assert "token: orgtrust\n" in done.stdout and "token: orgtrust admin\n" in done.stdout
    yield
    module_world.configure_default()


@pytest.fixture
def trusted(module_world) -> set[str]:
    return {label(module_world.parties[name].root) for name in TRUSTED}


def test_trust_list(module_world, trusted):
    assert {entry["label"] for entry in trust_list(module_world)} == trusted


def test_gnutls_cli(module_world):
    for name in TRUSTED:
        assert gnutls_cli(module_world, name, p11kit=True), name
    for name in REFUSED:
        assert not gnutls_cli(module_world, name, p11kit=True), name


def test_certutil(module_world, trusted):
    """Of all tokens, without a password."""
    database = make_database(module_world, module_world.scratch())
    flags = trust_flags(module_world, database)
    assert {name for name, flag in flags.items() if flag == "CT,,"} == trusted
    assert label(module_world.parties["inactive"].root) not in flags


def test_keytool(module_world, trusted):
    assert Java(module_world).entries() == trusted
