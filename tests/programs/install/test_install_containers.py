"""orgtrust install containers: the directory that containers mount, podman's drop-in, links
for registries; and real containers that follow while they run."""

from __future__ import annotations

import os
import shutil
import tomllib

import pytest
from own_root import changes
from support.https import HttpsServer
from support.packages import ROOTS
from support.podman import HAS_GROUPS, MAKE_ROOT, PODMAN, RUN
from support.process import wait_until

DIR = "/var/lib/orgtrust/containers"
DROP_IN = "/etc/containers/containers.conf.d/orgtrust.conf"
CONF = "/etc/orgtrust/orgtrust.conf"
LINKS = ("/etc/docker/certs.d/registry.example:5000/orgtrust.crt",
         "/etc/containers/certs.d/registry.example/orgtrust.crt")


@pytest.fixture
def engine(machine):
    machine.run("mkdir", "-p", "/etc/containers", *(os.path.dirname(link) for link in LINKS))
    machine.run("rm", "-rf", "/usr/share/containers", DROP_IN)
    return machine


def test_there_and_back(engine):
    before = engine.tree()
    engine.install("containers")
    assert engine.read(CONF).decode().count(f"export_containers = {DIR}\n") == 1
    settings = tomllib.loads(engine.read(DROP_IN).decode())["containers"]
    assert settings["volumes"] == [f"{DIR}:{DIR}:ro"]
    values = dict(line.split("=", 1) for line in settings["env"])
    assert values["TERM"] == "xterm" and "/usr/bin" in values["PATH"]
    assert values["NODE_EXTRA_CA_CERTS"] == f"{DIR}/orgtrust.pem"
    named = {value for name, value in values.items() if value.startswith(DIR)}
    assert len(named) == 3
    for name in named | {f"{DIR}/README"}:
        assert engine.path(name).exists(), name
    for link in LINKS:
        assert os.readlink(engine.path(link)) == f"{DIR}/orgtrust.pem"
    assert "unchanged" in engine.install("--json", "containers").stdout
    seen = engine.orgtrust("doctor", "--json", "exports").json()
    assert [(one["result"], one["subject"]) for check in seen["checks"]
            for one in check["findings"]] == [("proved", DIR)]
    engine.path(f"{DIR}/orgtrust.pem").unlink()
    assert DIR in engine.orgtrust("doctor", "exports", status=14).stdout
    engine.orgtrust("sync")
    done = engine.uninstall("containers")
    assert f"rm -r {DIR}" in done.stdout
    engine.run("rm", "-r", DIR)
    left = {name: what for name, what in changes(before, engine.tree()).items()
            if not name.startswith(("var/lib/orgtrust", "var/cache"))}
    assert left == {}


@pytest.mark.parametrize("first", ["containers", "system"])
def test_two_stacks_in_one_configuration(engine, first):
    second = {"containers": "system", "system": "containers"}[first]
    keys = {"containers": b"export_containers", "system": b"export_system"}
    before = engine.read(CONF)
    engine.install("containers")
    engine.install("system")
    engine.uninstall(first)
    assert keys[first] not in engine.read(CONF) and keys[second] in engine.read(CONF)
    engine.uninstall(second)
    assert engine.read(CONF) == before


def test_two_stacks_of_one_configuration_in_one_run(engine):
    before = engine.read(CONF)
    engine.install("system", "containers")
    assert b"export_containers" in engine.read(CONF) and b"export_system" in engine.read(CONF)
    engine.uninstall("system", "containers")
    assert engine.read(CONF) == before


@pytest.mark.parametrize("name", ["/etc/containers/containers.conf",
                                  "/etc/containers/containers.conf.d/10-site.conf"])
def test_an_administrators_list_is_not_overruled(engine, name):
    engine.write(name, '[containers]\n  env = ["A=1"]\n')
    done = engine.install("containers")
    assert f"{name} has a list 'env' of its own" in done.stdout
    assert not engine.path(DROP_IN).exists()
    assert engine.path(f"{DIR}/bundle.pem").exists()


def test_a_configuration_that_says_so_itself_stays(engine):
    text = f"export_containers = {DIR}\n".encode() + engine.read(CONF)
    engine.write(CONF, text)
    engine.install("containers")
    assert engine.path(DROP_IN).exists() and engine.path(f"{DIR}/trust.p12").exists()
    engine.uninstall("containers")
    assert engine.read(CONF) == text and not engine.path(DROP_IN).exists()


def test_without_a_snapshot_no_container_is_told(engine):
    engine.run("rm", "-rf", "/var/cache/orgtrust/default.snapshot")
    done = engine.install("containers", status=None)
    assert done.status != 0 and "so that no container is told of it" in done.stderr
    assert not engine.path(DROP_IN).exists()


def test_without_an_engine_it_is_absent(bare_machine):
    bare_machine.run("rm", "-rf", "/etc/containers", "/etc/docker", "/etc/containerd",
                     "/etc/crio", *filter(None, map(shutil.which, (
                         "podman", "docker", "nerdctl"))))
    done = bare_machine.install("containers", status=7)
    assert "neither podman, Docker, containerd nor CRI-O is here" in done.stderr


# Real containers.

# nsenter leaves a working directory that has no name inside, which podman's conmon wants.
THERE = ("env", "-C", "/")
INSIDE = "/run/inside"
# A system of its own, as an image has it, with authorities of its own. $1 is where it goes, $2
# where roots are.
_DEBIAN = r"""
set -eu
mkdir "$1" && cd "$1"
tar -xpf "$2/bookworm.tar"
mount --rbind /dev dev
mount --rbind /proc proc
mkdir -p "$2/bookworm.downloads/partial"
mount --bind "$2/bookworm.downloads" var/cache/apt/archives
cat /etc/resolv.conf >etc/resolv.conf
apt="chroot . env DEBIAN_FRONTEND=noninteractive apt-get -qy -o Dpkg::Use-Pty=0"
set -- install --no-install-recommends curl python3 nodejs default-jdk-headless ca-certificates
$apt "$@" || { $apt update && $apt "$@"; }
umount -l dev proc var/cache/apt/archives
"""
# What podman keeps is kept apart.
_PLACE = r"""
mkdir -p /var/lib/containers /var/tmp
mount -t tmpfs tmpfs /var/lib/containers
"""
_LOOP = r"""
import os, signal, sys, time, urllib.request
signal.signal(signal.SIGTERM, lambda *_: os._exit(0)) # the first process has no default
url, state = sys.argv[1], None
while True:
    try:
        now = urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        now = False
    if now != state:
        print("believes" if now else "refuses", flush=True)
    state = now
    time.sleep(0.2)
"""
_JAVA = """
public class Visit {
    public static void main(String[] args) throws Exception {
        System.out.println(new String(
            new java.net.URL(args[0]).openStream().readAllBytes()));
    }
}
"""
needs_podman = pytest.mark.skipif(
    not shutil.which("podman") or not shutil.which("runc") or not HAS_GROUPS,
    reason="needs podman, runc and /sys/fs/cgroup, which a root without /sys does not have")


@pytest.fixture
def site(tmp_path, certs, party):
    leaf = certs.issue(party.root, "localhost", san="DNS:localhost")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("seen inside\n")
    server = HttpsServer(tmp_path / "pages", leaf.path, leaf.key)
    yield server
    server.stop()


def inside(machine, site):
    """Commands of what is there, each of which shows the page."""
    def is_there(name):
        return os.path.lexists(machine.path(f"{INSIDE}/usr/bin/{name}"))

    yield ["curl", "-sS", site.url]
    yield ["python3", "-c", "import sys,urllib.request as u;"
           "print(u.urlopen(sys.argv[1]).read())", site.url]
    if is_there("node"):
        yield ["node", "-e", "require('https').get(process.argv[1], r => r.pipe("
               "process.stdout))", site.url]
    if is_there("java"):
        yield ["sh", "-c", f"echo '{_JAVA}' >/tmp/Visit.java; "
               f"java -XX:TieredStopAtLevel=1 /tmp/Visit.java {site.url}"]


def check_containers_follow(machine, party, site, log, way):
    """Each program in one of its own, and one that is there all the while."""
    machine.run("sh", "-c", _PLACE)
    machine.run("rm", "-rf", "/usr/share/containers/containers.conf", "/etc/containers/"
                "containers.conf")
    for argv in inside(machine, site):
        alone = machine.run(*THERE, *PODMAN, *RUN, "--rootfs", INSIDE, *argv, status=None)
        assert "seen inside" not in alone.stdout and alone.status < 125, alone
    prefix = (*THERE, *(("/usr/bin/orgtrust", "run") if way == "run" else ()))
    if way == "install":
        machine.install("containers")
    else:
        machine.write(CONF, f"export_containers = {DIR}\n".encode() + machine.read(CONF))
        machine.orgtrust("sync")
    for argv in inside(machine, site):
        done = machine.run(*prefix, *PODMAN, *RUN, "--rootfs", INSIDE, *argv,
                           timeout=120)
        assert "seen inside" in done.stdout, done
    loop = machine.start(*prefix, *PODMAN, *RUN, "--rootfs", INSIDE, "python3",
                         "-c", _LOOP, site.url, log=log)
    try:
        wait_until(lambda: "believes" in loop.output(), what="the container believes")
        party.organization.api.deactivate(party.id)
        machine.orgtrust("sync", "--accept-empty")
        wait_until(lambda: loop.output().split()[-1] == "refuses", what="it refuses")
        party.organization.api.activate(party.id)
        machine.orgtrust("sync")
        wait_until(lambda: loop.output().split()[-1] == "believes", what="it believes again")
    finally:
        loop.child.terminate()
        loop.child.wait()


@needs_podman
@pytest.mark.parametrize("way", ["run", "install"])
def test_a_container_follows_while_it_runs(machine, party, site, tmp_path, way):
    machine.run("sh", "-c", MAKE_ROOT, "sh", INSIDE)
    check_containers_follow(machine, party, site, tmp_path / "loop.log", way)


# Fetches and installs what is inside.
@pytest.mark.long
@needs_podman
@pytest.mark.skipif(not (ROOTS / "bookworm.tar").exists(),
                    reason="NO bookworm ROOT: tests/support/roots/make makes it")
def test_a_container_with_a_debian_of_its_own_follows(machine, party, site, tmp_path):
    machine.share(ROOTS)
    machine.run("sh", "-c", _DEBIAN, "sh", INSIDE, ROOTS, timeout=900)
    check_containers_follow(machine, party, site, tmp_path / "loop.log", "install")
