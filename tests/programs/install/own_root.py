"""A machine of its own: this system, with everything that is written kept apart.

An overlay over / in a mount namespace that one sleeping process holds; the programs under
test are installed into it from the build. What is changed goes to memory and ends with the
process: nothing of this system's /etc, /usr or homes is ever touched."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import stat
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from support import paths
from support.process import Background, Result, clean_environment, run, wait_until

# An account without rights, with a home in the machine.
USER = 65534

_SETUP = r"""
set -eu
mount -t tmpfs -o mode=755 tmpfs "$1"
cd "$1"
mkdir upper work root
cp -a "$4" settled
mount -t overlay overlay -o lowerdir=$PWD/settled:/,upperdir=$PWD/upper,workdir=$PWD/work root
for empty in tmp run root home; do mount -t tmpfs -o mode=755 tmpfs root/$empty; done
chmod 1777 root/tmp
mount --rbind /dev root/dev
mount --rbind /sys root/sys
mount -t proc proc root/proc 2>/dev/null || mount --rbind /proc root/proc
# So that these are there whatever this system has.
mkdir -p root/usr/lib/firefox-esr root/usr/lib/jvm/odd/conf/security
for i in 1 2 3; do echo "security.provider.$i=P"; done >root/usr/lib/jvm/odd/conf/security/java.security
DESTDIR=$PWD/root cmake --install "$2" >/dev/null
mkdir root/home/user
chown "$3:$3" root/home/user
# Who sees this system and the machine in it, wherever / is: it ends with the machine.
setpriv --pdeathsig KILL sleep infinity &
echo $! >root/run/outside
touch root/run/is-ready
exec chroot root sleep infinity
"""

# What that command changes of this system before anything of ours has: somebody may have
# put an authority here without it. $1 gets the files, as a layer over this system.
_SETTLE = r"""
set -eu
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work root
mount --rbind /dev root/dev
chroot root update-ca-certificates --hooksdir /nowhere
cp -a upper/. "$1"
"""

# Where orgtrust could change something.
WATCHED = ("etc", "root", "home", "tmp", "run", "var/lib/orgtrust", "var/cache/orgtrust",
           "var/spool", "usr/lib/ssl", "usr/lib/firefox-esr/distribution",
           "usr/share/firefox-esr", "usr/share/p11-kit", "usr/share/orgtrust",
           "usr/lib/systemd/system", "usr/local/share")


@functools.cache
def _settled() -> Path:
    layer = Path(tempfile.mkdtemp(prefix="settled"))
    atexit.register(shutil.rmtree, layer)
    if shutil.which("update-ca-certificates"):
        done = run(["unshare", "--mount", "sh", "-c", _SETTLE, "settle", layer],
                   env=clean_environment())
        assert done.status == 0, done
    return layer


class OwnRoot:
    def __init__(self, directory: Path, key: str | None = None):
        directory.mkdir(parents=True)
        self.place, self.key = directory, key
        self.holder = Background(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SETUP, "setup",
             directory, paths.BUILD, USER, _settled()],
            env=clean_environment(), log=directory.parent / f"{directory.name}.log")
        self.root = Path(f"/proc/{self.holder.pid}/root")
        wait_until(self._is_ready, what="the machine of its own")

    def _is_ready(self) -> bool:
        assert self.holder.is_running(), self.holder.output()
        return (self.root / "run" / "is-ready").exists()

    def close(self):
        self.holder.child.kill()
        self.holder.child.wait()

    # Files.

    def path(self, name: str) -> Path:
        """A file of the machine, as this process reaches it; links in it lead astray."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def write(self, name: str, content: bytes | str, mode=0o644, owner=0):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        os.chown(path, owner, owner)

    def tree(self, tops=WATCHED) -> dict[str, tuple]:
        """Every file there is where orgtrust could change one: kind, mode, owner, content,
        time of modification (not of directories)."""
        found = {}
        for top in tops:
            for directory, names, files in os.walk(self.root / top):
                for path in (Path(directory), *(Path(directory) / name for name in files),
                             *(Path(directory) / name for name in names)):
                    found[str(path.relative_to(self.root))] = _describe(path)
        return found

    def share(self, directory: Path):
        """A directory of this system's is seen there, too, by the same name."""
        outside = self.read("/run/outside").decode().strip()
        done = run(["nsenter", f"--target={outside}", "--mount", "--root", "--wd=/", "sh", "-ec",
                    'mkdir -p "$1/root$2"; mount --bind "$2" "$1/root$2"', "share",
                    self.place, directory], env=clean_environment())
        assert done.status == 0, done

    # Programs.

    def prefix(self) -> list[str]:
        """What goes before a command that is to be the machine's. By nsenter alone it would
        not know in which directory it is, without which Java does not start."""
        return ["nsenter", f"--target={self.holder.pid}", "--mount", "--root", "--wd=/", "--",
                "env", "--chdir=/"]

    def run(self, *argv, user=False, status: int | None = 0, env=None, timeout=60.0,
            terminal: int | None = None, **popen) -> Result:
        """Runs a program of the machine, by default as its root. terminal: what it has as
        standard input and error."""
        home = "/home/user" if user else "/root"
        account = (["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--"]
                   if user else [])
        if terminal is not None:
            popen["preexec_fn"] = lambda: (os.dup2(terminal, 0), os.dup2(terminal, 2))
        done = run([*self.prefix(), *account, *argv],
                   env=clean_environment(HOME=home) | (env or {}), timeout=timeout, **popen)
        assert self.key is None or self.key not in done.text, done
        assert status is None or done.status == status, f"expected {status}: {done}"
        return done

    def begin(self, *argv, terminal: int) -> subprocess.Popen:
        """A program of the machine, as its root, with all three streams on a terminal."""
        return subprocess.Popen(
            ["nsenter", f"--target={self.holder.pid}", "--mount", "--root", "--wd=/", "--",
             *map(str, argv)], env=clean_environment(HOME="/root"), stdin=terminal,
            stdout=terminal, stderr=terminal)

    def start(self, *argv, log: Path) -> Background:
        """A program of the machine, as its root, that runs until it is stopped."""
        return Background([*self.prefix(), *argv], env=clean_environment(HOME="/root"),
                          log=log)

    def orgtrust(self, *argv, **more) -> Result:
        return self.run("/usr/bin/orgtrust", *argv, **more)

    def install(self, *stacks, **more) -> Result:
        return self.orgtrust("install", "--yes", *stacks, **more)

    def uninstall(self, *stacks, **more) -> Result:
        return self.orgtrust("uninstall", "--yes", *stacks, **more)


def _describe(path: Path) -> tuple:
    what = path.lstat()
    about = (stat.S_IFMT(what.st_mode), stat.S_IMODE(what.st_mode), what.st_uid, what.st_gid)
    if stat.S_ISLNK(what.st_mode):
        return (*about, os.readlink(path))
    if stat.S_ISREG(what.st_mode):
        return (*about, sha256(path.read_bytes()).hexdigest(), what.st_mtime_ns)
    return about


def same(before: dict, after: dict, *, but=()):
    """Nothing differs, what begins with one of `but` aside."""
    left = {name: what for name, what in changes(before, after).items()
            if not name.startswith(tuple(but) or ("\0",))}
    assert not left, left


def can_have_one() -> bool:
    """Whether this process may make mounts of its own."""
    done = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                          capture_output=True, check=False)
    return os.geteuid() == 0 and done.returncode == 0


def changes(before: dict, after: dict) -> dict:
    """What differs, for a message."""
    return {name: (before.get(name), after.get(name))
            for name in before.keys() | after.keys()
            if before.get(name) != after.get(name)}
