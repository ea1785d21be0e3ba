"""Programs that see the PKCS#11 modules: by their paths, or through a p11-kit that has no
others.

The files that p11-kit reads are the system's own; `in_private_system` lets a command see
others in their place."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from . import paths
from .process import Background, Result, clean_environment, run
from .world import World

# Distribution programs that leak at their exit, or that a sanitizer's runtime cannot be
# put under, say nothing about our code; tests/plugins/p11module runs it sanitized.
with_plain_build = pytest.mark.skipif(
    bool(paths.WRAP) or paths.is_sanitized("address") or paths.is_sanitized("thread"),
    reason="with the plain build")

_PRIVATE = Path(__file__).with_name("in_private_system")
_MODULE_FILES = paths.REPOSITORY / "conf" / "p11-kit"


class P11System:
    """Everything lies in one directory.

    world          configuration, cache, environment, `world.sync()` (support.world)
    env            the environment in which a client finds configuration and snapshot
    module         orgtrust-pkcs11.so, in that directory
    admin_module   orgtrust-admin-pkcs11.so, likewise; p11-kit has it for p11tool
    proxy          p11-kit-proxy.so, which shows the modules to who runs with p11kit=True
    """

    def __init__(self, directory: Path, world: World):
        self.dir = Path(directory)
        self.world = world
        self.env = world.env
        self.module = Path(shutil.copy(paths.PKCS11_MODULE, self.dir))
        self.admin_module = Path(shutil.copy(paths.ADMIN_PKCS11_MODULE, self.dir))
        self.proxy = find_library("p11-kit-proxy.so")
        self.modules = self._directory("modules")
        self.empty = self._directory("empty")
        self.write_module_file(self.modules / "orgtrust.module")
        self.write_module_file(self.modules / "orgtrust-admin.module", self.admin_module,
                               "orgtrust-admin")
        self._count = 0

    def _directory(self, name: str) -> Path:
        path = self.dir / name
        path.mkdir()
        path.chmod(0o755)
        return path

    def write_module_file(self, path: Path, module: Path | None = None,
                          kind: str = "orgtrust"):
        """The p11-kit module file that is installed (orgtrust, orgtrust-admin), for the
        module where it is now."""
        text = (_MODULE_FILES / f"{kind}.module.in").read_text()
        installed = f"@ORGTRUST_PKCS11_DIR@/{kind}-pkcs11.so"
        assert installed in text, text
        path.write_text(text.replace(installed, str(module or self.module)))

    def prefix(self, p11kit=False, account: int | None = None, mounts=None) -> list[str]:
        """What goes before a command that sees another system.

        p11kit    p11-kit has our modules, by their module files, and no others
        account   the user id it runs as, with no group but the same
        mounts    {target: source}: what else is seen in place of the system's own files
                  (say {"/etc/firefox/policies": self.dir / "policies"}); a target need
                  not be there. The system's own files stay as they are."""
        mounts = dict(mounts or {})
        if p11kit:
            mounts = self.p11kit_mounts() | mounts
        if not mounts and account is None:
            return []
        puts = [word for target, source in mounts.items()
                for word in ("--put", str(source), str(target))]
        return [str(_PRIVATE), *puts, *(["--as", str(account)] if account else [])]

    def p11kit_mounts(self, modules: Path | None = None) -> dict[str, Path]:
        """The mounts that make p11-kit read that directory of module files only."""
        mounts = {"/usr/share/p11-kit/modules": modules or self.modules}
        if Path("/etc/pkcs11").exists():
            mounts["/etc/pkcs11"] = self.empty
        return mounts

    def run(self, argv, *, p11kit=False, account: int | None = None, mounts=None, env=None,
            timeout=60.0, **popen) -> Result:
        """Runs a client to its end; see prefix(). Its output never has the key in it."""
        prefix = self.prefix(p11kit, account, mounts)
        return self.world.check(run([*prefix, *argv], env=self.env | (env or {}),
                                    timeout=timeout, **popen))

    def start(self, argv, *, p11kit=False, account: int | None = None, mounts=None,
              env=None, **popen) -> Background:
        """Starts a client that goes on running; ended at the latest with the world."""
        self._count += 1
        process = Background([*self.prefix(p11kit, account, mounts), *argv],
                             env=self.env | (env or {}),
                             log=self.dir / f"client-{self._count}.log", **popen)
        self.world.background.append(process)
        return process

    def scratch(self, account: int | None = None) -> Path:
        """A new directory that belongs to that account, for a home or a database."""
        self._count += 1
        path = self._directory(f"scratch-{self._count}")
        if account is not None:
            os.chown(path, account, account)
        return path


def find_library(name: str) -> Path:
    """A library in the directory of this system's libraries."""
    for directory in (f"/usr/lib/{os.uname().machine}-linux-gnu", "/usr/lib64", "/usr/lib"):
        if (Path(directory) / name).exists():
            return Path(directory) / name
    lacking(f"{name} is not installed")


def lacking(what: str) -> NoReturn:
    """The test is skipped; or it fails, where this system was made with all of them."""
    if paths.COMPLETE:
        pytest.fail(what)
    pytest.skip(what)


def need(program: str, package: str | None = None) -> str:
    """The path of a distribution's program, or the test is skipped."""
    found = shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin")
    if found is None:
        lacking(f"{program} is not installed (package {package or program})")
    return found


def can_mount() -> bool:
    """Whether commands may see another system here; see in_private_system."""
    done = subprocess.run([_PRIVATE, "--put", "/etc/passwd", "/etc/passwd", "true"],
                          env=clean_environment(), capture_output=True, check=False)
    return done.returncode == 0
