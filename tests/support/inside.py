"""For tests that look into a process."""

import os

import pytest

# Who has held a key is not dumpable: of its own user nobody but root may look into it.
looks_inside = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root, to look into a process that has held a key")
