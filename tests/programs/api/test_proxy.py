"""The schema-validating proxy: between a client and the server it has nothing to object to,
and between others it has."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from judge import CERTIFICATES, judging
from support.organization import ApiClient
from support.process import clean_environment
from validating_proxy import ValidatingProxy


def test_it_has_nothing_to_object_to_in_a_certificates_life(organization, pem):
    with ValidatingProxy(organization.base_url) as proxy:
        api = ApiClient(proxy.port, organization.key)
        project = ApiClient(proxy.port, organization.key, "proj_a")
        organization.create_project("proj_a")
        ids = [api.upload(pem, f"Number {i}") for i in range(25)]
        api.activate(*ids[:10])
        project.activate(*ids[5:15])
        assert [c["active"] for c in api.list()] == [True] * 10 + [False] * 15
        assert sum(c["active"] for c in project.list()) == 10
        assert api.get(ids[0], content=True)["certificate_details"]["content"] == pem
        api.rename(ids[0], "Ünï \"quoted\"")
        assert api.request("DELETE", f"{CERTIFICATES}/{ids[0]}")[0] == 409
        api.deactivate(*ids[:10])
        project.deactivate(*ids[5:15])
        for cert_id in ids:
            api.delete(cert_id)
        _, headers, _ = api.request("GET", CERTIFICATES)
        status, _, _ = api.request("GET", CERTIFICATES,
                                   headers={"If-None-Match": headers["ETag"]})
        assert status == 304
        assert api.request("HEAD", CERTIFICATES)[0] == 200
        # HEAD is HTTP's, not the description's.
        proxy.objections = [o for o in proxy.objections if not o.startswith("HEAD")]
        proxy.check()
        api.close()
        project.close()


def test_nor_in_keys_projects_and_the_audit_log(organization, pem):
    root = "/v1/organization"
    with ValidatingProxy(organization.base_url) as proxy:
        api = ApiClient(proxy.port, organization.key)
        made = api.call("POST", f"{root}/admin_api_keys", {"name": "ci", "expires_in_seconds": 60})
        for path in ("", "?limit=1&order=desc", f"/{made['id']}"):
            api.call("GET", f"{root}/admin_api_keys{path}")
        project = api.call("POST", f"{root}/projects", {"name": "Lab", "residency": "GLOBAL"})
        for path in ("", "?limit=1&include_archived=false", f"/{project['id']}"):
            api.call("GET", f"{root}/projects{path}")
        there = ApiClient(proxy.port, organization.key, project["id"])
        cert_id = api.upload(pem, "Root")
        api.rename(cert_id, "root")
        there.activate(cert_id)
        there.deactivate(cert_id)
        api.delete(cert_id)
        api.call("DELETE", f"{root}/admin_api_keys/{made['id']}")
        log = api.call("GET", f"{root}/audit_logs")
        assert len(log["data"]) == 9 and not log["has_more"]
        api.call("GET", f"{root}/audit_logs?limit=2&after={log['first_id']}&tenant_only=false"
                        f"&event_types[]=certificate.created&project_ids[]={project['id']}"
                        f"&actor_ids[]={made['id']}&actor_emails[]=x&resource_ids[]={cert_id}"
                        f"&before={log['last_id']}&effective_at[gt]=1&effective_at[lte]=2")
        proxy.check()
        api.close()
        there.close()


def test_curl_through_the_proxy(organization):
    with ValidatingProxy(organization.base_url) as proxy:
        done = subprocess.run(
            ["curl", "-sSg", "-H", f"Authorization: Bearer {organization.key}",
             f"{proxy.base_url}/organization/certificates?limit=5"],
            env=clean_environment(), capture_output=True, check=True)
        assert json.loads(done.stdout)["object"] == "list"
        proxy.check()


def test_it_objects_to_bad_requests(organization):
    with ValidatingProxy(organization.base_url) as proxy:
        api = ApiClient(proxy.port, organization.key)
        for method, target, body in (
            ("GET", "/v1/nowhere", None), ("GET", CERTIFICATES + "?limit=x", None),
            ("GET", CERTIFICATES + "?colour=red", None), ("POST", CERTIFICATES, {}),
            ("GET", CERTIFICATES + "?order=up", None),
            ("GET", "/v1/organization/audit_logs?effective_at[about]=1", None),
            ("GET", "/v1/organization/audit_logs?event_types[]=certificate.lost", None),
            ("POST", "/v1/organization/admin_api_keys", {"name": 1}),
            ("POST", CERTIFICATES, {"certificate": "x", "more": 1}),
            ("POST", f"{CERTIFICATES}/activate", {"certificate_ids": []}),
            ("POST", f"{CERTIFICATES}/activate", b"{"),
        ):
            before = len(proxy.objections)
            api.request(method, target, body)
            assert len(proxy.objections) > before, (method, target, body)
        with pytest.raises(AssertionError):
            proxy.check()
        api.close()


def test_it_objects_to_a_server_that_is_not_quite_the_api(organization):
    """The list comes with one member more than the description has."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"object": "list", "data": [], "first_id": None,
                               "last_id": None, "has_more": False, "total": 0}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with ValidatingProxy(f"http://127.0.0.1:{server.server_address[1]}/v1") as proxy:
            api = ApiClient(proxy.port, None)
            assert api.request("GET", CERTIFICATES)[0] == 200
            assert any("total" in objection for objection in proxy.objections)
            api.close()
        server.shutdown()
        thread.join()
    assert judging(organization).list() == []
