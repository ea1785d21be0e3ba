"""Certificates, made by the openssl program with settings of our own."""

from __future__ import annotations

import functools
import hashlib
import itertools
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .process import clean_environment

_CONFIG = """\
[req]
distinguished_name = dn
prompt = no
string_mask = utf8only
utf8 = yes
[dn]
[ca]
default_ca = scratch
[scratch]
database = {dir}/index.txt
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = optional
organizationName = optional
countryName = optional
"""


@dataclass(frozen=True)
class Cert:
    """A certificate and the key that signs in its name."""

    pem: str
    der: bytes
    cn: str
    serial: int
    path: Path
    key: Path

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    def fingerprint(self, digest: str) -> str:
        return hashlib.new(digest, self.der).hexdigest()

    def dates(self) -> tuple[int, int]:
        """notBefore and notAfter in Unix seconds."""
        return _dates(self.pem)


@functools.cache
def _dates(pem: str) -> tuple[int, int]:
    out = _openssl("x509", "-noout", "-dates", stdin=pem.encode()).decode()
    values = [line.split("=", 1)[1] for line in out.strip().splitlines()]
    return tuple(
        int(time.mktime(time.strptime(v, "%b %d %H:%M:%S %Y GMT")) - time.timezone)
        for v in values
    )


def _openssl(*argv, stdin: bytes | None = None) -> bytes:
    done = subprocess.run(
        [paths.OPENSSL, *map(str, argv)],
        env=clean_environment(OPENSSL_CONF="/dev/null"),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl {argv}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def der_of(pem: str) -> bytes:
    return _openssl("x509", "-outform", "DER", stdin=pem.encode())


def pem_of(der: bytes) -> str:
    return _openssl("x509", "-inform", "DER", stdin=der).decode()


def public_key_der(cert: Cert) -> bytes:
    """Its SubjectPublicKeyInfo."""
    pem = _openssl("x509", "-pubkey", "-noout", stdin=cert.pem.encode())
    return _openssl("pkey", "-pubin", "-outform", "DER", stdin=pem)


class CertFactory:
    """Makes certificates in a directory. All share one key unless asked otherwise."""

    def __init__(self, directory: Path):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.config = self.dir / "openssl.cnf"
        self.config.write_text(_CONFIG.format(dir=self.dir))
        (self.dir / "index.txt").write_text("")
        self._count = itertools.count(1)
        self._serials = itertools.count(0x1000)
        self.shared_key = self.new_key()

    def _path(self, suffix: str) -> Path:
        return self.dir / f"{next(self._count):05d}.{suffix}"

    def new_key(self, kind="EC", option: str | None = "ec_paramgen_curve:P-256") -> Path:
        path = self._path("key")
        options = [] if option is None else ["-pkeyopt", option]
        _openssl("genpkey", "-algorithm", kind, *options, "-out", path)
        return path

    def compressed(self, key: Path) -> Path:
        """The same key of a curve, whose point certificates hold in its short form."""
        path = self._path("key")
        _openssl("ec", "-in", key, "-conv_form", "compressed", "-out", path)
        return path

    def _read(self, path: Path, cn: str, serial: int, key: Path) -> Cert:
        pem = path.read_text()
        pem = pem[pem.index("-----BEGIN CERTIFICATE-----") :]
        return Cert(pem, der_of(pem), cn, serial, path, key)

    def ca(self, cn: str, *, key: Path | None = None, serial: int | None = None,
           subject: str | None = None, days=3650, is_ca=True, key_id="hash",
           extensions=()) -> Cert:
        """A self-signed certificate, a CA unless is_ca is false."""
        key = key or self.shared_key
        serial = next(self._serials) if serial is None else serial
        path = self._path("pem")
        basic = "critical,CA:TRUE" if is_ca else "critical,CA:FALSE"
        argv = ["req", "-x509", "-new", "-key", key, "-config", self.config,
                "-subj", subject or f"/CN={cn}", "-days", days, "-sha256",
                "-set_serial", serial, "-addext", f"basicConstraints={basic}",
                "-addext", f"subjectKeyIdentifier={key_id}", "-out", path]
        for extension in extensions:
            argv += ["-addext", extension]
        _openssl(*argv)
        return self._read(path, cn, serial, key)

    def dated(self, cn: str, start: str, end: str, *, serial: int | None = None,
              key: Path | None = None) -> Cert:
        """A self-signed CA valid from start to end, both YYYYMMDDHHMMSSZ."""
        key = key or self.shared_key
        serial = next(self._serials) if serial is None else serial
        request, path, ext = self._path("csr"), self._path("pem"), self._path("ext")
        ext.write_text("basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n")
        _openssl("req", "-new", "-key", key, "-config", self.config,
                 "-subj", f"/CN={cn}", "-out", request)
        number = self._path("serial")
        number.write_text(f"{serial:04X}\n")
        config = self._path("cnf")
        config.write_text(
            _CONFIG.format(dir=self.dir).replace(
                "default_md", f"serial = {number}\ndefault_md"
            )
        )
        _openssl("ca", "-batch", "-selfsign", "-notext", "-config", config,
                 "-keyfile", key, "-in", request, "-out", path,
                 "-outdir", self.dir, "-startdate", start, "-enddate", end,
                 "-extfile", ext)
        return self._read(path, cn, serial, key)

    def issue(self, issuer: Cert, cn: str, *, is_ca=False, san: str | None = None,
              days=30, usage: str | None = None, key: Path | None = None,
              extensions=()) -> Cert:
        """A certificate signed by another one; for a TLS server give san."""
        key = key or self.new_key()
        serial = next(self._serials)
        request, path, ext = self._path("csr"), self._path("pem"), self._path("ext")
        lines = [f"basicConstraints=critical,CA:{'TRUE' if is_ca else 'FALSE'}", *extensions]
        if san:
            lines.append(f"subjectAltName={san}")
        if usage:
            lines.append(f"extendedKeyUsage={usage}")
        ext.write_text("\n".join(lines) + "\n")
        _openssl("req", "-new", "-key", key, "-config", self.config,
                 "-subj", f"/CN={cn}", "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", issuer.path,
                 "-CAkey", issuer.key, "-set_serial", serial, "-days", days,
                 "-sha256", "-extfile", ext, "-out", path)
        return self._read(path, cn, serial, key)

    def for_loopback(self, cn: str) -> tuple[Cert, Cert]:
        """An authority, and its certificate for a server on 127.0.0.1. Since 3.13 Python
        demands the key usage that RFC 5280 §4.2.1.3 does."""
        authority = self.ca(cn, key=self.new_key(),
                            extensions=("keyUsage=critical,keyCertSign,cRLSign",))
        return authority, self.issue(authority, "localhost", san="DNS:localhost,IP:127.0.0.1",
                                     extensions=("authorityKeyIdentifier=keyid",))

    def many(self, count: int, prefix="Root") -> list[Cert]:
        """count self-signed CAs with names of their own."""
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(lambda i: self.ca(f"{prefix} {i:04d}"), range(count)))
