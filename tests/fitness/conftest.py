"""Fixtures of the tests of fitness."""

from support.misbehaving import api, key, machine, synced  # noqa: F401
