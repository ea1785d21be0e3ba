"""What a server on PostgreSQL keeps for the beginning of requests is never older than the
request: whatever was confirmed before, by another server or a command, is seen."""

import threading
import time

import pytest

from judge import CERTIFICATES, judging
from support import paths
from support.organization import ApiError, Organization
from support.process import run

pytestmark = pytest.mark.postgresql

SECONDS = 10 if paths.LONG else 3


@pytest.fixture
def servers(organization, tmp_path):
    other = Organization(tmp_path / "other", db=organization.db, key=organization.key)
    yield organization, other
    other.stop()


def test_each_change_of_the_other_server_is_seen_at_once(servers, pem):
    one, two = servers
    cert = one.api.upload(pem, "First")
    for number in range(20):
        for server, other in ((one, two), (two, one)):
            name = f"{number} of {server.port}"
            other.api.get(cert)
            server.api.rename(cert, name)
            assert other.api.get(cert)["name"] == name
            assert [c["name"] for c in other.api.list()] == [name]
    two.api.delete(cert)
    with pytest.raises(ApiError) as gone:
        one.api.get(cert)
    assert gone.value.status == 404


def test_a_key_that_is_revoked_is_refused_at_the_next_request(servers):
    one, two = servers
    for number in range(5):
        key = one.create_key("read", f"key {number}")
        clients = [one.client(key=key), two.client(key=key)]
        for _ in range(3):
            assert [client.list() for client in clients] == [[], []]
        assert run([paths.SERVER, "key", "revoke", "--db", one.db, f"key {number}"],
                   env=one.env).status == 0
        for client in clients:
            with pytest.raises(ApiError) as refused:
                client.list()
            assert refused.value.status == 401
            client.close()


def test_a_key_with_the_id_of_one_that_is_kept_is_not_it(organization):
    organization.api.list()
    wrong = organization.key[:-4] + ("0000" if organization.key[-4:] != "0000" else "1111")
    for _ in range(2):
        assert organization.client(key=wrong).request("GET", CERTIFICATES)[0] == 401


def test_a_key_ends_while_it_is_kept(organization):
    done = run([paths.SERVER, "key", "create", "--db", organization.db, "--expires", "3s"],
               env=organization.env)
    client = organization.client(key=done.stdout.strip())
    assert client.list() == []
    began, status = time.monotonic(), 200
    while status == 200 and time.monotonic() - began < 10 * paths.SLOWNESS:
        status = client.request("GET", CERTIFICATES)[0]
    assert status == 401


def test_a_project_is_there_as_soon_as_it_is_made(servers):
    one, _ = servers
    path = "/v1/organization/projects/lab/certificates"
    assert one.api.request("GET", path)[0] == 404
    one.create_project("lab")
    assert one.api.request("GET", path)[0] == 200


def test_the_use_of_a_key_is_noted(organization):
    used = "SELECT last_used_at FROM keys"
    organization.api.list()
    organization.sql("UPDATE keys SET last_used_at = 1000")  # is no change
    organization.stop()
    organization.start()
    organization.api.list()
    assert abs(int(organization.sql(used)[0][0]) - time.time()) < 60
    noted = organization.sql("SELECT xmin FROM keys")
    for _ in range(5):
        organization.api.list()
    assert organization.sql("SELECT xmin FROM keys") == noted, "once a minute at most"


@pytest.mark.concurrency
def test_nobody_who_shares_a_question_sees_what_is_older_than_his(servers, pem):
    """Eight ask at the same time while the other server changes a name to growing numbers."""
    one, two = servers
    cert = two.api.upload(pem, "0")
    confirmed, wrong, asked, ended = [0], [], [0], threading.Event()

    def write():
        while not ended.is_set():
            two.api.rename(cert, str(confirmed[0] + 1))
            confirmed[0] += 1

    def read():
        client = judging(one)
        while not ended.is_set():
            least = confirmed[0]
            seen = int(client.get(cert)["name"])
            asked[0] += 1
            if seen < least:
                wrong.append((seen, least))
        client.close()

    threads = [threading.Thread(target=work) for work in (write, *[read] * 8)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == [] and confirmed[0] >= 10 and asked[0] >= 50
