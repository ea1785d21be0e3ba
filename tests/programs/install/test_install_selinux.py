"""orgtrust install selinux: the module is compiled by the real tools. What loads it, and the
kernel's word that SELinux is on, are stand-ins: few machines that tests run on have it."""

from __future__ import annotations

import pytest
from own_root import changes

COPY = "/var/lib/orgtrust/selinux/orgtrust.fc"
LOG = "/tmp/selinux.log"
LOADED = "/tmp/selinux.loaded"
# The module must be there when it is loaded: a package of a module, by its magic number. One
# that is not loaded cannot be removed, as semodule has it.
LOADS = f"""#!/bin/sh
echo "$0 $*" >>{LOG}
case $1 in
-i) od -An -tx4 -N4 "$2" | grep -q f97cff8f && touch {LOADED} ;;
-r) rm {LOADED} ;;
-l) printf 'orgtrust-more\\n'; [ ! -e {LOADED} ] || echo orgtrust ;;
esac
"""


@pytest.fixture
def selinux(machine):
    if not machine.path("/usr/bin/checkmodule").exists():
        pytest.skip("needs checkpolicy and semodule-utils")
    machine.run("mount", "-t", "tmpfs", "tmpfs", "/sys")
    machine.write("/sys/fs/selinux/enforce", "1")
    for tool in ("semodule", "restorecon"):
        machine.write(f"/usr/sbin/{tool}", LOADS, mode=0o755)
    return machine


def said(machine) -> list[str]:
    log = machine.path(LOG)
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line.removeprefix("/usr/sbin/") for line in lines]


def rows(machine) -> dict[str | None, dict]:
    """What doctor says of confined services, by what it is about."""
    report = machine.orgtrust("doctor", "--json", "confined").json()
    return {found["subject"]: found for found in report["checks"][0]["findings"]}


def test_there_and_back(selinux):
    before = selinux.tree()
    found = rows(selinux)["SELinux"]
    assert found["result"] == "not-wired" and found["fix"] == "orgtrust install selinux"
    selinux.install("selinux")
    assert said(selinux) == ["semodule -i /var/lib/orgtrust/selinux/orgtrust.pp",
                             "restorecon -R /var/cache/orgtrust"]
    assert [path.name for path in selinux.path(COPY).parent.iterdir()] == ["orgtrust.fc"]
    assert b"cert_t" in selinux.read(COPY)
    assert "unchanged" in selinux.install("--json", "selinux").stdout
    assert rows(selinux)["SELinux"]["result"] == "note"
    selinux.path("/var/lib/orgtrust/export").mkdir()
    selinux.uninstall("selinux")
    assert said(selinux)[-3:] == ["semodule -r orgtrust", "restorecon -R /var/cache/orgtrust",
                                  "restorecon -R /var/lib/orgtrust/export"]
    selinux.path("/var/lib/orgtrust/export").rmdir()
    left = {name for name in changes(before, selinux.tree())
            if not name.startswith("var/lib/orgtrust/install")}
    assert left <= {"var/lib/orgtrust"}


def test_another_version_of_the_module_is_loaded_again(selinux):
    selinux.install("selinux")
    said(selinux)
    source = "/usr/share/orgtrust/selinux/orgtrust.fc"
    selinux.write(source, selinux.read(source)
                  + b"/srv/more(/.*)?\tsystem_u:object_r:cert_t:s0\n")
    selinux.install("selinux")
    assert said(selinux)[0].startswith("semodule -i")
    assert b"/srv/more" in selinux.read(COPY)


def test_what_was_never_loaded_is_taken_back(selinux):
    """The module could not be made, or an uninstall ended when it was unloaded."""
    before = selinux.tree()
    selinux.write("/usr/bin/checkmodule", "#!/bin/sh\nexit 1\n", mode=0o755)
    assert selinux.install("selinux", status=None).status != 0
    assert selinux.path(COPY).exists()
    selinux.uninstall("selinux")
    assert not selinux.path(COPY).exists()
    assert {name for name in changes(before, selinux.tree())
            if "selinux/" in name or "install/" in name} == set()


def test_a_module_that_stays_loaded_is_a_failure(selinux):
    selinux.install("selinux")
    selinux.write("/usr/sbin/semodule", LOADS.replace(f"rm {LOADED}", "exit 1"), mode=0o755)
    done = selinux.uninstall("selinux", status=None)
    assert done.status != 0 and "semodule ended with status 1" in done.text
    selinux.write("/usr/sbin/semodule", LOADS, mode=0o755)
    selinux.uninstall("selinux")
    assert not selinux.path(LOADED).exists()


def test_where_it_is_off_or_tools_are_missing_it_is_said(selinux):
    selinux.path("/usr/bin/checkmodule").unlink()
    done = selinux.install("selinux", status=None)
    assert done.status != 0 and "install the packages checkpolicy" in done.text
    selinux.path("/sys/fs/selinux/enforce").unlink()
    assert "SELinux is not on here" in selinux.install("selinux", status=None).text
    assert said(selinux) == []


def test_the_labels_are_those_of_certificates_and_none_is_the_key_s(machine):
    lines = machine.read("/usr/share/orgtrust/selinux/orgtrust.fc").decode().splitlines()
    assert [line.split()[1] for line in lines] == ["system_u:object_r:cert_t:s0"] * 2
    assert all(line.startswith(("/var/cache/orgtrust(", "/var/lib/orgtrust/export("))
               for line in lines)
