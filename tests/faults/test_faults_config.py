"""Rows 54 and 55: what the configuration may not say, and where the key may not be."""

import os
import time
from pathlib import Path

import pytest
from fault_server import error
from support import paths
from support.inside import looks_inside
from support.process import family, run, wait_until
from support.world import CONFIG, USAGE

BAD_LINES = {
    "unknown key": ("refresh_intervall = 5m", "refresh_intervall"),
    "unknown section": ("[sources default]\nproject = p", "[source NAME]"),
    "bad interval": ("refresh_interval = soon", "refresh_interval"),
    "negative interval": ("refresh_interval = -5m", "refresh_interval"),
    "zero interval": ("refresh_interval = 0", "refresh_interval"),
    "bad switch": ("auto_refresh = perhaps", "auto_refresh"),
    "bad purpose": ("purposes = server, cleint", "purposes"),
    "no purpose": ("purposes =", "purposes"),
    "bad url": ("base_url = ftp://example.com/v1", "base_url"),
    "plain http": ("base_url = http://example.com/v1", "https"),
    "bad name": ("[source ../x]\nproject = p", "[source NAME]"),
    "repeated key": ("max_stale = 1d\nmax_stale = 2d", "max_stale"),
    "no value": ("project", "key = value"),
    "relative cache": ("cache_dir = cache", "cache_dir"),
}


@pytest.mark.parametrize("name", BAD_LINES, ids=lambda n: n.replace(" ", "_"))
def test_fault_54_a_bad_line_is_refused_with_its_place(synced, api, name):
    text, word = BAD_LINES[name]
    # A key of the text may not be given above it as well.
    own = text.split("=")[0].strip() if not text.startswith("[") else None
    synced.configure(text + "\n", **({own: None} if own == "base_url" else {}))
    where = synced.conf.read_text().splitlines().index(text.splitlines()[-1]) + 1
    for command in ("sync", "status", "list"):
        done = synced.orgtrust(command, status=CONFIG)
        assert word in done.stderr, done
        assert f"{synced.conf}:" in done.stderr, done
    lines = {f"{synced.conf}:{n}" for n in (where, where - 1)}
    assert any(place in done.stderr for place in lines), done
    assert api.count() == 0
    # The provider does not fall back to anything wider either.
    found = synced.storeutl("-noout", "-certs", status=None)
    assert synced.total(found) == 0
    assert str(synced.conf) in found.stderr, found


def test_fault_54_a_configuration_that_is_not_there_is_named(synced):
    synced.conf.unlink()
    done = synced.sync(status=CONFIG)
    assert str(synced.conf) in done.stderr
    assert str(synced.conf) in synced.storeutl("-noout", "-certs", status=None).stderr


def test_fault_54_a_configuration_that_may_not_be_read_is_named(synced):
    synced.conf.chmod(0)
    # Root without the right to read everything: what it may then not read is an error.
    less = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    argv = [*(less if os.geteuid() == 0 else []), *paths.WRAP, paths.COMMAND, "sync"]
    done = synced.check(run(argv, env=synced.env))
    assert done.status == CONFIG, done
    assert str(synced.conf) in done.stderr
    synced.conf.chmod(0o600)


def test_fault_54_a_configuration_that_others_may_write_is_refused(synced, api):
    synced.conf.chmod(0o666)
    done = synced.sync(status=CONFIG)
    assert str(synced.conf) in done.stderr
    assert api.count() == 0


def test_fault_54_an_unknown_source_is_refused_and_the_known_are_named(synced, api):
    synced.configure("[source staging]\nproject = proj_1\n")
    done = synced.sync("--source", "stagign", status=CONFIG)
    assert "stagign" in done.stderr
    assert "staging" in done.stderr
    found = synced.storeutl("-noout", "-certs", uri="orgtrust://stagign/", status=None)
    assert "stagign" in found.stderr
    assert api.count() == 0


@pytest.mark.parametrize("uri", [
    "orgtrust://bad name/", "orgtrust:///?stat=all", "orgtrust:///?state=some",
    "orgtrust://default/cert_1/more", "orgtrust:///?name=%zz", "orgtrust://default/..",
    "orgtrust://user@default/", "orgtrust:///?state=all&state=active", "orgtrust:///#x",
])
def test_fault_54_a_wrong_uri_says_what_is_wrong(synced, uri):
    found = synced.storeutl("-noout", "-certs", uri=uri, status=None)
    assert synced.total(found) == 0
    assert "orgtrust" in found.stderr, found


@pytest.mark.parametrize("args", [["frobnicate"], ["sync", "--frobnicate"], ["sync", "extra"],
                                  ["show"], ["list", "--source"]])
def test_fault_54_wrong_usage_is_its_own_failure(synced, args):
    done = synced.orgtrust(*args, status=USAGE)
    assert done.stderr
    assert done.stdout == ""


# 55: the key. World searches every output and every file of every test as well.


def test_fault_55_the_key_is_nowhere_after_a_failure_of_every_kind(synced, api, key):
    for status in (400, 401, 403, 404, 409, 418):
        # An API that repeats the key in its message does not make us show it.
        api.on("list", error(status, f"The key Bearer {key} is not good enough."))
        done = synced.sync(status=None)
        assert done.status > 0
        assert key not in done.text
        assert key not in synced.orgtrust("status", status=None).text
        assert key not in synced.orgtrust("status", "--json", status=None).text
        assert key not in synced.state_path().read_text()
    assert not synced.secrets_found()


@looks_inside
@pytest.mark.concurrency
@pytest.mark.parametrize("how", ["file", "environment"])
def test_fault_55_the_key_is_in_no_command_line(synced, api, key, how):
    env = {}
    if how == "environment":
        synced.configure(admin_key_file=None)
        env = {"OPENAI_ADMIN_KEY": key}
    api.on("list", api.hang)
    process = synced.start("sync", env=env)
    wait_until(lambda: api.count("list") == 1)
    seen = 0
    for pid in family(process.pid):
        assert key.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert how == "environment" or key.encode() not in environment
        seen += 1
    assert seen >= 1


def test_fault_55_the_providers_child_gets_no_key_from_a_file(synced, api, key):
    """Started by a host that has the key in neither place: nor has the child."""
    old = time.time() - 7200
    os.utime(synced.snapshot_path(), (old, old))
    seen = synced.dir / "seen"
    spy = synced.dir / "spy"
    spy.write_text(f"#!/bin/sh\ntr '\\0' ' ' </proc/$$/cmdline >{seen}.new\n"
                   f"env >>{seen}.new\nmv {seen}.new {seen}\n")
    spy.chmod(0o755)
    synced.storeutl("-noout", "-certs", env={"ORGTRUST_COMMAND": str(spy)})
    wait_until(seen.exists)
    text = seen.read_text()
    assert key not in text
    assert "--if-stale" in text
    assert "LD_PRELOAD" not in text


@pytest.mark.parametrize("content", ["", "two words\n", "line\nline\n", "caf\u00e9\n",
                                     "a" * 5000 + "\n", "tab\there\n", "nul\0nul\n"])
def test_fault_55_a_key_that_is_no_key_is_refused_and_not_shown(synced, api, content):
    synced.key_file.write_text(content)
    before = synced.snapshot()
    done = synced.sync(status=CONFIG)
    assert str(synced.key_file) in done.stderr
    if content.strip():
        assert content.strip() not in done.text
    assert api.count() == 0
    assert synced.snapshot() == before


def test_fault_55_verbose_libraries_do_not_print_the_key(synced, key):
    """Settings with which libraries trace what they do are not ours to pass on."""
    done = synced.sync(env={"CURL_DEBUG": "all", "SSLKEYLOGFILE": str(synced.dir / "keys")})
    assert key not in done.text
    assert not (synced.dir / "keys").exists() or \
        key not in (synced.dir / "keys").read_text()
