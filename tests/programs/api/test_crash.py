"""fault 56: parallel writers and kill -9; the database opens clean, nothing is half done."""

import random
import signal
import threading
import time

import pytest

from judge import CERTIFICATES, judging
from support import paths
from support.organization import ApiError, Organization

ROUNDS = 12

pytestmark = pytest.mark.both


def check_integrity(org):
    if org.cluster is None:
        assert org.sql("PRAGMA integrity_check") == [("ok",)]
        assert org.sql("PRAGMA foreign_key_check") == []
    # At one moment: a killed server's last commit may still be on its way.
    (counts,) = org.sql("SELECT (SELECT certificates FROM meta),"
                        " (SELECT count(*) FROM certificates),"
                        " (SELECT count(*) FROM contents)")
    assert counts[0] == counts[1] == counts[2]


def together(*functions):
    """Runs them at once; the first failure is raised."""
    failures = []

    def guarded(function):
        try:
            function()
        except BaseException as failure:  # noqa: BLE001 - handed on below
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.concurrency
def test_fault_56_parallel_writers_never_exceed_the_limit(organization, pem):
    def upload():
        api = judging(organization)
        for _ in range(10):
            answers.append(api.request("POST", CERTIFICATES, {"certificate": pem})[0])

    answers = []
    together(*[upload] * 8)
    assert sorted(answers) == [200] * 50 + [400] * 30
    ids = [c["id"] for c in judging(organization).list()]
    assert len(set(ids)) == 50
    check_integrity(organization)


@pytest.mark.concurrency
def test_fault_56_activation_is_atomic_for_every_reader(organization, pem):
    """Ten are switched on and off together: no reader ever sees some."""
    api = judging(organization)
    ids = [api.upload(pem) for _ in range(10)]
    done = threading.Event()

    def write():
        writer = judging(organization)
        try:
            for _ in range(40):
                writer.activate(*ids)
                writer.deactivate(*ids)
        finally:
            done.set()

    def read():
        reader = judging(organization)
        while not done.is_set():
            seen = {c["active"] for c in reader.call("GET", CERTIFICATES)["data"]}
            assert len(seen) == 1

    together(write, read, read, read)


@pytest.mark.concurrency
def test_fault_56_mixed_load(tmp_path, pem):
    """Everything at once, from more threads than there are workers."""
    org = Organization(tmp_path / "org", max_certificates=10000)

    def work(number):
        api = judging(org)
        project = judging(org, project=f"proj_{number}")
        for turn in range(6):
            cert_id = api.upload(pem, f"{number}-{turn}")
            project.activate(cert_id)
            api.rename(cert_id, "renamed")
            assert api.request("DELETE", f"{CERTIFICATES}/{cert_id}")[0] == 409
            assert project.list()
            project.deactivate(cert_id)
            if turn % 2:
                api.delete(cert_id)

    together(*[lambda n=n: work(n) for n in range(20)])
    assert len(judging(org).list()) == 20 * 3
    org.stop()
    check_integrity(org)


def test_fault_56_kill_9_keeps_what_was_confirmed_and_nothing_by_halves(tmp_path, pem):
    org = Organization(tmp_path / "org", max_certificates=10000)
    confirmed, seed = {}, random.Random(56)
    for _ in range(ROUNDS):
        stop = threading.Event()

        def write():
            api = judging(org)
            mine = []
            try:
                while not stop.is_set():
                    name = f"{seed.random()}"
                    mine.append(api.upload(pem, name))
                    confirmed[mine[-1]] = name
                    if len(mine) % 5 == 0:
                        api.activate(*mine[-5:])
            except (OSError, ApiError, Exception) as gone:  # the server was killed
                if not stop.is_set():
                    raise gone

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(seed.uniform(0.05, 0.25) * paths.SLOWNESS)
        stop.set()
        org.server.child.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
        org.stop(signal.SIGKILL)
        check_integrity(org)
        org.start()
        found = {c["id"]: c for c in judging(org).list()}
        assert confirmed.items() <= {i: c["name"] for i, c in found.items()}.items()
        [(active,)] = org.sql("SELECT count(*) FROM activations")
        assert int(active) % 5 == 0, "five at once or none"
    assert len(confirmed) > ROUNDS
    org.stop()
