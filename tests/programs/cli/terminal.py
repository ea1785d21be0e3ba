"""Running a program with a terminal of a given width around it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios

from support import paths


def run_on_terminal(argv, env, *, columns=80, timeout=60.0) -> tuple[int, str, str]:
    """(exit status, stdout, stderr), each of the two on a terminal of its own."""
    masters, slaves = zip(pty.openpty(), pty.openpty())
    for slave in slaves:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST  # line ends as they were written
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
    child = subprocess.Popen(
        [*paths.WRAP, *map(str, argv)], env=env, stdin=subprocess.DEVNULL,
        stdout=slaves[0], stderr=slaves[1],
    )
    for slave in slaves:
        os.close(slave)
    output = [read_to_end(master) for master in masters]
    status = child.wait(timeout * paths.SLOWNESS)
    return status, output[0], output[1]


def read_to_end(master: int) -> str:
    """What is written until the last writer closed the terminal. The tests write less
    than a terminal buffers, so one after the other will do."""
    data = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # EIO: nobody has the other side any more
            break
        if not piece:
            break
        data += piece
    os.close(master)
    return data.decode("utf-8")
