"""nghttpx: TLS and HTTP/2 in front of a server, as the hosted API is reached."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

from .process import Background, clean_environment

NGHTTPX = shutil.which("nghttpx", path="/usr/sbin:/usr/bin")
MISSING = "nghttpx is not installed (package nghttp2-proxy)"


def start_front(directory: Path, port: int, key: Path, cert: Path,
                *options: str) -> tuple[Background, int]:
    """It in front of a port of this machine, and the port on which it is ready."""
    # It takes no port 0, but a socket that is listening already.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        mine = listener.getsockname()[1]
        front = Background(
            [NGHTTPX, "--conf=/dev/null", "--workers=1", "--no-ocsp",
             f"--frontend=127.0.0.1,{mine}", f"--backend=127.0.0.1,{port}",
             "--errorlog-file=/dev/stderr", *options, key, cert],
            env=clean_environment(NGHTTPX_ACCEPT_1=f"tcp,{listener.fileno()}"),
            log=directory / "nghttpx.log", pass_fds=[listener.fileno()])
    assert front.port() == mine
    return front, mine
