"""The API is verified by what the machine trusted before export_system put anything there."""

import resource
import shutil

import pytest
from fault_server import FaultServer
from support import paths
from support.p11_system import can_mount
from support.world import NETWORK, OK
from test_system import admins, fresh, system  # noqa: F401

pytestmark = pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")


@pytest.fixture
def authority(certs):
    return certs.ca("The Organization's Own", key=certs.new_key())


@pytest.fixture
def serve(key, certs):
    """Starts an API whose certificate comes from this authority."""
    started = []

    def start(issuer, **more):
        leaf = certs.issue(issuer, "api.example", san="IP:127.0.0.1", **more)
        chain = leaf.path.with_suffix(".chain")
        chain.write_text(leaf.pem + issuer.pem)
        server = FaultServer(key, tls=(chain, leaf.key))
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture
def exported(system, api, authority):  # noqa: F811
    """A system in which the organization's authority was put."""
    api.add(authority)
    system.machine.configure(export_system="yes")
    system.sync()
    assert authority.sha256 in system.bundle()
    return system


def asked(system, server, status, *args, **settings):  # noqa: F811
    system.machine.configure(base_url=server.base_url, connect_timeout="5s", **settings)
    system.machine.state_path().unlink(missing_ok=True)
    done = system.sync(*args, status=status)
    assert (server.count() > 0) == (status == OK), "no request, no key"
    return done


def test_fault_64_an_anchor_of_ours_does_not_vouch_for_the_api(exported, authority, serve):
    server = serve(authority)
    done = asked(exported, server, NETWORK, export_system="yes")
    assert "orgtrust put it there" in done.stderr
    assert "ca_file of the source default" in done.stderr
    # Said to be meant, it is.
    ca_file = exported.dir / "named.pem"
    ca_file.write_text(authority.pem)
    asked(exported, server, OK, export_system="yes", ca_file=ca_file)


def test_fault_64_nor_an_intermediate_or_a_twin_of_ours(exported, api, authority, certs, serve):
    middle = certs.issue(authority, "An Intermediate", is_ca=True)
    api.add(middle)
    exported.sync()
    assert middle.sha256 in exported.bundle()
    done = asked(exported, serve(middle), NETWORK, export_system="yes")
    assert "orgtrust put it there" in done.stderr
    twin = certs.ca("The Organization's Own", key=authority.key)
    assert twin.sha256 != authority.sha256
    with open(exported.certs / "ca-certificates.crt", "a") as bundle:
        bundle.write(twin.pem)
    asked(exported, serve(twin), NETWORK, export_system="yes")


def test_fault_64_one_that_the_machine_has_by_itself_does(exported, api, certs, serve):
    """Also where the organization has it: then it is there for two reasons."""
    admins = certs.ca("Both Have It", key=certs.new_key())
    (exported.anchors / "both.crt").write_text(admins.pem)
    api.add(admins)
    exported.sync()
    assert admins.sha256 in exported.ours() and admins.sha256 in exported.bundle()
    server = serve(admins)
    asked(exported, server, OK, export_system="yes")
    # It is active no longer: nothing of that reaches the connection to the API.
    server.certs.clear()
    server.forget()
    asked(exported, server, OK, "--accept-empty", export_system="yes")
    assert admins.sha256 not in exported.ours()
    server.forget()
    asked(exported, server, OK, export_system="yes")
    (exported.anchors / "both.crt").unlink()
    assert exported.run(["/usr/sbin/update-ca-certificates", "--fresh"]).status == 0
    server.forget()
    asked(exported, server, NETWORK, export_system="yes")


def test_fault_64_a_certificate_that_debian_ships_and_the_admin_refuses(
        exported, authority, serve):
    """What ca-certificates.conf takes out is in the bundle for our sake alone."""
    shipped = exported.dir / "shipped"
    shutil.copytree("/usr/share/ca-certificates", shipped)
    (shipped / "mozilla" / "Ours.crt").write_text(authority.pem)
    listed = exported.dir / "ca-certificates.conf"
    text = open("/etc/ca-certificates.conf").read()
    exported.mounts |= {"/usr/share/ca-certificates": shipped,
                        "/etc/ca-certificates.conf": listed}
    server = serve(authority)
    for line, status in (("!mozilla/Ours.crt", NETWORK), ("mozilla/Ours.crt", OK)):
        listed.write_text(f"{text}\n{line}\n")
        asked(exported, server, status, export_system="yes")


def test_fault_64_what_is_left_of_ours_stays_out(exported, authority, serve):
    """Another configuration, files that are gone, a bundle that was not made anew."""
    server, machine = serve(authority), exported.machine
    machine.cache = exported.dir / "other-cache"
    machine.env["ORGTRUST_CACHE_DIR"] = str(machine.cache)
    asked(exported, server, NETWORK)
    assert authority.sha256 in exported.ours()
    shutil.rmtree(exported.anchors / "orgtrust")
    assert authority.sha256 in exported.bundle()
    asked(exported, server, NETWORK)
    assert (exported.state / "system-anchors").exists()


def test_fault_64_without_the_record_the_files_tell(exported, authority, serve):
    (exported.state / "system-anchors").unlink()
    asked(exported, serve(authority), NETWORK)


def test_the_record_goes_with_the_last_anchor(exported, api):
    record = exported.state / "system-anchors"
    assert len(record.read_text().splitlines()) == 1
    exported.machine.configure(base_url=api.base_url)
    exported.sync()
    assert not record.exists()


def test_the_record_goes_though_the_machine_has_the_anchor_by_itself(exported, api, authority):
    """Then the bundle keeps it, and not for our sake."""
    (exported.anchors / "both.crt").write_text(authority.pem)
    exported.machine.configure(base_url=api.base_url)
    exported.sync()
    assert authority.sha256 not in exported.ours() and authority.sha256 in exported.bundle()
    assert not (exported.state / "system-anchors").exists()


def test_fault_64_for_a_user_who_syncs(exported, authority, serve):
    server = serve(authority)
    machine = exported.machine
    parent = exported.dir.parent
    while parent != parent.parent and not parent.stat().st_mode & 0o001:
        parent.chmod(parent.stat().st_mode | 0o011)
        parent = parent.parent
    machine.configure(base_url=server.base_url, cache_dir="/tmp/trust-user-cache")
    machine.key_file.chmod(0o600)
    shutil.chown(machine.key_file, 12345, 12345)
    shutil.rmtree(machine.cache)
    machine.cache.mkdir()
    shutil.chown(machine.cache, 12345, 12345)
    done = exported.run(["--as", "12345", paths.COMMAND, "sync"])
    assert done.status == NETWORK and "orgtrust put it there" in done.stderr
    assert server.count() == 0


def processor_time(exported) -> float:
    """Of a sync that fails; others may be busy meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    exported.sync(status=NETWORK)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_what_it_costs(exported):
    """Sifting a bundle of the usual size is a small part of a second."""
    machine = exported.machine
    machine.configure(base_url="https://127.0.0.1:9/v1", export_system="yes",
                      connect_timeout="2s")
    with_ours = min(processor_time(exported) for _ in range(3))
    shutil.rmtree(exported.anchors / "orgtrust")
    (exported.state / "system-anchors").unlink()
    without = min(processor_time(exported) for _ in range(3))
    print(f"with {with_ours:.3f} s, without {without:.3f} s")
    assert with_ours < without + 0.2 * paths.SLOWNESS
