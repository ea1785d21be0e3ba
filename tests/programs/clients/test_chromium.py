"""Chromium with the module in its user's NSS database, directly or through p11-kit's proxy.
One browser for most tests; it is told where to go over its DevTools protocol."""

from __future__ import annotations

import pytest
from module_world import REFUSED, TRUSTED
from nss_database import DIRECT, PROXY, make_database
from support.devtools import Chromium, chromium_options
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

# Where the browser looks: the first, if it is there, else the second.
DATABASES = {DIRECT: ".pki/nssdb", PROXY: ".local/share/pki/nssdb"}
UNKNOWN = "net::ERR_CERT_AUTHORITY_INVALID"
PAGE = "it was believed"


@pytest.fixture(scope="module")
def program():
    return need("chromium")


@pytest.fixture(scope="module")
def home(module_world, program):
    """Makes a home whose NSS database has the module that way."""
    def make(way):
        directory = module_world.scratch()
        make_database(module_world, directory / DATABASES[way or DIRECT], way)
        return directory

    return make


@pytest.fixture(scope="module", params=[DIRECT, PROXY])
def browser(module_world, program, home, request):
    started = Chromium(module_world, program, home(request.param),
                       p11kit=request.param == PROXY)
    yield started
    started.stop()


def test_it_believes_whom_the_organization_does(module_world, browser):
    for name in TRUSTED:
        assert browser.refusal(module_world.servers[name].url) is None, name
    for name in REFUSED:
        assert browser.refusal(module_world.servers[name].url) == UNKNOWN, name


def test_it_is_the_module_that_trusts(module_world, program, home):
    browser = Chromium(module_world, program, home(None))
    try:
        for name in TRUSTED:
            assert browser.refusal(module_world.servers[name].url) == UNKNOWN, name
    finally:
        browser.stop()


@pytest.mark.parametrize("name", ["active", "inactive"])
def test_the_recipe(module_world, program, home, name):
    """docs/clients.md's command; the browser ends by itself."""
    place = home(DIRECT)
    done = module_world.run(
        [program, *chromium_options(place), "--dump-dom", module_world.servers[name].url],
        env={"HOME": str(place)})
    assert done.status == 0, done
    assert (PAGE in done.stdout) is (name == "active"), done


def test_a_change_is_seen_by_the_next_new_chain_of_a_running_browser(module_world, browser):
    def refusal(server):
        return browser.refusal(server.url)

    early, late = module_world.serve("moving"), module_world.serve("moving")
    assert refusal(early) == UNKNOWN
    with module_world.activated():
        assert refusal(late) is None, "without a restart"
        assert refusal(early) == UNKNOWN, "a chain whose verdict is known keeps it"
    assert refusal(module_world.serve("moving")) == UNKNOWN
    assert refusal(late) is None, "that one, too"
    assert refusal(module_world.servers["active"]) is None
