"""What restarts a service, as systemd does it, and clients that must not notice. Also run in
fresh roots, which have Python alone."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from . import paths
from .process import clean_environment

# sd_listen_fds(3): the descriptors are 3 and up, for the process that LISTEN_PID names.
STARTER = """
import os, sys
handed = [int(fd) for fd in sys.argv[1].split(",") if fd]
apart = [os.dup2(fd, 100 + i, inheritable=False) for i, fd in enumerate(handed)]
for fd in handed:
    os.close(fd)
for i, fd in enumerate(apart):
    os.dup2(fd, 3 + i)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
KEPT = "orgtrust-listen"


class Manager:
    """As systemd: it is told, keeps what it is given, and hands it over at the next start;
    or it has a socket of its own, as of a socket unit."""

    def __init__(self, directory, argv):
        self.dir = directory
        self.argv = argv  # of the server, but for --listen
        self.said = []
        self.sockets = {}
        self.child = None
        self.log = directory / "restarted.log"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(directory / "notify"))
        self.notify.settimeout(20 * paths.SLOWNESS)

    def hear(self, what):
        while what not in self.said:
            text, handed, _, _ = socket.recv_fds(self.notify, 4096, 4)
            lines = dict(line.split("=", 1) for line in text.decode().splitlines())
            for fd in handed:
                assert lines["FDSTORE"] == "1"
                self.sockets[lines["FDNAME"]] = socket.socket(fileno=fd)
            if "FDSTOREREMOVE" in lines:
                self.sockets.pop(lines["FDNAME"]).close()
            self.said += text.decode().splitlines()

    def start(self, listen, ready=True):
        self.said = []
        names = sorted(self.sockets)
        env = clean_environment(
            HOME=str(self.dir), NOTIFY_SOCKET=str(self.dir / "notify"),
            **({"LISTEN_FDS": str(len(names)), "LISTEN_FDNAMES": ":".join(names)}
               if names else {}))

        numbers = [self.sockets[name].fileno() for name in names]
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-c", STARTER, ",".join(map(str, numbers)), *self.argv,
                 "--listen", listen],
                env=env, stdout=log, stderr=subprocess.STDOUT, pass_fds=numbers)
        if ready:
            self.hear("READY=1")

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        assert self.child.wait(20 * paths.SLOWNESS) == 0, self.log.read_text()
        self.hear("STOPPING=1")

    def address(self):
        return re.search(r"listening on http://(\S+)/v1\n", self.log.read_text())[1]

    def close(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for kept in self.sockets.values():
            kept.close()
        self.notify.close()


class Asker(threading.Thread):
    """A client that asks ten times a second, each time on a new connection."""

    def __init__(self, port, key):
        super().__init__()
        self.port, self.key = port, key
        self.ended = threading.Event()
        self.seen = []

    def ask(self):
        link = http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=20 * paths.SLOWNESS)
        try:
            link.request("GET", "/v1/organization/certificates",
                         headers={"Authorization": f"Bearer {self.key}"})
            self.seen.append(link.getresponse().status)
        except (OSError, http.client.HTTPException) as why:
            self.seen.append(repr(why))
        finally:
            link.close()

    def run(self):
        while not self.ended.wait(0.1):
            self.ask()

    def stop(self):
        self.ended.set()
        self.join()
        return self.seen
