"""A key goes only where it belongs: by what it begins with, and by who named the host."""

import os
import socket

import pytest
from support.paths import ADMIN_PKCS11_MODULE
from support.process import run
from support.world import CONFIG, OK

SERVER_KEY = "orgtrust-admin-" + "k" * 40


@pytest.fixture
def listener():
    """Where a proxy would be: whatever is sent anywhere has to pass it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def heard(server):
    try:
        server.accept()[0].close()
    except TimeoutError:
        return False
    return True


def pipe_with(text):
    ends = os.pipe()
    os.write(ends[1], text.encode())
    os.close(ends[1])
    return ends[0]


COMMANDS = {
    "sync": ["sync"],
    "list for a change": ["activate", "cert_abc"],
    "upload": ["upload", "ROOT"],
    "delete": ["delete", "cert_abc", "--yes"],
}


@pytest.fixture
def steps(machine, listener):
    """A machine that was set up by README's first steps, with a key of orgtrust-server's."""
    machine.key = SERVER_KEY
    machine.key_file.write_text(SERVER_KEY + "\n")
    port = listener.getsockname()[1]
    machine.configure(base_url=None, proxy=f"http://127.0.0.1:{port}", connect_timeout="2s",
                      timeout="2s")
    return machine


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_key_of_orgtrust_server_never_goes_to_the_hosted_api(steps, listener, roots, words):
    words = [roots[0].path if word == "ROOT" else word for word in words]
    done = steps.orgtrust(*words, status=CONFIG)
    assert "not sent to api.openai.com" in done.stderr
    assert "base_url = https://HOST/v1" in done.stderr and SERVER_KEY not in done.text
    assert not heard(listener)


def test_nor_from_a_descriptor_or_the_environment(steps, listener):
    fd = pipe_with(SERVER_KEY)
    done = steps.sync("--key-fd", fd, status=CONFIG, pass_fds=(fd,))
    os.close(fd)
    assert "not sent to api.openai.com" in done.stderr
    port = listener.getsockname()[1]
    steps.configure(base_url=None, admin_key_file=None, proxy=f"http://127.0.0.1:{port}")
    done = steps.sync(status=CONFIG, env={"OPENAI_ADMIN_KEY": SERVER_KEY})
    assert "the key of OPENAI_ADMIN_KEY" in done.stderr
    assert not heard(listener)


def test_doctor_says_so(steps, listener):
    done = steps.orgtrust("doctor", "source", status=None)
    assert done.status != OK and "not sent to api.openai.com" in done.text
    assert not heard(listener)


def test_a_hosted_key_goes_to_no_host_that_only_the_environment_names(machine, api, roots):
    named = {"OPENAI_BASE_URL": machine.base_url}
    machine.configure(base_url=None)
    for words in (["sync"], ["upload", roots[0].path], ["activate", "cert_abc"]):
        done = machine.orgtrust(*words, status=CONFIG, env=named)
        assert "only OPENAI_BASE_URL names" in done.stderr
        assert f"base_url = {machine.base_url}" in done.stderr, "the way out"
    assert api.count() == 0
    machine.configure()
    machine.sync()
    assert api.count() > 0, "the configuration names it"


def test_other_keys_go_where_the_environment_says(tmp_path, organization, world):
    world.key_file.write_text(organization.key + "\n")
    world.configure(base_url=None)
    world.sync(env={"OPENAI_BASE_URL": organization.base_url})


def test_a_login_at_the_token_sends_no_key_either(machine, api):
    machine.configure(base_url=None)
    done = run(["pkcs11-tool", "--module", ADMIN_PKCS11_MODULE, "--token-label",
                "orgtrust admin", "--login", "--pin", machine.key, "-O"],
               env=machine.env | {"OPENAI_BASE_URL": machine.base_url})
    assert done.status != 0
    assert api.count() == 0
