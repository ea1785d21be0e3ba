"""What reports cost the server: of 10,000 hosts after one change less than 10 s of one
processor. (A run that is not long has a twentieth of both.)"""

import http.client
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import paths
from test_reports import tag_of

pytestmark = [pytest.mark.both, pytest.mark.skipif(
    bool(paths.WRAP) or paths.is_sanitized("address") or paths.is_sanitized("thread"),
    reason="processor time of the plain build")]

HOSTS = 10000 if paths.LONG else 500
SECONDS = 10 * HOSTS / 10000 * paths.SLOWNESS
CONNECTIONS = 8
STACKS = [{"name": name, "state": "wired"} for name in (
    "openssl", "p11-kit", "nss", "firefox", "java", "system", "containers", "systemd")]


def processor_s(pid: int) -> float:
    """Of a process, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report_all(organization, key: str, ids: list[str], projects: dict[str, list[str]]):
    """Every host says that it has these, over a few connections, as a relay's."""
    scopes = [{"project": project, "tag": tag_of(active)}
              for project, active in {None: ids, **projects}.items()]

    def some(first: int) -> int:
        link = http.client.HTTPConnection("127.0.0.1", organization.port,
                                          timeout=60 * paths.SLOWNESS)
        for number in range(first, HOSTS, CONNECTIONS):
            link.request("POST", "/v1/orgtrust/reports", json.dumps({
                "host": f"{number:032x}", "version": "1.0", "stacks": STACKS,
                "scopes": scopes}), {"Authorization": f"Bearer {key}",
                                     "Content-Type": "application/json"})
            answer = link.getresponse()
            assert (answer.status, json.loads(answer.read())["current"]) == (200, True)
        link.close()
        return first

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        assert list(pool.map(some, range(CONNECTIONS))) == list(range(CONNECTIONS))


def test_all_hosts_after_one_change(organization, roots):
    lab = organization.client(project="lab")
    ids = [organization.add(root) for root in roots]
    lab.activate(ids[0])
    key = organization.create_key("read", "relay")
    pid = organization.server.pid
    counted = []
    for what in ("the first time", "after a change"):
        before = processor_s(pid)
        report_all(organization, key, ids, {"lab": ids[:1]})
        took = processor_s(pid) - before
        print(f"{HOSTS} hosts, {what}: {took:.2f} s of a processor")
        assert took < SECONDS
        count = organization.api.call("GET", "/v1/orgtrust/hosts/count")
        counted.append((count["current"], count["behind"]))
        organization.api.deactivate(ids.pop())
    assert counted == [(HOSTS, 0), (HOSTS, 0)]
    count = organization.api.call("GET", "/v1/orgtrust/hosts/count")
    assert (count["current"], count["behind"]) == (0, HOSTS)
