"""The certificates API, told to misbehave.

A FaultServer answers correctly from the certificates it was given. A test changes what it
must: `server.on(kind, handler, nth=…, cert_id=…)` puts a handler before the right answer of
the requests of that kind ("list", "get", "contents", "upload", "rename", "delete", "activate",
"deactivate", or "any"). The handler gets the request and the right answer and returns an
answer to send, or None to close the connection without one. Everything is deterministic:
the n-th request of a kind is the n-th handled, counted under one lock.

An Answer says what to send and how: truncated, dripped byte by byte, reset, compressed."""

from __future__ import annotations

import copy
import gzip
import json
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 400: "Bad Request",
           401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
           429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
           503: "Service Unavailable"}


@dataclass
class Request:
    """What arrived. number counts all requests from 0, nth those of its kind."""

    kind: str
    method: str
    target: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    cert_id: str
    project: str | None
    number: int = 0
    nth: int = 0

    def json(self):
        return json.loads(self.body)


@dataclass
class Answer:
    """What is sent. body may be bytes, text, or what becomes JSON."""

    status: int = 200
    body: object = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = "application/json"
    truncate: int | None = None  # only so many bytes of the body, then close
    reset: bool = False  # close with RST instead of FIN
    drip: float | None = None  # seconds between single bytes of the body
    delay: float = 0.0  # seconds before the first byte
    length: int | None = None  # a Content-Length that lies

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body).encode()

    def changed(self, change: Callable[[dict], object]) -> Answer:
        """A copy whose JSON went through change(), which edits it or returns another."""
        made = copy.deepcopy(self)
        made.body = change(made.body) or made.body
        return made


def error(status: int, message: str, **headers: str) -> Answer:
    """An error in the API's shape; header names with _ for -."""
    return Answer(
        status,
        {"error": {"message": message, "type": "error", "param": None, "code": None}},
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


def gzipped(answer: Answer) -> Answer:
    made = copy.deepcopy(answer)
    made.body = gzip.compress(answer.encoded())
    made.headers["Content-Encoding"] = "gzip"
    return made


Handler = Callable[[Request, Answer], "Answer | None"]


class FaultServer:
    """Listens on 127.0.0.1, on a port that the kernel chose, until close()."""

    def __init__(self, key: str | None = None, tls: tuple[Path, Path] | None = None,
                 host="127.0.0.1"):
        self.key = key
        self.certs: list[dict] = []
        self.contents: dict[str, object] = {}
        self.page_limit = 100  # of a list, whatever is asked for
        self.gives_contents = False  # of several at once, as orgtrust-server does
        self.requests: list[Request] = []
        self._rules: list[tuple[str, int | None, str | None, Handler]] = []
        self._lock = threading.Lock()
        self._tls = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*tls)
        self._open: set[socket.socket] = set()
        self._closing = False
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((host, 0), backlog=256)
        self.host = host
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    # What the organization holds.

    @property
    def base_url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}/v1"

    def add(self, cert, *, cert_id: str | None = None, name: str | None = None,
            active=True, content: object = ..., **details) -> str:
        """Adds a certificate; content, details (valid_at, expires_at) may lie."""
        cert_id = cert_id or f"cert_{len(self.certs):024x}"
        valid_at, expires_at = cert.dates() if cert is not None else (1, 2_000_000_000)
        self.certs.append({
            "object": "organization.certificate",
            "id": cert_id,
            "name": name,
            "created_at": 1_700_000_000 + len(self.certs),
            "certificate_details": {"valid_at": valid_at, "expires_at": expires_at} | details,
            "active": active,
        })
        self.contents[cert_id] = cert.pem if content is ... else content
        return cert_id

    def item(self, cert_id: str) -> dict:
        return next(c for c in self.certs if c["id"] == cert_id)

    def remove(self, cert_id: str):
        self.certs.remove(self.item(cert_id))

    # What goes wrong.

    def on(self, kind: str, handler: Handler | Answer, *, nth: int | None = None,
           cert_id: str | None = None):
        """A rule for requests of that kind; the latest rule that applies decides."""
        if isinstance(handler, Answer):
            fixed = handler
            handler = lambda request, right: fixed  # noqa: E731
        with self._lock:
            self._rules.append((kind, nth, cert_id, handler))

    def hang(self, request: Request, right: Answer) -> Answer:
        """A handler that never answers, until the server is closed."""
        self._sleep(3600)
        return right

    def heal(self):
        """No rule any more."""
        with self._lock:
            self._rules.clear()

    def forget(self):
        """Counts requests anew."""
        with self._lock:
            self.requests.clear()

    def count(self, kind: str | None = None) -> int:
        with self._lock:
            return sum(kind in (None, r.kind) for r in self.requests)

    # The right answers.

    def _right(self, request: Request) -> Answer:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return error(401, "Incorrect API key provided.")
        handle = getattr(self, f"_answer_{request.kind}", None)
        if handle is None:
            return error(404, "There is nothing here.")
        answer = handle(request)
        if self.gives_contents:
            answer.headers["Orgtrust-Contents"] = "yes"
        return answer

    def _shown(self, request: Request, cert: dict) -> dict:
        shown = copy.deepcopy(cert)
        if request.project:
            shown["object"] = "organization.project.certificate"
        return shown

    def _answer_list(self, request: Request) -> Answer:
        limit = min(int(request.query.get("limit", "20")), self.page_limit)
        certs = self.certs if request.query.get("order") == "asc" else self.certs[::-1]
        start = 0
        if "after" in request.query:
            ids = [c["id"] for c in certs]
            if request.query["after"] not in ids:
                return error(400, "No such certificate: after")
            start = ids.index(request.query["after"]) + 1
        page = [self._shown(request, c) for c in certs[start : start + limit]]
        return Answer(body={
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": start + limit < len(certs),
        })

    def _certificate(self, cert_id: str, content: bool) -> dict:
        shown = copy.deepcopy(self.item(cert_id))
        shown["object"] = "certificate"
        del shown["active"]
        if content:
            shown["certificate_details"]["content"] = self.contents[cert_id]
        return shown

    def _answer_get(self, request: Request) -> Answer:
        if not any(c["id"] == request.cert_id for c in self.certs):
            return error(404, "No such certificate")
        content = request.query.get("include[]") == "content"
        return Answer(body=self._certificate(request.cert_id, content))

    def _answer_contents(self, request: Request) -> Answer:
        if not self.gives_contents:
            return error(404, "There is nothing here.")
        known = {cert["id"] for cert in self.certs}
        return Answer(body={"object": "list", "has_more": False, "data": [
            self._certificate(cert_id, True)
            for cert_id in request.query["ids"].split(",") if cert_id in known]})

    def _answer_upload(self, request: Request) -> Answer:
        body = request.json()
        cert_id = f"cert_{len(self.certs):024x}"
        self.certs.append({
            "object": "organization.certificate", "id": cert_id, "name": body.get("name"),
            "created_at": 1_700_000_000 + len(self.certs),
            "certificate_details": {"valid_at": 1, "expires_at": 2_000_000_000},
            "active": False,
        })
        self.contents[cert_id] = body["certificate"]
        return Answer(body=self._certificate(cert_id, False))

    def _toggle(self, request: Request, active: bool, word: str) -> Answer:
        ids = request.json()["certificate_ids"]
        for cert_id in ids:
            self.item(cert_id)["active"] = active
        return Answer(body={
            "object": f"organization.{'project.' if request.project else ''}certificate.{word}",
            "data": [self._shown(request, self.item(i)) for i in ids],
        })

    def _answer_activate(self, request: Request) -> Answer:
        return self._toggle(request, True, "activation")

    def _answer_deactivate(self, request: Request) -> Answer:
        return self._toggle(request, False, "deactivation")

    def _answer_rename(self, request: Request) -> Answer:
        self.item(request.cert_id)["name"] = request.json()["name"]
        return Answer(body=self._certificate(request.cert_id, False))

    def _answer_delete(self, request: Request) -> Answer:
        self.remove(request.cert_id)
        return Answer(body={"object": "certificate.deleted", "id": request.cert_id})

    # The wire.

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closing:
                    connection.close()
                    return
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        raw = connection
        try:
            connection.settimeout(120)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                with self._lock:
                    self._open.discard(raw)
                    self._open.add(connection)
            with connection.makefile("rb") as reader:
                while self._serve_one(connection, reader):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
                self._open.discard(raw)
            connection.close()

    def _serve_one(self, connection: socket.socket, reader) -> bool:
        """One request and its answer; whether the connection stays."""
        line = reader.readline(65536).decode("latin-1").strip()
        if not re.fullmatch(r"[A-Z]+ \S+ HTTP/1\.[01]", line):
            return False  # the end, or a TLS greeting with a line feed in its random bytes
        method, target, _ = line.split(" ", 2)
        headers = {}
        while True:
            text = reader.readline(65536).decode("latin-1").strip()
            if not text:
                break
            name, _, value = text.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = reader.read(int(headers.get("content-length", "0")))
        request = self._classify(method, target, headers, body)
        with self._lock:
            request.number = len(self.requests)
            request.nth = sum(r.kind == request.kind for r in self.requests)
            self.requests.append(request)
            handler = self._rule_for(request)
            answer: Answer | None = self._right(request)
        if handler:
            answer = handler(request, answer)
        if answer is None:
            self._reset(connection)
            return False
        return self._send(connection, answer)

    def _rule_for(self, request: Request) -> Handler | None:
        for kind, nth, cert_id, handler in reversed(self._rules):
            if kind in ("any", request.kind) and nth in (None, request.nth) and \
                    cert_id in (None, request.cert_id):
                return handler
        return None

    @staticmethod
    def _classify(method: str, target: str, headers, body: bytes) -> Request:
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        match = re.fullmatch(
            r"/v1/organization/(?:projects/([^/]+)/)?certificates(?:/([^/]+))?", url.path
        )
        kind, project, last = "unknown", None, None
        if (method, url.path) == ("GET", "/v1/orgtrust/contents"):
            kind = "contents"
        if match:
            project, last = match.groups()
            kind = {
                ("GET", False): "list", ("GET", True): "get", ("POST", False): "upload",
                ("POST", True): "rename", ("DELETE", True): "delete",
            }.get((method, last is not None), "unknown")
            if method == "POST" and last in ("activate", "deactivate"):
                kind, last = last, None
        return Request(kind, method, target, url.path, query, headers, body,
                       urllib.parse.unquote(last or ""), project)

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        body = answer.encoded()
        head = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Odd')}"]
        if answer.content_type is not None:
            head.append(f"Content-Type: {answer.content_type}")
        length = len(body) if answer.length is None else answer.length
        head += [f"Content-Length: {length}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.delay:
            self._sleep(answer.delay)
        connection.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
        whole = answer.truncate is None and answer.length is None
        part = body if answer.truncate is None else body[: answer.truncate]
        if answer.drip is not None:
            for i in range(len(part)):
                connection.sendall(part[i : i + 1])
                self._sleep(answer.drip)
        else:
            connection.sendall(part)
        if answer.reset:
            self._reset(connection)
            return False
        return whole

    def _sleep(self, seconds: float):
        """Ends early, by an exception, when the server is closed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._closing:
                raise OSError("closing")
            time.sleep(min(0.05, seconds))

    @staticmethod
    def _reset(connection: socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self):
        with self._lock:
            self._closing = True
            still_open = list(self._open)
        # shutdown() wakes the accepting thread; close() alone would not.
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._acceptor.join(5)
