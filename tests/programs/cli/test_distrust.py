"""meaning = distrust: what is active in such a source is handed out by none, whenever which
source was synced; by its name and key, so also as another certificate of the same."""

import os
import re

import pytest
from support.certs import der_of, public_key_der
from support.world import NETWORK, NOT_FOUND, OK, SNAPSHOT

PROJECT = "proj_no"
CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)
CA = ("keyUsage=critical,keyCertSign,cRLSign",)


@pytest.fixture
def key_of_root(certs):
    return certs.new_key()


@pytest.fixture
def root(certs, key_of_root):
    return certs.ca("Doubtful", key=key_of_root, extensions=CA)


@pytest.fixture
def other(certs):
    return certs.ca("Good", key=certs.new_key(), extensions=CA)


def configure(world, denied="", **values):
    more = f"purposes = {denied}\n" if denied else ""
    world.configure("[source default]\n"
                    f"[source no]\nproject = {PROJECT}\nmeaning = distrust\n{more}",
                    auto_refresh="no", refresh_interval="1h", **values)


@pytest.fixture
def no(organization):
    """The project whose active certificates are distrusted."""
    client = organization.client(project=PROJECT)
    yield client
    client.close()


@pytest.fixture
def machine(world, organization, no, root, other):
    """Both roots are trusted; one of them by an id that the tests distrust."""
    world.id = organization.add(root, "doubtful")
    organization.add(other, "good")
    configure(world)
    world.sync()
    return world


def handed_out(world, *args, uri="orgtrust:///") -> set[bytes]:
    done = world.storeutl("-certs", *args, uri=uri, status=None)
    return {der_of(pem) for pem in CERTIFICATE.findall(done.stdout)}


def exported(world, **more) -> set[bytes]:
    done = world.orgtrust("export", "--format", "pem", **more)
    return {der_of(pem) for pem in CERTIFICATE.findall(done.stdout)}


def test_a_no_counts_without_a_sync_of_who_trusts(machine, no, root, other):
    assert handed_out(machine) == {root.der, other.der}
    no.activate(machine.id)
    before = machine.snapshot("default")
    machine.sync("--source", "no")
    assert machine.snapshot("default") == before
    for args in ((), ("-subject", "/CN=Doubtful"), ("-alias", "doubtful"),
                 ("-sha256", "-fingerprint", root.sha256)):
        assert root.der not in handed_out(machine, *args), args
    assert root.der not in handed_out(machine, uri="orgtrust:///?state=all")
    assert handed_out(machine, "-subject", "/CN=Good") == {other.der}
    assert exported(machine) == {other.der}
    # And it is taken back in the same way.
    no.deactivate(machine.id)
    machine.sync("--source", "no")
    assert handed_out(machine) == exported(machine) == {root.der, other.der}


def test_a_program_that_runs_is_told_at_its_next_look(machine, no, root, certs):
    no.activate(machine.id)
    machine.sync("--source", "no")
    leaf = certs.issue(root, "www.example", san="DNS:www.example")
    path = machine.dir / "leaf.pem"
    path.write_text(leaf.pem)
    for active, status in ((True, 2), (False, 0)):
        (no.activate if active else no.deactivate)(machine.id)
        machine.sync("--source", "no")
        machine.openssl("verify", "-no-CAfile", "-no-CApath", "-CAstore", "orgtrust:///",
                        path, status=status)


def test_a_twin_does_not_slip_through(machine, no, organization, certs, key_of_root, root,
                                      other):
    """Of another issuer, another serial number and another spelling of its name."""
    twin = certs.issue(other, "DOUBTFUL", is_ca=True, key=key_of_root, extensions=CA)
    same_name = certs.ca("Doubtful", key=certs.new_key(), extensions=CA)
    same_key = certs.ca("Else", key=key_of_root, extensions=CA)
    organization.add(twin, "twin")
    for cert in (same_name, same_key):
        organization.add(cert, cert.cn)
    no.activate(machine.id)
    machine.sync()
    assert handed_out(machine) == {other.der, same_name.der, same_key.der}
    assert exported(machine) == {other.der, same_name.der, same_key.der}


def test_a_twin_that_writes_the_key_otherwise_does_not_slip_through(
        machine, no, organization, certs, key_of_root, root, other):
    """The point of its key is compressed, and whoever has the key signs for both."""
    twin = certs.ca("Doubtful", key=certs.compressed(key_of_root), extensions=CA)
    assert public_key_der(twin) != public_key_der(root)
    organization.add(twin, "twin")
    leaf = machine.dir / "leaf.pem"
    leaf.write_text(certs.issue(twin, "www.example", san="DNS:www.example").pem)
    for active, status in ((False, 0), (True, 2)):
        (no.activate if active else no.deactivate)(machine.id)
        machine.sync()
        machine.openssl("verify", "-no-CAfile", "-no-CApath", "-CAstore", "orgtrust:///",
                        leaf, status=status)
    assert handed_out(machine) == exported(machine) == {other.der}


def test_people_see_who_says_no(machine, no):
    no.activate(machine.id)
    machine.sync("--source", "no")
    why = "the source 'no' distrusts its name and key"
    (listed,) = machine.listed("--state", "withheld")
    assert listed["id"] == machine.id and listed["reason"] == why
    assert listed["withheld_from"] == ["openssl", "token", "files", "java"]
    assert "' is withheld from" in machine.orgtrust("list").stdout
    shown = machine.orgtrust("show", machine.id).stdout
    assert why in shown and "\ntrusted " not in shown
    assert machine.orgtrust("show", "--json", machine.id).json()["trusted_since"] is None
    assert {entry["id"] for entry in machine.listed("--source", "no", "--state", "active")} \
        == {machine.id}, "what the organization trusts is not distrusted by that"
    assert [entry["reason"] for entry in machine.status()["withheld"]] == [why]
    assert machine.status()["meaning"] == "trust"
    assert machine.status("no")["meaning"] == "distrust"
    assert machine.status("no")["withheld"] == []
    text = machine.orgtrust("status").stdout
    assert why in text and "meaning       distrust: nobody" in text
    assert "meaning     distrust" in machine.orgtrust("show", "--source", "no",
                                                      machine.id).stdout


def test_the_news_of_a_source_that_says_no_tell_a_no(machine, no, root, other, organization):
    """Trust ceases with it, for on_change, too, and may begin when it ends."""
    heard = machine.dir / "heard"
    configure(machine, "server")
    machine.conf.write_text(machine.conf.read_text() + "on_change = env | grep ^ORGTRUST_ "
                            f">>{heard}; cat >>{heard}\n")
    machine.sync()

    def news() -> tuple[list[str], dict[str, str]]:
        """The last line that on_change was told, and its environment."""
        heard.unlink(missing_ok=True)
        machine.sync("--source", "no")
        logged = machine.orgtrust("log", "--local", "--source", "no").stdout.splitlines()
        line = [line for line in heard.read_text().splitlines() if line[1:2] == " "][-1]
        assert any(line in entry for entry in logged), (line, logged)
        return line.split(" ", 5), dict(
            entry.split("=", 1) for entry in heard.read_text().splitlines() if "=" in entry)

    no.activate(machine.id)
    line, told = news()
    assert line == ["-", "no", machine.id, root.sha256, "distrusted",
                    "doubtful (nobody who asks orgtrust believes it for server)"]
    assert (told["ORGTRUST_BEGAN"], told["ORGTRUST_CEASED"]) == ("0", "1")
    no.deactivate(machine.id)
    line, told = news()
    assert line[0] == "+" and line[4:] == ["distrust-ended", "doubtful"]
    assert (told["ORGTRUST_BEGAN"], told["ORGTRUST_CEASED"]) == ("1", "0")
    # Another id of the same certificate changes nothing.
    no.activate(machine.id)
    news()
    again = organization.add(root, "again", active=False)
    machine.sync("--source", "no")
    no.activate(again)
    line, _ = news()
    assert line[0] == "~" and line[4] == "distrusted"
    assert line[5].endswith(f"; distrusted before as {machine.id})"), line
    no.deactivate(again)
    line, _ = news()
    assert (line[0], line[4]) == ("~", "distrust-ended")
    assert line[5] == f"again (still distrusted as {machine.id})", line


def test_the_source_itself_hands_out_nothing(machine, no, root):
    no.activate(machine.id)
    machine.sync()
    for uri in ("orgtrust://no/", f"orgtrust://no/{machine.id}", "orgtrust://no/?name=doubtful"):
        assert handed_out(machine, uri=uri) == set()
    done = machine.storeutl("-certs", uri=f"orgtrust://no/{machine.id}", status=None)
    assert "meaning = distrust" in done.stderr, done
    # Who wants to look at it is shown it, rejected for every purpose; no verification is.
    done = machine.storeutl("-certs", uri="orgtrust://no/?state=all")
    assert "TRUSTED CERTIFICATE" in done.stdout or root.pem in done.stdout
    assert handed_out(machine, "-subject", "/CN=Doubtful",
                      uri="orgtrust://no/?state=all") == set()
    done = machine.orgtrust("export", "--source", "no", "--format", "pem", status=NOT_FOUND)
    assert "distrusts" in done.stderr and not done.stdout


def test_exports_follow_a_no_in_the_same_sync(machine, no, root, other):
    bundle, directory = machine.dir / "bundle.pem", machine.dir / "hashed"
    log = machine.dir / "log"
    configure(machine, export_bundle=bundle, export_dir=directory,
              on_change=f"echo run >>{log}")
    machine.sync()

    def anchors() -> set[bytes]:
        text = "".join(path.read_text() for path in directory.iterdir())
        assert set(CERTIFICATE.findall(text)) == set(CERTIFICATE.findall(bundle.read_text()))
        return {der_of(pem) for pem in CERTIFICATE.findall(bundle.read_text())}

    assert anchors() == {root.der, other.der}
    before = log.read_text()
    no.activate(machine.id)
    machine.sync("--source", "no")
    assert anchors() == {other.der}
    assert len(log.read_text()) > len(before)
    no.deactivate(machine.id)
    machine.sync("--source", "no")
    assert anchors() == {root.der, other.der}


def test_an_export_may_become_empty_by_a_no(world, organization, no, root):
    bundle = world.dir / "bundle.pem"
    configure(world, export_bundle=bundle)
    ident = organization.add(root, "only")
    world.sync()
    assert CERTIFICATE.findall(bundle.read_text())
    no.activate(ident)
    world.sync()
    assert not CERTIFICATE.findall(bundle.read_text())


@pytest.mark.parametrize("denied, believed", [
    ("server", {"sslclient", "smimesign"}), ("client", {"sslserver", "smimesign"}),
    ("email", {"sslserver", "sslclient", "any"}), ("server, client", {"smimesign"}),
    ("server, client, email", set())])
def test_a_no_to_some_purposes_leaves_the_others(machine, no, certs, root, denied, believed):
    """Of a source that trusts for servers, clients and mail. Plain anchors are for a program
    that names no purpose, too."""
    leaf = certs.issue(root, "both", san="DNS:www.example,email:a@www.example",
                       usage="serverAuth,clientAuth,emailProtection")
    path = machine.dir / "leaf.pem"
    path.write_text(leaf.pem)

    def verified() -> set[str]:
        purposes = {purpose: ("-purpose", purpose)
                    for purpose in ("sslserver", "sslclient", "smimesign")} | {"any": ()}
        return {name for name, args in purposes.items()
                if machine.openssl("verify", "-no-CAfile", "-no-CApath", "-CAstore",
                                   "orgtrust:///", *args, path, status=None).status == 0}

    configure(machine, denied)
    text = machine.conf.read_text()
    machine.conf.write_text(text.replace("[source default]",
                                         "[source default]\npurposes = server, client, email"))
    machine.sync()
    assert verified() == {"sslserver", "sslclient", "smimesign", "any"}
    no.activate(machine.id)
    machine.sync("--source", "no")
    assert verified() == believed
    no.deactivate(machine.id)
    machine.sync("--source", "no")
    assert verified() == {"sslserver", "sslclient", "smimesign", "any"}


def test_files_do_not_hold_what_is_denied_for_either_end_of_tls(machine, no, root, other):
    """They cannot say what an anchor is for; Java's are for servers alone."""
    bundle, java = machine.dir / "bundle.pem", machine.dir / "java.p12"
    no.activate(machine.id)
    for denied, in_bundle, in_java in (("server", False, False), ("client", False, True),
                                       ("email", True, True)):
        configure(machine, denied, export_bundle=bundle, export_java=java)
        machine.sync()
        found = {der_of(pem) for pem in CERTIFICATE.findall(bundle.read_text())}
        assert found == ({root.der, other.der} if in_bundle else {other.der}), denied
        listed = machine.openssl("pkcs12", "-in", java, "-passin", "pass:", "-nokeys").stdout
        assert len(CERTIFICATE.findall(listed)) == 1 + in_java, denied
        assert (root.der in exported(machine)) is in_bundle


def test_people_see_what_is_denied(machine, no):
    configure(machine, "server, email")
    no.activate(machine.id)
    machine.sync()
    (listed,) = machine.listed("--state", "withheld")
    why = "the source 'no' distrusts its name and key for server, email"
    assert listed["id"] == machine.id and listed["reason"] == why
    assert listed["withheld_from"] == ["files", "java"] and listed["denied"] == ["server"]
    shown = machine.orgtrust("show", machine.id).stdout
    assert "\ndenied      server\n" in shown and why in shown and "\ntrusted " in shown
    assert "believes what is active here for server, email\n" in machine.orgtrust("status").stdout
    shown = machine.orgtrust("show", "--source", "no", machine.id).stdout
    assert "nobody who asks orgtrust believes it for server, email\n" in shown


def test_the_last_known_no_stays(machine, no, organization, root, other):
    """However old it is; what trusts has an end of its own."""
    no.activate(machine.id)
    machine.sync()
    configure(machine, max_stale="2h")
    path = machine.snapshot_path("no")
    organization.stop()
    old = path.stat().st_mtime - 30 * 86400
    os.utime(path, (old, old))
    machine.sync(status=NETWORK)
    assert handed_out(machine) == {other.der}
    assert machine.status("no")["state"] == "stale"
    # One that was never seen takes no trust away, and is told.
    path.unlink()
    assert handed_out(machine) == {root.der, other.der}
    assert machine.orgtrust("status", status=SNAPSHOT).stdout.count("missing") == 1


def test_without_the_key_the_source_trusts_again(machine, no, root, other):
    no.activate(machine.id)
    machine.sync()
    assert handed_out(machine) == {other.der}
    machine.conf.write_text(machine.conf.read_text().replace("distrust", "trust"))
    assert handed_out(machine) == {root.der, other.der}
    machine.sync()
    assert handed_out(machine, uri="orgtrust://no/") == {root.der, other.der}, "inherited"
    assert machine.orgtrust("list", "--source", "no").status == OK
