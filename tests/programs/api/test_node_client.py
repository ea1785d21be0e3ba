"""OpenAI's own client for Node, in two major versions: keys, projects and the audit log, with
the proxy in between that objects to what the published description does not have.

npm installs the client once, into the build directory; where it cannot, as without a network,
the tests are skipped and say so. ORGTRUST_NODE_CLIENTS names a directory that has it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from support import paths
from support.npm import install
from support.process import run
from validating_proxy import ValidatingProxy

HERE = Path(__file__).parent / "node"
VERSIONS = ("openai6", "openai7")


@pytest.fixture(scope="module")
def node_modules():
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs nodejs and npm")
    named = os.environ.get("ORGTRUST_NODE_CLIENTS")
    directory = Path(named) if named else paths.BUILD / "node-clients"
    if not named and not install(HERE / "package.json", directory):
        pytest.skip("npm could not install the openai package")
    return directory / "node_modules"


@pytest.mark.parametrize("version", VERSIONS)
def test_openais_client_finds_all_of_it(organization, roots, node_modules, version):
    with ValidatingProxy(organization.base_url) as proxy:
        done = run(["node", HERE / "client.cjs", node_modules / version, proxy.base_url,
                    organization.key, roots[0].path], env=organization.env)
        assert done.status == 0, done
        proxy.check()
    seen = json.loads(done.stdout)
    assert seen["value"].startswith("orgtrust-")
    assert seen["key"]["expires_at"] == seen["key"]["created_at"] + 3600
    assert [k["name"] for k in seen["keys"]] == ["node", None]
    assert seen["deleted"]["deleted"] is True and seen["deleted"]["id"] == seen["key"]["id"]
    assert [p["name"] for p in seen["projects"]] == ["Node", "Other"]
    assert seen["project"] == seen["projects"][0]
    assert [c["active"] for c in seen["activated"]] == [True]
    assert [e["type"] for e in seen["log"]] == [
        "certificates.activated", "certificate.created", "project.created", "project.created",
        "api_key.deleted", "api_key.created", "api_key.created"]
    assert [e["project"]["id"] for e in seen["filtered"]] == [seen["project"]["id"]]
    assert seen["missing"] == {"status": 404, "code": "project_not_found",
                               "name": "NotFoundError"}
