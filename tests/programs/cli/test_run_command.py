"""orgtrust run: programs that read only files follow by their variables, and lose no other
trust by it."""

import contextlib
import os
import re
import shutil
import ssl

import pytest
from support import paths
from support.https import HttpsServer
from support.process import run
from support.world import CONFIG, NOT_FOUND, SNAPSHOT, USAGE

SYSTEM = "/etc/ssl/certs/ca-certificates.crt"
CLIENT = paths.REPOSITORY / "tests" / "programs" / "clients" / "TrustClient.java"
PYTHON = "import urllib.request, sys; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
NODE = ("fetch(process.argv[1]).then(r => r.text()).then(t => console.log(t),"
        " e => { console.error(e.cause); process.exit(1) })")
MOUNT = "--mount=type=bind,source={},target=/var/lib/orgtrust/containers,readonly"

pytestmark = pytest.mark.skipif(not os.path.exists(SYSTEM), reason="NEEDS ca-certificates")


def ders(text):
    return {ssl.PEM_cert_to_DER_cert(block + "-----END CERTIFICATE-----\n")
            for block in text.split("-----END CERTIFICATE-----")[:-1]
            for block in [block[block.index("-----BEGIN"):]]}


@pytest.fixture
def site(tmp_path, certs):
    """A server, and the root by which alone it is believed."""
    root, leaf = certs.for_loopback("Run Root")
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("believed\n")
    server = HttpsServer(pages, leaf.path, leaf.key)
    server.root = root
    yield server
    server.stop()


@pytest.fixture
def machine_of(world, organization, site):
    world.id = organization.add(site.root, "run")
    world.sync()
    return world


def programs(site):
    yield ["curl", "-sS", "--noproxy", "*", site.url]
    yield ["/usr/bin/python3", "-c", PYTHON, site.url]
    if shutil.which("node"):
        yield ["node", "-e", NODE, site.url]
    if shutil.which("java"):
        yield ["sh", "-c", f"echo {site.url} | java -XX:TieredStopAtLevel=1 {CLIENT}"]


def test_programs_follow_and_cease_to(machine_of, organization, site):
    for argv in programs(site):
        assert "believed" not in run(argv, env=machine_of.env).stdout, argv
        done = machine_of.orgtrust("run", *argv, timeout=120)
        assert "believed" in done.stdout, done
    with contextlib.closing(organization.client()) as client:
        client.deactivate(machine_of.id)
    machine_of.sync("--accept-empty")
    for argv in programs(site):
        assert "believed" not in machine_of.orgtrust("run", *argv, status=None,
                                                     timeout=120).stdout, argv


def variables(world, *argv, **env):
    done = world.orgtrust("run", "--json", *argv, env=env).json()
    return done, {one["name"]: one for one in done["variables"]}


def test_what_replaces_holds_the_machines_trust_too(machine_of, site):
    answer, values = variables(machine_of)
    own = {site.root.der}
    with open(SYSTEM, encoding="ascii") as file:
        machine = ders(file.read())
    assert len(machine) > 50
    for name, one in values.items():
        assert one["state"] == "set"
        if one["value"].endswith(".pem"):
            with open(one["value"], encoding="ascii") as file:
                held = ders(file.read())
            adds = name in ("NODE_EXTRA_CA_CERTS", "DENO_CERT")
            assert held == (own if adds else own | machine), name
    hashed = values["SSL_CERT_DIR"]["value"]
    held = set()
    for entry in os.scandir(hashed):
        if not entry.name.startswith("."):
            with open(entry.path, encoding="ascii") as file:
                held |= ders(file.read())
    assert held == own | machine
    store = run([paths.OPENSSL, "pkcs12", "-in", answer["directory"] + "/trust.p12",
                 "-nokeys", "-nomacver", "-passin", "pass:"],
                env=machine_of.env | {"OPENSSL_CONF": "/dev/null"})
    assert ders(store.out.decode("latin-1")) == own | machine


def test_the_document_has_the_same_rows(machine_of):
    _, values = variables(machine_of)
    text = (paths.REPOSITORY / "docs" / "clients.md").read_text()
    rows = {}
    for line in text[text.index("| variable | who reads it"):].split("\n\n")[0].splitlines()[2:]:
        names, _, files, _ = line.strip("| ").split(" | ")
        rows |= dict(zip(re.findall("`(.*?)`", names), re.findall("`(.*?)`", files)))
    files = {name: re.search("[^/]*$", one["value"].split(" ")[0])[0]
             for name, one in values.items()}
    assert rows == files


def test_what_a_source_distrusts_is_not_among_the_machines(machine_of, organization, site):
    first, doubtful = list(ssl.create_default_context(cafile=SYSTEM).get_ca_certs(True))[:2]
    pem = ssl.DER_cert_to_PEM_cert(doubtful)
    organization.create_project("proj_no")
    path = machine_of.dir / "doubtful.pem"
    path.write_text(pem)
    machine_of.configure("[source default]\n[source no]\nproject = proj_no\n"
                         "meaning = distrust\n")
    machine_of.orgtrust("upload", "--source", "no", "--activate", path)
    machine_of.sync()
    _, values = variables(machine_of)
    with open(values["SSL_CERT_FILE"]["value"], encoding="ascii") as file:
        held = ders(file.read())
    assert doubtful not in held and {first, site.root.der} <= held


def test_a_variable_that_is_set_stays_and_that_is_said(machine_of):
    done = machine_of.orgtrust("run", "sh", "-c", "echo $CURL_CA_BUNDLE $PIP_CERT",
                               env={"CURL_CA_BUNDLE": "/mine"})
    mine, ours = done.stdout.split()
    assert mine == "/mine" and ours.endswith("/bundle.pem")
    assert "CURL_CA_BUNDLE is set already and stays as it is" in done.stderr
    assert "PIP_CERT" not in done.stderr
    quiet = machine_of.orgtrust("run", "--quiet", "true", env={"CURL_CA_BUNDLE": "/mine"})
    assert quiet.stderr == ""


def test_print_is_what_a_shell_can_take(machine_of):
    text = machine_of.orgtrust("run", "--print", env={"PIP_CERT": "/mine"}).stdout
    assert "# PIP_CERT is set already" in text
    done = run(["sh", "-c", 'eval "$TEXT"; env'], env={"TEXT": text, "PATH": "/usr/bin:/bin"})
    _, values = variables(machine_of)
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert len(values) > 20
    for name, one in values.items():
        assert shown.get(name) == (None if name == "PIP_CERT" else one["value"]), name
    assert " -Djavax.net.ssl.trustStoreType=PKCS12" in shown["JAVA_TOOL_OPTIONS"]


def test_the_programs_own_options_and_status(machine_of):
    done = machine_of.orgtrust("run", "sh", "-c", "echo $0; exit 37", "--json", status=37)
    assert done.stdout == "--json\n"
    assert machine_of.orgtrust("run", "--", "echo", "--print").stdout == "--print\n"
    missing = machine_of.orgtrust("run", "/nowhere/program", status=NOT_FOUND)
    assert "cannot start /nowhere/program: No such file" in missing.stderr
    assert "which program?" in machine_of.orgtrust("run", status=USAGE).stderr


def test_without_a_snapshot_nothing_is_started(world):
    assert world.orgtrust("run", "echo", "x", status=SNAPSHOT).stdout == ""


@pytest.mark.parametrize("line, head, tail", [
    ("podman run --rm IMAGE", "podman run", "--rm IMAGE"),
    ("podman --runtime runc run --rootfs /x", "podman --runtime runc run", "--rootfs /x"),
    ("/usr/bin/docker container create I", "/usr/bin/docker container create", "I"),
])
def test_a_container_gets_mount_and_variables(machine_of, line, head, tail):
    answer, values = variables(machine_of, *line.split())
    command = answer["command"]
    before, after = head.split(), tail.split()
    assert command[:len(before)] == before and command[-len(after):] == after
    added = command[len(before):-len(after)]
    assert added[0] == MOUNT.format(answer["directory"])
    assert added[1:] == [f"--env={name}={one['value']}" for name, one in values.items()]
    assert values["SSL_CERT_FILE"]["value"] == "/var/lib/orgtrust/containers/bundle.pem"


@pytest.mark.parametrize("given", [["-e", "PIP_CERT=/x"], ["--env=PIP_CERT=/x"],
                                   ["--env", "PIP_CERT"], ["-ePIP_CERT=/x"]])
def test_what_a_container_is_given_by_hand_stays(machine_of, given):
    _, values = variables(machine_of, "podman", "run", *given, "IMAGE")
    assert [name for name, one in values.items() if one["state"] == "kept"] == ["PIP_CERT"]


@pytest.mark.parametrize("line", ["podman exec x run", "podman ps", "docker compose run x"])
def test_other_commands_of_an_engine_reach_no_container(machine_of, line):
    answer, _ = variables(machine_of, *line.split())
    assert answer["command"] == line.split()
    engine = machine_of.dir / line.split()[0]
    engine.write_text("#!/bin/sh\n")
    engine.chmod(0o755)
    done = machine_of.orgtrust("run", engine, *line.split()[1:])
    assert "makes no container" in done.stderr


def test_the_directory_of_the_configuration_is_kept_in_step(machine_of, organization, site,
                                                            certs):
    kept = machine_of.dir / "kept"
    machine_of.configure(export_containers=kept)
    assert "orgtrust sync writes it" in machine_of.orgtrust("run", "true",
                                                            status=NOT_FOUND).stderr
    machine_of.sync()
    answer, values = variables(machine_of)
    assert answer["directory"] == str(kept)
    inode = kept.stat().st_ino
    other = certs.ca("Another", key=certs.new_key())
    organization.add(other, "another")
    machine_of.sync()
    assert ders((kept / "orgtrust.pem").read_text()) == {site.root.der, other.der}
    assert other.der in ders((kept / "bundle.pem").read_text())
    assert kept.stat().st_ino == inode
    told = machine_of.status()["exports"]
    assert [one["kind"] for one in told] == ["containers"]
    assert values["PIP_CERT"]["value"] == str(kept / "bundle.pem")
    (kept / "README").write_text("somebody's own\n")
    failed = machine_of.sync(status=CONFIG)
    assert "holds something that orgtrust did not write" in failed.stderr
