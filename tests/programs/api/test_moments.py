"""Entity tags that are of whole lists: by them an unchanged sync is one request."""

import json
import re

import pytest

from judge import CERTIFICATES, judging
from support.world import World

FORM = re.compile(r'"orgtrust-list-([0-9a-f]{32})-[0-9a-f]{16}"')
PROJECT = "/v1/organization/projects/proj_a/certificates"


def moment(client, path):
    return FORM.fullmatch(client.request("GET", path)[1]["ETag"])[1]


@pytest.mark.both
def test_all_pages_of_one_moment_say_so(organization, pem):
    api, read = judging(organization), judging(organization, key=organization.create_key("read"))
    organization.create_project("proj_a")
    ids = [api.upload(pem) for _ in range(3)]
    paths = [CERTIFICATES, CERTIFICATES + "?limit=1&order=asc",
             f"{CERTIFICATES}?after={ids[1]}", PROJECT]

    def of_now():
        [only] = {moment(client, path) for client in (api, read) for path in paths}
        return only

    seen = [of_now()]
    for change in (lambda: api.activate(ids[0]), lambda: api.rename(ids[1], "another"),
                   lambda: judging(organization, project="proj_a").activate(ids[2]),
                   lambda: api.upload(pem)):
        change()
        seen.append(of_now())
    api.delete(paths.pop(2).rpartition("=")[2])
    seen.append(of_now())
    assert len(set(seen)) == len(seen)
    single = api.request("GET", f"{CERTIFICATES}/{ids[0]}")[1]["ETag"]
    assert not FORM.fullmatch(single)


def requests(done):
    return json.loads(done.stdout)["sources"][0]["requests"]


@pytest.mark.parametrize("values", [{}, {"project": "proj_a"},
                                    {"project": "proj_a", "inherit": "no"}])
def test_an_unchanged_sync_is_one_request(organization, certs, tmp_path, values):
    organization.max_certificates = 300
    organization.stop()
    organization.start()
    organization.create_project("proj_a")
    api = organization.api
    made = [api.upload(cert) for cert in certs.many(3, "Listed")]
    pem = certs.many(1, "Repeated")[0]
    made += [api.upload(pem, f"Number {number}") for number in range(220)]
    api.activate(*made[:3])
    machine = World(tmp_path / "machine", organization.base_url, organization.key)
    machine.configure(**values)
    pages = 6 if values == {"project": "proj_a"} else 3
    assert requests(machine.sync("--json")) == pages + 5
    written = machine.snapshot()
    for _ in range(2):
        assert requests(machine.sync("--json")) == 1
        assert machine.snapshot().inode == written.inode
    api.deactivate(made[0])
    listed = {cert["id"]: cert["active"] for cert in machine.listed()}
    assert requests(machine.sync("--json")) >= pages
    assert requests(machine.sync("--json")) == 1
    after = {cert["id"]: cert["active"] for cert in machine.listed()}
    assert after.keys() == listed.keys()
    if values.get("inherit") != "no":
        assert listed[made[0]] and not after[made[0]]
    machine.close()
