"""TLS handshakes per second: GnuTLS and NSS through the module, and through files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support import paths

from measure import CannotRun, Fact, Row, Side, driver, instructions_a_call
from pairs import Plan, pair
from place import DRIVERS, Machine, machine

_PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"


def _with_module(scratch: Path) -> list[str]:
    """What goes before a command so that p11-kit has our module, and no other."""
    modules, empty = scratch / "modules", scratch / "empty"
    modules.mkdir(exist_ok=True)
    empty.mkdir(exist_ok=True)
    (modules / "orgtrust.module").write_text(
        f"module: {paths.PKCS11_MODULE}\ntrust-policy: yes\npriority: 10\n")
    prefix = [str(_PRIVATE), "--put", str(modules), "/usr/share/p11-kit/modules"]
    if Path("/etc/pkcs11").exists():
        prefix += ["--put", str(empty), "/etc/pkcs11"]
    return prefix


def _gnutls(plan: Plan, name: str, work: str, most: int):
    prefix = _with_module(plan.scratch)
    for size in plan.up_to(most):
        place = machine(size)
        sides = {"orgtrust": Side(), "file": Side()}
        rounds = plan.rounds({1000: 5, 10000: 2}.get(size, 15))
        driver([*prefix, DRIVERS / "bench_gnutls", work, rounds, "all", place.dir],
               place.env, sides)
        rate = 1 / Row(name, size, sides).median("orgtrust")
        yield Row(name, size, sides, note=f"{rate:.0f} handshakes a second of processor time")


@pair("gnutls", "a handshake with credentials that are kept: pkcs11:token=orgtrust, bundle",
      True)
def gnutls(plan: Plan):
    yield from _gnutls(plan, "gnutls", "handshake", 10000)


@pair("gnutls-first", "a handshake and the credentials for it: pkcs11:token=orgtrust, bundle",
      True)
def gnutls_first(plan: Plan):
    # Minutes with 10,000: GnuTLS takes half a second and more to read such a bundle.
    yield from _gnutls(plan, "gnutls-first", "first", 1000)


@pair("gnutls-attribute", "instructions of an attribute that GnuTLS asks the module for, with "
      "the objects that it has looked up for them")
def gnutls_attribute(plan: Plan):
    for size in plan.up_to(1000):
        place = machine(size)
        taken = instructions_a_call(
            [DRIVERS / "bench_gnutls", "first", 1, "orgtrust", place.dir], place.env,
            "C_GetAttributeValue", _with_module(plan.scratch))
        yield Fact("gnutls-attribute", size, "instructions an attribute", taken, "", "≤ 240",
                   taken <= 240)


def _do(argv, env):
    done = subprocess.run(list(map(str, argv)), env=env, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise CannotRun(f"{argv}: {done.stdout}{done.stderr}")


def _databases(scratch: Path, place: Machine) -> dict[str, Path]:
    """Two databases: one that knows the module, one with the certificates in it."""
    found = {name: scratch / f"nss-{place.count}-{name}" for name in ("orgtrust", "database")}
    for path in found.values():
        path.mkdir()
        _do(["certutil", "-N", "-d", f"sql:{path}", "--empty-password"], place.env)
    _do(["modutil", "-dbdir", f"sql:{found['orgtrust']}", "-add", "orgtrust", "-libfile",
         paths.PKCS11_MODULE, "-force"], place.env)
    batch = scratch / "batch"
    batch.write_text("".join(f"-A -a -n {path.name} -t C,, -i {path}\n"
                             for path in (place.dir / "hashed").iterdir()))
    _do(["certutil", "-B", "-d", f"sql:{found['database']}", "-i", batch], place.env)
    return found


@pair("nss", "a handshake: database with the module, database with the certificates")
def nss(plan: Plan):
    for size in plan.up_to(1000):
        place = machine(size)
        sides = {"orgtrust": Side(), "database": Side()}
        databases = _databases(plan.scratch, place)
        # A process has one database: the processes take turns.
        for _ in range(plan.rounds(5)):
            for name, path in databases.items():
                driver([DRIVERS / "bench_nss", 3, name, place.dir, f"sql:{path}"], place.env,
                       sides)
        rate = 1 / Row("nss", size, sides).median("orgtrust")
        yield Row("nss", size, sides, note=f"{rate:.0f} handshakes a second of processor time")
