"""A certificate's whole life, as a TLS client sees it."""

import pytest
from support.tls import openssl_believes

SCOPES = {
    "organization": ([], "orgtrust:///"),
    "project by option": (["--project", "proj_lab"], "orgtrust://lab/"),
    "project by source": (["--source", "lab"], "orgtrust://lab/"),
}


@pytest.mark.parametrize("scope", [
    pytest.param(scope, id=name, marks=[pytest.mark.memory] if "option" in name else [])
    for name, scope in SCOPES.items()])
def test_from_upload_to_deletion(organization, world, server, roots, scope):
    args, uri = scope
    organization.create_project("proj_lab")
    world.configure("[source lab]\nproject = proj_lab\ninherit = no\n")
    world.orgtrust("upload", roots[0].path, "--activate", *args)
    assert not openssl_believes(world, server, uri)

    done = world.orgtrust("upload", server.authority.path, "--name", "first name", *args)
    assert done.stdout.startswith("uploaded cert_")
    assert not openssl_believes(world, server, uri), "an upload is not active"

    world.orgtrust("activate", "first name", *args)
    assert openssl_believes(world, server, uri)
    others = [u for u in ("orgtrust:///", "orgtrust://lab/") if u != uri]
    assert not openssl_believes(world, server, others[0]), "only in that scope"

    world.orgtrust("rename", "first name", "second name", *args)
    assert openssl_believes(world, server, uri)
    names = {c["name"] for c in organization.api.list()}
    assert "second name" in names and "first name" not in names

    world.orgtrust("deactivate", "second name", *args)
    assert not openssl_believes(world, server, uri)

    done = world.orgtrust("delete", "second name", "--yes", *args)
    assert done.stdout.startswith("deleted cert_")
    assert [c["name"] for c in organization.api.list()] == [None]
    assert not openssl_believes(world, server, uri)


def test_the_last_one_may_be_deactivated(organization, world, server):
    """The sync that follows believes what this very command has done."""
    world.orgtrust("upload", server.authority.path, "--activate")
    assert openssl_believes(world, server, "orgtrust:///")
    (cert,) = organization.api.list()
    world.orgtrust("deactivate", cert["id"], "--yes")
    assert world.listed("--state", "active") == []
    assert not openssl_believes(world, server, "orgtrust:///")
