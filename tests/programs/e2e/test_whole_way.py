"""From the API to `openssl storeutl`, as the first user would go it."""

import base64
import hashlib
import json
import os
import subprocess
import time

import pytest
from support import paths
from support.organization import Organization
from support.process import clean_environment, wait_until
from support.world import World

TOTAL, ACTIVE = 300, 217


@pytest.fixture(scope="module")
def large(tmp_path_factory, certs):
    """300 certificates, 217 of them active; (organization, {id: certificate}, active ids)."""
    org = Organization(tmp_path_factory.mktemp("large"), max_certificates=TOTAL)
    known = {}
    for i, cert in enumerate(certs.many(TOTAL, "Large Root")):
        known[org.api.upload(cert, f"large {i}")] = cert
    # Spread, so that every page has both kinds.
    active = [i for n, i in enumerate(known) if n * ACTIVE // TOTAL
              != (n + 1) * ACTIVE // TOTAL]
    assert len(active) == ACTIVE
    org.api.activate(*active)
    yield org, known, active
    org.stop()


@pytest.fixture(scope="module")
def synced(large, tmp_path_factory):
    """A machine that has synced it once."""
    org, _, _ = large
    world = World(tmp_path_factory.mktemp("world"), org.base_url, org.key)
    done = world.sync("--json").json()["sources"][0]
    assert done["total"] == TOTAL and done["active"] == ACTIVE
    assert done["requests"] == 3 + TOTAL / 50, "three pages, and fifty contents at a time"
    yield world
    world.close()


def fingerprints(text):
    """SHA-256 of each certificate in PEM text."""
    found = []
    for part in text.split("-----BEGIN CERTIFICATE-----")[1:]:
        found.append(hashlib.sha256(
            base64.b64decode(part.split("-----END CERTIFICATE-----")[0])).hexdigest())
    return found


def test_exactly_the_active_ones_are_found(large, synced):
    _, known, active = large
    assert synced.count() == ACTIVE
    printed = fingerprints(synced.storeutl("-certs").stdout)
    assert sorted(printed) == sorted(known[i].sha256 for i in active)


@pytest.mark.parametrize("state, number", [("active", ACTIVE), ("inactive", TOTAL - ACTIVE),
                                           ("all", TOTAL)])
def test_the_state_in_the_uri(synced, state, number):
    assert synced.count(f"orgtrust:///?state={state}") == number
    assert synced.count(f"orgtrust://default/?state={state}") == number


def picks(large):
    """A first, a middle and a last active certificate."""
    _, known, active = large
    return [known[active[i]] for i in (0, ACTIVE // 2, -1)]


def test_a_search_by_subject_finds_the_right_one(large, synced):
    for cert in picks(large):
        # As X509_NAME_cmp compares: case and spaces do not count.
        for subject in (f"/CN={cert.cn}", f"/CN={cert.cn.upper()}",
                        f"/CN=  {cert.cn.replace(' ', '   ')} "):
            done = synced.storeutl("-certs", "-subject", subject)
            assert fingerprints(done.stdout) == [cert.sha256], subject
    assert fingerprints(synced.storeutl("-certs", "-subject", "/CN=Nobody").stdout) == []


def test_a_search_by_issuer_and_serial_finds_the_right_one(large, synced):
    for cert in picks(large):
        done = synced.storeutl("-certs", "-issuer", f"/CN={cert.cn}",
                               "-serial", str(cert.serial))
        assert fingerprints(done.stdout) == [cert.sha256]
        other = synced.storeutl("-certs", "-issuer", f"/CN={cert.cn}",
                                "-serial", str(cert.serial + 1))
        assert fingerprints(other.stdout) == []


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512", "md5"])
def test_a_search_by_fingerprint_finds_the_right_one(large, synced, digest):
    for cert in picks(large):
        out = subprocess.run([paths.OPENSSL, "dgst", f"-{digest}"], input=cert.der,
                             env=clean_environment(), capture_output=True, check=True)
        value = out.stdout.decode().rsplit(" ", 1)[1].strip()
        colons = ":".join(value[i : i + 2] for i in range(0, len(value), 2))
        for text in (value, colons):
            done = synced.storeutl("-certs", f"-{digest}", "-fingerprint", text)
            assert fingerprints(done.stdout) == [cert.sha256]


def test_a_search_by_alias_finds_the_right_one(large, synced):
    _, known, active = large
    for i in (0, ACTIVE // 2, -1):
        cert = known[active[i]]
        name = next(c["name"] for c in synced.listed() if c["id"] == active[i])
        for alias in (name, active[i]):
            done = synced.storeutl("-certs", "-alias", alias)
            assert fingerprints(done.stdout) == [cert.sha256], alias


def test_one_certificate_by_its_id_and_by_its_name(large, synced):
    _, known, active = large
    done = synced.storeutl("-certs", uri=f"orgtrust://default/{active[3]}")
    assert fingerprints(done.stdout) == [known[active[3]].sha256]
    name = next(c["name"] for c in synced.listed() if c["id"] == active[3])
    done = synced.storeutl("-certs", uri=f"orgtrust:///?name={name.replace(' ', '%20')}")
    assert fingerprints(done.stdout) == [known[active[3]].sha256]


def test_an_inactive_one_is_found_only_when_asked_for(large, synced):
    _, known, active = large
    inactive = next(i for i in known if i not in active)
    assert synced.count(f"orgtrust://default/{inactive}") == 0
    assert synced.count(f"orgtrust://default/{inactive}?state=all") == 1
    done = synced.storeutl("-certs", "-subject", f"/CN={known[inactive].cn}")
    assert fingerprints(done.stdout) == []


def test_the_second_sync_is_one_request_and_writes_nothing(large, synced):
    minute = time.time() - 60
    os.utime(synced.snapshot_path(), (minute, minute))
    before = synced.snapshot()
    done = synced.sync("--json").json()["sources"][0]
    assert done["fetched"] is True and done["changed"] is False
    assert done["requests"] == 1
    after = synced.snapshot()
    assert (after.content, after.inode) == (before.content, before.inode)
    assert after.mtime_ns > before.mtime_ns, "only the time of the last sight moves"
    assert not synced.temporaries()


def test_what_the_command_shows(large, synced):
    _, known, active = large
    assert len(synced.listed()) == TOTAL
    assert len(synced.listed("--state", "active")) == ACTIVE
    assert {c["id"]: c["sha256"] for c in synced.listed()} == \
        {i: c.sha256 for i, c in known.items()}
    shown = synced.orgtrust("show", active[0], "--pem").stdout
    assert fingerprints(shown) == [known[active[0]].sha256]
    by_name = synced.orgtrust("show", "large 7", "--json").json()
    assert by_name["name"] == "large 7"
    state = synced.status()
    assert (state["total"], state["active"], state["state"]) == (TOTAL, ACTIVE, "fresh")
    assert state["inactive"] == TOTAL - ACTIVE
    human = synced.orgtrust("status").stdout
    assert str(ACTIVE) in human and "fresh" in human


def test_changes_arrive_one_by_one(organization, world, roots):
    """Upload, activate, rename, deactivate, delete: each sync fetches only what it must."""
    api = organization.api
    first = organization.add(roots[0], "first")
    world.sync()
    assert world.count() == 1
    second = api.upload(roots[1], "second")
    done = world.sync("--json").json()["sources"][0]
    assert (done["added"], done["requests"]) == (1, 2)
    assert world.count() == 1, "uploaded is not active"
    api.activate(second)
    done = world.sync("--json").json()["sources"][0]
    assert (done["modified"], done["requests"]) == (1, 1)
    assert world.count() == 2
    api.rename(second, "renamed")
    world.sync()
    assert world.count("orgtrust:///?name=renamed") == 1
    assert world.count("orgtrust:///?name=second") == 0
    api.deactivate(first)
    world.sync()
    assert world.count() == 1
    api.delete(first)
    done = world.sync("--json").json()["sources"][0]
    assert done["removed"] == 1
    assert [c["id"] for c in world.listed()] == [second]


def test_a_project_has_its_own_active_ones(organization, world, roots):
    ids = [organization.add(root, active=False) for root in roots]
    organization.api.activate(ids[0])
    project = organization.client(project="proj_blue")
    project.activate(ids[1], ids[2])
    world.configure("[source blue]\nproject = proj_blue\ninherit = no\n")
    world.sync()
    assert world.count() == 1
    assert world.count("orgtrust://blue/") == 2
    project.deactivate(ids[2])
    world.sync("--source", "blue")
    assert world.count("orgtrust://blue/") == 1
    assert world.count() == 1
    states = json.loads(world.orgtrust("status", "--json").stdout)["sources"]
    assert {s["name"]: s["project"] for s in states} == \
        {"default": None, "blue": "proj_blue"}


def test_the_environment_alone_is_a_configuration(organization, world, roots):
    """OPENAI_ADMIN_KEY and OPENAI_BASE_URL, as the official clients read them."""
    organization.add(roots[0])
    world.conf.write_text("")
    world.sync(env={"OPENAI_ADMIN_KEY": organization.key,
                    "OPENAI_BASE_URL": organization.base_url})
    env = {"OPENAI_ADMIN_KEY": organization.key, "OPENAI_BASE_URL": organization.base_url}
    assert "Total found: 1" in world.storeutl("-noout", "-certs", env=env).stdout


@pytest.mark.concurrency
def test_watch_sees_changes_within_its_interval(organization, world, roots):
    organization.add(roots[0])
    world.configure(refresh_interval="1s")
    watch = world.start("watch")
    wait_until(lambda: world.snapshot() is not None)
    organization.add(roots[1])
    began = time.monotonic()
    wait_until(lambda: world.snapshot_path().exists() and world.count() == 2, timeout=30)
    assert time.monotonic() - began < 8 * paths.SLOWNESS
    assert watch.stop() == 0, watch.output()
    assert not world.temporaries()


@pytest.mark.concurrency
def test_watch_outlives_an_api_that_is_away(organization, world, roots):
    organization.add(roots[0])
    world.configure(refresh_interval="1s", connect_timeout="1s")
    watch = world.start("watch")
    wait_until(lambda: world.snapshot() is not None)
    port = organization.port
    organization.stop()
    wait_until(lambda: world.status()["failures"] > 0, timeout=60, step=0.2)
    assert watch.is_running()
    assert world.count() == 1
    organization.start(port)
    assert watch.stop() == 0, watch.output()
