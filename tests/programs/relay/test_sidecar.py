"""`orgtrust watch` beside an application that sees only its cache directory, read-only: the
two containers of a pod, as mount and network namespaces."""

from __future__ import annotations

import shutil

import pytest
from support import paths
from support.p11_system import can_mount, with_plain_build
from support.process import Background, clean_environment, run, wait_until
from support.world import World

pytestmark = with_plain_build

SHARED = "/srv/trust"
CONTAINER = paths.REPOSITORY / "tests" / "support" / "in_private_system"
APPLICATION, OTHER = 65534, 4242


class Pod:
    """The shared directory is as a pod's emptyDir: everybody may write it where it is not
    mounted read-only, so the cache is a directory in it."""

    def __init__(self, place, base_url: str, key: str):
        self.world = World(place / "sidecar", base_url, key)
        self.shared = place / "shared"
        self.shared.mkdir()
        self.shared.chmod(0o777)
        self.etc = {}
        for who, lines in (("sidecar", [f"admin_key_file = {SHARED}-key/admin.key"]),
                           ("application", [])):
            self.etc[who] = place / f"etc-{who}"
            self.etc[who].mkdir()
            (self.etc[who] / "orgtrust.conf").write_text("\n".join(
                [f"base_url = {base_url}", f"cache_dir = {SHARED}/orgtrust",
                 "refresh_interval = 1s", *lines]) + "\n")
        shutil.copy(paths.PROVIDER, self.etc["application"])
        (self.etc["application"] / "openssl.cnf").write_text(
            self.world.openssl_cnf.read_text().replace(str(paths.PROVIDER),
                                                       "/etc/orgtrust/orgtrust.so"))
        self.key = place / "key"
        self.key.mkdir()
        shutil.copy(self.world.key_file, self.key)
        shutil.copy(paths.COMMAND, self.etc["sidecar"])

    def watch(self, account=0) -> Background:
        """The sidecar: it alone has the network and the key."""
        for path in (self.key, self.key / "admin.key"):
            shutil.chown(path, account, account)
        started = Background(
            [CONTAINER, "--put", self.shared, SHARED, "--put", self.etc["sidecar"],
             "/etc/orgtrust", "--put", self.key, f"{SHARED}-key", "--as", str(account),
             "/etc/orgtrust/orgtrust", "watch"],
            env=clean_environment(), log=self.world.dir / "sidecar.log")
        self.world.background.append(started)
        return started

    def application(self, *argv, account=APPLICATION):
        """A command in the application's container."""
        inside = (f"mount -o remount,bind,ro {SHARED} && exec unshare --net setpriv "
                  f"--reuid={account} --regid={account} --clear-groups -- \"$@\"")
        return run([CONTAINER, "--put", self.shared, SHARED,
                    "--put", self.etc["application"], "/etc/orgtrust",
                    "sh", "-c", inside, "sh", *argv],
                   env=clean_environment(OPENSSL_CONF="/etc/orgtrust/openssl.cnf"))

    def trusted(self, **more) -> int:
        done = self.application(paths.OPENSSL, "storeutl", "-noout", "-certs", "orgtrust:///",
                                **more)
        return int(done.stdout.split("Total found: ")[1]) if done.status == 0 else 0


@pytest.fixture
def pod(tmp_path, organization):
    if not can_mount():
        pytest.skip("needs mount namespaces: run as root")
    made = Pod(tmp_path, organization.base_url, organization.key)
    yield made
    made.world.close()


def test_the_application_follows_what_the_sidecar_sees(pod, organization, roots):
    ids = [organization.add(root) for root in roots[:2]]
    assert pod.trusted() == 0, "nothing, before the first sync"
    sidecar = pod.watch()
    wait_until(lambda: pod.trusted() == 2, what=f"the first sync: {sidecar.output()}")
    organization.api.activate(organization.api.upload(roots[2]))
    wait_until(lambda: pod.trusted() == 3, what="the addition")
    organization.api.deactivate(*ids)
    wait_until(lambda: pod.trusted() == 1, what="the removal")

    before = sorted(path.name for path in pod.shared.rglob("*"))
    for target in (SHARED, f"{SHARED}/orgtrust"):
        done = pod.application("touch", f"{target}/x")
        assert done.status != 0 and "Read-only" in done.stderr, done
    assert sorted(path.name for path in pod.shared.rglob("*")) == before
    done = pod.application("cat", f"{SHARED}-key/admin.key")
    assert done.status != 0 and not done.out, "the key is the sidecar's alone"

    sidecar.stop()
    assert pod.trusted() == 1, "what was there stays"


def test_whose_the_cache_must_be(pod, organization, roots):
    """Root's, or the application's own: another account could slip something in."""
    organization.add(roots[0])
    sidecar = pod.watch(OTHER)
    wait_until(lambda: pod.trusted(account=OTHER) == 1, what="the sidecar's own account")
    assert pod.trusted() == 0
    (pod.shared / "orgtrust").chmod(0o755)
    done = pod.application(paths.OPENSSL, "storeutl", "-noout", "-certs", "orgtrust:///")
    assert done.status != 0 and str(OTHER) in done.stderr, done
    sidecar.stop()
