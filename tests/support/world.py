"""A scratch machine: a configuration, a cache, an environment, and the commands in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .process import Background, Result, clean_environment, run

# How orgtrust ends, by kind of failure.
OK, INTERNAL, USAGE, CONFIG, NETWORK, AUTH, PROTOCOL, NOT_FOUND = range(8)
REFUSED, RATE, DISK, SNAPSHOT, EMPTY, BUSY, BROKEN, NEEDED = range(8, 16)
INTERRUPTED = 130

OPENSSL_CNF = """\
openssl_conf = init
[init]
providers = providers
[providers]
default = default_sect
orgtrust = orgtrust_sect
[default_sect]
activate = 1
[orgtrust_sect]
module = {module}
activate = 1
"""

_COMMAND = """\
#!/bin/sh
{exports}exec {command} "$@"
"""


@dataclass(frozen=True)
class Kept:
    """A snapshot file, to the byte and the inode."""

    content: bytes
    inode: int
    mtime_ns: int


class World:
    """Everything of one test in one directory. The key never appears in any output: every
    run is searched for it, and secrets_found() searches the files."""

    def __init__(self, directory: Path, base_url: str | None = None,
                 key: str | None = None):
        self.dir = Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        os.chmod(self.dir, 0o755)
        self.cache = self.dir / "cache"
        self.cache.mkdir(exist_ok=True)
        self.conf = self.dir / "orgtrust.conf"
        self.key = key
        self.key_file = self.dir / "admin.key"
        self.openssl_cnf = self.dir / "openssl.cnf"
        self.openssl_cnf.write_text(OPENSSL_CNF.format(module=paths.PROVIDER))
        self.background: list[Background] = []
        if key is not None:
            self.key_file.touch(mode=0o600)
            self.key_file.write_text(key + "\n")
        self.env = clean_environment(
            HOME=str(self.dir),
            TMPDIR=str(self.dir),
            ORGTRUST_CONF=str(self.conf),
            ORGTRUST_CACHE_DIR=str(self.cache),
            ORGTRUST_COMMAND=str(self._command_script()),
        )
        self.base_url = base_url
        self.configure()

    def _command_script(self) -> Path:
        """What the provider starts: ours, with the wrapper's and sanitizers' settings that
        the provider rightly does not hand on."""
        path = self.dir / "orgtrust-command"
        exports = "".join(
            f"export {name}='{value}'\n"
            for name, value in clean_environment().items()
            if name.endswith("SAN_OPTIONS")
        )
        command = " ".join([*paths.WRAP, str(paths.COMMAND)])
        path.write_text(_COMMAND.format(exports=exports, command=command))
        path.chmod(0o755)
        return path

    def configure(self, text: str = "", **values):
        """Writes the configuration: base URL and key unless given otherwise, then values
        (None leaves a key out), then text. What else the machine is connected to is left in
        peace, and nobody is told what it has."""
        settings = {"base_url": self.base_url, "probe_connections": "no", "report": "no"}
        if self.key is not None:
            settings["admin_key_file"] = str(self.key_file)
        settings.update(values)
        lines = [f"{k} = {v}" for k, v in settings.items() if v is not None]
        self.conf.write_text("\n".join(lines) + "\n" + text)
        self.conf.chmod(0o644)

    # Running things.

    def check(self, done: Result) -> Result:
        if self.key is not None:
            for where, data in (("stdout", done.out), ("stderr", done.err)):
                assert self.key.encode() not in data, f"the key is in {where}: {done.argv}"
        for word in (b"ERROR: AddressSanitizer", b"runtime error:", b"WARNING: ThreadSanit",
                     b"ERROR: LeakSanitizer"):
            assert word not in done.err, str(done)
        return done

    def orgtrust(self, *args, status: int | None = OK, env=None, timeout=60.0,
                 **popen) -> Result:
        """Runs the command; status is what it must end with (None: whatever)."""
        done = self.check(
            run([paths.COMMAND, *args], env=self.env | (env or {}), timeout=timeout,
                wrap=True, **popen)
        )
        assert status is None or done.status == status, f"expected {status}: {done}"
        return done

    def sync(self, *args, status: int | None = OK, **more) -> Result:
        return self.orgtrust("sync", *args, status=status, **more)

    def start(self, *args, env=None, **popen) -> Background:
        """Runs the command in the background; ended with the world."""
        process = Background(
            [paths.COMMAND, *args], env=self.env | (env or {}), wrap=True,
            log=self.dir / f"background-{len(self.background)}.log", **popen,
        )
        self.background.append(process)
        return process

    def provider_env(self, **more: str) -> dict[str, str]:
        """The environment of a distribution program that loads the provider."""
        env = self.env | {"OPENSSL_CONF": str(self.openssl_cnf)} | more
        if paths.PRELOAD:
            env["LD_PRELOAD"] = paths.PRELOAD
        return env

    def openssl(self, *args, status: int | None = 0, env=None, timeout=60.0,
                **popen) -> Result:
        """Runs the openssl program with the provider loaded."""
        done = self.check(
            run([paths.OPENSSL, *args], env=self.provider_env() | (env or {}),
                timeout=timeout, wrap=True, **popen)
        )
        assert status is None or done.status == status, f"expected {status}: {done}"
        return done

    def storeutl(self, *args, uri="orgtrust:///", status: int | None = 0, **more) -> Result:
        return self.openssl("storeutl", *args, uri, status=status, **more)

    def count(self, uri="orgtrust:///") -> int:
        """How many certificates `openssl storeutl` finds; none is also said as an error."""
        return self.total(self.storeutl("-noout", "-certs", uri=uri, status=None))

    @staticmethod
    def total(done: Result) -> int:
        """How many certificates a storeutl of ours found."""
        assert done.status == 0 or "orgtrust" in done.stderr, done
        for line in done.stdout.splitlines():
            if line.startswith("Total found: "):
                return int(line.split(": ")[1])
        # OpenSSL 3.5 has no total where there was nothing, of any store.
        assert done.status != 0 or not done.text, f"no total: {done}"
        return 0

    # Looking at the cache.

    def snapshot_path(self, source="default") -> Path:
        return self.cache / f"{source}.snapshot"

    def state_path(self, source="default") -> Path:
        return self.cache / f"{source}.state"

    def snapshot(self, source="default") -> Kept | None:
        path = self.snapshot_path(source)
        try:
            before = path.stat()
            return Kept(path.read_bytes(), before.st_ino, before.st_mtime_ns)
        except FileNotFoundError:
            return None

    def temporaries(self) -> list[Path]:
        return sorted(p for p in self.cache.iterdir() if p.name.endswith(".tmp"))

    def status(self, source="default") -> dict:
        """What `orgtrust status --json` says of a source."""
        done = self.orgtrust("status", "--json", status=None)
        for entry in done.json()["sources"]:
            if entry["name"] == source:
                return entry
        raise AssertionError(f"no source {source}: {done}")

    def listed(self, *args) -> list[dict]:
        """What `orgtrust list --json` shows."""
        return self.orgtrust("list", "--json", *args).json()["certificates"]

    def secrets_found(self) -> list[Path]:
        """Files of this world, except the key's own, in which the key is."""
        if self.key is None:
            return []
        secret = self.key.encode()
        found = []
        for path in self.dir.rglob("*"):
            if path == self.key_file or path.is_symlink() or not path.is_file():
                continue
            if secret in path.read_bytes():
                found.append(path)
        return found

    def close(self):
        for process in self.background:
            if process.is_running():
                process.child.kill()
                process.child.wait()
        assert not self.secrets_found(), f"the key is in {self.secrets_found()}"
