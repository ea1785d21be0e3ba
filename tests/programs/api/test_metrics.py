"""--metrics: figures that Prometheus takes, and where a load balancer is told to send
requests. Without a key, on a listener of its own."""

import hashlib
import re
import signal
import time

import pytest
from support import paths
from support.organization import ApiError, Organization
from support.postgresql import Cluster
from support.process import run, wait_until
from support.watched import Watched

ROUTE = "/v1/organization/certificates"


@pytest.fixture
def watched(tmp_path):
    made = Watched(tmp_path / "org")
    yield made
    made.stop(signal.SIGKILL)


def test_hosts_are_counted_by_what_they_have(watched, roots):
    def report(host):
        watched.api.call("POST", "/v1/orgtrust/reports", {
            "host": host, "version": "1", "scopes": [
                {"project": None, "tag": hashlib.sha256().hexdigest()[:32]}]})

    def hosts():
        found = watched.metrics()
        return found['hosts{state="current"}'], found['hosts{state="behind"}']

    assert hosts() == (0, 0)
    report("a")
    report("b")
    assert hosts() == (2, 0)
    cert = watched.add(roots[0])
    watched.api.activate(cert)
    assert hosts() == (0, 2)
    watched.api.deactivate(cert)
    assert hosts() == (2, 0)


def test_requests_are_counted_by_route_and_status(watched, roots):
    cert = watched.add(roots[0])
    for _ in range(3):
        watched.api.list()
        watched.api.get(cert)
    with pytest.raises(ApiError):
        watched.api.get("cert_none")
    with pytest.raises(ApiError):
        watched.client(key="orgtrust-nonsense").list()
    assert watched.api.request("GET", "/nothing/of/that?kind=1")[0] == 404
    found = watched.metrics()

    def count(route, method, status):
        return found[f'requests_total{{route="{route}",method="{method}",status="{status}"}}']

    assert count(ROUTE, "GET", 200) == 3 and count(ROUTE, "GET", 401) == 1
    assert count(ROUTE, "POST", 200) == 1
    assert count(f"{ROUTE}/{{cert}}", "GET", 200) == 3
    assert count(f"{ROUTE}/{{cert}}", "GET", 404) == 1
    assert count(f"{ROUTE}/activate", "POST", 200) == 1
    assert count("other", "GET", 404) == 1
    buckets = [value for name, value in found.items()
               if name.startswith(f'request_duration_seconds_bucket{{route="{ROUTE}",')]
    assert len(buckets) == 14 and buckets == sorted(buckets) and buckets[-1] == 5
    assert found[f'request_duration_seconds_count{{route="{ROUTE}"}}'] == 5
    assert 0 < found[f'request_duration_seconds_sum{{route="{ROUTE}"}}'] < 60
    assert found["database_up"] == 1
    for kind in ("network", "busy", "io", "no-space"):  # the first is seen by a rate
        assert found[f'database_errors_total{{kind="{kind}"}}'] == 0
    assert abs(found["start_timestamp_seconds"] - time.time()) < 600


@pytest.mark.both
def test_certificates_are_counted_by_what_is_active_anywhere(watched, certs, roots):
    assert "certificates_earliest_end_timestamp_seconds" not in watched.metrics()
    watched.add(roots[0], active=False)
    watched.add(certs.dated("Old", "20000101000000Z", "20010101000000Z"))
    late, soon = certs.ca("Late", days=90), certs.ca("Soon", days=5)
    watched.add(late)
    project = watched.client(project="proj_canary")
    cert = watched.add(soon, active=False)
    project.activate(cert)
    project.close()
    found = watched.metrics()
    assert found['certificates{state="active"}'] == 3
    assert found['certificates{state="inactive"}'] == 1
    assert found["certificates_expired"] == 1
    ends = watched.api.get(cert)["certificate_details"]["expires_at"]
    assert found["certificates_earliest_end_timestamp_seconds"] == ends


def test_it_says_whether_it_is_alive_and_ready(watched):
    assert watched.look("/healthz")[::2] == (200, "alive\n")
    assert watched.look("/readyz")[::2] == (200, "ready\n")
    assert watched.look("/")[0] == 404 and watched.look("/v1/organization")[0] == 404
    status, headers, _ = watched.look("/metrics", "POST")
    assert status == 405 and headers["Allow"] == "GET, HEAD"
    assert watched.look("/readyz", "HEAD")[::2] == (200, "")
    # The API's own listener has none of it.
    assert watched.api.request("GET", "/metrics")[0] == 404


@pytest.mark.postgresql
def test_a_database_that_is_away_is_seen(tmp_path, monkeypatch):
    cluster = Cluster()
    monkeypatch.setattr(Organization, "cluster", cluster)
    watched = Watched(tmp_path / "own")
    try:
        cluster.stop()
        assert watched.look("/readyz")[0] == 503
        with pytest.raises(ApiError) as refused:
            watched.api.list()
        assert refused.value.status == 503
        found = watched.metrics()
        assert found["database_up"] == 0 and found['database_errors_total{kind="network"}'] >= 1
        assert 'certificates{state="active"}' not in found
        assert watched.look("/healthz")[0] == 200
        cluster.start()
        wait_until(lambda: watched.look("/readyz")[0] == 200)
    finally:
        watched.stop(signal.SIGKILL)
        cluster.remove()


@pytest.mark.both
def test_a_database_that_is_busy_is_counted(watched, roots):
    with watched.writing():
        with pytest.raises(ApiError) as refused:
            watched.add(roots[0])
        assert refused.value.status == 503
    assert watched.metrics()['database_errors_total{kind="busy"}'] >= 1


def test_an_address_that_is_none_is_named(tmp_path):
    org = Organization(tmp_path / "org")
    org.stop()
    done = run([paths.SERVER, "--db", org.db, "--listen", "127.0.0.1:0", "--metrics", "9464"],
               env=org.env)
    assert done.status == 2 and "--metrics '9464' is not HOST:PORT" in done.stderr


def test_every_figure_is_described(watched, roots):
    watched.add(roots[0])
    written = {"server_tls_certificate_end_timestamp_seconds"}  # with TLS alone
    written |= set(re.findall("^# TYPE orgtrust_([a-z_]+)", watched.look("/metrics")[2],
                             re.MULTILINE))
    page = (paths.REPOSITORY / "docs" / "monitoring.md").read_text("utf-8")
    table = page[page.index("| metric of a server |"):]
    named = re.findall(r"^\| `orgtrust_([a-z_]+)", table[:table.index("\n\n")], re.MULTILINE)
    assert set(named) == written
