"""A network of its own for a test that takes more addresses than a machine has."""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor

import pytest

from .process import clean_environment, run

_CLONE_NEWNET = 0x40000000


def in_own_network(work, addresses=()):
    """work() in a thread where loopback has these addresses, of IPv6, beside its own: what it
    opens and starts is there. The other threads stay where they are."""
    def enter_and_work():
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
            pytest.skip("needs a network namespace: run as root")
        lines = ["link set lo up", *(f"-6 addr add {one}/128 dev lo nodad" for one in addresses)]
        for line in lines:
            done = run(["ip", *line.split()], env=clean_environment())
            if done.status != 0:
                pytest.skip(f"needs IPv6: {done.stderr}")
        return work()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(enter_and_work).result()
