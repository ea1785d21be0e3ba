"""export_system and a source that distrusts: Debian's list of authorities gets its "!", in a
system that only the test sees, and is to the byte what it was afterwards."""

import os
import shutil

import pytest
from export_world import fingerprints
from support import paths
from support.p11_system import can_mount, need
from support.process import clean_environment, run
from support.world import CONFIG, DISK, NETWORK
from test_system import ANCHORS, CERTS, PRIVATE, STATE

pytestmark = pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")

CONF, AUTHORITIES = "/etc/ca-certificates.conf", "/usr/share/ca-certificates"
TEXT = "# a comment, as debconf writes it\n\ntheirs/good.crt\n{}theirs/off.crt\ntheirs/bad.crt\n"


class Debian:
    """Its store, of three authorities, one of which its administrator has switched off."""

    def __init__(self, directory, world, certs):
        self.world, self.dir, self.more = world, directory, {}
        self.etc, self.share = directory / "etc", directory / "share"
        shutil.copytree("/etc", self.etc, symlinks=True, ignore_dangling_symlinks=True)
        shutil.rmtree(self.etc / "ssl" / "certs")
        (self.etc / "ssl" / "certs").mkdir()
        shutil.rmtree(self.etc / "ca-certificates" / "update.d", ignore_errors=True)
        (self.etc / "ca-certificates" / "update.d").mkdir(parents=True)
        self.list = self.etc / "ca-certificates.conf"
        self.list.write_text(TEXT.format("!"))
        self.list.chmod(0o640)
        (self.share / "theirs").mkdir(parents=True)
        self.key = certs.new_key()
        self.certs = {name: certs.ca(name.title(), key=self.key if name == "bad" else
                                     certs.new_key()) for name in ("good", "off", "bad")}
        for name, cert in self.certs.items():
            (self.share / "theirs" / f"{name}.crt").write_text(cert.pem)
        self.anchors, self.state = directory / "anchors", directory / "state"
        self.anchors.mkdir()
        self.state.mkdir()
        self.run(["/usr/sbin/update-ca-certificates"])

    def run(self, argv, status=0):
        mounts = {"/etc": self.etc, AUTHORITIES: self.share, ANCHORS: self.anchors,
                  STATE: self.state, **self.more}
        puts = [word for target, source in mounts.items()
                for word in ("--put", source, target)]
        done = self.world.check(run([PRIVATE, *puts, *argv], timeout=120,
                                    env=self.world.env))
        assert done.status == status, done
        return done

    def sync(self, *args, status=0):
        return self.run([*paths.WRAP, paths.COMMAND, "sync", *args], status)

    def break_tool(self):
        tool = self.dir / "tool"
        tool.write_text("#!/bin/sh\nexit 7\n")
        tool.chmod(0o755)
        self.more["/usr/sbin/update-ca-certificates"] = tool

    def trusted(self) -> set[str]:
        bundle = self.etc / "ssl" / "certs" / "ca-certificates.crt"
        found = set(fingerprints(bundle.read_text()))
        return {name for name, cert in self.certs.items() if cert.sha256 in found}


@pytest.fixture
def no(organization):
    client = organization.client(project="proj_no")
    yield client
    client.close()


def configure(world, key="export_system = yes\n"):
    world.configure("[source default]\n[source no]\nproject = proj_no\n"
                    f"meaning = distrust\n{key}", auto_refresh="no", refresh_interval="1h")


@pytest.fixture
def debian(tmp_path, world, organization, no, certs):
    need("update-ca-certificates", "ca-certificates")
    made = Debian(tmp_path / "debian", world, certs)
    # Not the distribution's certificate: another of its name and key.
    twin = certs.ca("BAD", key=made.key)
    made.id = organization.add(twin, "twin", active=False)
    configure(world)
    made.sync()
    assert made.trusted() == {"good", "bad"} and made.list.read_text() == TEXT.format("!")
    return made


def says_no(debian) -> bool:
    text = debian.list.read_text()
    assert debian.list.stat().st_mode & 0o7777 == 0o640
    if text == TEXT.format("!"):
        return False
    assert text == TEXT.format("!").replace("theirs/bad", "!theirs/bad"), text
    return True


def exports_of_no(debian) -> list[tuple]:
    return [(one["kind"], one["status"]) for one in debian.world.status("no")["exports"]]


def test_people_see_that_a_no_goes_to_the_system_and_when_it_cannot(debian, no):
    assert exports_of_no(debian) == [("system", None)]
    no.activate(debian.id)
    debian.break_tool()
    debian.sync(status=DISK)
    [(kind, status)] = exports_of_no(debian)
    assert kind == "system" and status is not None
    assert "  export        the system's anchors, " in debian.world.orgtrust("status").text
    debian.more.clear()
    debian.sync()
    assert exports_of_no(debian) == [("system", None)]


def test_the_distributions_authority_is_distrusted_and_trusted_again(debian, no):
    no.activate(debian.id)
    assert "the system's anchors: 0 anchors, and told what is distrusted\n" in debian.sync(
        "--source", "no").stdout
    assert says_no(debian) and debian.trusted() == {"good"}
    before = debian.list.stat().st_ino
    debian.sync()
    assert debian.list.stat().st_ino == before, "nothing new, nothing written"
    no.deactivate(debian.id)
    debian.sync("--source", "no")
    assert not says_no(debian) and debian.trusted() == {"good", "bad"}
    assert list(debian.state.iterdir()) == []


def test_a_list_for_servers_is_told_of_a_no_for_servers_alone(debian, no):
    no.activate(debian.id)
    for denied, told in (("client, email, code", False), ("server", True), ("email", False)):
        configure(debian.world, f"export_system = yes\npurposes = {denied}\n")
        debian.sync()
        assert says_no(debian) is told, denied


@pytest.mark.parametrize("how", ["the key", "the meaning", "the source"])
def test_it_is_taken_back_with_the_configuration(debian, no, how):
    no.activate(debian.id)
    debian.sync()
    assert says_no(debian)
    if how == "the key":
        configure(debian.world, "")
    elif how == "the source":
        debian.world.configure(auto_refresh="no", refresh_interval="1h")
    else:
        text = debian.world.conf.read_text()
        debian.world.conf.write_text(text.replace("distrust\nexport_system = yes", "trust"))
    debian.sync()
    assert not says_no(debian) and debian.trusted() == {"good", "bad"}


@pytest.mark.parametrize("how", ["taken back", "the key"])
def test_containers_have_at_once_what_the_machine_trusts_again(
        debian, no, organization, certs, how):
    """Their bundle holds the machine's authorities, which a no changes."""
    organization.add(certs.ca("Organization"), "organization")
    containers = debian.dir / "containers"
    key = f"export_containers = {containers}\n"
    text = f"[source default]\n{key}[source no]\nproject = proj_no\nmeaning = distrust\n"
    debian.world.configure(text + "export_system = yes\n", auto_refresh="no",
                           refresh_interval="1h")
    no.activate(debian.id)
    debian.sync()
    bundle = containers / "bundle.pem"
    bad = debian.certs["bad"].sha256
    assert bad not in fingerprints(bundle.read_text())
    if how == "the key":
        debian.world.configure(f"[source default]\n{key}", auto_refresh="no",
                               refresh_interval="1h")
    else:
        no.deactivate(debian.id)
    debian.sync()
    assert debian.trusted() == {"good", "bad"} and bad in fingerprints(bundle.read_text())


@pytest.mark.parametrize("how", ["taken back", "the key"])
def test_it_is_taken_back_where_the_cache_is_lost(debian, no, how):
    no.activate(debian.id)
    debian.sync()
    assert says_no(debian)
    shutil.rmtree(debian.world.cache)
    if how == "the key":
        configure(debian.world, "")
    else:
        no.deactivate(debian.id)
    debian.sync()
    assert not says_no(debian) and debian.trusted() == {"good", "bad"}
    assert list(debian.state.iterdir()) == []


def test_another_configuration_takes_nothing_back(debian, no):
    """As long as the one that said no is there."""
    no.activate(debian.id)
    debian.sync()
    text, cache = debian.world.conf.read_text(), debian.world.cache
    other = debian.dir / "other-cache"
    configure(debian.world, "")
    debian.world.conf.write_text(debian.world.conf.read_text().replace(
        "[source default]", f"cache_dir = {other}\n[source default]", 1))
    debian.world.env.pop("ORGTRUST_CACHE_DIR", None)
    debian.sync()
    assert says_no(debian) and other.is_dir()
    shutil.rmtree(cache)
    debian.sync()
    assert not says_no(debian), text


def test_an_authority_behind_a_link_is_found(debian, no):
    path = debian.share / "theirs" / "bad.crt"
    path.rename(debian.share / "elsewhere.crt")
    path.symlink_to("../elsewhere.crt")
    no.activate(debian.id)
    debian.sync()
    assert says_no(debian) and debian.trusted() == {"good"}


def trusted_form(path):
    """With OpenSSL's trust settings behind the certificate."""
    done = run([paths.OPENSSL, "x509", "-in", path, "-trustout", "-addtrust", "serverAuth"],
               env=clean_environment(OPENSSL_CONF="/dev/null"))
    assert "BEGIN TRUSTED CERTIFICATE" in done.stdout, done
    return done.stdout


CRL = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"


@pytest.mark.parametrize("make", [
    lambda path: path.chmod(0o666),
    lambda path: os.chown(path, 65534, -1),
    lambda path: path.write_text(path.read_text() + "# more\n" * 200000),
    lambda path: path.write_text(CRL + path.read_text()),
    lambda path: path.write_text(trusted_form(path)),
], ids=["all write", "of another", "large", "behind a list", "with trust settings"])
def test_a_file_is_read_however_careless_as_the_systems_tool_reads_it(debian, no, make):
    make(debian.share / "theirs" / "bad.crt")
    no.activate(debian.id)
    for _ in range(2):
        debian.sync()
        assert says_no(debian) and debian.trusted() == {"good"}
    no.deactivate(debian.id)
    debian.sync()
    assert not says_no(debian)


@pytest.mark.parametrize("line", ["theirs/bad.crt ", "\ttheirs/bad.crt"])
def test_blanks_around_a_name_do_not_keep_it_from_being_found(debian, no, line):
    """The system's tool passes them over."""
    text = TEXT.format("!").replace("theirs/bad.crt", line)
    debian.list.write_text(text)
    no.activate(debian.id)
    debian.sync()
    assert debian.list.read_text() == text.replace(line, f"!{line}")
    assert debian.trusted() == {"good"}
    no.deactivate(debian.id)
    debian.sync()
    assert debian.list.read_text() == text and debian.trusted() == {"good", "bad"}


def test_a_name_with_brackets_is_not_left_in_the_directory(debian, no):
    """The system's tool makes its link by another name than it looks for when it goes."""
    name, certs = "My Bad (2019), one", debian.etc / "ssl" / "certs"

    def links() -> list[str]:
        """Where they lead; that of a bundle of one is OpenSSL's own."""
        return sorted({os.readlink(path) for path in certs.iterdir() if path.is_symlink()}
                      - {"ca-certificates.crt"})

    (debian.share / "theirs" / "bad.crt").rename(debian.share / "theirs" / f"{name}.crt")
    text = TEXT.format("!").replace("bad", name)
    debian.list.write_text(text)
    debian.run(["/usr/sbin/update-ca-certificates"])
    before = links()
    assert before == [f"{AUTHORITIES}/theirs/{name}.crt", f"{AUTHORITIES}/theirs/good.crt",
                      "My_Bad_=2019=__one.pem", "good.pem"]
    no.activate(debian.id)
    debian.sync()
    assert links() == [f"{AUTHORITIES}/theirs/good.crt", "good.pem"]
    when = debian.list.stat().st_ino, certs.stat().st_mtime_ns
    debian.sync()
    assert when == (debian.list.stat().st_ino, certs.stat().st_mtime_ns)
    no.deactivate(debian.id)
    debian.sync()
    assert debian.list.read_text() == text and links() == before


def test_a_name_that_is_no_file_is_passed_over(debian, no):
    path = debian.share / "theirs" / "bad.crt"
    path.unlink()
    os.mkfifo(path)
    debian.list.write_text(TEXT.format("!") + "theirs\nnowhere.crt\n")
    no.activate(debian.id)
    debian.sync()
    assert debian.list.read_text() == TEXT.format("!") + "theirs\nnowhere.crt\n"


def test_a_list_that_is_no_text_is_left_as_it_is(debian, no):
    no.activate(debian.id)
    debian.list.write_bytes(TEXT.format("!").encode() + b"\0more\n")
    before = debian.list.read_bytes()
    done = debian.sync(status=CONFIG)
    assert "is no text" in done.stderr and debian.list.read_bytes() == before


def test_the_administrators_own_no_stays(debian, no, organization):
    off = organization.add(debian.certs["off"], "off", active=False)
    no.activate(debian.id, off)
    debian.sync()
    assert says_no(debian)
    no.deactivate(debian.id, off)
    debian.sync()
    assert not says_no(debian) and debian.trusted() == {"good", "bad"}


def test_what_is_not_known_takes_nothing_back(debian, no, organization):
    no.activate(debian.id)
    debian.sync()
    debian.world.snapshot_path("no").unlink()
    organization.stop()
    debian.sync(status=NETWORK)
    assert says_no(debian) and debian.trusted() == {"good"}


def test_a_run_that_was_cut_short_is_finished(debian, no):
    """The tool failed after the list was written; later a run ended after the record."""
    no.activate(debian.id)
    debian.break_tool()
    done = debian.sync(status=DISK)
    assert "update-ca-certificates ended with status 7" in done.stderr
    assert says_no(debian) and debian.trusted() == {"good", "bad"}
    debian.more.clear()
    debian.sync()
    assert says_no(debian) and debian.trusted() == {"good"}
    record = debian.state / "system-list"
    before = record.read_text()
    assert before == f"# of {debian.world.cache}/.exports\ntheirs/bad.crt\n"
    record.write_text(before + "theirs/good.crt\n")
    debian.sync()
    assert says_no(debian) and record.read_text() == before
    no.deactivate(debian.id)
    debian.sync()
    assert not says_no(debian) and not record.exists()


@pytest.mark.parametrize("goes_wrong", ["the no", "writing it down"])
def test_anchors_are_taken_back_whatever_went_wrong_when_they_came(
        debian, no, organization, certs, goes_wrong):
    """The no could not be told, or the disk was full when the anchors were in their place;
    then the key is taken out of the configuration."""
    organization.add(certs.ca("Organization"), "organization")
    cache, conf = debian.world.cache, debian.world.conf
    text = "[source default]\n{0}[source no]\nproject = proj_no\nmeaning = distrust\n{0}"
    for key in ("export_system = yes\n", ""):
        debian.world.configure(text.format(key), auto_refresh="no", refresh_interval="1h")
        shutil.copy(conf, debian.dir / ("with" if key else "without"))
    if goes_wrong == "the no":
        no.activate(debian.id)
        debian.list.write_bytes(TEXT.format("!").encode() + b"\0more\n")
    script = """
        mount -t tmpfs -o size=512k,mode=700 none "$1"
        cp "$2/without" "$3" && "$4" sync && mkdir "$1/.exports" || exit 90
        cp "$2/with" "$3"
        if "$5"; then dd if=/dev/zero of="$1/ballast" bs=4096 2>/dev/null; fi
        if "$4" sync; then exit 91; fi
        ls "$6"/orgtrust/*.crt || exit 92
        rm -f "$1/ballast"
        cp "$2/without" "$3" && "$4" sync
    """
    debian.run(["sh", "-c", script, "sh", cache, debian.dir, conf, paths.COMMAND,
                "false" if goes_wrong == "the no" else "true", debian.anchors])
    assert not (debian.anchors / "orgtrust").exists()
    assert list(debian.state.iterdir()) == []
