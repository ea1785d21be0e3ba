"""docs/monitoring.md: what it shows works, and the fields that it names are there."""

import json
import re
import shutil

import pytest
from fault_server import error
from support import paths
from support.organization import Organization
from support.process import run, wait_until
from support.receiver import Receiver
from support.world import BROKEN, OK
from test_status_command import JSON_ALWAYS, JSON_OF_SNAPSHOT, age

PAGE = (paths.REPOSITORY / "docs" / "monitoring.md").read_text("utf-8")
EVENTS, LOST, DOCTOR, PROBE, REQUESTS = re.findall(
    r"^```sh\n(#!/bin/sh\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

[VERIFY] = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="needs jq")


@pytest.fixture
def example(tmp_path, machine):
    """Runs one of the page's scripts as the machine's administrator would."""
    programs = tmp_path / "programs"
    programs.mkdir()
    command = programs / "orgtrust"
    command.write_text(f'#!/bin/sh\nexec {" ".join([*paths.WRAP, str(paths.COMMAND)])} "$@"\n')
    command.chmod(0o755)

    def call(text, *args, status=OK, stdin=None):
        script = tmp_path / "script"
        script.write_text(text)
        path = f"{programs}:{machine.env['PATH']}"
        done = run(["sh", script, *args], env=machine.env | {"PATH": path}, stdin=stdin)
        assert done.status == status, done
        return done

    return call


def test_what_took_trust_away_is_named(synced, api, example):
    assert example(LOST).stdout == ""
    cert = api.certs[0]["id"]
    api.item(cert)["active"] = False
    synced.sync()
    assert re.fullmatch(rf"20\S+Z default: {cert} root 0 deactivated\n", example(LOST).stdout)
    assert example(LOST, "2038-01-01").stdout == ""


def test_the_fields_of_the_page_are_those_of_the_report():
    table = PAGE[PAGE.index("| field |"):PAGE.index("Times are seconds")]
    named = set(re.findall(r"`([a-z_]+)`", "".join(
        line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))))
    assert named == JSON_ALWAYS | JSON_OF_SNAPSHOT


def test_the_metrics_of_the_page_are_those_that_are_written(synced, tmp_path):
    out = tmp_path / "orgtrust.prom"
    synced.orgtrust("status", "--prometheus", out, "--per-certificate")
    written = set(re.findall("^# TYPE orgtrust_([a-z_]+)", out.read_text(), re.MULTILINE))
    table = PAGE[PAGE.index("| metric of a machine |"):]
    named = re.findall(r"^\| `orgtrust_([a-z_]+)", table[:table.index("\n\n")], re.MULTILINE)
    assert set(named) == written


def test_what_failed_is_found_in_a_stream_of_events(synced, api, example):
    good = synced.sync("--json").json()["sources"]
    api.on("list", lambda request, right: error(401, "key was revoked"))
    bad = synced.sync("--json", status=None).json()["sources"]
    stream = "\n".join(map(json.dumps, good + bad)).encode()
    said = example(EVENTS, stdin=stream).stdout
    assert re.fullmatch("default: auth: .*key was revoked.*\n", said)


def test_what_doctor_fails_is_listed(synced, example):
    assert example(DOCTOR, "source").stdout == ""
    synced.configure(project="proj_new")
    said = example(DOCTOR, "source", status=BROKEN).stdout
    assert re.fullmatch("default: .*the configuration says project proj_new.*\n", said)


def test_a_server_is_asked(tmp_path, machine, example):
    org = Organization(tmp_path / "org")
    key = tmp_path / "reader"
    key.write_text(org.create_key("read") + "\n")
    example(PROBE, org.base_url, key)
    key.write_text("wrong\n")
    assert "401" in example(PROBE, org.base_url, key, status=22).stderr
    org.stop()
    example(PROBE, org.base_url, key, status=7)


def test_the_requests_of_a_server_are_counted(tmp_path, machine, example):
    org = Organization(tmp_path / "org", options=("--log",))
    for _ in range(3):
        org.api.list()
    org.stop()
    said = example(REQUESTS, stdin=(org.dir / "server.log").read_bytes()).stdout
    assert re.fullmatch(r"3 requests, 0 rate limited, 0 failed, the slowest \d+ ms\n", said)


def test_the_units_of_the_page_are_ours():
    units = set(re.findall(r"`(orgtrust[a-z0-9-]*\.(?:service|socket|timer))`", PAGE))
    shipped = {path.name.removesuffix(".in")
               for path in (paths.REPOSITORY / "conf" / "systemd").glob("*.in")}
    assert units == shipped


def test_a_notification_is_verified_as_the_page_shows(machine, api, roots, tmp_path):
    secret, space = "whsec-" + "7" * 40, {}
    exec(VERIFY, space)  # noqa: S102
    verify = space["is_from_orgtrust"]
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(secret)
    receiver = Receiver(secret)
    machine.configure(notify_url=f"http://127.0.0.1:{receiver.port}/",
                      notify_secret_file=tmp_path / "secret")
    api.add(roots[0])
    machine.sync()
    wait_until(lambda: receiver.requests)
    receiver.close()
    [request] = receiver.requests
    header, body = request["headers"]["Orgtrust-Signature"], request["raw"]
    assert verify(secret.encode(), header, body)
    assert not verify(b"another", header, body)
    assert not verify(secret.encode(), header, body + b" ")
    assert not verify(secret.encode(), header, body, longest=-1), "sent again later"
    later = header.replace(f"t={request['when']}", f"t={request['when'] + 1}")
    assert not verify(secret.encode(), later, body)
    example = json.loads(re.search(r"^```json\n(.*?)^```$", PAGE, re.M | re.S)[1])
    assert set(example) == set(request["body"])
    assert set(example["news"][0]) == set(request["body"]["news"][0])
