"""Hosts that wait: with `orgtrust watch` a change is there at once, whatever their
refresh_interval is."""

import signal
import time
from pathlib import Path

import pytest

from support import paths
from support.process import Background, children, wait_until
from support.watched import Watched
from support.world import World
from test_tls_renewal import Renewed, authority, issue  # noqa: F401

pytestmark = [pytest.mark.file, pytest.mark.concurrency]

KEYS = "/v1/organization/admin_api_keys"
SOON = 2 * paths.SLOWNESS  # seconds: how late a host may have a change


@pytest.fixture
def org(tmp_path, roots):
    made = Watched(tmp_path / "org")
    made.ids = [made.add(root) for root in roots[:2]]
    yield made
    made.stop(signal.SIGKILL)


def waiting(org) -> int:
    return int(org.metrics()["requests_waiting"])


def asked(org, status="") -> int:
    """How often lists were asked for so far."""
    return int(sum(value for name, value in org.metrics().items()
                   if name.startswith("requests_total") and '/certificates"' in name
                   and 'method="GET"' in name and f'status="{status}' in name))


class Host(World):
    """With a watch that waits."""

    def __init__(self, directory, org, key=None, text="", **values):
        super().__init__(directory, org.base_url, key or org.create_key("read"))
        self.configure(text, **{"refresh_interval": "1h"} | values)

    def begin(self, org) -> Background:
        before = waiting(org)
        self.process = self.start("watch")
        wait_until(lambda: waiting(org) > before, timeout=30, what="a host that waits")
        return self.process

    def active(self) -> set[str]:
        return {cert["id"] for cert in self.listed() if cert["active"]}


def until(what, seconds=SOON) -> float:
    began = time.monotonic()
    wait_until(what, timeout=seconds)
    return time.monotonic() - began


def test_a_change_reaches_a_host_at_once(org, tmp_path, roots):
    host = Host(tmp_path / "host", org)
    process = host.begin(org)
    one, two = org.ids
    for change, expected in ((lambda: org.api.deactivate(one), {two}),
                             (lambda: org.api.activate(one), {one, two}),
                             (lambda: org.api.deactivate(two), {one})):
        change()
        until(lambda expected=expected: host.active() == expected)
        wait_until(lambda: waiting(org) == 1, what="it to wait again")
    at = int(time.time()) + 6  # the host has it before
    org.api.call("POST", "/v1/organization/certificates/activate",
                 {"certificate_ids": [two], "orgtrust_deactivate_at": at})
    until(lambda: host.active() == {one, two})
    wait_until(lambda: time.time() >= at, timeout=8)
    until(lambda: host.active() == {one}, 2 * SOON)
    [child] = wait_until(lambda: children(process.pid), what="it to wait again")
    assert process.stop() == 0, process.output()
    wait_until(lambda: not Path(f"/proc/{child}").exists())
    assert "warning" not in process.output()


def test_each_source_waits_for_itself(org, tmp_path):
    org.create_project("proj_a")
    host = Host(tmp_path / "host", org,
                text="[source other]\nproject = proj_a\ninherit = no\nrefresh_interval = 1h\n")
    process = host.begin(org)
    wait_until(lambda: waiting(org) == 2)
    org.client(project="proj_a").activate(org.ids[0])
    until(lambda: [c for c in host.listed("--source", "other") if c["active"]])
    wait_until(lambda: waiting(org) == 2, timeout=30)
    assert len(children(process.pid)) == 2
    process.stop()


def test_a_server_that_begins_again_is_waited_at_again(org, tmp_path):
    host = Host(tmp_path / "host", org)
    host.begin(org)
    port = org.port
    org.stop()
    (org.dir / "server.log").unlink()  # by which its ports are known
    org.start(port)
    wait_until(lambda: waiting(org) == 1, timeout=30, what="it to wait again")
    org.api.deactivate(org.ids[0])
    until(lambda: host.active() == {org.ids[1]})
    host.process.stop()


def test_changes_that_are_not_its_own_are_not_followed_one_by_one(org, tmp_path):
    org.create_project("proj_b")
    host = Host(tmp_path / "host", org, project="proj_b", inherit="no")
    host.begin(org)
    before, began = asked(org), time.monotonic()
    while time.monotonic() < began + 10:
        org.api.deactivate(org.ids[0])
        org.api.activate(org.ids[0])
        time.sleep(0.1)
    assert 0 < asked(org) - before < 30
    host.process.stop()


def test_a_key_that_is_revoked_is_not_tried_all_the_time(org, tmp_path):
    host = Host(tmp_path / "host", org, key=org.create_key("read", name="host"))
    host.begin(org)
    [key] = [key["id"] for key in org.api.call("GET", KEYS)["data"] if key["name"] == "host"]
    org.api.call("DELETE", f"{KEYS}/{key}")
    org.api.deactivate(org.ids[0])
    wait_until(lambda: asked(org, 401) > 0)
    time.sleep(5)
    assert 1 <= asked(org, 401) <= 5
    host.process.stop()


def test_an_api_that_does_not_offer_it_is_polled_as_before(org, tmp_path, roots):
    """The hosted API's answers have neither the header nor the tag."""
    host = Host(tmp_path / "host", org)
    host.sync()
    state = host.state_path()
    state.write_text(state.read_text().replace("takes_waits = 1", "takes_waits = 0"))
    process = host.start("watch")
    time.sleep(1.5)
    assert waiting(org) == 0 and children(process.pid) == []
    process.stop()


def test_a_reload_ends_who_waits(org, tmp_path):
    host = Host(tmp_path / "host", org)
    process = host.begin(org)
    [first] = children(process.pid)
    process.child.send_signal(signal.SIGHUP)
    wait_until(lambda: first not in children(process.pid))
    wait_until(lambda: children(process.pid), what="the next one that waits")
    org.api.deactivate(org.ids[0])
    until(lambda: host.active() == {org.ids[1]})
    process.stop()


def test_over_tls_another_certificate_is_seen_and_waited_at(tmp_path, authority, issue, roots):
    org = Renewed(tmp_path / "org", authority, issue(90))
    try:
        ids = [org.add(root) for root in roots[:2]]
        host = World(tmp_path / "host", org.base_url, org.create_key("read"))
        host.configure(refresh_interval="1h", ca_file=str(authority.path))
        process = host.start("watch")
        wait_until(lambda: children(process.pid) and "next in" in process.output(), timeout=30)
        for days in (100, 101):  # by which it is released: once that is no reason to pause
            time.sleep(0.5)
            org.put(issue(days))
            org.hang_up("was read again")
        wait_until(lambda: children(process.pid) == [], what="its pause")
        wait_until(lambda: children(process.pid) != [], timeout=10, what="it to wait again")
        org.api.deactivate(ids[0])
        until(lambda: [c["id"] for c in host.listed() if c["active"]] == [ids[1]])
        assert process.stop() == 0
    finally:
        org.stop(signal.SIGKILL)


@pytest.mark.skipif(not paths.LONG, reason="it takes two minutes")
def test_it_goes_on_for_minutes(org, tmp_path):
    host = Host(tmp_path / "host", org)
    process = host.begin(org)
    [child], before = children(process.pid), asked(org)
    time.sleep(2 * 60 + 5)
    assert children(process.pid) == [child] and waiting(org) == 1
    assert asked(org) == before + 2
    org.api.deactivate(org.ids[0])
    until(lambda: host.active() == {org.ids[1]})
    process.stop()
