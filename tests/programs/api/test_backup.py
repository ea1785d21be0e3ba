"""A backup that was made by the database's own means while four writers wrote, and restored: it
is as of one moment, and nothing in it is half."""

import collections
import threading

import pytest

from judge import judging
from support.organization import Organization
from support.process import clean_environment, run, wait_until
from test_two_servers import Writer

pytestmark = pytest.mark.both

BACKUPS = 3


class Backups:
    """As docs/server.md says, by the programs of SQLite and of PostgreSQL."""

    def __init__(self, organization, directory):
        self.org, self.dir = organization, directory
        self.cluster = organization.cluster

    def make(self, name):
        path = self.dir / name
        if self.cluster is None:
            done = run(["sqlite3", self.org.db, ".timeout 10000", f".backup '{path}'"],
                       env=clean_environment())
        else:
            done = run([self.cluster.programs / "pg_dump", "--format", "custom", "--schema",
                        "orgtrust", "--file", path, self.org.db], env=self.cluster.env)
        assert done.status == 0, done
        return path

    def restore(self, path):
        """A server on what comes of it."""
        url = None
        if self.cluster is None:
            url = self.dir / f"{path.name}-restored.db"
            url.touch(mode=0o600)
            url.write_bytes(path.read_bytes())
        else:
            url = self.cluster.create()
            done = run([self.cluster.programs / "pg_restore", "--no-owner", "--exit-on-error",
                        "--dbname", url, path], env=self.cluster.env)
            assert done.status == 0, done
        return Organization(self.dir / f"{path.name}-org", db=url, key=self.org.key,
                            max_certificates=100000)


def read(org, text):
    return [tuple(map(str, row)) for row in org.sql(text)]


def check_whole(copy, groups):
    """Each certificate with its content and its event, each activation with its own, groups
    of five active together or not at all; returns the ids."""
    certs = {row[0] for row in read(copy, "SELECT id FROM certificates")}
    contents = {row[0] for row in read(copy, "SELECT id FROM certificates JOIN contents"
                                             " ON certificate = seq WHERE length(pem) > 100")}
    active = {row[0] for row in read(copy, "SELECT id FROM activations"
                                           " JOIN certificates ON certificate = seq")}
    events = collections.defaultdict(list)
    for kind, resource in read(copy, "SELECT type, resource FROM audit"
                                     " JOIN audit_resources ON event = seq"):
        events[kind].append(resource)
    assert certs == contents == set(events["certificate.created"])
    assert len(events["certificate.created"]) == len(certs)
    assert sorted(events["certificates.activated"]) == sorted(active)
    assert read(copy, "SELECT certificates FROM meta") == [(str(len(certs)),)]
    for group in groups:
        assert len(active & set(group)) in (0, 5), "half active"
    return certs, active


def test_it_is_whole_though_four_wrote_meanwhile(organization, tmp_path, pem):
    organization.stop()
    organization.max_certificates = 100000
    organization.start()
    backups = Backups(organization, tmp_path)
    stop, made = threading.Event(), []
    writers = [Writer(number, organization.port, organization.key, pem, stop)
               for number in range(4)]
    try:
        for number in range(BACKUPS):
            wait_until(lambda: all(len(w.made) > 6 * number for w in writers), timeout=60,
                       what="all four write")
            confirmed = [set(w.made) for w in writers], [list(w.active) for w in writers]
            made.append((backups.make(f"backup-{number}"), confirmed))
    finally:
        stop.set()
        for writer in writers:
            writer.thread.join()
    assert not any(w.refused for w in writers), "nobody who writes is held up"
    for path, (ids, active_groups) in made:
        copy = backups.restore(path)
        if backups.cluster is None:
            assert read(copy, "PRAGMA integrity_check") == [("ok",)]
        certs, active = check_whole(copy, [g for w in writers for g in w.groups])
        assert certs.issuperset(set().union(*ids)), "confirmed before and missing"
        for group in (g for groups in active_groups for g in groups):
            assert active.issuperset(group)
        assert certs <= {i for w in writers for i in w.made}
        # It is a database like any other one: the keys are good, and numbers go on.
        api = judging(copy)
        assert {c["id"] for c in api.list()} == certs
        newest = api.upload(pem, "behind the backup")
        assert newest not in certs and api.list()[-1]["id"] == newest
        copy.stop()
