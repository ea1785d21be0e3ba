"""orgtrust setup, from nothing to proof and back, on machines of their own."""

from __future__ import annotations

import functools
import os
import pty
import signal
import time
from pathlib import Path

import clients
import pytest
from own_root import OwnRoot, changes
from support import paths
from support.organization import Organization
from support.process import clean_environment, run
from support.tls import TlsServer

CONF, KEY, CA = "/etc/orgtrust/orgtrust.conf", "/etc/orgtrust/admin.key", "/etc/orgtrust/ca.pem"


# Java's trials take longer than all the others; the directory of containers stays for those
# that have it mounted; a policy that was being written when somebody was killed, too.
LEFT_OUT = ("/usr/lib/jvm", "/etc/ca-certificates/update.d/jks-keystore", "/etc/containers",
            "/etc/docker", "/etc/containerd", "/etc/crio",
            *(f"/usr/bin/{name}" for name in (
                "podman", "docker", "nerdctl", "containerd", "crio", "buildah", "chromium",
                "google-chrome", "google-chrome-stable", "microsoft-edge")),
            "/usr/lib/chromium", "/etc/chromium")


class Api:
    """An organization behind TLS, whose authority no machine knows, and a server below an
    authority that is active in it."""

    def __init__(self, directory: Path, certs):
        directory.mkdir()
        self.ca, leaf = certs.for_loopback("CA of the API")
        chain = directory / "chain.pem"
        chain.write_text(leaf.path.read_text() + self.ca.path.read_text())
        self.organization = Organization(
            directory / "organization", ca=self.ca.path,
            options=("--tls-cert", chain, "--tls-key", leaf.key))
        self.key = self.organization.key
        self.url = self.organization.base_url
        root = certs.ca("Root of the set up", key=certs.new_key(),
                        extensions=("keyUsage=critical,keyCertSign,cRLSign",))
        self.organization.add(root, root.cn)
        self.server = TlsServer(directory, certs.issue(
            root, "localhost", san="DNS:localhost", usage="serverAuth",
            extensions=("authorityKeyIdentifier=keyid",)))
        self.port = self.server.address.rsplit(":", 1)[1]

    def close(self):
        self.server.stop()
        self.organization.stop()


@pytest.fixture(scope="module")
def api(tmp_path_factory, certs):
    made = Api(tmp_path_factory.mktemp("setup") / "api", certs)
    yield made
    made.close()


@pytest.fixture
def fresh(tmp_path, api):
    """A machine with the packages, and no more; no message on it may have the key."""
    made = OwnRoot(tmp_path / "machine", key=api.key)
    made.run("rm", "-rf", *LEFT_OUT, "/etc/orgtrust", "/var/cache/orgtrust",
             "/var/lib/orgtrust")
    made.orgtrust = functools.partial(made.orgtrust, timeout=240.0)
    made.write("/root/key", api.key + "\n", mode=0o600)
    yield made
    made.close()


def set_up(machine, api, *more, **options):
    return machine.orgtrust("setup", api.url, "--key-file", "/root/key", "--ca-fingerprint",
                            api.ca.sha256, "--yes", *more, **options)


# Debian's programs make these anew each time, from the same authorities; one is Java's own.
MADE_ANEW = ("etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/java/cacerts",
             "tmp/hsperfdata_root")


def same(before: dict, machine):
    """Every file is as it was; the system's bundle to the byte, if not to the second."""
    after = machine.tree()
    assert {name: what for name, what in changes(before, after).items()
            if name not in MADE_ANEW} == {}
    assert before.get(MADE_ANEW[0], ())[:5] == after.get(MADE_ANEW[0], ())[:5]


# The whole way.

def test_one_command_from_nothing_to_proof_and_back(fresh, api):
    before = fresh.tree()
    done = set_up(fresh, api)
    assert "CN=CA of the API" in done.stderr and " proved " in done.stdout
    assert " fails " not in done.stdout and " not wired " not in done.stdout.split("programs")[0]
    assert clients.openssl(fresh, api.port)
    assert fresh.read(KEY).decode() == api.key + "\n"
    tree = fresh.tree()
    assert [tree[name.lstrip("/")][1] for name in (KEY, CA, CONF)] == [0o600, 0o644, 0o644]
    assert fresh.read(CA).decode().split() == api.ca.path.read_text().split()

    again = set_up(fresh, api)
    assert "configuration: nothing to do" in again.stdout
    assert all("cache/orgtrust" in name for name in changes(tree, fresh.tree()))
    assert "nothing to do" in fresh.orgtrust("setup", "--yes").stdout

    fresh.orgtrust("setup", "--undo", "--yes")
    same(before, fresh)
    assert not clients.openssl(fresh, api.port)
    assert "nothing to do" in fresh.orgtrust("setup", "--undo", "--yes").stdout
    same(before, fresh)


def test_a_key_by_descriptor_and_a_ca_by_file(fresh, api):
    fresh.write("/tmp/ca.pem", api.ca.path.read_text())
    before = fresh.tree()
    reader, writer = os.pipe()
    os.write(writer, api.key.encode())
    os.close(writer)
    fresh.orgtrust("setup", api.url.removesuffix("/v1"), "--key-fd", reader, "--ca-file",
                   "/tmp/ca.pem", "--yes", pass_fds=(reader,))
    os.close(reader)
    assert f"base_url = {api.url}\n" in fresh.read(CONF).decode()
    fresh.path("/tmp/ca.pem").unlink()
    fresh.orgtrust("sync")
    fresh.orgtrust("setup", "--undo", "--yes")
    assert before.pop("tmp/ca.pem")
    same(before, fresh)


# What is there already is kept.

@pytest.mark.parametrize("text", [
    "refresh_interval = 7m",  # without a newline
    "# ours\nrefresh_interval = 7m\n[source lab]\nbase_url = https://lab.example/v1\n",
    "[source lab]\nbase_url = https://lab.example/v1\n[source default]\nrefresh_interval = 7m\n",
    "base_url = https://elsewhere.example/v1\n",
], ids=["head", "another source", "its own section", "another URL"])
def test_a_configuration_is_kept_and_comes_back(fresh, api, text):
    fresh.write(CONF, text)
    before = fresh.tree()
    shown = fresh.orgtrust("setup", api.url, "--key-file", "/root/key", "--ca-fingerprint",
                           api.ca.sha256, status=2)
    assert f"+ base_url = {api.url}" in shown.stderr and "--yes" in shown.stderr
    same(before, fresh)
    # Another source, which nobody answers for, is doctor's to tell.
    ended = 14 if "lab" in text else 0
    set_up(fresh, api, status=ended)
    now = fresh.read(CONF).decode()
    assert all(line in now for line in text.splitlines())
    # Another project; then it changes only what setup has written.
    api.organization.create_project("proj_setup")
    set_up(fresh, api, "--project", "proj_setup", status=ended)
    then = fresh.read(CONF).decode()
    assert then.replace("project = proj_setup\n", "") == now
    fresh.orgtrust("setup", "--undo", "--yes")
    same(before, fresh)


def test_what_somebody_wrote_in_the_section_is_not_overruled(fresh, api):
    fresh.write(CONF, "[source default]\nca_file = none\nbase_url = https://there.example/v1\n")
    before = fresh.tree()
    done = set_up(fresh, api, status=3)
    assert f"{CONF}:" in done.stderr and "take that line out" in done.stderr
    same(before, fresh)


def test_a_key_file_that_others_read_gets_no_key(fresh, api):
    fresh.write(KEY, "orgtrust-old\n", mode=0o644)
    fresh.write(CONF, f"admin_key_file = {KEY}\n")
    before = fresh.tree()
    done = set_up(fresh, api, status=3)
    assert f"chmod 600 '{KEY}'" in done.stderr
    same(before, fresh)


# Mistakes change nothing.

def test_a_wrong_key_changes_nothing(fresh, api):
    fresh.write("/root/wrong", "orgtrust-" + "x" * 40, mode=0o600)
    before = fresh.tree()
    done = fresh.orgtrust("setup", api.url, "--key-file", "/root/wrong", "--ca-fingerprint",
                          api.ca.sha256, "--yes", status=5)
    assert "/root/wrong" in done.stderr and "xxxx" not in done.text
    same(before, fresh)


def test_without_a_key_it_says_how_to_give_one(fresh, api):
    before = fresh.tree()
    done = fresh.orgtrust("setup", api.url, "--ca-fingerprint", api.ca.sha256, "--yes",
                          status=5)
    assert "--key-fd" in done.stderr and "relay" in done.stderr
    same(before, fresh)


def test_an_unknown_authority_is_shown_and_stops_it(fresh, api):
    before = fresh.tree()
    done = fresh.orgtrust("setup", api.url, "--key-file", "/root/key", "--yes", status=4)
    colons = ":".join(api.ca.sha256[i:i + 2] for i in range(0, 64, 2)).upper()
    assert colons in done.stderr.upper()
    assert f"setup {api.url} --ca-fingerprint {api.ca.sha256}" in done.stderr
    # The words that it gives work as they stand, and so does openssl's way to write it.
    same(before, fresh)
    fresh.orgtrust("setup", api.url, "--key-file", "/root/key", "--ca-fingerprint",
                   f"sha256 Fingerprint={colons}", "--yes")


@pytest.mark.parametrize("sha256, status, word", [
    ("ab" * 32, 4, "none of these"), ("abc", 2, "64 hexadecimal digits")])
def test_a_wrong_fingerprint_changes_nothing(fresh, api, sha256, status, word):
    before = fresh.tree()
    done = fresh.orgtrust("setup", api.url, "--key-file", "/root/key", "--ca-fingerprint",
                          sha256, "--yes", status=status)
    assert word in done.stderr
    same(before, fresh)


def test_a_fingerprint_that_is_none_is_told_before_the_network_is_asked(fresh):
    done = fresh.orgtrust("setup", "https://127.0.0.1:1", "--ca-fingerprint", "abc", "--yes",
                          status=2)
    assert "64 hexadecimal digits" in done.stderr


def test_a_file_that_does_not_vouch_for_the_api_is_named(fresh, api, certs):
    fresh.write("/tmp/other.pem", certs.ca("Another CA").path.read_text())
    before = fresh.tree()
    done = fresh.orgtrust("setup", api.url, "--key-file", "/root/key", "--ca-file",
                          "/tmp/other.pem", "--yes", status=4)
    assert f"in --ca-file /tmp/other.pem does not vouch for {api.url}" in done.stderr
    same(before, fresh)


def test_a_server_s_own_certificate_is_not_pinned_unasked(fresh, tmp_path, certs):
    ca, leaf = certs.for_loopback("CA that is not sent")
    organization = Organization(tmp_path / "alone", ca=ca.path, options=(
        "--tls-cert", leaf.path, "--tls-key", leaf.key))
    try:
        fresh.write("/root/its-key", organization.key, mode=0o600)
        argv = ("setup", organization.base_url, "--key-file", "/root/its-key", "--yes")
        before = fresh.tree()
        done = fresh.orgtrust(*argv, status=4)
        assert "without its CA's" in done.stderr and "give that as --ca-file" in done.stderr
        assert "--ca-fingerprint" not in done.stderr
        same(before, fresh)
        done = fresh.orgtrust(*argv, "--ca-fingerprint", leaf.sha256)
        assert "warning: that is the server's own certificate" in done.stderr
    finally:
        organization.stop()


def test_without_a_network_nothing_changes(fresh, api):
    before = fresh.tree()
    start = time.monotonic()
    done = fresh.orgtrust("setup", "https://127.0.0.1:1", "--key-file", "/root/key", "--yes",
                          status=4)
    assert "no connection" in done.stderr and time.monotonic() - start < 10 * paths.SLOWNESS
    same(before, fresh)


@pytest.mark.parametrize("options, word", [
    (("--ca-file", "/root/key"), "no PEM file"),
    (("--ca-file", "/nowhere"), "there is no --ca-file"),
    (("--ca-file", "/root/key", "--ca-fingerprint", "ab" * 32), "exclude each other"),
    (("--undo",), "takes no URL"),
    (("https://two.example",), "one URL"),
])
def test_options_that_cannot_be_meant(fresh, api, options, word):
    before = fresh.tree()
    done = fresh.orgtrust("setup", api.url, "--key-file", "/root/key", *options, "--yes",
                          status=None)
    assert done.status in (2, 3) and word in done.stderr
    same(before, fresh)


# On a terminal.

class Terminal:
    """Somebody who answers."""

    def __init__(self, machine, *argv):
        self.master, slave = pty.openpty()
        self.child = machine.begin("/usr/bin/orgtrust", *argv, terminal=slave)
        os.close(slave)
        self.said = ""

    def answer(self, question: str, text: str):
        while question not in self.said:
            self.said += os.read(self.master, 65536).decode()
        self.shown, self.said = self.said, ""
        os.write(self.master, (text + "\n").encode())

    def end(self) -> int:
        while True:
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # EIO: nobody has the other side any more
                piece = b""
            if not piece:
                break
            self.said += piece.decode()
        os.close(self.master)
        return self.child.wait(timeout=60 * paths.SLOWNESS)


def test_on_a_terminal_it_asks_and_shows_no_key(fresh, api):
    before = fresh.tree()
    there = Terminal(fresh, "setup", "--ca-fingerprint", api.ca.sha256)
    there.answer("URL of the certificates API [https://api.openai.com/v1]: ", api.url)
    there.answer("Admin key", api.key)
    there.answer("Id of a project [none, the whole organization]: ", "")
    there.answer("Change these files? [y/N] ", "n")
    assert there.end() == 130
    same(before, fresh)

    there = Terminal(fresh, "setup", api.url, "--ca-fingerprint", api.ca.sha256)
    there.answer("Admin key", f" {api.key} ")
    there.answer("Id of a project", "")
    there.answer("[y/N] ", "y")
    assert api.key not in there.shown and f"+ base_url = {api.url}" in there.shown
    there.answer("[y/N] ", "y")
    assert there.end() == 0 and api.key not in there.said
    assert fresh.read(KEY).decode() == api.key + "\n"
    there = Terminal(fresh, "setup", "--undo")
    there.answer("[y/N] ", "y")
    there.answer("[y/N] ", "y")
    assert there.end() == 0
    same(before, fresh)


def test_an_answer_that_cannot_be_right_is_asked_for_again(fresh, api):
    before = fresh.tree()
    there = Terminal(fresh, "setup", "--ca-fingerprint", api.ca.sha256)
    there.answer("URL of the certificates API", api.url.removeprefix("https://"))
    there.answer("URL of the certificates API", api.url)
    assert "the URL must begin with https://" in there.shown
    there.answer("Admin key", "not a key")
    there.answer("Admin key", f'"{api.key}"')
    assert "holds no admin key" in there.shown
    there.answer("Admin key", api.key)
    assert "quotation marks" in there.shown and api.key not in there.shown
    there.answer("Id of a project", "")
    there.answer("Change these files? [y/N] ", "n")
    assert there.end() == 130
    same(before, fresh)


@pytest.mark.parametrize("url, why", [
    (None, "nobody whom this machine trusts"), ("https://127.0.0.1:1", "no connection")])
def test_who_answers_is_looked_at_before_a_key_is_asked_for(fresh, api, url, why):
    before = fresh.tree()
    there = Terminal(fresh, "setup")
    there.answer("URL of the certificates API", url or api.url)
    assert there.end() == 4
    assert why in there.said and "Admin key" not in there.said
    same(before, fresh)


def test_a_signal_at_the_question_leaves_the_terminal_as_it_was(fresh, api):
    import termios
    there = Terminal(fresh, "setup", api.url, "--ca-fingerprint", api.ca.sha256)
    before = termios.tcgetattr(there.master)
    while "Admin key" not in there.said:
        there.said += os.read(there.master, 65536).decode()
    assert not termios.tcgetattr(there.master)[3] & termios.ECHO
    there.child.send_signal(signal.SIGINT)
    there.child.wait(timeout=10 * paths.SLOWNESS)
    assert termios.tcgetattr(there.master)[3] == before[3]
    os.close(there.master)


# Interrupted.

CALLS = "renameat,renameat2,rename,unlinkat,symlinkat"


def killed_at(machine, call: int, *argv) -> bool:
    """Whether the command was killed at its n-th change of a directory."""
    done = machine.run("strace", "-o", "/dev/null", "-e", f"trace={CALLS}", "-e",
                       f"inject={CALLS}:signal=KILL:when={call}", "/usr/bin/orgtrust", *argv,
                       status=None)
    return done.status in (-signal.SIGKILL, 128 + signal.SIGKILL)


def test_fault_45_killed_at_each_step_setup_or_undo_goes_on(fresh, api):
    """At each of the steps in which the configuration is written or taken away, then at some
    of those of the sync, of install and of doctor."""
    before = fresh.tree()
    argv = ("setup", api.url, "--key-file", "/root/key", "--ca-fingerprint", api.ca.sha256,
            "--yes")
    call, killed = 1, 0
    while killed_at(fresh, call, *argv):
        killed += 1
        if call % 4 == 1:
            set_up(fresh, api)
            assert clients.openssl(fresh, api.port), call
        fresh.orgtrust("setup", "--undo", "--yes")
        # The scratch directory of a doctor who was killed is in /tmp, as any program's.
        fresh.run("sh", "-c", "rm -rf /tmp/orgtrust-doctor.*")
        same(before, fresh)
        call += 1 if call < 10 else 5
    assert killed > 8
    set_up(fresh, api)
    call = 1
    while killed_at(fresh, call, "setup", "--undo", "--yes"):
        call += 3
    assert call > 8
    fresh.orgtrust("setup", "--undo", "--yes")
    same(before, fresh)
