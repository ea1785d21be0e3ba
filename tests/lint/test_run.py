"""tests/run itself: what it says where a system cannot give the tests what they need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import paths
from support.process import clean_environment, run

RUN = paths.REPOSITORY / "tests" / "run"
TALLY = paths.REPOSITORY / "tests" / "support" / "tally.py"


def can_mount() -> bool:
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "--mount", "--net", "mount", "-t", "tmpfs", "tmpfs", "/proc"],
        capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs root and mount namespaces")
@pytest.mark.parametrize("gone, word", [
    (["/proc"], "/proc"), (["/dev/pts"], "/dev/pts"),
    (["/dev/pts", "/dev/shm", "/proc"], "/proc and /dev/pts")])
def test_without_mounts_one_line_says_what_lacks(tmp_path, gone, word):
    # As in a chroot: an empty directory where something should be mounted.
    hide = "".join(f"mount -t tmpfs tmpfs {path}; " for path in gone)
    done = run(["unshare", "--mount", "--fork", "--kill-child", "bash", "-c",
                f'{hide} exec "$@"', "bash", RUN, "--no-install", "--only", "lint"],
               env=clean_environment(ORGTRUST_TEST_BUILDS=str(tmp_path / "builds")))
    assert done.status == 2, done
    said = done.text.splitlines()
    assert len(said) == 1 and f"nothing was tested: every part needs {word}," in said[0], done
    assert not (tmp_path / "builds").exists()


@pytest.mark.skipif(not can_mount(), reason="needs root and network namespaces")
def test_without_loopback_one_line_says_so(tmp_path):
    done = run(["unshare", "--net", "--fork", "--kill-child", RUN, "--no-install", "--only",
                "lint"],
               env=clean_environment(ORGTRUST_TEST_BUILDS=str(tmp_path / "builds")))
    assert done.status == 2
    assert len(done.text.splitlines()) == 1 and "a loopback interface" in done.text, done


def test_what_some_tests_lack_is_said_once(tmp_path):
    part = tmp_path / "results" / "release"
    part.mkdir(parents=True)
    (part / "status").write_text("0\n")
    (part / "seconds").write_text("7\n")
    cases = "".join(f'<testcase classname="a.test_b" name="test_{i}">'
                    '<skipped message="needs namespaces"/></testcase>' for i in range(570))
    (part / "pytest-a.xml").write_text(
        f'<testsuites><testsuite>{cases}<testcase classname="a" name="other"/>'
        '</testsuite></testsuites>')
    done = run([sys.executable, TALLY, Path(tmp_path / "results"), tmp_path],
               env=clean_environment())
    assert done.status == 0, done
    skipped = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert skipped == ["SKIPPED release: a.test_b::test_0 and 569 more: needs namespaces"]
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed, 570 skipped"


def test_the_end_names_everything_that_failed(tmp_path):
    """However much each of them said, and why in the width of a line or two."""
    for part in ("asan", "release"):
        directory = tmp_path / "results" / part
        directory.mkdir(parents=True)
        (directory / "status").write_text("0\n")
        (directory / "seconds").write_text("1\n")
        cases = "".join(f'<testcase classname="a" name="test_{i}"><failure message="no {i}&#10;{"x" * 999}">'
                        f'{"a line&#10;" * 99}{part} {i}</failure></testcase>' for i in range(9))
        (directory / "pytest-a.xml").write_text(f"<testsuite>{cases}</testsuite>")
    done = run([sys.executable, TALLY, Path(tmp_path / "results"), tmp_path],
               env=clean_environment())
    said = done.stdout.splitlines()
    assert done.status == 1 and said[-19:] == [
        *(f"FAILED  {part}: a::test_{i}: no {i} {'x' * 115}" for part in ("asan", "release") for i in range(9)),
        "0 passed, 18 failed, 0 skipped"]
    assert all(f"    {part} {i}" in said for part in ("asan", "release") for i in range(9))
