"""News in the journal: a real journald, in a system of its own, gives each line's fields back."""

import json
import os
import sys
from pathlib import Path

import pytest
from support import paths
from support.process import run

PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"
JOURNALD = Path("/lib/systemd/systemd-journald")

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not JOURNALD.exists(), reason="needs root and systemd-journald")

# Runs a command as a service of systemd would be run, its output in the journal, then prints
# what the journal has of orgtrust.
INSIDE = """\
import os, socket, subprocess, sys, time
journald = subprocess.Popen(["/lib/systemd/systemd-journald"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
for _ in range(200):
    try:
        stream.connect("/run/systemd/journal/stdout")
        break
    except OSError:
        time.sleep(0.1)
    if journald.poll() is not None:
        sys.exit("NO JOURNAL")
stream.sendall(b"plain\\n\\n6\\n0\\n0\\n0\\n0\\n")
st = os.fstat(stream.fileno())
env = os.environ | {"JOURNAL_STREAM": f"{st.st_dev}:{st.st_ino}"}
done = subprocess.run(sys.argv[1:], env=env, stdout=stream, stderr=stream)
stream.close()
subprocess.run(["journalctl", "--sync"], stderr=subprocess.DEVNULL)
time.sleep(0.5)
subprocess.run(["journalctl", "-o", "json", "--no-pager", "--all", "SYSLOG_IDENTIFIER=orgtrust",
                "+", "SYSLOG_IDENTIFIER=plain"], stderr=subprocess.DEVNULL)
journald.terminate()
journald.wait()
sys.exit(done.returncode)
"""


@pytest.fixture
def journal(machine, tmp_path):
    """Runs the command with its outputs in the journal; the entries."""
    (tmp_path / "inside.py").write_text(INSIDE)
    (tmp_path / "journald.conf").write_text(
        "[Journal]\nStorage=volatile\nAudit=no\nReadKMsg=no\nRateLimitBurst=0\n")
    for name in ("journal", "log"):
        (tmp_path / name).mkdir()

    def call(*args) -> list[dict]:
        done = run([PRIVATE, "--put", tmp_path / "journal", "/run/systemd/journal",
                    "--put", tmp_path / "log", "/run/log",
                    "--put", tmp_path / "journald.conf", "/etc/systemd/journald.conf",
                    sys.executable, tmp_path / "inside.py", paths.COMMAND, *args],
                   env=machine.env)
        if "NO JOURNAL" in done.stderr:
            pytest.skip("systemd-journald does not run here, as in a root without /sys")
        assert done.status == 0, done
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


def fields(entry: dict) -> dict:
    return {name: value for name, value in entry.items() if name.startswith("ORGTRUST_")}


def test_each_line_has_fields_of_its_own(machine, api, roots, journal):
    cert = api.add(roots[0], name="Root")
    machine.sync()
    api.item(cert)["name"] = "two\nlines"
    new = api.add(roots[1])
    entries = journal("sync")
    assert [e["MESSAGE"].split(":")[0] for e in entries if e["_TRANSPORT"] == "stdout"] == \
        ["default"], "the summary is a line, and news is in no second one"
    renamed, added = sorted((e for e in entries if e["_TRANSPORT"] == "journal"),
                            key=lambda e: e["ORGTRUST_CERT"])
    assert added["MESSAGE"] == f"+ default {new} {roots[1].sha256} added -"
    number = int(fields(added).pop("ORGTRUST_NUMBER"))
    assert fields(added) == {
        "ORGTRUST_SOURCE": "default", "ORGTRUST_SIGN": "+", "ORGTRUST_WHAT": "added",
        "ORGTRUST_CERT": new, "ORGTRUST_SHA256": roots[1].sha256, "ORGTRUST_NUMBER": str(number)}
    assert (added["PRIORITY"], added["SYSLOG_IDENTIFIER"]) == ("5", "orgtrust")
    assert fields(renamed) == {
        "ORGTRUST_SOURCE": "default", "ORGTRUST_SIGN": "~", "ORGTRUST_WHAT": "renamed",
        "ORGTRUST_CERT": cert, "ORGTRUST_NAME": "two\nlines", "ORGTRUST_DETAIL": "before: Root",
        "ORGTRUST_SHA256": roots[0].sha256, "ORGTRUST_NUMBER": str(number - 1)}
    assert renamed["PRIORITY"] == "6"
    page = (paths.REPOSITORY / "docs" / "monitoring.md").read_text()
    assert renamed["MESSAGE_ID"] == added["MESSAGE_ID"] and added["MESSAGE_ID"] in page
    assert set(fields(added)) | set(fields(renamed)) <= set(page.replace("`", " ").split())


def test_a_quiet_sync_says_it_to_the_journal_alone(machine, api, certs, journal):
    """As orgtrust-sync.service runs it."""
    for root in certs.many(51, "Many"):
        api.add(root)
    [entry] = journal("sync", "--if-stale", "--quiet")
    assert fields(entry) == {"ORGTRUST_SOURCE": "default", "ORGTRUST_BEGAN": "51",
                             "ORGTRUST_CEASED": "0", "ORGTRUST_OTHER": "0"}
    assert entry["MESSAGE_ID"] in (paths.REPOSITORY / "docs" / "monitoring.md").read_text()


def test_elsewhere_lines_stay_lines(machine, api, roots):
    """JOURNAL_STREAM is of somebody else's output."""
    cert = api.add(roots[0], name="Root")
    assert f"+ default {cert}" in machine.sync(env={"JOURNAL_STREAM": "1:2"}).stdout
