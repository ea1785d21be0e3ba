"""conf/quickstart as far as it goes without building; tests/run --long runs the whole of it
in a fresh Debian."""

import re

import pytest
from support import paths
from support.process import clean_environment, run

QUICKSTART = paths.REPOSITORY / "conf" / "quickstart"
LISTS = sorted((paths.REPOSITORY / "conf" / "dependencies").glob("*.txt"))


@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help(word):
    done = run([QUICKSTART, word], env=clean_environment())
    assert done.status == 0 and "--keep" in done.stdout and done.stderr == ""


def test_an_unknown_argument_is_refused_before_anything_is_done(tmp_path):
    done = run([QUICKSTART, "--kepp"], env=clean_environment(TMPDIR=str(tmp_path)))
    assert done.status == 2 and "--kepp" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_package_has_its_reason(path):
    lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-z0-9.+-]+ +# \S.*", line), line
    names = [line.split()[0] for line in lines]
    assert len(names) == len(set(names))
