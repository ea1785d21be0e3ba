"""p11-kit and its trust tool: they see the anchors, by the module file that is installed,
and what they extract makes other programs trust exactly these."""

from __future__ import annotations

import re
import shlex
import ssl
import subprocess
from pathlib import Path

import pytest
from module_world import NOBODY, REFUSED, TOKEN_URL, TRUSTED
from support import paths
from support.p11_system import find_library, need, with_plain_build
from support.process import Background, clean_environment, run, wait_until

pytestmark = with_plain_build

# The roots that a list of anchors has in it; "expired" is also one of renewed's two.
ANCHORS = {"active", "renewed"}
SERVERS = "--purpose=server-auth"


def label(party, at=0) -> str:
    root = party.roots[at]
    return f"{root.cn} {root.serial}"


def trust_list(world, *options, **more) -> list[dict[str, str]]:
    """What `trust list` says, an object a dictionary."""
    done = world.run([need("trust", "p11-kit"), "list", *options], p11kit=True, **more)
    assert done.status == 0 and not done.stderr, done
    found: list[dict[str, str]] = []
    for line in done.stdout.splitlines():
        if line.startswith("pkcs11:"):
            found.append({"url": line})
        elif ": " in line:
            key, value = line.strip().split(": ", 1)
            found[-1][key] = value
    return found


def test_list_modules_shows_the_token(module_world):
    done = module_world.run([need("p11-kit"), "list-modules"], p11kit=True)
    assert done.status == 0 and not done.stderr, done
    assert str(module_world.module) in done.stdout
    words = done.stdout.split()
    assert "token: orgtrust\n" in done.stdout and done.stdout.count("token: ") == 1
    assert {"write-protected", "token-initialized"} <= set(words)
    assert "login-required" not in words


def test_trust_list_has_the_anchors_and_nothing_else(module_world):
    found = trust_list(module_world)
    assert {entry["label"] for entry in found} == {
        label(module_world.parties[name]) for name in ANCHORS}
    assert all(entry["trust"] == "anchor" for entry in found), found
    assert all(entry["category"] == "authority" for entry in found), found


def test_any_account_sees_them(module_world):
    assert trust_list(module_world) == trust_list(module_world, account=NOBODY)


def test_the_installed_module_file_names_the_installed_module(module_world):
    built = paths.BUILD / "conf" / "orgtrust.module"
    modules = module_world.scratch()
    (modules / built.name).write_text(built.read_text())
    installed = next(line.split(":", 1)[1].strip() for line in built.read_text().splitlines()
                     if line.startswith("module:"))
    assert Path(installed).is_absolute() and Path(installed).name == paths.PKCS11_MODULE.name
    mounts = module_world.p11kit_mounts(modules) | {installed: module_world.module}
    done = module_world.run(["trust", "list"], mounts=mounts)
    assert label(module_world.parties["active"]) in done.stdout, done


def test_an_unprivileged_user_has_the_module_by_a_file_of_his_own(module_world):
    """$XDG_CONFIG_HOME, which p11-kit ignores for root."""
    home = module_world.scratch(NOBODY)
    modules = home / "pkcs11" / "modules"
    modules.mkdir(parents=True)
    module_world.write_module_file(modules / "orgtrust.module")
    mounts = module_world.p11kit_mounts(module_world.empty)
    done = module_world.run(["trust", "list"], account=NOBODY, mounts=mounts,
                            env={"XDG_CONFIG_HOME": str(home)})
    assert label(module_world.parties["active"]) in done.stdout, done
    done = module_world.run(["trust", "list"], mounts=mounts,
                            env={"XDG_CONFIG_HOME": str(home)})
    assert "active" not in done.stdout, done


def test_blocklist_is_empty(module_world):
    assert trust_list(module_world, "--filter=blocklist") == []


def test_without_trust_policy_nothing_is_an_anchor(module_world):
    """Why the module file has that line."""
    modules = module_world.scratch()
    module_world.write_module_file(modules / "orgtrust.module")
    path = modules / "orgtrust.module"
    path.write_text(path.read_text().replace("trust-policy: yes\n", ""))
    done = module_world.run(["trust", "list"], mounts=module_world.p11kit_mounts(modules))
    assert not done.out and "no modules containing trust policy" in done.stderr, done


def test_a_missing_module_does_not_break_p11_kit(module_world):
    """Why the module file says `critical: no`: another module's tokens stay."""
    modules = module_world.scratch()
    module_world.write_module_file(modules / "gone.module", modules / "gone.so")
    module_world.write_module_file(modules / "orgtrust.module")
    done = module_world.run(["trust", "list"], mounts=module_world.p11kit_mounts(modules))
    assert done.status == 0 and label(module_world.parties["active"]) in done.stdout, done


def test_another_source_is_a_token_of_its_own(module_world):
    other = label(module_world.parties["other"])
    assert other not in {entry["label"] for entry in trust_list(module_world)}
    module_world.configure_both()
    try:
        assert other in {entry["label"] for entry in trust_list(module_world)}
        done = module_world.run(["p11-kit", "list-modules"], p11kit=True)
        assert "token: orgtrust lab\n" in done.stdout, done
    finally:
        module_world.configure_default()


# trust extract. Each format is used by a program that reads it.


def extract(world, form: str, *options) -> Path:
    path = world.scratch() / form
    done = world.run(["trust", "extract", f"--format={form}", *options, path], p11kit=True)
    assert done.status == 0 and not done.stderr, done
    return path


def verifies(world, name: str, *where) -> bool:
    """Whether openssl believes a party's leaf with these anchors."""
    party = world.parties[name]
    directory = world.scratch()
    (directory / "leaf.pem").write_text(party.leaf.pem)
    (directory / "intermediate.pem").write_text(party.intermediate.pem)
    done = run([paths.OPENSSL, "verify", "-no-CAfile", "-no-CAstore", *where, "-untrusted",
                directory / "intermediate.pem", directory / "leaf.pem"],
               env=clean_environment(OPENSSL_CONF="/dev/null", SSL_CERT_DIR="/nonexistent"))
    assert (done.status == 0) is done.stdout.endswith(": OK\n"), done
    return done.status == 0


def assert_verifies_anchors_only(world, *where):
    for name in TRUSTED:
        assert verifies(world, name, *where), name
    for name in REFUSED:
        assert not verifies(world, name, *where), name


@pytest.mark.parametrize("form", ["pem-bundle", "openssl-bundle"])
def test_extract_a_bundle(module_world, form):
    bundle = extract(module_world, form, "--filter=ca-anchors", SERVERS)
    assert_verifies_anchors_only(module_world, "-CAfile", bundle)


@pytest.mark.parametrize("form", ["pem-directory-hash", "openssl-directory"])
def test_extract_a_hashed_directory(module_world, form):
    directory = extract(module_world, form, "--filter=ca-anchors", SERVERS)
    assert_verifies_anchors_only(module_world, "-CApath", directory)


def anchors(world) -> set[bytes]:
    return {world.parties[name].root.der for name in ANCHORS}


def test_extract_a_directory_of_pem(module_world):
    directory = extract(module_world, "pem-directory", "--filter=ca-anchors", SERVERS)
    assert {ssl.PEM_cert_to_DER_cert(path.read_text())
            for path in directory.iterdir()} == anchors(module_world)


def test_extract_a_directory_of_der(module_world):
    directory = extract(module_world, "x509-directory", "--filter=ca-anchors", SERVERS)
    assert {path.read_bytes() for path in directory.iterdir()} == anchors(module_world)


def test_extract_one_certificate(module_world):
    party = module_world.parties["active"]
    url = f"pkcs11:object={label(party).replace(' ', '%20')};type=cert"
    assert extract(module_world, "x509-file", f"--filter={url}").read_bytes() == (
        party.root.der)


@pytest.mark.parametrize("form", ["java-cacerts", "edk2-cacerts"])
def test_extract_a_store_of_other_programs(module_world, form):
    """Their content; keytool reads the one below."""
    store = extract(module_world, form, "--filter=ca-anchors",
                    SERVERS).read_bytes()
    for party in module_world.parties.values():
        for root in party.roots:
            assert (root.der in store) is (root.der in anchors(module_world)), root.cn


def test_java_reads_the_extracted_store(module_world):
    keytool = need("keytool", "default-jdk-headless")
    store = extract(module_world, "java-cacerts", "--filter=ca-anchors",
                    SERVERS)
    done = module_world.run([keytool, "-J-Xshare:auto", "-list", "-keystore", store,
                             "-storepass", "changeit"])
    assert done.status == 0 and "2 entries" in done.stdout, done
    assert done.stdout.count("trustedCertEntry") == 2, done


def test_extract_everything(module_world):
    """What is no anchor is not in the token, active or not."""
    bundle = extract(module_world, "pem-bundle", "--filter=certificates").read_text()
    shown = {name for name, party in module_world.parties.items() if party.root.pem in bundle}
    assert shown == ANCHORS


PURPOSES = {"server": "server-auth", "client": "client-auth", "email": "email",
            "code": "code-signing"}


def extracted(world, filter_, purpose) -> set[str]:
    """The parties whose root `trust extract` has found for a purpose."""
    bundle = extract(world, "pem-bundle", f"--filter={filter_}", f"--purpose={purpose}")
    text = bundle.read_text()
    return {name for name, party in world.parties.items() if party.root.pem in text}


@pytest.mark.parametrize("purposes", [
    "server", "client", "email", "code", "server, email", "client, code",
    "server, email, code", "client, email, code"])
def test_fault_62_extract_leaves_out_who_has_another_purpose(module_world, purposes):
    """Anchors are what servers are verified by, else they would be trusted by Java."""
    has = purposes.split(", ")
    with module_world.purposes(purposes):
        for name, word in PURPOSES.items():
            found = ANCHORS if name in has else set()
            assert extracted(module_world, "certificates", word) == found, name
            anchors_found = found if "server" in has else set()
            assert extracted(module_world, "ca-anchors", word) == anchors_found, name


@pytest.mark.parametrize("purposes", ["server, client", "server, client, email, code"])
def test_an_anchor_for_both_ends_of_tls_is_plain(module_world, purposes):
    """Documented: programs that verify without a purpose would refuse a limited one."""
    with module_world.purposes(purposes):
        for word in PURPOSES.values():
            assert extracted(module_world, "ca-anchors", word) == ANCHORS, word
        bundle = extract(module_world, "openssl-bundle", "--filter=ca-anchors")
        assert_verifies_anchors_only(module_world, "-CAfile", bundle)


def test_fault_62_the_trusted_certificates_of_openssl_are_limited(module_world):
    with module_world.purposes("server, email"):
        bundle = extract(module_world, "openssl-bundle", "--filter=ca-anchors")
    for purpose, fits in {"sslserver": True, "sslclient": False}.items():
        assert verifies(module_world, "active", "-CAfile", bundle, "-purpose", purpose,
                        ) is fits, purpose


def test_fault_62_trust_list_shows_anchors_for_servers_only(module_world):
    with module_world.purposes("server"):
        assert {entry["label"] for entry in trust_list(module_world)} == {
            label(module_world.parties[name]) for name in ANCHORS}
    with module_world.purposes("client, email"):
        assert trust_list(module_world) == []


def test_what_was_activated_is_in_the_next_list(module_world):
    moving = label(module_world.parties["moving"])

    def listed():
        return moving in {entry["label"] for entry in trust_list(module_world)}

    assert not listed()
    with module_world.activated():
        assert listed()
    assert not listed()


# For containers: the module at the other end of a socket or a pipe.


@pytest.fixture
def socket(module_world):
    """The socket of `p11-kit server` with our token."""
    path = module_world.scratch() / "p11"
    server = Background(
        [need("p11-kit"), "server", "--foreground", "--name", path, "--provider",
         module_world.module, TOKEN_URL],
        env=module_world.env | {"XDG_RUNTIME_DIR": str(path.parent)},
        log=path.with_name("log"))
    try:
        wait_until(path.exists, what=f"the socket: {server.output()}")
        yield path
    finally:
        server.stop()


def p11tool(world, *argv, **more) -> str:
    done = world.run([need("p11tool", "gnutls-bin"), *argv], **more)
    assert done.status == 0, done
    return done.stdout


def test_the_client_of_a_server_sees_the_anchors(module_world, socket):
    client = find_library("pkcs11/p11-kit-client.so")
    env = {"P11_KIT_SERVER_ADDRESS": f"unix:path={socket}"}
    listed = p11tool(module_world, "--provider", client, "--list-all-trusted", TOKEN_URL,
                     env=env)
    for name, party in module_world.parties.items():
        assert (label(party) in listed) is (name in ANCHORS), name


def test_the_unit_for_containers_lets_every_user_connect(module_world, tmp_path):
    """Its commands, as systemd would run them."""
    text = (paths.BUILD / "conf/systemd/orgtrust-p11-kit.service").read_text()
    start, after = (re.search(f"^{key}=(.*)$", text, re.MULTILINE)[1].replace(
        "%t", str(tmp_path)) for key in ("ExecStart", "ExecStartPost"))
    installed = re.search(r"--provider (\S+)", start)[1]
    place = tmp_path / "orgtrust-p11-kit"
    place.mkdir()
    for directory in (place, *place.parents[: len(place.parents) - 2]):
        directory.chmod(directory.stat().st_mode | 0o055)
    server = Background(shlex.split(start.replace(installed, str(module_world.module))),
                        env=module_world.env | {"XDG_RUNTIME_DIR": str(tmp_path)},
                        log=tmp_path / "log")
    try:
        subprocess.run(shlex.split(after), check=True, timeout=20)
        listed = p11tool(
            module_world, "--provider", find_library("pkcs11/p11-kit-client.so"),
            "--list-all-trusted", TOKEN_URL, account=NOBODY,
            env={"P11_KIT_SERVER_ADDRESS": f"unix:path={place / 'pkcs11'}"})
    finally:
        server.stop()
    for name, party in module_world.parties.items():
        assert (label(party) in listed) is (name in ANCHORS), name


def wget(world, name, **more) -> bool:
    done = world.run([need("wget"), "--no-config", "-nv", "-O", "-", "--ca-certificate",
                      TOKEN_URL, world.servers[name].url], **more)
    assert done.status == 0 or "is not trusted" in done.stderr, done
    return done.status == 0


def remotes(world, socket) -> dict[str, list[str]]:
    """The lines of a module file, for a container by a socket and by a pipe."""
    return {"server": [f"module: {find_library('pkcs11/p11-kit-client.so')}"],
            "remote": [f"remote: |p11-kit remote {world.module}"]}


@pytest.mark.parametrize("how", ["server", "remote"])
def test_gnutls_trusts_over_a_connection(module_world, socket, how):
    modules = module_world.scratch()
    lines = [*remotes(module_world, socket)[how], "trust-policy: yes"]
    (modules / "there.module").write_text("\n".join(lines) + "\n")
    more = {"mounts": module_world.p11kit_mounts(modules),
            "env": {"P11_KIT_SERVER_ADDRESS": f"unix:path={socket}"}}
    for name in TRUSTED:
        assert wget(module_world, name, **more), name
    for name in REFUSED:
        assert not wget(module_world, name, **more), name
    with module_world.activated():
        assert wget(module_world, "moving", **more), "the far end looks, too"
    assert not wget(module_world, "moving", **more)


def p11_kit_version() -> tuple[int, ...]:
    done = run(["dpkg-query", "-W", "-f", "${Version}", "p11-kit"], env=clean_environment())
    return tuple(int(part) for part in done.stdout.split("-")[0].split("."))


def test_trust_list_over_a_connection(module_world, socket):
    """p11-kit before 0.26 cannot, whatever the module; docs/clients.md says so."""
    modules = module_world.scratch()
    lines = [*remotes(module_world, socket)["remote"], "trust-policy: yes"]
    (modules / "there.module").write_text("\n".join(lines) + "\n")
    done = module_world.run(["trust", "list"], mounts=module_world.p11kit_mounts(modules))
    shown = label(module_world.parties["active"]) in done.stdout
    if p11_kit_version() < (0, 26):
        assert not shown and "couldn't load attributes" in done.stderr, done
        with_theirs = trust_list_of_their_own_module(module_world)
        assert not with_theirs.stdout and "couldn't load" in with_theirs.stderr, with_theirs
    else:
        assert shown, done


def trust_list_of_their_own_module(world):
    """The same with p11-kit's own trust module and one anchor, in Debian's bundle."""
    modules = world.scratch()
    (modules / "there.module").write_text(
        f"remote: |p11-kit remote {find_library('pkcs11/p11-kit-trust.so')}\n"
        "trust-policy: yes\n")
    bundle = world.scratch() / "ca-certificates.crt"
    bundle.write_text(world.parties["active"].root.pem)
    mounts = world.p11kit_mounts(modules) | {"/etc/ssl/certs/ca-certificates.crt": bundle}
    return world.run(["trust", "list"], mounts=mounts)
