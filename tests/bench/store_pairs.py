"""The OpenSSL provider: within a process, and for whole programs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support import paths

from measure import CannotRun, Goal, Row, Side, count_instructions, driver, in_turn, process
from pairs import Plan, pair
from place import DRIVERS, Machine, machine


# OpenSSL takes a time that grows faster than their number for the certificates of a bundle,
# which it keeps sorted: 4.6 s for 10,000. Ours with more is measured alone.
BUNDLE_MAX = 10000


def argv(work: str, rounds: int, side: str, place: Machine) -> list:
    return [DRIVERS / "bench_store", work, rounds, side, place.dir]


def _drive(plan: Plan, work: str, size: int, rounds: int, names: list[str],
           count_up_to: int, kind="ec") -> dict[str, Side]:
    place = machine(size, kind)
    sides = {name: Side() for name in names}
    for which in ["all"] if work != "first" or "bundle" in names else names:
        driver(argv(work, rounds, which, place), place.env, sides)
    for name in names if plan.counts_instructions(size, count_up_to) else []:
        count_instructions(argv(work, 1, name, place), place.env, sides[name])
    return sides


@pair("lookup-absent", "a subject that is not there: provider, hashed directory", True)
def lookup_absent(plan: Plan):
    for size in plan.sizes:
        sides = _drive(plan, "absent", size, plan.rounds(31), ["orgtrust", "hashed"], 100000)
        yield Row("lookup-absent", size, sides, Goal(5, "≤ 5 ×") if size >= 150 else None)


@pair("lookup-present", "a subject that is there, first time: provider, hashed directory",
      True)
def lookup_present(plan: Plan):
    for size in plan.sizes:
        sides = _drive(plan, "present", size, plan.rounds(31), ["orgtrust", "hashed"], 100000)
        yield Row("lookup-present", size, sides,
                  Goal(1.05, "≤ 1.05 ×") if size >= 150 else None)


@pair("first", "first verification with set-up: provider, hashed directory, PEM bundle", True)
def first(plan: Plan):
    for size in plan.sizes:
        names = ["orgtrust", "bundle", "hashed"]
        if size > BUNDLE_MAX:
            names.remove("bundle")
        sides = _drive(plan, "first", size, plan.rounds(2 if size == 10000 else 15), names,
                       1000)
        yield Row("first", size, sides,
                  Goal(1 / 90, "90 × faster") if size == 150 else None)


@pair("first-rsa", "the same with anchors of RSA, as most public ones are")
def first_rsa(plan: Plan):
    sides = _drive(plan, "first", 150, plan.rounds(15), ["orgtrust", "hashed", "bundle"], 150,
                   "rsa")
    yield Row("first-rsa", 150, {n: sides[n] for n in ("orgtrust", "bundle", "hashed")},
              Goal(1 / 90, "90 × faster"))


@pair("first-fresh", "the same with a library context and the provider's loading: provider, "
      "PEM bundle")
def first_fresh(plan: Plan):
    for size in plan.up_to(1000):
        sides = _drive(plan, "fresh", size, plan.rounds(15), ["orgtrust", "bundle"], 1000)
        yield Row("first-fresh", size, sides)


@pair("storeutl", "whole process, every certificate: orgtrust:///, file of PEM", True)
def storeutl(plan: Plan):
    for size in plan.up_to(100000):
        place = machine(size)
        program = [paths.OPENSSL, "storeutl", "-noout", "-certs"]
        rounds = plan.rounds({10000: 9, 100000: 2}.get(size, 25))
        sides = in_turn(rounds, {
            "orgtrust": lambda m=place: process([*program, "orgtrust:///"], m.env),
            "file": lambda m=place: process([*program, m.bundle], m.plain_env),
        }, warm=size <= 10000)
        judged = 150 <= size <= 10000
        yield Row("storeutl", size, sides, Goal(1.0, "≤ 1.0 ×") if judged else None)


_CONTEXT = """\
import ssl, time
wall, cpu = time.perf_counter(), time.process_time()
context = ssl.create_default_context()
print(time.process_time() - cpu, time.perf_counter() - wall)
"""


def _python(env: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(["/usr/bin/python3", "-I", "-c", _CONTEXT], env=env,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotRun(done.stderr)
    cpu, wall = map(float, done.stdout.split())
    return cpu, wall


@pair("python", "ssl.create_default_context(): provider in SSL_CERT_DIR, bundle in "
      "SSL_CERT_FILE", True)
def python(plan: Plan):
    none = plan.scratch / "none"
    none.mkdir(exist_ok=True)
    for size in plan.sizes:
        place = machine(size)
        ours = place.env | {"SSL_CERT_DIR": f"/usr/lib/orgtrust:{none}",
                            "SSL_CERT_FILE": "/dev/null"}
        file = place.plain_env | {"SSL_CERT_DIR": str(none),
                                  "SSL_CERT_FILE": str(place.bundle)}
        ways = {"orgtrust": lambda env=ours: _python(env)}
        if size <= BUNDLE_MAX:
            ways["bundle"] = lambda env=file: _python(env)
        yield Row("python", size, in_turn(plan.rounds(3 if size == 10000 else 15), ways))


_NGINX = """\
pid {scratch}/nginx.pid;
error_log stderr;
env ORGTRUST_CONF;
events {{ }}
http {{
    access_log off;
    server {{
        listen 127.0.0.1:1 ssl;
        ssl_certificate {leaf};
        ssl_certificate_key {key};
        ssl_verify_client on;
        {trust}
    }}
}}
"""


def _nginx_conf(path: Path, place: Machine, trust: str) -> Path:
    path.write_text(_NGINX.format(scratch=path.parent, leaf=place.leaf, key=place.key,
                                  trust=trust))
    return path


@pair("nginx", "nginx -t with client certificates: VerifyCAStore, ssl_client_certificate")
def nginx(plan: Plan):
    program = "/usr/sbin/nginx"
    if not os.access(program, os.X_OK):
        raise CannotRun("nginx is not installed")
    for size in plan.sizes:
        place = machine(size)
        ours = _nginx_conf(plan.scratch / "nginx-ours.conf", place,
                           f"ssl_client_certificate {place.leaf};\n"
                           "        ssl_conf_command VerifyCAStore orgtrust:///;")
        file = _nginx_conf(plan.scratch / "nginx-file.conf", place,
                           f"ssl_client_certificate {place.bundle};")
        test = [program, "-t", "-q", "-p", plan.scratch, "-c"]
        ways = {"orgtrust": lambda m=place, c=ours: process([*test, c], m.env)}
        if size <= BUNDLE_MAX:
            ways["bundle"] = lambda m=place, c=file: process([*test, c], m.plain_env)
        yield Row("nginx", size, in_turn(plan.rounds(3 if size == 10000 else 15), ways))
