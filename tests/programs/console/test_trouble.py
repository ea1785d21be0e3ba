"""The page where the network, a clock or a hand does what nobody plans: it never says less than
it knows, and never does more than was asked for."""

import os
import signal
import time

from support.p11_system import with_plain_build
from support.process import wait_until

pytestmark = with_plain_build


def let_pass(page, seconds):
    """For the page; what a computer shows as the time of day goes on with it."""
    page.js(f"""for (const clock of [Date, performance]) {{
        const now = clock.now.bind(clock);
        clock.now = () => now() + {seconds * 1000};
    }}""")


def on_the_way(page, code):
    """JavaScript between the page and the server: real(...all) asks, all is [url, how]."""
    page.js("window.real ??= window.fetch;"
            f"window.fetch = async (...all) => {{ const [url, how] = all; {code} }};0")


def test_an_answer_that_cannot_be_read_is_said_and_asked_for_again(page, organization, roots,
                                                                   reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    on_the_way(page, "await real(...all); return new Response('<p>Please log in.');")
    let_pass(page, 20)
    page.waits_for("The server's answer cannot be read. What is shown was checked at", "#status")
    on_the_way(page, "return real(...all);")
    let_pass(page, 20)
    page.waits_for("All clear", "#status")


def test_a_server_that_is_away_is_not_asked_all_the_time(page, organization, reader):
    page.open(reader)
    organization.stop()
    on_the_way(page, "window.asked = (window.asked ?? 0) + 1; return real(...all);")
    let_pass(page, 20)
    page.waits_for("The server cannot be reached.", "#status")
    page.rest(3)
    assert page.js("asked") <= 5


def test_a_clock_that_is_set_back_stops_nothing(page, organization, roots, reader):
    organization.add(roots[0], "the first")
    page.open(reader)
    page.js("{ const now = Date.now; Date.now = () => now() - 7200000; }")
    organization.add(roots[1], "the second")
    let_pass(page, 20)
    page.waits_for("2 certificates, 2 active")


def test_a_server_that_is_silent_is_said(page, organization, roots, reader):
    organization.add(roots[0], "a root")
    page.open(reader)
    page.js("{ const real = AbortSignal.timeout;"
            " AbortSignal.timeout = (ms) => real.call(AbortSignal, ms / 20); }")
    os.kill(organization.server.pid, signal.SIGSTOP)
    try:
        page.look()
        page.waits_for("The server has not answered within 30 seconds. What is shown was checked",
                       "#status")
    finally:
        os.kill(organization.server.pid, signal.SIGCONT)
    page.look()
    page.waits_for("All clear", "#status")


def test_who_clicks_twice_is_asked_once(admin, organization, roots):
    """What is written into one of two dialogs would be looked for in the other."""
    organization.api.upload(roots[0], "a root")
    admin.look()
    admin.waits_for("1 certificate, 0 active")
    on_the_way(admin, "await new Promise((go) => setTimeout(go, 300)); return real(...all);")
    turn = admin.press_on("a root in Organization: not active. Change", "button")
    turn()
    turn("mousePressed", clickCount=2)
    turn(clickCount=2)
    admin.waits_for("Last changed", "dialog")
    admin.rest(1)
    assert admin.js("document.querySelectorAll('dialog').length") == 1


def test_half_a_date_is_not_taken_for_none(admin, organization, roots):
    organization.api.upload(roots[0], "a root")
    admin.look()
    admin.click("a root in Organization: not active. Change", "button")
    admin.waits_for("Until", "dialog")
    admin.js("document.getElementById('until').focus()")
    admin.press("3", 51, "3")
    admin.click("Activate", "dialog button")
    wait_until(lambda: admin.changes() or admin.js("document.activeElement.id") == "until",
               what="the field again")
    assert admin.changes() == [] and admin.has("Activate in Organization", "dialog h2")
    assert [one["active"] for one in organization.api.list()] == [False]
    admin.js("document.getElementById('until').value = '2027-03-01'")
    admin.click("Activate", "dialog button")
    admin.waits_for("1 certificate, 1 active", "#contents")


def test_a_number_that_is_none_makes_no_key_without_an_end(admin):
    admin.click("Keys", "nav a")
    for days in "3-", "0", "366":
        admin.click("Make an admin key", "button")
        admin.write("Robin")
        admin.js("document.getElementById('key-days').focus()")
        for key in days:
            admin.press(key, ord(key), key)
        admin.click("Make", "dialog button")
        wait_until(lambda: admin.changes() or admin.js("document.activeElement.id") == "key-days",
                   what="the field again")
        assert admin.changes() == [], days
        # Its fields are gone before another has some of the same ids.
        assert admin.js("[...document.querySelectorAll('dialog button')].at(-1).click(),"
                        " document.getElementById('key-days')") is None


def test_what_cannot_be_read_takes_nothing_with_it(admin, roots, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    admin.drop(folder, roots[0].path)
    admin.waits_for("1 certificate to upload, 1 is left out", "dialog")
    admin.waits_for("a folder It cannot be read", "dialog")
    assert admin.complaints() == []


def test_what_has_been_uploaded_is_not_sent_again(admin, organization, roots):
    admin.click("Upload", "button")
    admin.choose(roots[0].path, roots[1].path)
    admin.waits_for("2 certificates to upload", "dialog")
    on_the_way(admin, "if (how.method === 'POST' && window.sent++) throw new TypeError();"
                      " return real(...all);")
    admin.js("window.sent = 0")
    admin.click("Upload 2 certificates", "dialog button")
    admin.waits_for("The server cannot be reached.", "dialog")
    on_the_way(admin, "return real(...all);")
    admin.click("Upload 2 certificates", "dialog button")
    admin.waits_for("2 certificates, 0 active", "#contents")
    assert len(organization.api.list()) == 2


def test_what_is_cut_off_behind_others_is_said(admin, roots, tmp_path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(roots[0].pem + roots[1].pem[:300])
    admin.click("Upload", "button")
    admin.choose(bundle)
    admin.waits_for("1 certificate to upload, 1 is left out", "dialog")
    admin.waits_for("it was cut off", "dialog")


def test_beginnings_without_ends_hold_nothing_up(admin, roots, tmp_path):
    """And what is behind a certificate that was cut off is there."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN X-----\n" * 30000 + roots[1].pem[:300] + roots[0].pem)
    assert bundle.stat().st_size < 1024 * 1024
    admin.click("Upload", "button")
    admin.choose(bundle)
    admin.waits_for("1 certificate to upload, 1 is left out", "dialog")
    admin.waits_for("it was cut off", "dialog")


def toggle(organization, cert_id, times):
    for _ in range(times):
        organization.api.activate(cert_id)
        organization.api.deactivate(cert_id)


def rows(page):
    return page.js("document.querySelectorAll('.log tbody tr').length")


def all_events(organization):
    return len(organization.api.call("GET", "/v1/organization/audit_logs?limit=100")["data"])


def test_the_log_has_no_gap(admin, organization, roots):
    """More has happened between two looks than one page holds."""
    cert_id = organization.api.upload(roots[0], "a root")
    admin.click("Log", "nav a")
    admin.waits_for("uploaded", ".log")
    toggle(organization, cert_id, 30)
    admin.look()
    admin.waits_for("deactivated", ".log")
    while admin.has("Older", "button"):
        shown = rows(admin)
        admin.click("Older", "button")
        wait_until(lambda: rows(admin) > shown, what="older events")
    assert rows(admin) == all_events(organization)


def test_older_events_are_shown_once_and_stay(admin, organization, roots):
    """Who clicks twice, and a look at what is new meanwhile."""
    cert_id = organization.api.upload(roots[0], "a root")
    toggle(organization, cert_id, 30)
    admin.click("Log", "nav a")
    admin.waits_for("Older", "#contents")
    on_the_way(admin, "if (url.search.includes('after=')) await new Promise((go) =>"
                      " setTimeout(go, 1500)); return real(...all);")
    turn = admin.press_on("Older", "button")
    turn()
    turn("mousePressed")
    turn()
    organization.api.rename(cert_id, "another name")
    admin.look()
    admin.waits_for("another name", ".log")
    wait_until(lambda: not admin.has("Older", "button"), what="the end of the log")
    admin.rest(1)
    assert rows(admin) == all_events(organization)


def test_a_history_that_is_cut_says_so(admin, organization, roots):
    cert_id = organization.api.upload(roots[0], "a root")
    toggle(organization, cert_id, 24)
    admin.js(f"location.hash = '#certificate/{cert_id}'")
    admin.waits_for("uploaded a root", ".log")
    words = "Of so many changes the newest are shown"
    assert rows(admin) == 49 and words not in admin.text("#contents")
    toggle(organization, cert_id, 1)
    admin.look()
    admin.waits_for(words, "#contents")


def test_the_way_to_the_contents_does_not_leave_the_view(admin):
    admin.click("Projects", "nav a")
    admin.waits_for("Projects", "h2")
    admin.js("document.querySelector('.skip').focus()")
    admin.enter()
    wait_until(lambda: admin.js("document.activeElement.id") == "main", what="the contents")
    admin.rest(0.3)
    assert admin.text("h2") == "Projects"


def test_what_a_view_asks_for_is_not_covered_by_what_is_older(admin, organization):
    organization.create_key("admin", "the other")
    admin.click("Keys", "nav a")
    admin.waits_for("the other", "table")
    on_the_way(admin, """const answer = await real(...all);
        window.count = (window.count ?? 0) + url.pathname.endsWith('admin_api_keys');
        if (window.count === 2 && !window.go)
            await new Promise((go) => { window.go = go; });
        return answer;""")
    admin.look()  # First for the ends of the keys, then for the view.
    wait_until(lambda: admin.js("Boolean(window.go)"), what="an answer on its way")
    admin.click("Delete the other", "button")
    admin.click("Delete", "dialog button")
    wait_until(lambda: "the other" not in admin.text("table"), what="the table without it")
    admin.js("go()")
    admin.rest(0.3)
    assert "the other" not in admin.text("table")


def test_what_has_ended_is_told_by_the_clock_of_the_server(page, organization, certs, reader):
    end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 86400 * 10.5))
    organization.add(certs.dated("Ended", "20200101000000Z", end, key=certs.new_key()), "a root")
    page.go()
    page.waits_for("Look into this organization")
    let_pass(page, -86400 * 60)
    page.write(reader)
    page.enter()
    page.waits_for("a root ended 10 days ago and is still active", "#attention")
