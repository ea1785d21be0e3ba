"""Running the command with somebody at its terminal."""

from __future__ import annotations

import os
import pty
import subprocess

from support import paths


class Dialogue:
    """The command with standard input and standard error on a terminal; standard output is
    read at the end."""

    def __init__(self, world, *args):
        self.master, slave = pty.openpty()
        self.child = subprocess.Popen(
            [*paths.WRAP, paths.COMMAND, *map(str, args)], env=world.env, stdin=slave,
            stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        self.said = ""

    def read_until(self, text: str):
        while text not in self.said:
            self.said += self._read()

    def _read(self) -> str:
        return os.read(self.master, 65536).decode()

    def answer(self, text: str):
        os.write(self.master, text.encode())

    def end(self) -> tuple[int, str, str]:
        """(exit status, standard output, what the terminal showed)"""
        out = self.child.communicate(timeout=60 * paths.SLOWNESS)[0].decode()
        try:
            while True:
                piece = self._read()
                if not piece:
                    break
                self.said += piece
        except OSError:  # EIO: nobody has the other side any more
            pass
        os.close(self.master)
        return self.child.returncode, out, self.said
