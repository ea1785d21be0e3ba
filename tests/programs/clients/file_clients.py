"""Clients that are told of a bundle, a hashed directory, a token or a database, or of none:
then they have the system's authorities. Each says whether it believed a server.

bundle, hashed, token  what they are told, or None
empty                  a directory with nothing in it
database               NSS's
dir, pages, scratch()  where they may write; what the server sends
run()                  as P11System has it"""

from __future__ import annotations

from apt_update import apt_update
from support.p11_system import lacking, need

BELIEVED = "it was believed"
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def _named(place, *words) -> tuple:
    """What names the place to a program, where there is one."""
    return words if place is not None else ()


def saw_page(done) -> bool:
    assert (done.status == 0) is (BELIEVED in done.stdout), done
    return done.status == 0


def openssl_directory(world, server) -> bool:
    how = ["-verify_ip", server.host] if server.host[0].isdigit() else [
        "-verify_hostname", server.host]
    done = world.run(["openssl", "s_client", "-connect", server.address, *how,
                      "-verify_return_error", "-brief",
                      *_named(world.hashed, "-no-CAfile", "-no-CAstore", "-CApath",
                              world.hashed)], env={"OPENSSL_CONF": "/dev/null"}, stdin=b"")
    return done.status == 0


def curl(world, server) -> bool:
    return saw_page(world.run(
        [need("curl"), "-sS", "--noproxy", "*",
         *_named(world.bundle, "--cacert", world.bundle, "--capath", world.empty),
         server.url]))


def wget_by_file(world, server) -> bool:
    return saw_page(world.run(
        [need("wget"), "--no-config", "-nv", "-O", "-",
         *_named(world.bundle, "--ca-certificate", world.bundle, "--ca-directory",
                 world.empty), server.url]))


def git(world, server) -> bool:
    env = {"HOME": str(world.dir), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    if world.bundle is not None:
        env |= {"GIT_SSL_CAINFO": str(world.bundle), "GIT_SSL_CAPATH": str(world.empty)}
    done = world.run([need("git"), "ls-remote", f"{server.url}none.git"], env=env)
    assert done.status != 0, done
    return "not found" in done.stderr


def python(world, server) -> bool:
    program = ("import sys, urllib.request as u, ssl; print(u.urlopen(sys.argv[1], context="
               "ssl.create_default_context(cafile=(sys.argv + [None])[2])).read().decode())")
    return saw_page(world.run(["/usr/bin/python3", "-c", program, server.url,
                               *_named(world.bundle, world.bundle)]))


def perl(world, server) -> bool:
    program = ("use IO::Socket::SSL; my $s = IO::Socket::SSL->new(PeerAddr => '127.0.0.1:' "
               ". $ARGV[1], $ARGV[2] ? (SSL_ca_file => $ARGV[2]) : (), "
               "SSL_verifycn_name => $ARGV[0], SSL_hostname => $ARGV[0], "
               "SSL_verifycn_scheme => 'http') or exit 1; "
               f"print '{BELIEVED}';")
    if world.run([need("perl"), "-MIO::Socket::SSL", "-e", "1"]).status != 0:
        lacking("libio-socket-ssl-perl is not installed")
    return saw_page(world.run(["perl", "-e", program, server.host, server.port,
                               *_named(world.bundle, world.bundle)]))


def ruby(world, server) -> bool:
    program = ("require 'net/http'; u = URI(ARGV[0]); print Net::HTTP.start(u.host, u.port, "
               "nil, use_ssl: true, ca_file: ARGV[1]) { |h| h.get('/').body }")
    return saw_page(world.run([need("ruby"), "-e", program, server.url,
                               *_named(world.bundle, world.bundle)]))


def php(world, server) -> bool:
    program = ("$c = stream_context_create(['ssl' => $argc > 2 ? ['cafile' => $argv[2], "
               "'capath' => $argv[3]] : []]); $page = @file_get_contents($argv[1], false, $c); "
               "print $page; exit($page === false ? 1 : 0);")
    return saw_page(world.run([need("php", "php-cli"), "-n", "-r", program, server.url,
                               *_named(world.bundle, world.bundle, world.empty)]))


def nginx(world, server) -> bool:
    """As a client of its upstream, asked through a socket by curl."""
    place = world.scratch()
    (place / "nginx.conf").write_text(f"""\
pid {place}/pid;
error_log {place}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen unix:{place}/socket;
        location / {{
            proxy_pass https://127.0.0.1:{server.port};
            proxy_ssl_server_name on;
            proxy_ssl_name {server.host};
            proxy_ssl_verify on;
            proxy_ssl_verify_depth 5;
            proxy_ssl_trusted_certificate {world.bundle or SYSTEM_BUNDLE};
        }}
    }}
}}
""")
    script = ('"$1" -p "$2" -c "$2/nginx.conf" -e "$2/error.log" && curl -sSf --noproxy "*" '
              '--unix-socket "$2/socket" http://nginx/; end=$?; kill "$(cat "$2/pid")"; '
              'exit $end')
    return saw_page(world.run(["/bin/sh", "-c", script, "sh",
                               need("/usr/sbin/nginx", "nginx-light"), place]))


def apt(world, server) -> bool:
    done = apt_update(world, server.url, world.bundle)
    assert done.status == 0 or "ertificate" in done.text, done
    return done.status == 0


def node(world, server) -> bool:
    program = ("require('https').get(process.argv[1], r => r.pipe(process.stdout))"
               ".on('error', e => process.exit(1))")
    env = {"NODE_EXTRA_CA_CERTS": str(world.bundle or SYSTEM_BUNDLE)}
    return saw_page(world.run([need("node", "nodejs"), "-e", program, server.url], env=env))


def gnutls_cli(world, server) -> bool:
    done = world.run([need("gnutls-cli", "gnutls-bin"),
                      *_named(world.token, "--x509cafile", world.token), "--port",
                      server.port, server.host], p11kit=world.token is not None, stdin=b"")
    assert (done.status == 0) is ("The certificate is trusted." in done.stdout), done
    return done.status == 0


def nss(world, server) -> bool:
    need("tstclnt", "libnss3-tools")
    request = world.dir / "request.txt"
    request.write_bytes(b"GET / HTTP/1.0\r\n\r\n")
    return saw_page(world.run(
        ["tstclnt", "-4", "-h", server.host, "-p", server.port, "-V", "tls1.2:tls1.3",
         "-A", request, "-d", f"sql:{world.database}"]))
