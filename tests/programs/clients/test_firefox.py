"""Firefox with the module in its profile, in a policy of the machine or behind p11-kit's
proxy. One browser for most tests, driven over its Marionette protocol."""

from __future__ import annotations

from functools import partial

import pytest
from module_world import REFUSED, TRUSTED
from nss_database import DIRECT, PROXY, make_database
from support import paths
from support.marionette import Firefox
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

UNKNOWN = "SEC_ERROR_UNKNOWN_ISSUER"
POLICY = "policy"  # beside the profile's own database, direct or through the proxy
POLICIES = paths.REPOSITORY / "conf" / "firefox" / "policies.json.in"


def start(world, way) -> Firefox:
    program = need("firefox-esr")
    prepare, mounts = None, {}
    if way == POLICY:
        text = POLICIES.read_text()
        assert "@ORGTRUST_PKCS11_DIR@/orgtrust-pkcs11.so" in text
        directory = world.scratch()
        (directory / "policies.json").write_text(
            text.replace("@ORGTRUST_PKCS11_DIR@/orgtrust-pkcs11.so", str(world.module)))
        mounts = {"/etc/firefox/policies": directory}
    elif way is not None:
        prepare = partial(make_database, world, way=way)
    return Firefox(world, program, world.scratch(), prepare, mounts=mounts,
                   p11kit=way == PROXY)


@pytest.fixture(scope="module", params=[DIRECT, PROXY, POLICY])
def browser(module_world, request):
    started = start(module_world, request.param)
    yield started
    started.stop()


def test_it_believes_whom_the_organization_does(module_world, browser):
    for name in TRUSTED:
        assert browser.refusal(module_world.servers[name].url) is None, name
    for name in REFUSED:
        assert browser.refusal(module_world.servers[name].url) == UNKNOWN, name


def test_it_is_the_module_that_trusts(module_world):
    browser = start(module_world, None)
    try:
        for name in TRUSTED:
            assert browser.refusal(module_world.servers[name].url) == UNKNOWN, name
    finally:
        browser.stop()


def test_a_change_is_seen_by_the_next_new_host_of_a_running_browser(module_world, browser):
    def refusal(server):
        return browser.refusal(server.url)

    early, late = module_world.serve("moving"), module_world.serve("moving")
    assert refusal(early) == UNKNOWN
    with module_world.activated():
        assert refusal(late) is None, "without a restart"
        assert refusal(early) is None, "also a host that was refused before"
    assert refusal(module_world.serve("moving")) == UNKNOWN
    assert refusal(late) is None, "a host that was believed stays so"
    assert refusal(module_world.servers["active"]) is None
