"""nginx with TLS in front of a server, which asks for a client certificate."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from .certs import CertFactory
from .process import Background, clean_environment

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")
MISSING = "nginx is not installed (nginx-light)"

CONFIGURATION = """\
daemon off;
pid {dir}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {server.path};
        ssl_certificate_key {server.key};
        ssl_client_certificate {ca.path};
        ssl_verify_client on;
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""


class AskingFront:
    """Listens until stop(). `ca` is the authority of both sides' certificates, and name one
    that the server's has besides 127.0.0.1."""

    def __init__(self, directory: Path, certs: CertFactory, behind: int, name="localhost"):
        directory.mkdir()
        directory.chmod(0o755)
        self.ca = certs.ca("Both sides")
        server = certs.issue(self.ca, "localhost", san=f"DNS:{name},IP:127.0.0.1",
                              usage="serverAuth")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            self.port = listener.getsockname()[1]
            (directory / "nginx.conf").write_text(CONFIGURATION.format(
                dir=directory, server=server, ca=self.ca, port=self.port, behind=behind))
            self.nginx = Background(
                [NGINX, "-p", directory, "-c", directory / "nginx.conf", "-e",
                 directory / "error.log"],
                env=clean_environment(NGINX=f"{listener.fileno()};"),
                log=directory / "nginx.log", pass_fds=[listener.fileno()])
        self.base_url = f"https://127.0.0.1:{self.port}/v1"

    def stop(self):
        self.nginx.stop()
