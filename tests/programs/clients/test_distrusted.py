"""A source with `meaning = distrust` in the token: who refuses an authority for it that its
user, Mozilla or the system's own module of p11-kit trusts, and who does not."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from module_world import kept_open
from nss_database import make_database
from support import paths
from support.https import HttpsServer
from support.p11_system import P11System, find_library, need, with_plain_build
from support.world import World
from test_nss import tstclnt
from test_nss_order import add, add_roots, flags_of

pytestmark = with_plain_build

_CA = ("keyUsage=critical,keyCertSign,cRLSign",)
_BY_KEY = ("authorityKeyIdentifier=keyid",)
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


class DistrustWorld(P11System):
    """A machine whose system trusts a root, which is active nowhere in the organization,
    and a source `no` in which the tests make it active. Beside the organization's, p11-kit
    has its own module, which reads the system's bundle: the file `bundle`."""

    def __init__(self, organization, certs):
        place = Path(tempfile.mkdtemp(prefix="orgtrust-no-", dir="/var/tmp"))
        place.chmod(0o755)
        super().__init__(place, World(place / "world", organization.base_url,
                                      organization.key))
        self.organization = organization
        self.no = organization.client(project="proj_no")
        pages = self._directory("pages")
        (pages / "index.html").write_text("it was believed\n")
        key = certs.new_key()
        self.root = certs.ca("Doubtful", key=key, extensions=_CA)
        self.twin = certs.ca("Doubtful", key=key, extensions=_CA)
        leaf = certs.issue(self.root, "localhost", san="DNS:localhost,IP:127.0.0.1",
                           usage="serverAuth", extensions=_BY_KEY)
        self.server = HttpsServer(pages, leaf.path, leaf.key, "localhost")
        self.id = organization.add(self.root, "doubtful", active=False)
        self.bundle = place / "bundle.pem"
        module = find_library("pkcs11/p11-kit-trust.so")
        (self.modules / "system.module").write_text(
            f"module: {module}\ntrust-policy: yes\npriority: 1\n")
        self.distrust_module = Path(shutil.copy(paths.DISTRUST_PKCS11_MODULE, place))
        self.configure()
        self.world.sync()

    def configure(self, denied=""):
        more = f"purposes = {denied}\n" if denied else ""
        self.world.configure("[source default]\n[source no]\nproject = proj_no\n"
                             f"inherit = no\nmeaning = distrust\n{more}",
                             refresh_interval="1h")

    def say(self, no: bool):
        """Says no to the root, or takes that back."""
        (self.no.activate if no else self.no.deactivate)(self.id)
        self.world.sync("--source", "no")

    def system_trusts(self, cert):
        self.bundle.write_text(cert.pem)

    def with_system(self, argv, **more):
        """Runs what sees both modules of p11-kit, and the system's bundle."""
        return self.run(argv, mounts=self.p11kit_mounts() | {SYSTEM_BUNDLE: self.bundle},
                        **more)

    def close(self):
        self.server.stop()
        self.no.close()
        try:
            self.world.close()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope="module")
def doubting(tmp_path_factory, certs):
    with kept_open(DistrustWorld, tmp_path_factory.mktemp("distrust"), certs) as made:
        yield made


@pytest.fixture
def said_no(doubting):
    doubting.say(True)
    yield doubting
    doubting.say(False)


# NSS, as `orgtrust install nss` wires it where a source distrusts: the trust of the
# organization is asked last, and its distrust by a module of its own first.


def wired(world, *, with_distrust=True, roots_first=None) -> Path:
    """A database; with Mozilla's roots before or behind the module of trust."""
    database = make_database(world, world.scratch())
    if roots_first is not None:
        add_roots(world, database, roots_first)
    if with_distrust:
        spec = f'library="{world.distrust_module}" name="orgtrust-distrust" NSS="trustOrder=10"'
        done = world.run([need("modutil", "libnss3-tools"), "-dbdir", f"sql:{database}",
                          "-rawadd", spec, "-force"])
        assert done.status == 0, done
    return database


def believes(world, database) -> bool:
    error = tstclnt(world, world.server, "-d", f"sql:{database}")
    assert error is None or "UNTRUSTED_" in error, error
    return error is None


def test_nss_refuses_what_its_user_trusts(doubting):
    database = wired(doubting)
    add(doubting, database, doubting.root, "CT,C,C")
    name = f"mine {doubting.root.serial}"
    assert believes(doubting, database) and flags_of(doubting, database)[name] == "CT,C,C"
    doubting.say(True)
    try:
        assert not believes(doubting, database)
        assert flags_of(doubting, database)[name] == "p,p,p"
    finally:
        doubting.say(False)
    assert believes(doubting, database) and flags_of(doubting, database)[name] == "CT,C,C"


@pytest.fixture
def denying(doubting):
    """Says no for some purposes."""
    def say(denied):
        doubting.configure(denied)
        doubting.say(True)

    yield say
    doubting.say(False)
    doubting.configure()


@pytest.mark.parametrize("denied, flags", [("server", "p,,"), ("server, email", "p,p,"),
                                           ("client, email, code", "CT,C,C")])
def test_nss_asks_for_no_purpose_after_a_no(doubting, denying, denied, flags):
    """So it is told only of one to servers, and that ends all other trust in it."""
    database = wired(doubting)
    add(doubting, database, doubting.root, "CT,C,C")
    denying(denied)
    assert flags_of(doubting, database)[f"mine {doubting.root.serial}"] == flags
    assert believes(doubting, database) is flags.startswith("C")


@pytest.mark.parametrize("first", [False, True], ids=["behind ours", "before ours"])
def test_nss_refuses_what_mozilla_trusts(doubting, first):
    world, api = doubting, doubting.organization.api
    database = wired(world, roots_first=first)
    name = min(name for name, flags in flags_of(world, database).items() if flags == "C,,")
    pem = world.run(["certutil", "-L", "-d", f"sql:{database}", "-n", name, "-a"]).stdout
    ident = api.upload(pem, "a root of Mozilla's")
    world.no.activate(ident)
    try:
        world.world.sync()
        assert flags_of(world, database)[name] == "p,p,p"
    finally:
        world.no.deactivate(ident)
        api.delete(ident)
        world.world.sync()
    assert flags_of(world, database)[name] == "C,,"


def test_a_users_no_stands_beside_it(doubting):
    """The module of distrust is asked first, and says nothing of what it has not."""
    database = wired(doubting)
    doubting.organization.api.activate(doubting.id)
    try:
        doubting.world.sync()
        assert believes(doubting, database)
        add(doubting, database, doubting.root, "p,p,p")
        assert not believes(doubting, database)
    finally:
        doubting.organization.api.deactivate(doubting.id)
        doubting.world.sync()


def test_without_its_module_a_no_comes_too_late(said_no):
    """Else the tests above would show nothing."""
    database = wired(said_no, with_distrust=False)
    add(said_no, database, said_no.root, "CT,C,C")
    assert believes(said_no, database)


def test_the_module_of_distrust_has_no_other_token(said_no):
    done = said_no.run([need("p11tool", "gnutls-bin"), "--provider", said_no.distrust_module,
                        "--list-tokens"])
    assert "token=orgtrust%20no" in done.stdout and done.stdout.count("URL: ") == 1, done
    said_no.world.configure("[source default]\n", refresh_interval="1h")
    try:
        database = wired(said_no)
        done = said_no.run(["modutil", "-dbdir", f"sql:{database}", "-list"])
        assert done.status == 0 and "orgtrust-distrust" in done.stdout, done
        assert "There are no slots attached" in done.stdout, done
    finally:
        said_no.configure()


# p11-kit: what `trust extract` makes is what programs that read files believe.


def extracted(world, filter_: str) -> str:
    out = world.scratch() / "extracted.pem"
    done = world.with_system([need("trust", "p11-kit"), "extract", "--format", "pem-bundle",
                              "--filter", filter_, "--purpose", "server-auth", out])
    assert done.status == 0, done
    return out.read_text()


@pytest.mark.parametrize("which", ["root", "twin"])
@pytest.mark.parametrize("priority", [1, 90])
def test_p11_kit_extracts_no_anchor_of_that_key(doubting, which, priority):
    world = doubting
    module = world.modules / "system.module"
    module.write_text(module.read_text().rsplit("priority:", 1)[0] + f"priority: {priority}\n")
    cert = getattr(world, which)
    world.system_trusts(cert)
    assert "BEGIN CERTIFICATE" in extracted(world, "ca-anchors")
    world.say(True)
    try:
        assert "BEGIN CERTIFICATE" not in extracted(world, "ca-anchors")
        assert "BEGIN CERTIFICATE" in extracted(world, "blocklist")
        listed = world.with_system(["trust", "list"]).stdout
        assert "trust: distrusted" in listed and "trust: anchor" not in listed
    finally:
        world.say(False)
    assert "BEGIN CERTIFICATE" in extracted(world, "ca-anchors")
    assert "BEGIN CERTIFICATE" not in extracted(world, "blocklist")


@pytest.mark.parametrize("denied, left", [("server", False), ("client, email, code", True)])
def test_p11_kit_knows_no_purposes_of_a_no(doubting, denying, denied, left):
    """One for servers is one to all."""
    doubting.system_trusts(doubting.twin)
    denying(denied)
    assert ("BEGIN CERTIFICATE" in extracted(doubting, "ca-anchors")) is left
    assert ("BEGIN CERTIFICATE" in extracted(doubting, "blocklist")) is not left


# GnuTLS looks for a no only among the certificates below the first that it trusts.


def gnutls(world, url: str) -> bool:
    done = world.with_system([need("gnutls-cli", "gnutls-bin"), "--x509cafile", url, "--port",
                              world.server.port, "localhost"], stdin=b"")
    assert (done.status == 0) is ("The certificate is trusted." in done.stdout), done
    return done.status == 0


def test_gnutls_trusts_neither_token(said_no):
    said_no.system_trusts(said_no.twin)
    for url in ("pkcs11:token=orgtrust%20no", "pkcs11:token=orgtrust"):
        assert not gnutls(said_no, url), url


def test_gnutls_holds_a_token_to_what_is_left(doubting, denying):
    api = doubting.organization.api
    api.activate(doubting.id)
    try:
        doubting.world.sync()
        for denied, believed in (("client", True), ("email", True), ("server", False)):
            denying(denied)
            assert gnutls(doubting, "pkcs11:token=orgtrust") is believed, denied
    finally:
        api.deactivate(doubting.id)
        doubting.world.sync()


def test_gnutls_goes_on_trusting_another_module(said_no):
    """docs/clients.md says so."""
    said_no.system_trusts(said_no.root)
    assert gnutls(said_no, "pkcs11:")
