"""Fixtures of the command's own tests."""

from support.misbehaving import api, key, machine, synced  # noqa: F401
