"""orgtrust-server under load: beside nginx with the same bytes in files, and on PostgreSQL
beside SQLite."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path

from support import paths
from support.organization import Organization
from support.postgresql import Cluster, is_installed
from support.process import Background, clean_environment, run

from measure import CannotRun, Goal, Row, in_turn
from pairs import Plan, pair
from place import machine
from wires import fill, organization, paths_of

CONNECTIONS = 16
# In requests a second.
_OF_SQLITE = Goal(1 / 0.6, "≥ 0.6 of SQLite's")

_NGINX = """\
daemon off;
pid {root}/nginx.pid;
error_log stderr;
worker_processes auto;
events {{ }}
http {{
    access_log off;
    keepalive_requests 1000000;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        root {root}/files;
    }}
}}
"""


def _files(stack: ExitStack, root: Path, contents: dict[str, bytes]) -> int:
    """nginx with these files; its port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if program is None:
        raise CannotRun("nginx is not installed")
    (root / "files").mkdir(parents=True)
    for directory in (root, root / "files"):
        directory.chmod(0o755)
    for name, content in contents.items():
        (root / "files" / name).write_bytes(content)
    # It takes no port 0: ask for one, and take it at once.
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    conf = root / "nginx.conf"
    conf.write_text(_NGINX.format(root=root, port=port))
    server = Background([program, "-p", root, "-c", conf], env=clean_environment(),
                        log=root / "nginx.log")
    stack.callback(server.stop)
    server.port()
    return port


def _load(url: str, requests: int, headers: list[str]):
    """A way to measure: h2load with connections that are kept; seconds a request."""
    argv = ["h2load", "--h1", "-n", str(requests), "-c", str(CONNECTIONS), "-t", "1"]
    for header in headers:
        argv += ["-H", header]

    def way() -> tuple[None, float]:
        done = subprocess.run([*argv, url], env=clean_environment(), capture_output=True,
                              text=True, check=False)
        rate = re.search(r"finished in [^,]+, ([0-9.]+) req/s", done.stdout)
        if done.returncode != 0 or rate is None or f" {requests} succeeded" not in done.stdout:
            raise CannotRun(f"h2load {url}: {done.stdout}{done.stderr}")
        return None, 1 / float(rate[1])

    return way


def _moved(stack: ExitStack, org: Organization, root: Path) -> Organization:
    """The same organization on PostgreSQL, over its socket."""
    if not is_installed():
        raise CannotRun("PostgreSQL is not installed")
    cluster = Cluster()
    stack.callback(cluster.remove)
    url = cluster.create()
    done = run([paths.SERVER, "migrate", "--from", org.db, "--to", url], env=org.env,
               timeout=600)
    if done.status != 0:
        raise CannotRun(str(done))
    made = Organization(root, max_certificates=200000, db=url, key=org.key)
    stack.callback(made.stop)
    return made


@pair("postgresql", "a list of 100, a certificate, its content, a list that is not modified: "
      "orgtrust-server on PostgreSQL, on SQLite")
def postgresql(plan: Plan):
    for size in plan.sizes:
        if size < 150:
            continue
        with ExitStack() as stack:
            org = organization(stack, plan.scratch / f"file-{size}")
            fill(org, machine(size).pems(), 0)
            moved = _moved(stack, org, plan.scratch / f"postgresql-{size}")
            key = f"authorization: Bearer {org.key}"
            page, content = paths_of(size)[0], paths_of(size)[-1]
            tag = org.api.request("GET", "/v1" + page)[1]["ETag"]
            for name, path, more in (
                    ("list", page, []), ("get", content.split("?")[0], []),
                    ("content", content, []), ("list-304", page, [f"if-none-match: {tag}"])):
                count = 500 if plan.quick else 4000
                sides = in_turn(plan.rounds(5), {
                    kind: _load(f"{side.base_url}{path}", count, [key, *more])
                    for kind, side in (("PostgreSQL", moved), ("SQLite", org))})
                row = Row(f"postgresql-{name}", size, sides, _OF_SQLITE, clock="wall")
                row.note = (f"{1 / row.median('PostgreSQL'):.0f} requests a second, SQLite "
                            f"{1 / row.median('SQLite'):.0f}")
                yield row


@pair("server", "a list of 100, a certificate, a list that is not modified: orgtrust-server, "
      "nginx with files")
def server(plan: Plan):
    for size in plan.sizes:
        if size < 150:
            continue
        with ExitStack() as stack:
            org = organization(stack, plan.scratch / f"server-{size}")
            fill(org, machine(size).pems(), 0)
            key = f"authorization: Bearer {org.key}"
            wanted = {"list": paths_of(size)[0], "get": paths_of(size)[-1]}
            answers = {name: org.api.request("GET", "/v1" + path)
                       for name, path in wanted.items()}
            port = _files(stack, plan.scratch / f"nginx-{size}",
                          {name: answer[2] for name, answer in answers.items()})
            tag = answers["list"][1]["ETag"]
            for name, path, more, file in (
                    ("list", wanted["list"], [], "list"), ("get", wanted["get"], [], "get"),
                    ("list-304", wanted["list"], [f"if-none-match: {tag}"], "list")):
                count = 500 if plan.quick else 4000
                sides = in_turn(plan.rounds(5), {
                    "orgtrust-server": _load(f"{org.base_url}{path}", count, [key, *more]),
                    "nginx": _load(f"http://127.0.0.1:{port}/{file}", count, []),
                })
                row = Row(f"server-{name}", size, sides, clock="wall")
                row.note = (f"{1 / row.median('orgtrust-server'):.0f} requests a second, "
                            f"nginx {1 / row.median('nginx'):.0f}")
                yield row
