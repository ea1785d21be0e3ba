"""Firefox with the module in its profile, in a policy of the machine or behind p11-kit's
proxy. One browser for most tests, driven over its Marionette protocol."""

from __future__ import annotations

import json

import pytest
from marionette import Firefox
from module_world import REFUSED, TRUSTED, need, with_plain_build
from support import paths

pytestmark = with_plain_build

UNKNOWN = "SEC_ERROR_UNKNOWN_ISSUER"
PROFILE, POLICY, PROXY = "profile", "policy", "proxy"
POLICIES = paths.REPOSITORY / "conf" / "firefox" / "policies.json.in"

# The first paragraph is NSS's own module, without which there is no profile.
_PKCS11_TXT = """\
library=
name=NSS Internal PKCS #11 Module
parameters=configdir='sql:{profile}' certPrefix='' keyPrefix='' secmod='secmod.db' flags=
NSS=Flags=internal,critical trustOrder=75 cipherOrder=100 slotParams=(1={{askpw=any}})

library={library}
name=orgtrust
"""


def start(world, way) -> Firefox:
    program = need("firefox-esr")
    library = world.proxy if way == PROXY else world.module

    def add_module(profile):
        text = _PKCS11_TXT.format(profile=profile, library=library)
        (profile / "pkcs11.txt").write_text(text)

    mounts = {}
    if way == POLICY:
        policies = world.scratch()
        text = POLICIES.read_text()
        assert "@ORGTRUST_PKCS11_DIR@/orgtrust-pkcs11.so" in text
        (policies / "policies.json").write_text(
            text.replace("@ORGTRUST_PKCS11_DIR@/orgtrust-pkcs11.so", str(library)))
        mounts = {"/etc/firefox/policies": policies}
    return Firefox(world, program, world.scratch(),
                   add_module if way in (PROFILE, PROXY) else None,
                   mounts=mounts, p11kit=way == PROXY)


@pytest.fixture(scope="module", params=[PROFILE, POLICY, PROXY])
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
