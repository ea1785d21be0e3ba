"""A machine on which the PKCS#11 module shows an organization's anchors, and TLS servers
that only these vouch for.

    def test_it(module_world):
        world = module_world
        for name in TRUSTED:                     # and REFUSED
            url = world.servers[name].url        # https://localhost:PORT/
            done = world.run(["wget", "--ca-certificate", TOKEN_URL, url], p11kit=True)

The fixture `module_world` (tests/programs/clients/conftest.py) is made once per run and shared: what
a test changes it puts back. For changes there is the party `moving`, which is inactive
before and after each test:

    with world.activated("moving"):              # active, and seen by a sync
        …
    # inactive again, and seen by a sync

Each party is a chain, leaf <- intermediate <- root, and an HTTPS server that sends the first
two; `serve()` makes further servers with leaves that no client has seen before."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.certs import Cert, CertFactory
from support.https import HttpsServer
from support.organization import Organization
from support.p11_system import P11System, can_mount
from support.world import World

# Parties whose servers every client must believe, and those that none may believe.
#   active     a root that is in the organization and nowhere else
#   renewed    two active roots of one subject and key, of which one has expired
#   inactive   in the organization, not active
#   expired    active, but no longer valid
#   non_ca     active, but not a CA
#   other      active in another source, of which this machine has a snapshot and no
#              configuration (World.configure_both() adds it, as the source `lab`)
TRUSTED = ("active", "renewed")
REFUSED = ("inactive", "expired", "non_ca", "other")

# The default source's token; the source lab's.
TOKEN_URL = "pkcs11:token=orgtrust"
LAB_URL = "pkcs11:token=orgtrust%20lab"

NOBODY = 65534  # an account without rights, for `account`

_CA = ("keyUsage=critical,keyCertSign,cRLSign",)
_LEAF = ("keyUsage=critical,digitalSignature",)
_BY_KEY = ("authorityKeyIdentifier=keyid",)
_LAB_PROJECT = "proj_lab"


@contextlib.contextmanager
def kept_open(make, directory: Path, certs: CertFactory):
    """make(organization, certs), until its close(); with an organization of its own."""
    if not can_mount():
        pytest.skip("needs mount namespaces: run as root")
    organization = Organization(directory / "organization")
    try:
        made = make(organization, certs)
        try:
            yield made
        finally:
            made.close()
    finally:
        organization.stop()


@dataclass
class Party:
    """A chain, the roots that are in the organization for it, and their ids there."""

    name: str
    roots: list[Cert]
    intermediate: Cert
    leaf: Cert
    ids: list[str]

    @property
    def root(self) -> Cert:
        return self.roots[0]

    @property
    def chain(self) -> str:
        """What the server sends, PEM."""
        return self.leaf.pem + self.intermediate.pem


class ModuleWorld(P11System):
    """See above. Everything lies in one directory that any account may read.

    organization   the running orgtrust-server (support.organization)
    parties        name -> Party; `servers`: name -> HttpsServer
    """

    def __init__(self, organization: Organization, certs: CertFactory):
        place = Path(tempfile.mkdtemp(prefix="orgtrust-p11-", dir="/var/tmp"))
        place.chmod(0o755)
        super().__init__(place, World(place / "world", organization.base_url,
                                      organization.key))
        self.organization = organization
        self.certs = certs
        self.servers: dict[str, HttpsServer] = {}
        self._more: list[HttpsServer] = []
        self.pages = self._directory("pages")
        (self.pages / "index.html").write_text("it was believed\n")
        self.parties = {name: make(name) for name, make in {
            "active": self._plain, "renewed": self._renewed, "inactive": self._plain,
            "expired": self._expired, "non_ca": self._non_ca, "other": self._plain,
            "moving": self._plain}.items()}
        self._fill()
        self.servers = {name: self._serve(party.leaf, party.intermediate, "localhost")
                        for name, party in self.parties.items()}

    # Parties.

    def _party(self, name: str, roots: list[Cert]) -> Party:
        intermediate = self.certs.issue(roots[0], f"Intermediate of {name}", is_ca=True,
                                        extensions=_CA + _BY_KEY)
        return Party(name, roots, intermediate, self._leaf(intermediate, "localhost"), [])

    def _leaf(self, intermediate: Cert, host: str) -> Cert:
        return self.certs.issue(intermediate, host, san=f"DNS:{host},IP:127.0.0.1",
                                usage="serverAuth", extensions=_LEAF + _BY_KEY)

    def _plain(self, name: str) -> Party:
        key = self.certs.new_key()
        return self._party(name, [self.certs.ca(f"Root {name}", key=key, extensions=_CA)])

    def _expired(self, name: str) -> Party:
        return self._party(name, [self._dated(name, self.certs.new_key())])

    def _dated(self, name: str, key: Path) -> Cert:
        return self.certs.dated(f"Root {name}", "20200101000000Z", "20240101000000Z", key=key)

    def _renewed(self, name: str) -> Party:
        key = self.certs.new_key()
        return self._party(name, [self.certs.ca(f"Root {name}", key=key, extensions=_CA),
                                  self._dated(name, key)])

    def _non_ca(self, name: str) -> Party:
        return self._party(name, [self.certs.ca(f"Root {name}", key=self.certs.new_key(),
                                                is_ca=False)])

    def _fill(self):
        for party in self.parties.values():
            for root in party.roots:
                active = party.name not in ("inactive", "other", "moving")
                party.ids.append(self.organization.add(root, f"{root.cn} {root.serial}",
                                                       active))
        lab = self.organization.client(project=_LAB_PROJECT)
        lab.activate(*self.parties["other"].ids)
        lab.close()
        self.configure_both()
        self.world.sync("--source", "lab")
        self.configure_default()
        self.world.sync()

    # What this machine is configured for.

    def configure_default(self):
        """Only the organization, as every test begins and ends."""
        self.world.configure(refresh_interval="1h")

    def configure_both(self):
        """The organization, and beside it the source `lab`, in which `other` alone is
        active."""
        self.configure_lab(inherit="no")

    def configure_lab(self, inherit: str):
        self.world.configure(f"[source lab]\nproject = {_LAB_PROJECT}\ninherit = {inherit}\n",
                             refresh_interval="1h")

    @contextlib.contextmanager
    def purposes(self, purposes: str):
        """Inside, the organization's certificates are trusted for these alone."""
        self.world.configure(refresh_interval="1h", purposes=purposes)
        try:
            yield
        finally:
            self.configure_default()

    # What changes in the organization. Returns when a sync has seen it.

    def activate(self, name: str):
        self.organization.api.activate(*self.parties[name].ids)
        self.world.sync()

    def deactivate(self, name: str):
        self.organization.api.deactivate(*self.parties[name].ids)
        self.world.sync()

    @contextlib.contextmanager
    def activated(self, name="moving"):
        """Active inside; inactive afterwards, whatever happened inside."""
        self.activate(name)
        try:
            yield self.parties[name]
        finally:
            self.deactivate(name)

    # Servers.

    def _serve(self, leaf: Cert, intermediate: Cert, host: str) -> HttpsServer:
        chain = self.dir / f"chain-{leaf.serial}.pem"
        chain.write_text(leaf.pem + intermediate.pem)
        return HttpsServer(self.pages, chain, leaf.key, host)

    def serve(self, name: str, host: str | None = None) -> HttpsServer:
        """One more server of a party, with a leaf and by default a host name (N.localhost)
        that no client has seen; it runs until the end."""
        self._count += 1
        host = host or f"n{self._count}.localhost"
        party = self.parties[name]
        server = self._serve(self._leaf(party.intermediate, host), party.intermediate, host)
        self._more.append(server)
        return server

    def close(self):
        for server in [*self.servers.values(), *self._more]:
            server.stop()
        try:
            self.world.close()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)
