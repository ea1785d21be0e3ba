"""A private root of the system's own list of authorities, which every program believes, is
distrusted in the organization: after one sync none does, once it is taken back all do, and
after uninstall every file is what it was."""

from __future__ import annotations

import clients
import pytest
from file_clients import (BELIEVED, apt, curl, git, gnutls_cli, nginx, node, nss,
                          openssl_directory, perl, php, python, ruby, wget_by_file)
from own_root import OwnRoot, same
from support.https import HttpsServer
from support.p11_system import need
from support.process import clean_environment
from test_java import SOURCE, Client, Compiled

STACKS = ("openssl", "p11-kit", "nss", "firefox", "chromium", "system")
LISTED, CONF = "/etc/ca-certificates.conf", "/etc/orgtrust/orgtrust.conf"
DATABASE = "/root/.pki/nssdb"
# JDKs' store, in which Debian keeps when each authority was added.
KEYSTORE = "etc/ssl/certs/java/cacerts"
# What Chromium keeps for itself.
CHROMIUMS = ("root/.config", "root/.cache")
SLOW = 300.0


class SystemWorld:
    """A machine whose programs are told of no authorities but the system's; NSS has none of
    these, so that its user trusts the root, too."""

    bundle = empty = hashed = token = None
    database = DATABASE

    def __init__(self, machine, directory, root):
        self.machine, self.dir, self.pages = machine, directory, directory / "pages"
        self.pages.mkdir()
        (self.pages / "index.html").write_text(BELIEVED + "\n")
        machine.share(directory)
        self.env = clean_environment(HOME="/root")
        self._count = 0
        machine.write("/usr/share/ca-certificates/theirs.crt", root.pem)
        machine.write(LISTED, machine.read(LISTED) + b"theirs.crt\n")
        machine.run("update-ca-certificates", timeout=SLOW)
        clients.make_database(machine, DATABASE)
        machine.run("certutil", "-d", f"sql:{DATABASE}", "-A", "-n", "theirs", "-t", "C,,",
                    "-i", "/usr/share/ca-certificates/theirs.crt")

    def scratch(self):
        self._count += 1
        path = self.dir / f"scratch-{self._count}"
        path.mkdir()
        return path

    def prefix(self, p11kit=False) -> list[str]:
        assert not p11kit
        return self.machine.prefix()

    def run(self, argv, *, p11kit=False, env=None, **more):
        assert not p11kit
        return self.machine.run(*argv, env=env, status=None, timeout=SLOW, **more)

    def keystore(self) -> set[str]:
        """The digests of what JDKs trust."""
        listed = self.machine.run("keytool", "-list", "-cacerts", "-storepass", "changeit",
                                  timeout=SLOW)
        return {line for line in listed.stdout.splitlines() if "(SHA-256)" in line}


def vfyserv(world, server) -> bool:
    done = world.run([need("vfyserv", "libnss3-tools"), "-d", f"sql:{DATABASE}", "-p",
                      server.port, server.host], stdin=b"")
    believed = "SERVER CONFIGURED CORRECTLY" in done.text
    assert believed or "error" in done.text.lower(), done
    return believed


def java(world, server) -> bool:
    if not hasattr(world, "java"):
        world.machine.share(SOURCE.parent)
        world.java = Compiled(world)
    with Client(world.java, []) as client:
        return client.believes(server)


def chromium(world, server) -> bool:
    believed = clients.chromium(world.machine, server.port, page=BELIEVED, timeout=SLOW)
    if believed is None:
        pytest.skip("chromium is not installed")
    return believed


CLIENTS = (openssl_directory, curl, wget_by_file, git, python, perl, ruby, php, nginx, apt,
           node, gnutls_cli, nss, vfyserv, java, chromium)


def believers(world, server) -> dict[str, bool]:
    """Who of those that are here believes the server."""
    found = {}
    for client in CLIENTS:
        try:
            found[client.__name__] = client(world, server)
        except pytest.skip.Exception:
            continue
    return found


def tree(machine) -> dict[str, tuple]:
    """Without the times of files: what was changed and put back has another."""
    return {name: what[:5] for name, what in machine.tree().items()}


@pytest.fixture
def doubtful(tmp_path, party, certs):
    """The world, a server below its root, and how to say no to that."""
    organization = party.organization
    root = certs.ca("Doubtful root of the system", key=certs.new_key(),
                    extensions=("keyUsage=critical,keyCertSign,cRLSign",))
    leaf = certs.issue(root, "localhost", san="DNS:localhost,IP:127.0.0.1",
                       usage="serverAuth", extensions=("authorityKeyIdentifier=keyid",))
    ident = organization.add(root, root.cn, active=False)
    no = organization.client(project="proj_system")
    machine = OwnRoot(tmp_path / "machine", key=organization.key)
    machine.write("/etc/orgtrust/admin.key", organization.key + "\n", mode=0o600)
    machine.write(CONF, f"base_url = {organization.base_url}\n"
                  "admin_key_file = /etc/orgtrust/admin.key\nrefresh_interval = 1h\n"
                  "probe_connections = no\n[source default]\n[source no]\n"
                  "project = proj_system\ninherit = no\nmeaning = distrust\n")
    shared = tmp_path / "shared"
    shared.mkdir()
    world = SystemWorld(machine, shared, root)
    server = HttpsServer(world.pages, leaf.path, leaf.key)

    def say(denied: bool):
        (no.activate if denied else no.deactivate)(ident)
        machine.orgtrust("sync", timeout=SLOW)

    yield world, server, say
    no.deactivate(ident)
    organization.api.delete(ident)
    server.stop()
    no.close()
    machine.close()


def test_every_program_refuses_it_after_one_sync(doubtful):
    world, server, say = doubtful
    machine = world.machine
    machine.path("/usr/share/p11-kit/modules/orgtrust.module").unlink(missing_ok=True)
    machine.orgtrust("sync")
    before, keystore = tree(machine), world.keystore()
    found = believers(world, server)
    everybody = dict.fromkeys(found, True)
    assert found == everybody

    machine.install(*STACKS, timeout=SLOW)
    assert believers(world, server) == everybody, "who is here trusts as before"
    say(True)
    assert believers(world, server) == dict.fromkeys(everybody, False)
    say(False)
    assert believers(world, server) == everybody

    say(True)
    machine.uninstall(timeout=SLOW)
    assert curl(world, server) and nss(world, server)
    same(before, tree(machine), but=("var/cache/", "tmp/", KEYSTORE, *CHROMIUMS))
    assert world.keystore() == keystore
