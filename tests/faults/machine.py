"""A scratch machine whose syncs go wrong, and what must hold then."""

from __future__ import annotations

import time
from pathlib import Path

from fault_server import FaultServer
from support.process import Result
from support.world import World


class Machine(World):
    """Quick time-outs; otherwise an ordinary machine."""

    TIMEOUTS = {"connect_timeout": "2s", "timeout": "4s"}

    def __init__(self, directory: Path, api: FaultServer, key: str):
        self.api = api
        super().__init__(directory, api.base_url, key)

    def configure(self, text: str = "", **values):
        super().configure(text, **(self.TIMEOUTS | values))

    def sync_keeps(self, status: int | None, *words: str, args=(), **more) -> Result:
        """A sync that must fail with that exit status (None: any failure), name each of words in its message,
        leave the snapshot as it is to the byte, inode and time, record the reason, and
        leave the next refresh scheduled."""
        before = self.snapshot()
        began = int(time.time())
        done = self.sync(*args, status=status, **more)
        assert done.status > 0, done
        for word in words:
            assert word.lower() in done.stderr.lower(), f"'{word}' is missing: {done}"
        assert self.snapshot() == before, "the snapshot was touched"
        assert not self.temporaries(), "a temporary file stayed"
        self.shows_failure(done, began)
        return done

    def shows_failure(self, done: Result, began: int):
        """`orgtrust status` gives the reason that the sync gave, and when it is tried next."""
        shown = self.status()
        error = shown["last_error"]
        assert error is not None, shown
        # The sync's own message may have a word before it and a hint behind it.
        assert error["message"] in done.stderr, (error, done)
        assert error["status"] != "ok", shown
        assert shown["failures"] >= 1, shown
        assert shown["next_refresh"] >= began, shown

    def heals(self, count: int | None = None):
        """With a healthy API the next sync succeeds and no failure is shown any more."""
        self.api.heal()
        self.sync()
        shown = self.status()
        assert shown["last_error"] is None, shown
        assert shown["failures"] == 0, shown
        if count is not None:
            assert self.count() == count
