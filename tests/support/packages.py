"""The Debian packages of this build, for tests that look at them or install them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from . import paths
from .process import Result, clean_environment, run

NAMES = {"orgtrust", "openssl-provider-orgtrust", "orgtrust-pkcs11", "orgtrust-server"}
ROOTS = Path(os.environ.get("ORGTRUST_ROOTS", "/var/tmp/orgtrust-roots"))
_CACHE = paths.BUILD / "CMakeCache.txt"

# Marks of tests that take them.
with_packages = [
    pytest.mark.skipif(
        not all(map(shutil.which, ("cpack", "dpkg-shlibdeps", "lintian"))),
        reason="NO PACKAGES ARE TESTED: needs dpkg-dev and lintian"),
    pytest.mark.skipif(
        not _CACHE.exists() or "CMAKE_INSTALL_PREFIX:PATH=/usr\n" not in _CACHE.read_text(),
        reason="with -DCMAKE_INSTALL_PREFIX=/usr"),
    pytest.mark.skipif(
        paths.is_sanitized("address") or paths.is_sanitized("thread"),
        reason="nobody installs sanitizers"),
]


def make_packages(directory: Path) -> Path:
    """Puts them there."""
    done = run(["cpack", "--config", paths.BUILD / "CPackConfig.cmake", "-B", directory],
               env=clean_environment(TMPDIR=str(directory)), cwd=directory, timeout=120)
    assert done.status == 0, str(done)
    assert b"Warning" not in done.err, str(done)
    shutil.rmtree(directory / "_CPack_Packages")
    return directory


def enter_root(root: str, debs: Path, *argv, options=(), timeout: float) -> Result:
    """A command in a fresh root that sees the packages and the archive."""
    if os.geteuid() != 0:
        pytest.skip("needs root (namespaces)")
    if not (ROOTS / f"{root}.tar").exists():
        pytest.skip(f"NO {root} ROOT: tests/support/roots/make makes it")
    outer = {name: value for name, value in os.environ.items()
             if name.lower() in ("http_proxy", "https_proxy", "no_proxy", "orgtrust_roots",
                                 "orgtrust_slowness")}
    return run([paths.REPOSITORY / "tests/support/roots/enter", *options, "--show", debs, root,
                *argv], env=clean_environment(**outer), timeout=timeout)
