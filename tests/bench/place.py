"""Machines with anchors in every form, made once and kept; the environment around them."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support import paths
from support.process import clean_environment
from support.world import OPENSSL_CNF

from measure import CannotRun, process

DRIVERS = paths.BUILD / "tests" / "bench"


def _kept() -> Path:
    """Beside the drivers; for this run alone where others may write on the way there, as in
    a checkout made with umask 002: orgtrust would refuse such a cache."""
    modes = [place.stat().st_mode for place in (DRIVERS, *DRIVERS.parents)]
    if not any(mode & 0o022 and not mode & stat.S_ISVTX for mode in modes):
        return DRIVERS / "anchors"
    made = Path(tempfile.mkdtemp(prefix="orgtrust-bench."))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


KEPT = _kept()

_CONF = """\
base_url = http://127.0.0.1:9/v1
cache_dir = {directory}/cache
auto_refresh = no
refresh_interval = 30d
max_stale = never
"""


@dataclass(frozen=True)
class Machine:
    """So many anchors: bundle.pem, hashed/, the snapshot; a leaf of one of them."""

    count: int
    dir: Path

    @property
    def bundle(self) -> Path:
        return self.dir / "bundle.pem"

    @property
    def anchor(self) -> Path:
        return self.dir / "anchor.pem"

    @property
    def leaf(self) -> Path:
        return self.dir / "leaf.pem"

    @property
    def key(self) -> Path:
        return self.dir / "leaf.key"

    @property
    def plain_env(self) -> dict[str, str]:
        """Of a program that knows nothing of orgtrust."""
        return clean_environment(HOME=str(self.dir), OPENSSL_CONF="/dev/null")

    @property
    def env(self) -> dict[str, str]:
        """Of a program that loads a plugin."""
        return clean_environment(HOME=str(self.dir),
                                 ORGTRUST_CONF=str(self.dir / "orgtrust.conf"),
                                 OPENSSL_CONF=str(self.dir / "openssl.cnf"))

    def pems(self) -> list[str]:
        end = "-----END CERTIFICATE-----\n"
        return [part + end for part in self.bundle.read_text().split(end) if part.strip()]


def machine(count: int, kind="ec", kept=KEPT) -> Machine:
    """With keys of a kind, ec or rsa. Made on first use, and again when its maker (and so
    perhaps the format of snapshots) is newer."""
    place = Machine(count, kept / f"{kind}-{count}")
    maker = DRIVERS / "bench_make"
    done = place.dir / "done"
    if done.exists() and done.stat().st_mtime > maker.stat().st_mtime:
        return place
    shutil.rmtree(place.dir, ignore_errors=True)
    (place.dir / "cache").mkdir(parents=True)
    for directory in (place.dir, place.dir / "cache"):
        os.chmod(directory, 0o755)
    (place.dir / "orgtrust.conf").write_text(_CONF.format(directory=place.dir))
    os.chmod(place.dir / "orgtrust.conf", 0o644)
    (place.dir / "openssl.cnf").write_text(OPENSSL_CNF.format(module=paths.PROVIDER))
    process([maker, count, place.dir, kind],
            clean_environment(ORGTRUST_CONF=str(place.dir / "orgtrust.conf")))
    done.touch()
    return place


def library(name: str) -> Path:
    """A library of this system, in its own directory or that of PKCS#11 modules."""
    directory = Path(f"/usr/lib/{os.uname().machine}-linux-gnu")
    for path in (directory / name, directory / "pkcs11" / name):
        if path.exists():
            return path
    raise CannotRun(f"{name} is not installed")
