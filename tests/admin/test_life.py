"""A certificate's whole life, as a TLS client sees it."""

import signal

import pytest
from support.tls import TlsServer

SCOPES = {
    "organization": ([], "orgtrust:///"),
    "project by option": (["--project", "proj_lab"], "orgtrust://lab/"),
    "project by source": (["--source", "lab"], "orgtrust://lab/"),
}


@pytest.fixture
def server(tmp_path, certs):
    authority = certs.ca("Only in the organization", key=certs.new_key())
    leaf = certs.issue(authority, "server.example", san="DNS:server.example")
    started = TlsServer(tmp_path, leaf)
    started.authority = authority
    yield started
    started.stop(signal.SIGKILL)


def is_trusted(world, server, uri) -> bool:
    done = world.openssl(
        "s_client", "-connect", server.address, "-servername", "server.example",
        "-verify_hostname", "server.example", "-verify_return_error", "-brief",
        "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAstore", uri, status=None, stdin=b"")
    assert (done.status == 0) == ("Verification: OK" in done.stderr), done
    return done.status == 0


@pytest.mark.memory
@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
def test_from_upload_to_deletion(organization, world, server, roots, scope):
    args, uri = scope
    world.configure("[source lab]\nproject = proj_lab\n")
    world.orgtrust("upload", roots[0].path, "--activate", *args)
    assert not is_trusted(world, server, uri)

    done = world.orgtrust("upload", server.authority.path, "--name", "first name", *args)
    assert done.stdout.startswith("uploaded cert_")
    assert not is_trusted(world, server, uri), "an upload is not active"

    world.orgtrust("activate", "first name", *args)
    assert is_trusted(world, server, uri)
    others = [u for u in ("orgtrust:///", "orgtrust://lab/") if u != uri]
    assert not is_trusted(world, server, others[0]), "only in that scope"

    world.orgtrust("rename", "first name", "second name", *args)
    assert is_trusted(world, server, uri)
    names = {c["name"] for c in organization.api.list()}
    assert "second name" in names and "first name" not in names

    world.orgtrust("deactivate", "second name", *args)
    assert not is_trusted(world, server, uri)

    done = world.orgtrust("delete", "second name", "--yes", *args)
    assert done.stdout.startswith("deleted cert_")
    assert [c["name"] for c in organization.api.list()] == [None]
    assert not is_trusted(world, server, uri)


def test_the_last_one_may_be_deactivated(organization, world, server):
    """Nobody has to confirm what this very command has done."""
    world.orgtrust("upload", server.authority.path, "--activate")
    assert is_trusted(world, server, "orgtrust:///")
    (cert,) = organization.api.list()
    world.orgtrust("deactivate", cert["id"])
    assert world.listed("--state", "active") == []
    assert not is_trusted(world, server, "orgtrust:///")
