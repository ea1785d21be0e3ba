"""What is active in the organization counts in its projects: three kinds of clients of one
source of a project, `lab`, before and after `inherit = no`."""

import contextlib

import pytest
from module_world import LAB_URL
from nss_database import DIRECT, make_database
from support.p11_system import with_plain_build
from support.tls import TlsServer, openssl_believes
from test_gnutls import gnutls_cli
from test_nss import vfychain

pytestmark = with_plain_build


@contextlib.contextmanager
def lab(world, inherit: str):
    """Inside, the source `lab` is configured so and synced."""
    world.configure_lab(inherit)
    world.world.sync("--source", "lab")
    try:
        yield
    finally:
        world.configure_both()
        world.world.sync("--source", "lab")
        world.configure_default()


@contextlib.contextmanager
def without_default(world):
    """Inside, there is no source but `lab`: NSS takes the anchors of all of them."""
    kept = world.world.conf.read_text()
    lines = kept.splitlines()
    head = [line for line in lines[:lines.index("[source lab]")] if "refresh" not in line]
    world.world.conf.write_text(kept[kept.index("[source lab]"):] + "\n".join(head) + "\n")
    try:
        yield
    finally:
        world.world.conf.write_text(kept)


def by_openssl(world, name) -> bool:
    party = world.parties[name]
    chain = world.scratch() / "chain.pem"
    chain.write_text(party.intermediate.pem)
    server = TlsServer(world.scratch(), party.leaf, "-cert_chain", chain)
    try:
        return openssl_believes(world.world, server, "orgtrust://lab/")
    finally:
        server.stop()


def by_gnutls(world, name) -> bool:
    return gnutls_cli(world, name, token=LAB_URL, p11kit=True)


def by_nss(world, name) -> bool:
    party = world.parties[name]
    directory = world.scratch()
    files = [directory / f"{cert.serial}.der" for cert in (party.leaf, party.intermediate)]
    for path, cert in zip(files, (party.leaf, party.intermediate)):
        path.write_bytes(cert.der)
    with without_default(world):
        return vfychain(world, make_database(world, directory, DIRECT), DIRECT, files)


@pytest.mark.parametrize("believes", [by_openssl, by_gnutls, by_nss])
def test_the_organizations_anchors_count_in_a_project_unless_told_otherwise(
        module_world, believes):
    with lab(module_world, "yes"):
        assert believes(module_world, "active")
        assert believes(module_world, "other"), "the project's own"
        assert not believes(module_world, "inactive")
    with lab(module_world, "no"):
        assert not believes(module_world, "active")
        assert believes(module_world, "other")
