"""A newcomer's walk with every mistake that people make: the real programs against the real
server, and what they are told, word for word. tests/programs/cli/test_mistakes.py has more forms
of some of them, tests/programs/install/test_setup.py those of `orgtrust setup`."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from support import paths
from support.organization import Organization
from support.process import run
from support.tls import TlsServer
from support.world import (
    AUTH, CONFIG, DISK, NETWORK, NOT_FOUND, OK, SNAPSHOT, USAGE, World)
from terminal import run_on_terminal

DAEMON = 1
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for namespaces and users")
LISTING = "orgtrust: source 'default': cannot list the certificates: "


class Newcomer:
    """A machine, and an organization behind TLS whose authority the machine is told of."""

    def __init__(self, directory: Path, certs):
        self.dir, self.certs = directory, certs
        self.authority, leaf = certs.for_loopback("CA of the API")
        self.authority.path.chmod(0o644)
        chain = directory / "chain.pem"
        chain.write_text(leaf.path.read_text() + self.authority.path.read_text())
        self.organization = Organization(
            directory / "organization", ca=self.authority.path,
            options=("--tls-cert", chain, "--tls-key", leaf.key))
        self.url = self.organization.base_url
        self.api = f"127.0.0.1:{self.organization.port}"
        self.world = World(directory / "machine", self.url, self.organization.key)
        self.configure()

    def configure(self, text="", **values):
        self.world.configure(text, **({"ca_file": str(self.authority.path)} | values))

    def said(self, *words, status, **more) -> str:
        """What is said on standard error, with names for what differs from run to run."""
        done = self.world.orgtrust(*words, status=status, **more)
        return self.named(done.stderr)

    def place(self, line: str) -> str:
        """Where the configuration has it, as messages say it."""
        return f"CONF:{self.world.conf.read_text().splitlines().index(line) + 1}"

    def named(self, text: str) -> str:
        world = self.world
        for what, name in ((world.conf, "CONF"), (world.key_file, "KEY"), (world.cache, "CACHE"),
                           (self.authority.path, "CA"), (world.dir, "HOME"), (self.api, "API")):
            text = text.replace(str(what), name)
        return text.removesuffix("\n")

    def close(self):
        self.organization.stop()
        self.world.close()


@pytest.fixture
def newcomer(tmp_path, certs):
    tmp_path.chmod(0o755)
    made = Newcomer(tmp_path, certs)
    yield made
    made.close()


@pytest.fixture
def settled(newcomer, roots):
    """One that has synced an active certificate and another."""
    newcomer.organization.add(roots[0], "Example Root")
    newcomer.organization.add(roots[1], "Lab CA", active=False)
    newcomer.world.sync()
    return newcomer


# The key.

def test_a_wrong_key(newcomer):
    newcomer.world.key_file.write_text("orgtrust-admin-" + "x" * 40 + "\n")
    refused = (
        "cannot list the certificates: API refuses the admin key from KEY (status 401): The key "
        "is not one of this server's, or was revoked: ask the server's administrator for one "
        "('orgtrust-server key create'); check that it is an admin key of the right organization "
        "and still valid")
    assert newcomer.said("sync", status=AUTH) == f"orgtrust: source 'default': {refused}"
    shown = newcomer.named(newcomer.world.orgtrust("status", status=SNAPSHOT).stdout)
    assert shown.splitlines()[-1].endswith(f", 1 in a row: {refused}")


def test_a_key_that_has_come_to_its_end(newcomer):
    org = newcomer.organization
    key = run([paths.SERVER, "key", "create", "--db", org.db, "--expires", "1s"], env=org.env)
    newcomer.world.key_file.write_text(key.stdout)
    time.sleep(2)
    said = newcomer.said("sync", status=AUTH)
    assert re.sub("key_[0-9a-f]+", "ID", said) == (
        f"{LISTING}API refuses the admin key from KEY (status 401): The key ID has come to its "
        "end: ask the server's administrator for a new one ('orgtrust-server key create'); check "
        "that it is an admin key of the right organization and still valid")


def test_two_lines_of_keys(newcomer):
    newcomer.world.key_file.write_text(f"{newcomer.organization.key}\nsk-admin-other\n")
    assert newcomer.said("sync", status=CONFIG) == (
        "orgtrust: source 'default': KEY holds no admin key alone: it has more than one line: let "
        "only the key stand there")


def test_no_key(newcomer):
    newcomer.world.key_file.unlink()
    assert newcomer.said("sync", status=CONFIG) == (
        "orgtrust: source 'default': the key file KEY does not exist; create it with mode 0600, "
        "or change admin_key_file of the source default (CONF:1)")
    newcomer.configure(admin_key_file=None)
    assert newcomer.said("sync", status=AUTH) == (
        f"{LISTING}API wants an admin key (status 401): This request came without a key: send the "
        "header 'Authorization: Bearer KEY'; there is none: set admin_key_file of the source "
        "default, or OPENAI_ADMIN_KEY")


BLANKS = {
    "": "KEY holds no admin key: it is empty; put the key there as one line of text",
    '"%s"\n': "KEY holds no admin key alone: it has quotation marks around it: take them out",
    "OPENAI_ADMIN_KEY=%s\n": "KEY holds no admin key alone: it begins with the name of a "
                             "variable: take that and the '=' out",
    "\ufeff%s\n": "KEY holds no admin key alone: it begins with a byte order mark, which an "
                  "editor put there: save it as UTF-8 without one",
    "Bearer %s\n": "KEY holds no admin key: there is a blank (byte 7) in it; the key must stand "
                   "there alone, without a word before it",
}


@pytest.mark.parametrize("form", BLANKS)
def test_a_key_with_something_around_it(newcomer, form):
    key = newcomer.organization.key
    newcomer.world.key_file.write_text(form % key if form else "")
    said = newcomer.said("sync", status=CONFIG)
    assert said == f"orgtrust: source 'default': {BLANKS[form]}" and key not in said


def test_blanks_and_empty_lines_around_a_key_do_not_count(newcomer):
    newcomer.world.key_file.write_text(f"\n  {newcomer.organization.key} \t\r\n\n")
    assert newcomer.said("sync", status=OK) == ""


# The address.

def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_a_url_without_the_end_of_the_path(newcomer):
    unknown = ("API knows nothing of the kind (status 404): There is nothing under this path: "
               "the API's operations are under certificates, projects, admin_api_keys and "
               "audit_logs of /v1/organization, and reports, contents, hosts, server and "
               "certificates of "
               "/v1/orgtrust; ")
    for path in ("", "/v2"):
        newcomer.configure(base_url=newcomer.url.removesuffix("/v1") + path)
        assert newcomer.said("sync", status=NOT_FOUND) == (
            f"{LISTING}{unknown}base_url of the source default is https://API{path}, and that of "
            "the API ends in /v1")


def test_a_url_where_nobody_listens(newcomer):
    port = unused_port()
    newcomer.configure(base_url=f"https://127.0.0.1:{port}/v1")
    assert newcomer.said("sync", status=NETWORK) == (
        f"{LISTING}cannot get an answer from 127.0.0.1:{port}: no connection (Connection "
        "refused); check that it runs, that this machine may reach it, and base_url of the "
        "source default")


def test_a_url_that_is_none(newcomer):
    for wrong in ("trust.corp.example", "https//trust.corp.example/v1"):
        newcomer.configure(base_url=wrong)
        assert newcomer.said("sync", status=CONFIG) == (
            "orgtrust: ORGTRUST_CONF: CONF:1: base_url must begin with https:// (or http:// for "
            "a loopback address)")


def test_http_for_https(newcomer):
    newcomer.configure(base_url=newcomer.url.replace("https:", "http:"))
    assert newcomer.said("sync", status=NETWORK) == (
        f"{LISTING}cannot get an answer from API: it closed the connection without an answer "
        "(Empty reply from server); it may speak HTTPS: base_url = https://API/v1 in the source "
        "default; else try again")
    newcomer.configure(base_url="http://trust.corp.example/v1")
    assert newcomer.said("sync", status=CONFIG) == (
        "orgtrust: ORGTRUST_CONF: CONF:1: base_url must begin with https:// (http:// is for "
        "127.0.0.0/8, [::1] and localhost only: it would show the key to the network)")


def test_https_for_http(newcomer):
    """A server that answers in HTTP may close the connection before its answer is read: then
    the sentence is another one, with the same way out."""
    plain = Organization(newcomer.dir / "plain")
    newcomer.configure(base_url=plain.base_url.replace("http:", "https:"))
    said = newcomer.said("sync", status=NETWORK).replace(f"127.0.0.1:{plain.port}", "PLAIN")
    plain.stop()
    assert re.sub(r"\(OpenSSL[^)]*\)", "(WORDS)", said) in (
        f"{LISTING}cannot get an answer from PLAIN: what answers does not speak TLS (WORDS); it "
        "may speak plain HTTP: give base_url of the source default the port that speaks HTTPS, "
        "or, if it runs on this machine, base_url = http://PLAIN/v1",
        f"{LISTING}cannot get an answer from PLAIN: the TLS handshake failed (it closed the "
        "connection); check that it speaks TLS 1.2 or later there and not plain HTTP; if that is "
        "what it speaks, and it runs on this machine: base_url = http://PLAIN/v1 in the source "
        "default")


@pytest.fixture
def rude():
    """The address of a server that hangs up on whatever is said."""
    listener = socket.create_server(("127.0.0.1", 0))

    def hang_up():
        with contextlib.suppress(OSError):
            while True:
                with listener.accept()[0] as peer:
                    peer.recv(4096)

    thread = threading.Thread(target=hang_up)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


def test_who_hangs_up_in_the_handshake(newcomer, rude):
    """The second of these two, every time."""
    newcomer.configure(base_url=f"https://{rude}/v1")
    said = newcomer.said("sync", status=NETWORK).replace(rude, "PLAIN")
    assert said == (
        f"{LISTING}cannot get an answer from PLAIN: the TLS handshake failed (it closed the "
        "connection); check that it speaks TLS 1.2 or later there and not plain HTTP; if that is "
        "what it speaks, and it runs on this machine: base_url = http://PLAIN/v1 in the source "
        "default")


# The certificate of the API.

@pytest.fixture
def meets(newcomer):
    """What a sync says of a TLS server with this certificate."""
    def start(cert, **values):
        server = TlsServer(newcomer.dir, cert)
        newcomer.configure(base_url=f"https://{server.address}/v1", **values)
        said = newcomer.said("sync", status=NETWORK)
        server.stop()
        before = f"{LISTING}cannot get an answer from {server.address}: "
        assert said.startswith(before)
        return said.removeprefix(before)

    return start


def test_an_authority_that_is_not_known(newcomer):
    newcomer.configure(ca_file=None)
    assert re.sub(r"in use: [^)]*", "in use: BUNDLE", newcomer.said("sync", status=NETWORK)) == (
        f'{LISTING}cannot get an answer from API: its TLS certificate is not trusted, for its '
        'issuer "CA of the API" is unknown here; if that is the right one and not a public CA, '
        "put its certificate in a PEM file and name it as ca_file of the source default (in use: "
        "BUNDLE)")


def test_a_self_signed_certificate(meets, certs):
    alone = certs.dated("trust.corp.example", "20200101000000Z", "20490101000000Z",
                        key=certs.new_key())
    assert meets(alone) == (
        'its TLS certificate, "trust.corp.example", is signed by itself and not known here; if it '
        "is the right server's, put that certificate in a PEM file and name it as ca_file of the "
        "source default (in use: CA)")


def test_a_certificate_for_another_name(newcomer, meets, certs):
    other = certs.issue(newcomer.authority, "trust.corp.example", san="DNS:trust.corp.example")
    assert meets(other) == (
        "its TLS certificate is for another name, it was issued for trust.corp.example: let "
        "base_url of the source default have a name that it is for, or have the server given a "
        "certificate for this one")


def test_an_expired_certificate_of_the_api(meets, certs):
    old = certs.dated("127.0.0.1", "20000101000000Z", "20010203040500Z", key=certs.new_key())
    old.path.chmod(0o644)
    said = meets(old, ca_file=str(old.path))
    assert re.sub(r"says 2[-0-9]+ [0-9:]+", "says NOW", said) == (
        "its TLS certificate expired on 2001-02-03 04:05 UTC, and the clock of this machine says "
        "NOW UTC: have the server given a new one, if the clock is right")


def test_a_ca_file_that_is_none(newcomer):
    newcomer.configure(ca_file="/nowhere.pem")
    assert newcomer.said("sync", status=CONFIG) == (
        "orgtrust: source 'default': cannot read ca_file /nowhere.pem of the source default: No "
        "such file or directory")
    newcomer.configure(ca_file="ca.pem")
    assert newcomer.said("sync", status=CONFIG) == (
        f"orgtrust: ORGTRUST_CONF: {newcomer.place('ca_file = ca.pem')}: ca_file must be an "
        "absolute path, or 'none'")
    newcomer.configure(ca_file=str(newcomer.world.key_file))
    assert newcomer.said("sync", status=CONFIG) == (
        f"{LISTING}cannot get an answer from API: the CA certificates cannot be loaded (error "
        "setting certificate file: KEY); ca_file of the source default must be a PEM file of "
        "certificates (in use: KEY)")


# The clock.

@pytest.fixture
def at(settled):
    """What a command says on a machine whose clock is wrong by so many days."""
    if paths.WRAP or paths.is_sanitized("address") or paths.is_sanitized("thread"):
        pytest.skip("what is preloaded has to come before a sanitizer's runtime")
    clock = paths.BUILD / "tests/programs/cli/other_clock.so"
    assert clock.is_file()

    def ask(days, *words, status):
        env = {"LD_PRELOAD": str(clock), "OTHER_CLOCK_S": str(days * 86400)}
        done = settled.world.orgtrust(*words, status=status, env=env)
        return re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d(:\d\dZ)?", "THEN",
                      settled.named(done.stdout + done.stderr))

    return ask


def test_a_clock_that_is_behind_or_ahead(at):
    assert at(-20 * 365, "sync", status=NETWORK) == (
        f"{LISTING}cannot get an answer from API: the certificate of its authority CA of the API "
        "is not valid before THEN UTC, and the clock of this machine says THEN UTC: set the "
        "clock, if that is wrong")
    assert at(40 * 365, "sync", status=NETWORK) == (
        f"{LISTING}cannot get an answer from API: the certificate of its authority CA of the API "
        "expired on THEN UTC, and the clock of this machine says THEN UTC: have the server given "
        "a new one, if the clock is right")


def test_a_clock_that_is_put_right_again(at):
    """What was written when it was ahead does not put the next sync off for years."""
    at(40 * 365, "sync", status=NETWORK)
    shown = at(0, "status", status=OK).splitlines()
    assert shown[0] == "default: fresh"
    assert [row for row in shown if re.fullmatch(r"  next refresh  in 1[45] min \(THEN\)", row)]
    shown = at(-10, "status", status=OK).splitlines()
    assert "  last seen     THEN, which is in the future" in shown
    assert "  next refresh  due" in shown
    assert at(-10, "doctor", "source", status=OK).splitlines()[0] == (
        "source     note        default: the snapshot's time is in the future: is this machine's "
        "clock right?")


def test_a_clock_that_is_far_ahead(at):
    said = at(400, "list", status=SNAPSHOT)
    assert said == (
        "orgtrust: the snapshot of source 'default' was last confirmed 400 days ago, longer than "
        "max_stale allows; run 'orgtrust sync'")


# Modes.

def test_modes(newcomer):
    world = newcomer.world
    for path, mode, right, words in (
            (world.key_file, 0o644, 0o600,
             "source 'default': the key file KEY has mode 0644, others can get at the key; run: "
             "chmod 600 'KEY'"),
            (world.conf, 0o666, 0o644,
             "ORGTRUST_CONF: CONF can be written by others (mode 0666): look whether its content "
             "is right; run: chmod go-w 'CONF'"),
            (world.cache, 0o777, 0o755,
             "source 'default': CACHE can be written by others (mode 0777): look whether its "
             "content is right; run: chmod go-w 'CACHE'")):
        path.chmod(mode)
        assert newcomer.said("sync", status=CONFIG) == f"orgtrust: {words}"
        # The advice works as it stands.
        advice = words.split("run: ")[1]
        for name, there in (("KEY", world.key_file), ("CONF", world.conf),
                            ("CACHE", world.cache)):
            advice = advice.replace(name, str(there))
        assert run(["sh", "-c", advice], env=world.env).status == 0
        assert newcomer.said("sync", status=OK) == ""
        path.chmod(right)


# Typing errors.

LINES = {
    "base-url = https://127.0.0.1/v1": "unknown key 'base-url'; did you mean base_url? See "
                                       "orgtrust.conf(5)",
    "refresh_interval = 5 m": "refresh_interval must be a whole number with its unit (ms, s, m, "
                              "h, d or w), such as 500ms, 30s, 15m or 7d",
    "refresh_interval =": "refresh_interval has no value",
    "refresh_interval": "the line is neither 'key = value' nor '[section]' nor a comment",
    "  refresh_interval = 5m": "the line is indented: begin it in the first column (a value "
                               "cannot go on in a second line)",
    "refresh_interval = 5m # often": "the value of refresh_interval has a '#' as a comment "
                                     "would: a comment behind a value begins with ' ;', one with "
                                     "'#' needs a line of its own",
    "[lab]": "a section must be [source NAME], NAME made of letters, digits, '.', '_' and '-', at "
             "most 23 of them",
    "[source lab": "the section has no ']'",
}


@pytest.mark.parametrize("line", LINES)
def test_a_slip_in_the_configuration(newcomer, line):
    newcomer.configure(line + "\n")
    assert newcomer.said("sync", status=CONFIG) == (
        f"orgtrust: ORGTRUST_CONF: {newcomer.place(line)}: {LINES[line]}")


SLIPS = {
    ("snyc",): (USAGE, "there is no command 'snyc'; did you mean 'sync'? 'orgtrust help' lists "
                       "them"),
    ("help", "statsu"): (USAGE, "there is no command 'statsu'; did you mean 'status'? 'orgtrust "
                                "help' lists them"),
    ("frobnicate",): (USAGE, "there is no command 'frobnicate'; 'orgtrust help' lists them"),
    ("sync", "--souce=lab"): (USAGE, "'orgtrust sync' has no option --souce; did you mean "
                                     "--source? See 'orgtrust help sync'"),
    ("sync", "--active"): (USAGE, "'orgtrust sync' has no option --active; see 'orgtrust help "
                                  "sync'"),
    ("sync", "--source", "lab"): (CONFIG, "there is no source 'lab'; configured are: default; a "
                                          "section [source NAME] makes another"),
    ("show", "Exmple Root"): (NOT_FOUND, "no certificate of source 'default' has the id or name "
                                         "'Exmple Root'; see 'orgtrust list'"),
    ("show",): (USAGE, "'orgtrust show' takes exactly one ID|NAME; see 'orgtrust help show'"),
    ("activate",): (USAGE, "which certificates? Give ids or names, or --all"),
    ("activate", "Lab CA", "--until", "30"): (
        USAGE, "--until is a time from now such as 12h or 30d, a day, 2027-12-31, which ends at "
               "midnight UTC, or 'never', not \"30\""),
    ("list", "--state", "actve"): (USAGE, "--state 'actve' is not one of all, active, inactive, "
                                          "quarantined, withheld, limited"),
    ("upload", "/nowhere/root.pem"): (NOT_FOUND, "cannot open /nowhere/root.pem: No such file or "
                                                 "directory"),
    ("install", "opensl"): (USAGE, "there is no stack 'opensl'; did you mean "
                                   "'openssl'? 'orgtrust help install' lists them"),
    ("doctor", "opensl"): (USAGE, "there is no check 'opensl'; did you mean 'openssl'? "
                                  "'orgtrust help doctor' lists them"),
}


def test_slips_on_the_command_line(settled):
    for words, (status, sentence) in SLIPS.items():
        assert settled.said(*words, status=status) == f"orgtrust: {sentence}", words


# No network.

@needs_root
def test_no_network(newcomer):
    apart = ["unshare", "--net", "--", paths.COMMAND, "sync"]
    for host, why in (
            ("trust.corp.example",
             "its name cannot be resolved (Could not resolve host: trust.corp.example); check "
             "this machine's DNS and base_url of the source default"),
            ("192.0.2.1", "no connection (Network is unreachable); check that it runs, that this "
                          "machine may reach it, and base_url of the source default")):
        newcomer.configure(base_url=f"https://{host}/v1")
        done = run(apart, env=newcomer.world.env)
        assert done.status == NETWORK
        assert newcomer.named(done.stderr) == f"{LISTING}cannot get an answer from {host}: {why}"


# A full disk.

ON_A_FULL_DISK = ('mount -t tmpfs -o size=4k,mode=755 tmpfs "$1" && '
                  '! dd if=/dev/zero of="$1/ballast" bs=4096 2>/dev/null && shift && exec "$@"')


@needs_root
def test_a_full_disk(settled):
    world = settled.world
    out = world.dir / "out"
    out.mkdir()

    def full(directory, *words):
        done = world.check(run(["unshare", "--mount", "sh", "-c", ON_A_FULL_DISK, "sh",
                                directory, paths.COMMAND, *words], env=world.env))
        assert done.status == DISK, done
        return settled.named(done.stderr)

    assert full(world.cache, "sync") == (
        "orgtrust: source 'default': cannot write CACHE/default.snapshot, which stays as it "
        "was: No space left on device")
    assert full(out, "export", "--format", "pem", "--output", out / "ca.pem") == (
        "orgtrust: cannot write HOME/out/ca.pem (write); nothing was changed, free some space: "
        "No space left on device")
    settled.configure(f"export_bundle = {out}/ca.pem\n")
    assert full(out, "sync") == (
        "orgtrust: bundle HOME/out/ca.pem: cannot write HOME/out/ca.pem (write); nothing was "
        "changed, free some space: No space left on device")
    with open("/dev/full", "wb") as nowhere:
        done = subprocess.run([paths.COMMAND, "list"], env=world.env, stdout=nowhere,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == DISK
    assert done.stderr == b"orgtrust: writing the output failed: No space left on device\n"


# A user, then root, and root, then the user.

@pytest.fixture
def home(newcomer):
    """Of a user who follows by himself; root may come with HOME kept."""
    top = Path(tempfile.mkdtemp(prefix="orgtrust-newcomer-"))
    conf = top / ".config/orgtrust/orgtrust.conf"
    conf.parent.mkdir(parents=True)
    ca, key = top / "ca.pem", top / "admin.key"
    shutil.copy(newcomer.authority.path, ca)
    key.touch(0o600)
    key.write_text(newcomer.organization.key)
    conf.write_text(f"base_url = {newcomer.url}\nca_file = {ca}\nadmin_key_file = {key}\n")
    for path in (top, *top.rglob("*")):
        os.chown(path, DAEMON, DAEMON)
    top.chmod(0o755)
    env = {name: value for name, value in newcomer.world.env.items()
           if not name.startswith("ORGTRUST_")} | {"HOME": str(top)}
    yield top, env
    shutil.rmtree(top)


def by_the_user(env, *words):
    return run([paths.COMMAND, *words], env=env, user=DAEMON, group=DAEMON, extra_groups=[])


@needs_root
def test_a_user_and_then_root_with_home_kept(home):
    top, env = home
    try:
        assert by_the_user(env, "sync").status == OK
    except PermissionError:
        pytest.skip("another user cannot reach this build")
    done = run([paths.COMMAND, "sync"], env=env)
    assert done.status == CONFIG
    assert done.stderr == (
        f"orgtrust: {top}/.config/orgtrust/orgtrust.conf belongs to user {DAEMON}, and so does "
        f"HOME ({top}), while this is root: run it with sudo -H, so that HOME is root's own\n")


@needs_root
def test_root_and_then_the_user(home):
    """What root has left in the user's cache, or made there, is said to be root's."""
    top, env = home
    try:
        assert by_the_user(env, "sync").status == OK
    except PermissionError:
        pytest.skip("another user cannot reach this build")
    cache = top / ".cache/orgtrust"
    for path in (cache, *cache.rglob("*")):
        os.chown(path, 0, 0)
    done = by_the_user(env, "sync")
    assert done.status == DISK
    assert done.stderr == (
        f"orgtrust: source 'default': cannot open the lock file '{cache}/default.lock'; syncing "
        "needs a cache directory that this user may write: Permission denied; run it as root "
        "(sudo)\n")


@needs_root
def test_a_user_on_a_machine_that_root_has_set_up(home, newcomer):
    """Of all that is root's one thing is said, once, and nothing that was not done."""
    top, env = home
    cache = top / "machine"
    conf = top / ".config/orgtrust/orgtrust.conf"
    env |= {"ORGTRUST_CONF": str(conf), "ORGTRUST_CACHE_DIR": str(cache)}
    cache.mkdir()
    for path in (top, *top.rglob("*")):
        os.chown(path, 0, 0)
    assert run([paths.COMMAND, "sync"], env=env).status == OK
    time.sleep(1.1)  # another second than that of the last report
    newcomer.organization.add(newcomer.certs.ca("Later"), "Later")
    (cache / "default.reported").unlink()
    try:
        done = by_the_user(env, "sync")
    except PermissionError:
        pytest.skip("another user cannot reach this build")
    assert done.status == DISK
    assert done.stderr == (
        f"orgtrust: source 'default': cannot open the lock file '{cache}/default.lock'; syncing "
        "needs a cache directory that this user may write: Permission denied; run it as root "
        "(sudo)\n")


# Sixty columns.

COMMANDS = (("list",), ("status",), ("doctor", "source"), ("log", "--local"))


@pytest.mark.parametrize("words", COMMANDS, ids=[words[0] for words in COMMANDS])
def test_sixty_columns(settled, words):
    status, out, err = run_on_terminal([paths.COMMAND, *words], settled.world.env, columns=60)
    assert status == OK and out and err == ""
    assert max(map(len, out.splitlines())) <= 60, out


def test_sixty_columns_for_a_first_sync(newcomer, roots):
    newcomer.organization.add(roots[0], "Example Root")
    status, out, err = run_on_terminal([paths.COMMAND, "sync"], newcomer.world.env, columns=60)
    assert status == OK
    assert out == ("default: 1 active of 1, 1 added; 2 requests\n"
                   "+ default: added Example Root\n"), (out, err)


# A pipe.

def test_a_pipe_that_nobody_reads(settled):
    for words in (("list",), ("status",), ("list", "--json"), ("help",)):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([paths.COMMAND, *words], env=settled.world.env, stdout=writer,
                              stderr=subprocess.PIPE, check=False)
        os.close(writer)
        assert done.returncode == DISK, words
        assert done.stderr == b"orgtrust: writing the output failed: Broken pipe\n"


def test_a_pipe_has_no_terminal_to_ask_on(settled):
    said = settled.said("deactivate", "Example Root", status=USAGE)
    assert said.splitlines()[-1] == (
        "orgtrust: nothing changed: no terminal to ask on (Nothing will be trusted in this scope. "
        "Go on?); repeat with --yes")
    assert {row["name"]: row["state"] for row in settled.world.listed()} == {
        "Example Root": "active", "Lab CA": "inactive"}


def test_a_pipe_has_the_whole_of_each_line(settled):
    """Ids as programs take them, no progress, no width."""
    rows = settled.world.orgtrust("list").stdout.splitlines()
    assert rows[0].split() == ["NAME", "STATE", "EXPIRES", "ID"] and len(rows) == 3
    assert all(re.search(r"  cert_[0-9a-f]{32}$", row) for row in rows[1:])


# Locales.

def test_every_locale_shows_the_same(settled, certs):
    """The C locale, one that is not on the machine, and Turkish, whose letter for a capital i
    is another one, if it is there."""
    settled.organization.add(certs.ca("A"), "Zürich İstanbul 日本", active=False)
    settled.world.sync()
    for words, status in ((("list",), OK), (("show", "zürich istanbul 日本"), NOT_FOUND),
                          (("show", "Zürich İstanbul 日本"), OK), (("LIST",), USAGE),
                          (("sync", "--SOURCE", "x"), USAGE)):
        seen = set()
        for name in ("C", "C.UTF-8", "POSIX", "tr_TR.UTF-8", "xx_XX.nowhere"):
            done = settled.world.orgtrust(*words, status=status,
                                          env={"LC_ALL": name, "LANG": name})
            seen.add((done.stdout, done.stderr))
        assert len(seen) == 1, words
    assert "Zürich İstanbul 日本" in settled.world.orgtrust("list", env={"LC_ALL": "C"}).stdout


def test_an_export_does_not_say_once_more_why_the_sync_failed(settled):
    """And its base_url is another since the last sync, so that it has nothing to go by."""
    settled.configure(export_bundle=str(settled.dir / "bundle.pem"))
    settled.world.sync()
    port = unused_port()
    settled.configure(export_bundle=str(settled.dir / "bundle.pem"),
                      base_url=f"https://127.0.0.1:{port}/v1")
    first, second = settled.said("sync", status=NETWORK).splitlines()
    assert "Connection refused" in first
    assert second.endswith(f"the configuration says the organization of https://127.0.0.1:{port}/v1")
