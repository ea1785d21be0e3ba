"""Java with SunPKCS11: keytool, and an HTTPS client whose trust store is the token, with the
configuration that is installed."""

from __future__ import annotations

import contextlib
import subprocess

import pytest
from module_world import REFUSED, TRUSTED
from support import paths
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

DIRECT, PROXY = "direct", "proxy"
SOURCE = paths.REPOSITORY / "tests" / "programs" / "clients" / "TrustClient.java"
CONF = paths.REPOSITORY / "conf" / "java"
BELIEVED = "it was believed"
# Who trusts somebody; who trusts nobody.
REFUSALS = ("unable to find valid certification path", "trustAnchors parameter must be non-empty")
_QUIET = ("-XX:-UsePerfData", "-XX:TieredStopAtLevel=1")  # no file in /tmp; starts sooner


class Compiled:
    """The client's class."""

    def __init__(self, world):
        self.world = world
        self.java, self.keytool = need("java"), need("keytool")
        javac = need("javac", "openjdk-17-jdk-headless")
        self.dir = world.scratch()
        done = world.run([javac, *(f"-J{word}" for word in _QUIET), "-d", self.dir, SOURCE])
        assert done.status == 0, done


class Java(Compiled):
    """And a provider's configuration for each way to the module."""

    def __init__(self, world):
        super().__init__(world)
        self.plain = self._configure("plain", world.module)
        self.proxied = self._configure("proxied", world.proxy)
        self.second = self._configure("second", world.module, slot=1)

    def _configure(self, name, library, slot=0):
        """The installed configuration, with this library and slot."""
        place = self.dir / name
        place.mkdir()
        text = (CONF / "orgtrust-pkcs11.cfg.in").read_text()
        text = text.replace("@ORGTRUST_PKCS11_DIR@/orgtrust-pkcs11.so", str(library))
        text = text.replace("slotListIndex = 0", f"slotListIndex = {slot}")
        assert "@" not in text and f"slotListIndex = {slot}\n" in text, text
        (place / "orgtrust-pkcs11.cfg").write_text(text)
        text = (CONF / "orgtrust.security.in").read_text()
        (place / "orgtrust.security").write_text(
            text.replace("@ORGTRUST_DATADIR@", str(place)))
        return place

    def configuration(self, way):
        return self.proxied if way == PROXY else self.plain

    def entries(self, way=DIRECT) -> set[str]:
        """What keytool lists of the token."""
        done = self.world.run(
            [self.keytool, *(f"-J{word}" for word in _QUIET), "-list", "-keystore", "NONE",
             "-storetype", "PKCS11", "-addprovider", "SunPKCS11", "-providerArg",
             self.configuration(way) / "orgtrust-pkcs11.cfg", "-storepass", ""],
            p11kit=way == PROXY)
        assert done.status == 0, done
        return {line.split(",")[0] for line in done.stdout.splitlines()
                if "trustedCertEntry" in line}

    def options(self, place) -> list[str]:
        """The options of docs/clients.md."""
        return [f"-Djava.security.properties={place}/orgtrust.security",
                "-Djavax.net.ssl.trustStoreType=PKCS11", "-Djavax.net.ssl.trustStore=NONE"]


@pytest.fixture(scope="module")
def java(module_world):
    return Java(module_world)


class Client:
    """A running TrustClient, which answers line by line."""

    def __init__(self, java, options, p11kit=False):
        argv = [*java.world.prefix(p11kit=p11kit), java.java, *_QUIET, *options,
                "-cp", java.dir, "TrustClient"]
        self.child = subprocess.Popen(argv, env=java.world.env | {"HOME": str(java.dir)},
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)

    def believes(self, server) -> bool:
        self.child.stdin.write(server.url + "\n")
        self.child.stdin.flush()
        answer = self.child.stdout.readline().strip()
        assert answer == BELIEVED or any(word in answer for word in REFUSALS), (
            f"{server.url}: {answer!r}")
        return answer == BELIEVED

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.child.stdin.close()
        try:
            assert self.child.wait(20 * paths.SLOWNESS) == 0
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


@pytest.mark.parametrize("way", [DIRECT, PROXY])
def test_keytool_lists_the_anchors(module_world, java, way):
    entries = java.entries(way)
    roots = [module_world.parties[name].root for name in TRUSTED]
    assert entries == {f"{root.cn} {root.serial}" for root in roots}


@pytest.mark.parametrize("way", [DIRECT, PROXY])
def test_a_client_believes_whom_the_organization_does(module_world, java, way):
    options = java.options(java.configuration(way))
    with Client(java, options, p11kit=way == PROXY) as client:
        for name in TRUSTED:
            assert client.believes(module_world.servers[name]), name
        for name in REFUSED:
            assert not client.believes(module_world.servers[name]), name


@pytest.mark.parametrize("purposes, believed", [
    ("server", True), ("server, email, code", True), ("client", False),
    ("client, email, code", False)])
def test_fault_62_a_server_is_believed_by_an_anchor_for_servers(
        module_world, java, purposes, believed):
    with module_world.purposes(purposes):
        entries = java.entries()
        assert len(entries) == (len(TRUSTED) if believed else 0), entries
        with Client(java, java.options(java.plain)) as client:
            for name in TRUSTED:
                assert client.believes(module_world.servers[name]) is believed, name


def test_it_is_the_module_that_trusts(module_world, java):
    with Client(java, []) as client:
        for name in TRUSTED:
            assert not client.believes(module_world.servers[name]), name


def test_the_first_slot_stays_that_of_the_default_source(module_world, java):
    servers = module_world.servers
    module_world.configure_both()
    try:
        with Client(java, java.options(java.plain)) as client:
            assert client.believes(servers["active"])
            assert not client.believes(servers["other"])
        with Client(java, java.options(java.second)) as client:
            assert client.believes(servers["other"])
            assert not client.believes(servers["active"])
    finally:
        module_world.configure_default()


def test_a_running_client_never_sees_a_change(module_world, java):
    def new_server():
        return module_world.serve("moving", "localhost")

    options = java.options(java.plain)
    with contextlib.ExitStack() as running:
        early = running.enter_context(Client(java, options))
        assert early.believes(module_world.servers["active"])
        with module_world.activated():
            late = running.enter_context(Client(java, options))
            assert late.believes(new_server())
            assert not early.believes(new_server())
        assert late.believes(new_server())
        last = running.enter_context(Client(java, options))
        assert not last.believes(new_server())


def test_java_does_not_ask_when_an_anchor_expired(module_world, java):
    """Why the token does not call an expired certificate trusted."""
    store = java.dir / "expired.p12"
    done = module_world.run(
        [java.keytool, *(f"-J{word}" for word in _QUIET), "-importcert", "-noprompt",
         "-alias", "expired", "-file", module_world.parties["expired"].root.path,
         "-keystore", store, "-storetype", "PKCS12", "-storepass", "changeit"])
    assert done.status == 0, done
    with Client(java, [f"-Djavax.net.ssl.trustStore={store}",
                       "-Djavax.net.ssl.trustStorePassword=changeit"]) as client:
        assert client.believes(module_world.servers["expired"])
