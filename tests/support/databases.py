"""The server's tests on an SQLite file and on PostgreSQL: a conftest.py that takes all of this
over has what is marked `both` run on either."""

from __future__ import annotations

import pytest

from . import paths
from .organization import Organization
from .postgresql import Cluster, is_installed

__all__ = ["cluster", "database", "pytest_configure", "pytest_generate_tests"]


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
