"""The recipes of docs/clients.md, each with the real program: it trusts an authority exactly while
that is active in the organization. Everything runs on loopback with scratch settings."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import ssl
import tempfile
from pathlib import Path

import pytest
from support import paths
from support.process import Background, children, clean_environment, run, wait_until
from support.tls import TlsServer
from support.world import World

# Distribution programs that leak at their exit, or that a sanitizer's runtime cannot be
# put under, say nothing about our code; tests/plugins/provider and tests/programs/e2e run it sanitized.
pytestmark = pytest.mark.skipif(
    bool(paths.WRAP) or paths.is_sanitized("address") or paths.is_sanitized("thread"),
    reason="with the plain build")

GET = b"GET / HTTP/1.0\r\nHost: server.example\r\n\r\n"
PYTHON = "/usr/bin/python3"


def account() -> str:
    """Whom servers serve as: not root, as in production, if we may choose."""
    return "www-data" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def place():
    """A directory that the servers' account may enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="orgtrust-clients-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def machine(place, organization):
    made = World(place / "world", organization.base_url, organization.key)
    yield made
    made.close()


class Parties:
    """An authority, a server and a client that only it vouches for, and a stranger."""

    def __init__(self, certs, place: Path):
        self.authority = certs.ca("Of the organization", key=certs.new_key())
        self.stranger = certs.ca("Of nobody", key=certs.new_key())
        self.server = certs.issue(self.authority, "server.example", san="DNS:server.example")
        self.client = certs.issue(self.authority, "a client", usage="clientAuth")
        self.strange_client = certs.issue(self.stranger, "a stranger", usage="clientAuth")
        # Copies where the servers' account may read.
        self.dummy = place / "dummy.pem"
        self.dummy.write_text(self.stranger.pem)
        self.cert, self.key = place / "server.pem", place / "server.key"
        self.cert.write_text(self.server.pem)
        self.key.write_bytes(self.server.key.read_bytes())


@pytest.fixture
def parties(certs, place):
    return Parties(certs, place)


@pytest.fixture
def tls_server(place, parties):
    started = TlsServer(place, parties.server)
    yield started
    started.stop(signal.SIGKILL)


def free_port() -> int:
    """One that the kernel chose, for programs that cannot be told to ask it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def answers(address, data=GET) -> bytes:
    """What comes back over a plain connection, b"" when it breaks."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as peer:
        peer.settimeout(20)
        got = b""
        try:
            peer.connect(address)
            peer.sendall(data)
            while piece := peer.recv(65536):
                got += piece
        except OSError:
            pass
        return got


def is_listening(address) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as peer:
        return peer.connect_ex(address) == 0


def knock(connect: list[str], client) -> bytes:
    """What a TLS server answers to a client with that certificate."""
    return run([paths.OPENSSL, "s_client", *connect, "-quiet", "-cert", client.path,
                "-key", client.key],
               env=clean_environment(OPENSSL_CONF="/dev/null"), stdin=GET).out


# Each consumer says whether a party of the organization's authority is believed, with a
# TLS context that is made for the question.


def verify(machine, parties, place, request) -> bool:
    done = machine.openssl("verify", "-CAstore", "orgtrust:///", parties.cert, status=None)
    return done.status == 0


def s_client(machine, parties, place, request, *args, env=None) -> bool:
    server = request.getfixturevalue("tls_server")
    done = machine.openssl(
        "s_client", "-connect", server.address, "-verify_hostname", "server.example",
        "-verify_return_error", "-brief", *(args or ("-CAstore", "orgtrust:///")),
        status=None, stdin=b"", env=env)
    assert (done.status == 0) is ("Verification: OK" in done.stderr), done
    return done.status == 0


def s_client_with_named_settings(machine, parties, place, request) -> bool:
    settings = place / "named.cnf"
    settings.write_text(
        machine.openssl_cnf.read_text().replace("[init]\n", "[init]\nssl_conf = ssls\n", 1)
        + "[ssls]\norganization = organization_sect\n"
        + "[organization_sect]\nVerifyCAStore = orgtrust:///\n")
    return s_client(machine, parties, place, request, "-ssl_config", "organization",
                    env={"OPENSSL_CONF": str(settings)})


class Nginx:
    """Asks for client certificates on one socket, and forwards to a TLS server from another."""

    def __init__(self, machine, parties, place: Path, upstream="127.0.0.1:9"):
        self.clients, self.proxy = f"{place}/clients.sock", f"{place}/proxy.sock"
        for path in (self.clients, self.proxy):
            Path(path).unlink(missing_ok=True)
        conf = place / "nginx.conf"
        temps = "\n".join(f"    {kind}_temp_path {place}/tmp-{kind};" for kind in
                          ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf.write_text(f"""\
daemon off;
pid {place}/nginx.pid;
error_log stderr;
{f"user {account()};" if os.geteuid() == 0 else ""}
env ORGTRUST_CONF;
env ORGTRUST_CACHE_DIR;
events {{}}
http {{
    access_log off;
{temps}
    server {{
        listen unix:{self.clients} ssl;
        ssl_certificate {parties.cert};
        ssl_certificate_key {parties.key};
        ssl_verify_client on;
        ssl_client_certificate {parties.dummy};
        ssl_conf_command VerifyCAStore orgtrust:///;
        location / {{ return 200 "client: $ssl_client_verify"; }}
    }}
    server {{
        listen unix:{self.proxy};
        location / {{
            proxy_pass https://{upstream};
            proxy_ssl_verify on;
            proxy_ssl_name server.example;
            proxy_ssl_trusted_certificate {parties.dummy};
            proxy_ssl_conf_command VerifyCAStore orgtrust:///;
        }}
    }}
}}
""")
        self.process = Background(["/usr/sbin/nginx", "-c", conf, "-e", "stderr"],
                                  env=machine.provider_env(), log=place / "nginx.log")
        wait_until(lambda: is_listening(self.proxy), what=self.process.output())

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.stop()

    def believes(self, client) -> bool:
        got = knock(["-unix", self.clients], client)
        assert b"client: SUCCESS" in got or b"400 Bad Request" in got, got
        return b"client: SUCCESS" in got

    def reload(self):
        """New workers with new TLS contexts; the old ones are gone when it returns."""
        def workers():
            return set(children(self.process.pid))

        before = workers()
        self.process.child.send_signal(signal.SIGHUP)
        wait_until(lambda: workers() and not workers() & before, what="new workers")


def nginx_clients(machine, parties, place, request) -> bool:
    with Nginx(machine, parties, place) as nginx:
        return nginx.believes(parties.client)


def nginx_upstream(machine, parties, place, request) -> bool:
    server = request.getfixturevalue("tls_server")
    with Nginx(machine, parties, place, server.address) as nginx:
        got = answers(nginx.proxy)
    assert b" 200 " in got[:20] or b" 502 " in got[:20], got
    return b" 200 " in got[:20]


def apache_clients(machine, parties, place, request) -> bool:
    port = free_port()
    pages = place / "pages"
    pages.mkdir(exist_ok=True)
    (pages / "index.html").write_text("client: SUCCESS")
    conf = place / "apache.conf"
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                      for name in ("mpm_event", "authz_core", "dir", "ssl"))
    conf.write_text(f"""\
ServerRoot {place}
ServerName server.example
PidFile {place}/apache.pid
Mutex file:{place} default
ErrorLog {place}/apache-error.log
User {account()}
Listen 127.0.0.1:{port}
{modules}
DocumentRoot {pages}
DirectoryIndex index.html
SSLEngine on
SSLSessionCache none
SSLCertificateFile {parties.cert}
SSLCertificateKeyFile {parties.key}
SSLVerifyClient require
SSLVerifyDepth 5
SSLOpenSSLConfCmd VerifyCAStore orgtrust:///
""")
    apache = Background(["/usr/sbin/apache2", "-D", "FOREGROUND", "-f", conf],
                        env=machine.provider_env(), log=place / "apache.log")
    try:
        wait_until(lambda: is_listening(("127.0.0.1", port)), what=apache.output())
        return b"client: SUCCESS" in knock(["-connect", f"127.0.0.1:{port}"], parties.client)
    finally:
        apache.stop()


def tunnels(machine, parties, place, server) -> bool:
    """Whether stunnel carries a request to that TLS server."""
    conf = place / "stunnel.conf"
    conf.write_text(f"""\
foreground = yes
pid =
[out]
client = yes
accept = 127.0.0.1:0
connect = {server.address}
verifyChain = yes
checkHost = server.example
CAfile = {parties.dummy}
config = VerifyCAStore:orgtrust:///
""")
    tunnel = Background(["/usr/bin/stunnel4", conf], env=machine.provider_env(),
                        log=place / "stunnel.log")
    try:
        return b" 200 " in answers(("127.0.0.1", tunnel.port()))[:20]
    finally:
        tunnel.stop()


def stunnel(machine, parties, place, request) -> bool:
    return tunnels(machine, parties, place, request.getfixturevalue("tls_server"))


_PYTHON_CLIENT = """\
import socket, ssl, sys
host, port = sys.argv[1].split(":")
try:
    with socket.create_connection((host, int(port))) as plain:
        ssl.create_default_context().wrap_socket(plain, server_hostname="server.example")
except ssl.SSLCertVerificationError as error:
    sys.exit(f"refused: {error}")
"""


def python(machine, parties, place, request) -> bool:
    if ssl.OPENSSL_VERSION_INFO >= (3, 4):
        pytest.skip("SSL_CERT_DIR is a URI up to OpenSSL 3.3 only")
    server = request.getfixturevalue("tls_server")
    env = machine.provider_env(SSL_CERT_DIR="/usr/lib/orgtrust:/etc/ssl/certs")
    done = run([PYTHON, "-I", "-c", _PYTHON_CLIENT, server.address], env=env)
    assert done.status == 0 or "refused: " in done.stderr, done
    return done.status == 0


CONSUMERS = [verify, s_client, s_client_with_named_settings, nginx_clients, nginx_upstream,
             apache_clients, stunnel, python]


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda function: function.__name__)
def test_it_trusts_what_is_active(organization, machine, parties, place, roots, request,
                                  consumer):
    organization.add(roots[0])
    known = organization.add(parties.authority, active=False)
    machine.sync()
    assert not consumer(machine, parties, place, request), "an inactive one is not trusted"
    organization.api.activate(known)
    machine.sync()
    assert consumer(machine, parties, place, request)
    organization.api.deactivate(known)
    machine.sync()
    assert not consumer(machine, parties, place, request), "nor one that was active"


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda function: function.__name__)
def test_without_a_snapshot_nothing_is_trusted(machine, parties, place, request, consumer):
    machine.configure(auto_refresh="no")
    assert not consumer(machine, parties, place, request)


def test_the_store_replaces_the_programs_own_list(organization, machine, parties, place):
    """The dummy that nginx demands does not make its certificate an authority."""
    organization.add(parties.authority)
    machine.sync()
    with Nginx(machine, parties, place) as nginx:
        assert nginx.believes(parties.client)
        assert not nginx.believes(parties.strange_client)


def test_the_store_replaces_the_list_of_stunnel_too(organization, machine, parties, place,
                                                    certs, tls_server):
    organization.add(parties.authority)
    machine.sync()
    assert tunnels(machine, parties, place, tls_server)
    strange = TlsServer(
        place, certs.issue(parties.stranger, "server.example", san="DNS:server.example"))
    try:
        assert not tunnels(machine, parties, place, strange)
    finally:
        strange.stop(signal.SIGKILL)


def test_additions_reach_a_running_program_removals_its_next_context(
        organization, machine, parties, place, roots):
    organization.add(roots[0])
    machine.sync()
    with Nginx(machine, parties, place) as nginx:
        assert not nginx.believes(parties.client)
        known = organization.add(parties.authority)
        machine.sync()
        assert nginx.believes(parties.client), "without a reload"
        organization.api.deactivate(known)
        machine.sync()
        assert nginx.believes(parties.client), "found once, it stays with the context"
        nginx.reload()
        assert not nginx.believes(parties.client)


def test_the_bare_scheme_asks_the_current_directory_first(organization, machine, parties,
                                                          place):
    """Why the recipes say orgtrust:/// and never just orgtrust: - a file of that name in
    the directory where a program happens to run decides."""
    organization.add(parties.authority)
    machine.sync()
    (place / "orgtrust:").write_text(parties.stranger.pem)
    planted = parties.strange_client.path

    def trusts(uri):
        return machine.openssl("verify", "-CAstore", uri, planted, status=None,
                               cwd=place).status == 0

    assert trusts("orgtrust:"), "the fact that the recipes rest on"
    assert not trusts("orgtrust:///")
