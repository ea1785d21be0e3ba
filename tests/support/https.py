"""An HTTPS server that sends the files of a directory."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path


class HttpsServer(socketserver.ThreadingTCPServer):
    """Serves a directory with a chain; many clients at once, until stop(). Port 0: one that
    the kernel chose."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, directory: Path, chain: Path, key: Path, host="localhost",
                 listen: tuple[str, int] = ("127.0.0.1", 0)):
        class Handler(SimpleHTTPRequestHandler):
            timeout = 60

            def log_message(self, *args):
                pass

        if ":" in listen[0]:
            self.address_family = socket.AF_INET6
        super().__init__(listen, partial(Handler, directory=str(directory)))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(chain, key)
        self.host = host
        self.port = self.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"https://{host}:{self.port}/"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def finish_request(self, request, client_address):
        """In the connection's own thread: a client that says nothing stops nobody."""
        request.settimeout(60)
        with contextlib.suppress(OSError):  # refused, or gone
            with self.tls.wrap_socket(request, server_side=True) as inside:
                super().finish_request(inside, client_address)
                # Its end said, as real servers do: OpenSSL's later clients want to hear it.
                inside.settimeout(2)
                inside.unwrap()

    def handle_error(self, request, client_address):
        """Clients that do not believe us hang up."""

    def stop(self):
        self.shutdown()
        self.server_close()
        self._thread.join()
