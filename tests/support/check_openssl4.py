"""Compiles every C file that a build directory compiles, as OpenSSL 4's headers would have it.

check_openssl4.py BUILD

BUILD has compile_commands.json. openssl4.h, beside this file, says what differs."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

SHIM = Path(__file__).with_name("openssl4.h")


def complaint(entry: dict[str, str]) -> str:
    """What the compiler says; "" when it is content."""
    argv = shlex.split(entry["command"])
    at = argv.index("-o")
    del argv[at:at + 2]
    argv += ["-fsyntax-only", "-Werror", "-include", str(SHIM)]
    done = subprocess.run(argv, cwd=entry["directory"], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"== {entry['file']}\n{done.stderr}"


def main(build: str) -> int:
    commands = json.loads((Path(build) / "compile_commands.json").read_text())
    # A file that many targets compile is looked at once.
    entries = {entry["file"]: entry for entry in commands}.values()
    with ThreadPoolExecutor(cpu_count()) as pool:
        found = [text for text in pool.map(complaint, entries) if text]
    print("\n".join(found) or f"{len(entries)} files, nothing found")
    return 1 if found or not entries else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
