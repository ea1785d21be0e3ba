"""A page in Chromium, used as a person does: by its words, with mouse and keys."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from urllib.parse import urlsplit

from support import paths
from support.devtools import Chromium
from support.process import Background, clean_environment, wait_until

SCREENSHOTS = paths.RESULTS / "screenshots"

# The elements that a person could mean by some words: the innermost that have them.
_FIND = """
(selector, words) => [...document.querySelectorAll(selector)].filter((one) =>
  one.checkVisibility({visibilityProperty: true}) && (one.getAttribute('aria-label')
    ?? one.innerText ?? '').replace(/\\s+/g, ' ').trim().startsWith(words))
"""


class Desk:
    """Where browsers run: a home, and an environment without anything of the caller's."""

    def __init__(self, directory: Path):
        self.dir = directory
        self._count = itertools.count()

    def start(self, argv, env, **more) -> Background:
        return Background(argv, env=clean_environment(TMPDIR=str(self.dir), **env),
                          log=self.dir / f"browser-{next(self._count)}.log", **more)

    def chromium(self, program: str) -> Chromium:
        home = self.dir / f"home-{next(self._count)}"
        home.mkdir()
        return Chromium(self, program, home)

    def close(self):
        """Its browsers are stopped by who started them."""


class Page:
    """A tab of its own, in a context that shares nothing with others."""

    def __init__(self, browser: Chromium, url: str, width=1280, height=900):
        self.browser, self.url = browser, url
        browser.open_tab(apart=True)
        browser.call("Page.enable")
        browser.call("Runtime.enable")
        browser.call("Log.enable")
        browser.call("Emulation.setScrollbarsHidden", hidden=True)
        self.resize(width, height)

    def close(self):
        self.browser.close_tab()

    def resize(self, width: int, height: int):
        self.browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                          deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str):
        """light or dark"""
        self.browser.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])

    def without_scripts(self):
        self.browser.call("Emulation.setScriptExecutionDisabled", value=True)

    def go(self, fragment=""):
        """Loads it anew."""
        self.browser.call("Page.navigate", url=self.url + fragment)
        wait_until(lambda: self.js("document.readyState === 'complete' && location.pathname"),
                   what="the page")

    def js(self, expression: str):
        done = self.browser.call("Runtime.evaluate", expression=expression, returnByValue=True,
                                 awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def text(self, selector="body") -> str:
        """What a person sees of it, in one line."""
        return " ".join((self.js(f"document.querySelector({json.dumps(selector)})?.innerText")
                         or "").split())

    def waits_for(self, words: str, selector="body"):
        wait_until(lambda: words in self.text(selector), timeout=20,
                   what=f"{words!r}; there is {self.text(selector)!r}")

    def has(self, words: str, selector="*") -> bool:
        return bool(self.js(f"({_FIND})({json.dumps(selector)}, {json.dumps(words)}).length"))

    def _center(self, selector: str, words: str) -> tuple[float, float]:
        """Found and measured in one look: what is found may be drawn anew before the next."""
        return tuple(wait_until(lambda: self.js(f"""(() => {{
            const [one] = ({_FIND})({json.dumps(selector)}, {json.dumps(words)});
            if (!one) return null;
            one.scrollIntoView({{block: 'center', inline: 'center'}});
            const box = one.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""), what=f"{selector} {words!r}"))

    def click(self, words: str, selector="button, a, summary, label"):
        self.press_on(words, selector)()

    def press_on(self, words: str, selector: str, button="left"):
        """Presses the mouse there; what comes back is told what happens to it next."""
        x, y = self._center(selector, words)

        def turn(kind="mouseReleased", **how):
            self.browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                              **({"button": button, "clickCount": 1} | how))

        turn("mousePressed")
        return turn

    def write(self, words: str):
        """Into what has the focus."""
        self.browser.call("Input.insertText", text=words)

    def press(self, key: str, code: int, text: str | None = None, modifiers=0):
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                              windowsVirtualKeyCode=code, modifiers=modifiers, **more)

    def tab(self):
        self.press("Tab", 9)

    def enter(self):
        self.press("Enter", 13, "\r")

    def escape(self):
        self.press("Escape", 27)

    def focused(self) -> str:
        """What a screen reader would say of what has the focus, about."""
        return self.js("(document.activeElement.getAttribute('aria-label') ??"
                       " document.activeElement.innerText).replace(/\\s+/g, ' ').trim()")

    def open(self, key: str):
        """As who has a key does."""
        self.go()
        self.waits_for("Look into this organization")
        self.write(key)
        self.enter()
        self.waits_for("checked at")

    def look(self):
        """Has it ask for all again, as when a person comes back to it."""
        self.js("document.dispatchEvent(new Event('visibilitychange'))")

    def rest(self, seconds: float):
        """While the page goes on."""
        self.js(f"new Promise((later) => setTimeout(later, {seconds * 1000}))")

    def choose(self, *paths):
        """Files, in the browser's own dialog, which a person would see."""
        found = self.browser.call("Runtime.evaluate",
                                  expression="document.getElementById('files')")["result"]
        self.browser.call("DOM.setFileInputFiles", files=[str(path) for path in paths],
                          objectId=found["objectId"])

    def drop(self, *paths):
        """Files from a file manager, in the middle of the page."""
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.browser.call("Input.dispatchDragEvent", type=kind, x=300, y=400, data=data)

    def changes(self) -> list[str]:
        """What it has sent that is more than a question."""
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event["method"] == "Network.requestWillBeSent"
                and event["params"]["request"]["method"] not in ("GET", "HEAD")]

    def screenshot(self, name: str) -> Path:
        """All of its height."""
        size = self.browser.call("Page.getLayoutMetrics")["cssContentSize"]
        taken = self.browser.call(
            "Page.captureScreenshot", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        path.write_bytes(base64.b64decode(taken["data"]))
        return path

    def complaints(self) -> list[str]:
        """What the browser logged of it: a policy that was broken, a script that failed."""
        found = []
        for event in self.browser.events:
            if event["method"] == "Log.entryAdded":
                entry = event["params"]["entry"]
                found.append(f"{entry['text']} {entry.get('url', '')}")
            elif event["method"] == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(str(event["params"]["args"]))
        return found

    def hosts(self) -> set[str]:
        """Whom it has asked for anything."""
        asked = [urlsplit(event["params"]["request"]["url"]) for event in self.browser.events
                 if event["method"] == "Network.requestWillBeSent"]
        return {url.netloc for url in asked if url.scheme != "data"}  # of its own controls

    def barriers(self, axe: str) -> list[str]:
        """What axe-core finds that keeps somebody out."""
        self.js(axe + ";0")
        found = self.js("axe.run(document, {resultTypes: ['violations']}).then((all) =>"
                        " all.violations.map(({id, impact, nodes}) =>"
                        " [impact, id, nodes.map((one) => one.html)]))")
        return [one for one in found if one[0] in ("serious", "critical")]
