"""names and not_after of a source: what is handed out, what people see of it, and that no
change of them lets more through than the configuration says."""

import hashlib
import re
import time

import pytest
from support import paths
from support.certs import der_of
from support.process import clean_environment, run
from support.world import CONFIG, OK, SNAPSHOT

NAMES = "corp.example, 10.0.0.0/8"
CERTIFICATE = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


@pytest.fixture
def root(certs):
    return certs.ca("Limited", key=certs.new_key())


def configure(world, **values):
    world.configure(auto_refresh="no", refresh_interval="1h", **values)


@pytest.fixture
def limited(world, organization, root):
    """The root is active, and a sync has put limits on it."""
    organization.add(root, "limited")
    configure(world, names=NAMES)
    world.sync()
    return world


def handed_out(world, *args, uri="orgtrust:///") -> list[bytes]:
    """What the provider gives, in DER."""
    done = world.storeutl("-certs", *args, uri=uri, status=None)
    return [der_of(pem) for pem in CERTIFICATE.findall(done.stdout)]


def text_of(der) -> str:
    return run([paths.OPENSSL, "x509", "-inform", "DER", "-noout", "-text"],
               env=clean_environment(), stdin=der).stdout


def test_only_the_limited_one_is_handed_out(limited, root):
    (der,) = handed_out(limited)
    assert der != root.der
    text = text_of(der)
    assert "X509v3 Name Constraints: critical" in text
    assert "DNS:corp.example" in text and "IP:10.0.0.0/255.0.0.0" in text
    for args in (("-subject", "/CN=Limited"),
                 ("-sha256", "-fingerprint", root.sha256),
                 ("-sha1", "-fingerprint", root.fingerprint("sha1")),
                 ("-sha512", "-fingerprint", root.fingerprint("sha512")),
                 ("-sha256", "-fingerprint", hashlib.sha256(der).hexdigest()),
                 ("-md5", "-fingerprint", hashlib.md5(der).hexdigest()),
                 ("-alias", "limited")):
        assert handed_out(limited, *args) == [der], args
    # By the longest digests it is found as its original alone; what was not computed is not
    # found as zeros.
    for long in (hashlib.sha512(der).hexdigest(), "00" * 64):
        assert handed_out(limited, "-sha512", "-fingerprint", long) == []
    # Its issuer and number are those of what is handed out.
    assert handed_out(limited, "-issuer", "/CN=Limited", "-serial", hex(root.serial)) == []


def test_limited_purposes_hold_with_limits(limited, root):
    """OpenSSL takes both from one "trusted certificate"."""
    plain = handed_out(limited)
    configure(limited, names=NAMES, purposes="client")
    limited.sync()
    text = limited.storeutl("-certs", "-text").stdout
    assert "Name Constraints: critical" in text and "Trusted Uses:" in text, text
    assert "TLS Web Client Authentication" in text and "TLS Web Server" not in text
    assert handed_out(limited, "-subject", "/CN=Limited") == handed_out(limited) == plain


def test_the_original_is_there_for_who_asks_for_it(limited, root):
    uri = "orgtrust:///?original=yes"
    assert handed_out(limited, uri=uri) == [root.der]
    assert handed_out(limited, "-sha256", "-fingerprint", root.sha256,
                      uri=uri) == [root.der]
    # As a verification asks: that is not to trust it without its limits.
    (der,) = handed_out(limited, "-subject", "/CN=Limited", uri=uri)
    assert der != root.der
    assert handed_out(limited, uri="orgtrust:///?original=no") == [der]


def test_people_know_it_by_the_original(limited, root):
    (der,) = handed_out(limited)
    (listed,) = limited.listed("--state", "limited")
    assert listed["state"] == "limited" and listed["withheld_from"] == ["java"]
    assert listed["sha256"] == root.sha256
    assert listed["handed_out_sha256"] == hashlib.sha256(der).hexdigest()
    assert limited.listed("--state", "withheld") == []
    shown = limited.orgtrust("show", "limited").stdout
    dotted = ":".join(re.findall("..", root.sha256.upper()))
    assert f"SHA-256     {dotted}\n" in shown and f"names       {NAMES}\n" in shown
    assert "limited" in shown and "handed out" in shown and "permitted" not in shown
    number = f"{root.serial:X}".zfill(2 * ((root.serial.bit_length() + 7) // 8))
    assert f"serial      {':'.join(re.findall('..', number))}\n" in shown
    assert der_of(limited.orgtrust("show", "limited", "--pem").stdout) == der
    found = limited.orgtrust("show", "limited", "--json").json()
    assert found["serial"] in shown and der_of(found["pem"]) == der
    status = limited.status()
    assert status["limits"] == {"names": NAMES, "not_after": None}
    assert status["limited"] == 1 and status["withheld"] == []
    text = limited.orgtrust("status").stdout
    assert f"names         {NAMES} and nothing else: 1 limited to them" in text


def test_what_was_uploaded_is_known_under_limits_too(limited, root):
    done = limited.orgtrust("upload", root.path, status=None)
    assert done.status == OK and "already" in done.text, done


@pytest.mark.parametrize("before, after", [
    (None, "corp.example"), ("corp.example", "other.example"),
    ("corp.example, other.example", "corp.example")])
def test_nothing_passes_under_limits_that_are_not_those_of_now(
        world, organization, root, before, after):
    organization.add(root, "limited")
    configure(world, names=before)
    world.sync()
    assert len(handed_out(world)) == 1
    configure(world, names=after)
    assert handed_out(world) == []
    done = world.orgtrust("list", status=SNAPSHOT)
    assert "other limits (names, not_after)" in done.stderr, done
    assert world.status()["state"] == "other-scope"
    done = world.sync("--if-stale", "--json")
    # Nothing is fetched anew: the snapshot holds the originals.
    assert done.json()["sources"][0]["requests"] == 1, done
    (der,) = handed_out(world)
    assert f"DNS:{after}\n" in text_of(der)


def test_limits_that_are_taken_out_hold_until_the_next_sync(limited, root):
    before = handed_out(limited)
    configure(limited)
    assert handed_out(limited) == before
    limited.sync("--if-stale")
    assert handed_out(limited) == [root.der]
    assert limited.listed()[0]["state"] == "active"


def test_a_sync_with_nothing_new_writes_nothing(limited):
    before = limited.snapshot()
    limited.sync()
    after = limited.snapshot()
    assert (before.inode, before.content) == (after.inode, after.content)


def test_a_shorter_life(world, organization, root):
    organization.add(root, "limited")
    configure(world, not_after="2027-12-31")
    world.sync()
    (der,) = handed_out(world)
    assert "Not After : Dec 31 23:59:59 2027 GMT" in text_of(der)
    (listed,) = world.listed()
    assert listed["expires_at"] == 1830297599 and listed["withheld_from"] == []
    assert world.status()["limits"] == {"names": None, "not_after": 1830297599}
    assert world.status()["warned"] == []  # the API knows of another end
    past = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    configure(world, not_after=past)
    world.sync()
    assert [entry["sha256"] for entry in world.status()["expired"]] == [root.sha256]


@pytest.mark.parametrize("own, permitted", [
    ("permitted;DNS:sub.corp.example,permitted;DNS:b.example", "sub.corp.example, 10.0.0.0/8"),
    ("excluded;DNS:secret.corp.example", f"{NAMES} but secret.corp.example"),
    ("permitted;DNS:b.example,permitted;IP:11.0.0.0/255.0.0.0", "none of these")])
def test_show_says_what_its_own_constraints_leave(world, organization, certs, own, permitted):
    cert = certs.ca("Constrained", key=certs.new_key(),
                    extensions=(f"nameConstraints=critical,{own}",))
    organization.add(cert, "constrained")
    configure(world, names=NAMES)
    world.sync()
    shown = world.orgtrust("show", "constrained").stdout
    assert f"\npermitted   {permitted}, by constraints of its own\n" in shown, shown
    assert f"\nnames       {NAMES}\n" in shown


@pytest.mark.parametrize("names", ["0.0.0.0/0", "a.example, *.b.example, ::/0, @a.example"])
def test_show_has_nothing_to_say_of_one_without_constraints(world, organization, root, names):
    organization.add(root, "limited")
    configure(world, names=names)
    world.sync()
    shown = world.orgtrust("show", "limited").stdout
    assert f"\nnames       {names}\n" in shown and "\npermitted " not in shown, shown


def test_what_cannot_be_limited_is_withheld_from_all(world, organization, certs):
    leaf = certs.ca("No authority", key=certs.new_key(), is_ca=False)
    odd = certs.ca("Odd constraints", key=certs.new_key(), extensions=(
        "nameConstraints=critical,permitted;IP:10.0.0.0/255.0.255.0",))
    for cert in (leaf, odd):
        organization.add(cert, cert.cn)
    configure(world, names=NAMES)
    world.sync()
    assert handed_out(world, uri="orgtrust:///?state=all") == []
    assert handed_out(world, uri="orgtrust:///?state=all&original=yes") == []
    reasons = {entry["name"]: entry["reason"] for entry in world.status()["withheld"]}
    assert "it is not a CA" in reasons["No authority"]
    assert "does not mean the same to all programs" in reasons["Odd constraints"]
    assert all(entry["withheld_from"] == ["openssl", "token", "files", "java"]
               for entry in world.listed())


def test_exports_hold_what_is_limited_and_nothing_else(world, organization, root, certs):
    bundle = world.dir / "bundle.pem"
    organization.add(root, "limited")
    configure(world, export_bundle=bundle)
    world.sync()
    assert root.pem.strip() in bundle.read_text()
    configure(world, export_bundle=bundle, names=NAMES)
    world.sync()
    (der,) = handed_out(world)
    assert [der_of(pem) for pem in CERTIFICATE.findall(bundle.read_text())] == [der]
    # What it had is over: that is meant, and no accident that a file is kept from.
    configure(world, export_bundle=bundle, not_after="2026-01-01")
    world.sync()
    assert CERTIFICATE.findall(bundle.read_text()) == []


def test_names_that_are_none_are_an_error_with_their_number(world):
    configure(world, names="corp.example, 10.0.0.1/8")
    done = world.sync(status=CONFIG)
    assert "item 2 of names is a block whose address has bits set" in done.stderr, done
