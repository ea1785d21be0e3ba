"""What doctor does with no more than files: on this machine as it is, with a
configuration of the test's own. Also below the sanitizers and valgrind."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from examined import FOLLOWS, HOLDS_TO_NAMES, checked, details, of, results
from support import paths
from support.world import BROKEN, CONFIG, OK, USAGE


@pytest.fixture
def exporting(world, organization, roots):
    """Synced, with exports where everybody may look."""
    for root in roots:
        organization.add(root, root.cn)
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        world.exports = Path(directory)
        world.exports.chmod(0o755)
        world.configure(export_bundle=world.exports / "ca.pem",
                        export_dir=world.exports / "ca.d")
        world.orgtrust("sync")
        yield world


def doctor(world, *checks, status=OK, **more) -> dict:
    report = checked(world.orgtrust("doctor", "--json", *checks, status=status,
                                    timeout=120, **more).json())
    assert not list(world.dir.glob("orgtrust-doctor.*"))
    return report


@pytest.mark.concurrency
@pytest.mark.skipif(not shutil.which("curl", path="/usr/bin"), reason="needs curl")
def test_exports_are_proved(exporting):
    """By a program that is given a file of the same kind."""
    report = doctor(exporting, "source", "exports")
    assert results(report) == {"source": "proved", "exports": "proved"}, report
    assert [found["handshakes"] for found in of(report, "exports")["findings"]] == [
        FOLLOWS, FOLLOWS]
    assert "3 anchors" in details(report, "exports") and "curl" in details(report, "exports")


@pytest.mark.skipif(not shutil.which("curl", path="/usr/bin"), reason="needs curl")
def test_exports_hold_to_names(exporting):
    """By one of doctor's own: the source has no limits."""
    found = {finding["subject"]: finding["handshakes"]
             for finding in of(doctor(exporting, "limits"), "limits")["findings"]}
    for path in (exporting.exports / "ca.pem", exporting.exports / "ca.d"):
        assert found[str(path)] == HOLDS_TO_NAMES, found


@pytest.fixture
def mounted(world, organization, roots):
    """A directory for containers, synced, where everybody may look."""
    for root in roots:
        organization.add(root, root.cn)
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        world.mounted = Path(directory) / "containers"
        world.configure(export_containers=world.mounted)
        world.orgtrust("sync")
        yield world


def test_each_file_for_containers_is_compared(mounted):
    """What is none of ours in its place stays, so that no sync mends it."""
    report = doctor(mounted, "exports")
    assert results(report) == {"exports": "proved"}, report
    assert "3 anchors in the files for containers" in details(report, "exports")
    for name in ("orgtrust.pem", "bundle.pem", "trust.p12"):
        path = mounted.mounted / name
        before = path.read_bytes()
        path.write_text("somebody's own\n")
        mounted.orgtrust("sync", status=CONFIG)
        report = doctor(mounted, "exports", status=BROKEN)
        assert (f"{path} holds something that orgtrust did not write; remove it if it is not "
                "needed, or name another file -> None") in details(report, "exports"), name
        path.write_bytes(before)
        mounted.orgtrust("sync")
    hashed = next((mounted.mounted / "certs").glob("*.0"))
    hashed.unlink()
    assert f"{hashed.parent} is not as" in details(
        doctor(mounted, "exports", status=BROKEN), "exports")
    mounted.orgtrust("sync")
    assert results(doctor(mounted, "exports")) == {"exports": "proved"}


def test_exports_that_are_behind_are_found(exporting):
    (exporting.exports / "ca.pem").write_text("")
    next((exporting.exports / "ca.d").iterdir()).unlink()
    report = doctor(exporting, "exports", status=BROKEN)
    assert [found["result"] for found in of(report, "exports")["findings"]] == ["fails"] * 2


def test_a_source_that_cannot_be_used_fails(bare_world):
    report = doctor(bare_world, "source", "programs", status=BROKEN)
    assert of(report, "source")["result"] == "fails"
    assert "orgtrust sync" in details(report, "source")


def test_it_is_told_what_there_is_and_only_that(bare_world):
    done = bare_world.orgtrust("doctor", "sauce", status=USAGE)
    assert "there is no check 'sauce'" in done.stderr
    shown = bare_world.orgtrust("doctor", "systemd", "exports").stdout
    assert [line.split()[0] for line in shown.splitlines()[:-1]
            if not line.startswith(" ")] == ["exports", "systemd"]
    assert shown.splitlines()[-1].startswith("nothing fails; ")


@pytest.mark.skipif(bool(paths.WRAP), reason="valgrind wants the place, too")
def test_without_a_place_for_it_nothing_is_tried(bare_world):
    done = bare_world.orgtrust("doctor", "exports", status=10,
                               env={"TMPDIR": str(bare_world.dir / "none")})
    assert "cannot make a directory in" in done.stderr
