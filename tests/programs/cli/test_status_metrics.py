"""orgtrust status --prometheus and metrics_file: what node_exporter's textfile collector
reads, as promtool and a real Prometheus server's parser understand it."""

import re
import shutil
import stat
import time

import pytest
from fault_server import error
from support.process import run, wait_until
from support.world import CONFIG, DISK, USAGE
from test_status_command import age

SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})? (\S+)')


def parse(path) -> dict[tuple, float]:
    """By name and labels. Each metric has its help and type, in one place."""
    found, heads = {}, []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# HELP "):
            heads.append(line.split()[2])
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {heads[-1]} gauge"
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name == heads[-1], "the samples of a metric stand together"
            key = (name, *re.findall(r'\w+="((?:[^"\\]|\\.)*)"', labels or ""))
            assert key not in found
            found[key] = float(value)
    assert len(heads) == len(set(heads))
    return found


def lint(path, env):
    """promtool finds nothing."""
    assert shutil.which("promtool"), "conf/dependencies/test.txt has prometheus"
    done = run(["promtool", "check", "metrics"], env=env, stdin=path.read_bytes())
    assert (done.status, done.out, done.err) == (0, b"", b""), done


@pytest.fixture
def written(tmp_path):
    """What status --prometheus writes."""
    def call(machine, *args):
        path = tmp_path / "orgtrust.prom"
        done = machine.orgtrust("status", "--prometheus", path, *args)
        assert (done.stdout, done.stderr) == ("", "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        lint(path, machine.env)
        return parse(path)
    return call


def test_the_figures_are_those_of_the_report(synced, api, certs, written):
    soon = certs.ca("Soon", days=5)
    api.add(soon)
    api.add(certs.dated("Expired", "20000101000000Z", "20010101000000Z"))
    api.add(certs.ca("Broken"), content="nonsense")
    synced.configure("[source other]\nproject = proj_other\nmax_stale = never\n")
    synced.orgtrust("sync", "--source", "default")
    report, other = synced.status(), synced.status("other")
    found = written(synced)
    assert found["orgtrust_source_usable", "default"] == 1
    assert found["orgtrust_source_usable", "other"] == 0
    for state in ("active", "inactive"):
        assert found["orgtrust_certificates", "default", state] == report[state]
    assert found["orgtrust_certificates", "default", "quarantined"] == 1
    for reason in ("expired", "expiring", "withheld", "quarantined", "warned", "not_ca"):
        assert found["orgtrust_certificates_attention", "default", reason] == \
            len(report[reason])
    assert found["orgtrust_snapshot_seen_timestamp_seconds", "default"] == report["seen_at"]
    assert found["orgtrust_snapshot_end_timestamp_seconds", "default"] == \
        report["seen_at"] + 7 * 86400
    assert found["orgtrust_sync_due_timestamp_seconds", "default"] == report["next_refresh"]
    assert found["orgtrust_certificates_earliest_end_timestamp_seconds", "default"] == \
        report["expiring"][0]["expires_at"]
    assert abs(found["orgtrust_status_timestamp_seconds",] - time.time()) < 60
    # What nothing is known of is left out.
    assert other["state"] == "missing"
    assert not any(key[0].startswith("orgtrust_snapshot") and key[1] == "other"
                   for key in found)
    assert not any(key[0].startswith("orgtrust_certificate_") for key in found)


def test_what_fails_is_counted(synced, api, tmp_path, written):
    synced.configure(export_bundle=tmp_path / "bundle", export_dir=tmp_path / "dir",
                     max_stale="never")
    synced.sync()
    found = written(synced)
    assert found["orgtrust_snapshot_end_timestamp_seconds", "default"] == float("inf")
    (tmp_path / "bundle").write_text("somebody else's\n")
    api.on("list", lambda request, right: error(401, "key was revoked"))
    for _ in range(2):
        synced.sync(status=None)
    found = written(synced)
    assert found["orgtrust_sync_failures", "default"] == 2
    assert found["orgtrust_exports", "default"] == 2
    assert found["orgtrust_exports_failing", "default"] == 1
    assert found["orgtrust_source_usable", "default"] == 1


def test_certificates_are_labels_only_where_that_is_wanted(synced, api, certs, written):
    name = 'a "name" \\ of\ttwo\nlines, \u202egpj \u00e9'
    odd = api.add(certs.ca("Odd"), name=name)
    synced.sync()
    shown = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    found = written(synced, "--per-certificate")
    ends = {key[1:]: value for key, value in found.items()
            if key[0] == "orgtrust_certificate_end_timestamp_seconds"}
    assert {key[:2] for key in ends} == {("default", i) for i in [*synced.ids[:2], odd]}
    assert ends["default", odd, shown] == api.item(odd)["certificate_details"]["expires_at"]


def test_options_that_exclude_each_other_are_refused(synced, tmp_path):
    out = tmp_path / "out.prom"
    for args in (["--prometheus", out, "--json"], ["--per-certificate"]):
        assert "--p" in synced.orgtrust("status", *args, status=USAGE).stderr
    assert synced.orgtrust("status", "--prometheus", out, "--check", status=3).stdout \
        .startswith("ORGTRUST UNKNOWN: --prometheus writes metrics and nothing else")
    assert not out.exists()
    synced.orgtrust("status", "--prometheus", "/dev/full", status=DISK)


def test_each_sync_writes_the_file(synced, api, tmp_path):
    path = tmp_path / "orgtrust.prom"
    synced.configure(f"metrics_certificates = yes\n[source other]\nproject = proj_other\n"
                     f"[source quiet]\nmetrics_file = none\n", metrics_file=path)
    synced.sync("--source", "default")
    lint(path, synced.env)
    found = parse(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert {key[1] for key in found if key[0] == "orgtrust_source_usable"} == \
        {"default", "other"}, "every source that names the file, whichever was synced"
    assert sum(key[0] == "orgtrust_certificate_end_timestamp_seconds" for key in found) == 2
    before = path.stat().st_ino
    api.on("list", lambda request, right: error(401, "key was revoked"))
    synced.sync("--source", "default", status=None)
    assert parse(path)["orgtrust_sync_failures", "default"] == 1, "a failure is told, too"
    assert path.stat().st_ino != before, "put in place whole"
    assert [p.name for p in tmp_path.iterdir() if "prom" in p.name] == [path.name]


def test_watch_writes_the_file(synced, tmp_path):
    path = tmp_path / "orgtrust.prom"
    synced.configure(metrics_file=path, refresh_interval="1s")
    age(synced, 100)
    synced.start("watch")
    wait_until(path.exists)
    first = parse(path)["orgtrust_snapshot_seen_timestamp_seconds", "default"]
    wait_until(lambda: parse(path)["orgtrust_snapshot_seen_timestamp_seconds", "default"]
               > first)


def test_a_file_that_cannot_be_written_is_told_and_trust_is_not_held_up(synced, api,
                                                                       certs, tmp_path):
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    synced.configure(metrics_file=open_to_all / "orgtrust.prom")
    added = api.add(certs.ca("New"))
    done = synced.sync(status=CONFIG)
    assert f"metrics_file: {open_to_all}" in done.stderr and "chmod" in done.stderr
    assert not list(open_to_all.iterdir())
    assert added in synced.orgtrust("list", "--json").stdout


def test_only_what_node_exporter_reads_is_named(synced):
    for value in ("/etc/passwd", "/var/lib/orgtrust/metrics", "orgtrust.prom"):
        synced.configure(metrics_file=value)
        done = synced.orgtrust("status", status=CONFIG)
        assert "metrics_file must be an absolute path" in done.stderr, value
