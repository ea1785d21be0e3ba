"""Programs that stand between, or have servers of their own."""

from __future__ import annotations

import contextlib
import http.client
import re
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from organization import PAGE
from program import CONNECTION, EXPORT_BUNDLE, RELOAD, SYSTEM_BUNDLE, Program, Running, either
from support.process import family, wait_until

_AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--")
_AS = "user=postgres dbname=postgres"

_NGINX = """\
daemon off;
user {user};
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log info;
events {{}}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{
        listen unix:{dir}/socket;
        location / {{
            proxy_pass {url};
            proxy_ssl_server_name on;
            proxy_ssl_name {host};
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate {bundle};
        }}
    }}
}}
"""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class RunningNginx(Running):
    moments = (CONNECTION, RELOAD)

    def __init__(self, machine, party):
        self._dir = machine.scratch("nginx")
        conf = self._dir / "nginx.conf"
        conf.write_text(_NGINX.format(dir=self._dir, url=party.server.url,
                                      host=party.server.host,
                                      user=machine.account.pw_name, bundle=SYSTEM_BUNDLE))
        self._process = machine.start(["nginx", "-c", conf, "-e", self._dir / "error.log"],
                                      user=False)
        wait_until(lambda: (self._dir / "socket").exists() and self._workers(),
                   what="nginx")

    def _workers(self) -> set[int]:
        assert self._process.is_running(), self._process.output()
        return set(family(self._process.pid)) - {self._process.pid}

    def _reload(self):
        before = self._workers()
        self._process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: (now := self._workers()) and not now & before,
                   what="new workers")

    def believes(self, moment):
        if moment == RELOAD:
            self._reload()
        connection = _UnixConnection(self._dir / "socket")
        connection.request("GET", "/")
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        if answer.status == 200 and PAGE in page:
            return True
        # Written before the answer is sent.
        log = (self._dir / "error.log").read_text().splitlines()
        verdicts = [line for line in log if "upstream" in line]
        assert answer.status == 502 and "SSL certificate verify error" in verdicts[-1], log
        return False

    def stop(self):
        self._process.stop(signal.SIGQUIT)


class Nginx(Program):
    name = "nginx upstream"

    def believes(self, party):
        running = RunningNginx(self.machine, party)
        try:
            return running.believes(CONNECTION)
        finally:
            running.stop()

    def start(self):
        return RunningNginx(self.machine, self.parties.moving)


class RunningSocat(Running):
    """It waits for others, whom it connects over TLS."""

    moments = (CONNECTION,)

    def __init__(self, machine, party):
        self._process = machine.start(
            ["socat", "TCP-LISTEN:0,bind=127.0.0.1,fork", self.address(party)])
        self._port = self._process.port()

    @staticmethod
    def address(party) -> str:
        return f"OPENSSL:{party.server.host}:{party.server.port},pf=ip4"

    def believes(self, moment):
        said = len(self._process.output())
        with socket.create_connection(("127.0.0.1", self._port), 60) as connection:
            page = b""
            with contextlib.suppress(ConnectionError):  # it hangs up when it refuses
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while piece := connection.recv(4096):
                    page += piece
        if PAGE.encode() in page:
            return True
        assert not page and "certificate verify failed" in self._process.output()[said:]
        return False

    def stop(self):
        self._process.stop()


class Socat(Program):
    name = "socat"

    def believes(self, party):
        # It stays until the server has said all.
        done = self.machine.run("socat", "-,ignoreeof", RunningSocat.address(party),
                                stdin=b"GET / HTTP/1.0\r\n\r\n")
        return either(done, PAGE in done.stdout,
                      done.status != 0 and "certificate verify failed" in done.stderr)

    def start(self):
        return RunningSocat(self.machine, self.parties.moving)


class Postgres:
    """A server with the certificate of a party."""

    def __init__(self, machine, party):
        self._programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self._machine = machine
        self.host = party.server.host
        self.dir = machine.scratch("postgres")
        shutil.chown(self.dir, "postgres", "postgres")
        machine.root(*_AS_POSTGRES, self._programs / "initdb", "-D", self.dir / "data",
                     "--auth=trust", "--no-sync")
        for name, source in (("server.crt", party.leaf.path), ("server.key", party.leaf.key)):
            path = self.dir / "data" / name
            shutil.copyfile(source, path)
            path.chmod(0o600)
            shutil.chown(path, "postgres", "postgres")
        for _ in range(10):
            if self._starts():
                return
        raise AssertionError(self._process.output())

    def _starts(self) -> bool:
        """It takes no port 0; somebody else may have this one by then."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process = self._machine.start(
            [*_AS_POSTGRES, self._programs / "postgres", "-D", self.dir / "data", "-k",
             self.dir, "-p", self.port, "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on",
             "-c", "fsync=off"], user=False)
        pid = self.dir / "data" / "postmaster.pid"
        wait_until(lambda: not self._process.is_running()
                   or pid.exists() and "ready" in pid.read_text(), what="postgres")
        return self._process.is_running()

    def stop(self):
        self._process.stop(signal.SIGINT)


class RunningPsql(Running):
    """On a terminal, connected to the server's own socket and told to go elsewhere."""

    moments = (CONNECTION,)

    def __init__(self, machine, server: Postgres):
        self._server = server
        self._home = f"host={server.dir} port={server.port} {_AS}"
        psql = ["psql", "-X", "-q", "-n", "-v", "PROMPT1=", "-v", "PROMPT2=", self._home]
        self._process = machine.start(
            ["script", "-q", "-e", "-f", "-E", "never", "-c", shlex.join(psql), "/dev/null"],
            stdin=subprocess.PIPE)
        self._count = 0

    def _write(self, *lines: str):
        self._process.child.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.child.stdin.flush()

    def believes(self, moment):
        self._count += 1
        said = len(self._process.output())
        # Where it cannot go it stays where it was.
        self._write(f'\\connect "{self._home}"', f'\\connect "{address(self._server)}"',
                    f"\\echo at :HOST, {self._count}")

        def answer():
            assert self._process.is_running(), self._process.output()
            return re.search(rf"^at (\S+), {self._count}\r?\n", self._process.output()[said:],
                             re.MULTILINE)

        host = wait_until(answer, timeout=60, what="psql's answer")[1]
        refused = "certificate verify failed" in self._process.output()[said:]
        assert refused != (host == self._server.host), self._process.output()
        return not refused

    def stop(self):
        self._write("\\quit")
        self._process.child.stdin.close()
        assert self._process.child.wait(60) == 0, self._process.output()


def address(server: Postgres) -> str:
    return (f"host={server.host} port={server.port} {_AS} sslmode=verify-full "
            f"sslrootcert={EXPORT_BUNDLE}")


class Psql(Program):
    name = "psql"
    asks = "export_bundle"

    def __init__(self, machine, parties):
        super().__init__(machine, parties)
        self._servers = {}

    def _server(self, party) -> Postgres:
        if party.leaf.path not in self._servers:
            self._servers[party.leaf.path] = Postgres(self.machine, party)
        return self._servers[party.leaf.path]

    def believes(self, party):
        done = self.machine.run("psql", "-X", "-A", "-t", "-c", "SELECT 'believed'",
                                address(self._server(party)))
        return either(done, done.stdout == "believed\n",
                      done.status == 2 and "certificate verify failed" in done.stderr)

    def start(self):
        return RunningPsql(self.machine, self._server(self.parties.moving))

    def stop(self):
        for server in self._servers.values():
            server.stop()


SERVICES = (Nginx, Socat, Psql)
