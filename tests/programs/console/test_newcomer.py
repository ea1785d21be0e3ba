"""Somebody with a key and no book: uploads a root, activates it, watches three hosts converge,
deactivates it and reads who did it. The hosts are real ones, which `orgtrust sync` brings up to
date; pictures of each step are kept."""

import re

import pytest
from support.p11_system import with_plain_build
from support.world import World

pytestmark = [pytest.mark.both, with_plain_build]

HOSTS = ("web-1", "web-2", "db-1")
SIZES = {"wide": (1280, 900), "narrow": (360, 740)}


@pytest.fixture
def machines(tmp_path, organization):
    key = organization.create_key("read", "hosts")
    made = {name: World(tmp_path / name, organization.base_url, key) for name in HOSTS}
    for name, machine in made.items():
        machine.configure(report=None, host_name=name)
    yield made
    for machine in made.values():
        machine.close()


def pictures(page, name):
    for scheme in ("light", "dark"):
        for size, (width, height) in SIZES.items():
            page.prefer(scheme)
            page.resize(width, height)
            page.screenshot(f"newcomer-{name}-{scheme}-{size}")
    page.prefer("light")
    page.resize(*SIZES["wide"])


def test_the_way_of_a_newcomer(page, organization, certs, machines):
    key = organization.create_key("admin", "Nadia")
    secret = key.rsplit("-", 1)[1]
    organization.add(certs.ca("Root of before", key=certs.new_key()), "Root of before")
    for machine in machines.values():
        machine.sync()
    page.open(key)
    page.waits_for("All clear", "#status")

    page.click("Upload", "button")
    root = certs.ca("Root of the newcomer", key=certs.new_key())
    page.choose(root.path)
    page.waits_for("1 certificate to upload. Nothing has been sent yet.", "dialog")
    assert page.js("document.getElementById('name-0').value") == "Root of the newcomer"
    pictures(page, "1-upload")
    assert len(organization.api.list()) == 1
    page.click("Upload 1 certificate", "dialog button")
    page.waits_for("2 certificates, 1 active", "#contents")

    page.click("Root of the newcomer in Organization: not active. Change", "button")
    page.waits_for("3 hosts will trust it after the next sync", "dialog")
    page.waits_for(f"Nadia ({key_id(key)}) uploaded Root of the newcomer", "dialog")
    pictures(page, "2-activate")
    page.click("Activate", "dialog button")
    page.waits_for("2 certificates, 2 active", "#contents")
    page.waits_for("3 hosts of 3 are behind", "#attention")

    page.click("Hosts", "nav a")
    page.waits_for("0 of 3 hosts have the present list", "#contents")
    for count, machine in enumerate(machines.values(), 1):
        machine.sync()
        page.waits_for(f"{count} of 3 hosts have the present list", "#contents")
        if count == 2:
            pictures(page, "3-converging")
    page.waits_for("All clear", "#status")
    assert all(root.cn in machine.orgtrust("list").stdout for machine in machines.values())

    page.click("Certificates", "nav a")
    page.click("Root of the newcomer in Organization: active. Change", "button")
    page.waits_for("3 of 3 hosts that follow this scope have the present list, and with it this "
                   "certificate", "dialog")
    page.waits_for("No successor of it is active", "dialog")
    page.waits_for("activated Root of the newcomer in the organization", "dialog")
    pictures(page, "4-deactivate")
    page.click("Deactivate", "dialog button")
    page.waits_for("2 certificates, 1 active", "#contents")

    page.click("Log", "nav a")
    page.waits_for("deactivated Root of the newcomer in the organization", "#contents")
    pictures(page, "5-log")
    first = page.js("[...document.querySelector('.log tbody tr').children].map((one) =>"
                    " one.innerText)")
    assert first[1].startswith(f"Nadia ({key_id(key)})") and "127.0.0.1" in first[1]
    assert first[2] == "deactivated Root of the newcomer in the organization"

    assert page.complaints() == [] and page.hosts() == {f"127.0.0.1:{organization.port}"}
    assert secret not in page.js("document.documentElement.outerHTML")
    assert secret not in organization.server.output()


def key_id(key: str) -> str:
    return "key_" + re.match(r"orgtrust-([0-9a-f]+)-", key)[1]
