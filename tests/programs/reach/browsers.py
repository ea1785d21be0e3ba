"""Browsers without a window, driven as tests/programs/clients does."""

from __future__ import annotations

import re
import shlex
import time
from functools import partial
from pathlib import Path

from program import CONNECTION, HOST, NSS_REFUSALS, SECONDS, Program, Running
from support.devtools import Chromium as DevTools
from support.marionette import Firefox as Marionette
from tools import NSS_DATABASE

# It is some seconds old before it looks at its policies again.
BEGUN_WATCHING = 10


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


class _WithoutPolicies(_World):
    """Their directory is an empty one to what is started."""

    def start(self, argv, env, **more):
        hidden = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                  'mount -t tmpfs tmpfs /etc/chromium && exec "$@"', "sh"]
        return self._machine.start([*hidden, *self._machine.as_user(argv)], user=False,
                                   env={"HOME": str(self._machine.home)} | env, **more)


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


class RunningByPolicy(RunningBrowser):
    """Looks at its policies by itself, some seconds after they have changed."""

    moments = (SECONDS,)

    def __init__(self, program, party):
        super().__init__(program, party)
        time.sleep(BEGUN_WATCHING)

    def believes(self, moment):
        time.sleep(15)
        return super().believes(CONNECTION)


class Chromium(Browser):
    """By the machine's policy: each has a home of its own, whose user never started one. What
    is trusted by hand is in an NSS database, which else is not there."""

    name = "Chromium"
    refusals = ("net::ERR_CERT_AUTHORITY_INVALID", "net::ERR_CERT_INVALID")

    def open(self):
        home = self.machine.scratch("chromium")
        if self.parties.trusted_by_hand:
            database = home / NSS_DATABASE
            self.machine.run("mkdir", "-p", database, status=0)
            self.parties.trust_in(database)
        return DevTools(_World(self.machine), "/usr/bin/chromium", home)

    def start(self):
        return RunningByPolicy(self, self.parties.moving)


class ChromiumByDatabase(Chromium):
    """Where no policy is: its home is the user's, for the NSS database; profiles lie in
    directories of their own."""

    name = "Chromium without a policy"

    def open(self):
        return DevTools(_WithoutPolicies(self.machine), "/usr/bin/chromium", self.machine.home,
                        profile=self.machine.scratch("chromium"))

    def start(self):
        return RunningBrowser(self, self.parties.moving)


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


BROWSERS = (Chromium, ChromiumByDatabase, Firefox)
