"""orgtrust doctor limits, and distrust: each wired stack is tried with an anchor of doctor's
own, and one that holds it to nothing is found out."""

from __future__ import annotations

import pytest
from examined import HOLDS_TO_NAMES, HOLDS_TO_NO, details, of, on_a_machine, results

pytestmark = on_a_machine

DATABASE = "sql:/root/.pki/nssdb"
STACKS = ("openssl", "p11-kit", DATABASE)


def tried(report: dict, check: str) -> dict[str, dict]:
    return {found["subject"]: found for found in of(report, check)["findings"]
            if found["handshakes"] is not None}


def test_each_stack_holds_to_names(installed):
    report = installed.doctor("limits")
    found = tried(report, "limits")
    java = found.pop("java")
    assert set(found) == {*STACKS, "/srv/ca.pem", "/srv/ca.d"}, report
    for subject, finding in found.items():
        assert finding["handshakes"] == HOLDS_TO_NAMES and finding["result"] == "proved", subject
    assert java["handshakes"] == {"outside": "refused", "inside": "refused", "address": None}
    assert java["result"] == "note" and "holds no anchor to its names" in java["detail"]


def test_each_stack_holds_to_a_no(installed):
    report = installed.doctor("distrust")
    found = tried(report, "distrust")
    assert set(found) == {*STACKS, "java"}, report
    for subject, finding in found.items():
        assert finding["handshakes"] == HOLDS_TO_NO and finding["result"] == "proved", subject


def test_a_stack_that_is_not_wired_is_not_tried(installed):
    installed.uninstall("openssl", "nss")
    try:
        assert set(tried(installed.doctor("distrust"), "distrust")) == {"p11-kit", "java"}
    finally:
        installed.install("openssl", "nss")


@pytest.fixture
def standing_in(installed):
    """Another program in a program's place, until the test ends."""
    programs = []

    def stand_in(program: str, script: str):
        programs.append(program)
        installed.stand_in(program, script)
        return installed

    yield stand_in
    for program in programs:
        installed.put_back(program)
    installed.path("/run/believed").unlink(missing_ok=True)


_TRUSTS_ALL = "exec openssl.real s_client -connect 127.0.0.1:${3#*:} -brief </dev/null\n"
# What it has believed once it believes for ever.
_NEVER_FORGETS = """\
if [ -e /run/believed ]; then exec gnutls-cli.real --insecure "$@"; fi
gnutls-cli.real "$@" && : >/run/believed
"""
_TRUSTS_NOBODY = 'shift 3\nexec tstclnt.real -4 -d sql:/nowhere "$@"\n'
_CASES = {
    "the name does not matter to it": (
        "limits", "openssl", _TRUSTS_ALL, "openssl", "whose name is not among the names",
        ("believed", None, None)),
    "the address does not matter to it": (
        "limits", "gnutls-cli", _NEVER_FORGETS, "p11-kit",
        "whose address is not among the names", ("refused", "believed", "believed")),
    "it believes nobody by a limited anchor": (
        "limits", "tstclnt", _TRUSTS_NOBODY, DATABASE,
        "did not believe a server that its authority is limited to", None),
    "it trusts what is distrusted": (
        "distrust", "openssl", _TRUSTS_ALL, "openssl", "is still trusted here",
        ("believed", None, None)),
    "it does not see that a no has come": (
        "distrust", "gnutls-cli", _NEVER_FORGETS, "p11-kit", "is still trusted here",
        ("refused", "believed", "believed")),
    "it believes nobody that nobody distrusts": (
        "distrust", "tstclnt", _TRUSTS_NOBODY, DATABASE, "distrusted by nobody", None),
}


@pytest.mark.parametrize("case", _CASES)
def test_a_program_that_does_not_hold_is_found_out(standing_in, case):
    check, program, script, subject, says, handshakes = _CASES[case]
    report = standing_in(program, script).doctor(check, status=14)
    assert results(report) == {check: "fails"}
    finding = tried(report, check)[subject]
    assert finding["result"] == "fails" and says in finding["detail"], report
    assert handshakes in (None, tuple(finding["handshakes"].values()))
    others = [found for found in of(report, check)["findings"] if found is not finding]
    assert all(found["result"] != "fails" for found in others), details(report, check)


def test_what_cannot_be_tried_is_not_claimed(standing_in):
    for program in ("openssl", "gnutls-cli", "tstclnt", "curl", "keytool"):
        machine = standing_in(program, "")
        machine.path(f"/usr/bin/{program}").unlink()
    for check in ("limits", "distrust"):
        report = machine.doctor(check)
        assert tried(report, check) == {} and results(report)[check] == "absent", report
