"""PostgreSQL as Debian packages it, for the tests alone: its own user, a scratch directory
in memory, a Unix socket, no syncing. One cluster for all of a session, with a database for
each server."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import paths
from .process import Background, clean_environment, run, wait_until

# Of Debian's package; the tests need no more rights than it has.
USER = "postgres"

_PATH = "-c search_path=orgtrust"

_SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
    "listen_addresses": "", "shared_buffers": "32MB", "max_connections": "300",
    "logging_collector": "off", "max_prepared_transactions": "0",
}


def _programs() -> Path | None:
    """Where the newest version's are."""
    found = [Path(name).parent for name in glob.glob("/usr/lib/postgresql/*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def is_installed() -> bool:
    return _programs() is not None


class Cluster:
    """A database server that runs until stop(). It ends with the tests, too, where these
    are killed. of: the primary whose standby it is; passwd: what it sees in place of
    /etc/passwd."""

    def __init__(self, *, of: Cluster | None = None, passwd: Path | None = None,
                 **settings: str):
        self.programs = _programs()
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        # Not below pytest's directories, which only their owner can go through.
        self.dir = Path(tempfile.mkdtemp(prefix="orgtrust-pg-", dir=memory))
        self.env = clean_environment(HOME=str(self.dir))
        self.settings = _SETTINGS | settings
        self.server: Background | None = None
        self._made = 0
        self._inside = [] if passwd is None else [
            paths.REPOSITORY / "tests" / "support" / "in_private_system",
            "--put", passwd, "/etc/passwd"]
        self._as_user: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(self.dir, user.pw_uid, user.pw_gid)
            self._as_user = ["--reuid", USER, "--regid", USER, "--clear-groups"]
        if of is None:
            done = self.run("initdb", "-D", self.dir / "data", "-U", USER, "-A", "trust",
                            "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8")
        else:
            done = self.run("pg_basebackup", "-D", self.dir / "data", "-h", of.dir, "-U", USER,
                            "--no-sync", "-R", "-X", "stream", "-c", "fast")
        assert done.status == 0, done
        self.start()

    def run(self, program: str, *argv):
        return run(["setpriv", *self._as_user, "--", self.programs / program, *argv],
                   env=self.env, cwd=self.dir)

    def start(self):
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        self.server = Background(
            [*self._inside, "setpriv", "--pdeathsig", "QUIT", *self._as_user, "--",
             self.programs / "postgres", "-D", self.dir / "data", "-k", self.dir, *options],
            env=self.env, log=self.dir / "log", cwd=self.dir)
        wait_until(lambda: self.run("pg_isready", "-q", "-h", self.dir).status == 0,
                   what="PostgreSQL")

    def promote(self):
        self.sql(self.url("postgres"), "SELECT pg_promote(false)")

    def stop(self, how=signal.SIGQUIT):
        """As after a loss of power unless said otherwise: recovery is quick."""
        if self.server is not None:
            self.server.stop(how)
            self.server = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir)

    def url(self, name: str, user: str = USER) -> str:
        return f"postgresql://{user}@/{name}?host={self.dir}"

    def create(self, **options: str) -> str:
        """A new database; its URL."""
        self._made += 1
        name = f"organization_{self._made}"
        more = " ".join(f"{key} {value}" for key, value in options.items())
        self.sql(self.url("postgres"), f"CREATE DATABASE {name} TEMPLATE template0 {more}")
        return self.url(name)

    def sql(self, url: str, text: str) -> list[list[str]]:
        """What psql says of it: rows of texts."""
        done = run([self.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-F", "\t",
                    "-c", text, url], env=self.env | {"PGOPTIONS": _PATH})
        assert done.status == 0, done
        return [line.split("\t") for line in done.stdout.splitlines()]

    @contextlib.contextmanager
    def holding(self, url: str, text: str):
        """Meanwhile a transaction has done this, and is open."""
        psql = subprocess.Popen(
            [self.programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url],
            env=self.env | {"PGOPTIONS": _PATH}, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        try:
            psql.stdin.write(f"BEGIN;\n{text};\nSELECT 'done';\n")
            psql.stdin.flush()
            assert psql.stdout.readline() == "done\n", "the transaction is as it should be"
            yield
        finally:
            psql.stdin.close()
            psql.stdout.close()
            psql.wait()
