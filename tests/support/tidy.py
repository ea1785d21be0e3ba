"""Runs clang-tidy on the project's own C files, as a build directory compiles them.

tidy.py BUILD FILE...

What nothing was found in is not looked at again until it, what it includes, or the checks
have changed: BUILD/tidied keeps a digest of each."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SHIM = Path(__file__).with_name("tidy.h")


def is_error_c(file: str) -> bool:
    """The file that the shim replaces functions of."""
    return Path(file).name == "error.c"


def preprocessed(entry: dict[str, str]) -> bytes:
    argv = shlex.split(entry["command"])
    at = argv.index("-o")
    del argv[at:at + 2]
    argv += ["-E"] if is_error_c(entry["file"]) else ["-E", "-include", str(SHIM)]
    return subprocess.run(argv, cwd=entry["directory"], check=True, capture_output=True).stdout


def complaint(build: Path, checks: bytes, entry: dict[str, str]) -> str:
    """What clang-tidy says; "" when it is content."""
    file = entry["file"]
    stamp = build / "tidied" / hashlib.sha256(checks + preprocessed(entry)).hexdigest()
    if stamp.exists():
        return ""
    shim = [] if is_error_c(file) else [f"--extra-arg=-include{SHIM}"]
    done = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(build), "--warnings-as-errors=*", *shim, file],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        return f"== {file}\n{done.stdout}"
    stamp.touch()
    return ""


def main(build: Path, files: list[str]) -> int:
    commands = json.loads((build / "compile_commands.json").read_text())
    known = {entry["file"]: entry for entry in commands}
    version = subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True)
    checks = version.stdout + (PROJECT / ".clang-tidy").read_bytes()
    (build / "tidied").mkdir(exist_ok=True)
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = list(pool.map(
            lambda file: complaint(build, checks, known[file]) if file in known
            else f"== {file}\nno target compiles it", files))
    found = [text for text in found if text]
    print("\n".join(found) or f"{len(files)} files, nothing found")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
