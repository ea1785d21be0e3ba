"""The three shells, as somebody at a terminal has them: what TAB offers, and what a line
runs that TAB has completed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from support import paths
from support.process import clean_environment, run

SCRIPTS = paths.BUILD / "conf" / "completion"
PROGRAMS = {"orgtrust": paths.COMMAND, "orgtrust-server": paths.SERVER}

# Completion is answered by the real program; what the line runs is only written down.
_RECORDER = """\
#!/bin/sh
{exports}[ "$1" != complete ] || exec {program} "$@"
printf '%s\\0' "$@" >'{record}'
printf '\\nRAN%s\\n' '!'
"""
_RAN = "RAN!"
PROMPT = "ready> "


class Shell:
    """A scratch directory with the scripts, the programs and a shell's own files."""

    name = ""

    def __init__(self, directory: Path, env: dict[str, str]):
        self.dir = directory
        self.record = directory / "record"
        self.here = directory / "here"  # where the shell is
        self.here.mkdir(parents=True)
        (directory / "bin").mkdir()
        for program, real in PROGRAMS.items():
            recorder = directory / "bin" / program
            recorder.write_text(_RECORDER.format(
                exports="".join(f"export {name}={shlex.quote(value)}\n"
                                for name, value in clean_environment().items()
                                if name.endswith("SAN_OPTIONS")),
                program=shlex.join([*paths.WRAP, str(real)]), record=self.record))
            recorder.chmod(0o755)
        self.env = env | {"HOME": str(directory), "TERM": "dumb",
                          "XDG_CONFIG_HOME": str(directory), "XDG_DATA_HOME": str(directory),
                          "PATH": f"{directory}/bin:{os.environ['PATH']}"}

    def offered(self, line: str) -> dict[str, str]:
        """The words that TAB shows behind the line, and what it says of each."""
        raise NotImplementedError

    def ran(self, line: str, begun: str) -> list[str]:
        """The arguments of the command that runs when to the line the begin of a word is
        typed, TAB and Enter."""
        raise NotImplementedError

    def recorded(self) -> list[str]:
        return self.record.read_bytes().decode().split("\0")[:-1]

    def close(self):
        pass


class Terminal:
    """An interactive shell in a terminal."""

    def __init__(self, argv, env, cwd):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 1000, 400, 0, 0))
        self.child = subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.shown = ""

    def type(self, text: str):
        os.write(self.master, text.encode())

    def read_until(self, text: str) -> str:
        """What was shown until then."""
        end = time.monotonic() + 60 * paths.SLOWNESS
        while text not in self.shown:
            ready = select.select([self.master], [], [], max(0, end - time.monotonic()))[0]
            assert ready, f"not shown: {text!r}; but {self.shown!r}"
            self.shown += os.read(self.master, 65536).decode("utf-8", "replace")
        before, self.shown = self.shown.split(text, 1)
        return before

    def close(self):
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()
        os.close(self.master)


class Interactive(Shell):
    """Keeps one terminal for all that is typed."""

    terminal: Terminal | None = None
    list_key = ""  # shows what TAB would offer, and puts nothing in

    def offered(self, line):
        self.type(line + self.list_key + "\x15printf LIST%s ED\r")
        # The prompt with the line, what is listed, the prompts again, what printf says.
        rows = self.terminal.read_until("LISTED").split("\r\n")[1:]
        found = {}
        for row in rows[:-1]:
            row = re.sub("\x1b\\[[0-9;?]*[A-Za-z]|\r.*", "", row).strip()
            if row and "LIST%s" not in row and not row.startswith(PROMPT.strip()):
                found.update(self.read_row(row))
        return found

    def read_row(self, row: str) -> dict[str, str]:
        raise NotImplementedError

    def ran(self, line, begun):
        self.record.unlink(missing_ok=True)
        self.type(f"{line} {begun}\t\r")
        self.terminal.read_until(_RAN)
        return self.recorded()

    def type(self, text: str):
        """At the prompt, for only there the shell reads keys, not the terminal lines."""
        if self.terminal is None:
            self.terminal = self.start()
        self.terminal.read_until(PROMPT)
        self.terminal.type(text)

    def start(self) -> Terminal:
        raise NotImplementedError

    def close(self):
        if self.terminal is not None:
            self.terminal.close()


class Bash(Interactive):
    name = "bash"
    list_key = "\x1b?"

    def start(self):
        rc = self.dir / "bashrc"
        rc.write_text(f"PS1='{PROMPT}'\nunset HISTFILE\n"
                      "bind 'set enable-bracketed-paste off'\n"
                      "bind 'set completion-display-width 0'\n"  # one a line
                      "bind 'set completion-query-items 0'\n"
                      + "".join(f". {script}\n" for script in SCRIPTS.glob("*.bash")))
        return Terminal([shutil.which("bash"), "--noprofile", "--rcfile", rc, "-i"], self.env,
                        self.here)

    def read_row(self, row):
        word, _, about = row.partition("  (")
        return {word: about.removesuffix(")")}


class Zsh(Interactive):
    name = "zsh"
    list_key = "\x14"

    def start(self):
        functions = self.dir / "functions"
        functions.mkdir()
        for script in SCRIPTS.glob("*.zsh"):
            (functions / f"_{script.stem}").write_text(script.read_text())
        (self.dir / ".zshrc").write_text(
            f"PS1='{PROMPT}' LISTMAX=100000\nunset HISTFILE zle_bracketed_paste\n"
            f"fpath=({functions} $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"
            "bindkey '^T' list-choices\nunsetopt prompt_sp\n")
        return Terminal([shutil.which("zsh"), "-d", "-i"],
                        self.env | {"ZDOTDIR": str(self.dir), "TERM": "xterm"}, self.here)

    def read_row(self, row):
        """Words of which the same is said share a row."""
        words, _, about = row.partition("  -- ")
        return {word: about for word in re.split("  +", words.rstrip())}


class Fish(Shell):
    name = "fish"

    def offered(self, line):
        text = self.script(f"complete -C {quote_for_fish(line)}")
        return dict(row.split("\t", 1) if "\t" in row else (row, "")
                    for row in text.splitlines())

    def ran(self, line, begun):
        """As TAB would: the one word that is offered takes the place of the last one."""
        self.record.unlink(missing_ok=True)
        self.script(f"set -l words (complete --escape -C {quote_for_fish(f'{line} {begun}')})\n"
                    "test (count $words) = 1; or exit 3\n"
                    f"eval {quote_for_fish(line)} (string split -- \\t $words)[1]")
        return self.recorded()

    def script(self, text: str) -> str:
        done = run([shutil.which("fish"), "--no-config", "-c", "".join(
            f"source {script}\n" for script in SCRIPTS.glob("*.fish")) + text],
            env=self.env, cwd=self.here)
        assert done.status == 0 and not done.err, str(done)
        return done.stdout


def quote_for_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS = {shell.name: shell for shell in (Bash, Zsh, Fish)}
