"""export_system and a source that distrusts, on Fedora and Arch in outline: the blocklist of
p11-kit, read by the p11-kit of this machine."""

import pytest
from support.p11_system import can_mount, find_library, need
from support.process import run
from support.world import DISK, NETWORK
from support import paths
from test_system import PRIVATE, STATE

pytestmark = pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")

# Where the distribution has its own, where an administrator has his, and its tool.
FEDORA = ("/usr/share/pki/ca-trust-source", "/etc/pki/ca-trust/source",
          "/usr/bin/update-ca-trust")
ARCH = ("/usr/share/ca-certificates/trust-source", "/etc/ca-certificates/trust-source",
        "/usr/bin/trust")


class PeerSystem:
    """Its directories, with a root that it trusts; its tool extracts a bundle of them."""

    def __init__(self, directory, world, layout):
        self.world, self.dir = world, directory
        distributions, administrators, tool = layout
        self.share, self.source = directory / "share", directory / "source"
        for path in (self.share / "anchors", self.source / "anchors",
                     self.source / "blocklist", directory / "state", directory / "modules"):
            path.mkdir(parents=True)
        self.bundle = directory / "bundle.pem"
        module = find_library("pkcs11/p11-kit-trust.so")
        (directory / "modules" / "trust.module").write_text(
            f"module: {module}\ntrust-policy: yes\n"
            f"x-init-reserved: paths='{administrators}:{distributions}'\n")
        self.tool = directory / "tool"
        self.trust = directory / "the-trust"
        self.trust.write_bytes(open(need("trust", "p11-kit"), "rb").read())
        self.tool.write_text(f"#!/bin/sh\n{self.trust} extract --format pem-bundle --overwrite "
                             f"--filter ca-anchors --purpose server-auth {self.bundle}\n")
        nothing = directory / "nothing"
        nothing.touch(mode=0o644)
        for path in (self.tool, self.trust):
            path.chmod(0o755)
        self.mounts = {STATE: directory / "state", distributions: self.share,
                       administrators: self.source, tool: self.tool,
                       "/usr/share/p11-kit/modules": directory / "modules",
                       "/usr/sbin/update-ca-certificates": nothing}

    def run(self, argv, status=0):
        puts = [word for target, source in self.mounts.items()
                for word in ("--put", source, target)]
        done = self.world.check(run([PRIVATE, *puts, *argv], timeout=120, env=self.world.env))
        assert done.status == status, done
        return done

    def sync(self, *args, status=0):
        return self.run([*paths.WRAP, paths.COMMAND, "sync", *args], status)

    def trusts(self) -> bool:
        return "BEGIN CERTIFICATE" in self.bundle.read_text()

    def files(self) -> dict:
        """All that an uninstallation has to leave as it was."""
        return {path.relative_to(self.dir): path.read_bytes()
                for top in (self.share, self.source, self.dir / "state")
                for path in top.rglob("*") if path.is_file()}


@pytest.fixture(params=[FEDORA, ARCH], ids=["Fedora", "Arch"])
def peer(request, tmp_path, world, organization, certs):
    made = PeerSystem(tmp_path / "peer", world, request.param)
    key = certs.new_key()
    extensions = ("keyUsage=critical,keyCertSign,cRLSign",)
    theirs = certs.ca("Doubtful", key=key, extensions=extensions)
    twin = certs.ca("Doubtful", key=key, extensions=extensions)
    (made.share / "anchors" / "theirs.pem").write_text(theirs.pem)
    (made.source / "blocklist" / "admins.pem").write_text(certs.ca("Long gone").pem)
    made.run([made.tool])
    made.before = made.files()
    made.id = organization.add(twin, "twin", active=False)
    made.no = organization.client(project="proj_no")
    world.configure("[source default]\n[source no]\nproject = proj_no\n"
                    "meaning = distrust\nexport_system = yes\n", auto_refresh="no",
                    refresh_interval="1h")
    made.sync()
    assert made.trusts() and made.files() == made.before
    yield made
    made.no.close()


def test_what_the_distribution_trusts_is_blocked_and_trusted_again(peer):
    peer.no.activate(peer.id)
    peer.sync("--source", "no")
    assert not peer.trusts()
    (ours,) = (peer.source / "blocklist").glob("orgtrust-*.pem")
    before = ours.stat().st_ctime_ns
    peer.sync()
    assert ours.stat().st_ctime_ns == before, "nothing new, nothing written"
    peer.no.deactivate(peer.id)
    peer.sync("--source", "no")
    assert peer.trusts() and peer.files() == peer.before


def test_it_is_taken_back_with_the_configuration(peer):
    peer.no.activate(peer.id)
    peer.sync()
    assert not peer.trusts()
    peer.world.configure(auto_refresh="no", refresh_interval="1h")
    peer.sync()
    assert peer.trusts() and peer.files() == peer.before


def test_what_is_not_known_takes_nothing_back(peer, organization):
    peer.no.activate(peer.id)
    peer.sync()
    peer.world.snapshot_path("no").unlink()
    organization.stop()
    peer.sync(status=NETWORK)
    assert not peer.trusts() and list((peer.source / "blocklist").glob("orgtrust-*.pem"))


def test_a_tool_that_failed_is_run_again(peer):
    text = peer.tool.read_text()
    peer.tool.write_text("#!/bin/sh\nexit 7\n")
    peer.no.activate(peer.id)
    peer.sync(status=DISK)
    assert peer.trusts()
    peer.tool.write_text(text)
    peer.sync()
    assert not peer.trusts()
