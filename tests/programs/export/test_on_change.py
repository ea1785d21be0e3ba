"""on_change: when the command is run, in what surroundings, and what its failure means."""

import os
import re
import signal
import time

import pytest
from support import paths
from support.process import run, wait_until
from support.world import INTERRUPTED

SETTLES = 1.0  # seconds without a change before it is run


class Hook:
    """A command that writes down each of its runs."""

    def __init__(self, exports):
        self.exports, self.machine = exports, exports.machine
        self.log = exports.dir.parent / "hook.log"

    def command(self, more="true") -> str:
        """The key's value, which has to be short: a script."""
        return self.script(f"echo run $ORGTRUST_SOURCES >>{self.log}\n{more}")

    def script(self, text: str) -> str:
        path = self.exports.dir.parent / "hook"
        path.write_text(text + "\n")
        return f". {path}"

    def runs(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def hook(exports):
    return Hook(exports)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_fault_71_root_hands_no_home_of_another_users_on(exports, hook, api, certs):
    api.add(certs.many(1, "Home")[0])
    seen, home = exports.dir.parent / "seen", exports.dir.parent / "ada"
    home.mkdir()
    os.chown(home, 65534, 65534)
    exports.configure(on_change=hook.command(f"env >{seen}"))
    exports.sync(env={"HOME": str(home), "TMPDIR": str(home), "XDG_RUNTIME_DIR": str(home),
                      "DBUS_SESSION_BUS_ADDRESS": f"unix:path={home}/bus"})
    assert str(home) not in seen.read_text()
    assert "HOME=/root\n" in seen.read_text()


def test_a_failure_is_seen_also_under_a_parent_that_ignores_its_children(exports, hook, api, certs):
    """As Perl programs and daemons often do, and what they start inherits: there the kernel
    keeps no child's status."""
    api.add(certs.many(1, "Ignored")[0])
    exports.configure(on_change=hook.command("exit 3"))
    done = exports.machine.check(run(
        ["env", "--ignore-signal=CHLD", *paths.WRAP, paths.COMMAND, "sync"],
        env=exports.machine.env))
    assert "the command on_change ended with status 3" in done.stderr, done
    exports.sync()
    assert hook.runs() == ["run default"] * 2, "it is tried again"


@pytest.mark.memory
def test_it_is_run_after_each_change_and_no_other_sync(exports, hook, api, certs):
    root, other = certs.many(2, "Hook")
    cert_id = api.add(root)
    seen = exports.dir.parent / "seen.pem"
    exports.configure(on_change=hook.command(f"cp {exports.bundle} {seen}"))
    began = time.monotonic()
    done = exports.sync()
    assert time.monotonic() - began >= SETTLES
    assert "on_change: the command was run" in done.stdout
    assert hook.runs() == ["run default"]
    assert seen.read_bytes() == exports.bundle.read_bytes(), "after the rename"
    for _ in range(2):
        assert "on_change" not in exports.sync().text
    assert hook.runs() == ["run default"]
    api.item(cert_id)["name"] = "another name"
    exports.sync()
    assert len(hook.runs()) == 1, "nothing that is trusted has changed"
    api.add(other)
    exports.sync("--quiet")
    assert len(hook.runs()) == 2
    exports.hashed.joinpath(next(os.walk(exports.hashed))[2][0]).unlink()
    exports.sync()
    assert len(hook.runs()) == 3, "an export was put in place again"


def test_without_any_export_and_for_several_sources_once(exports, hook, api, certs):
    api.add(certs.ca("Once"))
    exports.machine.configure("[source default]\n[source b]\nproject = proj_b\n",
                              on_change=hook.command())
    exports.sync()
    assert hook.runs() == ["run default b"]
    api.add(certs.ca("Twice"))
    exports.sync("--source", "b")
    assert len(hook.runs()) == 2
    exports.sync()
    assert len(hook.runs()) == 3


def test_fault_55_its_environment_is_clean(exports, hook, api, certs):
    cert = api.add(certs.ca("Clean"))
    env, words = exports.dir.parent / "env", exports.dir.parent / "words"
    exports.machine.configure(
        admin_key_file=None,
        on_change=hook.script(f"env >{env}; ls -l /proc/self/fd >{words}; pwd >>{words}; "
                              f"cat >>{words}; echo to stdout; echo to stderr >&2"))
    key = exports.machine.key
    with open("/dev/null", "rb") as extra:
        os.set_inheritable(extra.fileno(), True)
        done = exports.sync(env={"OPENAI_ADMIN_KEY": key, "LD_LIBRARY_PATH": "/x",
                                 "SECRET": key, "TZ": "UTC"},
                            pass_fds=(extra.fileno(),))
    text = env.read_text()
    names = {line.split("=")[0] for line in text.splitlines()}
    assert key not in text and not names & {"OPENAI_ADMIN_KEY", "LD_LIBRARY_PATH", "SECRET"}
    assert {"PATH", "HOME", "TZ", "ORGTRUST_SOURCES", "ORGTRUST_CONF"} <= names
    said = words.read_text()
    assert re.search(rf"\n/\n\+ default {cert} \S+ added -\n$", said), "works in /, reads news"
    assert set(re.findall(r" (\d+) -> ", said)) <= set("0123")
    assert "to stdout" in done.stderr and "to stderr" in done.stderr
    assert "to stdout" not in done.stdout


class News(Hook):
    """A command that keeps what it is told, and fails while a file is there."""

    def command(self) -> str:
        self.fails = self.exports.dir.parent / "fails"
        return self.script(f"cat >>{self.log}\n"
                           "echo = $ORGTRUST_BEGAN $ORGTRUST_CEASED $ORGTRUST_OTHER "
                           f">>{self.log}\ntest ! -e {self.fails}")

    def read(self) -> tuple[list[str], list[int]]:
        """The lines without SHA-256 of all runs since the last look, and their counts."""
        lines = [line.split() for line in self.runs()]
        self.log.unlink(missing_ok=True)
        return ([" ".join(words[:3] + words[4:]) for words in lines if words[0] != "="],
                [int(word) for words in lines if words[0] == "=" for word in words[1:]])


def test_it_is_told_what_changed_once_in_lines_and_in_numbers(exports, api, certs):
    news = News(exports)
    roots = certs.many(4, "Told")
    ids = [api.add(root, name=f"t{i}", active=i != 1) for i, root in enumerate(roots[:3])]
    exports.configure(on_change=news.command())
    exports.sync()
    # The first sync of a machine: what is trusted, and not what is not.
    assert news.read() == ([f"+ default {ids[0]} added t0", f"+ default {ids[2]} added t2"],
                           [2, 0, 0])
    api.item(ids[0])["name"] = "another name"
    exports.sync()
    assert news.read() == ([], []), "it is not run, nothing that is trusted has changed"
    api.item(ids[1])["active"] = True
    api.item(ids[2])["active"] = False
    new = api.add(roots[3])
    exports.sync()
    lines, counts = news.read()
    assert sorted(lines) == sorted([
        f"~ default {ids[0]} renamed another name (before: t0)",
        f"+ default {ids[1]} activated t1", f"- default {ids[2]} deactivated t2",
        f"+ default {new} added -"])
    assert counts == [2, 1, 1]
    exports.sync()
    assert news.read() == ([], [])


def test_it_is_told_again_until_it_succeeds(exports, api, certs):
    news = News(exports)
    one, two = certs.many(2, "Again")
    exports.configure(on_change=news.command())
    news.fails.touch()
    first = api.add(one, name="a1")
    exports.sync()
    assert news.read() == ([f"+ default {first} added a1"], [1, 0, 0])
    second = api.add(two, name="a2")
    exports.sync()
    both = ([f"+ default {first} added a1", f"+ default {second} added a2"], [2, 0, 0])
    assert news.read() == both
    news.fails.unlink()
    exports.sync()
    assert news.read() == both
    exports.sync()
    assert news.read() == ([], [])


def test_of_many_it_is_told_the_numbers_alone(exports, api, certs):
    news = News(exports)
    exports.machine.configure("[source default]\n[source b]\nproject = proj_b\n",
                              on_change=news.command())
    for root in certs.many(51, "Crowd"):
        api.add(root)
    exports.sync()
    assert news.read() == ([], [102, 0, 0])
    gone = api.certs[0]["id"]
    api.remove(gone)
    exports.sync()
    assert news.read() == ([f"- default {gone} removed -", f"- b {gone} removed -"], [0, 2, 0])


def test_what_happened_before_anybody_listened_is_no_news(exports, api, certs):
    news = News(exports)
    api.add(certs.ca("Early"))
    exports.sync()
    memory = exports.machine.cache / "default.memory"
    exports.configure(on_change=news.command())
    memory.unlink() # and the machine begins to remember with what it holds
    exports.sync()
    assert news.read() == ([], [0, 0, 0])


def test_its_failure_is_told_and_is_not_the_syncs(exports, hook, api, certs):
    api.add(certs.ca("Failing"))
    exports.configure(on_change=hook.command("exit 3") + " # s3cret")
    done = exports.sync()
    assert "on_change ended with status 3" in done.stderr and "s3cret" not in done.stderr
    told = exports.told()["on_change"]
    assert "ended with status 3" in told["problem"] and told["path"] is None
    text = exports.machine.orgtrust("status").text
    assert "ended with status 3" in text and "s3cret" not in text
    exports.sync()
    assert len(hook.runs()) == 2, "tried again after the next sync"
    exports.configure(on_change=hook.command())
    exports.sync()
    assert exports.told()["on_change"]["problem"] is None
    exports.sync()
    assert len(hook.runs()) == 3


@pytest.mark.concurrency
def test_several_syncs_in_a_row_are_one_run_and_none_during_one(exports, hook, api, certs):
    """Two processes at once and changes meanwhile: one run, and one more for what came
    while it was at it."""
    api.add(certs.ca("Row 0"))
    busy = exports.dir.parent / "busy"
    go_on = exports.dir.parent / "go-on"
    exports.configure(on_change=hook.script(
        f"mkdir {busy} || echo two at once >>{hook.log}; echo run >>{hook.log}; "
        f"until [ -e {go_on} ]; do sleep 0.1; done; rmdir {busy}"))
    first = exports.machine.start("sync")
    for i in range(1, 3):  # while the first still waits for more, or is at it
        time.sleep(0.3)
        api.add(certs.ca(f"Row {i}"))
        assert exports.sync().seconds < 20 * paths.SLOWNESS
    wait_until(busy.exists)
    api.add(certs.ca("Row 3"))
    exports.sync()
    assert hook.runs() == ["run"] and first.is_running()
    go_on.touch()
    assert first.child.wait(30 * paths.SLOWNESS) == 0, first.output()
    assert hook.runs() == ["run", "run"]
    assert len(exports.in_bundle()) == 4


def test_a_signal_ends_it_and_all_that_it_started(exports, hook, api, certs):
    api.add(certs.ca("Ended"))
    pids = exports.dir.parent / "pids"
    exports.configure(on_change=hook.script(
        f"echo $$ >{pids}; sleep 1000 & echo $! >>{pids}; wait"))
    process = exports.machine.start("sync")
    wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    began = time.monotonic()
    assert process.stop(signal.SIGTERM) in (0, INTERRUPTED)
    assert time.monotonic() - began < 10 * paths.SLOWNESS

    def gone(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                return stat.read().split()[2] == "Z"
        except FileNotFoundError:
            return True

    wait_until(lambda: all(gone(pid) for pid in pids.read_text().split()))
    exports.configure(on_change=hook.command())
    exports.sync()
    assert len(hook.runs()) == 1


def test_fault_45_what_a_killed_sync_left_is_done_by_the_next(exports, hook, api, certs):
    """Killed while it waits for further changes, and while the command runs."""
    api.add(certs.ca("Killed"))
    exports.configure(on_change=hook.command())
    process = exports.machine.start("sync")
    wait_until(lambda: exports.bundle.exists() and exports.store.exists())
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    assert hook.runs() == []
    done = exports.sync()
    assert "unchanged" in done.stdout and hook.runs() == ["run default"]
    api.add(certs.ca("Killed again"))
    exports.configure(on_change=hook.command("kill -9 $PPID"))
    exports.sync(status=None)
    assert len(hook.runs()) == 2
    exports.configure(on_change=hook.command())
    exports.sync()
    assert len(hook.runs()) == 3, "it had not ended"


def test_watch_runs_it_once_for_sources_that_are_due_together(exports, hook, api, certs):
    api.add(certs.ca("Watched"))
    exports.machine.configure("[source default]\n[source b]\nproject = proj_b\n",
                              on_change=hook.command(), refresh_interval="1h")
    process = exports.machine.start("watch")
    wait_until(lambda: "the command was run" in process.output())
    assert hook.runs() == ["run default b"]
    assert process.stop() == 0
