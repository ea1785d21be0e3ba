"""An organization behind the real orgtrust-server, and a plain client of its API."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import sqlite3
import ssl
from pathlib import Path

from . import paths
from .certs import Cert
from .postgresql import Cluster
from .process import Background, clean_environment, run


class ApiError(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, body: bytes):
        super().__init__(f"{status}: {body[:500]!r}")
        self.status = status
        self.body = body

    def json(self):
        return json.loads(self.body)


class ApiClient:
    """One request after the other over one connection; any API at 127.0.0.1:port/v1, over
    TLS when ca names the authority's file."""

    def __init__(self, port: int, key: str | None, project: str | None = None,
                 ca: Path | None = None):
        self.port = port
        self.tls = ssl.create_default_context(cafile=ca) if ca else None
        self.key = key
        self.scope = (
            f"/v1/organization/projects/{project}/certificates"
            if project
            else "/v1/organization/certificates"
        )
        self._connection: http.client.HTTPConnection | None = None

    def request(self, method: str, path: str, body=None, headers=None):
        """(status, headers, bytes); body may be bytes or what becomes JSON."""
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        for attempt in (0, 1):  # a kept connection may have been closed meanwhile
            fresh = self._connection is None
            if fresh:
                self._connection = self._connect()
            try:
                self._connection.request(method, path, body, sent)
                answer = self._connection.getresponse()
                content = answer.read()
            except (http.client.HTTPException, OSError):
                self.close()
                if fresh or attempt:
                    raise
                continue
            if answer.will_close:
                self.close()
            return answer.status, dict(answer.getheaders()), content
        raise AssertionError("not reached")

    def _connect(self) -> http.client.HTTPConnection:
        timeout = 30 * paths.SLOWNESS
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout,
                                           context=self.tls)

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, method: str, path: str, body=None):
        status, _, content = self.request(method, path, body)
        if status != 200:
            raise ApiError(status, content)
        return json.loads(content)

    def upload(self, cert: Cert | str, name: str | None = None) -> str:
        """Returns the id."""
        pem = cert if isinstance(cert, str) else cert.pem
        body = {"certificate": pem} | ({} if name is None else {"name": name})
        return self.call("POST", "/v1/organization/certificates", body)["id"]

    def activate(self, *ids: str):
        for i in range(0, len(ids), 10):
            self.call("POST", f"{self.scope}/activate", {"certificate_ids": ids[i : i + 10]})

    def deactivate(self, *ids: str):
        for i in range(0, len(ids), 10):
            self.call(
                "POST", f"{self.scope}/deactivate", {"certificate_ids": ids[i : i + 10]}
            )

    def rename(self, cert_id: str, name: str):
        return self.call("POST", f"/v1/organization/certificates/{cert_id}", {"name": name})

    def get(self, cert_id: str, content=False):
        query = "?include[]=content" if content else ""
        return self.call("GET", f"/v1/organization/certificates/{cert_id}{query}")

    def delete(self, cert_id: str):
        return self.call("DELETE", f"/v1/organization/certificates/{cert_id}")

    def list(self) -> list[dict]:
        """Every page."""
        found: list[dict] = []
        after = ""
        while True:
            page = self.call("GET", f"{self.scope}?limit=100&order=asc{after}")
            found += page["data"]
            if not page["has_more"]:
                return found
            after = f"&after={page['last_id']}"


class Organization:
    """orgtrust-server with a scratch database, on a port that the kernel chose: a file, or
    a database of the cluster, where there is one. db: that of another one."""

    cluster: Cluster | None = None

    def __init__(self, directory: Path, *, max_certificates: int | None = None,
                 options: tuple[str, ...] = (), ca: Path | None = None,
                 host="127.0.0.1", key: str | None = None, db: str | None = None):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.cluster = Organization.cluster
        if db is None and self.cluster is not None:
            db = self.cluster.create()
        self.db = db or self.dir / "organization.db"
        self.env = clean_environment(HOME=str(self.dir), TMPDIR=str(self.dir))
        self.max_certificates = max_certificates
        self.options = options
        self.host = host
        self.ca = ca
        self.server: Background | None = None
        self.projects: set[str] = set()
        self.port = 0
        self.key = key or self.create_key()  # given: that of a database which is there
        self.start()

    def create_key(self, role="admin", name: str | None = None) -> str:
        named = [] if name is None else ["--name", name]
        done = run(
            [paths.SERVER, "key", "create", "--db", self.db, "--role", role, *named],
            env=self.env, wrap=True,
        )
        assert done.status == 0, done
        key = done.stdout.strip()
        assert done.stdout == key + "\n" and " " not in key, "prints nothing but the key"
        return key

    def create_project(self, project: str, name: str | None = None):
        """Makes the project with this id unless that was done."""
        if project in self.projects:
            return
        done = run([paths.SERVER, "project", "create", "--db", self.db, "--id", project,
                    "--name", name or project], env=self.env, wrap=True)
        assert done.status == 0 and done.stdout == project + "\n", done
        self.projects.add(project)

    def start(self, port: int = 0):
        argv = [paths.SERVER, "--db", self.db, "--listen", f"{self.host}:{port}"]
        if self.max_certificates is not None:
            argv += ["--max-certificates", str(self.max_certificates)]
        argv += self.options
        self.server = Background(argv, env=self.env, log=self.dir / "server.log", wrap=True)
        self.port = self.server.port()
        self.api = ApiClient(self.port, self.key, ca=self.ca)

    def sql(self, text: str) -> list[tuple[str, ...]]:
        """Rows of the database, as text ("" for NULL), without asking the server; or changes
        them."""
        if self.cluster is not None:
            return [tuple(row) for row in self.cluster.sql(self.db, text)]
        with contextlib.closing(sqlite3.connect(self.db)) as database, database:
            return [tuple("" if value is None else str(value) for value in row)
                    for row in database.execute(text)]

    @contextlib.contextmanager
    def writing(self):
        """Meanwhile nobody else can write."""
        if self.cluster is not None:
            with self.cluster.holding(self.db, "LOCK TABLE orgtrust.writers"):
                yield
            return
        with contextlib.closing(sqlite3.connect(self.db, isolation_level=None)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            yield
            lock.execute("ROLLBACK")

    @property
    def base_url(self) -> str:
        scheme = "https" if self.ca else "http"
        return f"{scheme}://127.0.0.1:{self.port}/v1"

    def client(self, *, project: str | None = None, key: str | None = None) -> ApiClient:
        """With a project, which is made where there is none."""
        if project is not None:
            self.create_project(project)
        return ApiClient(self.port, key or self.key, project, self.ca)

    def stop(self, how=signal.SIGTERM):
        """Ends it; what is not killed must end well."""
        if self.server is None:
            return
        self.api.close()
        server, self.server = self.server, None
        status = server.stop(how)
        if how != signal.SIGKILL:
            assert status == 0, f"orgtrust-server ended with {status}:\n{server.output()}"

    def add(self, cert: Cert, name: str | None = None, active=True) -> str:
        cert_id = self.api.upload(cert, name)
        if active:
            self.api.activate(cert_id)
        return cert_id
