"""ETag, If-None-Match, caching headers, HEAD and OPTIONS."""

import pytest

from judge import CERTIFICATES, judging


def tag_of(client, path):
    status, headers, _ = client.request("GET", path)
    assert status == 200
    tag = headers["ETag"]
    assert tag.startswith('"') and tag.endswith('"'), "strong"
    assert headers["Vary"] == "Authorization"
    assert headers["Cache-Control"] == "private, no-cache"
    return tag


def is_unchanged(client, path, tag):
    status, headers, content = client.request("GET", path, headers={"If-None-Match": tag})
    assert status in (200, 304)
    if status == 304:
        assert content == b"" and headers["ETag"] and headers["Vary"] == "Authorization"
    return status == 304


@pytest.mark.memory
def test_lists_change_their_tag_with_every_change_and_only_then(organization, pem):
    api, project = judging(organization), judging(organization, project="proj_a")
    ids = []

    def upload():
        ids.append(api.upload(pem, "Name"))

    changes = [upload, upload, lambda: api.activate(ids[0]),
               lambda: project.activate(ids[0]), lambda: api.rename(ids[1], "Other"),
               lambda: api.deactivate(ids[0]), lambda: api.delete(ids[1])]
    for client in (api, project):
        for change in changes if client is api else []:
            before = tag_of(client, client.scope)
            assert is_unchanged(client, client.scope, before)
            change()
            assert not is_unchanged(client, client.scope, before)
    same = tag_of(api, CERTIFICATES)
    api.deactivate(ids[0])  # it is inactive already
    api.call("POST", f"{CERTIFICATES}/{ids[0]}", {})
    assert api.request("DELETE", f"{CERTIFICATES}/cert_none")[0] == 404
    assert api.request("POST", CERTIFICATES, {"certificate": "x"})[0] == 400
    assert is_unchanged(api, CERTIFICATES, same)


def test_representations_of_one_moment_have_tags_of_their_own(organization, pem):
    api = judging(organization)
    ids = [api.upload(pem) for _ in range(3)]
    for project in "ab":
        organization.create_project(project)
    targets = [CERTIFICATES, CERTIFICATES + "?limit=1", CERTIFICATES + "?order=asc",
               f"{CERTIFICATES}?after={ids[1]}", f"{CERTIFICATES}?after={ids[2]}",
               "/v1/organization/projects/a/certificates",
               "/v1/organization/projects/b/certificates",
               f"{CERTIFICATES}/{ids[0]}", f"{CERTIFICATES}/{ids[1]}",
               f"{CERTIFICATES}/{ids[0]}?include[]=content"]
    tags = [tag_of(api, target) for target in targets]
    assert len(set(tags)) == len(tags)
    assert tags == [tag_of(api, target) for target in targets]
    assert tag_of(api, CERTIFICATES + "?limit=20&order=desc") == tags[0]


def test_a_certificates_tag_changes_with_its_name_only(organization, pem):
    api = judging(organization)
    cert_id = api.upload(pem)
    path = f"{CERTIFICATES}/{cert_id}?include[]=content"
    tag = tag_of(api, path)
    api.upload(pem)
    api.activate(cert_id)
    assert is_unchanged(api, path, tag)
    api.rename(cert_id, "")
    assert not is_unchanged(api, path, tag), "no name and an empty one differ"


@pytest.mark.memory
def test_if_none_match_in_every_form(api, pem):
    api.upload(pem)
    tag = tag_of(api, CERTIFICATES)
    for header in (tag, f"W/{tag}", f'"other", {tag}', f'{tag}, "other"', "*"):
        assert is_unchanged(api, CERTIFICATES, header), header
    for header in ('"other"', tag.strip('"'), "", tag[:-2] + '"', 'W/"x"'):
        assert not is_unchanged(api, CERTIFICATES, header), header


@pytest.mark.file
def test_a_tag_outlives_a_restart_and_not_a_restored_copy(organization, pem, tmp_path):
    api = judging(organization)
    api.upload(pem)
    tag = tag_of(api, CERTIFICATES)
    organization.stop()
    copy = organization.db.read_bytes()
    organization.start()
    api = judging(organization)
    assert is_unchanged(api, CERTIFICATES, tag)
    api.upload(pem, "first future")
    lost = tag_of(api, CERTIFICATES)
    organization.stop()
    organization.db.write_bytes(copy)
    organization.start()
    api = judging(organization)
    api.upload(pem, "second future")
    assert not is_unchanged(api, CERTIFICATES, lost)


def test_errors_and_writes_are_not_kept(api, pem):
    for answer in (api.request("GET", f"{CERTIFICATES}/cert_none"),
                   api.request("POST", CERTIFICATES, {"certificate": pem}),
                   api.request("POST", CERTIFICATES, {})):
        assert answer[1]["Cache-Control"] == "no-store"
        assert answer[1]["ETag"] is None


@pytest.mark.memory
def test_head_is_get_without_the_body(api, pem):
    cert_id = api.upload(pem)
    for path in (CERTIFICATES, f"{CERTIFICATES}/{cert_id}?include[]=content",
                 f"{CERTIFICATES}/cert_none"):
        got, head = api.request("GET", path), api.request("HEAD", path)
        assert head[0] == got[0] and head[2] == b""
        for name in ("Content-Length", "Content-Type", "ETag", "Vary", "Cache-Control"):
            assert head[1][name] == got[1][name], name


@pytest.mark.parametrize("path, methods", [
    (CERTIFICATES, "GET, HEAD, POST, OPTIONS"),
    (f"{CERTIFICATES}/activate", "POST, OPTIONS"),
    (f"{CERTIFICATES}/cert_x", "GET, HEAD, POST, DELETE, OPTIONS"),
    ("/v1/organization/audit_logs", "GET, HEAD, OPTIONS"),
    ("/v1/organization/admin_api_keys", "GET, HEAD, POST, OPTIONS"),
    ("/v1/organization/admin_api_keys/key_x", "GET, HEAD, DELETE, OPTIONS"),
    ("/v1/organization/projects", "GET, HEAD, POST, OPTIONS"),
    ("/v1/organization/projects/p", "GET, HEAD, OPTIONS"),
    ("/v1/organization/projects/p/certificates", "GET, HEAD, OPTIONS"),
    ("/v1/organization/projects/p/certificates/deactivate", "POST, OPTIONS"),
])
def test_options_and_405_say_what_there_is(api, path, methods):
    status, headers, content = api.request("OPTIONS", path)
    assert (status, headers["Allow"], content) == (204, methods, b"")
    for method in ("PUT", "PATCH", "DELETE", "GET", "POST", "BREW"):
        if method not in methods:
            status, headers, _ = api.request(method, path)
            assert (status, headers["Allow"]) == (405, methods)
