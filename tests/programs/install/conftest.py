"""An organization with a root that moves, servers below it, machines to install on."""

import sys
from pathlib import Path

import pytest
from own_root import OwnRoot, can_have_one
from support import paths
from support.organization import Organization
from support.tls import TlsServer

# The programs of test_system_distrusted.py; ours come first.
sys.path.append(str(Path(__file__).resolve().parents[1] / "clients"))

needs_own_root = pytest.mark.skipif(not can_have_one(), reason="needs root and mounts")
# Programs of the distribution load what was built; tests/unit runs the transaction itself
# under the sanitizers.
plain_build = pytest.mark.skipif(
    bool(paths.WRAP) or paths.is_sanitized("address") or paths.is_sanitized("thread"),
    reason="with the plain build")


# p11-kit and systemd look there and nowhere else.
_CACHE = paths.BUILD / "CMakeCache.txt"
below_usr = pytest.mark.skipif(
    not _CACHE.exists() or "CMAKE_INSTALL_PREFIX:PATH=/usr\n" not in _CACHE.read_text(),
    reason="with -DCMAKE_INSTALL_PREFIX=/usr")


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/programs/install" in str(item.path):
            item.add_marker(needs_own_root)
            item.add_marker(plain_build)
            item.add_marker(below_usr)


class Party:
    """An organization with one active root, and a TLS server below that root."""

    def __init__(self, directory, certs):
        self.organization = Organization(directory / "organization")
        self.root = certs.ca("Root of the installed", key=certs.new_key(),
                             extensions=("keyUsage=critical,keyCertSign,cRLSign",))
        self.id = self.organization.add(self.root, self.root.cn)
        self.leaf = certs.issue(self.root, "localhost", san="DNS:localhost", usage="serverAuth",
                                extensions=("authorityKeyIdentifier=keyid",))
        self.server = TlsServer(directory, self.leaf)
        self.port = self.server.address.rsplit(":", 1)[1]

    def close(self):
        self.server.stop()
        self.organization.stop()


@pytest.fixture(scope="module")
def party(tmp_path_factory, certs):
    made = Party(tmp_path_factory.mktemp("party"), certs)
    yield made
    made.close()


@pytest.fixture
def bare_machine(tmp_path):
    """Installed, and that is all."""
    made = OwnRoot(tmp_path / "machine")
    yield made
    made.close()


@pytest.fixture
def machine(tmp_path, party):
    """Configured for the organization, synced, and not yet known to p11-kit."""
    made = OwnRoot(tmp_path / "machine", key=party.organization.key)
    made.write("/etc/orgtrust/admin.key", party.organization.key + "\n", mode=0o600)
    made.write("/etc/orgtrust/orgtrust.conf",
               f"base_url = {party.organization.base_url}\n"
               "admin_key_file = /etc/orgtrust/admin.key\nrefresh_interval = 1h\n")
    made.path("/usr/share/p11-kit/modules/orgtrust.module").unlink()
    made.orgtrust("sync")
    yield made
    made.close()
