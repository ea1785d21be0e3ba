"""Fixtures of the tests of fitness; one has a machine as the tests of doctor do."""

import sys
from pathlib import Path

for folder in ("install", "doctor"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))

from support.misbehaving import api, key, machine, synced  # noqa: E402, F401
