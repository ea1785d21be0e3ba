"""What trusts by GnuTLS: its own programs, and wget, git, curl and apt. They name the token
in place of a file of CAs, and p11-kit finds it; for GnuTLS only a module that p11-kit knows
as a trust module vouches for anybody, so no client here takes the module by its path."""

from __future__ import annotations

from pathlib import Path

import pytest
from apt_update import apt_update
from module_world import LAB_URL, NOBODY, REFUSED, TOKEN_URL, TRUSTED
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

UNKNOWN = "The certificate issuer is unknown."


def label(root) -> str:
    return f"{root.cn} {root.serial}"


def url_of(root, token=TOKEN_URL) -> str:
    return f"{token};object={label(root).replace(' ', '%20')};type=cert"


# Each client says whether it believed a party's server.


def gnutls_cli(world, name, token=TOKEN_URL, **more) -> bool:
    server = world.servers[name]
    done = world.run([need("gnutls-cli", "gnutls-bin"), "--x509cafile", token, "--port",
                      server.port, server.host], **more)
    assert (done.status == 0) is ("The certificate is trusted." in done.stdout), done
    assert done.status == 0 or f"NOT trusted. {UNKNOWN}" in done.stdout, done
    return done.status == 0


def certtool(world, name, token=TOKEN_URL, **more) -> bool:
    chain = world.scratch() / "chain.pem"
    chain.write_text(world.parties[name].chain)
    done = world.run([need("certtool", "gnutls-bin"), "--verify", "--load-ca-certificate",
                      token, "--infile", chain], **more)
    verdict = done.stdout.rpartition("Chain verification output: ")[2]
    assert verdict.startswith("Verified." if done.status == 0 else "Not verified."), done
    return done.status == 0


def wget(world, name, token=TOKEN_URL, alone=True, **more) -> bool:
    """alone: without the machine's own authorities, to which wget adds the token."""
    without = ["--ca-directory", world.scratch()] if alone else []
    done = world.run([need("wget"), "--no-config", "-nv", "-O", "-", "--ca-certificate",
                      token, *without, world.servers[name].url], **more)
    assert (done.status == 0) is (done.stdout == "it was believed\n"), done
    assert done.status == 0 or "is not trusted" in done.stderr, done
    return done.status == 0


def git(world, name, token=TOKEN_URL, alone=True, env=None, **more) -> bool:
    """alone: without the machine's own authorities, to which curl adds the token."""
    repository = world.pages / "repository.git"
    home = {"HOME": str(world.dir), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    if not repository.exists():
        # One ref, as a server that knows nothing of git shows it.
        world.run([need("git"), "init", "-q", "--bare", repository], env=home)
        (repository / "info" / "refs").write_text(f"{'1' * 40}\trefs/heads/main\n")
    if alone:
        home["GIT_SSL_CAPATH"] = str(world.scratch())
    done = world.run(["git", "ls-remote", f"{world.servers[name].url}repository.git"],
                     env=home | {"GIT_SSL_CAINFO": token} | (env or {}), **more)
    assert (done.status == 0) is ("refs/heads/main" in done.stdout), done
    assert done.status == 0 or "verification failed" in done.stderr, done
    return done.status == 0


def apt(world, name, token=TOKEN_URL, env=None, **more) -> bool:
    if b"libgnutls" not in Path("/usr/lib/apt/methods/http").read_bytes():
        pytest.skip("this system's apt does not use GnuTLS: no PKCS#11 URLs")
    done = apt_update(world, f"https://{world.servers[name].address}/", token, env, **more)
    assert done.status == 0 or UNKNOWN in done.text, done
    return done.status == 0


CLIENTS = [gnutls_cli, certtool, wget, git, apt]
names = {"ids": lambda function: function.__name__}


@pytest.mark.parametrize("client", CLIENTS, **names)
def test_a_client_trusts_the_anchors_only(module_world, client):
    for name in TRUSTED:
        assert client(module_world, name, p11kit=True), name
    for name in REFUSED:
        assert not client(module_world, name, p11kit=True), name


@pytest.mark.parametrize("client", CLIENTS, **names)
def test_a_change_reaches_the_next_run(module_world, client):
    assert not client(module_world, "moving", p11kit=True)
    with module_world.activated():
        assert client(module_world, "moving", p11kit=True)
    assert not client(module_world, "moving", p11kit=True)


@pytest.mark.parametrize("client", [gnutls_cli, wget, git], **names)
def test_any_account_trusts_them(module_world, client):
    assert client(module_world, "active", p11kit=True, account=NOBODY)
    assert not client(module_world, "inactive", p11kit=True, account=NOBODY)


@pytest.mark.parametrize("client", CLIENTS, **names)
def test_a_token_vouches_for_its_own_source(module_world, client):
    module_world.configure_both()
    try:
        assert client(module_world, "other", LAB_URL, p11kit=True)
        assert not client(module_world, "other", TOKEN_URL, p11kit=True)
        assert not client(module_world, "active", LAB_URL, p11kit=True)
        for name in ("active", "other"):
            assert client(module_world, name, "pkcs11:", p11kit=True), "all tokens"
    finally:
        module_world.configure_default()


@pytest.fixture
def machine_trusts_inactive(module_world):
    """Mounts: the machine's own authorities are one, whose root is inactive with us, in
    Debian's bundle and so in p11-kit's own trust module."""
    modules = module_world.scratch()
    for path in (module_world.modules / "orgtrust.module",
                 Path("/usr/share/p11-kit/modules/p11-kit-trust.module")):
        (modules / path.name).write_text(path.read_text())
    bundle = module_world.scratch() / "ca-certificates.crt"
    bundle.write_text(module_world.parties["inactive"].root.pem)
    return module_world.p11kit_mounts(modules) | {
        "/etc/ssl/certs/ca-certificates.crt": bundle}


@pytest.mark.parametrize("client", CLIENTS, **names)
def test_a_token_is_trusted_without_the_machines_authorities(
        module_world, machine_trusts_inactive, client):
    assert client(module_world, "active", mounts=machine_trusts_inactive)
    assert not client(module_world, "inactive", mounts=machine_trusts_inactive)


@pytest.mark.parametrize("client", [gnutls_cli, wget, git], **names)
def test_all_tokens_are_the_machines_authorities_too(
        module_world, machine_trusts_inactive, client):
    for name in ("active", "inactive"):
        assert client(module_world, name, "pkcs11:", mounts=machine_trusts_inactive), name
    assert not client(module_world, "other", "pkcs11:", mounts=machine_trusts_inactive)


@pytest.mark.parametrize("client", [wget, git], **names)
def test_wget_and_curl_add_the_token_to_the_machines_authorities(
        module_world, machine_trusts_inactive, client):
    """Unless told otherwise; docs/clients.md says how."""
    for name in ("active", "inactive"):
        assert client(module_world, name, alone=False, mounts=machine_trusts_inactive), name
    assert not client(module_world, "other", alone=False, mounts=machine_trusts_inactive)


@pytest.mark.parametrize("purposes, believed", [
    ("server", True), ("server, email, code", True), ("server, client, email, code", True),
    ("client", False), ("email", False), ("client, email, code", False)])
def test_fault_62_a_server_is_believed_by_an_anchor_for_servers(
        module_world, purposes, believed):
    with module_world.purposes(purposes):
        for name in TRUSTED:
            assert gnutls_cli(module_world, name, p11kit=True) is believed, name
    assert gnutls_cli(module_world, "active", p11kit=True)


@pytest.mark.parametrize("client", CLIENTS, **names)
def test_fault_62_no_client_believes_a_server_by_an_anchor_for_clients(module_world, client):
    with module_world.purposes("client"):
        for name in TRUSTED:
            assert not client(module_world, name, p11kit=True), name
    with module_world.purposes("server"):
        assert client(module_world, "active", p11kit=True)


TLS_CLIENT = "1.3.6.1.5.5.7.3.2"


@pytest.mark.parametrize("purposes, fits", [
    ("server", False), ("server, client", True), ("server, email", False)])
def test_fault_62_certtool_holds_an_anchor_to_the_purpose(module_world, purposes, fits):
    """Of a certificate that is for clients: the anchor is the one that decides."""
    party = module_world.parties["active"]
    leaf = module_world.certs.issue(party.intermediate, "someone", usage="clientAuth")
    chain = module_world.scratch() / "chain.pem"
    chain.write_text(leaf.pem + party.intermediate.pem)
    with module_world.purposes(purposes):
        done = module_world.run(
            [need("certtool", "gnutls-bin"), "--verify", "--load-ca-certificate", TOKEN_URL,
             "--verify-purpose", TLS_CLIENT, "--infile", chain], p11kit=True)
    assert (done.status == 0) is fits, done
    assert fits or "issuer is unknown" in done.stdout, done


def test_fault_62_p11tool_shows_the_extension(module_world):
    """As it shows those of p11-kit's own module, and beside it all that there was."""
    root = module_world.parties["active"].root
    p11tool = need("p11tool", "gnutls-bin")

    def listed() -> dict[str, int]:
        done = module_world.run([p11tool, "--list-all", TOKEN_URL], p11kit=True)
        assert done.status == 0, done
        return {kind: done.stdout.count(f"Type: {kind}") for kind in
                ("X.509 Certificate", "X.509 certificate extension")}

    def stapled() -> str:
        done = module_world.run([p11tool, "--export-stapled", url_of(root)], p11kit=True)
        assert done.status == 0, done
        return done.stdout

    count = len(TRUSTED)
    assert listed() == {"X.509 Certificate": count, "X.509 certificate extension": 0}
    assert root.pem in stapled()
    with module_world.purposes("server, email"):
        assert listed() == {"X.509 Certificate": count, "X.509 certificate extension": count}
        pem = stapled()
        done = module_world.run([need("certtool", "gnutls-bin"), "-i"], stdin=pem.encode())
    assert "TLS WWW Server" in done.stdout and "Email protection" in done.stdout, done
    assert "TLS WWW Client" not in done.stdout, done


@pytest.mark.parametrize("client", CLIENTS, **names)
def test_without_a_snapshot_nothing_is_trusted(module_world, client, request):
    module_world.world.configure(auto_refresh="no")
    request.addfinalizer(module_world.configure_default)
    empty = module_world.world.cache.with_name("empty-cache")
    empty.mkdir(exist_ok=True)
    here = {"ORGTRUST_CACHE_DIR": str(empty)}
    assert client(module_world, "active", p11kit=True)
    assert not client(module_world, "active", p11kit=True, env=here)


def test_gnutls_verifies_only_by_what_p11_kit_trusts(module_world):
    """Why docs/clients.md names the module file first: given by its path, the module is
    listed, but vouches for nobody."""
    server = module_world.servers["active"]
    done = module_world.run(
        [need("gnutls-cli", "gnutls-bin"), "--provider", module_world.module,
         "--x509cafile", TOKEN_URL, "--port", server.port, server.host])
    assert done.status != 0 and f"NOT trusted. {UNKNOWN}" in done.stdout, done


def test_gnutls_and_the_proxy(module_world):
    """GnuTLS, which asks p11-kit itself, need not load p11-kit-proxy.so, and many versions
    cannot: with our module they do what they do with p11-kit's own."""
    modules = module_world.scratch()
    theirs = Path("/usr/share/p11-kit/modules/p11-kit-trust.module")
    (modules / theirs.name).write_text(theirs.read_text())
    argv = [need("p11tool", "gnutls-bin"), "--provider", module_world.proxy, "--list-tokens"]
    without = module_world.run(argv, mounts=module_world.p11kit_mounts(modules))
    done = module_world.run(argv, p11kit=True)
    assert done.status == without.status, (done, without)
    assert done.status != 0 or "Label: orgtrust\n" in done.stdout, done


# p11tool lists and exports, by the module's path and through p11-kit.


@pytest.fixture(params=["direct", "p11-kit"])
def p11tool(module_world, request):
    direct = ["--provider", module_world.module] if request.param == "direct" else []

    def call(*argv, status=0) -> str:
        done = module_world.run([need("p11tool", "gnutls-bin"), *direct, *argv],
                                p11kit=not direct)
        assert done.status == status, done
        return done.stdout

    return call


def labels(listing: str) -> set[str]:
    return {line.split(":", 1)[1].strip() for line in listing.splitlines()
            if line.strip().startswith("Label:")}


def test_p11tool_lists_the_token(p11tool):
    """And by p11-kit the one to administer, which it alone is shown."""
    urls = [url for url in p11tool("--list-token-urls").split()
            if "token=orgtrust" in url and "model=admin" not in url]
    assert len(urls) == 1 and "manufacturer=orgtrust" in urls[0]
    (token,) = [token for token in p11tool("--list-tokens").split("Token ")
                if "Model: trust\n" in token]
    assert "Login" not in token and "Label: orgtrust\n" in token


def test_p11tool_lists_the_anchors(p11tool, module_world):
    listing = p11tool("--list-all-trusted", TOKEN_URL)
    assert labels(listing) == {label(module_world.parties[name].root) for name in TRUSTED}
    assert listing.count("CKA_TRUSTED") == listing.count("CKA_CERTIFICATE_CATEGORY=CA") == 2


def test_p11tool_lists_the_anchors_and_nothing_else(p11tool, module_world):
    shown = labels(p11tool("--list-all-certs", TOKEN_URL))
    assert shown == {label(module_world.parties[name].root) for name in TRUSTED}


def test_p11tool_says_what_an_object_is(p11tool, module_world):
    trusted = p11tool("--info", url_of(module_world.parties["active"].root))
    assert "CKA_TRUSTED" in trusted and "CKA_CERTIFICATE_CATEGORY=CA" in trusted
    for name in ("expired", "non_ca"):
        info = p11tool("--info", url_of(module_world.parties[name].root), status=2)
        assert "X.509 Certificate" not in info, info


def test_p11tool_exports_a_certificate(p11tool, module_world):
    root = module_world.parties["active"].root
    assert root.pem in p11tool("--export", url_of(root))
    p11tool("--export", url_of(module_world.parties["inactive"].root), status=1)


def test_p11tool_cannot_write(p11tool, module_world):
    before = p11tool("--list-all", TOKEN_URL)
    root = module_world.parties["inactive"].root
    p11tool("--batch", "--write", "--load-certificate", root.path, "--label", "new",
            "--set-pin", "1234", TOKEN_URL, status=1)
    p11tool("--batch", "--delete", url_of(module_world.parties["active"].root), status=1)
    assert p11tool("--list-all", TOKEN_URL) == before
