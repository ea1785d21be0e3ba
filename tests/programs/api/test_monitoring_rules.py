"""conf/monitoring: alert rules that promtool finds right and that come when they should, and
a board whose questions Debian's Prometheus answers from a real server's figures."""

import json
import re
import urllib.parse
import urllib.request

import pytest
from support import paths
from support.process import Background, clean_environment, run, wait_until
from test_metrics import watched  # noqa: F401

MONITORING = paths.REPOSITORY / "conf" / "monitoring"
RULES = MONITORING / "orgtrust.rules.yml"
BOARD = json.loads((MONITORING / "orgtrust.grafana.json").read_text())

CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ['{rules}']
scrape_configs:
  - job_name: orgtrust-server
    static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""


def promtool(*args):
    done = run(["promtool", *args], env=clean_environment(), cwd=MONITORING)
    assert done.status == 0, done
    return done.stdout


def test_the_rules_are_right_and_each_alert_comes_when_it_should():
    assert "14 rules found" in promtool("check", "rules", RULES)
    assert "SUCCESS" in promtool("test", "rules", MONITORING / "orgtrust.rules.test.yml")
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    tried = set(re.findall(r"Orgtrust\w+", (MONITORING / "orgtrust.rules.test.yml").read_text()))
    assert alerts == tried


def test_what_is_asked_for_is_written():
    page = (paths.REPOSITORY / "docs" / "monitoring.md").read_text()
    asked = set(re.findall(r"orgtrust_[a-z_]+", RULES.read_text() + json.dumps(BOARD)))
    described = set(re.findall(r"^\| `(orgtrust_[a-z_]+)", page, re.MULTILINE))
    assert {name.removesuffix("_bucket") for name in asked} <= described


def test_the_board_shows_each_figure_that_says_more_than_that_a_server_runs():
    shown = set(re.findall(r"orgtrust_server_[a-z_]+", json.dumps(BOARD)))
    page = (paths.REPOSITORY / "docs" / "monitoring.md").read_text()
    described = set(re.findall(r"^\| `(orgtrust_server_[a-z_]+)", page, re.MULTILINE))
    left = described - {name.removesuffix("_bucket") for name in shown}
    assert left == {"orgtrust_server_build_info", "orgtrust_server_start_timestamp_seconds",
                    "orgtrust_server_requests_in_flight", "orgtrust_server_requests_waiting",
                    "orgtrust_server_certificates_expired"}


@pytest.fixture
def prometheus(watched, tmp_path):  # noqa: F811
    """Asks a real Prometheus, which scrapes a real server."""
    (tmp_path / "prometheus.yml").write_text(
        CONFIG.format(rules=RULES, port=watched.watch_port))
    promtool("check", "config", tmp_path / "prometheus.yml")
    server = Background(
        ["prometheus", f"--config.file={tmp_path / 'prometheus.yml'}",
         f"--storage.tsdb.path={tmp_path / 'data'}", "--web.listen-address=127.0.0.1:0",
         "--log.format=json"],
        env=clean_environment(), log=tmp_path / "prometheus.log")
    port = server.port()

    def ask(expression):
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}",
                                    timeout=30) as answer:
            found = json.load(answer)
        assert found["status"] == "success"
        return found["data"]["result"]

    yield ask
    server.stop()


def test_a_board_is_answered_by_a_real_prometheus(watched, roots, prometheus):  # noqa: F811
    watched.add(roots[0])
    wait_until(lambda: prometheus('orgtrust_server_certificates{state="active"} == 1'))
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            prometheus(target["expr"])
    assert prometheus("min(orgtrust_server_database_up)")[0]["value"][1] == "1"
    assert not prometheus('ALERTS{alertname=~"OrgtrustServer.*"}')
