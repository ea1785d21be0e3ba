"""Who listens at notify_url: a plain HTTP server that answers as it is told."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGNATURE = re.compile(r"t=(\d+),v1=([0-9a-f]{64})")


class Receiver:
    """On a port of its own, or on one that was free: requests holds all that came, each
    with its headers, body and whether the signature is right. What is to happen before an
    answer, before does."""

    def __init__(self, secret: str, port: int = 0, status: int = 200, tls=None,
                 answer: bytes = b""):
        self.secret, self.status, self.answer = secret, status, answer
        self.requests: list[dict] = []
        self.before = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                receiver.take(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        when, signature = SIGNATURE.fullmatch(handler.headers["Orgtrust-Signature"]).groups()
        right = hmac.new(self.secret.encode(), f"{when}.".encode() + body, hashlib.sha256)
        self.requests.append({
            "path": handler.path, "headers": dict(handler.headers), "body": json.loads(body),
            "when": int(when), "right": hmac.compare_digest(right.hexdigest(), signature),
            "raw": body})
        self.before()
        handler.send_response(self.status)
        handler.send_header("Content-Length", str(len(self.answer)))
        if 300 <= self.status < 400:
            handler.send_header("Location", "/elsewhere")
        handler.end_headers()
        handler.wfile.write(self.answer)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
