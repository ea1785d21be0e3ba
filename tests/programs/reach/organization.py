"""An organization with two authorities, of which one comes and goes, and servers of both."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from program import is_address
from support import paths
from support.certs import Cert, CertFactory
from support.https import HttpsServer
from support.organization import Organization

PAGE = "it was believed"
REPOSITORY = "repository.git"

# As RFC 5280 wants them: Python's newer versions check.
_CA = ("keyUsage=critical,keyCertSign,cRLSign",)
_LEAF = ("keyUsage=critical,digitalSignature", "subjectKeyIdentifier=hash",
         "authorityKeyIdentifier=keyid")


@dataclass
class Party:
    """An authority, and who it vouches for: the key of that certificate is beside it."""

    root: Cert
    leaf: Cert
    server: HttpsServer

    @property
    def name(self) -> str:
        return self.root.cn


class Parties:
    """standing is active throughout, moving is not to begin with."""

    def __init__(self, machine):
        self.machine = machine
        paths.SERVER = Path("/usr/bin/orgtrust-server")
        self.certs = CertFactory(machine.dir / "certs")
        self.organization = Organization(machine.dir / "organization")
        self.pages = machine.dir / "pages"
        self._make_pages()
        self._servers: list[HttpsServer] = []
        self.trusted_by_hand: list[Cert] = []
        self.standing, self.moving = (self._party(name) for name in ("Standing", "Moving"))
        self.id = self.organization.add(self.moving.root, self.moving.name, active=False)
        self.organization.add(self.standing.root, self.standing.name)

    def _make_pages(self):
        self.pages.mkdir()
        (self.pages / "index.html").write_text(PAGE + "\n")
        bare, work = self.pages / REPOSITORY, self.machine.dir / "work"
        git = ("git", "-c", "user.name=Walker", "-c", "user.email=walker@localhost")
        run = self.machine.root
        run(*git, "init", "-q", work)
        run(*git, "-C", work, "commit", "-q", "--allow-empty", "-m", "First")
        run(*git, "clone", "-q", "--bare", work, bare)
        run(*git, "-C", bare, "update-server-info")

    def _party(self, name: str) -> Party:
        return self.under(self.new_root(name), "localhost")

    def under(self, root: Cert, host: str) -> Party:
        """A server of any name or address."""
        leaf = self._leaf(root, host)
        return Party(root, leaf, self._serve(leaf, host))

    def new_root(self, name: str) -> Cert:
        return self.certs.ca(f"Reach {name}", key=self.certs.new_key(), extensions=_CA)

    def trust_in(self, database: Path):
        """Makes the ordinary user's NSS database, where it is not there, trust what is
        trusted by hand."""
        run = partial(self.machine.run, "certutil", status=0)
        if not (database / "cert9.db").exists():
            run("-N", "-d", f"sql:{database}", "--empty-password")
        for root in self.trusted_by_hand:
            run("-A", "-d", f"sql:{database}", "-n", root.cn, "-t", "C,,", "-a", "-i",
                root.path)

    def _leaf(self, root: Cert, host: str) -> Cert:
        kind = "IP" if is_address(host) else "DNS"
        return self.certs.issue(root, host, san=f"{kind}:{host}", usage="serverAuth",
                                extensions=_LEAF)

    def _serve(self, leaf: Cert, host: str) -> HttpsServer:
        server = HttpsServer(self.pages, leaf.path, leaf.key, host)
        # Whoever resumes a session does not look at certificates again.
        server.tls.options |= ssl.OP_NO_TICKET
        server.tls.num_tickets = 0
        self._servers.append(server)
        return server

    def serve(self, party: Party) -> HttpsServer:
        """One more, with a certificate and a host name that nobody has seen."""
        host = f"n{len(self._servers)}.localhost"
        return self._serve(self._leaf(party.root, host), host)

    def close(self):
        for server in self._servers:
            server.stop()
        self.organization.stop()
