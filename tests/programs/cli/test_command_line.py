"""What is said on the command line, and how the command ends."""

import os
import re
import shlex
import subprocess

import pytest
from support import paths
from support.process import run
from support.world import CONFIG, DISK, NOT_FOUND, OK, SNAPSHOT, USAGE

COMMANDS = ["sync", "watch", "status", "list", "show", "upload", "rename", "activate",
            "deactivate", "delete", "apply"]


@pytest.mark.parametrize("word", ["--version", "version"])
def test_the_version(bare_world, word):
    shown = bare_world.orgtrust(word).stdout
    assert shown.startswith("orgtrust ") and shown[9].isdigit()


@pytest.mark.parametrize("words", [["help"], ["--help"], ["-h"]])
def test_the_overview_names_every_command(bare_world, words):
    done = bare_world.orgtrust(*words)
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout
    assert done.stderr == ""


def groups(overview: str) -> dict[str, set[str]]:
    """Of each heading the commands below it."""
    parts = re.findall(r"^([a-z ]+):\n((?:  [a-z]+ .*\n)+)", overview, re.MULTILINE)
    return {title: set(re.findall(r"^  ([a-z-]+)", lines, re.MULTILINE))
            for title, lines in parts}


def test_the_overview_is_in_groups(bare_world):
    found = groups(bare_world.orgtrust("help").stdout)
    assert {"list", "show", "status", "log"} <= found["read"]
    assert {"upload", "activate", "delete", "apply"} <= found["administer the organization"]
    assert {"sync", "install", "doctor"} <= found["this machine"]
    assert found["this program"] == {"help", "version"}
    assert max(map(len, bare_world.orgtrust("help").stdout.splitlines())) < 80


def test_each_help_has_an_example_that_is_understood(bare_world):
    """Its options are the command's; --help ends it before anything is done."""
    commands = set().union(*groups(bare_world.orgtrust("help").stdout).values())
    assert len(commands) > 20
    for command in commands:
        shown = bare_world.orgtrust("help", command).stdout
        (line,) = re.findall(r"\n\nexample:\n  (orgtrust .*)\n(?:\noptions:\n|$)", shown)
        words = shlex.split(line)
        assert words[1] == command
        # Behind `run` there is another program's line.
        help_is_asked = [] if command == "help" else ["--help"]
        assert bare_world.orgtrust(command, *help_is_asked, *words[2:]
                                   ).stdout.startswith("usage: ")


@pytest.mark.parametrize("words, command", [
    (["help", "help"], "help"), (["help", "--help"], "help"), (["--help", "sync"], "sync"),
    (["-h", "sync"], "sync"), (["help", "version"], "version"),
    (["version", "--help"], "version"), (["help", "-h"], "help")])
def test_help_is_found_from_either_side(bare_world, words, command):
    assert bare_world.orgtrust(*words).stdout.startswith(f"usage: orgtrust {command}")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_help(bare_world, command):
    by_option = bare_world.orgtrust(command, "--help").stdout
    assert by_option == bare_world.orgtrust("help", command).stdout
    assert by_option.startswith(f"usage: orgtrust {command} ")
    for option in ("--source NAME", "--json", "--help"):
        assert option in by_option
    assert max(map(len, by_option.splitlines())) <= 80


@pytest.mark.parametrize("words, why", [
    ([], "which command"),
    (["frobnicate"], "no command 'frobnicate'"),
    (["help", "frobnicate"], "no command 'frobnicate'"),
    (["help", "sync", "list"], "one command at a time"),
    (["sync", "--frobnicate", "--json"], "no option --frobnicate"),
    (["frobnicate", "--json"], "no command 'frobnicate'"),
    (["--json", "list"], "no command '--json': options come behind the command"),
    (["help", "--json"], "no command '--json': options come behind the command"),
    (["--help", "frobnicate"], "no command 'frobnicate'"),
    (["version", "1"], "takes no arguments"),
    (["export", "x"], "takes no arguments"),
    (["sync", "--frobnicate"], "no option --frobnicate"),
    (["sync", "--pem"], "no option --pem"),
    (["sync", "extra"], "takes no arguments"),
    (["list", "--state", "odd"], "'odd' is not one of"),
    (["list", "--source"], "--source needs a value"),
    (["show"], "exactly one ID|NAME"),
    (["show", "a", "b"], "exactly one ID|NAME"),
    (["upload"], "takes FILE|- ..."),
    (["rename", "a"], "takes ID|NAME NEWNAME"),
    (["rename", "a", "b", "c"], "takes ID|NAME NEWNAME"),
    (["activate"], "or --all"),
    (["deactivate", "a", "--all"], "exclude each other"),
    (["delete"], "takes ID|NAME ..."),
    (["apply", "a", "b"], "exactly one DIR"),
    (["rename", "a", "b", "--key-fd", "x"], "number of a descriptor"),
    (["show", "--pem", "--json", "a"], "exclude each other"),
    (["\x1b[31mred"], "no command '\\x1b[31mred'"),
])
def test_a_wrong_line_is_refused(bare_world, words, why):
    done = bare_world.orgtrust(*words, status=USAGE)
    assert why.lower() in done.stderr.lower(), done
    assert done.stderr.startswith("orgtrust: ") and done.stderr.count("\n") == 1
    assert (done.stdout == "") == ("--json" not in words)


@pytest.mark.parametrize("words, status, word", [
    (["list", "--json"], SNAPSHOT, "no-snapshot"), (["show", "x", "--json"], SNAPSHOT, None),
    (["list", "--json", "--state", "odd"], USAGE, "usage"), (["rename", "--json"], USAGE, "usage"),
    (["upload", "missing.pem", "--json"], NOT_FOUND, "not-found"),
    (["sync", "--source", "nowhere", "--json"], CONFIG, "config")])
def test_a_failure_is_an_object_for_programs(bare_world, words, status, word):
    done = bare_world.orgtrust(*words, status=status)
    error = done.json()["error"]
    assert set(error) == {"status", "message"} and word in (error["status"], None)
    assert done.stderr.startswith(f"orgtrust: {error['message']}")


def test_what_tells_its_failures_itself_has_one_object(bare_world):
    done = bare_world.orgtrust("sync", "--json", status=None)
    assert done.status != OK and "error" not in done.json() and done.json()["sources"]
    assert bare_world.orgtrust("list", status=SNAPSHOT).stdout == ""


@pytest.mark.parametrize("command", [["sync"], ["watch"], ["status"], ["list"], ["show", "x"]])
def test_a_wrong_configuration_is_refused_with_its_line(bare_world, command):
    bare_world.configure("frobnicate = 1\n")
    done = bare_world.orgtrust(*command, status=CONFIG)
    line = bare_world.conf.read_text().splitlines().index("frobnicate = 1") + 1
    assert f"{bare_world.conf}:{line}:" in done.stderr and "frobnicate" in done.stderr


@pytest.mark.parametrize("command", [["sync"], ["watch"], ["status"], ["list"], ["show", "x"]])
def test_without_any_source_it_says_how_to_make_one(bare_world, command):
    bare_world.conf.write_text("")
    done = bare_world.orgtrust(*command, status=CONFIG)
    assert "OPENAI_ADMIN_KEY" in done.stderr, done


@pytest.mark.parametrize("command", [["sync"], ["watch"], ["status"], ["list"], ["show", "x"]])
def test_an_unknown_source_is_refused(bare_world, command):
    done = bare_world.orgtrust(*command, "--source", "nowhere", status=CONFIG)
    assert "nowhere" in done.stderr and "default" in done.stderr


OUTPUTS = [["sync"], ["sync", "--json"], ["status"], ["status", "--json"], ["list"],
           ["list", "--json"], ["show", "root 0"], ["show", "root 0", "--pem"],
           ["show", "root 0", "--json"]]


def ends_with(world, command, stdout) -> tuple[int, str]:
    done = subprocess.run(
        [*paths.WRAP, str(paths.COMMAND), *command], env=world.env, stdout=stdout,
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60 * paths.SLOWNESS,
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_a_full_disk_behind_the_output_is_reported(synced, command):
    with open("/dev/full", "wb") as full:
        status, said = ends_with(synced, command, full)
    assert status == DISK
    assert "writing the output failed: No space left" in said


@pytest.mark.parametrize("command", OUTPUTS, ids=" ".join)
def test_a_closed_pipe_is_reported(synced, command):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        status, said = ends_with(synced, command, writer)
    finally:
        os.close(writer)
    assert status == DISK
    assert "writing the output failed: Broken pipe" in said


def test_a_closed_output_is_reported_and_hits_no_file(synced):
    """What opens files next must not get descriptor 1 or 2 and our words in it."""
    before = synced.snapshot()
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&- 2>&-', "sh", *paths.WRAP, str(paths.COMMAND),
         "sync"],
        env=synced.env, timeout=60 * paths.SLOWNESS, check=False,
    )
    assert done.returncode == DISK
    assert synced.snapshot().content == before.content
    assert synced.count() == 2


def test_descriptors_that_are_all_closed_do_not_matter_to_a_quiet_sync(synced):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *paths.WRAP, str(paths.COMMAND),
         "sync", "--quiet"],
        env=synced.env, timeout=60 * paths.SLOWNESS, check=False,
    )
    assert done.returncode == OK
    assert synced.count() == 2


def test_no_locale_is_needed(synced):
    env = {k: v for k, v in synced.env.items() if k not in ("LC_ALL", "LANG", "HOME")}
    done = run([paths.COMMAND, "list"], env=env, wrap=True)
    assert done.status == OK and "root 0" in done.stdout
