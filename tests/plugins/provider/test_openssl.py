"""The provider in the real `openssl` program, and in programs on its default paths.

Only the reading side: snapshots are written by make_snapshot, without an organization.
Runs on any OpenSSL 3; see run_in_root."""

import subprocess
from dataclasses import dataclass

import pytest
from support import paths
from support.process import run
from support.tls import TlsServer

MAKE_SNAPSHOT = paths.BUILD / "tests" / "plugins" / "provider" / "make_snapshot"
VERSION = subprocess.run([paths.OPENSSL, "version"], capture_output=True, check=True,
                         text=True).stdout.split()[1]
IS_3_0 = VERSION.startswith("3.0.")
CERT_DIR = "/usr/lib/orgtrust"


@dataclass
class Entry:
    cert: object
    cert_id: str
    active: bool = True
    name: str = "-"


class Machine:
    """A world whose snapshots are made by hand."""

    def __init__(self, world):
        self.world = world
        world.configure(auto_refresh="no")

    def write(self, *entries, source="default", age=0):
        lines = "".join(
            f"{e.cert_id}\t{'active' if e.active else 'inactive'}\t{e.cert.path}\t{e.name}\n"
            for e in entries
        )
        done = run([MAKE_SNAPSHOT, source, str(age)], env=self.world.env,
                   stdin=lines.encode())
        assert done.status == 0, done

    def __getattr__(self, name):
        return getattr(self.world, name)


@pytest.fixture
def machine(bare_world):
    return Machine(bare_world)


@pytest.fixture(scope="module")
def pki(certs):
    """A root, a server certificate under it, and one under a root nobody knows."""
    root, stranger = certs.ca("Organization Root"), certs.ca("Stranger")
    return {
        "root": root,
        "other": certs.ca("Other Root"),
        "leaf": certs.issue(root, "localhost", san="DNS:localhost,IP:127.0.0.1",
                            usage="serverAuth,clientAuth"),
        "strange": certs.issue(stranger, "localhost", san="DNS:localhost,IP:127.0.0.1"),
    }


@pytest.fixture
def anchored(machine, pki):
    machine.write(Entry(pki["root"], "cert_root", name="The root"),
                  Entry(pki["other"], "cert_other"),
                  Entry(pki["leaf"], "cert_leaf", active=False))
    return machine


def total(done):
    """OpenSSL 3.2 and later print no total where there is nothing."""
    if "Total found: " not in done.stdout:
        assert not IS_3_0 and not done.stdout, done
        return 0
    return int(done.stdout.rsplit("Total found: ", 1)[1].split()[0])


# Searches.


def test_each_search_of_storeutl(anchored, pki):
    root = pki["root"]
    assert total(anchored.storeutl("-noout", "-certs")) == 2
    searches = [
        ("-subject", "/CN=organization  ROOT"),
        ("-issuer", "/CN=Organization Root", "-serial", str(root.serial)),
        ("-alias", "The root"),
        ("-alias", "cert_root"),
    ]
    for digest in ("sha1", "sha256", "sha384", "sha512", "md5"):
        printed = anchored.openssl("dgst", f"-{digest}", "-r", stdin=root.der)
        searches.append((f"-{digest}", "-fingerprint", printed.stdout.split()[0]))
    for search in searches:
        done = anchored.storeutl("-certs", *search)
        assert total(done) == 1, search
        assert root.pem.strip() in done.stdout, search


def test_other_kinds_of_objects(anchored):
    assert total(anchored.storeutl("-noout", "-keys")) == 0
    assert total(anchored.storeutl("-noout", "-crls")) == 0


@pytest.mark.parametrize("query, found", [("provider=orgtrust", True), ("fips=yes", True),
                                          ("provider=default", False)])
def test_property_queries(anchored, query, found):
    done = anchored.storeutl("-noout", "-certs", "-propquery", query, status=None)
    assert (done.status == 0) == found, done
    if found:
        assert total(done) == 2


# What the user reads.


def test_nothing_cached_says_what_to_run(machine):
    done = machine.storeutl("-noout", "-certs", status=1)
    assert ":orgtrust:" in done.stderr and "nothing cached yet" in done.stderr
    assert "run 'orgtrust sync'" in done.stderr
    assert ":provider/store.c:" in done.stderr, "a path of the project, not of a machine"
    assert total(done) == 0


def test_an_empty_organization_is_no_error(machine):
    machine.write()
    done = machine.storeutl("-noout", "-certs")
    assert total(done) == 0 and not done.stderr


def test_fault_42_a_damaged_snapshot(anchored):
    path = anchored.snapshot_path()
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    done = anchored.storeutl("-noout", "-certs", status=1)
    assert "cached certificates are damaged" in done.stderr
    assert "run 'orgtrust sync'" in done.stderr


def test_an_expired_snapshot(machine, pki):
    machine.write(Entry(pki["root"], "cert_root"), age=8 * 86400)
    done = machine.storeutl("-noout", "-certs", status=1)
    assert "cached certificates are too old" in done.stderr


def test_fault_54_configuration_errors(anchored):
    anchored.conf.write_text("base_url = https://api.example.com/v1\nbase_urll = x\n")
    done = anchored.storeutl("-noout", "-certs", status=1)
    assert "configuration error" in done.stderr and "orgtrust.conf:2" in done.stderr


def test_fault_54_an_unknown_source_fails_to_open(anchored):
    done = anchored.storeutl("-noout", "-certs", uri="orgtrust://nosuch/", status=1)
    assert "configuration error" in done.stderr and "nosuch" in done.stderr


def test_a_malformed_uri(anchored):
    done = anchored.storeutl("-noout", "-certs", uri="orgtrust:///?stat=all", status=1)
    assert "invalid uri or search" in done.stderr


def test_an_id_that_is_not_there(anchored):
    done = anchored.storeutl("-certs", uri="orgtrust:///cert_nosuch", status=1)
    assert "no such certificate" in done.stderr and "cert_nosuch" in done.stderr


# Activation.


def test_the_program_works_beside_the_provider(anchored):
    listed = anchored.openssl("list", "-providers", "-verbose").stdout
    assert "orgtrust" in listed and "default" in listed and "status: active" in listed
    assert anchored.openssl("dgst", "-sha256", stdin=b"x").out


def test_a_missing_module_is_harmless(anchored):
    text = anchored.openssl_cnf.read_text()
    anchored.openssl_cnf.write_text(text.replace("orgtrust.so", "not-there.so"))
    assert anchored.openssl("dgst", "-sha256", stdin=b"x").out
    assert anchored.storeutl("-certs", status=1).stderr


def test_on_the_command_line(anchored):
    done = anchored.openssl(
        "storeutl", "-provider-path", paths.PROVIDER_DIR, "-provider", "orgtrust",
        "-provider", "default", "-noout", "-certs", "orgtrust:///",
        env={"OPENSSL_CONF": "/dev/null"},
    )
    assert total(done) == 2


def test_the_installed_snippet_at_the_end_of_the_systems_file(anchored, tmp_path):
    snippet = paths.BUILD / "conf" / "orgtrust.cnf"
    both = tmp_path / "openssl.cnf"
    with open("/etc/ssl/openssl.cnf", encoding="utf-8") as system:
        both.write_text(system.read() + f"\n.include {snippet}\n")
    for conf in (both, snippet):
        env = {"OPENSSL_CONF": str(conf), "OPENSSL_MODULES": str(paths.PROVIDER_DIR)}
        assert total(anchored.storeutl("-noout", "-certs", env=env)) == 2
        assert anchored.openssl("dgst", "-sha256", stdin=b"x", env=env).out


# Verification.


def verify(machine, cert, *args, uri="orgtrust:///"):
    return machine.openssl("verify", "-CAstore", uri, *args, cert.path, status=None)


def test_verify_with_the_organizations_anchors_only(anchored, pki):
    assert verify(anchored, pki["leaf"]).status == 0
    assert verify(anchored, pki["leaf"], "-purpose", "sslserver").status == 0
    assert verify(anchored, pki["strange"]).status != 0
    assert verify(anchored, pki["leaf"], uri="orgtrust:///cert_other").status != 0


def test_purposes(anchored, pki):
    anchored.configure(auto_refresh="no", purposes="client")
    assert verify(anchored, pki["leaf"], "-purpose", "sslclient").status == 0
    done = verify(anchored, pki["leaf"], "-purpose", "sslserver")
    assert done.status != 0 and "certificate rejected" in done.stderr


def test_an_inactive_anchor_is_rejected_even_when_listed(machine, pki):
    machine.write(Entry(pki["root"], "cert_root", active=False))
    assert verify(machine, pki["leaf"]).status != 0
    done = verify(machine, pki["leaf"], uri="orgtrust:///?state=all")
    assert done.status != 0 and "certificate rejected" in done.stderr


@pytest.fixture
def server(tmp_path, pki):
    server = TlsServer(tmp_path, pki["leaf"])
    yield server
    server.stop()


def s_client(machine, server, *args, **env):
    return machine.openssl("s_client", "-connect", server.address, "-verify_return_error",
                           *args, status=None, stdin=b"", env=env)


def test_a_handshake(anchored, server):
    done = s_client(anchored, server, "-CAstore", "orgtrust:///")
    assert done.status == 0 and "Verify return code: 0 (ok)" in done.stdout
    assert ":error:" not in done.stderr, "nothing is left on the error queue"


def test_no_handshake_without_the_anchor(machine, pki, server):
    done = s_client(machine, server, "-CAstore", "orgtrust:///")
    assert done.status != 0 and "unable to get local issuer certificate" in done.text
    machine.write(Entry(pki["other"], "cert_other"))
    done = s_client(machine, server, "-CAstore", "orgtrust:///")
    assert done.status != 0 and "nothing cached" not in done.text, "look-ups are silent"


def test_a_server_that_asks_for_client_certificates(anchored, pki, tmp_path):
    server = TlsServer(tmp_path, pki["leaf"], "-Verify", "1", "-verify_return_error",
                       "-CAstore", "orgtrust:///", env=anchored.provider_env())
    done = s_client(anchored, server, "-CAstore", "orgtrust:///", "-tls1_2", "-cert",
                    pki["leaf"].path, "-key", pki["leaf"].key)
    assert done.status == 0, done
    refused = s_client(anchored, server, "-CAstore", "orgtrust:///", "-tls1_2", "-cert",
                       pki["strange"].path, "-key", pki["strange"].key)
    assert refused.status != 0, refused
    server.stop()


# SSL_CERT_DIR, for programs on default paths: a URI on OpenSSL up to 3.3 only.


def default_paths(value, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.touch()
    return {"SSL_CERT_DIR": value, "SSL_CERT_FILE": str(empty)}


@pytest.mark.parametrize("value", [f"{CERT_DIR}:", f"{CERT_DIR}:/etc/ssl/certs"])
def test_ssl_cert_dir(anchored, server, tmp_path, value):
    env = default_paths(value, tmp_path)
    done = s_client(anchored, server, **env)
    assert (done.status == 0) == IS_3_0, done
    assert ":error:" not in done.stderr if IS_3_0 else True


def test_ssl_cert_dir_without_a_snapshot(machine, server, tmp_path):
    done = s_client(machine, server, **default_paths(f"{CERT_DIR}:", tmp_path))
    assert done.status != 0 and "nothing cached" not in done.text


PYTHON = """
import socket, ssl, sys
host, port = sys.argv[1].split(":")
context = ssl.create_default_context()
with socket.create_connection((host, int(port))) as plain:
    context.wrap_socket(plain, server_hostname="localhost").close()
"""


@pytest.mark.skipif(not IS_3_0, reason="SSL_CERT_DIR is no URI in this OpenSSL")
def test_ssl_cert_dir_in_python(anchored, server, tmp_path, pki):
    def connect(address):
        env = anchored.provider_env(**default_paths(f"{CERT_DIR}:/etc/ssl/certs", tmp_path))
        return run(["/usr/bin/python3", "-c", PYTHON, address], env=env)

    done = connect(server.address)
    assert done.status == 0, done
    strange = TlsServer(tmp_path, pki["strange"])
    assert "CERTIFICATE_VERIFY_FAILED" in connect(strange.address).stderr
    strange.stop()
