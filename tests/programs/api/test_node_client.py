"""OpenAI's own client for Node, in two major versions: keys, projects and the audit log, with
the proxy in between that objects to what the published description does not have.

npm installs the client once, into the build directory; where it cannot, as without a network,
the tests are skipped and say so. ORGTRUST_NODE_CLIENTS names a directory that has it."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support import paths
from support.process import clean_environment, run
from validating_proxy import ValidatingProxy

HERE = Path(__file__).parent / "node"
VERSIONS = ("openai6", "openai7")


def install(directory: Path) -> bool:
    """Whether the clients of package.json are in the directory after this."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:  # several of us run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = HERE / "package.json"
        done = directory / "package.json"
        if done.exists() and done.read_bytes() == wanted.read_bytes():
            return True
        shutil.copy(wanted, directory / "wanted.json")
        attempt = directory / "new"
        shutil.rmtree(attempt, ignore_errors=True)
        attempt.mkdir()
        shutil.copy(wanted, attempt)
        env = clean_environment(HOME=str(directory), **{
            name: value for name, value in os.environ.items()
            if name.lower().startswith(("npm_config_", "http_proxy", "https_proxy"))})
        try:
            status = subprocess.run(
                ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
                cwd=attempt, env=env, capture_output=True, timeout=120, check=False).returncode
        except (OSError, subprocess.TimeoutExpired):
            status = 1
        if status != 0:
            return False
        shutil.rmtree(directory / "node_modules", ignore_errors=True)
        (attempt / "node_modules").rename(directory / "node_modules")
        (attempt / "package.json").rename(done)
        return True


@pytest.fixture(scope="module")
def node_modules():
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs nodejs and npm")
    named = os.environ.get("ORGTRUST_NODE_CLIENTS")
    directory = Path(named) if named else paths.BUILD / "node-clients"
    if not named and not install(directory):
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
