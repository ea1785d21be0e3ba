"""The server under test, on an SQLite file and on PostgreSQL."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from judge import judging  # noqa: E402
from support import paths  # noqa: E402
from support.organization import Organization  # noqa: E402
from support.postgresql import Cluster, is_installed  # noqa: E402

if "ORGTRUST_SERVER" in os.environ:
    paths.SERVER = Path(os.environ["ORGTRUST_SERVER"]).resolve()


def pytest_configure(config):
    config.addinivalue_line("markers", "both: on either database, but under a sanitizer; with "
                            "ORGTRUST_LONG=1 all is, but what is of one kind")
    config.addinivalue_line("markers", "file: of a database that is a file")
    config.addinivalue_line("markers", "postgresql: of a database that is no file")


def is_slow() -> bool:
    """What is marked `both` runs on both in the build that is quick."""
    return bool(paths.WRAP) or paths.is_sanitized("address") or paths.is_sanitized("thread")


def pytest_generate_tests(metafunc):
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if "postgresql" in marks:
        kinds = ["postgresql"]
    elif "file" not in marks and (paths.LONG or "both" in marks and not is_slow()):
        kinds = ["file", "postgresql"]
    else:
        return
    metafunc.parametrize("database", kinds, indirect=True, scope="module")


@pytest.fixture(scope="session")
def cluster():
    if not is_installed():
        pytest.skip("PostgreSQL is not installed")
    made = Cluster()
    yield made
    made.remove()


@pytest.fixture(scope="module", autouse=True)
def database(request):
    """Which kind every Organization has."""
    if getattr(request, "param", "file") == "postgresql":
        Organization.cluster = request.getfixturevalue("cluster")
    yield
    Organization.cluster = None


@pytest.fixture(scope="module")
def big(tmp_path_factory, database):
    """An organization that may hold many certificates, shared by a module."""
    org = Organization(tmp_path_factory.mktemp("big") / "org", max_certificates=100000)
    yield org
    org.stop()


@pytest.fixture
def api(organization):
    """An administrator's client of a fresh organization."""
    return judging(organization)


@pytest.fixture(scope="session")
def pem(roots):
    return roots[0].pem
