"""Programs that something holds in: a container, a profile of AppArmor, a root of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

from interpreters import Conversation, Interpreter
from program import CLIENTS, CONNECTION, RELOAD, SYSTEM_BUNDLE, Program, Running
from support import as_apparmor
from support.podman import MAKE_ROOT, PODMAN, RUN
from support.postfix import Postfix
from tools import OpenSsl

# As a machine has it that was booted.
_CGROUPS = """\
set -eu
[ ! -e /sys/fs/cgroup/cgroup.procs ] || exit 0
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
"""


class PodmansPython(Interpreter):
    """Started without a word about authorities."""

    name = "python3 in a podman container"

    def __init__(self, machine, parties):
        super().__init__(machine, parties)
        inside, kept = machine.dir / "inside", machine.dir / "podman"
        machine.root("sh", "-c", _CGROUPS)
        machine.root("sh", "-c", MAKE_ROOT, "sh", inside)
        shutil.copy(CLIENTS / "client.py", inside / "srv")
        self.argv = (*PODMAN, "--root", kept / "storage", "--runroot", kept / "run", *RUN,
                     "--interactive", "--cgroup-parent", "/orgtrust-reach", "--rootfs", inside,
                     "/usr/bin/python3", "/srv/client.py")

    def _talk(self, party):
        return Conversation(self.machine, self.argv, self.env, party.server, user=False)

    def stop(self):
        """The kernel's, and not this root's: they would stay."""
        self.machine.root("find", "/sys/fs/cgroup/orgtrust-reach", "-depth", "-type", "d",
                          "-exec", "rmdir", "{}", ";")


class OpenSslUnderAppArmor(OpenSsl):
    """Asks the provider, with the rights of a profile that includes the abstraction."""

    name = "openssl s_client under AppArmor"
    refusals = (*OpenSsl.refusals, "No store loader found")

    def run(self, *argv):
        return self.machine.run(
            "/usr/bin/python3", as_apparmor.__file__, *argv, "-no-CAfile", "-no-CApath",
            "-CAstore", "orgtrust:///", stdin=self._rights())

    def _rights(self) -> bytes:
        assert as_apparmor.is_here(), "AppArmor's stand-in takes a kernel with Landlock"
        profile = self.machine.scratch("apparmor") / "profile"
        profile.write_text(as_apparmor.profile("openssl"))
        return self.machine.root("apparmor_parser", "--preprocess", profile).out


class _AsRoot:
    """The machine, as the driver of postfix wants it."""

    def __init__(self, machine):
        self._machine = machine
        self.run, self.path = machine.root, Path

    def start(self, *argv, log):
        return self._machine.start(argv, user=False, log=log)

    def write(self, name, text):
        Path(name).write_text(text)


class RunningPostfix(Running):
    moments = (CONNECTION, RELOAD)

    def __init__(self, machine, party):
        self._dir = machine.scratch("postfix")
        (self._dir / "conf").mkdir()
        self._postfix = Postfix(
            _AsRoot(machine), port=party.server.port, host=party.server.host,
            authorities=f"smtp_tls_CAfile = {SYSTEM_BUNDLE}", log=self._dir / "log",
            configuration=self._dir / "conf", queue=self._dir / "queue")

    def believes(self, moment):
        if moment == RELOAD:
            self._postfix.reload()
        return self._postfix.believes()

    def stop(self):
        self._postfix.stop()


class PostfixInItsRoot(Program):
    name = "postfix in its chroot"

    def believes(self, party):
        running = RunningPostfix(self.machine, party)
        try:
            return running.believes(CONNECTION)
        finally:
            running.stop()

    def start(self):
        return RunningPostfix(self.machine, self.parties.moving)


CONFINED = (PodmansPython, OpenSslUnderAppArmor, PostfixInItsRoot)
