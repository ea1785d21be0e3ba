"""The server under test, and a client that judges every answer of it."""

import os
import sys
from http.client import HTTPMessage
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pytest  # noqa: E402

from description import Description  # noqa: E402
from support import paths  # noqa: E402
from support.organization import ApiClient, Organization  # noqa: E402

if "ORGTRUST_SERVER" in os.environ:
    paths.SERVER = Path(os.environ["ORGTRUST_SERVER"]).resolve()

DESCRIPTION = Description()
CERTIFICATES = "/v1/organization/certificates"


class JudgingClient(ApiClient):
    """Fails on any answer that the published description does not have."""

    def request(self, method, path, body=None, headers=None):
        status, got, content = super().request(method, path, body, headers)
        message = HTTPMessage()
        for name, value in got.items():
            message[name] = value
        objections = DESCRIPTION.answer_objections(method, path, status, message, content)
        assert not objections, "\n".join(objections)
        return status, message, content


def judging(org: Organization, key: str | None = None, project: str | None = None,
            ca=None) -> JudgingClient:
    return JudgingClient(org.port, org.key if key is None else key, project, ca)


@pytest.fixture(scope="module")
def big(tmp_path_factory):
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


def error_of(answer):
    """(status, code, param) of a refused request."""
    import json

    status, _, content = answer
    error = json.loads(content)["error"]
    return status, error["code"], error["param"]
