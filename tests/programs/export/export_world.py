"""Where exports lie, and how other programs read them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

from support import paths
from support.process import clean_environment, run

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", re.S)


def blocks(text: str) -> list[str]:
    """The PEM certificates in a text."""
    return _BLOCK.findall(text)


def fingerprints(text: str) -> list[str]:
    """SHA-256 of each PEM certificate in a text, in its order."""
    import ssl

    return [hashlib.sha256(ssl.PEM_cert_to_DER_cert(block)).hexdigest()
            for block in blocks(text)]


def identity(path: Path) -> tuple:
    """What changes when a file is written, even with the same bytes."""
    st = os.stat(path)
    return st.st_ino, st.st_mtime_ns, st.st_ctime_ns, path.is_file() and path.read_bytes()


class Exports:
    def __init__(self, machine, api, directory: Path):
        self.machine, self.api, self.dir = machine, api, directory
        directory.mkdir()
        directory.chmod(0o755)
        self.bundle = directory / "bundle.pem"
        self.hashed = directory / "hashed"
        self.store = directory / "store.p12"
        self.records = machine.cache / ".exports"

    def configure(self, text="", **more):
        self.machine.configure(text, **({
            "export_bundle": self.bundle, "export_dir": self.hashed,
            "export_java": self.store} | more))

    def sync(self, *args, **more):
        return self.machine.sync(*args, **more)

    def in_bundle(self) -> set[str]:
        return set(fingerprints(self.bundle.read_text()))

    def in_dir(self) -> set[str]:
        return {one for path in self.hashed.glob("*.[0-9]*")
                for one in fingerprints(path.read_text())}

    def in_store(self) -> set[str]:
        done = run([paths.OPENSSL, "pkcs12", "-in", self.store, "-nokeys", "-nomacver",
                    "-passin", "pass:"], env=clean_environment(OPENSSL_CONF="/dev/null"))
        assert done.status == 0, done
        return set(fingerprints(done.out.decode("latin-1")))

    def hold(self, *certs) -> bool:
        """Whether all three exports hold exactly these."""
        wanted = {cert.sha256 for cert in certs}
        assert self.in_bundle() == wanted, "bundle"
        assert self.in_dir() == wanted, "directory"
        assert self.in_store() == wanted, "store"
        return True

    def identities(self) -> dict:
        """Of everything that is exported or written down."""
        return {path: identity(path)
                for top in (self.dir, self.records) for path in [top, *top.rglob("*")]}

    def temporaries(self) -> list[Path]:
        return [path for top in (self.dir, self.records) for path in top.rglob("*.tmp")]

    def told(self) -> dict:
        """What `orgtrust status` says of each export, by kind."""
        return {entry["kind"]: entry for entry in self.machine.status()["exports"]}


def verify(cert, *trust) -> bool:
    """Whether openssl verify accepts the certificate with that trust alone."""
    done = subprocess.run(
        [paths.OPENSSL, "verify", "-no-CAfile", "-no-CApath", "-no-CAstore",
         *map(str, trust), str(cert.path)], capture_output=True, check=False,
        env=clean_environment(OPENSSL_CONF="/dev/null"))
    return done.returncode == 0
