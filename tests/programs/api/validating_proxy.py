"""A proxy between any client and any server of the API that objects to what the published
description does not have.

    with ValidatingProxy("http://127.0.0.1:8080/v1") as proxy:
        ... let a client talk to proxy.base_url ...
        proxy.check()

It forwards what comes in to the byte and what comes back to the byte; objections are
collected, not acted on. HTTP/1.1 on loopback, a thread a connection."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from description import Description

# Between two neighbours only (RFC 9110 §7.6.1), or made anew by the sender.
_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade",
        "proxy-connection", "content-length", "date", "server", "host", "expect"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b"\n", b""):
                pass
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _upstream(self) -> http.client.HTTPConnection:
        if not hasattr(self, "upstream"):
            target = urlsplit(self.server.proxy.upstream)
            self.upstream = http.client.HTTPConnection(target.hostname, target.port,
                                                       timeout=60)
        return self.upstream

    def _forward(self):
        proxy = self.server.proxy
        body = self._read_body()
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        upstream = self._upstream()
        upstream.request(self.command, self.path, body or None, headers)
        answer = upstream.getresponse()
        content = answer.read()
        proxy.judge(self, body, answer, content)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if self.command == "HEAD":
            self.send_header("Content-Length", answer.getheader("Content-Length", "0"))
        elif answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(content)))
        if answer.will_close:
            self.send_header("Connection", "close")
            del self.upstream
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PUT = do_PATCH = do_OPTIONS = _forward

    def finish(self):
        if hasattr(self, "upstream"):
            self.upstream.close()
        super().finish()

    def log_message(self, *args):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class ValidatingProxy:
    """upstream is a base URL over plain HTTP, with or without /v1."""

    def __init__(self, upstream: str):
        self.upstream = upstream
        self.description = Description()
        self.objections: list[str] = []
        self.exchanges: list[tuple[str, str, int]] = []  # method, target, status
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def judge(self, request, body: bytes, answer, content: bytes):
        found = self.description.request_objections(
            request.command, request.path, request.headers, body
        ) + self.description.answer_objections(
            request.command, request.path, answer.status, answer.headers, content
        )
        with self._lock:
            self.objections += found
            self.exchanges.append((request.command, request.path, answer.status))

    def check(self):
        """Fails when there was anything to object to, or nothing to judge."""
        assert self.exchanges, "nothing came through the proxy"
        assert not self.objections, "\n".join(self.objections)

    def __enter__(self) -> ValidatingProxy:
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
