"""Firefox without a window, driven over the protocol of its own tests, Marionette: one TCP
connection, messages of JSON that begin with their length."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from pathlib import Path

from . import paths
from .process import wait_until

# A port that the kernel chooses, and nothing that asks the network by itself.
_PREFERENCES = """\
user_pref("marionette.port", 0);
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.proxy.type", 0);
user_pref("security.OCSP.enabled", 0);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
"""

# Asked of the page about the error, with the rights that it has itself.
_REASON = "return document.getFailedCertSecurityInfo().errorCodeString"


class Firefox:
    """A browser that runs until stop(), with a new profile in home. prepare(profile) may
    put files there first."""

    def __init__(self, world, program: str, home: Path, prepare=None, **how):
        profile = home / "profile"
        profile.mkdir()
        (profile / "user.js").write_text(_PREFERENCES)
        if prepare is not None:
            prepare(profile)
        self._count = 0
        self._socket = None
        self.process = world.start(
            [program, "--headless", "--no-remote", "--profile", str(profile), "--marionette",
             "--remote-allow-system-access"],
            env={"HOME": str(home), "MOZ_CRASHREPORTER_DISABLE": "1"},
            start_new_session=True, **how)
        try:
            self._connect(profile / "MarionetteActivePort")
            self.call("WebDriver:NewSession",
                      capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
        except BaseException:
            self.stop()
            raise

    def _connect(self, port_file: Path):
        def port():
            assert self.process.is_running(), f"it ended:\n{self.process.output()}"
            return port_file.exists() and port_file.read_text().strip()

        number = int(wait_until(port, timeout=60, step=0.05, what="Firefox's port"))
        self._socket = socket.create_connection(("127.0.0.1", number),
                                                timeout=60 * paths.SLOWNESS)
        self._in = self._socket.makefile("rb")
        self._receive()  # who it is

    def _receive(self):
        digits = b""
        while (byte := self._in.read(1)) != b":":
            assert byte, f"the browser hung up:\n{self.process.output()}"
            digits += byte
        return json.loads(self._in.read(int(digits)))

    def ask(self, command: str, **params):
        """(error or None, result) of one command."""
        self._count += 1
        message = json.dumps([0, self._count, command, params]).encode()
        self._socket.sendall(b"%d:%b" % (len(message), message))
        while True:
            _, number, error, result = self._receive()
            if number == self._count:
                return error, result

    def call(self, command: str, **params):
        error, result = self.ask(command, **params)
        assert error is None, f"{command}: {error}"
        return result

    def refusal(self, url: str, shown="it was believed") -> str | None:
        """Goes there; None when a page with these words is shown, else the browser's name
        of the error."""
        error, _ = self.ask("WebDriver:Navigate", url=url)
        if error is None:
            page = self.call("WebDriver:GetPageSource")["value"]
            assert shown in page, page
            return None
        assert error["error"] == "insecure certificate", error
        return self.call("WebDriver:ExecuteScript", script=_REASON, args=[],
                         sandbox="system")["value"]

    def stop(self):
        try:
            if self._socket is not None and self.process.is_running():
                self.ask("Marionette:Quit", flags=["eForceQuit"])
                self.process.child.wait(20 * paths.SLOWNESS)
        finally:
            if self._socket is not None:
                self._socket.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.child.wait()
