"""OpenSSL 3.5 with pkcs11-provider, another project's provider: it finds the token, by the
module's path and through p11-kit-proxy.so. Debian 12 does not have it: tests/run --long
enters a Debian 13 root for these."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from module_world import LAB_URL, REFUSED, TOKEN_URL, TRUSTED
from support import paths
from support.p11_system import with_plain_build
from support.process import clean_environment

_CNF = """\
openssl_conf = init
[init]
providers = providers
[providers]
default = default_sect
pkcs11 = pkcs11_sect
[default_sect]
activate = 1
[pkcs11_sect]
module = {provider}
pkcs11-module-path = {module}
activate = 1
"""


def provider() -> Path:
    """pkcs11-provider's, where this system's OpenSSL has its providers."""
    said = subprocess.run([paths.OPENSSL, "version", "-m"], env=clean_environment(),
                          capture_output=True, text=True, check=True).stdout
    return Path(said.split('"')[1]) / "pkcs11.so"


if not provider().exists():
    pytest.skip("no pkcs11-provider here: tests/run --long runs these in a Debian 13 root",
                allow_module_level=True)

pytestmark = with_plain_build


@pytest.fixture(params=["direct", "proxy"])
def openssl(module_world, request):
    """Runs openssl with that provider; returns how it ended."""
    proxy = request.param == "proxy"
    conf = module_world.scratch() / "openssl.cnf"
    conf.write_text(_CNF.format(
        provider=provider(), module=module_world.proxy if proxy else module_world.module))

    def call(*argv, **more):
        return module_world.run([paths.OPENSSL, *argv], p11kit=proxy,
                                env={"OPENSSL_CONF": str(conf)}, **more)

    return call


def verify(openssl, world, name, store=TOKEN_URL) -> bool:
    party, directory = world.parties[name], world.scratch()
    (directory / "leaf.pem").write_text(party.leaf.pem)
    (directory / "intermediate.pem").write_text(party.intermediate.pem)
    done = openssl("verify", "-no-CAfile", "-no-CApath", "-CAstore", store, "-untrusted",
                   directory / "intermediate.pem", directory / "leaf.pem")
    assert (done.status == 0) is done.stdout.endswith(": OK\n"), done
    assert done.status == 0 or "verification failed" in done.stderr, done
    return done.status == 0


def s_client(openssl, world, name, store=TOKEN_URL) -> bool:
    server = world.servers[name]
    done = openssl("s_client", "-connect", server.address, "-verify_hostname", server.host,
                   "-verify_return_error", "-brief", "-CAstore", store, stdin=b"")
    assert (done.status == 0) is ("Verification: OK" in done.text), done
    return done.status == 0


CLIENTS = pytest.mark.parametrize("client", [verify, s_client],
                                  ids=lambda function: function.__name__)


@CLIENTS
def test_it_trusts_the_anchors_only(module_world, openssl, client):
    for name in TRUSTED:
        assert client(openssl, module_world, name), name
    for name in REFUSED:
        assert not client(openssl, module_world, name), name


@CLIENTS
def test_a_change_reaches_the_next_run(module_world, openssl, client):
    assert not client(openssl, module_world, "moving")
    with module_world.activated():
        assert client(openssl, module_world, "moving")
    assert not client(openssl, module_world, "moving")


def test_a_token_vouches_for_its_own_source(module_world, openssl):
    module_world.configure_both()
    try:
        assert verify(openssl, module_world, "other", LAB_URL)
        assert not verify(openssl, module_world, "other", TOKEN_URL)
        assert not verify(openssl, module_world, "active", LAB_URL)
    finally:
        module_world.configure_default()


def test_purposes_are_not_asked_for(module_world, openssl):
    """A limit of that provider; docs/clients.md says what to use instead."""
    with module_world.purposes("client"):
        assert verify(openssl, module_world, "active")


def test_storeutl_lists_the_anchors(module_world, openssl):
    """Nothing else, for it would be trusted, too."""
    done = openssl("storeutl", "-certs", TOKEN_URL)
    assert done.status == 0, done
    anchors = [module_world.parties[name].root for name in TRUSTED]
    for party in module_world.parties.values():
        for root in party.roots:
            assert (root.pem in done.stdout) is (root in anchors), root.cn
