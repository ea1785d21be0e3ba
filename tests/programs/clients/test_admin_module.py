"""The module for administration, beside clients that trust: its module file is there for
p11tool, and they load it not, are asked for nothing, and trust what they did before."""

from __future__ import annotations

import re

import pytest
from module_world import REFUSED, TRUSTED
from nss_database import make_database
from support.p11_system import need, with_plain_build
from test_gnutls import gnutls_cli, label
from test_java import Java
from test_nss import trust_flags
from test_p11kit import trust_list

pytestmark = with_plain_build


def tokens_of(text: str) -> list[str]:
    return re.findall(r"^\s*(?:token|Label): (.*?)\s*$", text, re.MULTILINE)


def test_p11tool_alone_is_shown_it(module_world):
    done = module_world.run([need("p11tool", "gnutls-bin"), "--list-tokens"], p11kit=True)
    assert sorted(tokens_of(done.stdout)) == ["orgtrust", "orgtrust admin"], done
    done = module_world.run([need("p11-kit"), "list-modules"], p11kit=True)
    assert tokens_of(done.stdout) == ["orgtrust"], done
    done = module_world.run([need("pkcs11-tool", "opensc"), "--module", module_world.proxy,
                             "--list-token-slots"], p11kit=True)
    assert "orgtrust" in done.stdout and "admin" not in done.stdout, done


def test_nobody_else_loads_it(module_world, tmp_path):
    """Not even to look: what a TLS client opens, by strace."""
    seen = tmp_path / "seen"
    tool = [need("gnutls-cli", "gnutls-bin"), "--list"]
    for argv in ([need("trust", "p11-kit"), "list"], tool):
        done = module_world.run([need("strace"), "-f", "-o", seen, "-e", "trace=openat",
                                 *argv], p11kit=True)
        assert done.status == 0 and "orgtrust-admin-pkcs11.so" not in seen.read_text(), done


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
