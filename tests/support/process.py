"""Running programs: no inherited settings, every output kept and searched for secrets,
every process ended by its own id."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import paths

# What a sanitizer is told from outside reaches every child.
_KEPT = ("PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


def clean_environment(**more: str) -> dict[str, str]:
    """An environment with nothing of the caller's certificate, proxy or API settings."""
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    env["LC_ALL"] = "C.UTF-8"
    env["TZ"] = "UTC"
    env.update(more)
    return env


@dataclass
class Result:
    """How a program ended. status is the exit status, or minus the signal."""

    argv: list[str]
    status: int
    out: bytes
    err: bytes
    seconds: float = 0.0

    @property
    def stdout(self) -> str:
        return self.out.decode("utf-8")

    @property
    def stderr(self) -> str:
        return self.err.decode("utf-8")

    @property
    def text(self) -> str:
        return self.stdout + self.stderr

    def json(self):
        return json.loads(self.out)

    def __str__(self) -> str:
        return (
            f"{' '.join(self.argv)}\n  ended with {self.status} after {self.seconds:.1f} s"
            f"\n  stdout: {self.out[:4000]!r}\n  stderr: {self.err[:4000]!r}"
        )


def run(argv, *, env, timeout=60.0, stdin=None, wrap=False, cwd=None, **popen) -> Result:
    """Runs a program to its end. Over its time it is killed and the test fails."""
    argv = [*(paths.WRAP if wrap else []), *map(str, argv)]
    began = time.monotonic()
    child = subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **popen,
    )
    try:
        out, err = child.communicate(stdin, timeout=timeout * paths.SLOWNESS)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        raise AssertionError(
            f"not done after {timeout * paths.SLOWNESS} s: {argv}\n{out!r}\n{err!r}"
        ) from None
    return Result(argv, child.returncode, out, err, time.monotonic() - began)


class Background:
    """A program that runs until stop(); its output goes to a file."""

    def __init__(self, argv, *, env, log: Path, wrap=False, cwd=None, stdin=None, **popen):
        self.argv = [*(paths.WRAP if wrap else []), *map(str, argv)]
        self.log = Path(log)
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                self.argv,
                env=env,
                cwd=cwd,
                stdin=stdin if stdin is not None else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                **popen,
            )

    @property
    def pid(self) -> int:
        return self.child.pid

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def is_running(self) -> bool:
        return self.child.poll() is None

    def stop(self, how=signal.SIGTERM, timeout=20.0) -> int:
        """Ends it and returns its status; killed when it does not obey in time."""
        if self.child.poll() is None:
            self.child.send_signal(how)
        try:
            return self.child.wait(timeout * paths.SLOWNESS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(
                f"did not end on {how!r}: {self.argv}\n{self.output()}"
            ) from None

    def port(self, timeout=20.0) -> int:
        """The one TCP port that it (or a child of its) listens on."""
        end = time.monotonic() + timeout * paths.SLOWNESS
        while time.monotonic() < end:
            if self.child.poll() is not None:
                raise AssertionError(
                    f"ended with {self.child.returncode}: {self.argv}\n{self.output()}"
                )
            ports = listening_ports(self.pid)
            if ports:
                return min(ports)
            time.sleep(0.02)
        raise AssertionError(f"listens on nothing: {self.argv}\n{self.output()}")


def children(pid: int) -> list[int]:
    """What a process, which must be there, has started and not waited for yet."""
    return [int(word) for word in
            Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def family(pid: int) -> list[int]:
    """A process and all its descendants that are there now."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            found.extend(children(parent))
    return found


def listening_ports(pid: int) -> set[int]:
    """The TCP ports on which a process or a descendant of its listens."""
    inodes, lines = set(), set()
    for process in family(pid):
        try:
            descriptors = list(Path(f"/proc/{process}/fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                target = os.readlink(descriptor)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
        for table in ("tcp", "tcp6"):  # of its network, which need not be ours
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{process}/net/{table}").read_text()
                lines.update(text.splitlines()[1:])
    fields = map(str.split, lines)
    return {int(field[1].rsplit(":", 1)[1], 16) for field in fields
            if field[3] == "0A" and field[9] in inodes}  # 0A: LISTEN


def wait_until(condition, timeout=20.0, step=0.02, what="the condition"):
    """Returns the first true value of condition(); fails after timeout."""
    end = time.monotonic() + timeout * paths.SLOWNESS
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true in {timeout} s")
        time.sleep(step)
