"""How many statements a request costs, as the database itself counts them: SQLite by its trace,
PostgreSQL by its log. What is asked again with If-None-Match costs one that uses an index."""

import re
import threading

import pytest

from judge import CERTIFICATES, judging
from support import paths
from support.organization import Organization
from support.postgresql import Cluster, is_installed

# What is looked at each second, whoever asks.
SWEEP = "SELECT EXISTS (SELECT 1 FROM activations WHERE ends_at <="
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")


class Traced(Organization):
    """A server whose database tells each statement."""

    def read(self) -> list[str]:
        """Those of requests so far; of SQLite also that none went through a whole table."""
        if self.cluster is not None:
            text = (self.cluster.dir / "log").read_text("utf-8", "replace")
            found = re.findall(r"LOG:  execute s\d+: (.*)", text)
        else:
            lines = re.findall(r"^STATEMENT (\d+) (.*)", self.server.output(), re.MULTILINE)
            found = [sql for _, sql in lines]
            assert [sql for steps, sql in lines if int(steps)] == []
        return [sql for sql in found if not sql.startswith((SWEEP, *TRANSACTION))]

    def count(self, ask) -> list[str]:
        """What this costs."""
        before = len(self.read())
        ask()
        return self.read()[before:]

    def whole_tables(self) -> int:
        """How often PostgreSQL went through a whole table; what a backend has counted it
        tells when it ends."""
        self.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                 " WHERE application_name = 'orgtrust-server'")
        return int(self.sql("SELECT sum(seq_scan) FROM pg_stat_user_tables"
                            " WHERE schemaname = 'orgtrust' AND relname <> 'version'")[0][0])


@pytest.fixture(params=["file", "postgresql"])
def traced(tmp_path, monkeypatch, request):
    cluster = None
    if request.param == "postgresql":
        if not is_installed():
            pytest.skip("PostgreSQL is not installed")
        cluster = Cluster(log_statement="all")
    elif paths.WRAP or paths.is_sanitized("address") or paths.is_sanitized("thread"):
        pytest.skip("a sanitizer's runtime or valgrind is preloaded instead")
    monkeypatch.setattr(Organization, "cluster", cluster)
    made = Traced(tmp_path / "org")
    if cluster is None:
        made.stop()
        made.env["LD_PRELOAD"] = str(paths.BUILD / "tests/programs/api/statements.so")
        made.start()
        del made.env["LD_PRELOAD"]
    yield made
    made.stop()
    if cluster is not None:
        cluster.remove()


def tagged(api, path):
    """A way to ask for it once more."""
    status, headers, _ = api.request("GET", path)
    assert status == 200

    def ask():
        assert api.request("GET", path, headers={"If-None-Match": headers["ETag"]})[0] == 304
    return ask


def test_what_is_not_modified_costs_one_statement(traced, pem):
    api = judging(traced)
    certs = [api.upload(pem, "Name") for _ in range(3)]
    api.activate(*certs)
    project = judging(traced, project="lab")
    ways = [tagged(api, CERTIFICATES), tagged(api, f"{CERTIFICATES}?limit=2&order=asc"),
            tagged(project, project.scope), tagged(api, f"{CERTIFICATES}/{certs[0]}"),
            tagged(api, f"{CERTIFICATES}/{certs[1]}?include[]=content")]
    before = traced.whole_tables() if traced.cluster is not None else 0
    tagged(api, CERTIFICATES)()  # connections are made anew
    for ask in ways:
        for _ in range(3):
            assert len(traced.count(ask)) == 1
    # Also directly behind a change of this server's.
    api.upload(pem)
    assert len(traced.count(ways[3])) == 1
    if traced.cluster is not None:
        assert traced.whole_tables() == before


def test_who_waits_at_the_same_moment_shares_the_statement(traced, pem):
    """Of a database that is another process; never more than one each."""
    api = judging(traced)
    cert = api.upload(pem)
    asked = 0

    def ask_often():
        client = judging(traced)
        ask = tagged(client, f"{CERTIFICATES}/{cert}")
        for _ in range(50):
            ask()
        client.close()

    def all_at_once():
        askers = [threading.Thread(target=ask_often) for _ in range(8)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()

    asked = len(traced.count(all_at_once))
    assert 50 <= asked <= 8 * 51
    print(f"{asked} statements for {8 * 51} requests")


def test_a_change_of_another_servers_is_seen_by_the_next_request(traced, pem):
    """Which finds in one statement that something has changed, and in another one what."""
    api = judging(traced)
    cert = api.upload(pem, "Before")
    path = f"{CERTIFICATES}/{cert}"
    ask = tagged(api, path)
    traced.create_project("other")
    assert 1 <= len(traced.count(ask)) <= 2
    assert len(traced.count(ask)) == 1


def test_many_contents_cost_one_statement_more(traced, pem):
    api = traced.api
    certs = [api.upload(pem, "Name") for _ in range(30)]
    path = f"/v1/orgtrust/contents?ids={','.join(certs)}"
    assert len(traced.count(lambda: api.request("GET", path))) == 2
    assert len(traced.count(lambda: api.request("GET", path))) == 1, "it was kept"
