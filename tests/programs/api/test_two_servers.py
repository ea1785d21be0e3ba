"""Two servers on one PostgreSQL behind haproxy, with writers that try again: servers are
killed, then the database's primary is, and its synchronous standby takes over. No write that
was confirmed is missing or there twice, activations are whole, and each has its event."""

import collections
import contextlib
import http.client
import itertools
import json
import shutil
import signal
import socket
import threading
import time

import pytest

from judge import CERTIFICATES
from support import paths
from support.organization import ApiClient, Organization
from support.postgresql import Cluster
from support.process import Background, clean_environment, wait_until

pytestmark = pytest.mark.postgresql

WRITERS = 4
# Seconds: of kills, and between two of them; how long a standby may take to take over, and
# whoever waits to find it.
KILLS = 120 if paths.LONG else 8
STEP = 2
TAKE_OVER = 20

BALANCER = """\
defaults
    mode http
    timeout connect 1s
    timeout client 30s
    timeout server 30s
    retries 3
    option redispatch
frontend api
    bind 127.0.0.1:{port}
    default_backend servers
backend servers
    option httpchk GET /v1/organization/certificates
    http-check expect status 401
    default-server check inter 100ms fall 1 rise 1
    server one 127.0.0.1:{one}
    server two 127.0.0.1:{two}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """(primary, standby): what is confirmed is on both."""
    primary = Cluster(wal_level="replica", synchronous_commit="on")
    standby = None
    try:
        standby = Cluster(of=primary, hot_standby="on")
        primary.sql(primary.url("postgres"), "ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.sql(primary.url("postgres"), "SELECT pg_reload_conf()")
        wait_until(lambda: primary.sql(
            primary.url("postgres"), "SELECT sync_state FROM pg_stat_replication")
            == [["sync"]], what="the standby")
        monkeypatch.setattr(Organization, "cluster", primary)
        yield primary, standby
    finally:
        for cluster in filter(None, (primary, standby)):
            cluster.remove()


@pytest.fixture
def servers(tmp_path, pair):
    primary, standby = pair
    url = primary.create()
    both = url.replace(str(primary.dir), f"{primary.dir},{standby.dir}")
    one = Organization(tmp_path / "one", max_certificates=100000, db=both)
    two = Organization(tmp_path / "two", max_certificates=100000, db=both, key=one.key)
    one.name = url.split("/")[3].split("?")[0]
    yield one, two
    for server in (one, two):
        server.stop(signal.SIGKILL)


@pytest.fixture
def balancer(tmp_path, servers):
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("haproxy is not installed")
    port = free_port()
    config = tmp_path / "haproxy.cfg"
    config.write_text(BALANCER.format(port=port, one=servers[0].port, two=servers[1].port))
    started = Background([program, "-db", "-f", config], env=clean_environment(),
                         log=tmp_path / "haproxy.log")

    def serves():
        with contextlib.suppress(OSError):
            return ApiClient(port, servers[0].key).request("GET", CERTIFICATES)[0] == 200

    wait_until(serves, what="haproxy")
    yield port
    started.stop(signal.SIGKILL)


class Writer:
    """Uploads under names that are never tried twice, and activates five at a time."""

    def __init__(self, number, port, key, pem, stop, ca=None):
        self.api = ApiClient(port, key, ca=ca)
        self.number, self.pem, self.stop = number, pem, stop
        self.made: dict[str, str] = {}  # id to name, as confirmed
        self.tried: set[str] = set()
        self.groups: list[list[str]] = []  # whose activation was tried
        self.active: list[list[str]] = []  # and confirmed
        self.longest, self.refused = 0.0, collections.Counter()
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def ask(self, path, body):
        """The answer; None: it is not known whether it has happened."""
        self.api.close()  # over a connection that is kept it would ask twice by itself
        try:
            status, _, content = self.api.request("POST", path, body)
        except (OSError, http.client.HTTPException) as broken:
            self.refused[type(broken).__name__] += 1
            return None
        if status == 200:
            return json.loads(content)
        self.refused[status] += 1
        assert status in (500, 502, 503, 504), (status, content)
        return None

    def until_done(self, ask):
        began = time.monotonic()
        while True:
            answer = ask()
            self.longest = max(self.longest, time.monotonic() - began)
            if answer is not None or self.stop.is_set():
                return answer
            time.sleep(0.1)

    def upload(self, names):
        name = f"{self.number}-{next(names)}"
        self.tried.add(name)
        answer = self.ask(CERTIFICATES, {"certificate": self.pem, "name": name})
        return answer and (answer["id"], name)

    def work(self):
        names = itertools.count()
        while not self.stop.is_set():
            group = []
            while len(group) < 5 and not self.stop.is_set():
                done = self.until_done(lambda: self.upload(names))
                if done:
                    self.made[done[0]] = done[1]
                    group.append(done[0])
            if len(group) == 5:
                self.groups.append(group)
                if self.until_done(lambda: self.ask(f"{CERTIFICATES}/activate",
                                                    {"certificate_ids": group})):
                    self.active.append(group)


def kill_in_turn(servers, seconds):
    end = time.monotonic() + seconds
    for server in itertools.cycle(servers):
        if time.monotonic() > end:
            return
        port = server.port
        server.stop(signal.SIGKILL)
        server.start(port)
        time.sleep(STEP)


def check_all(cluster, name, writers):
    url = cluster.url(name)
    names = collections.Counter()
    found = {}
    for cert_id, cert_name in cluster.sql(url, "SELECT id, name FROM certificates"):
        found[cert_id] = cert_name
        names[cert_name] += 1
    made = {i: n for w in writers for i, n in w.made.items()}
    assert made.items() <= found.items(), "confirmed and missing"
    assert set(names.values()) == {1}, "there twice"
    assert names.keys() <= {n for w in writers for n in w.tried}
    active = {row[0] for row in cluster.sql(
        url, "SELECT id FROM activations JOIN certificates ON seq = certificate")}
    for writer in writers:
        for group in writer.active:
            assert active.issuperset(group), "confirmed and not active"
        for group in writer.groups:
            assert len(active & set(group)) in (0, 5), "half active"
    check_events(cluster, url, found.keys(), active)
    return len(made)


def check_events(cluster, url, certificates, active):
    """One of each upload, one of each activation, and none of anything else."""
    events = collections.defaultdict(list)
    for kind, resource in cluster.sql(
            url, "SELECT type, resource FROM audit JOIN audit_resources ON event = seq"):
        events[kind].append(resource)
    assert sorted(events["certificate.created"]) == sorted(certificates)
    assert sorted(events["certificates.activated"]) == sorted(active)
    assert cluster.sql(url, "SELECT certificates FROM meta") == [[str(len(certificates))]]


@pytest.mark.concurrency
def test_no_confirmed_write_is_lost_or_done_twice(pair, servers, balancer, pem):
    primary, standby = pair
    stop = threading.Event()
    writers = [Writer(number, balancer, servers[0].key, pem, stop)
               for number in range(WRITERS)]
    try:
        kill_in_turn(servers, KILLS)
        before = {w: (w.longest, len(w.made)) for w in writers}
        primary.stop(signal.SIGKILL)
        began = time.monotonic()
        standby.promote()
        wait_until(lambda: all(len(w.made) > before[w][1] + 3 for w in writers),
                   timeout=3 * TAKE_OVER, what="the writers go on")
        taken = time.monotonic() - began
    finally:
        stop.set()
        for writer in writers:
            writer.thread.join()
    made = check_all(standby, servers[0].name, writers)
    print(f"{made} confirmed; {dict(sum((w.refused for w in writers), collections.Counter()))};"
          f" the standby served after {taken:.1f} s; nobody waited longer than"
          f" {max(w.longest for w in writers):.1f} s, before that"
          f" {max(longest for longest, _ in before.values()):.1f} s")
    assert max(w.longest for w in writers) < TAKE_OVER * paths.SLOWNESS
