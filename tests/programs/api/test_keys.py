"""Keys: made, listed, used, limited, revoked, and never seen again."""

import re
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support import paths
from support.organization import Organization
from support.process import run

pytestmark = pytest.mark.both


def key_command(org, *argv, status=0):
    done = run([paths.SERVER, "key", *argv], env=org.env, wrap=True)
    assert done.status == status, done
    return done


def key_id(org, name):
    """The id that `key list` shows for a name."""
    for line in key_command(org, "list", "--db", org.db).stdout.splitlines():
        if line.endswith(f"  {name}"):
            return line.split()[0]
    raise AssertionError(f"no key {name}")


@pytest.mark.memory
def test_a_new_key_is_printed_once_and_stored_hashed(organization):
    done = key_command(organization, "create", "--db", organization.db, "--name", "ci")
    key = done.stdout.strip()
    assert re.fullmatch(r"orgtrust-[0-9a-f]{16}-[0-9a-f]{64}", key)
    assert done.stdout == key + "\n" and done.stderr == ""
    assert judging(organization, key).list() == []
    listed = key_command(organization, "list", "--db", organization.db).stdout
    assert "ci" in listed and "admin" in listed
    secret = key.rsplit("-", 1)[1]
    organization.stop()
    for text in (listed.encode(), *(p.read_bytes() for p in organization.dir.iterdir())):
        assert secret.encode() not in text and bytes.fromhex(secret) not in text


@pytest.mark.parametrize("header", [
    None, "", "Bearer", "Bearer ", "Basic a2V5", "Bearer wrong", "Bearer {key}x", "{key}",
    "Bearer {flipped}", "Bearer {key} {key}", "Bearer " + "x" * 8000, "Bearer \xff\xfe",
])
def test_without_the_right_key_there_is_nothing(organization, header):
    key = organization.key
    flipped = key[:-1] + ("0" if key[-1] != "0" else "1")
    client = judging(organization)
    client.key = None
    headers = {} if header is None else {
        "Authorization": header.format(key=key, flipped=flipped)}
    for method, path in (("GET", CERTIFICATES), ("GET", f"{CERTIFICATES}/cert_x"),
                         ("DELETE", f"{CERTIFICATES}/cert_x")):
        status, code, _ = error_of(client.request(method, path, headers=headers))
        assert status == 401 and code in ("missing_api_key", "invalid_api_key")
    answer = client.request("POST", CERTIFICATES, {"certificate": "x"}, headers)
    assert answer[0] == 401 and key[20:].encode() not in answer[2]


def test_the_schemes_case_does_not_matter(organization):
    client = judging(organization)
    client.key = None
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme}  {organization.key}"}
        assert client.request("GET", CERTIFICATES, headers=headers)[0] == 200


@pytest.mark.memory
def test_a_reading_key_only_reads(organization, pem):
    admin = judging(organization)
    reader = judging(organization, organization.create_key("read"))
    cert_id = admin.upload(pem)
    assert len(reader.list()) == 1 and reader.get(cert_id, content=True)
    assert reader.request("HEAD", CERTIFICATES)[0] == 200
    for method, path, body in (
        ("POST", CERTIFICATES, {"certificate": pem}),
        ("POST", f"{CERTIFICATES}/activate", {"certificate_ids": [cert_id]}),
        ("POST", f"{CERTIFICATES}/deactivate", {"certificate_ids": [cert_id]}),
        ("POST", f"{CERTIFICATES}/{cert_id}", {"name": "x"}),
        ("POST", "/v1/organization/projects/p/certificates/activate",
         {"certificate_ids": [cert_id]}),
        ("DELETE", f"{CERTIFICATES}/{cert_id}", None),
    ):
        answer = reader.request(method, path, body)
        assert error_of(answer)[:2] == (403, "insufficient_permissions")
    assert admin.get(cert_id)["name"] is None and not admin.list()[0]["active"]
    lines = [line for line in organization.server.output().splitlines() if "role 'read'" in line]
    assert 1 <= len(lines) < 6, "now and then is enough"
    assert re.search(r"the key key_\w+, which has the role 'read', came from 127\.0\.0\.1 to change"
                     " something and was refused$", lines[0])


@pytest.mark.parametrize("by", ["name", "id"])
def test_revoking_works_at_once_and_on_open_connections(organization, by):
    client = judging(organization, organization.create_key("read", "laptop"))
    assert client.list() == []
    which = "laptop" if by == "name" else key_id(organization, "laptop")
    key_command(organization, "revoke", "--db", organization.db, which)
    began = time.monotonic()
    assert error_of(client.request("GET", CERTIFICATES))[:2] == (401, "invalid_api_key")
    assert time.monotonic() - began < 1 * paths.SLOWNESS
    assert judging(organization).list() == [], "the others stay"
    key_command(organization, "revoke", "--db", organization.db, which, status=7)


@pytest.mark.memory
def test_the_last_use_is_shown(organization):
    organization.create_key("read", "unused")
    client = judging(organization, organization.create_key("read", "used"))
    client.list()
    lines = key_command(organization, "list", "--db", organization.db).stdout.splitlines()
    shown = {line.split()[-1]: line.split()[3] for line in lines[1:]}
    assert shown["unused"] == "-"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["used"])


@pytest.mark.parametrize("argv, status, word", [
    (["create"], 2, "--db"), (["create", "--db"], 2, "--db"),
    (["create", "--db", "{db}", "--role", "root"], 2, "root"),
    (["create", "--db", "{db}", "--name", ""], 2, "empty"),
    (["create", "--db", "{db}", "--name", "key_1"], 2, "key_"),
    (["create", "--db", "{db}", "--name", "a\nb"], 2, "control"),
    (["create", "--db", "{db}", "--name", "x" * 65], 2, "longer"),
    (["create", "--db", "{db}", "--name", "twin"], 8, "twin"),
    (["create", "--db", "{db}", "word"], 2, "create"),
    (["list", "--db", "{db}", "--role", "read"], 2, "--help"),
    (["list", "--db", "/nonexistent/x.db"], 10, "/nonexistent/x.db"),
    (["revoke", "--db", "{db}"], 2, "id or name"),
    (["revoke", "--db", "{db}", "nobody"], 7, "nobody"),
    ([], 2, "create, list or revoke"), (["burn", "--db", "{db}"], 2, "create"),
])
def test_wrong_key_commands_say_what_is_wrong(organization, argv, status, word):
    organization.create_key("read", "twin")
    argv = [a.format(db=organization.db) for a in argv]
    done = key_command(organization, *argv, status=status)
    assert word in done.stderr and done.stdout == ""


def test_a_key_that_could_not_be_printed_does_not_exist(organization):
    with open("/dev/full", "wb") as full:
        import subprocess
        status = subprocess.run(
            [*paths.WRAP, paths.SERVER, "key", "create", "--db", organization.db, "--name",
             "unseen"], env=organization.env, stdout=full, stderr=subprocess.DEVNULL,
            check=False).returncode
    assert status == 10
    assert "unseen" not in key_command(organization, "list", "--db", organization.db).stdout


@pytest.mark.memory
def test_too_many_requests_are_told_when_to_come_again(tmp_path):
    org = Organization(tmp_path / "org", options=("--rate-limit", "5/s"))
    try:
        other = judging(org, org.create_key("read"))
        client = judging(org)
        answers = [client.request("GET", CERTIFICATES) for _ in range(30)]
        limited = [a for a in answers if a[0] == 429]
        assert limited and {a[0] for a in answers} == {200, 429}
        assert error_of(limited[0])[:2] == (429, "rate_limit_exceeded")
        assert all(int(a[1]["Retry-After"]) >= 1 for a in limited)
        assert other.request("GET", CERTIFICATES)[0] == 200, "each key has its own"
        time.sleep(int(limited[-1][1]["Retry-After"]))
        assert client.request("GET", CERTIFICATES)[0] == 200
    finally:
        org.stop()


def test_the_hash_is_of_the_whole_key(organization):
    import hashlib

    organization.stop()
    encode = "hex(hash)" if organization.cluster is None else "encode(hash, 'hex')"
    [(stored,)] = organization.sql(f"SELECT {encode} FROM keys")
    assert stored.lower() == hashlib.sha256(organization.key.encode()).hexdigest()
