"""Where the programs under test are.

ORGTRUST_BUILD is the build directory (default: build/ beside tests/). ORGTRUST_WRAP is put
before each program of ours and each program that loads the provider (valgrind …).
ORGTRUST_PRELOAD is loaded into distribution programs that load the provider, for a
sanitizer's runtime."""

import os
import shlex
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ORGTRUST_BUILD", REPOSITORY / "build")).resolve()
COMMAND = BUILD / "cli" / "orgtrust"
SERVER = BUILD / "server" / "orgtrust-server"
PROVIDER_DIR = BUILD / "provider"
PROVIDER = PROVIDER_DIR / "orgtrust.so"
PKCS11_MODULE = BUILD / "p11module" / "orgtrust-pkcs11.so"
DISTRUST_PKCS11_MODULE = BUILD / "p11module" / "orgtrust-distrust-pkcs11.so"
ADMIN_PKCS11_MODULE = BUILD / "p11module" / "admin" / "orgtrust-admin-pkcs11.so"

# Where a test keeps what a person may want to look at afterwards.
RESULTS = Path(os.environ.get("ORGTRUST_RESULTS", BUILD / "results")).resolve()

WRAP = shlex.split(os.environ.get("ORGTRUST_WRAP", ""))
PRELOAD = os.environ.get("ORGTRUST_PRELOAD", "")

# How much slower than a plain build everything is, for timeouts.
SLOWNESS = float(os.environ.get("ORGTRUST_SLOWNESS", "20" if WRAP else "1"))
# Where times of the plain build say nothing. Half of a machine, as `tests/run` gives, is enough.
IS_SLOW = SLOWNESS > 2

# Set by `tests/run --long`: the tests that take minutes run too.
LONG = os.environ.get("ORGTRUST_LONG", "") == "1"

# A program of others that is not there fails its tests, which are skipped elsewhere.
COMPLETE = os.environ.get("ORGTRUST_COMPLETE", "") == "1"

# The openssl program, its providers' settings aside.
OPENSSL = os.environ.get("ORGTRUST_OPENSSL", "/usr/bin/openssl")


def is_sanitized(kind: str) -> bool:
    """Whether the programs were built with that sanitizer ("address", "thread")."""
    cache = BUILD / "CMakeCache.txt"
    if not cache.exists():
        return False
    for line in cache.read_text().splitlines():
        if line.startswith("ORGTRUST_SANITIZE:"):
            return kind in line.split("=", 1)[1].split(",")
    return False
