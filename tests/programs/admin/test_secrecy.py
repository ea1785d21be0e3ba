"""The key: where it may come from, and where it never appears."""

import os
import signal
from pathlib import Path

import pytest
from support.inside import looks_inside
from support.process import family, wait_until
from support.world import CONFIG, DISK


def pipe_with(text: str) -> int:
    reader, writer = os.pipe()
    os.write(writer, text.encode())
    os.close(writer)
    return reader


@pytest.fixture
def keyless(machine):
    """No key in the configuration."""
    machine.key_file.unlink()
    machine.configure(admin_key_file=None, connect_timeout="2s", timeout="4s")
    return machine


@pytest.mark.memory
def test_the_key_from_a_descriptor_also_syncs(keyless, api, roots, key):
    fd = pipe_with(key + "\n")
    done = keyless.orgtrust("upload", roots[0].path, "--activate", "--key-fd", fd,
                            pass_fds=(fd,))
    os.close(fd)
    assert done.stdout.count("cert_") == 2 and keyless.count() == 1


def test_the_descriptor_goes_before_the_configuration(machine, api, roots, key):
    machine.key_file.write_text("sk-admin-other\n")
    fd = pipe_with(key)
    machine.orgtrust("upload", roots[0].path, "--key-fd", fd, pass_fds=(fd,))
    os.close(fd)
    assert len(api.certs) == 1


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "x" * 5000])
def test_a_descriptor_without_a_key(keyless, api, roots, text):
    fd = pipe_with(text)
    keyless.orgtrust("upload", roots[0].path, "--key-fd", fd, pass_fds=(fd,), status=CONFIG)
    os.close(fd)
    assert api.count() == 0


@pytest.mark.parametrize("text", ["123456", "sk-1", "orgtrust-", "a-password-of-31-characters-abc"])
def test_fault_73_a_password_in_a_descriptor_is_not_sent(keyless, api, roots, text):
    fd = pipe_with(text)
    done = keyless.orgtrust("upload", roots[0].path, "--key-fd", fd, pass_fds=(fd,),
                            status=CONFIG)
    os.close(fd)
    assert "was not sent" in done.stderr and (len(text) < 10 or text not in done.text)
    assert api.count() == 0


def test_a_descriptor_that_is_not_open(keyless, api, roots):
    done = keyless.orgtrust("upload", roots[0].path, "--key-fd", 99, status=DISK)
    assert "descriptor 99" in done.stderr and api.count() == 0


SOURCES = ["file", "descriptor", "environment"]


@looks_inside
@pytest.mark.parametrize("source", SOURCES)
def test_no_process_shows_the_key(machine, api, roots, key, source):
    """While an upload hangs, and of every process that there is then."""
    args, more, fd = [], {}, None
    if source == "descriptor":
        fd = pipe_with(key)
        args, more = ["--key-fd", fd], {"pass_fds": (fd,)}
        machine.key_file.unlink()
    elif source == "environment":
        more = {"env": {"OPENAI_ADMIN_KEY": key}}
    if source != "file":
        machine.configure(admin_key_file=None, timeout="60s")
    api.on("upload", api.hang)
    process = machine.start("upload", roots[0].path, *args, **more)
    wait_until(lambda: api.count("upload") == 1)
    for pid in family(process.pid):
        shown = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert key.encode() not in shown and b"orgtrust" in shown
        environ = Path(f"/proc/{pid}/environ").read_bytes()
        assert (key.encode() in environ) == (source == "environment"), "the user's own"
    if fd is not None:
        os.close(fd)
    process.stop(signal.SIGINT)
    assert key not in process.output()
    assert "not known whether" in process.output()


def test_an_api_that_quotes_the_key_back(synced, api, key):
    from fault_server import error
    for kind, words in {"rename": ["rename", "root 0", "x"], "activate": ["activate", "root 2"],
                        "delete": ["delete", "root 2", "--yes"]}.items():
        api.on(kind, error(403, f"your key {key} is not good"))
        done = synced.orgtrust(*words, status=None)
        assert "your key" in done.stderr and key not in done.text
        done = synced.orgtrust(*words, "--json", status=None)
        assert key not in done.text
