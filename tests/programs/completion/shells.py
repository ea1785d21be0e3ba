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

SCRIPTS = paths.REPOSITORY / "conf" / "completion"
PROGRAMS = {"orgtrust": paths.COMMAND, "orgtrust-server": paths.SERVER}
PROMPT, RAN = "ready> ", "RAN!"

# The real program answers; what the completed line runs is only written down.
_RECORDER = """\
#!/bin/sh
{exports}case "$1" in complete | --help) exec {program} "$@" ;; esac
printf '%s\\0' "$@" >'{record}'
printf '\\nRAN%s\\n' '!'
"""


class Shell:
    """A scratch directory with the programs and a shell's own files."""

    def __init__(self, directory: Path, env: dict[str, str]):
        self.dir, self.record, self.here = directory, directory / "record", directory / "here"
        self.here.mkdir(parents=True)
        (directory / "bin").mkdir()
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value
                          in clean_environment().items() if name.endswith("SAN_OPTIONS"))
        for program, real in PROGRAMS.items():
            recorder = directory / "bin" / program
            recorder.write_text(_RECORDER.format(
                exports=exports, program=shlex.join([*paths.WRAP, str(real)]),
                record=self.record))
            recorder.chmod(0o755)
        self.env = env | {"HOME": str(directory), "TERM": "dumb",
                          "XDG_CONFIG_HOME": str(directory), "XDG_DATA_HOME": str(directory),
                          "PATH": f"{directory}/bin:{os.environ['PATH']}"}

    def close(self):
        pass


class Interactive(Shell):
    """Keeps one terminal for all that is typed."""

    child = None
    shown = ""
    list_key = ""  # shows what TAB would offer, and puts nothing in

    def offered(self, line: str) -> dict[str, str]:
        """The words that TAB shows behind the line, and what it says of each."""
        self.type(line + self.list_key + "\x15printf LIST%s ED\r")
        # The prompt with the line, what is listed, the prompts again, what printf says.
        found = {}
        for row in self.read_until("LISTED").split("\r\n")[1:-1]:
            row = re.sub("\x1b\\[[0-9;?]*[A-Za-z]|\r.*", "", row).strip()
            if row and "LIST%s" not in row and not row.startswith(PROMPT.strip()):
                words, _, about = re.sub(r"  \((.*)\)$", r"  -- \1", row).partition("  -- ")
                found.update((word, about) for word in re.split("  +", words.rstrip()))
        return found

    def ran(self, line: str, begun: str) -> list[str]:
        """The arguments of the command that runs when to the line the begin of a word is
        typed, TAB and Enter."""
        self.record.unlink(missing_ok=True)
        self.type(f"{line} {begun}\t\r")
        self.read_until(RAN)
        return self.record.read_bytes().decode().split("\0")[:-1]

    def type(self, text: str):
        """At the prompt, for only there the shell reads keys, not the terminal lines."""
        if self.child is None:
            self.master, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 1000, 400, 0, 0))
            self.child = subprocess.Popen(
                self.argv(), env=self.env, cwd=self.here, stdin=slave, stdout=slave,
                stderr=slave, start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
            os.close(slave)
        self.read_until(PROMPT)
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
        if self.child is not None:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            os.close(self.master)


class Bash(Interactive):
    list_key = "\x1b?"

    def argv(self):
        rc = self.dir / "bashrc"
        rc.write_text(f"PS1='{PROMPT}'\nunset HISTFILE\n"
                      "bind 'set enable-bracketed-paste off'\n"
                      "bind 'set completion-display-width 0'\n"  # one a line
                      "bind 'set completion-query-items 0'\n"
                      ". /usr/share/bash-completion/bash_completion\n"
                      + "".join(f". {script}\n" for script in SCRIPTS.glob("*.bash")))
        return ["bash", "--noprofile", "--rcfile", rc, "-i"]


class Zsh(Interactive):
    list_key = "\x14"

    def argv(self):
        functions = self.dir / "functions"
        functions.mkdir()
        for script in SCRIPTS.glob("*.zsh"):
            (functions / f"_{script.stem}").symlink_to(script)
        (self.dir / ".zshrc").write_text(
            f"PS1='{PROMPT}' LISTMAX=100000\nunset HISTFILE zle_bracketed_paste\n"
            f"fpath=({functions} $fpath)\nautoload -Uz compinit\ncompinit -u -D\n"
            "bindkey '^T' list-choices\nunsetopt prompt_sp\n")
        self.env |= {"ZDOTDIR": str(self.dir), "TERM": "xterm"}
        return ["zsh", "-d", "-i"]


class Fish(Shell):
    def offered(self, line):
        return dict((row + "\t").split("\t")[:2] for row in
                    self.script(f"complete -C {quote_for_fish(line)}").splitlines())

    def ran(self, line, begun):
        """As TAB would: the one word that is offered takes the place of the last one."""
        self.record.unlink(missing_ok=True)
        self.script(f"set -l words (complete --escape -C {quote_for_fish(f'{line} {begun}')})\n"
                    "test (count $words) = 1; or exit 3\n"
                    f"eval {quote_for_fish(line)} (string split -- \\t $words)[1]")
        return self.record.read_bytes().decode().split("\0")[:-1]

    def script(self, text: str) -> str:
        sources = "".join(f"source {script}\n" for script in SCRIPTS.glob("*.fish"))
        done = run([shutil.which("fish"), "--no-config", "-c", sources + text], env=self.env,
                   cwd=self.here)
        assert done.status == 0 and not done.err, str(done)
        return done.stdout


def quote_for_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}
