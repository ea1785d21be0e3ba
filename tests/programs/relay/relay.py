"""The relay of conf/relay, as it is installed, in an nginx of the test's own.

The configuration is the installed one: each place that an administrator fills in is found in
it and filled in, so a place that is gone or written twice fails the tests."""

from __future__ import annotations

import contextlib
import grp
import http.client
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import tempfile
from pathlib import Path

from support import paths
from support.p11_system import need
from support.process import Background, children, clean_environment, wait_until

RULES = paths.REPOSITORY / "conf" / "relay"
INTERVAL = 1  # seconds, of a relay that says nothing else

_NGINX = """\
daemon off;
pid {dir}/nginx.pid;
worker_processes {workers};
worker_rlimit_nofile 16384;
{user}
events {{ worker_connections {connections}; }}
http {{
{temporaries}
    include {dir}/orgtrust-relay.conf;
}}
"""


_WAITING = ("limit_conn orgtrust_waiting 384;", "limit_conn orgtrust_waiting_of_address 256;")


class Relay:
    """Listens on 127.0.0.0/8, on a port that the kernel chose, until stop().

    api        "HOST:PORT" of the API behind it
    interval   seconds that a page lasts
    tls        (certificate, key) to serve with; without, plain HTTP
    api_ca     the file of the authority of an API that is asked over TLS
    client     (certificate, key) that it shows to an API that asks for one
    access     lines for the place of the access control
    rate       what one address may ask for in a second
    host       where hosts ask; "::" for IPv6 as well
    workers    how many nginx has, and connections how many each of these may have
    waiting    how many hosts may wait, in all and of one address; None: its configuration is
               of before there was that"""

    def __init__(self, api: str, key: str, *, interval=INTERVAL, tls=None,
                 api_ca: Path | None = None, client=None, access="", rate=5000,
                 host="0.0.0.0", waiting: tuple[int, int] | None = (384, 256),
                 workers=2, connections=8192):
        # Not below pytest's own directory, which only its owner may enter.
        self.dir = Path(tempfile.mkdtemp(prefix="orgtrust-relay-"))
        self.dir.chmod(0o755)
        self.cache = self.dir / "cache"
        self.absent = self.dir / "absent"
        self.key_file = self.dir / "orgtrust-relay.key"
        self.log = self.dir / "relay.log"
        self.error_log = self.dir / "relay.error.log"
        self.tls = tls
        self.nginx: Background | None = None
        self.host = f"[{host}]:" if ":" in host else ""
        self.listeners = [
            socket.create_server((host, 0), backlog=4096, dualstack_ipv6=":" in host,
                                 family=socket.AF_INET6 if ":" in host else socket.AF_INET),
            socket.create_server(("127.0.0.1", 0), backlog=4096)]
        for listener in self.listeners:
            listener.setblocking(False)  # as nginx makes those that it opens itself
        self.port, self.inner_port = (one.getsockname()[1] for one in self.listeners)
        try:
            self.set_key(key)
            self._configure(api, interval, api_ca, client, access, rate, waiting)
            self._configure_nginx(workers, connections)
            self.start()
        except BaseException:
            self.stop()
            raise

    def set_key(self, key: str):
        """What an administrator does, a reload aside."""
        self.key_file.touch(mode=0o600)
        line, = re.findall(r"^ *# +(set \$orgtrust_key .*;)$", _template(), re.M)
        assert line.count("sk-admin-…") == 1, line
        self.key_file.write_text(line.replace("sk-admin-…", key) + "\n")

    def _configure(self, api: str, interval: int, api_ca: Path | None, client, access: str,
                   rate: int, waiting: tuple[int, int] | None):
        text = _template()

        def fill(place: str, value: str, times=1):
            nonlocal text
            assert text.count(place) == times, f"{text.count(place)} times: {place}"
            text = text.replace(place, value)

        fill("@ORGTRUST_DATADIR@/relay/", f"{RULES}/", times=3)
        fill(" /var/cache/orgtrust-relay ", f" {self.cache} ")
        fill(" /var/cache/orgtrust-relay-absent ", f" {self.absent} ")
        fill("server api.openai.com:443 max_fails=0;", f"server {api} max_fails=0;")
        fill("    listen 443 ssl;\n    listen [::]:443 ssl;\n",
             f"    listen {self.host}{self.port}{' ssl' if self.tls else ''};\n")
        fill("127.0.0.1:8790", f"127.0.0.1:{self.inner_port}", times=2)
        certificate, key = self.tls or ("", "")
        for place, path in (
                ("ssl_certificate /etc/ssl/certs/relay.example.com.pem;", certificate),
                ("ssl_certificate_key /etc/ssl/private/relay.example.com.key;", key)):
            fill(place, f"{place.split()[0]} {path};" if path else "")
        fill("include /etc/nginx/orgtrust-relay.key;", f"include {self.key_file};", times=2)
        fill("$orgtrust_api https://", f"$orgtrust_api {'https' if api_ca else 'http'}://")
        fill("$orgtrust_api_host api.openai.com;", "$orgtrust_api_host api.example;")
        fill("/etc/ssl/certs/ca-certificates.crt;",
             f"{api_ca or '/etc/ssl/certs/ca-certificates.crt'};")
        for place, path in zip(
                ("#proxy_ssl_certificate /etc/nginx/orgtrust-relay-client.pem;",
                 "#proxy_ssl_certificate_key /etc/nginx/orgtrust-relay-client.key;"),
                client or ()):
            fill(place, f"{place.split()[0][1:]} {path};")
        fill("rate=5000r/s;", f"rate={rate}r/s;")
        fill("proxy_cache_valid 200 60s;", f"proxy_cache_valid 200 {interval}s;")
        fill("    #allow 192.0.2.0/24;\n    #allow 2001:db8::/32;\n    #deny all;\n", access)
        for place, number in zip(_WAITING, waiting or (0, 0)):
            fill(place, re.sub(r"\d+;$", f"{number};", place) if waiting else "")
        fill("    set $orgtrust_waits yes;\n", "    set $orgtrust_waits yes;\n" if waiting else "")
        fill("/var/log/nginx/orgtrust-relay.log", str(self.log))
        fill("/var/log/nginx/orgtrust-relay.error.log", str(self.error_log), times=2)
        (self.dir / "orgtrust-relay.conf").write_text(text)

    def _configure_nginx(self, workers: int, connections: int):
        (self.dir / "nginx.conf").write_text(_NGINX.format(
            dir=self.dir, user=_user(), workers=workers, connections=connections, temporaries="\n".join(
                f"    {kind}_temp_path {self.dir}/tmp-{kind};" for kind in
                ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))))

    def start(self):
        # nginx takes no port 0, but a socket that is listening already.
        fds = [listener.fileno() for listener in self.listeners]
        self.nginx = Background(
            [need("nginx", "nginx-light"), "-p", self.dir, "-c", self.dir / "nginx.conf",
             "-e", self.error_log],
            env=clean_environment(NGINX="".join(f"{fd};" for fd in fds)),
            log=self.dir / "nginx.log", pass_fds=fds)
        wait_until(self.workers, what=f"workers: {self.nginx.output()}")

    def workers(self) -> set[int]:
        assert self.nginx.is_running(), self.nginx.output()
        return set(children(self.nginx.pid))

    def reload(self):
        """As `systemctl reload nginx`; the workers before are gone when it returns."""
        before = self.workers()
        self.nginx.child.send_signal(signal.SIGHUP)
        wait_until(lambda: self.workers() and not self.workers() & before, what="new workers")

    @property
    def base_url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    @contextlib.contextmanager
    def connection(self, ca: Path | None = None, source="127.0.0.1"):
        timeout = 40 * paths.SLOWNESS
        here = "::1" if ":" in source else "127.0.0.1"
        made = http.client.HTTPConnection(here, self.port, timeout=timeout,
                                          source_address=(source, 0))
        if self.tls:
            made = http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=timeout,
                context=ssl.create_default_context(cafile=ca))
        try:
            yield made
        finally:
            made.close()

    def ask(self, method: str, path: str, headers=None, body=None, ca=None):
        """(status, headers, content) of one request."""
        with self.connection(ca) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def files_with(self, secret: str) -> list[Path]:
        """The relay's files in which that is; the key's own aside."""
        return [path for path in self.dir.rglob("*")
                if path.is_file() and path != self.key_file
                and secret.encode() in path.read_bytes()]

    def stop(self):
        try:
            if self.nginx is not None and self.nginx.is_running():
                self.nginx.stop()
        finally:
            for listener in self.listeners:
                listener.close()
            shutil.rmtree(self.dir, ignore_errors=True)


def _template() -> str:
    return (RULES / "orgtrust-relay.conf.in").read_text("utf-8")


def _user() -> str:
    """Whom the workers are: not root, as in production, if we may choose."""
    if os.geteuid() != 0:
        return ""
    nobody = pwd.getpwnam("nobody")
    return f"user nobody {grp.getgrgid(nobody.pw_gid).gr_name};"
