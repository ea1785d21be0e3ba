"""Browsers without a window, driven as tests/programs/clients does."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path

from devtools import Chromium as DevTools
from program import CONNECTION, HOST, NSS_REFUSALS, Program, Running
from support.marionette import Firefox as Marionette


# What a session of a user starts, and the key of its command.
_LOGINS = (
    (Path("/etc/systemd/user/default.target.wants/orgtrust-firefox.service"), "ExecStart"),
    (Path("/etc/xdg/autostart/orgtrust-firefox.desktop"), "Exec"))


class _World:
    """What the drivers want: a start() as the ordinary user. home: that user's, where it is
    not what the driver takes for it."""

    def __init__(self, machine, home=None):
        self._machine = machine
        self._home = {} if home is None else {"HOME": str(home)}

    def start(self, argv, env, **more):
        return self._machine.start(argv, env=env | self._home, **more)


class RunningBrowser(Running):
    """A host whose server it has refused, or believed, and one that it has not seen."""

    moments = (CONNECTION, HOST)

    def __init__(self, program, party):
        self._program, self._party = program, party
        self._browser = program.open()

    def believes(self, moment):
        server = (self._party.server if moment == CONNECTION
                  else self._program.parties.serve(self._party))
        refusal = self._browser.refusal(server.url)
        assert refusal in (None, *self._program.refusals), refusal
        return refusal is None

    def stop(self):
        self._browser.stop()


class Browser(Program):
    refusals: tuple[str, ...]  # how it calls an authority that it does not believe

    def open(self):
        raise NotImplementedError

    def believes(self, party):
        running = RunningBrowser(self, party)
        try:
            return running.believes(CONNECTION)
        finally:
            running.stop()

    def start(self):
        return RunningBrowser(self, self.parties.moving)


class Chromium(Browser):
    """Its home is the user's, for the NSS database; profiles lie in directories of their
    own."""

    name = "Chromium"
    refusals = ("net::ERR_CERT_AUTHORITY_INVALID", "net::ERR_CERT_INVALID")

    def open(self):
        return DevTools(_World(self.machine), "/usr/bin/chromium", self.machine.home,
                        profile=self.machine.scratch("chromium"))


class Firefox(Browser):
    """Each with a home of its own, whose user has logged in once the profile was there."""

    name = "Firefox"
    refusals = NSS_REFUSALS

    def open(self):
        home = self.machine.scratch("firefox")
        above = home / ".mozilla" / "firefox"
        above.mkdir(parents=True)
        self.machine.give(above.parent, above)
        return Marionette(_World(self.machine, home), "/usr/bin/firefox-esr", above,
                          prepare=partial(self._prepare, home))

    def _prepare(self, home, profile):
        self.machine.give(profile, profile / "user.js")
        self.machine.run("certutil", "-N", "--empty-password", "-d", f"sql:{profile}", status=0)
        if self.parties.trusted_by_hand:
            self.parties.trust_in(profile)
        for place, key in _LOGINS:
            if place.exists():
                command = re.search(rf"^{key}=(.*)$", place.read_text(), re.M)[1]
                self.machine.run(*shlex.split(command), env={"HOME": str(home)}, status=0)


BROWSERS = (Chromium, Firefox)
