"""orgtrust install and uninstall on machines of their own: real programs follow, and
afterwards every file is what it was."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import random
import re
import time

import clients
import pytest
from clients import MODULE, ORDERED, make_database, order_of
from own_root import USER, changes, same
from support import paths
from support.process import wait_until

STATE = "/var/lib/orgtrust"


def outcomes(done) -> dict[str, str]:
    return {stack["stack"]: stack["outcome"] for stack in done.json()["stacks"]}


# The whole way.

STACKS = ("openssl", "p11-kit", "nss", "firefox")
# What each user's session starts.
LOGINS = "/etc/systemd/user/default.target.wants/orgtrust-firefox.service"
DATABASE = "/root/.pki/nssdb"


def test_programs_follow_and_uninstall_leaves_nothing(machine, party):
    make_database(machine, DATABASE)
    before = machine.tree()

    planned = machine.orgtrust("install", "--dry-run", *STACKS)
    assert planned.stdout.count("would ") == 4
    refused = machine.orgtrust("install", *STACKS, status=2)
    assert "--yes" in refused.stderr and "+ orgtrust = orgtrust_sect" in refused.stderr
    same(before, machine.tree())
    assert not clients.openssl(machine, party.port)

    done = machine.install("--json", *STACKS)
    assert outcomes(done) == dict.fromkeys(STACKS, "done")
    assert done.json()["for"] == "machine"
    installed = machine.tree()
    assert {name for name in changes(before, installed) if not name.startswith("var/lib")} == {
        "etc/ssl/openssl.cnf", "root/.pki/nssdb/pkcs11.txt", "etc/pkcs11",
        "etc/pkcs11/modules", "etc/pkcs11/modules/orgtrust.module",
        *(LOGINS.rsplit("/", up)[0].lstrip("/") for up in (0, 1)), }
    assert installed["usr/lib/ssl/openssl.cnf"] == before["usr/lib/ssl/openssl.cnf"]
    follows(machine, party, True)

    again = machine.install("--json", *STACKS)
    assert outcomes(again) == dict.fromkeys(STACKS, "unchanged")
    same(installed, machine.tree())

    party.organization.api.deactivate(party.id)
    machine.orgtrust("sync")
    follows(machine, party, False)
    party.organization.api.activate(party.id)
    machine.orgtrust("sync")
    follows(machine, party, True)

    done = machine.uninstall("--json")
    assert {name for name, what in outcomes(done).items() if what == "done"} == set(STACKS)
    same(before, machine.tree(), but=("var/cache/",))
    assert not clients.openssl(machine, party.port)
    assert "nothing to do" in machine.uninstall().stdout
    same(before, machine.tree(), but=("var/cache/",))


def follows(machine, party, believes: bool):
    assert clients.openssl(machine, party.port) is believes
    if machine.run("openssl", "version").stdout.startswith("OpenSSL 3.0."):
        assert clients.python(machine, party.port) is believes
    assert clients.has_token(machine)
    assert clients.gnutls(machine, party.port) is believes
    assert clients.nss(machine, DATABASE, party.root.cn) is believes
    assert machine.path(LOGINS).is_symlink()


def test_a_user_installs_for_himself(machine, party):
    """What is the machine's is told to be; then p11-kit, NSS and a profile of Firefox."""
    database, profile = "/home/user/.local/share/pki/nssdb", "/home/user/.mozilla/firefox/a.b"
    newer = "/home/user/.config/mozilla/firefox/c.d"
    for directory in (database, profile, newer):
        make_database(machine, directory, user=True)
    machine.run("chmod", "755", "/var/cache/orgtrust")
    before = machine.tree()
    done = machine.install("--json", user=True)
    assert outcomes(done) == {"openssl": "absent", "p11-kit": "done", "nss": "done",
                              "firefox": "done", "java": "unchanged", "system": "absent",
                              "containers": "absent", "chromium": "absent",
                              "selinux": "absent", "systemd": "absent"}
    openssl = done.json()["stacks"][0]
    assert "OPENSSL_CONF=" in openssl["error"] and openssl["status"] == "not-found"
    changed = changes(before, machine.tree())
    assert all(name.startswith("home/user/") for name in changed), changed
    assert all(what[1][2] == USER for what in changed.values())
    assert clients.has_token(machine, user=True)
    assert not clients.has_token(machine)
    for directory in (database, profile, newer):
        assert clients.nss(machine, directory, party.root.cn, user=True)
    assert outcomes(machine.install("--json", user=True))["nss"] == "unchanged"
    machine.uninstall(user=True)
    same(before, machine.tree())


@pytest.mark.parametrize("settings", ["", "NSS=cipherOrder=7", "NSS=trustOrder=50 cipherOrder=7",
                                      "NSS=Trustorder=100"])
def test_fault_59_a_wiring_without_the_order_is_repaired(bare_machine, settings):
    """As versions before this one, READMEs and modutil -add leave it; nothing else in the
    entry changes, and uninstall leaves what there was before."""
    make_database(bare_machine, DATABASE)
    before = bare_machine.read(f"{DATABASE}/pkcs11.txt")
    bare_machine.install("nss")
    assert order_of(bare_machine, DATABASE) == ORDERED
    listed = bare_machine.read(f"{DATABASE}/pkcs11.txt").decode()
    entry = f"library={MODULE}\nname=orgtrust\n"
    old = re.sub(re.escape(entry) + r"NSS=\S+ *\n",
                 entry + (f"{settings}\n" if settings else ""), listed)
    assert old != listed
    bare_machine.write(f"{DATABASE}/pkcs11.txt", old, mode=0o600)
    assert "trustOrder=101" in bare_machine.orgtrust("install", "--dry-run", "nss").stdout
    bare_machine.install("nss")
    [said] = set(order_of(bare_machine, DATABASE).splitlines()) - set(entry.splitlines())
    assert set(said.removeprefix("NSS=").split()) == {"trustOrder=101"} | {
        word for word in ("cipherOrder=7",) if word in settings}
    bare_machine.run("modutil", "-dbdir", f"sql:{DATABASE}", "-list", "orgtrust")
    assert "nothing to do" in bare_machine.install("nss").stdout
    bare_machine.uninstall("nss")
    assert bare_machine.read(f"{DATABASE}/pkcs11.txt") == before


def test_fault_59_what_modutil_wired_is_repaired_too(bare_machine):
    make_database(bare_machine, DATABASE)
    bare_machine.run("modutil", "-dbdir", f"sql:{DATABASE}", "-add", "orgtrust", "-libfile",
                     MODULE, "-force")
    bare_machine.install("nss")
    lines = order_of(bare_machine, DATABASE).splitlines()
    assert sorted(lines) == sorted(ORDERED.splitlines())


def test_chromium_of_a_new_user_needs_no_first_start(machine, party):
    database = "/home/user/.local/share/pki/nssdb"
    if not machine.path("/usr/bin/chromium").exists():
        machine.write("/usr/bin/chromium", "#!/bin/sh\n", mode=0o755)
    before = machine.tree()
    planned = machine.orgtrust("install", "--dry-run", "nss", user=True).stdout
    assert len(planned) < 1500 and f"configdir='sql:{database}'" in planned
    same(before, machine.tree())
    machine.install("nss", user=True)
    made = machine.tree()
    assert made[f"{database}/key4.db"[1:]][1] == 0o600
    assert clients.nss(machine, database, party.root.cn, user=True)
    assert clients.chromium(machine, party.port, user=True) in (True, None)
    assert "nothing to do" in machine.install("nss", user=True).stdout
    machine.uninstall(user=True)
    left = {name for name in changes(before, machine.tree()) if "/nssdb/" in name}
    assert not left, "a browser that has used it wrote nothing into it"
    assert clients.chromium(machine, party.port, user=True) in (False, None)


def test_a_new_database_goes_as_it_came(machine):
    if not machine.path("/usr/bin/chromium").exists():
        machine.write("/usr/bin/chromium", "#!/bin/sh\n", mode=0o755)
    before = machine.tree()
    machine.install("nss", user=True)
    machine.uninstall(user=True)
    same(before, machine.tree())


def test_the_command_for_a_database_works_as_it_is_said(machine):
    said = machine.install("nss", status=7).stderr
    command = said[said.index("mkdir"):said.index(" makes one")]
    machine.run("sh", "-c", command)
    machine.install("nss")


def test_what_is_not_there_is_said(bare_machine):
    before = bare_machine.tree()
    done = bare_machine.install("systemd", status=7)
    assert done.stdout == "systemd: absent\n"
    assert done.stderr.startswith("orgtrust: systemd: systemd does not run here")
    assert "there is no /etc/orgtrust/orgtrust.conf" in bare_machine.install(
        "system", status=7).stderr
    assert "no NSS database" in bare_machine.install("nss", status=7).stderr
    assert "OPENSSL_CONF=/usr/share/orgtrust/orgtrust.cnf" in bare_machine.install(
        "openssl", user=True, status=7).stderr
    assert "there is no stack 'opensll'" in bare_machine.install("opensll", status=2).stderr
    assert "named twice" in bare_machine.install("nss", "nss", status=2).stderr
    assert "/usr/share/p11-kit/modules/orgtrust.module" in bare_machine.install(
        "p11-kit").stdout
    java = bare_machine.install("java").stdout
    assert "nothing to do" in java and "javax.net.ssl.trustStoreType=PKCS11" in java
    assert "odd/conf/security/java.security lists 3 providers" in java
    assert "security.provider.4" in java
    bare_machine.path(MODULE).unlink()
    assert "is not installed" in bare_machine.install("firefox", status=10).stderr
    after = bare_machine.tree()
    same(before, after)


def answer(machine, word: str, *argv):
    """Runs it on a terminal and answers its question."""
    outside, inside = pty.openpty()
    try:
        os.write(outside, word.encode() + b"\n")
        return machine.orgtrust(*argv, status=None, terminal=inside)
    finally:
        os.close(outside)
        os.close(inside)


def test_on_a_terminal_it_asks(bare_machine):
    before = bare_machine.tree()
    assert answer(bare_machine, "n", "install", "openssl").status == 130
    same(before, bare_machine.tree())
    assert answer(bare_machine, "y", "install", "openssl").status == 0
    assert changes(before, bare_machine.tree())
    assert answer(bare_machine, "y", "uninstall").status == 0
    same(before, bare_machine.tree())


# openssl.cnf as it may be found. {} is what is there; then the providers that must be
# active with it, and nothing else must be lost.

_LEGACY = """\
openssl_conf = init
[init]
providers = list
alg_section = algorithms
[algorithms]
[list]
default = d
legacy = l
[d]
activate = 1
[l]
activate = 1
"""
_CASES = {
    "empty": ("", {"default"}),
    "without openssl_conf": ("[req]\ndefault_bits = 2048\n", {"default"}),
    "no end of line": ("[req]\ndefault_bits = 2048", {"default"}),
    "without providers": ("openssl_conf = i\n[i]\nalg_section = s\n[s]\n", {"default"}),
    "names a section that is not there": ("openssl_conf = i\n", {"default"}),
    "names no section": ("openssl_conf =\n", {"default"}),
    "ends in a continuation": ("[a]\nb = c \\", {"default"}),
    "ends in a continued line": ("[a]\nb = c \\\n", {"default"}),
    "default, not active": ("openssl_conf = i\n[i]\nproviders = p\n[p]\ndefault = d\n[d]\n",
                            {"default"}),
    "legacy and default": (_LEGACY, {"default", "legacy"}),
    "base alone": ("openssl_conf = i\n[i]\nproviders = p\n[p]\nbase = b\n[b]\nactivate = 1\n",
                   {"base"}),
    "orgtrust, not active": (
        "openssl_conf = i\n[i]\nproviders = p\n[p]\norgtrust = o\n[o]\nx = 1\n",
        {"default"}),
    "in an included file": (".include /etc/ssl/more.cnf\n", {"default", "legacy"}),
    "names by variables": ("l = list\n" + _LEGACY.replace("= list", "= $l"),
                           {"default", "legacy"}),
    "windows line ends": (_LEGACY.replace("\n", "\r\n"), {"default", "legacy"}),
}


def providers(machine) -> set[str]:
    lines = machine.run("openssl", "list", "-providers").stdout.splitlines()
    return {line.strip() for line in lines if line.startswith("  ") and line[2] != " "}


def test_openssl_keeps_what_the_administrator_has(bare_machine):
    tops = ("etc/ssl", "var/lib/orgtrust")
    bare_machine.write("/etc/ssl/more.cnf", _LEGACY)
    for name, (text, expected) in _CASES.items():
        bare_machine.write("/etc/ssl/openssl.cnf", text, mode=0o640, owner=0)
        os.chown(bare_machine.path("/etc/ssl/openssl.cnf"), 0, 4)
        before = bare_machine.tree(tops)
        assert providers(bare_machine) - {"orgtrust"} in (expected, set()), name
        bare_machine.install("openssl")
        assert providers(bare_machine) == expected | {"orgtrust"}, name
        written = bare_machine.read("/etc/ssl/openssl.cnf").decode()
        assert written.startswith(text), name
        assert bare_machine.tree(tops)["etc/ssl/openssl.cnf"][1:4] == (0o640, 0, 4)
        assert "nothing to do" in bare_machine.install("openssl").stdout, name
        bare_machine.uninstall("openssl")
        same(before, bare_machine.tree(tops))


def test_openssl_is_left_alone_where_it_is_done_or_cannot_be(bare_machine):
    done = ".include /usr/share/orgtrust/orgtrust.cnf\n"
    for text, status, says in (
            (done, 0, "activates the provider by itself"),
            ("[unfinished\n", 3, "cannot read /etc/ssl/openssl.cnf (line 1")):
        bare_machine.write("/etc/ssl/openssl.cnf", text)
        before = bare_machine.tree()
        assert says in bare_machine.install("openssl", status=status).text
        same(before, bare_machine.tree())
    bare_machine.path("/etc/ssl/openssl.cnf").unlink()
    before = bare_machine.tree()
    assert "points nowhere" in bare_machine.install("openssl", status=3).stderr
    same(before, bare_machine.tree())


def test_an_edited_file_keeps_the_edits(bare_machine):
    original = bare_machine.read("/etc/ssl/openssl.cnf")
    bare_machine.install("openssl", "firefox-policy")
    installed = bare_machine.read("/etc/ssl/openssl.cnf")
    bare_machine.write("/etc/ssl/openssl.cnf", b"# mine\n" + installed + b"[mine]\na = b\n")
    assert "nothing to do" in bare_machine.install("openssl").stdout
    policies = json.loads(bare_machine.read("/etc/firefox/policies/policies.json"))
    policies["policies"]["DisableTelemetry"] = True
    bare_machine.write("/etc/firefox/policies/policies.json", json.dumps(policies))
    done = bare_machine.uninstall()
    assert done.stdout.count("has changed since: only what orgtrust put there") == 2
    assert bare_machine.read("/etc/ssl/openssl.cnf") == b"# mine\n" + original + b"[mine]\na = b\n"
    assert json.loads(bare_machine.read("/etc/firefox/policies/policies.json")) == {
        "policies": {"SecurityDevices": {"Add": {}}, "DisableTelemetry": True}}
    assert not bare_machine.path(STATE).exists()


# The rest.

# Root without what root may do, as orgtrust.service has it.
_AS_THE_SERVICE = ("env", "-u", "HOME", "setpriv", "--bounding-set=-all", "--inh-caps=-all",
                   "--no-new-privs", "--")


def test_system_puts_the_anchors_where_all_look(machine, party):
    """By a line of the configuration, upon which a sync keeps them in step."""
    conf = "/etc/orgtrust/orgtrust.conf"
    machine.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    machine.run("update-ca-certificates")  # whatever this system has left to be done
    before = machine.tree()
    assert not clients.plain_openssl(machine, party.port)
    assert "1 anchor of orgtrust in the system's store" in machine.install("system").stdout
    assert b"\nexport_system = yes\n" in machine.read(conf)
    assert clients.plain_openssl(machine, party.port)
    installed = machine.tree()
    assert "nothing to do" in machine.install("system").stdout
    same(installed, machine.tree())
    for change, believes in ((party.organization.api.deactivate, False),
                             (party.organization.api.activate, True)):
        change(party.id)
        machine.run(*_AS_THE_SERVICE, "/usr/bin/orgtrust", "sync")
        assert clients.plain_openssl(machine, party.port) is believes
    machine.uninstall("system")
    assert not clients.plain_openssl(machine, party.port)
    # The bundle is made anew by update-ca-certificates, with another time.
    bundle = "etc/ssl/certs/ca-certificates.crt"
    after = machine.tree()
    assert after[bundle][:-1] == before[bundle][:-1]
    same(before, after, but=("var/cache/", bundle))


def test_system_is_left_alone_where_the_configuration_says_so(machine):
    conf = "/etc/orgtrust/orgtrust.conf"
    rest = machine.read(conf).decode()
    machine.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    for text, status, says in (("export_system = no\n", 3, "says export_system = no"),
                               ("#x\nexport_system=yes ; so\n", 0, "says so by itself"),
                               ("#export_system = no\n", 0, "changed")):
        machine.write(conf, text + rest)
        assert says in machine.install("system", status=status).text
        machine.uninstall()
        assert machine.read(conf).decode() == text + rest


@pytest.fixture
def watching(machine, tmp_path):
    """The machine, kept in step by a service that has nothing else to do."""
    rest = machine.read("/etc/orgtrust/orgtrust.conf").decode()
    machine.write("/etc/orgtrust/orgtrust.conf",
                  rest.replace("refresh_interval = 1h", "refresh_interval = 1s"))
    machine.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    machine.run("update-ca-certificates")
    process = machine.start("/usr/bin/orgtrust", "watch", log=tmp_path / "watch.log")
    machine.watch = process
    yield machine
    assert process.stop() == 0, process.output()


def anchors(machine) -> bool:
    """Whether ours are where the system looks for an administrator's; and in the bundle."""
    found = machine.path("/usr/local/share/ca-certificates/orgtrust").exists()
    links = any(machine.path("/etc/ssl/certs").glob("orgtrust-*.pem"))
    assert found == links
    return found


def rounds(machine, count: int):
    """Waits until the service has looked that often."""
    def seen():
        return machine.path("/var/cache/orgtrust/default.snapshot").stat().st_mtime_ns

    for _ in range(count):
        before = seen()
        wait_until(lambda: seen() != before, timeout=120, what="a round")


def test_fault_83_system_is_not_taken_back_by_the_service(watching):
    """Many times, at any moment of its round, from several hands."""
    for turn in range(5):
        time.sleep(random.Random(turn).random())
        watching.install("system", timeout=200)
        assert anchors(watching)
        rounds(watching, turn % 3)
        assert anchors(watching), watching.watch.output()
        time.sleep(random.Random(turn + 100).random())
        other = watching.start("/usr/bin/orgtrust", "sync", log=watching.watch.log)
        watching.uninstall("system", timeout=200)
        assert not anchors(watching), watching.watch.output()
        assert other.child.wait(200) in (0, 13)
        assert not anchors(watching), watching.watch.output()
        rounds(watching, turn % 3)
        assert not anchors(watching), watching.watch.output()
    assert watching.watch.is_running()
    rounds(watching, 2)
    assert not anchors(watching), watching.watch.output()


def test_fault_83_a_round_that_waits_puts_nothing_back(watching):
    """It has read the configuration, and waits for the lock of the exports while system is
    uninstalled, which waits, too: whoever comes second, they stay away."""
    log = watching.watch.log
    for turn in range(6):
        watching.install("system", timeout=200)
        with open(watching.path("/var/cache/orgtrust/.exports/lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            time.sleep(1.6 * paths.SLOWNESS)
            uninstall = watching.start("/usr/bin/orgtrust", "uninstall", "--yes", "system",
                                       log=log)
            wait_until(lambda: b"export_system" not in
                       watching.read("/etc/orgtrust/orgtrust.conf"), timeout=120)
            time.sleep(random.Random(turn).random() * 0.3)
        assert uninstall.child.wait(200) == 0, watching.watch.output()
        for _ in range(80):
            assert not anchors(watching), watching.watch.output()
            time.sleep(0.02)


_LISTENER = """#!/bin/sh
echo "$*" >>/tmp/said
ls -d /usr/local/share/ca-certificates/orgtrust >>/tmp/said
"""


def listen(machine, *names):
    """Programs that write down what they are told, and whether our anchors are there."""
    for name in names:
        machine.write("/usr/local/listener", _LISTENER, mode=0o755)
        os.replace(machine.path("/usr/local/listener"), machine.path(f"/usr/bin/{name}"))


def test_the_package_stops_the_service_before_it_takes_anything_back(machine, tmp_path):
    machine.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    machine.path("/run/systemd/system").mkdir(parents=True)
    listen(machine, "deb-systemd-invoke", "systemctl")
    machine.install("system")
    scripts = paths.REPOSITORY / "conf" / "packages" / "orgtrust"
    machine.write("/tmp/prerm", (scripts / "prerm").read_bytes(), mode=0o755)
    machine.write("/usr/lib/orgtrust/package-wiring",
                  (scripts / "package-wiring").read_bytes(), mode=0o755)
    machine.run("/tmp/prerm", "upgrade")
    assert not machine.path("/tmp/said").exists() and anchors(machine)
    machine.run("/tmp/prerm", "remove")
    first, second, *_ = machine.read("/tmp/said").decode().splitlines()
    assert first == "stop orgtrust-sync.timer orgtrust-sync.service orgtrust.service"
    assert second == "/usr/local/share/ca-certificates/orgtrust", "there when it was stopped"
    assert not anchors(machine)


def test_the_service_is_stopped_before_the_system_is_taken_back(machine):
    machine.path("/etc/ca-certificates/update.d/jks-keystore").unlink(missing_ok=True)
    machine.path("/run/systemd/system").mkdir(parents=True)
    listen(machine, "systemctl")
    machine.install("system", "systemd")
    machine.path("/tmp/said").unlink()
    machine.uninstall("system", "systemd")
    said = machine.read("/tmp/said").decode().splitlines()
    assert said == ["daemon-reload", "/usr/local/share/ca-certificates/orgtrust",
                    "stop orgtrust.service", "/usr/local/share/ca-certificates/orgtrust"]
    assert not anchors(machine)


_SYSTEMCTL = '#!/bin/sh\necho "$*" >>/tmp/systemctl.log\n'


def test_systemd_enables_starts_and_takes_back(machine):
    """The link is the one that systemctl makes; it is there to be asked, and systemd is not,
    so what starts and stops is written down only."""
    real, unit = "/usr/bin/systemctl", "orgtrust.service"
    machine.path("/run/systemd/system").mkdir(parents=True)
    machine.write("/usr/bin/systemctl.real", machine.read(real), mode=0o755)
    machine.write("/usr/local/systemctl", _SYSTEMCTL, mode=0o755)
    os.replace(machine.path("/usr/local/systemctl"), machine.path(real))

    def is_enabled() -> str:
        return machine.run("/usr/bin/systemctl.real", "--root=/", "is-enabled", unit,
                           status=None).stdout.strip()

    before = machine.tree()
    assert is_enabled() == "disabled"
    machine.install("systemd")
    assert is_enabled() == "enabled"
    reload = f"try-reload-or-restart --no-block {unit}"
    wanted = ["daemon-reload", f"start --no-block {unit}", reload]
    assert machine.read("/tmp/systemctl.log").decode().splitlines() == wanted
    assert "nothing to do" in machine.install("systemd").stdout
    # A running service takes up at once what another stack has changed.
    machine.install("openssl")
    machine.uninstall("openssl")
    wanted += [reload, reload]
    assert machine.read("/tmp/systemctl.log").decode().splitlines() == wanted
    machine.uninstall("systemd")
    assert machine.read("/tmp/systemctl.log").decode().splitlines()[len(wanted):] == [
        "daemon-reload", f"stop {unit}"]
    assert is_enabled() == "disabled"
    same(before, machine.tree(), but=("tmp/systemctl.log",))

    machine.run("/usr/bin/systemctl.real", "--root=/", "enable", "orgtrust-sync.timer")
    assert "does the same" in machine.install("systemd").stdout
    machine.run("/usr/bin/systemctl.real", "--root=/", "disable", "orgtrust-sync.timer")
    machine.run("/usr/bin/systemctl.real", "--root=/", "enable", unit)
    before = machine.tree()
    machine.install("systemd")
    machine.uninstall("systemd")
    same(before, machine.tree())  # who enabled it keeps it


def test_the_units_are_well_formed_and_held_in(bare_machine):
    units = [f"/usr/lib/systemd/system/{name}" for name in (
        "orgtrust.service", "orgtrust-sync.service", "orgtrust-sync.timer",
        "orgtrust-p11-kit.service",
        "orgtrust-server.service", "orgtrust-server.socket")]
    done = bare_machine.run("systemd-analyze", "verify", "--man=no", *units)
    assert "orgtrust" not in done.text
    for unit in units[:2]:
        text = bare_machine.read(unit).decode()
        assert "\nMemoryMax=2G\n" in text and "\nLimitCORE=0\n" in text
        bare_machine.run("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)


def test_another_users_files_are_not_roots_to_change(bare_machine):
    """As with a HOME that sudo kept: its owner could put links there meanwhile."""
    make_database(bare_machine, "/home/user/.pki/nssdb", user=True)
    before = bare_machine.tree()
    done = bare_machine.install("nss", status=3, env={"HOME": "/home/user"})
    assert ("HOME is /home/user, which belongs to another user: run it with 'sudo -H'"
            in done.stderr)
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
                 "TMPDIR"):
        done = bare_machine.install("nss", status=3, env={name: "/home/user/.x"})
        assert f"{name} is /home/user/.x" in done.stderr and "unset it" in done.stderr
    same(before, bare_machine.tree())


def test_modutil_is_asked_for_by_its_package(bare_machine):
    make_database(bare_machine, DATABASE)
    bare_machine.path("/usr/bin/modutil").unlink()
    before = bare_machine.tree()
    assert "package libnss3-tools" in bare_machine.install("nss", status=3).stderr
    same(before, bare_machine.tree())
