"""Chromium by the machine's policy that export_chromium keeps: users who did nothing for it,
in a browser that runs all the while, in both directions.

The browser and the sync that writes the policy see directories of the test's own as
/etc/chromium and /var/lib; what follows a change has 15 seconds."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from module_world import kept_open
from nss_database import make_database
from support import paths
from support.devtools import Chromium
from support.https import HttpsServer
from support.p11_system import P11System, need, with_plain_build
from support.world import World

pytestmark = with_plain_build

UNKNOWN = "net::ERR_CERT_AUTHORITY_INVALID"
WITHIN = 15
# A browser begins to watch its policies some seconds after it has read them; what changes in
# between it sees no sooner than with the next change.
BEGUN_WATCHING = 6
NAMES = "good.example, 127.0.0.2"
# What the limited authority is asked to vouch for: host, alternative name, whether it may.
LIMITED = {
    "inside": ("www.good.example", "DNS:www.good.example", True),
    "other": ("www.bad.example", "DNS:www.bad.example", False),
    "alike": ("good.example.evil.example", "DNS:good.example.evil.example", False),
    "address": ("127.0.0.1", "IP:127.0.0.1", False),
    "permitted address": ("127.0.0.2", "IP:127.0.0.2", True),
    "both": ("www.good.example", "DNS:www.good.example,DNS:www.bad.example", False),
}
CHAINS = ("leaf", "root", "twin")
_CA = ("keyUsage=critical,keyCertSign,cRLSign",)
_BY_KEY = ("authorityKeyIdentifier=keyid",)


class PolicyWorld(P11System):
    """A machine with three sources: the organization's, `limited` with names, and `no`,
    which distrusts; each of its own authority, which the tests make active there."""

    def __init__(self, organization, certs):
        place = Path(tempfile.mkdtemp(prefix="orgtrust-policy-", dir="/var/tmp"))
        place.chmod(0o755)
        super().__init__(place, World(place / "world", organization.base_url,
                                      organization.key))
        self.organization, self.certs = organization, certs
        self.etc = self._directory("etc-chromium")
        self.state = self._directory("var-lib")
        self.policy = self.etc / "policies" / "managed" / "00-orgtrust.json"
        self.pages = self._directory("pages")
        (self.pages / "index.html").write_text("it was believed\n")
        self.servers: list[HttpsServer] = []
        self.apis = {name: organization.client(project=f"proj_{name}")
                     for name in ("limited", "no")}
        self.roots = {name: certs.ca(f"Policy {name}", key=certs.new_key(), extensions=_CA)
                      for name in ("moving", "limited", "no")}
        self.ids = {name: organization.add(root, name, active=False)
                    for name, root in self.roots.items()}
        self.hosts = place / "hosts"
        self.hosts.write_text("127.0.0.1 localhost www.good.example www.bad.example "
                              "good.example.evil.example\n")
        self.world.configure(
            "[source default]\n"
            f"[source limited]\nproject = proj_limited\ninherit = no\nnames = {NAMES}\n"
            "[source no]\nproject = proj_no\nmeaning = distrust\n",
            refresh_interval="1h", auto_refresh="no", export_chromium="yes")
        self.sync()

    def prefix(self, p11kit=False, account=None, mounts=None):
        ours = {"/etc/hosts": self.hosts, "/etc/chromium": self.etc, "/var/lib": self.state}
        return super().prefix(p11kit, account, ours | (mounts or {}))

    def sync(self):
        done = self.run([*paths.WRAP, paths.COMMAND, "sync", "--accept-empty"])
        assert done.status == 0, done

    def set(self, name: str, active: bool):
        api = self.apis.get(name, self.organization.api)
        (api.activate if active else api.deactivate)(self.ids[name])
        self.sync()

    def serve(self, root, host="localhost", san=None, behind="", listen="127.0.0.1"):
        leaf = self.certs.issue(root, host, san=san or f"DNS:{host}", usage="serverAuth",
                                extensions=_BY_KEY)
        chain = self.dir / f"chain-{leaf.serial}.pem"
        chain.write_text(leaf.pem + behind)
        self.servers.append(HttpsServer(self.pages, chain, leaf.key, host, (listen, 0)))
        return self.servers[-1]

    def browse(self, home=None) -> Chromium:
        """A user who never started it before, unless the home is named."""
        started = Chromium(self, need("chromium"), home or self.scratch())
        time.sleep(BEGUN_WATCHING * paths.SLOWNESS)
        return started

    def close(self):
        for server in self.servers:
            server.stop()
        for api in self.apis.values():
            api.close()
        try:
            self.world.close()
        finally:
            shutil.rmtree(self.dir, ignore_errors=True)


@pytest.fixture(scope="module")
def machine(tmp_path_factory, certs):
    need("chromium")
    with kept_open(PolicyWorld, tmp_path_factory.mktemp("policy"), certs) as made:
        yield made


def becomes(browsers, server, refusal):
    """Seen by all of them in time; what they say in the end is what a message shows."""
    end = time.monotonic() + WITHIN * paths.SLOWNESS
    while (seen := [b.refusal(server.url) for b in browsers]) != [refusal] * len(browsers):
        assert time.monotonic() < end, seen
        time.sleep(0.5)


def test_browsers_that_run_follow_in_both_directions(machine):
    """Two users, of whom none has an NSS database, and the second starts it later."""
    server = machine.serve(machine.roots["moving"])
    browsers = [machine.browse()]
    try:
        assert browsers[0].refusal(server.url) == UNKNOWN
        machine.set("moving", True)
        becomes(browsers, server, None)
        browsers.append(machine.browse())
        assert browsers[1].refusal(server.url) is None
        machine.set("moving", False)
        becomes(browsers, server, UNKNOWN)
    finally:
        machine.set("moving", False)
        for browser in browsers:
            browser.stop()


def test_a_limited_authority_is_held_to_its_names(machine):
    root = machine.roots["limited"]
    other = machine.certs.ca("Policy nobody", key=machine.certs.new_key(), extensions=_CA)
    twin = machine.certs.issue(other, root.cn, is_ca=True, key=root.key,
                               extensions=_CA + _BY_KEY + ("subjectKeyIdentifier=hash",))
    behind = {"leaf": "", "root": root.pem, "twin": twin.pem}
    machine.set("limited", True)
    browser = machine.browse()
    try:
        entry, = json.loads(machine.policy.read_text())["CACertificatesWithConstraints"]
        assert entry["constraints"] == {"permitted_dns_names": ["good.example"],
                                        "permitted_cidrs": ["127.0.0.2/32"]}
        for name, (host, san, may) in LIMITED.items():
            listen = host if host[0].isdigit() else "127.0.0.1"
            for chain in CHAINS:
                server = machine.serve(root, host, san, behind[chain], listen)
                believed = browser.refusal(server.url) is None
                assert believed is may, (name, chain)
    finally:
        browser.stop()
        machine.set("limited", False)


def test_a_distrusted_one_is_refused_whatever_its_user_trusts(machine):
    """Its user's own NSS database, and the organization itself; and a twin of its key."""
    root = machine.roots["no"]
    server = machine.serve(root)
    home = machine.scratch()
    database = make_database(machine, home / ".pki" / "nssdb", None)
    done = machine.run([need("certutil", "libnss3-tools"), "-A", "-d", f"sql:{database}",
                        "-n", "no", "-t", "C,,", "-i", root.path])
    assert done.status == 0, done
    twin = machine.certs.ca("Policy no, again", key=root.key, extensions=_CA)
    other = machine.organization.add(twin, "twin")
    machine.sync()
    browser = machine.browse(home)
    try:
        assert browser.refusal(server.url) is None
        machine.set("no", True)
        becomes([browser], server, UNKNOWN)
        assert browser.refusal(machine.serve(twin).url) == UNKNOWN
        machine.set("no", False)
        becomes([browser], server, None)
    finally:
        browser.stop()
        machine.set("no", False)
        machine.organization.api.deactivate(other)
        machine.sync()


def test_lists_of_other_files_count_beside_ours(machine):
    theirs = machine.certs.ca("Policy theirs", key=machine.certs.new_key(), extensions=_CA)
    other = machine.policy.with_name("admin.json")
    other.write_text(json.dumps(
        {"CACertificates": [base64.b64encode(theirs.der).decode()]}))
    before = other.stat().st_ino, other.read_bytes()
    machine.set("moving", True)
    browser = machine.browse()
    try:
        assert browser.refusal(machine.serve(theirs).url) is None
        assert browser.refusal(machine.serve(machine.roots["moving"]).url) is None
        assert (other.stat().st_ino, other.read_bytes()) == before
    finally:
        browser.stop()
        other.unlink()
        machine.set("moving", False)
