"""Fixtures of the command's own tests."""

from support.misbehaving import api, key, machine, synced  # noqa: F401
from support.tls_peers import pair, serve, silent, trusted  # noqa: F401
