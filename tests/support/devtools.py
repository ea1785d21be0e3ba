"""Chromium without a window, driven over the pipe of its DevTools protocol."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time

from . import paths
from .process import wait_until

# The pipe is at the descriptors 3 and 4, which is where a shell puts it.
_SHELL = 'exec "$@" 3<&"$DEVTOOLS_IN" 4>&"$DEVTOOLS_OUT"'
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update")


def chromium_options(home, profile=None) -> list[str]:
    """What keeps it from the network, from a display and from other profiles."""
    return [*_OPTIONS, f"--user-data-dir={profile or home / 'profile'}"]


class Chromium:
    """A browser that runs until stop(); its home is a directory with an NSS database, and
    with its profile where that is not named."""

    def __init__(self, world, program: str, home, profile=None, **how):
        commands, answers = os.pipe(), os.pipe()
        env = {"HOME": str(home), "DEVTOOLS_IN": str(commands[0]),
               "DEVTOOLS_OUT": str(answers[1])}
        self._to, self._from = commands[1], answers[0]
        self._buffer, self._count, self._session = b"", 0, None
        self.events: list[dict] = []
        try:
            self.process = world.start(
                ["bash", "-c", _SHELL, "chromium", program, *chromium_options(home, profile),
                 "--remote-debugging-pipe", "about:blank"],
                env=env, pass_fds=(commands[0], answers[1]), start_new_session=True, **how)
        finally:
            os.close(commands[0])
            os.close(answers[1])
        self.open_tab()

    def open_tab(self, apart=False):
        """To which what follows is said; what the browser says of it by itself is in events.
        apart: it shares no store of the profile with others."""
        self._session, self.events = None, []
        context = self.call("Target.createBrowserContext") if apart else {}
        self._target = self.call("Target.createTarget", url="about:blank",
                                 **context)["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=self._target,
                                  flatten=True)["sessionId"]
        self.call("Network.enable")

    def close_tab(self):
        self._session = None
        self.call("Target.closeTarget", targetId=self._target)

    def _send(self, method: str, params: dict) -> int:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return self._count

    def call(self, method: str, **params) -> dict:
        """One command, and its result."""
        number = self._send(method, params)
        end = time.monotonic() + 60 * paths.SLOWNESS
        while (answer := self._receive(end)).get("id") != number:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _receive(self, end: float) -> dict:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0, end - time.monotonic()))
            assert ready, f"no answer in time:\n{self.process.output()}"
            piece = os.read(self._from, 65536)
            assert piece, f"the browser ended:\n{self.process.output()}"
            self._buffer += piece
        message, self._buffer = self._buffer.split(b"\0", 1)
        answer = json.loads(message)
        if "method" in answer:
            self.events.append(answer)
        return answer

    def refusal(self, url: str) -> str | None:
        """Goes there; None when the page is shown, else the browser's name of the error."""
        error = self._navigate(url)
        if error is None:
            wait_until(lambda: "it was believed" in self._text(), what=f"the page of {url}")
        return error

    def _navigate(self, url: str) -> str | None:
        """The error, as soon as it is known: its page comes up to 3 s later, when the
        browser has given up looking for a captive portal."""
        number = self._send("Page.navigate", {"url": url})
        end = time.monotonic() + 60 * paths.SLOWNESS
        request = None
        while True:
            answer = self._receive(end)
            if answer.get("id") == number:
                return answer["result"].get("errorText")
            event, params = answer.get("method"), answer.get("params", {})
            if event == "Network.requestWillBeSent" and params["request"]["url"] == url:
                request = params["requestId"]
            elif event == "Network.loadingFailed" and params["requestId"] == request:
                return params["errorText"]

    def _text(self) -> str:
        done = self.call("Runtime.evaluate", expression="document.body?.innerText ?? ''")
        return str(done["result"].get("value"))

    def stop(self):
        self._session = None
        try:
            if self.process.is_running():
                self.call("Browser.close")
                self.process.child.wait(20 * paths.SLOWNESS)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.child.wait()
            os.close(self._to)
            os.close(self._from)
