"""--report-fd, and sync with a key of one's own: what the plugins stand on."""

import os
import signal
from pathlib import Path

import pytest
from fault_server import error
from support.inside import looks_inside
from support.process import family, wait_until
from support.world import AUTH, CONFIG, DISK, NETWORK, OK, REFUSED, USAGE
from test_secrecy import pipe_with


def reported(machine, *words, key=None, status=OK, **popen):
    """Runs a command as a plugin does; returns the report as a dictionary."""
    reader, writer = os.pipe()
    passed, options = (writer,), ["--report-fd", writer]
    if key is not None:
        passed += (pipe_with(key),)
        options += ["--key-fd", passed[1]]
    done = machine.orgtrust(words[0], *options, *words[1:], pass_fds=passed, status=status,
                            **popen)
    for fd in passed:
        os.close(fd)
    with open(reader, "rb") as stream:
        text = stream.read().decode()
    assert text.endswith("\n")
    lines = [line.partition(" ") for line in text.splitlines()]
    assert len({line[0] for line in lines}) == len(lines), "each at most once"
    report = {word: value for word, _, value in lines}
    if "error" in report:
        assert report["error"] in done.stderr.replace("orgtrust: ", "")
    return report


@pytest.fixture
def full(organization, world, roots):
    """An organization that cannot take another."""
    organization.stop()
    organization.max_certificates = 1
    organization.start()
    world.base_url = organization.base_url
    world.configure()
    return organization


@pytest.mark.memory
def test_a_walk_in_reports(organization, world, roots):
    key = organization.key
    world.key_file.write_text("sk-admin-not-this-one\n")
    made = reported(world, "upload", "--name", "A", "--activate", "--", "-", key=key,
                    stdin=roots[0].der)
    cert_id = organization.api.list()[0]["id"]
    assert made == {"status": "ok", "done": "", "id": cert_id}
    assert world.count() == 1
    assert reported(world, "upload", "-", key=key, stdin=roots[0].der) == made
    assert reported(world, "rename", "--", cert_id, "B", key=key) == made
    kept = reported(world, "delete", "--yes", cert_id, key=key, status=REFUSED)
    assert (kept["status"], kept["id"], "done" in kept) == ("refused", cert_id, False)
    assert "active in the organization" in kept["error"]
    assert reported(world, "deactivate", "--yes", cert_id, key=key) == made
    assert reported(world, "delete", "--yes", cert_id, key=key) == made
    assert organization.api.list() == [] and world.listed() == []
    assert reported(world, "sync", "--quiet", key=key) == {"status": "ok"}


def test_several_certificates_have_no_id(organization, world, roots):
    report = reported(world, "upload", roots[0].path, roots[1].path)
    assert report == {"status": "ok", "done": ""}


def test_each_refusal_has_its_word(organization, world, roots):
    reader_key = organization.create_key("read")
    upload = ("upload", "-")
    typo = reported(world, *upload, key="sk-admin-a-typo-of-a-key", stdin=roots[0].der, status=AUTH)
    assert typo["status"] == "auth" and "descriptor" in typo["error"]
    no = reported(world, *upload, key=reader_key, stdin=roots[0].der, status=AUTH)
    assert no["status"] == "forbidden" and "status 403" in no["error"]
    assert "done" not in no and organization.api.list() == []
    bad = reported(world, *upload, stdin=b"no certificate", status=USAGE)
    assert bad["status"] == "usage" and "standard input" in bad["error"]
    unknown = reported(world, "rename", "nobody", "x", status=None)
    assert unknown["status"] == "not-found"
    late = reported(world, "rename", "--no-such-option", "x", "y", status=USAGE)
    assert late["status"] == "usage" and "--no-such-option" in late["error"]


def test_a_full_organization(full, world, roots):
    reported(world, "upload", "-", stdin=roots[0].der)
    report = reported(world, "upload", "-", stdin=roots[1].der, status=REFUSED)
    assert report["status"] == "limit" and "is its limit" in report["error"]


def test_a_change_whose_sync_fails_is_done(synced, api, roots):
    cert_id = api.add(roots[2], active=False)
    api.on("list", error(400, "tired"), nth=1)
    report = reported(synced, "activate", cert_id, status=None)
    assert (report["status"], report["done"], report["id"]) == ("refused", "", cert_id)
    assert "the changes are made all the same" in report["error"]


def test_where_no_report_can_go(machine, api, roots, key):
    """It is found before anything is changed, or said."""
    done = machine.orgtrust("upload", roots[0].path, "--report-fd", 99, status=USAGE)
    assert "--report-fd 99" in done.stderr
    reader, writer = os.pipe()
    machine.orgtrust("upload", roots[0].path, "--report-fd", reader, status=USAGE,
                     pass_fds=(reader,))
    machine.orgtrust("upload", roots[0].path, "--report-fd", "x", status=USAGE)
    assert api.count() == 0
    os.close(reader)
    done = machine.orgtrust("upload", roots[0].path, "--report-fd", writer, status=DISK,
                            pass_fds=(writer,))
    assert "cannot write the report" in done.stderr and "Broken pipe" in done.stderr
    assert len(api.certs) == 1, "what was done stays done"
    os.close(writer)


@looks_inside
def test_what_the_command_starts_does_not_hold_the_report(machine, api, roots):
    """Who waits for its end would wait for theirs."""
    api.on("list", api.hang)
    reader, writer = os.pipe()
    process = machine.start("sync", "--report-fd", writer, pass_fds=(writer,))
    os.close(writer)
    wait_until(lambda: api.count("list") == 1)
    for pid in family(process.pid):
        info = Path(f"/proc/{pid}/fdinfo/{writer}").read_text().split()
        assert int(info[info.index("flags:") + 1], 8) & os.O_CLOEXEC
    process.stop(signal.SIGKILL)
    assert os.read(reader, 100) == b"", "killed: no report, and nobody holds it open"
    os.close(reader)


def test_sync_with_a_key_of_ones_own(machine, api, roots, key):
    api.add(roots[0])
    machine.key_file.write_text("sk-admin-not-this-one\n")
    assert reported(machine, "sync", key=key) == {"status": "ok"}
    assert machine.count() == 1
    before = machine.snapshot()
    report = reported(machine, "sync", key="sk-admin-a-typo-of-a-key", status=AUTH)
    assert report["status"] == "auth"
    assert machine.snapshot() == before
    assert machine.status()["failures"] == 0, "nobody else's key has failed"
    assert reported(machine, "sync", key="", status=CONFIG)["status"] == "config"


def test_sync_shows_the_key_to_one_api_only(machine, api, key):
    machine.configure("[source other]\nbase_url = http://127.0.0.1:9/v1\n")
    report = reported(machine, "sync", key=key, status=USAGE)
    assert "--source" in report["error"] and api.count() == 0
    reported(machine, "sync", "--if-stale", "--source", "default", key=key, status=USAGE)
    assert api.count() == 0
    report = reported(machine, "sync", "--source", "other", key=key, status=NETWORK)
    assert report["status"] == "network"
