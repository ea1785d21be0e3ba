"""orgtrust doctor on a machine of its own: what is proved where all is well, and that what
is broken, one thing at a time, is found and nothing else is claimed."""

from __future__ import annotations

import os
import pty
import re
import signal
import ssl
import subprocess
from hashlib import sha256

import pytest
from examined import CHECKS, FOLLOWS, MODULE, details, of, on_a_machine, results
from own_root import changes
from support import paths
from support.process import Background, clean_environment, run, wait_until

pytestmark = on_a_machine

NOTHING_PROVED = {"openssl": "not-wired", "p11-kit": "not-wired", "nss": "not-wired",
                  "firefox": "not-wired", "system": "not-wired"}


def test_what_is_not_installed_is_told_and_what_is_is_proved(machine):
    """The one before, the other after; and nothing of the machine is touched by either."""
    before = machine.tree()
    report = machine.doctor(*NOTHING_PROVED)
    assert results(report) == NOTHING_PROVED, report
    for stack in NOTHING_PROVED:
        assert f"orgtrust install {stack}" in details(report, stack)
    assert not changes(before, machine.tree())

    machine.install("openssl", "p11-kit", "nss", "firefox", "system")
    configuration = machine.read("/etc/orgtrust/orgtrust.conf")
    machine.write("/etc/orgtrust/orgtrust.conf",
                  b"export_java = /srv/trust.p12\n" + configuration)
    machine.orgtrust("sync")
    before = machine.tree()
    report = machine.doctor()
    assert not changes(before, machine.tree())
    expected = {"source": "proved", "openssl": "proved", "p11-kit": "proved",
                "nss": "proved", "firefox": "not-proved", "system": "proved",
                "exports": "proved", "systemd": "absent"}
    assert expected.items() <= results(report).items(), report
    assert [check["check"] for check in report["checks"]] == list(CHECKS)
    assert of(report, "openssl")["findings"][0]["handshakes"] == FOLLOWS
    assert "itself was not started" in details(report, "firefox")
    assert "no handshake was tried" in details(report, "system")
    assert "read whole by GnuTLS and OpenSSL" in details(report, "system")
    assert "read whole by GnuTLS and OpenSSL" in details(report, "exports")
    for check, whole in (("p11-kit", "the real token of this source was read whole by GnuTLS"),
                         ("nss", "the real token of this source was read whole by NSS"),
                         ("java", "the real token of this source was read whole by Java"),
                         ("openssl", "the real store of this source was read whole by OpenSSL")):
        assert f"{whole}: 2 " in details(report, check), report
    for kind in ("/srv/ca.pem", "/srv/ca.d", "/srv/trust.p12"):
        assert any(found["subject"] == kind for found in of(report, "exports")["findings"])
    assert "which holds the organization's anchors" in details(report, "programs")
    machine.write("/etc/orgtrust/orgtrust.conf", configuration)


def test_a_user_sees_what_the_user_has(installed):
    report = installed.doctor("source", "openssl", "p11-kit", "nss", user=True)
    assert report["for"] == "user"
    assert results(report) == {"source": "proved", "openssl": "proved",
                               "p11-kit": "proved", "nss": "absent"}


# One thing is broken, and put back. The check, what it then is, and a part of its sentence.

_CNF = """\
openssl_conf = init
[init]
providers = list
[list]
default = d
orgtrust = o
[d]
activate = 1
[o]
{}
"""


def edited(path, text):
    """A file with another content."""
    return lambda machine: machine.write(path, text)


def unordered(path):
    """A module list without the order of ours, as modutil -add leaves it."""
    def change(machine):
        listed = machine.read(path)
        assert b"trustOrder=101" in listed
        machine.write(path, re.sub(rb"NSS=trustOrder=101 *\n", b"", listed))
    return change


def without(path):
    return lambda machine: machine.path(path).unlink()


def spoiled(machine) -> bytes:
    """A certificate of which GnuTLS says no, and then to the whole file: its outer signature
    algorithm is not the inner one."""
    der = ssl.PEM_cert_to_DER_cert(machine.read("/srv/ca.pem").decode().split("\n", 1)[1]
                                   .split("-----END", 1)[0] + "-----END CERTIFICATE-----")
    for inner, outer in ((b"\x86\xf7\x0d\x01\x01\x0b", b"\x86\xf7\x0d\x01\x01\x0c"),
                         (b"\xce\x3d\x04\x03\x02", b"\xce\x3d\x04\x03\x03")):
        at = der.rfind(inner)
        if at >= 0:
            der = der[:at] + outer + der[at + len(inner):]
    return ssl.DER_cert_to_PEM_cert(der).encode()


def with_an_odd_one(path):
    return lambda machine: machine.write(path, machine.read(path) + spoiled(machine))


def renamed(machine):
    """As OpenSSL does not look for it."""
    first = min(machine.path("/srv/ca.d").glob("*.0"))
    first.rename(first.with_name("00000000.0"))


def closed(machine):
    machine.path("/srv").chmod(0o700)


def readable(machine):
    machine.path("/etc/orgtrust/admin.key").chmod(0o644)


def writable(machine):
    machine.path("/var/cache/orgtrust").chmod(0o777)


def another_snapshot(machine):
    machine.write("/var/cache/orgtrust/default.snapshot", "none")


_BROKEN = {
    "openssl.cnf that does not activate it": (
        "openssl", edited("/etc/ssl/openssl.cnf", _CNF.format("x = 1")),
        "not-wired", "orgtrust install openssl"),
    "openssl.cnf that leads nowhere": (
        "openssl", edited("/etc/ssl/openssl.cnf",
                          _CNF.format("activate = 1\nmodule = /nowhere/orgtrust.so")),
        "fails", "wired, but openssl s_client"),
    "openssl.cnf that cannot be read": (
        "openssl", edited("/etc/ssl/openssl.cnf", "[unfinished\n"),
        "fails", "mended"),
    "a module file that leads nowhere": (
        "p11-kit", without(MODULE), "fails", "is not installed"),
    "a database that leads nowhere": (
        "nss", edited("/root/.pki/nssdb/pkcs11.txt", "library=\nname=none\n"),
        "not-wired", "orgtrust install nss"),
    "a database that asks it before the user": (
        "nss", unordered("/root/.pki/nssdb/pkcs11.txt"), "fails", "without its order"),
    "a store without one of the anchors": (
        "system", edited("/etc/ssl/certs/ca-certificates.crt", ""),
        "fails", "2 of 2 anchors are not in"),
    "fault_58 an odd certificate in the system's store": (
        "system", with_an_odd_one("/etc/ssl/certs/ca-certificates.crt"), "fails",
        "it stumbles over CN = Doctor's"),
    "fault_58 an odd certificate in an export": (
        "exports", with_an_odd_one("/srv/ca.pem"), "fails",
        "GnuTLS reads 0 of the 3 certificates in it: it stumbles over CN = Doctor's"),
    "an export that somebody edited": (
        "exports", edited("/srv/ca.pem", ""), "fails", "does not hold"),
    "a file of a hashed directory by another name": (
        "exports", renamed, "fails", "does not hold"),
    "an export in whose place another's file lies": (
        "exports", edited("/srv/ca.pem", "somebody's own\n"), "fails",
        "/srv/ca.pem holds something that orgtrust did not write"),
    "exports for root alone": ("exports", closed, "fails", "/srv is closed to them"),
    "a key that everybody can read": ("source", readable, "fails", "no sync can succeed"),
    "a cache that everybody can write": ("source", writable, "fails", "mode 0777"),
    "a damaged snapshot": ("source", another_snapshot, "fails", "default.snapshot"),
    "a configuration with a mistake": (
        "source", edited("/etc/orgtrust/orgtrust.conf", "x = y\n"), "fails",
        "/etc/orgtrust/orgtrust.conf:1"),
}
# What nobody can write down: whoever maintains the file has to look, or reinstall.
_WITHOUT_A_COMMAND = {
    "openssl.cnf that leads nowhere", "openssl.cnf that cannot be read",
    "a module file that leads nowhere", "a configuration with a mistake",
    "fault_58 an odd certificate in the system's store",
    "an export in whose place another's file lies",
}
_TOUCHED = ("/etc/ssl/openssl.cnf", MODULE, "/root/.pki/nssdb/pkcs11.txt", "/srv/ca.pem",
            "/etc/ssl/certs/ca-certificates.crt", "/var/cache/orgtrust/default.snapshot",
            "/etc/orgtrust/orgtrust.conf")


@pytest.fixture
def mended(installed):
    """What a test breaks is whole again after it."""
    kept = {path: (installed.read(path), installed.path(path).stat()) for path in _TOUCHED}
    yield installed
    for path, (content, what) in kept.items():
        installed.write(path, content, mode=what.st_mode & 0o7777)
        os.utime(installed.path(path), ns=(what.st_atime_ns, what.st_mtime_ns))
    installed.path("/srv").chmod(0o755)
    installed.path("/etc/orgtrust/admin.key").chmod(0o600)
    for real in installed.path("/usr/bin").glob("*.real"):
        installed.put_back(real.name.removesuffix(".real"))


@pytest.mark.parametrize("case", _BROKEN)
def test_what_is_broken_is_found(mended, case):
    check, break_it, result, says = _BROKEN[case]
    break_it(mended)
    report = mended.doctor(check, status=14 if result == "fails" else 0)
    assert results(report) == {check: result} and says in details(report, check), report
    fixes = [found["fix"] for found in of(report, check)["findings"] if found["fix"]]
    assert bool(fixes) == (case not in _WITHOUT_A_COMMAND), report
    for fix in fixes:
        typed(mended, fix, "y\n")
    after = mended.doctor(check, status=None)
    assert not fixes or results(after) == {check: "proved"}, (fixes, after)


def test_a_certificate_beside_those_of_a_hashed_directory_is_no_syncs_to_mend(mended, certs):
    mended.write("/srv/ca.d/own.pem", certs.ca("Somebody's own").pem)
    report = mended.doctor("exports", status=14)
    mended.path("/srv/ca.d/own.pem").unlink()
    assert ("the directory /srv/ca.d holds certificates that orgtrust did not write, in files "
            "of other names; remove these -> None") in details(report, "exports"), report
    assert results(mended.doctor("exports")) == {"exports": "proved"}


def test_a_pipe_in_an_exports_place_does_not_hold_doctor(mended):
    """Which nobody writes to."""
    mended.path("/srv/ca.pem").unlink()
    os.mkfifo(mended.path("/srv/ca.pem"))
    try:
        text = details(mended.doctor("exports", status=14), "exports")
    finally:
        mended.path("/srv/ca.pem").unlink()
    assert "/srv/ca.pem" in text


def test_fault_58_what_nobody_can_parse_hides_no_anchor_behind_it(mended):
    """The readers fail; that the anchors are there is true all the same."""
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    mended.write(bundle, ssl.DER_cert_to_PEM_cert(b"\x30\x00").encode() + mended.read(bundle))
    said = details(mended.doctor("system", status=14), "system")
    assert "it stumbles over SHA-256" in said and "are not in" not in said


def test_without_a_configuration_nothing_is_said_of_what_it_has(mended):
    mended.write("/etc/orgtrust/orgtrust.conf", "x = y\n")
    checks = ("system", "exports", "chromium", "programs", "confined", "limits", "distrust")
    report = mended.doctor("source", *checks, status=14)
    assert results(report) == {"source": "fails"} | dict.fromkeys(checks, "note")
    assert {details(report, check) for check in checks} == {
        "not looked at: the configuration cannot be read -> None"}


def typed(machine, command: str, answer: str):
    """The command as it stands, on a terminal where somebody answers."""
    outside, inside = pty.openpty()
    try:
        os.write(outside, answer.encode())
        machine.run("sh", "-c", command, terminal=inside)
    finally:
        os.close(outside)
        os.close(inside)


def test_a_revoked_key_fails_and_a_new_one_mends_it(mended, party):
    mended.write("/etc/orgtrust/admin.key", "sk-admin-of-yesterday\n", mode=0o600)
    mended.orgtrust("sync", status=5)
    report = mended.doctor("source", status=14)
    assert report["verdict"].startswith("1 fails: source: default: the API refuses the key")
    assert report["verdict"].endswith(" …") and len(report["verdict"]) < 160, "one line"
    fix, = (found["fix"] for found in of(report, "source")["findings"])
    typed(mended, fix, f"{party.key}\n\x04")
    assert mended.doctor("source")["verdict"] == "all proved: 1 check"
    assert mended.path("/etc/orgtrust/admin.key").stat().st_mode & 0o777 == 0o600


def test_a_missing_key_is_mended_by_a_new_one(mended, party):
    mended.path("/etc/orgtrust/admin.key").unlink()
    report = mended.doctor("source", status=14)
    assert "the key file /etc/orgtrust/admin.key does not exist" in details(report, "source")
    *_, fix = (found["fix"] for found in of(report, "source")["findings"])
    typed(mended, fix, f"{party.key}\n\x04")
    assert mended.doctor("source")["verdict"] == "all proved: 1 check"
    assert mended.path("/etc/orgtrust/admin.key").stat().st_mode & 0o777 == 0o600


def test_it_ends_with_a_verdict_and_fits_the_terminal(mended):
    said = mended.orgtrust("doctor", "source", "openssl").stdout
    assert said.splitlines()[-1] == "all proved: 2 checks"
    assert max(map(len, said.splitlines())) > 100, "where nobody looks a finding is a line"
    mended.path("/etc/orgtrust/admin.key").chmod(0o644)
    mended.write("/root/.pki/nssdb/pkcs11.txt", "library=\nname=none\n")
    for columns in (60, 100):
        command = f"cd / && stty cols {columns} && exec orgtrust doctor source openssl nss"
        lines = mended.run("script", "-qec", command, "/dev/null",
                           status=None).stdout.splitlines()
        lines = [line for line in lines if not line.startswith("sh: ")]  # of script itself
        assert max(len(line) for line in lines) <= columns, lines
        assert lines[0].startswith("source     proved      ")
        assert lines[1].startswith(" " * 23) and lines[1][23] != " "
        assert f"{'-> orgtrust install nss':>46}" in lines
        assert " ".join(lines[-3:]).count("1 fails: source: default: no sync can succeed") == 1


# Programs that are not what they seem: without, with and after trust.

_TRUSTS_ALL = "exec openssl.real s_client -connect 127.0.0.1:${3#*:} -brief </dev/null\n"
_NEVER_FORGETS = """\
if [ -e /run/believed ]; then exec gnutls-cli.real --insecure "$@"; fi
gnutls-cli.real "$@" && : >/run/believed
"""
_STAND_INS = {
    "trusts everybody": (
        "openssl", "openssl", _TRUSTS_ALL, "never activated",
        {"before": "believed", "active": None, "after": None}),
    "never forgets": (
        "p11-kit", "gnutls-cli", _NEVER_FORGETS, "deactivated",
        {"before": "refused", "active": "believed", "after": "believed"}),
    "only says so": (
        "openssl", "openssl", "echo Verification: OK\n", "did not finish the handshake",
        {"before": "unclear", "active": "unclear", "after": None}),
    "trusts nobody": (
        "nss", "tstclnt",
        "shift 3\nexec tstclnt.real -4 -d sql:/nowhere \"$@\"\n", "did not believe",
        None),
}


@pytest.mark.parametrize("case", _STAND_INS)
def test_a_program_that_does_not_follow_is_found_out(mended, case):
    check, program, script, says, tried = _STAND_INS[case]
    mended.stand_in(program, script)
    report = mended.doctor(check, status=14)
    assert results(report) == {check: "fails"} and says in details(report, check), report
    assert tried is None or of(report, check)["findings"][0]["handshakes"] == tried


def test_what_cannot_be_tried_is_not_claimed(mended):
    for program in ("openssl", "gnutls-cli", "tstclnt", "curl", "keytool"):
        mended.stand_in(program, "")
        mended.path(f"/usr/bin/{program}").unlink()
    report = mended.doctor("openssl", "p11-kit", "nss", "java", "exports")
    assert set(results(report).values()) == {"not-proved"}, report
    assert "listed, no handshake was tried" in details(report, "p11-kit")
    for package, check in (("openssl", "openssl"), ("gnutls-bin", "p11-kit"),
                           ("libnss3-tools", "nss")):
        assert f"package {package}" in details(report, check)
    mended.stand_in("trust", "")
    mended.path("/usr/bin/trust").unlink()
    assert "neither gnutls-cli nor trust" in details(mended.doctor("p11-kit"), "p11-kit")


def test_a_long_list_of_anchors_hides_none_from_doctor(mended):
    """Where trust(1) is what is left to try with: the organization's stand behind the
    machine's."""
    mended.stand_in("trust", "head -c 300000 /dev/zero | tr '\\0' x\necho\n"
                             'exec trust.real "$@"\n')
    os.rename(mended.path("/usr/bin/gnutls-cli"), mended.path("/usr/bin/gnutls-cli.real"))
    report = mended.doctor("p11-kit")
    assert "showed an authority while it was active and not after" in details(report, "p11-kit")


def test_the_store_of_the_jdks_is_compared(mended, party):
    """By what keytool says of it."""
    mended.path("/etc/ca-certificates/update.d").mkdir(parents=True, exist_ok=True)
    mended.write("/etc/ca-certificates/update.d/jks-keystore", "")
    mended.write("/etc/ssl/certs/java/cacerts", "")
    mended.stand_in("keytool", "")
    for roots, result, says in (
            (party.roots, "proved", "the organization's 2 anchors"),
            (party.roots[:1], "fails", "lacks 1 of the organization's 2")):
        mended.stand_in("keytool", 'case "$*" in *NONE*) exec keytool.real "$@";; esac\n' +
                        "".join(f"echo 'Certificate fingerprint (SHA-256): {colons(root)}'\n"
                                for root in roots))
        report = mended.doctor("java", status=14 if result == "fails" else 0)
        assert results(report) == {"java": result} and says in details(report, "java")
    mended.path("/etc/ca-certificates/update.d/jks-keystore").unlink()


def colons(root) -> str:
    digest = sha256(root.der).hexdigest().upper()
    return ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))


def test_fault_58_an_odd_certificate_in_the_real_token_is_found(mended, tmp_path):
    """Where a sync has let one through: the scratch source proves the wiring all the same."""
    (tmp_path / "odd.pem").write_bytes(spoiled(mended))
    (tmp_path / "good.pem").write_bytes(mended.read("/srv/ca.pem").split(b"\n", 1)[1].split(
        b"-----BEGIN", 2)[1].join((b"-----BEGIN", b"")))
    (tmp_path / "conf").write_bytes(mended.read("/etc/orgtrust/orgtrust.conf")
                                    + f"cache_dir = {tmp_path}\n".encode())
    subprocess.run(
        [paths.BUILD / "tests/plugins/provider/make_snapshot", "default", "0"],
        env=clean_environment(ORGTRUST_CONF=str(tmp_path / "conf")), check=True, text=True,
        input="".join(f"cert_{name}\tunjudged\t{tmp_path}/{name}.pem\t-\n"
                      for name in ("good", "odd")))
    mended.write("/var/cache/orgtrust/default.snapshot",
                 (tmp_path / "default.snapshot").read_bytes())
    report = mended.doctor("java", status=14)
    assert any(found["handshakes"] == FOLLOWS for found in of(report, "java")["findings"])
    assert ("Java reads 0 of the 2 anchors in the real token of this source: it stumbles "
            "over CN = Doctor's") in details(report, "java"), report


_TELLS = """\
env >>/run/environment
ls /proc/self/fd >/run/descriptors
exec openssl.real "$@"
"""


def test_programs_get_nothing_that_is_not_theirs(mended):
    """No key, nothing that changes what they trust, no descriptor of ours."""
    mended.stand_in("openssl", _TELLS)
    report = mended.doctor("openssl", env={
        "OPENAI_ADMIN_KEY": "sk-admin-other", "SSL_CERT_FILE": "/nowhere",
        "OPENSSL_CONF": "/nowhere", "LD_LIBRARY_PATH": "/nowhere", "https_proxy": "http://x"})
    assert results(report) == {"openssl": "proved"}
    told = mended.read("/run/environment").decode()
    mended.path("/run/environment").unlink()
    names = {line.split("=")[0] for line in told.splitlines()}
    assert names - {"_", "PWD", "SHLVL", "OLDPWD"} == {
        "HOME", "PATH", "LC_ALL", "ORGTRUST_CONF", "ORGTRUST_CACHE_DIR", "TMPDIR",
        "XDG_CACHE_HOME", "ORGTRUST_COMMAND", "OPENAI_ADMIN_KEY"}, told
    # The real source is there because a key is, whatever that is; and no sync is started.
    assert "OPENAI_ADMIN_KEY=none\n" in told and "ORGTRUST_COMMAND=/bin/true\n" in told
    assert "sk-admin" not in told
    assert set(mended.read("/run/descriptors").split()) <= {b"0", b"1", b"2", b"3"}


def test_programs_are_the_systems_whatever_path_says(mended):
    mended.write("/usr/local/fake/openssl", "#!/bin/sh\n: >/run/was-run\n", mode=0o755)
    report = mended.doctor("openssl", env={"PATH": "/usr/local/fake:/usr/bin"})
    assert results(report) == {"openssl": "proved"}
    assert not mended.path("/run/was-run").exists()


_EVIL = """\
#include <stdio.h>
__attribute__((constructor)) static void obey(void) { fclose(fopen("/run/obeyed", "w")); }
"""


@pytest.mark.parametrize("name", ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"])
def test_fault_71_root_neither_reads_nor_obeys_another_users_files(mended, name):
    """His NSS module is not loaded, his .curlrc not read: there is one sentence."""
    source = mended.holder.log.parent / "evil.c"
    source.write_text(_EVIL)
    library = source.with_suffix(".so")
    assert run(["cc", "-shared", "-fPIC", "-o", library, source],
               env=clean_environment()).status == 0
    mended.write("/home/user/evil.so", library.read_bytes(), mode=0o755)
    mended.run("mkdir", "-p", "/home/user/.pki/nssdb")
    mended.write("/home/user/.pki/nssdb/pkcs11.txt",
                 "library=/home/user/evil.so\nname=evil\n", owner=65534)
    mended.write("/home/user/.curlrc", "output = /run/obeyed\n", owner=65534)
    mended.path("/run/obeyed").unlink(missing_ok=True)
    done = mended.orgtrust("doctor", "nss", "exports", status=3, env={name: "/home/user"})
    assert f"{name} is /home/user, which belongs to another user: " in done.stderr
    assert ("sudo -H" if name == "HOME" else "unset it") in done.stderr
    assert not mended.path("/run/obeyed").exists()


def test_fault_71_a_database_of_another_users_in_roots_home_is_not_loaded(mended):
    mended.run("chown", "-R", "65534", "/root/.pki/nssdb")
    try:
        report = mended.doctor("nss")
    finally:
        mended.run("chown", "-R", "0", "/root/.pki/nssdb")
    assert results(report) == {"nss": "not-proved"}
    assert "belongs to user 65534" in details(report, "nss")


def test_fault_71_no_configuration_of_curls_decides(mended):
    """Not even root's own: what doctor says is about the file, not about that."""
    mended.write("/root/.curlrc", "insecure\n")
    try:
        report = mended.doctor("exports")
    finally:
        mended.path("/root/.curlrc").unlink()
    assert results(report) == {"exports": "proved"}, report


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_it_leaves_nothing(mended, how):
    """Neither its directory nor the program that it was waiting for."""
    mended.stand_in("openssl", "echo $$ >/run/pid.new; mv /run/pid.new /run/pid\n"
                               "exec sleep 1000\n")
    mended.path("/run/pid").unlink(missing_ok=True)
    before = mended.tree()
    doctor = Background(
        ["nsenter", f"--target={mended.holder.pid}", "--mount", "--root", "--wd=/", "--",
         "/usr/bin/orgtrust", "doctor", "openssl"],
        env=clean_environment(HOME="/root"), log=mended.holder.log.parent / "doctor.log")
    wait_until(lambda: mended.path("/run/pid").exists() or not doctor.is_running(),
               what="the stand-in")
    assert any(mended.path("/tmp").glob("orgtrust-doctor.*")), doctor.output()
    assert doctor.stop(how) == 130
    pid = int(mended.read("/run/pid"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    mended.path("/run/pid").unlink()
    assert not changes(before, mended.tree())


_SYSTEMCTL = """\
test "$1" = is-active || exit 0
test -e /run/works && echo active && exit
echo failed
exit 3
"""


def test_a_service_that_is_enabled_must_run(mended):
    mended.path("/run/systemd/system").mkdir(parents=True)
    mended.stand_in("systemctl", _SYSTEMCTL)
    assert results(mended.doctor("systemd")) == {"systemd": "not-wired"}
    mended.install("systemd")
    report = mended.doctor("systemd", status=14)
    assert "systemctl calls it failed" in details(report, "systemd")
    mended.write("/run/works", "")
    assert results(mended.doctor("systemd")) == {"systemd": "proved"}
    mended.uninstall("systemd")
    mended.path("/run/systemd/system").rmdir()


def test_a_cache_that_the_user_cannot_read_is_found(mended):
    """And what the user's programs would do with one that they can is known all the same."""
    mended.path("/var/cache/orgtrust").chmod(0o700)
    try:
        report = mended.doctor("source", "openssl", user=True, status=14)
        assert mended.doctor("source")["checks"][0]["result"] == "proved"
    finally:
        mended.path("/var/cache/orgtrust").chmod(0o755)
    assert results(report) == {"source": "fails", "openssl": "proved"}, report


def test_variables_are_looked_at(mended):
    def node(**env) -> dict:
        return next(found for found in of(mended.doctor("programs", env={
            "PATH": "/usr/local/fake:/usr/bin", **env}), "programs")["findings"]
            if found["subject"] == "/usr/local/fake/node")

    mended.write("/usr/local/fake/node", "#!/bin/sh\ntouch /run/was-run\n", mode=0o755)
    found = node()
    assert found["result"] == "not-wired", found
    assert found["fix"] == ("export NODE_EXTRA_CA_CERTS=/srv/ca.pem")
    assert "(Debian's node reads the system's store)" in found["detail"]
    found = node(NODE_EXTRA_CA_CERTS="/srv/ca.pem")
    assert found["result"] == "note" and "keeps in step" in found["detail"]
    found = node(NODE_EXTRA_CA_CERTS="/elsewhere.pem")
    assert found["result"] == "not-wired" and "does not keep" in found["detail"]
    assert found["fix"] == "export NODE_EXTRA_CA_CERTS=/srv/ca.pem"
    mended.write("/usr/local/fake/git", "#!/bin/sh\ntouch /run/was-run\n", mode=0o755)
    report = mended.doctor("programs", env={"PATH": "/usr/local/fake:/usr/bin",
                                            "GIT_SSL_CAINFO": "/elsewhere.pem"})
    assert "unset GIT_SSL_CAINFO" in [found["fix"] for found in of(report, "programs")["findings"]]
    assert not mended.path("/run/was-run").exists()
