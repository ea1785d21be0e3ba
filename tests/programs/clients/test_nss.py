"""NSS's own programs on a database that knows the module: modutil, certutil, vfychain,
tstclnt; and a process of ours that goes on verifying while the organization changes."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from module_world import REFUSED, TRUSTED
from nss_database import DIRECT, PROXY, WAYS, make_database
from support import paths
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

NSS_LIVE = paths.BUILD / "tests" / "programs" / "clients" / "nss_live"
UNKNOWN = "SEC_ERROR_UNKNOWN_ISSUER"


@pytest.fixture(scope="module")
def databases(module_world):
    need("vfychain", "libnss3-tools")
    return {way: make_database(module_world, module_world.scratch(), way)
            for way in (*WAYS, None)}


@pytest.fixture(scope="module")
def der(module_world):
    """party -> its leaf and intermediate as DER files."""
    directory = module_world.scratch()
    found = {}
    for name, party in module_world.parties.items():
        found[name] = [directory / f"{name}-{cert.serial}.der"
                       for cert in (party.leaf, party.intermediate)]
        for path, cert in zip(found[name], (party.leaf, party.intermediate)):
            path.write_bytes(cert.der)
    return found


def vfychain(world, database, way, files, *options) -> bool:
    done = world.run(["vfychain", "-d", f"sql:{database}", "-u", "1", *options, *files],
                     p11kit=way == PROXY)
    assert (done.status == 0) is ("Chain is good!" in done.text), done
    assert done.status == 0 or "Chain is bad!" in done.text, done
    return done.status == 0


def tstclnt(world, server, *roots, p11kit=False) -> str | None:
    """None when the server was believed, else the error."""
    request = world.dir / "request.txt"
    request.write_bytes(b"GET / HTTP/1.0\r\n\r\n")
    done = world.run(["tstclnt", "-4", "-h", server.host, "-p", server.port, *roots,
                      "-V", "tls1.2:tls1.3", "-A", request], p11kit=p11kit)
    if done.status == 0:
        assert "it was believed" in done.stdout, done
        return None
    assert "authentication of server cert failed" in done.text, done
    return done.text


@pytest.mark.parametrize("way", WAYS)
def test_modutil_lists_the_token(module_world, databases, way):
    done = module_world.run(["modutil", "-dbdir", f"sql:{databases[way]}", "-list"],
                            p11kit=way == PROXY)
    assert done.status == 0, done
    listed = done.stdout[done.stdout.index("2. orgtrust"):]
    assert "status: loaded" in listed and "token: orgtrust\n" in listed, done


def trust_flags(world, database, way=DIRECT) -> dict[str, str]:
    """nickname -> flags of what `certutil -L -h all` lists of the token."""
    done = world.run(["certutil", "-L", "-d", f"sql:{database}", "-h", "all"],
                     p11kit=way == PROXY)
    assert done.status == 0, done
    return dict(line.removeprefix("orgtrust:").rsplit(None, 1)
                for line in done.stdout.splitlines() if line.startswith("orgtrust:"))


@pytest.mark.parametrize("way", WAYS)
def test_certutil_shows_what_is_trusted_for_what(module_world, databases, way):
    def label(name):
        root = module_world.parties[name].root
        return f"{root.cn} {root.serial}"

    flags = trust_flags(module_world, databases[way], way)
    assert flags[label("active")] == flags[label("renewed")] == "CT,,", flags
    for name in ("inactive", "other", "expired", "non_ca"):
        assert label(name) not in flags, flags


def test_certutil_shows_the_purposes_that_are_configured(module_world, databases):
    root = module_world.parties["active"].root
    module_world.world.configure(refresh_interval="1h",
                                 purposes="server, client, email, code")
    try:
        flags = trust_flags(module_world, databases[DIRECT])
    finally:
        module_world.configure_default()
    assert flags[f"{root.cn} {root.serial}"] == "CT,C,C"


@pytest.mark.parametrize("purposes, flags", [
    ("server", "C,,"), ("client", "T,,"), ("server, email", "C,C,"), ("email, code", ",C,C")])
def test_fault_62_the_extensions_of_p11_kit_take_nothing_from_nss(
        module_world, databases, der, purposes, flags):
    label = "{0.cn} {0.serial}".format(module_world.parties["active"].root)
    with module_world.purposes(purposes):
        shown = trust_flags(module_world, databases[DIRECT])
        good = vfychain(module_world, databases[DIRECT], DIRECT, der["active"])
    assert shown.keys() == trust_flags(module_world, databases[DIRECT]).keys()
    assert shown[label] == flags, shown
    assert good is ("server" in purposes)


@pytest.mark.parametrize("options", [(), ("-p",), ("-pp",)], ids=["classic", "pkix", "new"])
@pytest.mark.parametrize("way", WAYS)
def test_vfychain(module_world, databases, der, way, options):
    def good(name, database=databases[way]):
        return vfychain(module_world, database, way, der[name], *options)

    for name in TRUSTED:
        assert good(name), name
        assert not good(name, databases[None]), "it is the module that trusts"
    for name in REFUSED:
        assert not good(name), name


def test_vfychain_asks_for_the_purpose(module_world, databases, der):
    module_world.world.configure(refresh_interval="1h", purposes="client")
    try:
        assert not vfychain(module_world, databases[DIRECT], DIRECT, der["active"])
    finally:
        module_world.configure_default()
    assert vfychain(module_world, databases[DIRECT], DIRECT, der["active"])


@pytest.mark.parametrize("way", [*WAYS, "without a database"])
def test_tstclnt(module_world, databases, way):
    def error(name, database=databases.get(way)):
        roots = ["-d", f"sql:{database}"] if database else ["-D", "-R", module_world.module]
        return tstclnt(module_world, module_world.servers[name], *roots,
                       p11kit=way == PROXY)

    for name in TRUSTED:
        assert error(name) is None, name
        assert UNKNOWN in error(name, databases[None]), "it is the module that trusts"
    for name in REFUSED:
        assert UNKNOWN in (error(name) or ""), name


def test_another_source_is_a_token_of_its_own(module_world, databases, der):
    assert not vfychain(module_world, databases[DIRECT], DIRECT, der["other"])
    module_world.configure_both()
    try:
        assert vfychain(module_world, databases[DIRECT], DIRECT, der["other"])
    finally:
        module_world.configure_default()


class Live:
    """nss_live, which answers line by line."""

    def __init__(self, world, database, way, env=None):
        if not NSS_LIVE.exists():
            pytest.skip("nss_live was not built: libnss3-dev is not installed")
        argv = [*world.prefix(p11kit=way == PROXY), NSS_LIVE, f"sql:{database}"]
        self.child = subprocess.Popen(argv, env=world.env | (env or {}),
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)

    def ask(self, line: str) -> str:
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.child.stdout.readline().strip()

    def verify(self, files) -> str:
        return self.ask("verify " + " ".join(map(str, files)))

    def close(self):
        self.child.stdin.close()
        try:
            assert self.child.wait(20) == 0, "it lets go of everything it held"
        finally:
            self.child.kill()
            self.child.wait()
            self.child.stdout.close()


# Of NSS's two ways to verify programs have "pkix" since Debian 13's when they ask for none;
# with this variable they have the other again.
CLASSIC = "classic"
CLASSICALLY = {"NSS_DISABLE_PKIX_VERIFY": "1"}


@pytest.fixture(params=WAYS)
def live(module_world, databases, request):
    made = Live(module_world, databases[request.param], request.param, CLASSICALLY)
    assert made.ask("way") == CLASSIC
    yield made
    made.close()


REFUSAL = f"refused {UNKNOWN}"


def test_a_change_is_seen_by_the_next_verification_of_a_running_process(
        module_world, live, der):
    assert live.verify(der["active"]) == "trusted"
    assert live.verify(der["moving"]) == REFUSAL
    with module_world.activated():
        assert live.verify(der["moving"]) == "trusted"
    assert live.verify(der["moving"]) == REFUSAL
    with module_world.activated():
        assert live.verify(der["moving"]) == "trusted", "and again"
    assert live.verify(der["active"]) == "trusted"


@pytest.mark.parametrize("way", WAYS)
def test_what_a_running_process_sees_depends_on_the_way_that_is_nss_default(
        module_world, databases, der, way):
    """The facts in the table of docs/clients.md."""
    live = Live(module_world, databases[way], way)
    try:
        kept = REFUSAL if live.ask("way") == CLASSIC else "trusted"
        assert live.verify(der["moving"]) == REFUSAL
        with module_world.activated():
            assert live.verify(der["moving"]) == "trusted"
        assert live.verify(der["moving"]) == kept
        assert live.verify(der["inactive"]) == REFUSAL
    finally:
        live.close()


def test_a_certificate_that_the_process_holds_stays_trusted(module_world, live, der):
    root = module_world.parties["moving"].root
    with module_world.activated():
        assert live.ask(f"hold orgtrust:{root.cn} {root.serial}") == "held"
        assert live.verify(der["moving"]) == "trusted"
    assert live.verify(der["moving"]) == "trusted", "the fact in the table of docs/clients.md"
    assert live.ask("drop") == "dropped"
    assert live.verify(der["moving"]) == REFUSAL


def test_the_other_way_to_verify_keeps_what_it_trusted(module_world, live, der):
    """CERT_PKIXVerifyCert() holds the anchors it found itself."""
    files = " ".join(map(str, der["moving"]))
    assert live.ask(f"pkix {files}") == REFUSAL
    with module_world.activated():
        assert live.ask(f"pkix {files}") == "trusted"
    assert live.ask(f"pkix {files}") == live.verify(der["moving"]) == "trusted"
    assert live.verify(der["inactive"]) == REFUSAL


@pytest.mark.parametrize("way", WAYS)
def test_a_token_that_is_empty_at_first_fills_in_a_running_process(
        module_world, databases, der, way):
    cache = module_world.scratch()
    settings = cache / "orgtrust.conf"
    settings.write_text(module_world.world.conf.read_text() + "auto_refresh = no\n")
    live = Live(module_world, databases[way], way,
                {"ORGTRUST_CONF": str(settings), "ORGTRUST_CACHE_DIR": str(cache)})
    try:
        assert live.verify(der["active"]) == REFUSAL
        shutil.copy2(module_world.world.snapshot_path(), cache)
        assert live.verify(der["active"]) == "trusted"
        assert live.verify(der["inactive"]) == REFUSAL
    finally:
        live.close()
