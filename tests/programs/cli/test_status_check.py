"""orgtrust status --check: one line and the exit statuses that Nagios and its kin expect."""

import re

import pytest
from fault_server import error
from support import paths
from support.process import run, wait_until
from support.receiver import Receiver
from test_key_end import give_key
from test_status_command import age

GOOD, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ["OK", "WARNING", "CRITICAL", "UNKNOWN"]
DAY = 86400


def check(machine, verdict, *args):
    """What stands behind the word, which is that of the exit status."""
    done = machine.orgtrust("status", "--check", *args, status=verdict)
    assert done.stderr == "", done
    match = re.fullmatch(r"ORGTRUST (\w+): ([^\n|]+)\n", done.stdout)
    assert match and match[1] == WORDS[verdict], done
    return match[2]


def test_a_good_machine_is_told_in_a_line(synced):
    assert re.fullmatch(r"1 source, 2 active, seen \d+ s ago", check(synced, GOOD))


def test_without_a_usable_snapshot_it_is_critical(machine, api):
    assert "orgtrust sync --source default" in check(machine, CRITICAL)
    assert not api.requests, "neither key nor network"


@pytest.mark.memory
def test_an_old_sight_warns_before_nothing_is_trusted(synced):
    age(synced, 44 * 60)
    check(synced, GOOD)
    age(synced, 46 * 60)
    assert check(synced, WARNING) == "default: last seen 46 min ago"
    age(synced, 8 * DAY)
    assert check(synced, CRITICAL).startswith("default: the snapshot is older than max_stale")


def test_the_third_failure_in_a_row_warns(synced, api):
    api.on("list", lambda request, right: error(401, "key was revoked | by \x1b[31m me"))
    for verdict in (GOOD, GOOD, WARNING):
        synced.sync(status=None)
        line = check(synced, verdict)
    assert line.startswith("default: 3 failed syncs in a row, the last: ")
    assert "key was revoked / by" in line and "\x1b" not in line


@pytest.mark.memory
def test_certificates_that_need_attention_warn(synced, api, certs):
    api.add(certs.dated("Expired", "20000101000000Z", "20010101000000Z"))
    api.add(certs.ca("Soon", days=5))
    api.add(certs.ca("Sooner", days=4))
    api.add(certs.ca("Broken"), content="nonsense")
    synced.sync()
    assert check(synced, WARNING) == (
        "default: 1 certificate is active and expired; "
        "default: 2 certificates expire within 30 days; "
        "default: 1 certificate is quarantined")


def test_how_soon_is_said_by_expiring(synced, api, certs):
    api.add(certs.ca("Soon", days=45))
    synced.sync()
    check(synced, GOOD)
    assert "1 certificate expires within 90 days" in check(synced, WARNING,
                                                           "--expiring", "90d")
    # The report for people goes by it, too, and the one for programs.
    human = synced.orgtrust("status", "--expiring", "90d").stdout
    assert "1 active, expiring within 90 days:" in human
    assert len(synced.orgtrust("status", "--json", "--expiring", "90d")
               .json()["sources"][0]["expiring"]) == 1


def test_the_end_of_the_key_is_told_in_time(organization, world, roots):
    organization.add(roots[0])
    give_key(world, organization, "20d")
    world.sync()
    assert re.fullmatch("default: the admin key ends in (19|20) days", check(world, WARNING))
    check(world, GOOD, "--expiring", "2w")
    state = world.state_path()
    ends = re.search(r"key_ends_at = (\d+)", state.read_text())[1]
    state.write_text(state.read_text().replace(ends, str(int(ends) - 23 * DAY)))
    assert re.fullmatch("default: the admin key ended (2|3) days ago", check(world, CRITICAL))


def test_the_worst_comes_first(synced):
    synced.configure("[source other]\nproject = proj_other\n")
    age(synced, 3600)
    line = check(synced, CRITICAL)
    assert line.startswith("other: ") and line.endswith("; default: last seen 60 min ago")
    assert check(synced, WARNING, "--source", "default") == "default: last seen 60 min ago"


def test_an_export_that_is_not_in_step_warns(synced, tmp_path):
    bundle = tmp_path / "bundle.pem"
    synced.configure(export_bundle=bundle, export_dir=tmp_path / "dir")
    synced.sync()
    check(synced, GOOD)
    bundle.write_text("somebody else's\n")
    synced.sync(status=None)
    assert check(synced, WARNING) == "default: 1 of 2 exports not in step"


def test_a_receiver_that_is_away_warns(synced, api, tmp_path):
    receiver, secret = Receiver("whsec-" + "7" * 40), tmp_path / "secret"
    receiver.close()
    secret.touch(mode=0o600)
    secret.write_text(receiver.secret)
    synced.configure(notify_url=f"http://127.0.0.1:{receiver.port}/",
                     notify_secret_file=secret)
    api.certs[0]["active"] = False
    synced.sync()
    wait_until(lambda: synced.orgtrust("status", "--check", status=None).status == WARNING)
    assert check(synced, WARNING).startswith("default: notify_url: ")


def test_what_cannot_be_looked_at_is_unknown(synced):
    assert "--expiring takes a time" in check(synced, UNKNOWN, "--expiring", "soon")
    assert "exclude each other" in check(synced, UNKNOWN, "--json")
    assert "no source 'none'" in check(synced, UNKNOWN, "--source", "none")
    for before in ("--frobnicate", "-x", "--json=1"):
        done = synced.orgtrust("status", before, "--check", status=UNKNOWN)
        assert done.stdout.startswith("ORGTRUST UNKNOWN: ") and before[:3] in done.stdout
    synced.conf.write_text("frobnicate = yes\n")
    assert "unknown key 'frobnicate'" in check(synced, UNKNOWN)


def test_a_line_that_nobody_gets_is_no_good_one(synced):
    done = run(["sh", "-c", f"{paths.COMMAND} status --check >/dev/full"], env=synced.env)
    assert done.status == UNKNOWN and "No space left" in done.stderr
