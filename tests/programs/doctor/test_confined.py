"""orgtrust doctor confined: services that have a root of their own, of which a part of the
machine is hidden, or that a profile of AppArmor confines. What each row says they see is what
tests/programs/install/test_confined_services.py has real programs see."""

from __future__ import annotations

import pytest
from examined import of, on_a_machine

pytestmark = on_a_machine

CONTAINERS = "/var/lib/orgtrust/containers"
CONF = "/etc/orgtrust/orgtrust.conf"
UNITS = "/etc/systemd/system"


def rows(machine) -> dict[str | None, dict]:
    """The findings, by what they are about."""
    found = of(machine.doctor("confined"), "confined")["findings"]
    return {finding["subject"]: finding for finding in found}


@pytest.fixture
def held(machine):
    """Nothing of the distribution's is in the way."""
    before = machine.read(CONF)
    machine.run("rm", "-rf", "/etc/haproxy", "/etc/postfix")
    assert rows(machine)[None]["result"] == "absent"
    yield machine
    machine.write(CONF, before)
    machine.run("sh", "-c", f"rm -rf {UNITS}/held* /etc/haproxy /etc/postfix /srv/jail")


@pytest.fixture
def kept(held):
    """With the directory for containers."""
    held.write(CONF, f"export_containers = {CONTAINERS}\n".encode() + held.read(CONF))
    held.orgtrust("sync")
    return held


def unit(machine, text: str, name="held.service"):
    machine.write(f"{UNITS}/{name}", f"[Service]\nExecStart=/bin/true\n{text}")


def test_what_hides_nothing_is_no_finding(held):
    unit(held, "ProtectSystem=strict\nDynamicUser=yes\nProtectHome=yes\nPrivateTmp=yes\n"
               "InaccessiblePaths=/var/lib/secret\nRootDirectory=/srv/jail\nRootDirectory=\n")
    assert rows(held)[None]["result"] == "absent"


def test_a_service_in_a_root_of_its_own_sees_nothing_until_it_is_bound(kept):
    unit(kept, "RootDirectory=/srv/jail\n")
    found = rows(kept)["held.service"]
    assert found["result"] == "not-wired"
    assert found["detail"] == (
        "by RootDirectory=/srv/jail it sees nothing that orgtrust keeps; it follows by "
        f"BindReadOnlyPaths={CONTAINERS} and Environment=SSL_CERT_FILE={CONTAINERS}/bundle.pem "
        "(systemctl edit)")

    drop_in = f"{UNITS}/held.service.d/trust.conf"
    kept.write(drop_in, f"[Service]\nBindReadOnlyPaths=-/run/x {CONTAINERS}\n")
    found = rows(kept)["held.service"]
    assert found["result"] == "note" and f"sees {CONTAINERS}, which" in found["detail"]
    assert "follows by Environment=SSL_CERT_FILE=" in found["detail"]

    kept.write(drop_in, "[Service]\nBindReadOnlyPaths=/run/x \\\n"
                        f"  {CONTAINERS}:{CONTAINERS}:rbind\n"
                        f"Environment=SSL_CERT_FILE={CONTAINERS}/bundle.pem\n")
    assert "follows by" not in rows(kept)["held.service"]["detail"]

    kept.write(drop_in, f"[Service]\nBindReadOnlyPaths={CONTAINERS}:/elsewhere\n")
    assert rows(kept)["held.service"]["result"] == "not-wired"


def test_the_directory_has_to_be_kept_as_well(held):
    unit(held, f"RootImage=/srv/image.raw\nBindReadOnlyPaths={CONTAINERS}\n")
    found = rows(held)["held.service"]
    assert found["result"] == "not-wired" and "RootImage=/srv/image.raw" in found["detail"]
    assert f"follows by export_containers = {CONTAINERS} in orgtrust.conf, " in found["detail"]
    # What the unit has already is not asked for.
    unit(held, f"RootImage=/srv/image.raw\nBindReadOnlyPaths={CONTAINERS}\n"
               f"Environment=SSL_CERT_FILE={CONTAINERS}/bundle.pem\n")
    assert rows(held)["held.service"]["detail"].endswith(
        f"follows by export_containers = {CONTAINERS} in orgtrust.conf")


@pytest.mark.parametrize("line", ["TemporaryFileSystem=/var:ro", "InaccessiblePaths=-/var/cache "
                                  "/var/lib/orgtrust"])
def test_a_part_that_is_hidden_is_found_and_bound_again(kept, line):
    unit(kept, f"{line}\n", name="held@.service")
    found = rows(kept)["held@.service"]
    assert found["result"] == "not-wired" and "InaccessiblePaths= or" in found["detail"]
    unit(kept, f"{line}\nBindReadOnlyPaths=/var/cache/orgtrust\n", name="held@.service")
    found = rows(kept)["held@.service"]
    assert found["result"] == "note" and "the snapshots" in found["detail"]


def test_the_unit_of_the_first_directory_counts(held):
    unit(held, "")
    held.write("/usr/lib/systemd/system/held.service", "[Service]\nRootDirectory=/srv/jail\n")
    assert None in rows(held)
    held.path(f"{UNITS}/held.service").unlink()
    assert "held.service" in rows(held)
    held.path("/usr/lib/systemd/system/held.service").unlink()


MASTER = """\
# service type private unpriv chroot wakeup maxproc command
smtp inet n - {chroot} - - smtpd
smtp unix - - {chroot} - - smtp
    -o syslog_name=x
maildrop unix - n n - - pipe
"""


def test_postfix_reads_a_file_before_it_enters_its_root(held):
    held.write("/etc/postfix/master.cf", MASTER.format(chroot="n"))
    assert None in rows(held)
    held.write("/etc/postfix/master.cf", MASTER.format(chroot="-"))
    assert "postfix" in rows(held)
    main = "/etc/postfix/main.cf"
    held.write(main, "compatibility_level = 3.6\n")
    assert None in rows(held)
    held.write("/etc/postfix/master.cf", MASTER.format(chroot="y"))
    found = rows(held)["postfix"]
    assert found["result"] == "not-wired" and "/var/spool/postfix" in found["detail"]
    assert "postconf -e smtp_tls_CAfile=/srv/ca.pem, and on_change" in found["detail"]

    held.write(main, "smtp_tls_CAfile = /etc/other.pem\n")
    assert "reads /etc/other.pem before" in rows(held)["postfix"]["detail"]
    held.write(main, "smtp_tls_CAfile=/srv/ca.pem\n")
    found = rows(held)["postfix"]
    assert found["result"] == "note"
    assert found["detail"].endswith("postfix reload, which on_change in orgtrust.conf can do")
    held.write(CONF, b"on_change = /usr/sbin/postfix reload\n" + held.read(CONF))
    assert rows(held)["postfix"]["detail"].endswith("which on_change does")

    held.write(main, "queue_directory = /srv/jail\nsmtp_tls_CApath = /etc/ssl/certs\n")
    found = rows(held)["postfix"]
    assert found["result"] == "not-wired" and "/srv/jail/etc/ssl/certs" in found["detail"]


def test_haproxy_reads_files_before_it_enters_its_root(held):
    config = "/etc/haproxy/haproxy.cfg"
    held.write(config, "global\n  chroot /var/lib/haproxy # a root\n")
    assert "names no file" in rows(held)["haproxy"]["detail"]
    backend = "backend b\n  server s 127.0.0.1:1 ssl verify required ca-file {}\n"
    for name, result in (("/srv/ca.pem", "note"), ("ca.pem", "note"),
                         ("/etc/other.pem", "not-wired")):
        held.write(config, "global\n  chroot /var/lib/haproxy\n  ca-base /srv\n"
                   + backend.format(name))
        found = rows(held)["haproxy"]
        assert found["result"] == result, found
    assert "ca-file /srv/ca.pem in haproxy.cfg" in found["detail"]
    held.write(config, backend.format("/etc/other.pem"))  # in the machine's root
    assert None in rows(held)


def test_profiles_of_apparmor_say_what_they_see(held):
    """The kernel's own word is a stand-in: few that tests run on have AppArmor."""
    held.run("mount", "-t", "tmpfs", "tmpfs", "/sys")
    held.write("/sys/module/apparmor/parameters/enabled", "N\n")
    held.run("sh", "-c", "rm -f /etc/apparmor.d/* 2>/dev/null; true")
    held.write("/etc/apparmor.d/usr.bin.held",
               "profile held {\n  #include <abstractions/ssl_certs>\n"
               "  include <abstractions/p11-kit>\n  # include <abstractions/openssl>\n}\n")
    held.write("/etc/apparmor.d/usr.bin.other", "profile other {\n}\n")
    assert None in rows(held)
    held.write("/sys/module/apparmor/parameters/enabled", "Y\n")
    found = rows(held)
    assert found["/etc/apparmor.d/usr.bin.held"]["detail"].endswith(
        "see the PKCS#11 module (<abstractions/p11-kit>), "
        "the files that are kept in step (<abstractions/ssl_certs>)")
    assert found["/etc/apparmor.d"]["detail"].startswith("1 profile of AppArmor includes none")
    held.run("umount", "/sys")
