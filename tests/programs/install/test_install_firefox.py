"""Firefox: a user's profiles, everybody's by what their logins start, and the policy that an
administrator asks for by name."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
from configparser import ConfigParser
from pathlib import Path

import pytest
from clients import MODULE, ORDERED, make_database, order_of
from own_root import changes
from support.marionette import Firefox
from support.p11_system import need
from support.process import Background, clean_environment, wait_until
from support.tls import TlsServer

UNIT = "/usr/lib/systemd/user/orgtrust-firefox.service"
WANTED = "/etc/systemd/user/default.target.wants/orgtrust-firefox.service"
DESKTOP = "/etc/xdg/autostart/orgtrust-firefox.desktop"
SYSTEMD = "/usr/lib/systemd/systemd"
NOBODY_YET = 7  # a user without a profile
UNKNOWN, DISTRUSTED = "SEC_ERROR_UNKNOWN_ISSUER", "SEC_ERROR_UNTRUSTED_ISSUER"


class Person:
    """A user of the machine, with a home."""

    def __init__(self, machine, uid: int, directory: Path):
        self.machine, self.uid, self.directory = machine, uid, directory
        self.home = f"/home/{uid}"
        machine.path(self.home).mkdir()
        os.chown(machine.path(self.home), uid, uid)

    def _account(self) -> list[str]:
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--"]

    def run(self, *argv, env=None, **more):
        return self.machine.run(*self._account(), *argv, env={"HOME": self.home} | (env or {}),
                                **more)

    def start(self, argv, env, **more) -> Background:
        """What a driver of browsers wants; it names files as this process reaches them."""
        outside = str(self.machine.root)
        words = [str(word).replace(outside, "") for word in argv]
        return Background(
            ["nsenter", f"--target={self.machine.holder.pid}", "--mount", "--root", "--wd=/",
             "--", *self._account(), *words],
            env=clean_environment() | env | {"HOME": self.home},
            log=self.directory / f"{self.uid}.log", **more)

    def login(self, status=0):
        """What the session's manager runs, by the unit that it has."""
        command = re.search(r"^ExecStart=(.*)$", self.machine.read(UNIT).decode(), re.M)[1]
        done = self.run(*shlex.split(command), status=status)
        assert done.text == "", "it is silent"
        return done

    def lists(self) -> list[str]:
        """The profiles' module lists."""
        tops = (".mozilla/firefox", ".config/mozilla/firefox")
        return ["/" + str(path.parent.relative_to(self.machine.root)) for top in tops
                for path in sorted(self.machine.path(f"{self.home}/{top}").glob("*/pkcs11.txt"))]

    def browse(self, prepare) -> Firefox:
        """A new profile that prepare(its directory in the machine) sees to before the browser
        does."""
        above = self.machine.path(f"{self.home}/.mozilla/firefox")
        self.run("mkdir", "-p", f"{self.home}/.mozilla/firefox")

        def own(profile: Path):
            for path in (profile, *profile.iterdir()):
                os.chown(path, self.uid, self.uid)
            prepare(f"{self.home}/.mozilla/firefox/{profile.name}")

        return Firefox(self, "/usr/bin/firefox-esr", above, own)


@pytest.fixture
def follower(machine):
    """For every login, and a cache that everybody reads."""
    need("firefox-esr")
    machine.run("chmod", "755", "/var/cache/orgtrust")
    machine.install("firefox")
    return machine


def test_a_first_profile_is_reached_by_the_next_login(follower, tmp_path):
    ada = Person(follower, 4001, tmp_path)
    ada.login(status=NOBODY_YET)
    first = ada.start(["/usr/bin/firefox-esr", "--headless"], {}, start_new_session=True)
    try:
        wait_until(ada.lists, timeout=60, what="the first profile's list of modules")
        ada.login()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(first.pid, signal.SIGTERM)
        first.child.wait(30)
    made = ada.lists()
    assert [order_of(follower, profile) for profile in made] == [ORDERED] * len(made), \
        "a browser that ran meanwhile leaves it"
    before = follower.tree()
    ada.login()
    assert not changes(before, follower.tree()), "nothing is to do"


def test_a_users_distrust_stands_and_a_removal_reaches_all(follower, party, tmp_path):
    """Two users: one trusts whom the organization does, the other took that back."""
    ada, bob = Person(follower, 4001, tmp_path), Person(follower, 4002, tmp_path)
    follower.write("/root.pem", party.root.pem)

    def doubt(profile):
        make_database(bob, profile)
        bob.run("certutil", "-A", "-d", f"sql:{profile}", "-n", "mine", "-t", "p,p,p", "-i",
                "/root.pem")
        bob.login()

    def trust(profile):
        make_database(ada, profile)
        ada.login()

    with contextlib.ExitStack() as stack:
        browsers = []
        for person, prepare in ((ada, trust), (bob, doubt)):
            browsers.append(person.browse(prepare))
            stack.callback(browsers[-1].stop)
        url = f"https://localhost:{party.port}/"
        assert [browser.refusal(url, "s_server") for browser in browsers] == [None, DISTRUSTED]
        party.organization.api.deactivate(party.id)
        stack.callback(party.organization.api.activate, party.id)
        follower.orgtrust("sync")
        another = TlsServer(tmp_path, party.leaf)
        stack.callback(another.stop)
        url = f"https://localhost:{another.address.rsplit(':', 1)[1]}/"
        assert browsers[0].refusal(url, "s_server") == UNKNOWN


def test_the_manager_of_a_session_starts_it(bare_machine):
    """systemd's, of a user, says what it would start: only for who has a profile or could
    have one, and not for the system's own users."""
    need("systemctl", "systemd")
    if not os.path.isdir("/sys/fs/cgroup"):
        pytest.skip("systemd needs /sys/fs/cgroup, which a root without /sys does not have")
    session = ("setpriv", "--reuid=4001", "--regid=4001", "--clear-groups", "--", SYSTEMD,
               "--user", "--test")
    env = {"HOME": "/home/user", "XDG_RUNTIME_DIR": "/run/session"}
    bare_machine.run("install", "-d", "-o", "4001", "/run/session")

    def starts() -> bool:
        done = bare_machine.run(*session, env=env, status=None)
        assert "Action: basic.target -> start" in done.text, done
        return "Action: orgtrust-firefox.service -> start" in done.text

    assert not starts()
    bare_machine.install("firefox")
    assert starts()
    assert os.readlink(bare_machine.path(WANTED)) == UNIT
    done = bare_machine.uninstall("firefox")
    assert "keep it until their user runs: orgtrust uninstall firefox" in done.stdout
    assert not starts()


def test_without_systemd_the_desktop_starts_it(bare_machine):
    bare_machine.path(SYSTEMD).unlink(missing_ok=True)
    before = bare_machine.tree()
    bare_machine.install("firefox")
    assert not bare_machine.path(WANTED).is_symlink()
    entry = ConfigParser(interpolation=None)
    entry.optionxform = str
    entry.read_string(bare_machine.run("cat", DESKTOP).stdout)
    entry = entry["Desktop Entry"]
    assert entry["Type"] == "Application" and entry["Terminal"] == "false"
    profile = "/home/user/.config/mozilla/firefox/c.d"
    make_database(bare_machine, profile, user=True)
    bare_machine.run(entry["TryExec"], "--version", user=True)
    assert bare_machine.run(*shlex.split(entry["Exec"]), user=True).text == ""
    assert order_of(bare_machine, profile) == ORDERED
    bare_machine.uninstall("firefox", user=True)
    bare_machine.run("rm", "-r", "/home/user/.config")
    bare_machine.uninstall("firefox")
    assert not changes(before, bare_machine.tree())


def test_what_the_logins_take_is_said(bare_machine):
    """modutil writes the lists; without it every login fails, and says so."""
    make_database(bare_machine, "/home/user/.mozilla/firefox/a.b", user=True)
    bare_machine.path(bare_machine.run("which", "modutil").stdout.strip()).unlink()
    assert "libnss3-tools" in bare_machine.install("firefox").stdout
    done = bare_machine.install("--quiet", "firefox", user=True, status=3)
    assert done.stdout == "" and "libnss3-tools" in done.stderr
    assert "libnss3-tools" in bare_machine.orgtrust("doctor", "firefox", status=14).stdout


# What brings its own system along.

SANDBOXED = {"firefox": ("/snap/firefox", "/var/lib/flatpak/app/org.mozilla.firefox",
                         "/home/user/.local/share/flatpak/app/org.mozilla.firefox"),
             "chromium": ("/var/lib/flatpak/app/org.chromium.Chromium",
                          "/home/user/.local/share/flatpak/app/com.google.Chrome")}


@pytest.mark.parametrize("check", SANDBOXED)
def test_a_snap_or_flatpak_is_found_and_said_not_to_follow(bare_machine, check):
    def found() -> dict[str, str]:
        report = json.loads(bare_machine.orgtrust("doctor", "--json", check, user=True,
                                                  status=None).stdout)
        return {finding["subject"]: finding["detail"] for part in report["checks"]
                for finding in part["findings"] if finding["result"] == "not-wired"}

    assert not set(found()) & set(SANDBOXED[check])
    for place in SANDBOXED[check]:
        bare_machine.run("mkdir", "-p", place)
        assert "in its place follows" in found()[place]
    for program in ("/usr/lib/firefox-esr", "/usr/bin/chromium", "/usr/lib/chromium"):
        bare_machine.run("rm", "-rf", program)
    assert set(found()) == set(SANDBOXED[check]), "the others are not there"


# The policy.

_POLICY = "/etc/firefox/policies/policies.json"
_BESIDE = "/usr/lib/firefox-esr/distribution/policies.json"
_THEIRS = {"policies": {"Homepage": {"URL": "https://intranet/\t\u00fc", "Locked": True},
                        "SecurityDevices": {"Add": {"card": "/usr/lib/card.so"}}}}
_OLD_FORM = {"policies": {"SecurityDevices": {"card": "/usr/lib/card.so"}}}


@pytest.mark.parametrize("where", [_POLICY, _BESIDE])
@pytest.mark.parametrize("theirs", [_THEIRS, _OLD_FORM, {}], ids=["add", "old form", "none"])
def test_firefox_keeps_the_administrators_policies(bare_machine, where, theirs):
    """In the file that Firefox reads; a new one in /etc would hide the other."""
    bare_machine.write(where, json.dumps(theirs, indent=7))
    before = bare_machine.tree()
    bare_machine.install("firefox-policy")
    expected = json.loads(json.dumps(theirs))
    devices = expected.setdefault("policies", {}).setdefault("SecurityDevices", {})
    if theirs is not _OLD_FORM:
        devices = devices.setdefault("Add", {})
    devices["orgtrust"] = MODULE
    assert json.loads(bare_machine.read(where)) == expected
    assert [name for name in (_POLICY, _BESIDE) if bare_machine.path(name).exists()] == [where]
    assert "nothing to do" in bare_machine.install("firefox-policy").stdout
    bare_machine.uninstall("firefox-policy")
    assert not changes(before, bare_machine.tree())


def test_firefox_is_left_alone_where_its_file_is_not_understood(bare_machine):
    for text, says in (("{", "mend it"), ('{"policies": []}', "not an object"),
                       ('{"policies": {"SecurityDevices": {"Add": {"orgtrust": "/x"}}}}',
                        "gives the name orgtrust to another module")):
        bare_machine.write(_POLICY, text)
        before = bare_machine.tree()
        assert says in bare_machine.install("firefox-policy", status=3).stderr
        assert not changes(before, bare_machine.tree())


def test_fault_59_a_users_profile_has_the_order_beside_a_policy(bare_machine):
    """A policy cannot give one, and leaves alone what a profile lists."""
    profile = "/home/user/.mozilla/firefox/a.b"
    make_database(bare_machine, profile, user=True)
    done = bare_machine.install("firefox-policy")
    assert "before the user and Mozilla" in done.text
    done = bare_machine.install("firefox", user=True)
    assert "policy has the module" in done.text
    assert order_of(bare_machine, profile) == ORDERED
    assert "nothing to do" in bare_machine.install("firefox", user=True).stdout


def test_the_policy_is_for_who_names_it(bare_machine):
    bare_machine.install(status=None)
    assert not bare_machine.path(_POLICY).exists()
    assert "as root" in bare_machine.install("firefox-policy", user=True, status=7).stderr
    assert "by a policy Firefox asks" in bare_machine.install("firefox-policy").stdout
    found = bare_machine.orgtrust("doctor", "firefox", status=None).stdout
    assert "told to load the module by a policy" in found
    assert "orgtrust uninstall firefox firefox-policy" in found
    bare_machine.uninstall()
    assert not bare_machine.path(_POLICY).exists()
