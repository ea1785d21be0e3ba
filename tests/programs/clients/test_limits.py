"""A source with `names`: every kind of client believes a server of these names alone,
whatever else the server sends; Java, which holds no anchor to names, believes none.

Three chains each: the leaf and its intermediate; with the root itself behind them; with a
twin of the root, of the same name and key, that another authority has signed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from functools import partial
from pathlib import Path

import pytest
from file_clients import (BELIEVED, apt, curl, git, gnutls_cli, nginx, node, nss,
                          openssl_directory, perl, php, python, ruby, saw_page,
                          wget_by_file)
from module_world import TOKEN_URL, kept_open
from nss_database import make_database
from support.devtools import Chromium
from support.https import HttpsServer
from support.marionette import Firefox
from support.p11_system import P11System, need, with_plain_build
from support.world import World
from test_java import Client, Java

pytestmark = with_plain_build

NAMES = "good.example"
INSIDE = "www.good.example"
# What no client may believe: another name, one that only looks alike, an address, and a
# name beside a good one.
OUTSIDE = {
    "other": ("www.bad.example", "DNS:www.bad.example"),
    "alike": ("good.example.evil.example", "DNS:good.example.evil.example"),
    "address": ("127.0.0.1", "IP:127.0.0.1"),
    "both": (INSIDE, f"DNS:{INSIDE},DNS:www.bad.example"),
}
# Hosts, and what certificates without alternative names call them.
BY_COMMON_NAME = {
    "name": ("www.bad.example", "www.bad.example"),
    "wildcard": ("www.bad.example", "*.bad.example"),
    "one label": ("localhost", "localhost"),
}
CHAINS = ("leaf", "root", "twin")
# How a browser calls what the limits of an anchor leave out.
OUT_OF_NAMES = ("net::ERR_CERT_INVALID", "SEC_ERROR_CERT_NOT_IN_NAME_SPACE",
                "SEC_ERROR_UNKNOWN_ISSUER")
_CA = ("keyUsage=critical,keyCertSign,cRLSign",)
_BY_KEY = ("authorityKeyIdentifier=keyid",)


class LimitedWorld(P11System):
    """A machine whose one source has limits on its names, and servers to go to."""

    def __init__(self, organization, certs):
        place = Path(tempfile.mkdtemp(prefix="orgtrust-limits-", dir="/var/tmp"))
        place.chmod(0o755)
        super().__init__(place, World(place / "world", organization.base_url,
                                      organization.key))
        self.bundle, self.store = place / "bundle.pem", place / "store.p12"
        self.hashed, self.token = place / "hashed", TOKEN_URL
        self.pages = self._directory("pages")
        (self.pages / "index.html").write_text(BELIEVED + "\n")
        key = certs.new_key()
        self.root = certs.ca("Limited root", key=key, extensions=_CA)
        other = certs.ca("Of nobody", key=certs.new_key(), extensions=_CA)
        twin = certs.issue(other, "Limited root", is_ca=True, key=key,
                           extensions=_CA + _BY_KEY + ("subjectKeyIdentifier=hash",))
        self.inner = certs.issue(self.root, "Limited intermediate", is_ca=True,
                                 extensions=_CA + _BY_KEY)
        self.behind = {"leaf": "", "root": self.root.pem, "twin": twin.pem}
        self.servers = {}
        for name, (host, san) in {"inside": (INSIDE, f"DNS:{INSIDE}"), **OUTSIDE}.items():
            leaf = certs.issue(self.inner, host, san=san, usage="serverAuth",
                               extensions=_BY_KEY)
            for chain in CHAINS:
                self.servers[name, chain] = self._serve(leaf, chain, host)
        self.nameless = {
            name: self._serve(certs.issue(self.inner, cn, usage="serverAuth",
                                          extensions=_BY_KEY), "leaf", host)
            for name, (host, cn) in BY_COMMON_NAME.items()}
        self.hosts = place / "hosts"
        self.hosts.write_text("127.0.0.1 localhost " + " ".join(
            host for host, _ in OUTSIDE.values() if not host[0].isdigit()) + "\n")
        organization.add(self.root, "limited")
        self._add_numbered(organization, certs)
        self.configure(names=NAMES)
        self.world.sync()
        self.database = make_database(self, self.scratch())

    def prefix(self, p11kit=False, account=None, mounts=None):
        return super().prefix(p11kit, account, {"/etc/hosts": self.hosts} | (mounts or {}))

    def configure(self, **more):
        self.world.configure(refresh_interval="1h", export_bundle=self.bundle,
                             export_dir=self.hashed, export_java=self.store, **more)

    @contextlib.contextmanager
    def without_limits(self):
        self.configure()
        self.world.sync()
        try:
            yield
        finally:
            self.configure(names=NAMES)
            self.world.sync()

    def _add_numbered(self, organization, certs):
        """A CA as easy-rsa makes it, and its servers: they name it by its number."""
        by_number = ("authorityKeyIdentifier=keyid:always,issuer:always",)
        root = certs.ca("Numbered root", key=certs.new_key(), extensions=_CA + by_number)
        organization.add(root, "numbered")
        for name, host in (("numbered", INSIDE), ("numbered, outside", "www.bad.example")):
            leaf = certs.issue(root, host, san=f"DNS:{host}", usage="serverAuth",
                               extensions=by_number)
            for chain, behind in (("leaf", ""), ("root", root.pem)):
                path = self.dir / f"numbered-{leaf.serial}-{chain}.pem"
                path.write_text(leaf.pem + behind)
                self.servers[name, chain] = HttpsServer(self.pages, path, leaf.key, host)

    def _serve(self, leaf, chain, host) -> HttpsServer:
        path = self.dir / f"chain-{leaf.serial}-{chain}.pem"
        path.write_text(leaf.pem + self.inner.pem + self.behind[chain])
        return HttpsServer(self.pages, path, leaf.key, host)

    def close(self):
        for server in (*self.servers.values(), *self.nameless.values()):
            server.stop()
        try:
            self.world.close()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope="module")
def limited(tmp_path_factory, certs):
    with kept_open(LimitedWorld, tmp_path_factory.mktemp("limits"), certs) as made:
        yield made


# Two more clients than those of file_clients.


def openssl_store(world, server) -> bool:
    how = ["-verify_ip", server.host] if server.host[0].isdigit() else [
        "-verify_hostname", server.host, "-servername", server.host]
    done = world.world.openssl(
        "s_client", "-connect", server.address, *how, "-verify_return_error", "-brief",
        "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAstore", "orgtrust:///", status=None,
        stdin=b"")
    return done.status == 0


def wget(world, server) -> bool:
    return saw_page(world.run(
        [need("wget"), "--no-config", "-nv", "-O", "-", "--ca-certificate", TOKEN_URL,
         "--ca-directory", world.empty, server.url], p11kit=True))


BY_OPENSSL = (openssl_store, openssl_directory, curl, python, perl, ruby, php, nginx, node)
CLIENTS = (*BY_OPENSSL, wget, wget_by_file, git, apt, gnutls_cli, nss)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_a_client_holds_the_anchor_to_its_names(limited, client, chain):
    assert client(limited, limited.servers["inside", chain])
    for name in OUTSIDE:
        assert not client(limited, limited.servers[name, chain]), name


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_a_common_name_is_held_to_them_where_openssl_takes_it_for_one(limited, client):
    """What it takes for none is a limit, which docs/clients.md tells of."""
    believed = {name for name, server in limited.nameless.items() if client(limited, server)}
    assert believed <= ({"wildcard", "one label"} if client in BY_OPENSSL else set())


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_an_authority_that_is_named_by_its_number_is_found(limited, client):
    assert client(limited, limited.servers["numbered", "leaf"])
    assert not client(limited, limited.servers["numbered, outside", "leaf"])
    # To NSS of Debian 12 two certificates of one number are a mistake of their issuer, to
    # that of Debian 13 they are not.
    believed = client(limited, limited.servers["numbered", "root"])
    assert believed or client is nss
    assert not client(limited, limited.servers["numbered, outside", "root"])


def start_chromium(world):
    home = world.scratch()
    make_database(world, home / ".pki" / "nssdb")
    return Chromium(world, need("chromium"), home)


def start_firefox(world):
    return Firefox(world, need("firefox-esr"), world.scratch(),
                   partial(make_database, world))


BROWSERS = pytest.mark.parametrize("start", [start_chromium, start_firefox],
                                   ids=lambda start: start.__name__)


def refusals(world, start, servers) -> dict:
    """What a new browser says of each, under its key; None: that it believes it."""
    browser = start(world)
    try:
        return {at: browser.refusal(server.url) for at, server in servers.items()}
    finally:
        browser.stop()


@BROWSERS
def test_a_browser_holds_the_anchor_to_its_names(limited, start):
    said = refusals(limited, start, limited.servers)
    believed = {at for at, refusal in said.items() if refusal is None}
    assert believed == {("inside", chain) for chain in CHAINS} | {
        ("numbered", "leaf"), ("numbered", "root")}
    assert {said[at] for at in said.keys() - believed} <= set(OUT_OF_NAMES), said
    # To browsers no common name is a host's.
    assert None not in refusals(limited, start, limited.nameless).values()


# Else the tests above would show nothing.


def test_without_limits_the_same_servers_are_believed(limited):
    with limited.without_limits():
        for client in CLIENTS:
            for name in OUTSIDE:
                assert client(limited, limited.servers[name, "leaf"]), (client, name)
            for name, server in limited.nameless.items():
                assert client(limited, server), (client, name)


@BROWSERS
def test_without_limits_a_browser_believes_the_same_servers(limited, start):
    with limited.without_limits():
        said = refusals(limited, start, {name: limited.servers[name, "leaf"]
                                         for name in OUTSIDE})
    assert set(said.values()) == {None}, said


def test_java_is_given_no_anchor_that_it_would_not_hold_to_its_names(limited):
    java = Java(limited)
    ways = (java.options(java.plain), [f"-Djavax.net.ssl.trustStore={limited.store}",
                                       "-Djavax.net.ssl.trustStorePassword=changeit"])

    def believed() -> list[set]:
        """The servers that it believes, by each way."""
        found = []
        for way in ways:
            with Client(java, way) as client:
                found.append({at for at, server in limited.servers.items()
                              if client.believes(server)})
        return found

    # Also where it was given one before there were limits.
    with limited.without_limits():
        assert java.entries() == {"limited", "numbered"}
        assert believed() == [set(limited.servers)] * 2
    assert java.entries() == set()
    assert believed() == [set(), set()]
