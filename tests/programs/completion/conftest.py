"""Fixtures of the tests of completion."""

import shutil

import pytest
from shells import SHELLS
from support.misbehaving import api, key, machine  # noqa: F401


@pytest.fixture(params=SHELLS)
def shell(request, tmp_path, machine):  # noqa: F811
    """Each of the shells, on a machine that is configured."""
    if not shutil.which(request.param):
        pytest.skip(f"NO COMPLETION IN {request.param.upper()} IS TESTED: it is not installed")
    made = SHELLS[request.param](tmp_path / "shell", machine.env)
    yield made
    made.close()
