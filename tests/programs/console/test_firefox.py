"""The same page in Firefox, driven over Marionette."""

import base64
import time

import pytest
from console_page import SCREENSHOTS
from example import fill
from support.marionette import Firefox
from support.p11_system import need, with_plain_build
from support.process import wait_until

pytestmark = with_plain_build


@pytest.fixture(scope="module")
def firefox(desk, tmp_path_factory):
    started = Firefox(desk, need("firefox-esr"), tmp_path_factory.mktemp("firefox"))
    yield started
    started.stop()


def ask(firefox, script):
    return firefox.call("WebDriver:ExecuteScript", script=f"return {script}", args=[])["value"]


def find(firefox, selector):
    found = firefox.call("WebDriver:FindElement", using="css selector", value=selector)["value"]
    return next(iter(found.values()))


def click(firefox, selector):
    firefox.call("WebDriver:ElementClick", id=find(firefox, selector))


def waits_for(firefox, words, selector):
    wait_until(lambda: words in (ask(firefox, f"document.querySelector('{selector}')?.innerText")
                                 or ""), timeout=30, what=words)


def keep(firefox, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    taken = firefox.call("WebDriver:TakeScreenshot", full=True)["value"]
    (SCREENSHOTS / f"firefox-{name}.png").write_bytes(base64.b64decode(taken))


def test_it_shows_and_changes_the_same(firefox, organization, certs, axe):
    ids = fill(organization, certs)
    firefox.call("WebDriver:Navigate", url=f"http://127.0.0.1:{organization.port}/console/")
    waits_for(firefox, "Look into", "main")
    firefox.call("WebDriver:ElementSendKeys", id=find(firefox, "#key"),
                 text=organization.key + "\ue007")
    waits_for(firefox, "5 certificates, 3 active", "#contents")
    assert ask(firefox, "document.querySelector('.matrix tbody th a').textContent") == \
        "The old root"
    keep(firefox, "certificates")
    click(firefox, f"[data-focus='cell {ids['next']} null']")
    waits_for(firefox, "Activate in Organization", "dialog")
    keep(firefox, "activate")
    click(firefox, "dialog button.primary")
    waits_for(firefox, "5 certificates, 4 active", "#contents")
    for view in ("timeline", "hosts", "log", "projects", "keys"):
        click(firefox, f"nav [data-focus='{view}']")
        waits_for(firefox, view.capitalize(), "main h2")
        time.sleep(0.3)
        keep(firefox, view)
    secret = organization.key.rsplit("-", 1)[1]
    assert secret not in ask(firefox, "document.documentElement.outerHTML")
    assert ask(firefox, "localStorage.length + sessionStorage.length + document.cookie.length") == 0
    found = firefox.call("WebDriver:ExecuteAsyncScript", args=[], script=axe + """
        ; const done = arguments[arguments.length - 1];
        axe.run(document).then((all) => done(all.violations.filter(({impact}) =>
          impact === 'serious' || impact === 'critical').map(({id}) => id)));""")["value"]
    assert found == []
