"""A TLS server with a certificate of ours: `openssl s_server -www`."""

from __future__ import annotations

from pathlib import Path

from . import paths
from .certs import Cert
from .process import Background, clean_environment


class TlsServer(Background):
    """Answers on a port that the kernel chose until stop()."""

    def __init__(self, directory: Path, cert: Cert, *args, env=None):
        super().__init__(
            [paths.OPENSSL, "s_server", "-quiet", "-www", "-accept", "127.0.0.1:0",
             "-cert", cert.path, "-key", cert.key, *args],
            env=env or clean_environment(OPENSSL_CONF="/dev/null"),
            log=Path(directory) / f"s_server-{cert.serial}.log",
        )
        self.address = f"127.0.0.1:{self.port()}"
        self.host = cert.cn


def openssl_believes(world, server: TlsServer, uri: str) -> bool:
    """Whether `openssl s_client` finishes a handshake, with a store of the provider's."""
    done = world.openssl(
        "s_client", "-connect", server.address, "-servername", server.host,
        "-verify_hostname", server.host, "-verify_return_error", "-brief",
        "-no-CAfile", "-no-CApath", "-no-CAstore", "-CAstore", uri, status=None, stdin=b"")
    assert (done.status == 0) == ("Verification: OK" in done.stderr), done
    return done.status == 0
