"""orgtrust doctor on a machine of its own: what is proved where all is well, and that what
is broken, one thing at a time, is found and nothing else is claimed."""

from __future__ import annotations

import os
import signal

import pytest
from conftest import FOLLOWS, MODULE, CHECKS, details, of, on_a_machine, results
from own_root import changes
from support.process import Background, clean_environment, wait_until

pytestmark = on_a_machine

NOTHING_PROVED = {"openssl": "not-wired", "p11-kit": "not-wired", "nss": "not-wired",
                  "firefox": "not-wired", "system": "not-wired"}


def test_what_is_not_installed_is_told_and_what_is_is_proved(machine):
    """The one before, the other after; and nothing of the machine is touched by either."""
    before = machine.tree()
    report = machine.doctor()
    assert NOTHING_PROVED.items() <= results(report).items(), report
    assert [check["check"] for check in report["checks"]] == list(CHECKS)
    for stack in NOTHING_PROVED:
        assert f"orgtrust install {stack}" in details(report, stack)
    assert not changes(before, machine.tree())

    machine.install("openssl", "p11-kit", "nss", "firefox", "system")
    before = machine.tree()
    report = machine.doctor()
    assert not changes(before, machine.tree())
    expected = {"source": "proved", "openssl": "proved", "p11-kit": "proved",
                "nss": "proved", "firefox": "not-proved", "system": "proved",
                "exports": "proved", "systemd": "absent"}
    assert expected.items() <= results(report).items(), report
    assert of(report, "openssl")["findings"][0]["handshakes"] == FOLLOWS
    assert "itself was not started" in details(report, "firefox")
    assert "no handshake was tried" in details(report, "system")
    assert [found["subject"] for found in of(report, "exports")["findings"]] == [
        "/srv/ca.pem", "/srv/ca.d", "/srv/trust.p12"]
    assert "which holds the organization's anchors" in details(report, "programs")


def test_a_user_sees_what_the_user_has(installed):
    report = installed.doctor("source", "openssl", "p11-kit", "nss", user=True)
    assert report["for"] == "user"
    assert results(report) == {"source": "proved", "openssl": "proved",
                               "p11-kit": "proved", "nss": "absent"}
