"""What unmodified programs of a machine make of a server. Each returns whether it was
believed."""

from __future__ import annotations

import json
import os

_PYTHON = """\
import json, socket, ssl, sys
context = ssl.create_default_context()
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
        context.wrap_socket(s, server_hostname="localhost").close()
    print(json.dumps(True))
except ssl.SSLCertVerificationError:
    print(json.dumps(False))
"""

# Other modules that p11-kit knows keep something in the home otherwise.
_NO_CACHE = {"XDG_CACHE_HOME": "/nonexistent"}


def openssl(machine, port, **more) -> bool:
    """The one that names the provider's store; OpenSSL's configuration is the machine's."""
    done = machine.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                       "-servername", "localhost", "-verify_return_error", "-brief",
                       "-no-CAfile", "-no-CApath", "-CAstore", "orgtrust:///",
                       status=None, stdin=b"", **more)
    assert (done.status == 0) == ("Verification: OK" in done.stderr), done
    return done.status == 0


def plain_openssl(machine, port, **more) -> bool:
    """On its default paths."""
    done = machine.run("openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                       "-servername", "localhost", "-verify_return_error", "-brief",
                       status=None, stdin=b"", **more)
    assert (done.status == 0) == ("Verification: OK" in done.stderr), done
    return done.status == 0


def python(machine, port, **more) -> bool:
    """On its default paths, of which one is the provider's (OpenSSL 3.0)."""
    done = machine.run("/usr/bin/python3", "-c", _PYTHON, port, **more,
                       env={"SSL_CERT_DIR": "/usr/lib/orgtrust:/var/empty",
                            "SSL_CERT_FILE": "/dev/null"})
    return json.loads(done.stdout)


def gnutls(machine, port, **more) -> bool:
    done = machine.run("gnutls-cli", "--x509cafile", "pkcs11:token=orgtrust", "--port", port,
                       "--sni-hostname", "localhost", "--verify-hostname", "localhost",
                       "127.0.0.1", status=None, stdin=b"", env=_NO_CACHE, **more)
    assert (done.status == 0) == ("The certificate is trusted" in done.text), done
    return done.status == 0


def has_token(machine, **more) -> bool:
    done = machine.run("p11tool", "--list-tokens", env=_NO_CACHE, **more)
    return "token=orgtrust\n" in done.stdout


def nss(machine, directory, name, **more) -> bool:
    """Whether a database's programs trust a certificate, by its name."""
    done = machine.run("certutil", "-L", "-d", f"sql:{directory}", "-h", "all", **more)
    found = [line for line in done.stdout.splitlines() if f"orgtrust:{name}" in line]
    assert all(line.split()[-1].startswith("C") for line in found), done
    return bool(found)


def chromium(machine, port, page="s_server", **more) -> bool | None:
    """By whether it sees that page; None: it is not here. It and what it starts may not use
    more than this machine."""
    if machine.path("/usr/bin/chromium").stat().st_size < 100:
        return None
    done = machine.run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
                       "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
                       "--disable-background-networking", "--disable-component-update",
                       "--user-data-dir=/tmp/profile", "--dump-dom",
                       f"https://localhost:{port}/", status=None, **more)
    return page in done.stdout


# Databases of NSS.

MODULE = f"/usr/lib/{os.uname().machine}-linux-gnu/pkcs11/orgtrust-pkcs11.so"
# The order in which NSS asks: behind the user's own word and Mozilla's roots.
ORDERED = f"library={MODULE}\nname=orgtrust\nNSS=trustOrder=101"


def make_database(machine, directory, **more):
    machine.run("mkdir", "-p", directory, **more)
    machine.run("certutil", "-N", "-d", f"sql:{directory}", "--empty-password", **more)


def order_of(machine, directory) -> str:
    """Our paragraph of a database's list."""
    [ours] = [part for part in machine.read(f"{directory}/pkcs11.txt").decode().split("\n\n")
              if f"library={MODULE}\n" in part]
    return "\n".join(line.rstrip() for line in ours.splitlines() if line)
