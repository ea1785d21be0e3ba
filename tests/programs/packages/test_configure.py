"""The build finds what either Debian has, and says so where something does not fit."""

import shutil
from pathlib import Path

import pytest
from support import paths
from support.process import clean_environment, run


def cached(name: str) -> Path:
    """A file that the configured build found."""
    for line in (paths.BUILD / "CMakeCache.txt").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return Path(line.split("=", 1)[1])
    raise AssertionError(f"{name} is not in the cache of {paths.BUILD}")


def configure(directory: Path, *options):
    return run(["cmake", "-S", paths.REPOSITORY, "-B", directory, "-G", "Ninja",
                "-DBUILD_TESTING=OFF", *options], env=clean_environment(), timeout=120)


@pytest.fixture
def libraries(tmp_path):
    """A directory with the library that the plugins carry, as Debian 13 names it."""
    directory = tmp_path / "libraries"
    directory.mkdir()
    shutil.copy(cached("ORGTRUST_CDB"), directory / "libcdb.a")
    return directory


def test_cdb_is_found_where_there_is_no_library_of_its_own_for_plugins(tmp_path, libraries):
    elsewhere = {str(cached("ORGTRUST_CDB").parent)}
    elsewhere |= {name.removeprefix("/usr") for name in elsewhere}
    done = configure(tmp_path / "build", f"-DCMAKE_LIBRARY_PATH={libraries}",
                     f"-DCMAKE_IGNORE_PATH={';'.join(elsewhere)}")
    assert done.status == 0, str(done)
    cache = (tmp_path / "build" / "CMakeCache.txt").read_text()
    assert f"={libraries}/libcdb.a\n" in cache


def test_a_library_that_fits_into_no_plugin_is_named_before_the_build(tmp_path, libraries):
    source = tmp_path / "cdb.c"
    source.write_text("int opened; int cdb_init(void);\n"
                      "int cdb_init(void) { return opened++; }\n")
    odd = libraries / "libcdb.a"
    odd.unlink()
    for argv in (["gcc", "-fno-pic", "-fno-pie", "-c", source, "-o", tmp_path / "cdb.o"],
                 ["ar", "rcs", odd, tmp_path / "cdb.o"]):
        assert run(argv, env=clean_environment()).status == 0
    done = configure(tmp_path / "build", f"-DORGTRUST_CDB={odd}")
    assert done.status != 0
    said = " ".join(done.stderr.split())  # CMake breaks lines
    assert f"{odd} does not link" in said and "position-independent" in said
    # Nothing of that is kept once another file is named.
    done = configure(tmp_path / "build", f"-DORGTRUST_CDB={cached('ORGTRUST_CDB')}")
    assert done.status == 0, str(done)
