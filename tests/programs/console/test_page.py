"""What somebody with a key sees, in Chromium."""

import re
import time

import pytest
from example import fill
from support import paths
from support.p11_system import with_plain_build
from support.process import run, wait_until

pytestmark = with_plain_build

SIZES = {"wide": (1280, 900), "narrow": (360, 740)}
# As itself, whatever it is.
NAMES = ['<script>document.title = "taken"</script>', "long " * 39 + "name.",
         "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "Ünïcode & Söhne \U0001f511"]


@pytest.mark.both
def test_a_newcomer_sees_what_is_active_where(page, organization, reader, certs):
    ids = fill(organization, certs)
    page.open(reader)
    page.waits_for("1 thing needs attention", "#status")
    assert "The old root ends in" in page.text("#attention")
    rows = page.js("[...document.querySelectorAll('.matrix tbody tr')].map((row) =>"
                   " [...row.children].map((cell) => cell.textContent))")
    found = {row[0].split(" root")[0]: row[2:] for row in rows}
    through = "via organization"
    assert found == {
        "The old": ["active", through, through], "The new": ["active", through, through],
        "The other": ["not active", "active", "not active"],
        "The unused": ["not active"] * 3, "The next": ["not active"] * 3}
    heads = page.js("[...document.querySelectorAll('.matrix thead th')].map((one) =>"
                    " one.textContent)")
    assert heads == ["Certificate", "Validity", "Organization", "canary", "Stores, Germany"]
    assert len(ids) == 5 and page.hosts() == {f"127.0.0.1:{organization.port}"}
    assert page.complaints() == []


def test_a_key_of_others_that_ends_is_said_to_who_may_see_it(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    done = run([paths.SERVER, "key", "create", "--db", organization.db, "--role", "read",
                "--name", "fleet", "--expires", "10d"], env=organization.env)
    assert done.status == 0
    page.open(reader)
    page.waits_for("All clear", "#status")
    time.sleep(1)  # of the ten days
    page.open(organization.key)
    page.waits_for("1 thing needs attention", "#status")
    assert page.text("#attention") == "The key fleet ends in 9 days"
    page.click("The key fleet", "a")
    page.waits_for("fleet", "tbody")


def test_words_are_of_one_language_and_dates_of_the_readers(page, organization, certs, reader):
    now = time.time() - 1  # days that have begun
    for name, days in (("Soon", 20), ("Thirteen", 399), ("Decade", 3650)):
        end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(now + 86400 * days))
        organization.add(certs.dated(name, "20200101000000Z", end, key=certs.new_key()), name)
    page.browser.call("Emulation.setLocaleOverride", locale="de-DE")
    page.open(reader)
    ends = page.js("[...document.querySelectorAll('.matrix .end time')].map((one) =>"
                   " [one.textContent, one.title])")
    assert [text for text, _ in ends] == ["ends in 19 days", "ends in 13 months",
                                          "ends in 10 years"]
    assert all(re.match(r"\d\d?\.", title) for _, title in ends)


def test_all_is_clear(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    assert re.search(r"^All clear, checked at \d", page.text("#status"))
    assert page.text("#attention") == ""


@pytest.mark.both
def test_it_looks_again_by_itself_where_it_is_asked_to(page, organization, roots, reader):
    organization.add(roots[0], "the first")
    page.open(reader)
    page.waits_for("1 certificate, 1 active")
    organization.add(roots[1], "the second")
    page.look()
    page.waits_for("2 certificates, 2 active")


def look_again(page):
    """And wait until it has."""
    before = page.text("#checked")
    time.sleep(1)
    page.look()
    wait_until(lambda: page.text("#checked") != before, what="another look")


def test_who_reads_is_not_disturbed(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    page.click("a root", "#contents a")
    page.waits_for("Certificate:", "pre")
    page.js("document.querySelector('pre').scrollTop = 40;"
            "document.querySelector('pre').dataset.read = 'yes'")
    look_again(page)
    assert page.js("document.querySelector('pre').dataset.read") == "yes"
    assert page.js("document.querySelector('pre').scrollTop") == 40
    organization.api.deactivate(organization.api.list()[0]["id"])
    look_again(page)
    page.waits_for("Organization: not active", ".scopes")


@pytest.mark.parametrize("pressed, shown", [
    (("Hosts", "nav a"), ("Hosts", "h2")), (("the first", "#contents a"), ("Certificate:", "pre"))],
    ids=["view", "contents"])
def test_what_is_pressed_stays_until_it_is_released(page, organization, roots, reader, pressed,
                                                    shown):
    """A click is what is pressed and released on one element."""
    organization.add(roots[0], "the first")
    page.open(reader)
    organization.add(roots[1], "the second")
    release = page.press_on(*pressed)
    asked = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/v1/'))"
    before = page.js(f"{asked}.length")
    page.look()
    wait_until(lambda: page.js(f"{asked}.length") >= before + 5, what="the answers")
    page.rest(0.3)
    release()
    page.waits_for(*shown)
    page.click("Certificates", "nav a")
    page.waits_for("2 certificates, 2 active")


@pytest.mark.parametrize("how", ["the other button", "released unseen"])
def test_what_is_not_pressed_any_more_holds_nothing_up(page, organization, roots, reader, how):
    """A menu that opens there sees the release instead of the page."""
    organization.add(roots[0], "the first")
    page.open(reader)
    organization.add(roots[1], "the second")
    turn = page.press_on("the first", "#contents a",
                         "right" if how == "the other button" else "left")
    if how == "released unseen":
        turn("mouseMoved", button="none", buttons=0)
    page.look()
    page.waits_for("2 certificates, 2 active")


def test_a_key_is_forgotten_with_what_it_showed(page, organization, roots, reader):
    organization.add(roots[0], "only for who has a key")
    page.open(organization.key)
    page.click("Keys", "nav a")
    page.waits_for("never", "#contents")
    page.click("Forget the key", "button")
    page.waits_for("Look into", "main")
    assert "only for who" not in page.js("document.documentElement.outerHTML")
    assert page.js("getComputedStyle(document.getElementById('status')).display") == "none"
    page.write(reader)
    page.enter()
    page.waits_for("read-only key", "#session")
    page.waits_for("1 certificate, 1 active", "#contents")
    assert not page.has("Keys", "nav a")


def test_a_wrong_key_is_said_and_forgotten(page, organization):
    page.go()
    page.waits_for("Look into this organization")
    page.write("orgtrust-0000000000000000-" + "0" * 64)
    page.enter()
    page.waits_for("key", ".problem")
    assert page.js("document.getElementById('key').value") == ""


def test_a_server_that_is_away_is_said_and_what_was_seen_stays(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    port = organization.port
    organization.stop()
    page.look()
    page.waits_for("The server cannot be reached. What is shown was checked at", "#status")
    assert page.has("a root", "a")
    organization.start(port)
    page.look()
    page.waits_for("All clear", "#status")


def test_the_key_is_nowhere_but_in_memory(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    secret = reader.rsplit("-", 1)[1]
    page.click("Timeline", "nav a")
    page.waits_for("Timeline", "h2")
    places = page.js("""(async () => JSON.stringify([
        document.documentElement.outerHTML,
        [...document.querySelectorAll('input')].map((one) => one.value),
        {...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,
        await indexedDB.databases(), await caches.keys()]))()""")
    assert secret not in places
    history = page.browser.call("Page.getNavigationHistory")
    assert secret not in str(history)
    cookies = page.browser.call("Network.getCookies")
    assert cookies["cookies"] == []
    assert secret not in (organization.dir / "server.log").read_text()
    for event in page.browser.events:
        if event["method"] == "Network.requestWillBeSent":
            assert secret not in event["params"]["request"]["url"]
    page.js("location.reload()")
    page.waits_for("Look into this organization")


def test_the_profile_has_no_key(page, organization, roots, reader, desk):
    organization.add(roots[0], "a root")
    page.open(reader)
    secret = reader.rsplit("-", 1)[1]
    done = run(["grep", "-rlaF", "--", secret, desk.dir], env={"PATH": "/usr/bin:/bin"})
    assert done.status == 1, done


@pytest.mark.parametrize("name", NAMES, ids=["script", "200 characters", "right to left", "others"])
def test_a_name_shows_as_itself(page, organization, roots, reader, name):
    organization.add(roots[0], name)
    page.open(reader)
    for fragment in ("#certificates", "#timeline"):
        page.js(f"location.hash = '{fragment}'")
        shown = page.js("document.querySelector('tbody th a bdi').textContent")
        assert shown == name and page.js("document.title").endswith("orgtrust")
    for width, height in SIZES.values():
        page.resize(width, height)
        assert page.js("document.documentElement.scrollWidth <= innerWidth"), "all fits"
    assert page.complaints() == []


def test_without_scripts_it_says_what_it_needs(page, organization):
    page.without_scripts()
    page.browser.call("Page.navigate", url=page.url)
    root = None
    for _ in range(100):
        root = page.browser.call("DOM.getDocument", depth=-1)["root"]
        if "JavaScript" in str(root):
            break
        time.sleep(0.05)
    assert "This page needs JavaScript" in str(root)
    page.screenshot("no-scripts")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_nobody_is_kept_out(page, organization, certs, axe, scheme, size):
    ids = fill(organization, certs)
    page.resize(*SIZES[size])
    page.prefer(scheme)
    page.go()
    page.waits_for("Look into")
    page.screenshot(f"sign-in-{scheme}-{size}")
    barriers = page.barriers(axe)
    page.open(organization.key)
    for view, words in {"certificates": "5 certificates", "timeline": "gap of 40 days",
                        "hosts": "This server knows no hosts", "projects": "Stores, Germany",
                        f"certificate/{ids['new']}": "BEGIN CERTIFICATE", "log": "activated",
                        "keys": "never"}.items():
        page.js(f"location.hash = '#{view}'")
        page.waits_for(words, "#contents")
        name = view.split("/")[0]
        page.screenshot(f"{name}-{scheme}-{size}")
        barriers += page.barriers(axe)
        assert page.js("document.documentElement.scrollWidth <= innerWidth"), "all fits"
    page.click("Certificates", "nav a")
    page.click("The new root in Organization: active. Change", "button")
    page.waits_for("Last changed", "dialog")
    barriers += page.barriers(axe)
    page.click("Cancel", "dialog button")
    page.click("Upload", "button")
    barriers += page.barriers(axe)
    assert barriers == []
    landmarks = page.js("['header', 'nav', 'main', 'h1', 'section[aria-label]'].map((one) =>"
                        " document.querySelectorAll(one).length)")
    assert landmarks == [1] * 5


def tab_to(page, words):
    for _ in range(40):
        page.tab()
        if page.focused().startswith(words):
            return
    raise AssertionError(f"no way to {words!r}")


def test_the_keyboard_is_enough(page, organization, roots):
    """From the key to a change: what has the focus is what was used, also afterwards."""
    cert_id = organization.api.upload(roots[0], "a root")
    page.open(organization.key)
    tab_to(page, "Skip to the contents")
    tab_to(page, "Timeline")
    page.enter()
    page.waits_for("Timeline", "h2")
    page.js("location.hash = '#certificates'")
    page.waits_for("1 certificate, 0 active", "#contents")
    cell = "a root in Organization: not active. Change"
    tab_to(page, cell)
    page.enter()
    page.waits_for("Activate in Organization", "dialog")
    page.escape()
    wait_until(lambda: page.focused() == cell, what="the focus on the cell again")
    page.enter()
    page.waits_for("Activate in Organization", "dialog")
    tab_to(page, "Activate")
    page.enter()
    page.waits_for("1 certificate, 1 active", "#contents")
    wait_until(lambda: page.focused() == "a root in Organization: active. Change",
               what="the focus on what has changed")
    assert [one["id"] for one in organization.api.list() if one["active"]] == [cert_id]
