"""Whose word counts in NSS: what the user says in a database, and what Mozilla says of its
roots, stands when the organization activates the same certificate. Everything is tried with
the module as it is wired and, so that the tests could fail, without an order."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from nss_database import ORDER, make_database
from support.marionette import Firefox
from support.p11_system import find_library, need, with_plain_build
from test_nss import tstclnt, vfychain

pytestmark = with_plain_build

ORDERS = {"as it is wired": ORDER, "without an order": None}


def add(world, database: Path, cert, flags: str):
    """A certificate with the user's own trust."""
    done = world.run(["certutil", "-A", "-d", f"sql:{database}", "-n", f"mine {cert.serial}",
                      "-t", flags, "-i", cert.path])
    assert done.status == 0, done


def add_roots(world, database: Path, first=False):
    """Mozilla's roots, before or behind our module in the list."""
    listed = database / "pkcs11.txt"
    own, *others = listed.read_text().strip().split("\n\n")
    roots = f"library={find_library('libnssckbi.so')}\nname=roots"
    order = [own, roots, *others] if first else [own, *others, roots]
    listed.write_text("\n\n".join(order) + "\n\n")


def flags_of(world, database: Path) -> dict[str, str]:
    """Name, with the token's before it, -> what it is trusted for."""
    done = world.run(["certutil", "-L", "-d", f"sql:{database}", "-h", "all"])
    assert done.status == 0, done
    found = (re.fullmatch(r"(.*?)\s+([A-Za-z]*,[A-Za-z]*,[A-Za-z]*)\s*", line)
             for line in done.stdout.splitlines())
    return {match[1]: match[2] for match in found if match}


@pytest.fixture(params=ORDERS)
def order(request):
    return ORDERS[request.param]


@pytest.fixture
def database(module_world, order):
    need("vfychain", "libnss3-tools")
    return make_database(module_world, module_world.scratch(), order=order)


@pytest.fixture
def chain(module_world):
    """Leaf and intermediate of `active` as DER files."""
    directory, party = module_world.scratch(), module_world.parties["active"]
    files = []
    for cert in (party.leaf, party.intermediate):
        files.append(directory / f"{cert.serial}.der")
        files[-1].write_bytes(cert.der)
    return files


def test_fault_59_a_users_distrust_stands(module_world, database, chain, order):
    world = module_world
    assert vfychain(world, database, "direct", chain)
    assert tstclnt(world, world.servers["active"], "-d", f"sql:{database}") is None
    add(world, database, world.parties["active"].root, "p,p,p")
    overruled = order is None
    assert vfychain(world, database, "direct", chain) is overruled
    error = tstclnt(world, world.servers["active"], "-d", f"sql:{database}")
    # NSS 3.110 says it of the certificate.
    assert (error is None) if overruled else re.search("UNTRUSTED_(ISSUER|CERT)", error), error
    assert vfychain(world, database, "direct", chain, "-pp") is overruled


def test_fault_59_a_users_trust_for_email_stands(module_world, database, order):
    world, root = module_world, module_world.parties["active"].root
    add(world, database, root, ",C,")
    own = flags_of(world, database)[f"mine {root.serial}"]
    assert own.split(",")[1] == ("C" if order is not None else ""), own


def test_a_users_trust_for_servers_adds_to_the_organizations(module_world, database, chain):
    add(module_world, database, module_world.parties["active"].root, "C,,")
    assert vfychain(module_world, database, "direct", chain)


# Mozilla's roots.


def mozilla_says(world) -> dict[str, str]:
    """Name of a root -> what Mozilla trusts it for."""
    database = make_database(world, world.scratch(), None)
    add_roots(world, database)
    return {name: flags for name, flags in flags_of(world, database).items()
            if name.startswith("Builtin Object Token:")}


@pytest.fixture(scope="module")
def mozillas(module_world):
    """Roots of Mozilla's that are active in the organization for all its purposes, by what
    Mozilla trusts them for."""
    world, organization = module_world, module_world.organization
    need("certutil", "libnss3-tools")
    database = make_database(world, world.scratch(), None)
    add_roots(world, database)
    chosen, ids = {}, []
    for name, flags in sorted(mozilla_says(world).items()):
        # Some of e-mail alone in every version of the list: the newest, which have a year
        # or a generation in their name, are in Firefox's, too.
        if flags in chosen or (flags == ",C," and "DigiCert" not in name):
            continue
        pem = world.run(["certutil", "-L", "-d", f"sql:{database}", "-n", name,
                         "-a"]).stdout
        chosen[flags] = name, base64.b64decode("".join(pem.splitlines()[1:-1]))
        ids.append(organization.api.upload(pem, name))
    assert {",C,", "C,,", "p,p,p"} <= set(chosen)
    organization.api.activate(*ids)
    world.world.configure(refresh_interval="1h", purposes="server, email, code")
    world.world.sync()
    yield chosen
    organization.api.deactivate(*ids)
    for one in ids:
        organization.api.delete(one)
    world.configure_default()
    world.world.sync()


@pytest.mark.parametrize("first", [False, True], ids=["behind ours", "before ours"])
def test_fault_59_the_purposes_of_mozillas_roots_stand(module_world, mozillas, order, first):
    database = make_database(module_world, module_world.scratch(), order=order)
    add_roots(module_world, database, first)
    flags = flags_of(module_world, database)
    found = {said: flags[name] for said, (name, _) in mozillas.items()}
    if order is not None:
        assert found == {said: said for said in found}
    else:
        assert found[",C,"].startswith("C"), "else this test could not fail"


# Firefox: the same of a profile's own list.

_TRUSTED = """\
const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
const cert = database.constructX509FromBase64(arguments[0]);
return [Ci.nsIX509CertDB.TRUSTED_SSL, Ci.nsIX509CertDB.TRUSTED_EMAIL].map(
    purpose => database.isCertTrusted(cert, Ci.nsIX509Cert.CA_CERT, purpose));
"""


def is_trusted(browser: Firefox, der: bytes) -> list[bool]:
    """For servers, and for e-mail, as Firefox itself judges."""
    browser.call("Marionette:SetContext", value="chrome")
    found = browser.call("WebDriver:ExecuteScript", script=_TRUSTED,
                         args=[base64.b64encode(der).decode()])["value"]
    browser.call("Marionette:SetContext", value="content")
    return found


def test_fault_59_firefox_by_profile(module_world, mozillas, order):
    world, party = module_world, module_world.parties["active"]

    def prepare(profile: Path):
        make_database(world, profile, order=order)
        add(world, profile, party.root, "p,p,p")

    browser = Firefox(world, need("firefox-esr"), world.scratch(), prepare)
    try:
        overruled = order is None
        assert is_trusted(browser, party.root.der) == [overruled, overruled]
        assert is_trusted(browser, mozillas[",C,"][1]) == [overruled, True]
        assert is_trusted(browser, mozillas["C,,"][1])[0]
        error = browser.refusal(world.servers["active"].url)
        assert error == (None if overruled else "SEC_ERROR_UNTRUSTED_ISSUER")
        assert browser.refusal(world.servers["renewed"].url) is None, "nobody said no"
    finally:
        browser.stop()
