"""What is of PostgreSQL alone: connections that break, a database that is away, transactions
that are given back, tables that several servers make at once, and who may come in."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import time

import pytest

from judge import CERTIFICATES, error_of, judging
from support import paths
from support.organization import Organization
from support.postgresql import USER, Cluster
from support.process import clean_environment, run, wait_until

pytestmark = pytest.mark.postgresql

AUDIT = "SELECT count(*) FROM audit WHERE type = 'certificate.created'"


@pytest.fixture
def own_cluster(monkeypatch):
    """One that the test may stop."""
    made = Cluster()
    monkeypatch.setattr(Organization, "cluster", made)
    yield made
    made.remove()


@pytest.fixture
def own(own_cluster, tmp_path):
    org = Organization(tmp_path / "own")
    yield org
    org.stop()


def key_create(url, **more):
    return run([paths.SERVER, "key", "create", "--db", url],
               env=clean_environment(**more), wrap=True)


def test_servers_that_start_at_once_make_the_tables_once(cluster):
    url = cluster.create()
    started = [subprocess.Popen([*paths.WRAP, paths.SERVER, "key", "create", "--db", url],
                                env=clean_environment(), stdout=subprocess.PIPE)
               for _ in range(6)]
    keys = {child.communicate()[0] for child in started}
    assert {child.returncode for child in started} == {0} and len(keys) == 6
    assert cluster.sql(url, "SELECT count(*) FROM keys") == [["6"]]
    assert cluster.sql(url, "SELECT version FROM version") == [["3"]]
    assert cluster.sql(url, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == \
        [["0"]]


def give_back(org, sqlstate, times, when=""):
    """The next changes of certificates fail so often; a sequence is not rolled back."""
    org.sql(f"""
        CREATE SEQUENCE tries;
        CREATE FUNCTION give_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('orgtrust.tries') <= {times} THEN
                RAISE EXCEPTION 'given back' USING ERRCODE = '{sqlstate}'; END IF;
            RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER give_back AFTER INSERT OR UPDATE ON certificates {when}
            FOR EACH ROW EXECUTE FUNCTION give_back()""")


@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"],
                         ids=["statement", "commit"])
@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_a_transaction_that_is_given_back_is_done_again(organization, pem, sqlstate, when):
    api = judging(organization)
    give_back(organization, sqlstate, 3, when)
    cert_id = api.upload(pem, "once")
    assert [c["id"] for c in api.list()] == [cert_id]
    assert organization.sql(AUDIT) == [("1",)]
    assert organization.sql("SELECT last_value FROM tries") == [("4",)]
    assert api.rename(cert_id, "again")["name"] == "again"


def test_one_that_is_always_given_back_is_a_503(organization, pem):
    api = judging(organization)
    give_back(organization, "40001", 1000)
    answer = api.request("POST", CERTIFICATES, {"certificate": pem})
    assert error_of(answer)[:2] == (503, "database_busy") and answer[1]["Retry-After"] == "1"
    assert api.list() == [] and organization.sql(AUDIT) == [("0",)]


def terminate(org):
    """Ends whatever is connected, without a word to it."""
    org.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'orgtrust-server'")


def test_connections_that_were_ended_are_made_again(organization, pem):
    api = judging(organization)
    for number in range(1, 6):
        terminate(organization)
        api.upload(pem)
        terminate(organization)
        assert len(api.list()) == number


def test_a_database_that_is_away_is_a_503_until_it_is_back(own, pem):
    api = judging(own)
    cert_id = api.upload(pem)
    own.cluster.stop()
    for method, path, body in (("GET", CERTIFICATES, None),
                               ("GET", f"{CERTIFICATES}/{cert_id}", None),
                               ("POST", CERTIFICATES, {"certificate": pem})):
        answer = api.request(method, path, body)
        assert error_of(answer)[:2] == (503, "database_unavailable")
        assert answer[1]["Retry-After"] == "2"
    began = time.monotonic()
    for _ in range(50):
        assert api.request("GET", CERTIFICATES)[0] == 503
    took = time.monotonic() - began
    assert took < 5 * paths.SLOWNESS, "nobody waits for it"
    lines = own.server.output().count("cannot ")
    assert 1 <= lines <= 5 + took, "it is said once in a second"
    own.cluster.start()
    wait_until(lambda: api.request("GET", CERTIFICATES)[0] == 200, what="the database")
    api.upload(pem)
    assert len(api.list()) == 2
    assert own.server.output().count("PostgreSQL answers again") == 1


class CuttingProxy:
    """A socket before PostgreSQL's that, as often as `cutting` says, passes what ends a
    transaction on and cuts the connection instead of passing its answer back."""

    def __init__(self, directory, target):
        self.target, self.cutting, self.cut = target, 0, 0
        self.end = b"COMMIT\0"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / ".s.PGSQL.5432"))
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.target)
                for args in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._pass, args=args, daemon=True).start()

    def _pass(self, source, sink, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_answer and self.cut < self.cutting and self.end in data:
                    self.cut += 1
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()


@pytest.fixture
def cut_off(cluster, tmp_path):
    """An organization behind such a proxy."""
    proxy = CuttingProxy(tmp_path, str(cluster.dir / ".s.PGSQL.5432"))
    url = cluster.create()
    org = Organization(tmp_path / "org", db=url.replace(str(cluster.dir), str(tmp_path)))
    org.proxy, org.direct = proxy, url
    yield org
    org.stop()
    proxy.close()


def test_a_commit_whose_answer_is_lost_is_looked_up_and_not_done_twice(cut_off, pem):
    api = judging(cut_off)
    api.list()  # the key's use is noted
    cut_off.proxy.cutting = 2
    cert_id = api.upload(pem, "once")
    api.activate(cert_id)
    assert cut_off.proxy.cut == 2
    assert [(c["id"], c["active"]) for c in api.list()] == [(cert_id, True)]
    assert cut_off.cluster.sql(cut_off.direct, AUDIT) == [["1"]]


def test_a_commit_of_nothing_whose_answer_is_lost_is_done_again(cut_off, pem):
    """There is no event to look for, and nothing that could be done twice."""
    api = judging(cut_off)
    cert_id = api.upload(pem)
    api.activate(cert_id)
    cut_off.proxy.cutting = 2
    api.activate(cert_id)
    assert cut_off.proxy.cut == 2
    assert [(c["id"], c["active"]) for c in api.list()] == [(cert_id, True)]


def test_a_connection_that_breaks_behind_a_change_that_was_taken_back(cut_off, pem):
    """Its rollback is answered by nobody: the next question, which is the first to see that,
    is answered all the same."""
    api = judging(cut_off)
    cert_id = api.upload(pem)
    cut_off.proxy.end, cut_off.proxy.cutting = b"ROLLBACK\0", 5
    for cuts in range(1, 6):
        answer = api.request("POST", f"{CERTIFICATES}/activate",
                             {"certificate_ids": [cert_id, "cert_none"]})
        assert answer[0] == 404
        assert [(c["id"], c["active"]) for c in api.list()] == [(cert_id, False)]
        assert cut_off.proxy.cut == cuts


def test_where_nobody_can_say_whether_it_has_happened_the_answer_says_so(own, pem, tmp_path):
    """The database goes away while it confirms, and is silent from then on."""
    (tmp_path / "s").mkdir()
    proxy = CuttingProxy(tmp_path / "s", str(own.cluster.dir / ".s.PGSQL.5432"))
    org = Organization(tmp_path / "org", key=own.key,
                       db=own.db.replace(str(own.cluster.dir), str(tmp_path / "s")))
    try:
        api = judging(org)
        api.list()
        proxy.cutting = 1
        proxy.target = "/nonexistent"  # for connections to come
        answer = api.request("POST", CERTIFICATES, {"certificate": pem})
        assert error_of(answer)[:2] == (500, "outcome_unknown")
        assert "audit log" in org.server.output()
        assert own.sql(AUDIT) == [("1",)], "in truth it had"
    finally:
        org.stop()
        proxy.close()


def test_a_connection_that_breaks_in_a_change_has_changed_nothing_by_halves(organization, pem):
    """Ended by the database while a deferred trigger keeps the commit waiting."""
    api = judging(organization)
    organization.sql("""
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_sleep(0.5); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON certificates
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()""")
    done = []
    writer = threading.Thread(target=lambda: done.append(api.upload(pem)))
    writer.start()
    wait_until(lambda: organization.sql(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"), what="the commit")
    terminate(organization)
    writer.join()
    assert [c["id"] for c in judging(organization).list()] == done
    assert organization.sql(AUDIT) == [("1",)]


def test_connections_are_bounded(organization, pem):
    def ask():
        client = judging(organization)
        for _ in range(10):
            client.list()

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [(count,)] = organization.sql("SELECT count(*) FROM pg_stat_activity"
                                  " WHERE application_name = 'orgtrust-server'"
                                  " AND datname = current_database()")
    # One for each worker, one for what is due, and one that listens.
    assert 1 <= int(count) <= max(12, os.cpu_count()) + 2


@pytest.mark.parametrize("prepare, status, word", [
    ("CREATE SCHEMA orgtrust; CREATE TABLE orgtrust.recipes (name text)", 11,
     "belongs to another program"),
    ("CREATE SCHEMA orgtrust; CREATE TABLE orgtrust.version AS SELECT 1 AS one, 99 AS version",
     3, "version 99"),
])
def test_a_schema_that_is_not_ours_is_left_alone(cluster, prepare, status, word):
    url = cluster.create()
    cluster.sql(url, prepare)
    before = cluster.sql(url, "SELECT relname FROM pg_class WHERE relnamespace ="
                              " to_regnamespace('orgtrust') ORDER BY 1")
    done = key_create(url)
    assert done.status == status and word in done.stderr and done.stdout == ""
    assert cluster.sql(url, "SELECT relname FROM pg_class WHERE relnamespace ="
                            " to_regnamespace('orgtrust') ORDER BY 1") == before


def test_what_is_wrong_with_the_database_is_said(cluster, tmp_path):
    latin = cluster.create(ENCODING="'LATIN1'", LOCALE="'C'")
    for url, status, word in (
            (latin, 3, "--encoding UTF8"),
            (cluster.url("nowhere"), 4, '"nowhere" does not exist'),
            (f"postgresql://postgres@/x?host={tmp_path}", 4, "directory; Is the server running"),
            ("postgresql://%zz", 2, "postgresql://USER@HOST/DATABASE")):
        done = key_create(url)
        assert done.status == status and word in done.stderr, done
        assert done.stderr.count("\n") == 1


def test_a_table_that_is_gone_is_said_in_one_sentence(cluster):
    url = cluster.create()
    assert key_create(url).status == 0
    cluster.sql(url, "DROP TABLE keys CASCADE")
    done = key_create(url)
    assert done.status == 11 and done.stderr == (
        'orgtrust-server: cannot prepare its statements: PostgreSQL: relation "keys" does not '
        "exist; restore the schema orgtrust from a copy\n")


@pytest.mark.parametrize("place", [
    "mysql://u:s3cret@h/d", "POSTGRESQL://u:s3cret@h/d", "postgresql:organization",
    "host=h dbname=d password=s3cret"])
def test_what_is_meant_as_a_database_server_is_no_file(tmp_path, place):
    for argv in (["key", "create"], ["key", "list"], ["--listen", "127.0.0.1:0"]):
        done = run([paths.SERVER, *argv, "--db", place], env=clean_environment(), wrap=True,
                   cwd=tmp_path)
        assert done.status == 2 and "postgresql://USER@HOST/DATABASE" in done.stderr, done
        assert "s3cret" not in done.text and list(tmp_path.iterdir()) == []


def test_keys_are_listed_by_who_may_only_read_and_beside_a_writer(own):
    own.sql("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA orgtrust TO reader;"
            " GRANT SELECT ON keys, projects, version TO reader")
    reader = own.db.replace(f"{USER}@", "reader@")
    with own.cluster.holding(own.db, "LOCK orgtrust.writers"):
        for group in ("key", "project"):
            done = run([paths.SERVER, group, "list", "--db", reader], env=clean_environment())
            assert done.status == 0 and done.stdout.startswith("ID "), done
    own.sql("REVOKE SELECT ON keys FROM reader")
    done = run([paths.SERVER, "key", "list", "--db", reader], env=clean_environment())
    assert done.status == 3 and done.stdout == "" and "permission denied" in done.stderr


@pytest.mark.parametrize("url", ["postgresql://u:s3cret@h/d", "postgres://h/d?password=s3cret"])
def test_a_password_in_the_url_is_refused_and_not_shown(tmp_path, url):
    for argv in (["key", "create"], ["--listen", "127.0.0.1:0"]):
        done = run([paths.SERVER, *argv, "--db", url], env=clean_environment(), wrap=True)
        assert done.status == 2 and "PGPASSFILE" in done.stderr
        assert "s3cret" not in done.text


def test_a_password_comes_from_a_file_or_a_service(cluster, tmp_path):
    url = cluster.create()
    database = re.search(r"/(organization_\d+)", url)[1]
    cluster.sql(url, f"CREATE ROLE service_{database} LOGIN PASSWORD 's3cret';"
                     f"GRANT CREATE ON DATABASE {database} TO service_{database}")
    hba = cluster.dir / "data" / "pg_hba.conf"
    hba.write_text(f"local all service_{database} scram-sha-256\n{hba.read_text()}")
    cluster.sql(url, "SELECT pg_reload_conf()")
    url = url.replace(f"{USER}@", f"service_{database}@")
    wait_until(lambda: key_create(url).status == 4, what="the password is asked for")
    assert "password" in key_create(url).stderr
    passwords = tmp_path / "passwords"
    passwords.write_text("*:*:*:*:s3cret\n")
    passwords.chmod(0o600)
    assert key_create(url, PGPASSFILE=str(passwords)).status == 0
    services = tmp_path / "services"
    services.write_text(f"[trust]\nhost={cluster.dir}\ndbname={database}\n"
                        f"user=service_{database}\npassword=s3cret\n")
    assert key_create("postgresql://?service=trust", PGSERVICEFILE=str(services)).status == 0


def scans(org, table):
    """How often an index of the table was asked; what a backend has counted it tells when it
    ends."""
    terminate(org)
    [(count,)] = org.sql("SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes"
                         f" WHERE relname = '{table}'")
    return int(count)


def test_what_is_asked_again_is_one_question(organization, pem):
    """That of the beginning: pages and contents are kept, as long as their tag is of now."""
    api = judging(organization)
    cert_id = api.upload(pem, "before")
    one = f"{CERTIFICATES}/{cert_id}?include[]=content"
    first = [api.request("GET", path) for path in (CERTIFICATES, one)]
    before = scans(organization, "contents"), scans(organization, "activations")
    for _ in range(20):
        assert [api.request("GET", path)[2] for path in (CERTIFICATES, one)] == \
            [answer[2] for answer in first]
    tag = first[0][1]["ETag"]
    for _ in range(20):
        assert api.request("GET", CERTIFICATES, headers={"If-None-Match": tag})[0] == 304
    assert scans(organization, "contents") == before[0]
    # By the beginning, which looks for what is due: once for each request.
    assert scans(organization, "activations") - before[1] <= 60 + 10
    # A connection that was ended while it was made leaves the database "away" for a moment.
    wait_until(lambda: api.request("GET", CERTIFICATES)[0] == 200)
    api.rename(cert_id, "after")
    assert b"after" in api.request("GET", one)[2] and b"after" in api.request(
        "GET", CERTIFICATES)[2]


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_a_page_is_found_by_index_and_not_by_sorting(organization, order):
    sign = ">" if order == "ASC" else "<"
    plan = organization.sql(
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
        "PREPARE page (bigint, bigint, bigint) AS"
        f" SELECT c.id FROM certificates c WHERE (c.created_at, c.seq) {sign} ($1, $2)"
        f" ORDER BY c.created_at {order}, c.seq {order} LIMIT $3;"
        "EXPLAIN EXECUTE page (1, 1, 100)")
    text = "\n".join(line for (line,) in plan)
    assert "certificates_by_time" in text and "Sort" not in text, text
