"""`key` and `project` take the database of orgtrust-server.service where they are told none,
and say which one that is; in a system of their own, where the service is installed."""

import os
import pwd
from pathlib import Path

import pytest

from support import paths
from support.postgresql import Cluster, is_installed
from support.process import clean_environment, run

PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"
STATE = "/var/lib/orgtrust-server"
DEFAULTS = "/etc/default/orgtrust-server"
SAID = "orgtrust-server: the database of orgtrust-server.service: "

pytestmark = [
    pytest.mark.file,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who administers a service"),
    pytest.mark.skipif(Path(STATE).exists() or Path(DEFAULTS).exists(),
                       reason="the service is installed here"),
]


class Installed:
    """A machine with the service: its state, the file with its options, and, where peers are
    told by their names, the table of users."""

    def __init__(self, directory):
        self.dir = directory
        self.state = directory / "state"
        self.state.mkdir(mode=0o700)
        os.chown(self.state, 64321, 64321)  # as systemd gives it to the service's user
        self.defaults = directory / "defaults"
        self.passwd = None

    def __call__(self, *words):
        puts = ["--put", self.state, STATE]
        if self.defaults.exists():
            puts += ["--put", self.defaults, DEFAULTS]
        if self.passwd is not None:
            puts += ["--put", self.passwd, "/etc/passwd"]
        return run([PRIVATE, *puts, *paths.WRAP, paths.SERVER, *words],
                   env=clean_environment(HOME=str(self.dir)))

    def users(self, *lines):
        self.passwd = self.dir / f"passwd-{len(list(self.dir.glob('passwd-*')))}"
        self.passwd.write_text("".join(
            f"{line}\n" for line in (*Path("/etc/passwd").read_text().splitlines(), *lines)))


@pytest.fixture
def installed(tmp_path):
    return Installed(tmp_path)


def test_it_is_the_file_of_the_unit(installed):
    done = installed("key", "create", "--name", "first")
    assert done.status == 0 and len(done.stdout.split()) == 1, done
    assert done.stderr == f"{SAID}{STATE}/organization.db\n"
    made = installed.state / "organization.db"
    assert made.stat().st_uid == 64321, "as the service's user, who is to read it"
    assert "first" in installed("key", "list").stdout
    assert installed("project", "create", "--name", "Lab", "--id", "lab").stdout == "lab\n"
    assert "Lab" in installed("project", "list").stdout
    assert installed("key", "revoke", "first").status == 0


@pytest.mark.parametrize("text", [
    'ORGTRUST_SERVER_OPTIONS="--listen 127.0.0.1:8443 --db {db}"\n',
    "ORGTRUST_SERVER_OPTIONS=--db={db} --listen 127.0.0.1:8443\n",
    "# ORGTRUST_SERVER_OPTIONS=--db /nonexistent/a\nOTHER=--db /nonexistent/b\n"
    "ORGTRUST_SERVER_OPTIONS='--db /nonexistent/c'\n"
    "  ORGTRUST_SERVER_OPTIONS='--db /nonexistent/d --db {db}'",
    'ORGTRUST_SERVER_OPTIONS="--log \\\n   --db \'{db}\' \\\n   --rate-limit 5/s"\n',
])
def test_it_is_what_the_options_of_the_unit_say_last(installed, text):
    db = installed.dir / "of my own.db" if "'{db}'" in text else installed.dir / "own.db"
    installed.defaults.write_text(text.format(db=db))
    done = installed("key", "create")
    assert (done.status, done.stderr) == (0, f"{SAID}{db}\n")
    assert db.stat().st_uid == 0 and not (installed.state / "organization.db").exists()


def test_options_without_one_leave_the_file_of_the_unit(installed):
    installed.defaults.write_text('ORGTRUST_SERVER_OPTIONS="--listen 127.0.0.1:8443"\n')
    assert installed("project", "list").status == 10, "it is not made by a list"
    assert installed("key", "create").stderr == f"{SAID}{STATE}/organization.db\n"


def test_one_that_is_given_is_taken_and_not_said(installed, tmp_path):
    given = tmp_path / "given.db"
    done = installed("key", "create", "--db", given)
    assert (done.status, done.stderr) == (0, "") and given.exists()


def test_without_the_service_it_is_to_be_given(tmp_path):
    done = run([paths.SERVER, "key", "list"], env=clean_environment(HOME=str(tmp_path)))
    assert done.status == 2
    assert "`key list` needs --db DATABASE where orgtrust-server.service has never" in done.stderr


def test_a_password_of_the_options_is_not_shown(installed):
    installed.defaults.write_text(
        "ORGTRUST_SERVER_OPTIONS='--db postgresql://trust:hushhush@db1/orgtrust'\n")
    done = installed("key", "list")
    assert done.status == 2 and "password" in done.stderr and "hushhush" not in done.text


@pytest.fixture
def peers(installed):
    """PostgreSQL that lets in who is called as the role."""
    if not is_installed():
        pytest.skip("PostgreSQL is not installed")
    installed.users(f"orgtrust-server:x:64321:64321::{STATE}:/usr/sbin/nologin")
    cluster = Cluster(passwd=installed.passwd)
    cluster.dir.chmod(0o755)  # the socket is for everybody, as in /run/postgresql
    try:
        admin = cluster.url("postgres")
        cluster.sql(admin, 'CREATE ROLE "orgtrust-server" LOGIN')
        cluster.sql(admin, 'CREATE DATABASE orgtrust OWNER "orgtrust-server"')
        hba = cluster.dir / "data" / "pg_hba.conf"
        hba.write_text("local all postgres trust\nlocal all all peer\n")
        cluster.sql(admin, "SELECT pg_reload_conf()")
        yield cluster
    finally:
        cluster.remove()


def test_root_is_let_in_as_the_services_user(installed, peers):
    url = peers.url("orgtrust", "orgtrust-server")
    installed.defaults.write_text(f'ORGTRUST_SERVER_OPTIONS="--db {url}"\n')
    done = installed("key", "create")
    assert (done.status, done.stderr) == (0, f"{SAID}{url}\n")
    assert "key_" in installed("key", "list").stdout
    assert peers.sql(url.replace("//orgtrust-server@", "//postgres@"),
                     "SELECT actor FROM audit") == [[f"local:{pwd.getpwuid(0).pw_name}"]]


def test_a_user_without_a_name_is_no_peer(installed, peers):
    """What a service under DynamicUser= is to PostgreSQL where libnss-systemd is missing."""
    url = peers.url("orgtrust", "orgtrust-server")
    installed.users("orgtrust-server:x:64322:64322::/:/usr/sbin/nologin")
    installed.defaults.write_text(f'ORGTRUST_SERVER_OPTIONS="--db {url}"\n')
    done = installed("key", "create")
    assert done.status == 4 and "Peer authentication failed" in done.stderr, done
    log = (peers.dir / "log").read_text()
    assert "could not look up local user ID 64322" in log
