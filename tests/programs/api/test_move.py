"""`orgtrust-server migrate`: an organization moves from its file to PostgreSQL, whole, while
the old server answers; it may be done again, and never over anything else."""

import sqlite3
import threading
import time

import pytest

from judge import CERTIFICATES
from support import paths
from support.organization import Organization
from support.process import run

KEYS = "/v1/organization/admin_api_keys"
PROJECTS = "/v1/organization/projects"
LOG = "/v1/organization/audit_logs"
AT = "orgtrust_deactivate_at"


@pytest.fixture
def old(tmp_path, pem):
    """A file with something in every table, and numbers that are not given out again."""
    org = Organization(tmp_path / "old", max_certificates=100000)
    api = org.client()
    ids = [api.upload(pem, f"Näme {i} 'quoted'" if i else None) for i in range(12)]
    lab = org.client(project="lab")
    api.activate(*ids[:3])
    lab.activate(ids[4])
    api.request("POST", f"{CERTIFICATES}/activate",
                {"certificate_ids": [ids[5]], AT: int(time.time()) + 100000})
    org.create_key("read", "second")
    gone = api.call("POST", KEYS, {"name": "gone", "expires_in_seconds": 1000})["id"]
    api.call("DELETE", f"{KEYS}/{gone}")
    api.delete(ids[11])
    for host, tag in (("a", "0" * 32), ("b", "1" * 32)):
        api.call("POST", "/v1/orgtrust/reports", {
            "host": host, "version": "1", "scopes": [{"project": "lab", "tag": tag}]})
    yield org
    org.stop()


def migrate(org, url, status=0):
    done = run([paths.SERVER, "migrate", "--from", org.db, "--to", url], env=org.env, wrap=True)
    assert done.status == status, done
    return done


def all_of(org):
    """What the API says of it, to the last member that does not tell of this very question."""
    api = org.client()  # not judged: the published description does not have the end
    certs = api.list()
    return {
        "certificates": certs,
        "contents": [api.get(c["id"], content=True) for c in certs],
        "lab": [c["id"] for c in org.client(project="lab").list() if c["active"]],
        "keys": [k | {"last_used_at": 0} for k in api.call("GET", KEYS)["data"]],
        "projects": api.call("GET", PROJECTS)["data"],
        "log": api.call("GET", f"{LOG}?limit=100")["data"],
        "of one": api.call("GET", f"{LOG}?resource_ids[]={certs[0]['id']}")["data"],
        "tag": api.request("GET", CERTIFICATES)[1]["ETag"],
        "hosts": api.call("GET", "/v1/orgtrust/hosts")["data"],
    }


@pytest.fixture
def moved_to(cluster, monkeypatch, tmp_path, old):
    """Starts a server on what was moved to the URL."""
    started = []

    def start(url):
        monkeypatch.setattr(Organization, "cluster", cluster)
        org = Organization(tmp_path / f"new{len(started)}", db=url, key=old.key)
        monkeypatch.undo()
        org.projects = {"lab"}
        started.append(org)
        return org

    yield start
    for org in started:
        org.stop()


@pytest.mark.file
def test_everything_arrives(old, cluster, moved_to, pem):
    before = all_of(old)
    url = cluster.create()
    said = migrate(old, url).stdout
    assert said.startswith("11 certificates, 5 activations, 1 projects, 2 keys and ")
    new = moved_to(url)
    assert all_of(new) == before
    ends = "SELECT scope, certificate, ends_at, ends_by FROM activations ORDER BY 1, 2"
    assert new.sql(ends) == old.sql(ends)
    assert len(before["hosts"]) == 2
    api = new.client()
    api.call("POST", "/v1/orgtrust/reports", {
        "host": "c", "version": "1", "scopes": [{"project": "lab", "tag": "2" * 32}]})
    newest = api.upload(pem, "the next one")
    assert api.list()[-1]["id"] == newest
    assert int(new.sql("SELECT max(seq) FROM certificates")[0][0]) == 13, "12 was deleted"
    assert new.sql("SELECT certificates FROM meta") == [("12",)], "it is counted again"


@pytest.mark.file
def test_it_may_be_done_again_and_over_nothing_else(old, cluster, moved_to, pem):
    url = cluster.create()
    migrate(old, url)
    old.client().upload(pem, "meanwhile")
    migrate(old, url)
    new = moved_to(url)
    assert all_of(new) == all_of(old)
    new.client().upload(pem, "its own")
    before = all_of(new)
    refused = migrate(old, url, status=8)
    assert "has changed since" in refused.stderr and refused.stdout == ""
    assert all_of(new) == before


@pytest.mark.file
@pytest.mark.parametrize("change", ["key", "project"])
def test_also_what_has_no_certificate_is_something_else(old, cluster, moved_to, change):
    url = cluster.create()
    migrate(old, url)
    new = moved_to(url)
    if change == "key":
        new.create_key("read", "its own")
    else:
        new.create_project("own")
    migrate(old, url, status=8)


@pytest.mark.file
def test_the_old_server_answers_meanwhile(old, cluster, pem):
    with sqlite3.connect(old.db) as database:
        database.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
            " INSERT INTO certificates (id, name, created_at, valid_at, expires_at)"
            " SELECT 'cert_' || i, 'Name ' || i, 1000000 + i / 7, 0, 4000000000 FROM n")
        database.execute("INSERT INTO contents SELECT seq, ? FROM certificates"
                         " WHERE seq NOT IN (SELECT certificate FROM contents)", (pem,))
    database.close()
    old.client().list()  # the key's use is noted
    url = cluster.create()
    done = threading.Event()
    mover = threading.Thread(target=lambda: (migrate(old, url), done.set()))
    mover.start()
    answers = 0
    while not done.is_set() and mover.is_alive():
        api = old.client()
        assert api.request("GET", CERTIFICATES)[0] == 200
        answers += 1
    mover.join()
    assert done.is_set() and answers > 3
    assert cluster.sql(url, "SELECT certificates FROM meta") == [["30011"]]


@pytest.mark.file
def test_the_file_is_counted_before_anything_is_begun_where_it_goes(old, cluster):
    """That may take long, and PostgreSQL ends a transaction in which nothing is done."""
    url = cluster.create()
    migrate(old, url)
    with sqlite3.connect(old.db) as database:
        database.execute("UPDATE meta SET revision = x'00'")
    database.close()
    with cluster.holding(url, "LOCK TABLE writers"):
        refused = migrate(old, url, status=11)
    assert "revision is damaged" in refused.stderr, refused


@pytest.mark.file
def test_what_does_not_arrive_as_it_was_is_not_moved(old, cluster):
    """A trigger of somebody else's shortens a text on its way."""
    url = cluster.create()
    migrate(old, url)
    cluster.sql(url, """
        CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW.pem := left(NEW.pem, -1); RETURN NEW; END $$;
        CREATE TRIGGER spoil BEFORE INSERT ON contents
            FOR EACH ROW EXECUTE FUNCTION spoil()""")
    before = cluster.sql(url, "SELECT sum(length(pem)) FROM contents")
    assert "nothing was moved" in migrate(old, url, status=14).stderr
    assert cluster.sql(url, "SELECT sum(length(pem)) FROM contents") == before


@pytest.mark.file
@pytest.mark.parametrize("argv, status, word", [
    ([], 2, "--from FILE"), (["--from", "{db}"], 2, "--to"),
    (["--from", "{db}", "--to", "{db}"], 2, "postgresql://"),
    (["--from", "postgresql:///x", "--to", "postgresql:///y"], 2, "--from FILE"),
    (["--from", "/nonexistent/x.db", "--to", "postgresql:///y"], 10, "/nonexistent/x.db"),
    (["--from", "{db}", "--to", "postgresql://u:p@/y"], 2, "PGPASSFILE"),
    (["--from", "{db}", "--to", "postgresql:///y", "word"], 2, "--from FILE"),
])
def test_wrong_commands_say_what_is_wrong(organization, argv, status, word):
    argv = [a.format(db=organization.db) for a in argv]
    done = run([paths.SERVER, "migrate", *argv], env=organization.env, wrap=True)
    assert done.status == status and word in done.stderr and done.stdout == ""
