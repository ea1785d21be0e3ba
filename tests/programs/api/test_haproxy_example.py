"""The configuration of haproxy that is shipped, with the addresses of two servers here: each of
them is upgraded in turn while clients write, and nobody is answered with an error.
ORGTRUST_SERVER_BEFORE names the program of an earlier version to begin with."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from judge import CERTIFICATES
from support import paths
from support.organization import ApiClient, Organization
from support.process import Background, clean_environment, run, wait_until
from test_two_servers import Writer, check_all, free_port

pytestmark = pytest.mark.postgresql

EXAMPLE = paths.REPOSITORY / "conf" / "haproxy" / "orgtrust-server.cfg"
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
THIS = paths.SERVER
BEFORE = os.environ.get("ORGTRUST_SERVER_BEFORE")


@pytest.fixture(autouse=True)
def installed():
    if HAPROXY is None:
        pytest.skip("haproxy is not installed")


class Upgraded(Organization):
    """One of the two."""

    own_port = 0

    def start(self, port: int = 0):
        watch = self.options[self.options.index("--metrics") + 1]
        argv = [paths.SERVER, "--db", self.db, "--listen",
                f"127.0.0.1:{port or self.own_port}", "--max-certificates", "100000",
                *self.options]
        self.server = Background(argv, env=self.env, log=self.dir / "server.log", wrap=True)
        self.port = self.own_port
        self.watch_port = int(watch.split(":")[1])
        self.api = ApiClient(self.port, self.key, ca=self.ca)
        wait_until(lambda: ready(self.watch_port) == 200, what="readiness")


def ready(port: int) -> int | None:
    watcher = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * paths.SLOWNESS)
    with contextlib.suppress(OSError, http.client.HTTPException):
        watcher.request("GET", "/readyz")
        return watcher.getresponse().status
    return None


@pytest.fixture
def servers(tmp_path, certs, cluster, monkeypatch):
    ca, leaf = certs.for_loopback("Authority of the servers")
    if BEFORE:
        monkeypatch.setattr(paths, "SERVER", Path(BEFORE))
    url, key, made = cluster.create(), None, []
    for name in ("one", "two"):
        Upgraded.own_port = free_port()
        server = Upgraded(tmp_path / name, db=url, key=key, ca=ca.path, options=(
            "--metrics", f"127.0.0.1:{free_port()}", "--connections-per-address", "4096",
            "--tls-cert", str(leaf.path), "--tls-key", str(leaf.key)))
        server.own_port, key = server.port, server.key
        made.append(server)
    yield made
    for server in made:
        server.stop(signal.SIGKILL)


@pytest.fixture
def balancer(tmp_path, servers):
    """The port of haproxy, with the example and other addresses in it."""
    port = free_port()
    text = EXAMPLE.read_text().replace("bind :8443", f"bind 127.0.0.1:{port}")
    for number, server in enumerate(servers, 1):
        text, count = re.subn(rf"server trust-{number} \S+",
                              rf"server trust-{number} 127.0.0.1:{server.port} port "
                              rf"{server.watch_port}", text)
        assert count == 1
    if os.geteuid() != 0:  # only root can become somebody else
        text = re.sub(r"\n    (user|group) haproxy", "", text)
    config = tmp_path / "haproxy.cfg"
    config.write_text(text)
    started = Background([HAPROXY, "-db", "-f", config], env=clean_environment(),
                         log=tmp_path / "haproxy.log")

    def serves():
        assert started.is_running(), started.output()
        with contextlib.suppress(OSError):
            return ApiClient(port, servers[0].key, ca=servers[0].ca).request(
                "GET", CERTIFICATES)[0] == 200

    wait_until(serves, what="haproxy")
    yield port
    started.stop(signal.SIGKILL)


def test_the_example_is_a_configuration(tmp_path):
    done = run([HAPROXY, "-c", "-f", EXAMPLE], env=clean_environment())
    assert done.status == 0 and "WARNING" not in done.text, done


def test_each_server_is_upgraded_while_clients_write(cluster, servers, balancer, pem,
                                                     monkeypatch):
    stop = threading.Event()
    writers = [Writer(number, balancer, servers[0].key, pem, stop, servers[0].ca)
               for number in range(4)]

    def go_on(more=4):
        before = {w: len(w.made) for w in writers}
        wait_until(lambda: all(len(w.made) >= before[w] + more for w in writers),
                   what="all writers go on")

    try:
        go_on()
        monkeypatch.setattr(paths, "SERVER", THIS)
        for server in servers:
            server.stop()  # as a package's scripts do it: SIGTERM, and it must end well
            go_on()  # on the other one alone
            server.start()
            time.sleep(1.5)  # haproxy has seen it
            go_on()
    finally:
        stop.set()
        for writer in writers:
            writer.thread.join()
    name = servers[0].db.split("/")[3].split("?")[0]
    made = check_all(cluster, name, writers)
    refused = sum((w.refused for w in writers), start=type(writers[0].refused)())
    print(f"{made} confirmed; {dict(refused)}; nobody waited longer than "
          f"{max(w.longest for w in writers):.1f} s")
    assert not [answer for answer in refused if isinstance(answer, int)], refused
    assert all(server.api.list() for server in servers)


def test_one_that_cannot_be_asked_gets_no_requests(servers, balancer):
    """Killed, and not stopped: who comes is sent to the other one."""
    servers[0].stop(signal.SIGKILL)
    for _ in range(20):
        client = ApiClient(balancer, servers[1].key, ca=servers[1].ca)
        assert client.request("GET", CERTIFICATES)[0] == 200
        client.close()
