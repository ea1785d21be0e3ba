"""What tests take from npm: once, into the build directory; where it cannot be had, as without a
network, they are skipped and say so."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from .process import clean_environment


def install(wanted: Path, directory: Path) -> bool:
    """Whether what that package.json names is in node_modules/ of the directory after this."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:  # several of us run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "package.json"
        if done.exists() and done.read_bytes() == wanted.read_bytes():
            return True
        shutil.copy(wanted, directory / "wanted.json")
        attempt = directory / "new"
        shutil.rmtree(attempt, ignore_errors=True)
        attempt.mkdir()
        shutil.copy(wanted, attempt)
        env = clean_environment(HOME=str(directory), **{
            name: value for name, value in os.environ.items()
            if name.lower().startswith(("npm_config_", "http_proxy", "https_proxy"))})
        try:
            status = subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
                cwd=attempt, env=env, capture_output=True, timeout=120, check=False).returncode
        except (OSError, subprocess.TimeoutExpired):
            status = 1
        if status != 0:
            return False
        shutil.rmtree(directory / "node_modules", ignore_errors=True)
        (attempt / "node_modules").rename(directory / "node_modules")
        (attempt / "package.json").rename(done)
        return True
