"""The server under test, on an SQLite file and on PostgreSQL."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from judge import judging  # noqa: E402
from support import paths  # noqa: E402
from support.databases import *  # noqa: E402, F403
from support.organization import Organization  # noqa: E402

if "ORGTRUST_SERVER" in os.environ:
    paths.SERVER = Path(os.environ["ORGTRUST_SERVER"]).resolve()


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
