"""Browsers without a window, driven as tests/programs/clients does."""

from __future__ import annotations

from devtools import Chromium as DevTools
from marionette import Firefox as Marionette
from program import CONNECTION, HOST, NSS_REFUSALS, Program, Running


class _World:
    """What the drivers want: a start() as the ordinary user."""

    def __init__(self, machine):
        self._machine = machine

    def start(self, argv, env, **more):
        return self._machine.start(argv, env=env, **more)


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
    name = "Firefox"
    refusals = NSS_REFUSALS

    def open(self):
        home = self.machine.scratch("firefox")
        return Marionette(_World(self.machine), "/usr/bin/firefox-esr", home,
                          prepare=self._prepare)

    def _prepare(self, profile):
        self.machine.give(profile, profile / "user.js")
        if self.parties.trusted_by_hand:
            self.parties.trust_in(profile)


BROWSERS = (Chromium, Firefox)
