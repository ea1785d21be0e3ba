"""Ways from a client to orgtrust-server: straight, through an HTTP/2 front end, each with or
without a long line in between. What is started ends with the ExitStack it was given."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from support.front import MISSING, NGHTTPX, start_front
from support.organization import Organization
from support.process import clean_environment

from measure import CannotRun
from place import DRIVERS, Machine

# As make.c makes them: the beginning of 2024 and of 2044.
VALID_AT, EXPIRES_AT = 1704067200, 2335219200


@dataclass
class Wire:
    """Where a client connects to."""

    name: str
    base_url: str
    ca: Path | None
    is_far: bool


def organization(stack: ExitStack, directory: Path) -> Organization:
    """An empty one that runs until the end."""
    made = Organization(directory, max_certificates=200000)
    stack.callback(made.stop, signal.SIGKILL)
    return made


def fill(org: Organization, pems: list[str], begin: int) -> None:
    """Puts certificates in, active, each a second younger than the one before; straight
    into the database, since uploads would take longer than all the rest."""
    with sqlite3.connect(org.db) as db:
        for i, pem in enumerate(pems, begin):
            row = db.execute(
                "INSERT INTO certificates (id, name, created_at, valid_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (f"cert_{i:032x}", f"Anchor {i:06}", VALID_AT + i, VALID_AT, EXPIRES_AT))
            db.execute("INSERT INTO contents VALUES (?, ?)", (row.lastrowid, pem))
            db.execute("INSERT INTO activations (scope, certificate) VALUES ('', ?)",
                       (row.lastrowid,))
    db.close()
    changed(org)


def changed(org: Organization) -> None:
    """As after a change: what was kept of the lists is of before."""
    with sqlite3.connect(org.db) as db:
        db.execute("UPDATE meta SET revision = randomblob(16)")
    db.close()


def paths_of(count: int) -> list[str]:
    """What a client asks for to have everything of an organization of that many."""
    lists = ["/organization/certificates?limit=100&order=asc"]
    lists += [f"{lists[0]}&after=cert_{i - 1:032x}" for i in range(100, count, 100)]
    return lists + [f"/organization/certificates/cert_{i:032x}?include[]=content"
                    for i in range(count)]


def front(stack: ExitStack, scratch: Path, port: int, place: Machine) -> int:
    """nghttpx in front of a port; the port it listens on, with TLS."""
    if NGHTTPX is None:
        raise CannotRun(MISSING)
    proxy, mine = start_front(scratch, port, place.key, place.leaf, "--accesslog-file=")
    stack.callback(proxy.stop, signal.SIGKILL)
    return mine


def delayed(stack: ExitStack, port: int, milliseconds: int) -> int:
    """A long line in front of a port; the port at its near end."""
    child = subprocess.Popen([DRIVERS / "bench_delay", str(port), str(milliseconds)],
                             env=clean_environment(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)

    def end():
        child.kill()
        child.wait()
        child.stdout.close()

    stack.callback(end)
    line = child.stdout.readline()
    if not line:
        raise CannotRun("bench_delay did not start")
    return int(line)


def wires(stack: ExitStack, scratch: Path, org: Organization, place: Machine,
          latency_ms: int) -> list[Wire]:
    h2 = front(stack, scratch, org.port, place)
    found = []
    for name, scheme, port, ca in (("h1", "http", org.port, None),
                                   ("h2", "https", h2, place.anchor)):
        found.append(Wire(name, f"{scheme}://127.0.0.1:{port}/v1", ca, False))
        far = delayed(stack, port, latency_ms)
        found.append(Wire(f"{name}+{latency_ms}ms", f"{scheme}://127.0.0.1:{far}/v1", ca,
                          True))
    return found


def private(path: Path, text: str) -> Path:
    """A file that only its owner reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    return path
