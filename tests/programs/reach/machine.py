"""The machine that the walk is on: its root, its ordinary user, and all of its files."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from hashlib import sha256
from pathlib import Path

from support.process import Background, Result, clean_environment, run

USER = "walker"

# Not looked at: the project, what is not on the disk, and what apt, dpkg and logs keep for
# themselves.
_ASIDE = ("/project", "/dev", "/proc", "/run", "/sys", "/tmp", "/var/cache/apt",
          "/var/cache/debconf", "/var/lib/apt", "/var/lib/dpkg", "/var/log")


class Machine:
    """dir: for the walk's own files, which everybody may read."""

    def __init__(self):
        self.dir = Path("/run/reach")
        self.dir.mkdir()
        self.dir.chmod(0o755)
        subprocess.run(["useradd", "--create-home", USER], check=True)
        self.account = pwd.getpwnam(USER)
        self.home = Path(self.account.pw_dir)
        self._hashes: dict[tuple, str] = {}
        self._count = 0

    def give(self, *paths: Path):
        """To the ordinary user."""
        for path in paths:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def scratch(self, name: str) -> Path:
        """A new directory of the ordinary user."""
        self._count += 1
        path = self.dir / f"{name}-{self._count}"
        path.mkdir()
        self.give(path)
        return path

    # Programs. None sees an environment other than this one.

    def _as(self, argv, user: bool) -> list:
        return self.as_user(argv) if user else list(argv)

    def as_user(self, argv) -> list:
        return ["setpriv", f"--reuid={self.account.pw_uid}",
                f"--regid={self.account.pw_gid}", "--clear-groups", "--", *argv]

    def _environment(self, user: bool, more) -> dict[str, str]:
        home = str(self.home) if user else "/root"
        return clean_environment(HOME=home) | (more or {})

    def run(self, *argv, user=True, env=None, status: int | None = None, timeout=90,
            **more) -> Result:
        """To its end, by default as the ordinary user."""
        done = run(self._as(argv, user), env=self._environment(user, env), cwd="/",
                   timeout=timeout, **more)
        assert status is None or done.status == status, done
        return done

    def start(self, argv, *, user=True, env=None, log: Path | None = None,
              **more) -> Background:
        self._count += 1
        return Background(self._as(argv, user), env=self._environment(user, env), cwd="/",
                          log=log or self.dir / f"program-{self._count}.log", **more)

    def root(self, *argv, **more) -> Result:
        """Something that must work, as root."""
        return self.run(*argv, user=False, status=0, timeout=300, **more)

    # Files.

    def tree(self, aside=()) -> dict[str, tuple]:
        """Every file with kind, mode, owner and content; not what is below `aside`."""
        found, device = {}, os.stat("/").st_dev
        for directory, names, files in os.walk("/"):
            for name in list(names):
                path = os.path.join(directory, name)
                about = os.lstat(path)
                if path in (*_ASIDE, *aside) or about.st_dev != device:
                    names.remove(name)
                else:
                    found[path] = self._describe(path, about)
            for name in files:
                path = os.path.join(directory, name)
                if path not in aside:
                    found[path] = self._describe(path, os.lstat(path))
        return found

    def _describe(self, path: str, about: os.stat_result) -> tuple:
        owner = (stat.filemode(about.st_mode), about.st_uid, about.st_gid)
        if stat.S_ISLNK(about.st_mode):
            return (*owner, os.readlink(path))
        if stat.S_ISREG(about.st_mode):
            return (*owner, self._content(path, about))
        return owner

    def _content(self, path: str, about: os.stat_result) -> str:
        """Nothing changes a file without its time of change, so that one is read once."""
        key = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns,
               about.st_ctime_ns)
        if key not in self._hashes:
            self._hashes[key] = sha256(Path(path).read_bytes()).hexdigest()
        return self._hashes[key]
