"""Whatever the rules call fit for a place, each reader of the place reads beside a good
root: that is what the rules are for, and what they are held to. And the other way round,
what nobody stumbles over is not withheld where that would take real trust away."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import cert_readers, paths
from support.odd_variants import variants
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

HERE = Path(__file__).resolve().parent
ODD = HERE / "odd"
MOZILLA = Path("/usr/share/ca-certificates/mozilla")


def der_of(path: Path) -> bytes:
    lines = path.read_text().splitlines()
    return base64.b64decode("".join(line for line in lines if not line.startswith("-")))


@dataclass(frozen=True)
class Verdict:
    places: frozenset[str]
    is_ca: bool
    why: str

    def is_in(self, *places: str) -> bool:
        return not self.places & {"quarantined", *places}


def judge(directory: Path, certs: dict[str, bytes]) -> dict[str, Verdict]:
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for i, der in enumerate(certs.values()):
        files.append(directory / f"{i:05d}")
        files[-1].write_bytes(der)
    done = subprocess.run([paths.BUILD / "tests/programs/fitness/fitness_judge", *files],
                          capture_output=True, text=True, check=True)
    verdicts = {}
    for name, line in zip(certs, done.stdout.splitlines(), strict=True):
        _, places, is_ca, why = line.split("\t")
        verdicts[name] = Verdict(frozenset(places.split(",")) - {"-"}, is_ca == "yes", why)
    return verdicts


@pytest.fixture(scope="session")
def odd() -> dict[str, bytes]:
    """The generated ones, and those that were found."""
    return variants() | {p.stem: der_of(p) for p in sorted(ODD.glob("*.pem"))}


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory, odd):
    return judge(tmp_path_factory.mktemp("odd") / "der", odd)


@pytest.fixture(scope="session")
def good(tmp_path_factory, certs):
    root = certs.ca("Good Root")
    return root, certs.issue(root, "localhost", san="DNS:localhost")


def wrong(odd, verdicts, places, is_read):
    """Those that are handed to a reader, by its places, and that it cannot read."""
    return {name: verdicts[name] for name, der in odd.items()
            if verdicts[name].is_in(*places) and not is_read(der)}


def test_fault_57_gnutls_reads_what_is_in_files_and_tokens(odd, verdicts, good):
    gnutls = cert_readers.GnuTLS()
    root = cert_readers.pem(good[0].der)

    def is_read(der):
        return gnutls.count(cert_readers.pem(der) + root) == 2

    assert gnutls.count(root) == 1
    assert not is_read(odd["o_dupext"])
    for place in ("files", "token"):
        assert not wrong(odd, verdicts, [place], is_read)


def test_fault_57_nss_reads_what_is_in_tokens(odd, verdicts):
    nss = cert_readers.NSS()
    assert not nss.reads(odd["o_trailing"])
    assert not wrong(odd, verdicts, ["token"], nss.reads)


def test_fault_57_openssl_reads_what_is_in_files(odd, verdicts, good, tmp_path):
    openssl = cert_readers.OpenSSL()
    root, bundle = cert_readers.pem(good[0].der), tmp_path / "bundle"

    def is_read(der):
        bundle.write_bytes(cert_readers.pem(der) + root)
        return openssl.count(bundle) == 2

    assert not is_read(odd["o_badutf8cn"])
    assert not wrong(odd, verdicts, ["files"], is_read)


def is_of_unknown_algorithm(name: str) -> bool:
    """Keys that a newer OpenSSL may know."""
    return name in {"key gost", "key mldsa44", "key sm2 own oid", "key unknown",
                    "key unknown empty", "o_mldsakey"}


def test_fault_57_openssl_can_use_the_authorities_of_its_store(odd, verdicts):
    openssl = cert_readers.OpenSSL()
    found = wrong(odd, verdicts, ["openssl"], openssl.is_issuer)
    assert not {name for name, verdict in found.items()
                if verdict.is_ca and not is_of_unknown_algorithm(name)}


def test_fault_57_java_reads_what_is_in_tokens_and_its_stores(odd, verdicts, good, tmp_path):
    der = tmp_path / "der"
    der.mkdir()
    for name, cert in zip(("root", "leaf"), good, strict=True):
        (tmp_path / name).write_bytes(cert.der)
    names = list(odd)
    for i, name in enumerate(names):
        (der / f"{i:05d}").write_bytes(odd[name])
    done = subprocess.run(
        [need("java"), "-XX:-UsePerfData", HERE / "Readers.java", tmp_path / "root",
         tmp_path / "leaf", der], capture_output=True, text=True, errors="replace",
        check=True)
    said = {}
    for line in done.stdout.splitlines():
        number, _, why = line.partition(" ")
        said[odd[names[int(number)]]] = why
    assert len(done.stdout.splitlines()) == len(odd)
    assert said[odd["o_dupext"]] != "good"
    for place in ("token", "java"):
        found = wrong(odd, verdicts, [place], lambda cert: said[cert] == "good")
        assert not {name: (found[name], said[odd[name]]) for name in found}


def test_mozillas_roots_are_fit_for_every_place(tmp_path):
    roots = {p.name: der_of(p) for p in sorted(MOZILLA.glob("*.crt"))}
    assert len(roots) > 100
    found = judge(tmp_path / "der", roots)
    assert not {name: verdict for name, verdict in found.items() if verdict.places}


@pytest.mark.parametrize("name, places, words", [
    ("o_utcoffset", "openssl token files java", "offset GnuTLS"),
    ("o_gtfrac", "openssl token files java", "fraction GnuTLS"),
    ("v2", "token files java", "version 2 Java GnuTLS"),
    ("version absent with extensions", "token files java", "version 1 Java GnuTLS"),
    ("version 4 with extensions", "token files java", "version Java"),
    ("o_algmismatch", "token files java", "algorithms differ Java GnuTLS"),
    ("p_rsanullmismatch", "token files java", "algorithms differ"),
    ("p_dupcomment", "token files java", "twice GnuTLS Java"),
    ("ext basic twice", "openssl token files java", "twice GnuTLS Java"),
    ("issuer empty", "token files java", "issuer empty Java"),
    ("subject empty", "token files java", "subject empty Java"),
    ("n_emptyrdn", "quarantined", "subject"),
    ("name only an empty rdn", "quarantined", "subject"),
    ("name empty cn", "token files java", "empty attribute"),
    ("o_cnseq", "token files java", "string"),
    ("o_ecexplicit", "openssl token java", "curve Java"),
    ("o_ecunknowncurve", "openssl token files java", "point curve Java"),
    ("key curve unknown off curve", "openssl token java", "curve OpenSSL Java"),
    ("key curve SM2", "token java", "curve Java"),
    ("key curve brainpoolP512t1", "token java", "curve Java"),
    ("key ec compressed", "token java", "form Java"),
    ("key ec off curve", "openssl token files java", "point curve Java"),
    ("key rsa even modulus", "openssl token files java", "RSA key"),
    ("key rsa exponent 1", "openssl token files java", "RSA key forge"),
    ("ext san garbage", "openssl token files java", "subject alternative name GnuTLS"),
    ("nc permitted name empty mail", "token files java", "name constraints Java"),
    ("x_kutrail", "token files java", "key usage Java"),
    ("o_crldpbad", "token files java", "CRL distribution points Java"),
    ("basic path 2^31", "token files java", "basic constraints Java"),
    ("o_bcpathneg", "openssl token files java", "basic constraints"),
    ("o_bcgarb", "openssl token files java", "basic constraints"),
    ("aia no location", "token files java", "authority information access"),
    ("policies value id unfinished", "token files java", "certificate policies"),
    ("eku value number", "openssl token files java", "extended key usage"),
])
def test_fault_57_a_reason_names_what_is_wrong_and_who_would_stumble(verdicts, name, places,
                                                                     words):
    assert verdicts[name].places == set(places.split())
    assert all(word in verdicts[name].why for word in words.split()), verdicts[name]


@pytest.mark.parametrize("name", ["not_after utc no seconds", "not_before gt no seconds"])
def test_fault_57_a_time_without_seconds_is_withheld(odd, verdicts, name):
    # OpenSSL 3.5 takes it for no certificate, 3.0 for one that is never valid.
    if cert_readers.OpenSSL().parse(odd[name]):
        places, words = {"openssl", "token", "files", "java"}, ["seconds", "OpenSSL"]
    else:
        places, words = {"quarantined"}, ["time is too short", "OpenSSL"]
    assert verdicts[name].places == places
    assert all(word in verdicts[name].why for word in words), verdicts[name]


@pytest.mark.parametrize("name", [
    "o_ekuany", "o_gt2030", "o_longcn", "o_manyext", "o_mldsakey", "o_multirdn",
    "o_nbafterna", "o_serialneg", "o_aiabaduri", "p_rsanonull", "gt after 2050",
    "serial 0", "serial 41 octets", "key rsa 512 bits", "key rsa 16384 bits",
    "key ed25519", "key curve secp256k1", "key curve brainpoolP512r1", "v3 unique id",
    "version absent without extensions", "ext unknown to all critical", "nc both",
    "nc minimum said", "policies value notice long", "ext critical false said",
    "name printable star", "name teletex", "name bmp", "name mail utf8", "name two avas",
    "ski value 1000", "ku value not trimmed", "crldp reasons", "aki issuer and serial",
])
def test_what_nobody_stumbles_over_is_not_withheld(verdicts, name):
    assert not verdicts[name].places, verdicts[name]
