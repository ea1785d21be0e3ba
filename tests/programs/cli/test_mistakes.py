"""What people get wrong when they begin, and the sentence that leads out: each is provoked
with the real programs."""

import pytest
from support.world import CONFIG

UNKNOWN_KEYS = {
    "base-url": "base_url",
    "refresh_intervall": "refresh_interval",
    "admin_key": "admin_key_file",
    "Export_Bundle": "export_bundle",
    "purpose": "purposes",
}


@pytest.mark.parametrize("written, meant", UNKNOWN_KEYS.items())
def test_a_key_that_is_nearly_one_is_asked_about(machine, api, written, meant):
    machine.configure(f"{written} = 1\n")
    done = machine.sync(status=CONFIG)
    assert f"unknown key '{written}'; did you mean {meant}?" in done.stderr
    assert f"{machine.conf}:" in done.stderr and api.count() == 0


@pytest.mark.parametrize("written", ["export", "colour", "SECRETSECRETSECRETSECRETSECRET"])
def test_a_key_that_is_like_none_or_like_several_is_not_guessed(machine, written):
    machine.configure(f"{written} = 1\n")
    done = machine.sync(status=CONFIG)
    assert "unknown key" in done.stderr and "did you mean" not in done.stderr
    assert "SECRET" not in done.stderr, "a secret may have been put in a wrong place"


@pytest.mark.parametrize("line", [
    "base_url = https://api.example/v1 # ours",
    "ca_file = /etc/ssl/ours.pem\t# ours",
    "export_bundle = /tmp/bundle.pem # for curl",
    "proxy = # none",
])
def test_a_comment_behind_a_value_is_told_how_it_begins(machine, api, line):
    machine.configure(line + "\n", base_url=None)
    done = machine.sync(status=CONFIG)
    assert "a comment behind a value begins with ' ;'" in done.stderr
    assert line.split()[0] in done.stderr and api.count() == 0
    machine.configure(line.replace("#", ";") + "\n", base_url=None)
    assert "a comment behind" not in machine.sync(status=None).stderr


def test_a_number_sign_in_a_command_is_the_shells(machine):
    machine.configure("on_change = echo # nothing\n")
    machine.sync()


BLANKS = [b"%s \n", b"%s\t", b"\n%s\n\n", b"  %s\r\n\r\n"]


@pytest.mark.parametrize("form", BLANKS)
def test_blanks_around_a_key_are_taken_off(machine, api, form):
    machine.key_file.write_bytes(form % machine.key.encode())
    machine.sync()
    assert api.count() > 0


NOT_ALONE = {
    "a quotation mark": b'"%s"\n',
    "an apostrophe": b"'%s'\n",
    "a variable": b"OPENAI_ADMIN_KEY=%s\n",
    "a variable that is exported": b"export OPENAI_ADMIN_KEY=%s\n",
    "a mark": b"\xef\xbb\xbf%s\n",
    "a header": b"Bearer %s\n",
}
SAYS = {
    "a quotation mark": "quotation marks",
    "an apostrophe": "quotation marks",
    "a variable": "the name of a variable",
    "a variable that is exported": "the name of a variable",
    "a mark": "a byte order mark",
    "a header": "a blank (byte 7)",
}


@pytest.mark.parametrize("what", NOT_ALONE)
def test_what_stands_around_a_key_is_named_and_the_key_is_not(machine, api, what):
    machine.key_file.write_bytes(NOT_ALONE[what] % machine.key.encode())
    done = machine.sync(status=CONFIG)  # searches the output for the key
    assert SAYS[what] in done.stderr and str(machine.key_file) in done.stderr
    assert "sk-" not in done.stderr and api.count() == 0


def test_a_key_in_utf_16_is_named(machine):
    machine.key_file.write_bytes(machine.key.encode("utf-16"))
    assert "UTF-16" in machine.sync(status=CONFIG).stderr


def test_a_quoted_key_in_the_environment_is_named(machine, api):
    machine.configure(admin_key_file=None)
    done = machine.sync(status=CONFIG, env={"OPENAI_ADMIN_KEY": f"'{machine.key}'"})
    assert "OPENAI_ADMIN_KEY" in done.stderr and "quotation marks" in done.stderr
    assert api.count() == 0
