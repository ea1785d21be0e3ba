"""An organization behind an orgtrust-server that tells its figures."""

from __future__ import annotations

import http.client
import re
import shutil
from pathlib import Path

from .certs import Cert
from .organization import Organization
from .process import run, wait_until


class Watched(Organization):
    """A server with --metrics; which of its ports is which is what it prints. tls: the
    authority and the certificate with which it listens."""

    def __init__(self, directory: Path, tls: tuple[Cert, Cert] | None = None):
        over_tls = ()
        if tls is not None:
            over_tls = ("--tls-cert", str(tls[1].path), "--tls-key", str(tls[1].key))
        super().__init__(directory, options=("--metrics", "127.0.0.1:0", *over_tls),
                         ca=tls[0].path if tls is not None else None)

    def start(self, port: int = 0):
        super().start(port)
        log = self.dir / "server.log"
        wait_until(lambda: "metrics on" in log.read_text())
        self.port = int(re.findall(r"listening on https?://127.0.0.1:(\d+)/v1", log.read_text())[-1])
        self.watch_port = int(re.findall(r"metrics on http://127.0.0.1:(\d+)/metrics",
                                         log.read_text())[-1])
        self.api = self.client()

    def look(self, path: str, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.watch_port, timeout=30)
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def metrics(self) -> dict[str, float]:
        """By what stands before the value; promtool finds nothing."""
        status, headers, text = self.look("/metrics")
        assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert shutil.which("promtool"), "conf/dependencies/test.txt has prometheus"
        done = run(["promtool", "check", "metrics"], env=self.env, stdin=text.encode())
        assert (done.status, done.out, done.err) == (0, b"", b""), done
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#"]
        found = {name.removeprefix("orgtrust_server_"): float(value) for name, value in lines}
        assert len(found) == len(lines)
        return found
