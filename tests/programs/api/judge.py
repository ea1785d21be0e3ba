"""A client that judges every answer of the server by the published description."""

import json
from http.client import HTTPMessage

from description import Description
from support.organization import ApiClient, Organization

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
    """With a project, which is made where there is none."""
    if project is not None:
        org.create_project(project)
    return JudgingClient(org.port, org.key if key is None else key, project, ca)


def error_of(answer):
    """(status, code, param) of a refused request."""
    status, _, content = answer
    error = json.loads(content)["error"]
    return status, error["code"], error["param"]
