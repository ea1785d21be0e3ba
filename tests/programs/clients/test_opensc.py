"""OpenSC's pkcs11-tool, which shows what is in a module: by its path, and through
p11-kit-proxy.so."""

from __future__ import annotations

import re

import pytest
from support.p11_system import need, with_plain_build

pytestmark = with_plain_build

SHOWN = ("active", "renewed")


@pytest.fixture(params=["direct", "proxy"])
def tool(module_world, request):
    """Calls pkcs11-tool; ends as status says."""
    proxy = request.param == "proxy"
    module = module_world.proxy if proxy else module_world.module

    def call(*argv, status: int | None = 0, **more):
        done = module_world.run([need("pkcs11-tool", "opensc"), "--module", module, *argv],
                                p11kit=proxy, **more)
        assert status is None or done.status == status, done
        return done

    return call


def label(root) -> str:
    return f"{root.cn} {root.serial}"


def field(text: str, name: str) -> str:
    found = re.search(rf"^\s*{re.escape(name)}\s*:\s*(.*)$", text, re.MULTILINE)
    assert found, f"no {name!r} in {text!r}"
    return found[1].strip()


def test_the_module(tool):
    shown = tool("--show-info").stdout
    assert re.search(r"^Cryptoki version\s+[23]\.\d+$", shown, re.MULTILINE), shown


@pytest.mark.parametrize("listing", ["--list-slots", "--list-token-slots"])
def test_the_token(tool, listing):
    shown = tool(listing).stdout
    assert shown.count("token label") == 1
    assert field(shown, "token label") == "orgtrust"
    assert field(shown, "token model") == "trust"
    flags = {flag.strip() for flag in field(shown, "token flags").split(",")}
    assert flags == {"token initialized", "readonly"}, "no login, no key pad, no card"


def test_the_serial_number_is_the_same_in_the_next_process(tool):
    serials = {field(tool("--list-slots").stdout, "serial num") for _ in range(2)}
    assert len(serials) == 1 and re.fullmatch("[0-9a-f]{16}", serials.pop())


def test_no_mechanisms(tool):
    assert tool("--list-mechanisms").stdout.split() == ["Supported", "mechanisms:"]


def objects(text: str) -> dict[str, str]:
    """label -> what is said of a certificate."""
    found = {}
    for entry in text.split("Certificate Object;")[1:]:
        found[field(entry, "label")] = entry
    return found


def test_objects(tool, module_world):
    shown = objects(tool("--list-objects", "--type", "cert").stdout)
    expected = {label(module_world.parties[name].root) for name in SHOWN}
    assert set(shown) == expected, "the anchors, and nothing else"
    party = module_world.parties["active"]
    entry = shown[label(party.root)]
    assert field(entry, "subject").replace(" ", "").endswith("CN=Rootactive")
    assert int(field(entry, "serial"), 16) == party.root.serial
    if "Unique ID:" in entry:  # OpenSC asks modules of version 3
        assert field(entry, "Unique ID") == party.ids[0]


def test_all_objects_are_listed_without_login(tool):
    done = tool("--list-objects")
    assert "rror" not in done.text, done


def test_fault_62_the_extensions_are_objects_beside_the_others(tool, module_world):
    """pkcs11-tool has no name for their class, as for NSS's trust."""
    before = tool("--list-objects").stdout
    with module_world.purposes("server, email"):
        done = tool("--list-objects")
        certificates = tool("--list-objects", "--type", "cert").stdout
    assert "rror" not in done.text, done
    assert objects(certificates).keys() == objects(before).keys()
    unknown = re.findall(r"type (\d+)", done.stdout)
    assert unknown.count(str(0xd84447c8)) == len(objects(before)), done


def test_read_object(tool, module_world):
    out = module_world.scratch() / "certificate.der"
    for name in SHOWN:
        root = module_world.parties[name].root
        tool("--read-object", "--type", "cert", "--label", label(root), "--output-file", out)
        assert out.read_bytes() == root.der, name
    for name in ("inactive", "expired", "non_ca"):
        absent = label(module_world.parties[name].root)
        done = tool("--read-object", "--type", "cert", "--label", absent, status=None)
        assert done.status != 0 and "object not found" in done.text, done


def test_read_object_by_id(tool, module_world):
    root = module_world.parties["active"].root
    entry = objects(tool("--list-objects", "--type", "cert").stdout)[label(root)]
    out = module_world.scratch() / "certificate.der"
    tool("--read-object", "--type", "cert", "--id", field(entry, "ID"), "--output-file", out)
    assert out.read_bytes() == root.der


def test_a_session_that_writes_is_refused(tool):
    done = tool("--session-rw", "--list-objects", status=None)
    assert done.status != 0 and "CKR_TOKEN_WRITE_PROTECTED" in done.text, done


def test_nothing_can_be_written(tool, module_world):
    before = tool("--list-objects").stdout
    der = module_world.scratch() / "new.der"
    der.write_bytes(module_world.parties["inactive"].root.der)
    active = label(module_world.parties["active"].root)
    for argv in (["--write-object", der, "--type", "cert", "--label", "new"],
                 ["--delete-object", "--type", "cert", "--label", active]):
        done = tool(*argv, status=None)
        assert done.status != 0, done
    assert tool("--list-objects").stdout == before


def test_a_change_is_in_the_next_listing(tool, module_world):
    moving = label(module_world.parties["moving"].root)
    assert moving not in objects(tool("--list-objects", "--type", "cert").stdout)
    with module_world.activated():
        assert moving in objects(tool("--list-objects", "--type", "cert").stdout)
    assert moving not in objects(tool("--list-objects", "--type", "cert").stdout)


def test_fork(tool):
    """pkcs11-tool's own test: the child initialises the module again."""
    done = tool("--test-fork", status=None)
    assert done.status == 0 and "rror" not in done.text, done
