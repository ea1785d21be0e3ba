"""A machine that has doctor, and what its report must be."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
from own_root import OwnRoot, can_have_one
from support import paths

MODULE = f"/usr/lib/{os.uname().machine}-linux-gnu/pkcs11/orgtrust-pkcs11.so"

JAVA_STORE = "/etc/ssl/certs/java/cacerts"

_CACHE = paths.BUILD / "CMakeCache.txt"
# Programs of the distribution load what was built, from below /usr.
on_a_machine = pytest.mark.skipif(
    not can_have_one() or bool(paths.WRAP) or paths.is_sanitized("address")
    or paths.is_sanitized("thread")
    or not _CACHE.exists() or "CMAKE_INSTALL_PREFIX:PATH=/usr\n" not in _CACHE.read_text(),
    reason="needs root, mounts, and the plain build with -DCMAKE_INSTALL_PREFIX=/usr")


class Machine(OwnRoot):
    """One that has doctor."""

    def doctor(self, *checks, status: int | None = 0, **more) -> dict:
        done = self.orgtrust("doctor", "--json", *checks, status=status, **more)
        return checked(done.json())

    @contextmanager
    def java_trusts(self, cert):
        """By the store that Debian's JDKs share, as whoever puts it there by hand has it."""
        store = self.path(JAVA_STORE)
        before = store.read_bytes() if store.exists() else None
        store.parent.mkdir(parents=True, exist_ok=True)
        self.write("/root/by-hand.pem", cert.pem)
        self.run("keytool", "-importcert", "-noprompt", "-alias", "by-hand", "-file",
                 "/root/by-hand.pem", "-keystore", JAVA_STORE, "-storepass", "changeit")
        try:
            yield
        finally:
            if before is None:
                store.unlink()
            else:
                store.write_bytes(before)

    def stand_in(self, program: str, script: str):
        """Another program in a program's place, which stays as PROGRAM.real."""
        path = f"/usr/bin/{program}"
        if not os.path.lexists(self.path(f"{path}.real")):
            os.rename(self.path(path), self.path(f"{path}.real"))
        self.path(path).unlink(missing_ok=True)
        self.write(path, f"#!/bin/sh\n{script}", mode=0o755)

    def put_back(self, program: str):
        os.replace(self.path(f"/usr/bin/{program}.real"), self.path(f"/usr/bin/{program}"))


def prepared(directory, base_url: str, key: str, more: str = "") -> Machine:
    """Synced, with exports and root's NSS database, and not yet known to p11-kit; more: of
    the configuration."""
    made = Machine(directory, key=key)
    made.write("/etc/orgtrust/admin.key", key + "\n", mode=0o600)
    made.write("/etc/orgtrust/orgtrust.conf",
               f"base_url = {base_url}\nadmin_key_file = /etc/orgtrust/admin.key\n"
               "refresh_interval = 1d\nexport_bundle = /srv/ca.pem\n"
               f"export_dir = /srv/ca.d\n{more}")
    made.path("/usr/share/p11-kit/modules/orgtrust.module").unlink()
    made.run("mkdir", "-p", "/root/.pki/nssdb")
    made.run("certutil", "-N", "-d", "sql:/root/.pki/nssdb", "--empty-password")
    made.orgtrust("sync")
    return made


RESULTS = ("absent", "note", "proved", "not-wired", "not-proved", "fails")
CHECKS = ("source", "openssl", "p11-kit", "nss", "firefox", "java", "system", "exports",
          "chromium", "systemd", "programs", "confined", "limits", "distrust")


# Of a handshake each: whether the anchor is active; is limited to the server's names; is
# distrusted.
STEPS = (("before", "active", "after"), ("outside", "inside", "address"),
         ("distrusted", "trusted", "distrusted_again"))


def checked(report: dict) -> dict:
    """The report, once it is what orgtrust(1) says."""
    assert set(report) == {"for", "checks", "verdict"} and report["for"] in ("machine", "user")
    failing = [check["check"] for check in report["checks"] if check["result"] == "fails"]
    assert report["verdict"].startswith(
        f"1 fails: {failing[0]}: " if len(failing) == 1 else
        f"{len(failing)} fail: {', '.join(failing)}" if failing else
        ("all proved: ", "nothing fails; ")), report["verdict"]
    for check in report["checks"]:
        assert set(check) == {"check", "result", "findings"} and check["check"] in CHECKS
        assert check["findings"]
        results = [finding["result"] for finding in check["findings"]]
        assert check["result"] == max(results, key=RESULTS.index)
        for finding in check["findings"]:
            assert set(finding) == {"subject", "result", "detail", "fix", "handshakes"}
            assert isinstance(finding["detail"], str) and "\n" not in finding["detail"]
            assert isinstance(finding["subject"], str | None)
            # A command, and nothing else.
            assert finding["fix"] is None or finding["fix"].removeprefix("sudo ").split()[0] in \
                ("orgtrust", "chmod", "chown", "install", "export", "unset", "apt-get",
                 "systemctl", "update-ca-certificates"), finding
            tried = finding["handshakes"]
            if tried is not None:
                assert tuple(tried) in STEPS
                assert set(tried.values()) <= {"believed", "refused", "unclear", None}
            # Nobody claims a handshake that was not seen.
            if finding["result"] == "proved" and tried is not None:
                assert tuple(tried.values()) == ("refused", "believed", "refused")
    return report


def proof(*steps: str) -> dict[str, str]:
    """The only outcome that proves something."""
    return dict(zip(steps, ("refused", "believed", "refused"), strict=True))


FOLLOWS, HOLDS_TO_NAMES, HOLDS_TO_NO = (proof(*steps) for steps in STEPS)


def of(report: dict, check: str) -> dict:
    return next(found for found in report["checks"] if found["check"] == check)


def results(report: dict) -> dict[str, str]:
    return {check["check"]: check["result"] for check in report["checks"]}


def details(report: dict, check: str) -> str:
    return "\n".join(f"{found['detail']} -> {found['fix']}"
                     for found in of(report, check)["findings"])
