"""`wait` of a list: the answer is held until something changes, and then comes at once."""

import re
import signal
import socket
import threading
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support import paths
from support.organization import Organization
from support.process import wait_until
from support.watched import Watched
from test_tls_renewal import Renewed, authority, issue  # noqa: F401

PROJECT = "/v1/organization/projects/proj_a/certificates"
SECOND = 1.0 * paths.SLOWNESS
LONGEST = 60  # base/api_extension.h
FORM = re.compile(r'"orgtrust-list-([0-9a-f]{32})-[0-9a-f]{16}"')


def moment(headers):
    return FORM.fullmatch(headers["ETag"])[1]


class Waiting(threading.Thread):
    """A request that is held; when it was answered, and how."""

    def __init__(self, client, path=CERTIFICATES, digits=None, **headers):
        super().__init__()
        self.client, self.path, self.sent = client, path, headers
        self.digits = digits or moment(client.request("GET", path)[1])
        client.close()
        self.ended = self.answer = self.failure = None
        self.began = time.monotonic()
        self.start()

    def run(self):
        mark = "&" if "?" in self.path else "?"
        try:
            self.answer = self.client.request(
                "GET", f"{self.path}{mark}limit=1&wait={self.digits}", None, self.sent)
        except Exception as failure:  # noqa: BLE001: it is told where it is looked at
            self.failure = failure
        self.ended = time.monotonic()

    def is_held(self, seconds=0.5):
        self.join(seconds)
        return self.is_alive()

    def result(self, within=SECOND):
        """(status, headers, how long it took from now on)."""
        now = time.monotonic()
        self.join(within)
        assert not self.is_alive(), "it is still held"
        if self.failure is not None:
            raise self.failure
        return self.answer[0], self.answer[1], self.ended - now


def waiting(org, *args, key=None, **headers):
    return Waiting(org.client(key=key), *args, **headers)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """A wait to which nothing happens, which goes on while the other tests run."""
    org = Organization(tmp_path_factory.mktemp("patient") / "org")
    client = org.client()
    connect = client._connect

    def patiently():
        connection = connect()
        connection.timeout = 3 * LONGEST
        return connection

    client._connect = patiently
    yield Waiting(client, **{"If-None-Match": "*"})
    org.stop()


@pytest.mark.file
def test_it_begins(patient):
    assert patient.is_held()


@pytest.mark.both
def test_a_commit_releases_it(organization, pem):
    api = organization.api
    made = api.upload(pem)
    api.upload(pem)
    organization.create_project("proj_a")
    read = organization.create_key("read")
    for change in (lambda: api.activate(made), lambda: api.rename(made, "another"),
                   lambda: api.deactivate(made), lambda: api.delete(made),
                   lambda: organization.client(project="proj_a").upload(pem)):
        held = [waiting(organization), waiting(organization, PROJECT, key=read)]
        assert all(one.is_held(0.2) for one in held)
        change()
        for one in held:
            status, headers, took = one.result()
            assert status == 200 and moment(headers) != one.digits and took < SECOND
            assert headers["Connection"].lower() == "close"
    assert waiting(organization, digits=held[0].digits).result()[0] == 200  # that is over


@pytest.mark.both
def test_what_changes_no_list_does_not_release_it(organization, pem):
    organization.api.upload(pem)
    held = waiting(organization)
    organization.create_key("read")
    organization.create_project("proj_b")
    assert organization.api.request("GET", CERTIFICATES)[0] == 200
    assert held.is_held(2.5)
    organization.api.upload(pem)
    assert held.result()[0] == 200


@pytest.mark.postgresql
def test_word_of_what_was_before_does_not_release_it(organization, pem):
    """The database tells of a commit when it comes to it, also while somebody begins to wait."""
    organization.api.upload(pem)
    is_over = threading.Event()

    def tell():
        while not is_over.is_set():
            organization.sql("DO $$ BEGIN FOR i IN 1..2000 LOOP NOTIFY orgtrust; COMMIT;"
                             " END LOOP; END $$")

    telling = threading.Thread(target=tell)
    telling.start()
    held = [waiting(organization) for _ in range(32)]
    is_over.set()
    telling.join()
    assert all(one.is_held(0.2) for one in held)
    organization.api.upload(pem)
    for one in held:
        assert one.result()[0] == 200


@pytest.mark.postgresql
def test_a_commit_between_the_question_and_the_wait_is_not_missed(organization, pem):
    """Also where it has released others already, who were held before it."""
    organization.api.upload(pem)
    key = organization.create_key("read")
    first = waiting(organization)
    assert first.is_held(0.2)
    # Before it is held, the server notes that its key was used.
    with organization.cluster.holding(
            organization.db, "DO $$ BEGIN PERFORM 1 FROM keys FOR UPDATE; END $$"):
        late = waiting(organization, key=key, digits=first.digits)
        wait_until(lambda: organization.sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE 'UPDATE keys%'"), what="the note")
        organization.sql("UPDATE meta SET revision = uuid_send(gen_random_uuid());"
                         "NOTIFY orgtrust")
        assert first.result()[0] == 200
        assert late.is_alive()
    status, headers, _ = late.result(3 * SECOND)
    assert status == 200 and moment(headers) != late.digits


@pytest.mark.both
def test_the_end_of_an_activation_releases_it(organization, pem):
    api = organization.api
    made = api.upload(pem)
    at = int(time.time()) + 5
    api.call("POST", f"{CERTIFICATES}/activate",
             {"certificate_ids": [made], "orgtrust_deactivate_at": at})
    held = waiting(organization)
    assert held.is_held(0.5)
    status, _, _ = held.result(8 * SECOND)
    assert status == 200 and -0.1 < time.time() - at < 2 * SECOND


@pytest.mark.postgresql
def test_a_commit_by_another_server_releases_it(organization, tmp_path, pem):
    """By what the database tells; who looked once a second would take three for the six."""
    made = organization.api.upload(pem)
    other = Organization(tmp_path / "other", db=organization.db, key=organization.key)
    try:
        times = []
        for change in (other.api.activate, other.api.deactivate) * 3:
            held = waiting(organization)
            assert held.is_held(0.2)
            change(made)
            status, headers, took = held.result(2 * SECOND)
            assert status == 200 and moment(headers) != held.digits
            times.append(took)
        assert sum(times) < SECOND, times
    finally:
        other.stop()


@pytest.mark.postgresql
def test_a_commit_is_not_missed_while_nobody_listens(organization, tmp_path, pem):
    made = organization.api.upload(pem)
    other = Organization(tmp_path / "other", db=organization.db, key=organization.key)
    try:
        held = waiting(organization)
        assert held.is_held(0.2)
        organization.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE datname = current_database() AND query LIKE 'LISTEN%'")
        other.api.activate(made)
        assert held.result(3 * SECOND)[0] == 200
        held = waiting(organization)
        other.api.deactivate(made)
        assert held.result(3 * SECOND)[0] == 200
    finally:
        other.stop()


@pytest.mark.file
def test_a_key_that_is_revoked_meanwhile_gets_nothing(organization, pem):
    key = organization.create_key("read", name="brief")
    held = waiting(organization, key=key)
    assert held.is_held()
    [made] = [k["id"] for k in organization.api.call(
        "GET", "/v1/organization/admin_api_keys")["data"] if k["name"] == "brief"]
    organization.api.call("DELETE", f"/v1/organization/admin_api_keys/{made}")
    organization.api.upload(pem)
    assert held.result()[0] == 401


@pytest.mark.file
def test_a_server_that_stops_releases_all(organization):
    held = [waiting(organization, **{"If-None-Match": "*"}) for _ in range(5)]
    assert all(one.is_held(0.1) for one in held)
    began = time.monotonic()
    organization.stop()
    assert time.monotonic() - began < 5 * SECOND
    for one in held:
        status, headers, _ = one.result()
        assert status == 304 and moment(headers) == one.digits
    organization.start()


@pytest.mark.file
def test_a_connection_waits_again_where_it_was_dear(tmp_path, authority, issue, pem):
    """Over TLS; another one without it costs less than the memory of a second request."""
    org = Renewed(tmp_path / "org", authority, issue(90))
    try:
        client = org.client()
        digits = moment(client.request("GET", CERTIFICATES)[1])
        link = client._connection
        for _ in range(3):
            change = threading.Timer(0.3, org.client().upload, [pem])
            change.start()
            status, headers, _ = client.request("GET", f"{CERTIFICATES}?wait={digits}")
            assert status == 200 and moment(headers) != digits
            assert client._connection is link
            digits = moment(headers)
            change.join()
    finally:
        org.stop(signal.SIGKILL)


@pytest.mark.file
def test_another_certificate_releases_all(tmp_path, authority, issue):
    """Who waits over TLS is to see the one that is shown from now on."""
    org = Renewed(tmp_path / "org", authority, issue(90))
    try:
        held = [waiting(org, **{"If-None-Match": "*"}) for _ in range(3)]
        assert all(one.is_held(0.2) for one in held)
        org.put(issue(100))
        org.hang_up("was read again")
        for one in held:
            status, headers, _ = one.result()
            assert (status, headers["Connection"].lower()) == (304, "close")
    finally:
        org.stop(signal.SIGKILL)


@pytest.mark.file
def test_it_is_offered_and_checked(organization):
    api = judging(organization)
    status, headers, _ = api.request("GET", CERTIFICATES)
    assert status == 200 and headers["Orgtrust-Waits"] == "yes"
    digits = moment(headers)
    for bad in ("", "yes", digits[:-1], digits + "0", digits.upper().replace("0", "A") + "Z"):
        answer = api.request("GET", f"{CERTIFICATES}?wait={bad}")
        assert error_of(answer) == (400, "invalid_parameter", "wait")
    answer = api.request("GET", f"{CERTIFICATES}?wait={digits}&wait={digits}")
    assert error_of(answer) == (400, "duplicate_parameter", "wait")
    assert api.request("GET", f"{CERTIFICATES}?wait={'0' * 32}")[0] == 200
    nobody = organization.client(key="sk-admin-none")
    assert nobody.request("GET", f"{CERTIFICATES}?wait={digits}")[0] == 401


@pytest.mark.file
def test_it_costs_one_request_of_the_rate(tmp_path, pem):
    org = Organization(tmp_path / "org", options=("--rate-limit", "1/s"))
    try:
        writer = org.client(key=org.create_key("admin"))
        digits = moment(writer.request("GET", CERTIFICATES)[1])
        held = waiting(org, digits=digits)
        assert held.is_held(0.1)
        assert org.api.request("GET", CERTIFICATES)[0] == 429
        time.sleep(1.1)
        writer.upload(pem)
        assert held.result()[0] == 200
        assert org.api.request("GET", CERTIFICATES)[0] == 200
    finally:
        org.stop()


@pytest.mark.file
def test_the_figures_tell_them_apart(tmp_path, pem):
    org = Watched(tmp_path / "org")
    try:
        held = [waiting(org) for _ in range(3)]
        assert all(one.is_held(0.1) for one in held)
        found = org.metrics()
        assert (found["requests_waiting"], found["requests_in_flight"]) == (3, 0)
        org.api.upload(pem)
        assert all(one.result()[0] == 200 for one in held)
        wait_until(lambda: org.metrics()["requests_waiting"] == 0, what="none")
    finally:
        org.stop()


@pytest.mark.file
def test_the_figures_are_of_one_moment(tmp_path, pem):
    """Who waited when they were begun may have been answered while the database counts."""
    org = Watched(tmp_path / "org")
    made = org.api.upload(pem)
    org.sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
            " INSERT INTO certificates (id, created_at, valid_at, expires_at)"
            " SELECT 'cert_' || i, i, i, i FROM n")
    org.sql("INSERT INTO activations (scope, certificate) SELECT '', seq FROM certificates")
    found, is_over = [], threading.Event()

    def scrape():
        while not is_over.is_set():
            found.extend(re.findall(r"(?m)^orgtrust_server_requests_in_flight (.+)$",
                                    org.look("/metrics")[2]))

    scraping = threading.Thread(target=scrape)
    scraping.start()
    try:
        for i in range(5):
            held = [waiting(org) for _ in range(20)]
            assert held[-1].is_held(0.2)
            org.api.rename(made, f"name {i}")
            for one in held:
                one.result(5 * SECOND)
    finally:
        is_over.set()
        scraping.join()
        org.stop()
    assert found and all(0 <= int(value) <= 22 for value in found), max(found, key=int)


@pytest.mark.file
def test_who_is_gone_is_not_held(tmp_path, pem):
    org = Watched(tmp_path / "org")
    try:
        held = [waiting(org) for _ in range(100)]
        wait_until(lambda: org.metrics()["requests_waiting"] == 100, what="all")
        for one in held[1:]:
            one.client._connection.sock.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: org.metrics()["requests_waiting"] == 1, timeout=5, what="one")
        assert held[0].is_held(0.1)
        org.api.upload(pem)
        assert held[0].result()[0] == 200
    finally:
        org.stop()


@pytest.mark.file
def test_it_ends_with_its_time(patient):
    patient.join(LONGEST + 5 * SECOND)
    status, headers, _ = patient.result()
    assert status == 304 and moment(headers) == patient.digits
    assert LONGEST - 0.1 <= patient.ended - patient.began < LONGEST + 3 * SECOND
