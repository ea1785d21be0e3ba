"""notify_url: what has changed, by POST, signed, each once, and no sync waits for it."""

import ctypes
import json
import os
import resource
import signal
import socket
import ssl
import threading
import time

import pytest
from support import paths
from support.process import children, wait_until
from support.receiver import Receiver
from support.world import BUSY, CONFIG, INTERRUPTED, NETWORK, REFUSED

SECRET = "whsec-" + "5" * 40
PR_SET_CHILD_SUBREAPER = 36


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def receivers():
    made = []

    def start(**more) -> Receiver:
        made.append(Receiver(SECRET, **more))
        return made[-1]

    yield start
    for receiver in made:
        receiver.close()


@pytest.fixture
def listener(machine):
    """Configures the machine for a receiver at this port."""
    secret = machine.dir / "notify.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET + "\n")

    def configure(port: int, text="", url="http://127.0.0.1:{}/hooks/orgtrust", **more):
        machine.configure(text, **({"notify_url": url.format(port),
                                    "notify_secret_file": secret} | more))

    yield configure
    machine.configure()  # ends what is still retried
    for path in machine.cache.glob("*"):
        assert SECRET.encode() not in (path.read_bytes() if path.is_file() else b"")


def told(machine, source="default") -> dict:
    reports = machine.orgtrust("status", "--json", status=None).json()["sources"]
    return next(report["notify"] for report in reports if report["name"] == source)


def bodies(receiver: Receiver) -> list[dict]:
    assert all(request["right"] for request in receiver.requests)
    return [request["body"] for request in receiver.requests]


def test_four_changes_reach_a_receiver_that_is_down_at_first_once(
        machine, api, certs, receivers, listener):
    """By on_change as well, while the first minute of the receiver's absence is cut to a
    few seconds unless there is time for all of it."""
    away = 60 if paths.LONG else 5
    roots = certs.many(301, "Fleet")
    ids = [api.add(root, name=f"root {i}", active=i % 2 == 0)
           for i, root in enumerate(roots[:300])]
    hook, receiver = machine.dir / "hook", Receiver(SECRET)
    port = receiver.port
    listener(port, on_change=f"cat >>{hook}")
    machine.sync()
    wait_until(lambda: receiver.requests)
    wait_until(lambda: not told(machine)["waiting"])
    receiver.close()
    hook.unlink()
    api.item(ids[1])["active"] = True
    api.item(ids[2])["active"] = False
    api.item(ids[4])["name"] = "another name"
    new = api.add(roots[300], name="root 300", active=True)
    done = machine.sync()
    assert done.seconds < 5 * paths.SLOWNESS, "it does not wait for the receiver"
    lines = [line for line in done.stdout.splitlines() if line[0] in "+-~"]
    assert len(lines) == 4 and hook.read_text().splitlines() == lines
    time.sleep(away)
    assert told(machine)["failures"] > 1 and "127.0.0.1" in told(machine)["problem"]
    receiver = receivers(port=port)
    wait_until(lambda: receiver.requests, timeout=90)
    wait_until(lambda: not told(machine)["waiting"])
    [body] = bodies(receiver)
    assert [(body[word]) for word in ("began", "ceased", "other")] == [2, 1, 1]
    assert sorted((news["sign"], news["id"], news["sha256"]) for news in body["news"]) == sorted([
        ("+", ids[1], roots[1].sha256), ("-", ids[2], roots[2].sha256),
        ("~", ids[4], roots[4].sha256), ("+", new, roots[300].sha256)])
    assert told(machine) == {"waiting": False, "failures": 0, "problem": None, "at": None}
    machine.sync()
    time.sleep(1)
    assert len(receiver.requests) == 1 and len(hook.read_text().splitlines()) == 4


def test_what_is_sent(machine, api, roots, receivers, listener):
    receiver = receivers()
    listener(receiver.port)
    cert = api.add(roots[0], name="näme\n")
    machine.sync()
    wait_until(lambda: receiver.requests)
    [request] = receiver.requests
    assert request["right"] and abs(request["when"] - time.time()) < 30
    assert request["path"] == "/hooks/orgtrust"
    headers = {name.lower(): value for name, value in request["headers"].items()}
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers and "openai-project" not in headers, "the admin key is the API's alone"
    assert machine.key not in str(headers)
    body = request["body"]
    assert set(body) == {"id", "host", "source", "began", "ceased", "other", "news"}
    assert body["id"].startswith("ntf_") and len(body["id"]) == 36
    assert (body["host"], body["source"]) == (socket.gethostname(), "default")
    [news] = body["news"]
    assert (news["id"], news["name"], news["what"]) == (cert, "näme\n", "added")


def test_a_failure_is_repeated_with_the_same_id_and_what_came_meanwhile_is_another(
        machine, api, roots, receivers, listener):
    receiver = receivers(status=503)
    listener(receiver.port)
    api.add(roots[0], name="first")
    machine.sync()
    wait_until(lambda: len(receiver.requests) >= 2)
    api.add(roots[1], name="second")
    machine.sync()
    wait_until(lambda: len(receiver.requests) >= 3)
    assert "status 503" in told(machine)["problem"]
    receiver.status = 200
    wait_until(lambda: not told(machine)["waiting"])
    found = bodies(receiver)
    assert found[-1]["id"] != found[-2]["id"] and \
        {body["id"] for body in found[:-1]} == {found[0]["id"]}
    assert [[news["name"] for news in body["news"]] for body in found[-2:]] == \
        [["first"], ["second"]]
    assert {request["raw"] for request in receiver.requests[:-1]} == \
        {receiver.requests[0]["raw"]}


def test_of_many_the_numbers_alone(machine, api, certs, receivers, listener):
    receiver = receivers()
    listener(receiver.port)
    for root in certs.many(51, "Crowd"):
        api.add(root)
    machine.sync()
    wait_until(lambda: receiver.requests)
    [body] = bodies(receiver)
    assert (body["began"], body["ceased"], body["other"], body["news"]) == (51, 0, 0, [])


def test_what_happened_before_anybody_listened_is_no_news(machine, api, roots, receivers,
                                                         listener):
    api.add(roots[0])
    machine.sync()
    memory = machine.cache / "default.memory"
    memory.unlink()  # and the machine begins to remember with what it holds
    receiver = receivers()
    listener(receiver.port)
    machine.sync()
    wait_until(lambda: not told(machine)["waiting"])
    api.add(roots[1], name="new")
    machine.sync()
    wait_until(lambda: receiver.requests)
    assert [news["name"] for body in bodies(receiver) for news in body["news"]] == ["new"]


def test_by_hand_it_says_why_nothing_arrives(machine, api, roots, receivers, listener):
    port = free_port()
    listener(port)
    api.add(roots[0], name="new")
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})  # nobody delivers
    done = machine.orgtrust("notify", status=NETWORK)
    assert "source 'default': notify_url" in done.stderr and str(port) in done.stderr
    found = machine.orgtrust("notify", "--json", status=NETWORK).json()["sources"]
    assert [(s["source"], s["status"], s["delivered"]) for s in found] == \
        [("default", "network", 0)]
    text = machine.orgtrust("status").stdout
    assert "notify        " in text and "2 in a row" in text
    receiver = receivers(port=port, status=404)
    assert "status 404" in machine.orgtrust("notify", status=REFUSED).stderr
    receiver.status = 307
    assert machine.orgtrust("notify", status=None).status != 0
    assert {request["path"] for request in receiver.requests} == {"/hooks/orgtrust"}
    receiver.status = 204
    assert machine.orgtrust("notify").stdout == "default: 1 change delivered\n"
    assert machine.orgtrust("notify").stdout == "default: 0 changes delivered\n"
    assert len({body["id"] for body in bodies(receiver)}) == 1


def test_two_do_not_deliver_at_once(machine, api, roots, listener):
    listener(free_port())
    api.add(roots[0])
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    first = machine.start("notify", "--retry")
    wait_until(lambda: "tried again" in first.output())
    assert "delivers" in machine.orgtrust("notify", status=BUSY).stderr
    assert machine.orgtrust("notify", "--retry", "--quiet").text == "", "left to the other"
    assert first.stop() == INTERRUPTED


def test_after_a_day_it_is_given_up(machine, api, roots, receivers, listener):
    port = free_port()
    listener(port)
    api.add(roots[0], name="old")
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    machine.orgtrust("notify", status=NETWORK)
    progress = machine.cache / "default.notify"
    lines = [f"began_at = {int(time.time()) - 86500}" if line.startswith("began_at") else line
             for line in progress.read_text().splitlines()]
    progress.write_text("\n".join(lines) + "\n")
    done = machine.orgtrust("notify", status=NETWORK)
    assert "1 changes were not delivered within a day and are given up" in done.stderr
    assert told(machine)["waiting"] is False and "given up" in told(machine)["problem"]
    receiver = receivers(port=port)
    api.add(roots[1], name="new")
    machine.sync()
    wait_until(lambda: receiver.requests)
    assert [news["name"] for body in bodies(receiver) for news in body["news"]] == ["new"]
    wait_until(lambda: told(machine)["problem"] is None)


def test_the_secret_is_kept_as_the_key_is(machine, api, roots, receivers, listener):
    receiver = receivers()
    api.add(roots[0])
    secret = machine.dir / "notify.secret"
    listener(receiver.port, notify_secret_file=None)
    assert "without a notify_secret_file" in machine.sync().stderr
    machine.env["ORGTRUST_COMMAND"] = "/bin/true"
    done = machine.orgtrust("notify", status=CONFIG)
    assert "notify_secret_file" in done.stderr
    listener(receiver.port)
    secret.chmod(0o640)
    done = machine.orgtrust("notify", status=None)
    assert "chmod 600" in done.stderr and "the secret file" in done.stderr
    secret.chmod(0o600)
    for text, word in (("", "is empty"), ("short", "shorter than 20"),
                       ("a b " * 9, "a blank (byte 2)")):
        secret.write_text(text)
        done = machine.orgtrust("notify", status=CONFIG)
        assert word in done.stderr and "a b a" not in done.text
    secret.unlink()
    assert "does not exist" in machine.orgtrust("notify", status=CONFIG).stderr
    assert receiver.requests == []
    secret.touch(mode=0o600)
    secret.write_text(SECRET + "\n")
    machine.orgtrust("notify")
    assert len(bodies(receiver)) == 1


@pytest.mark.parametrize("url", ["http://alerts.example/x", "ftp://127.0.0.1/x",
                                 "https://u:p@alerts.example/", "https://alerts.example/?a=b"])
def test_only_https_or_loopback(machine, listener, url):
    listener(0, url=url)
    done = machine.orgtrust("status", status=CONFIG)
    assert "notify_url must" in done.stderr and url not in done.stderr


def test_a_receiver_is_verified_by_tls(machine, api, certs, receivers, listener):
    ca, server = certs.for_loopback("Receiver CA")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain = machine.dir / "server.pem"
    chain.write_text(server.pem + server.key.read_text())
    context.load_cert_chain(chain)
    receiver = receivers(tls=context)
    api.add(certs.ca("Told"))
    listener(receiver.port, url="https://127.0.0.1:{}/")
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    assert "certificate" in machine.orgtrust("notify", status=NETWORK).stderr
    assert receiver.requests == []
    trusted = machine.dir / "ca.pem"
    trusted.write_text(ca.pem)
    listener(receiver.port, url="https://127.0.0.1:{}/", ca_file=trusted)
    machine.orgtrust("notify")
    assert len(bodies(receiver)) == 1


def test_watch_delivers_and_says_what_fails(machine, api, roots, receivers, listener):
    port = free_port()
    listener(port, refresh_interval="1s")
    api.add(roots[0], name="new")
    watch = machine.start("watch")
    wait_until(lambda: "notify_url" in watch.output())
    receiver = receivers(port=port)
    wait_until(lambda: receiver.requests, timeout=60)
    api.add(roots[1], name="newer")
    wait_until(lambda: len(receiver.requests) == 2, timeout=60)
    assert [[news["name"] for news in body["news"]] for body in bodies(receiver)] == \
        [["new"], ["newer"]]
    assert watch.stop() == 0


def test_watch_as_process_1_takes_deliveries_off_its_hands(machine, api, roots, receivers,
                                                           listener):
    """In a container orphans become its children: those that had ended are gone when the next
    one begins."""
    receiver = receivers()
    listener(receiver.port, refresh_interval="1s")
    adopts = ctypes.CDLL(None).prctl
    watch = machine.start("watch", preexec_fn=lambda: adopts(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
    for number, root in enumerate(roots, 1):
        api.add(root)
        wait_until(lambda: len(receiver.requests) == number, timeout=60)
    assert len(children(watch.pid)) < len(roots)
    assert watch.stop() == 0


def test_each_source_has_a_delivery_of_its_own(machine, api, roots, receivers, listener):
    """One whose receiver is away holds up no other."""
    receiver = receivers()
    listener(free_port(), f"[source default]\n[source lab]\nproject = proj_lab\n"
             f"notify_url = http://127.0.0.1:{receiver.port}/lab\n")
    api.add(roots[0])
    machine.sync()
    wait_until(lambda: receiver.requests)
    assert [body["source"] for body in bodies(receiver)] == ["lab"]
    assert told(machine)["waiting"] and not told(machine, "lab")["problem"]


def test_nothing_of_an_answer_is_shown(machine, api, roots, receivers, listener):
    receiver = receivers(status=500, answer=b"word-of-the-receiver" * 10000)
    listener(receiver.port)
    api.add(roots[0])
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    done = machine.orgtrust("notify", status=None)
    assert done.status != 0 and "word-of-the-receiver" not in done.text
    assert "word-of-the-receiver" not in machine.orgtrust("status").text
    for path in machine.cache.glob("*"):
        assert b"word-of-the-receiver" not in path.read_bytes()


def test_a_receiver_that_is_overrun_is_asked_once_at_a_time(machine, api, roots, receivers,
                                                           listener):
    receiver = receivers(status=429)
    listener(receiver.port)
    api.add(roots[0])
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    assert "status 429" in machine.orgtrust("notify", status=None).stderr
    assert len(receiver.requests) == 1


def test_a_receiver_is_not_told_over_and_over_while_the_disk_is_full(
        machine, api, roots, receivers, listener):
    """A limit on the size of files stands for the disk: it is full when the answer comes, so
    that it cannot be written down."""
    receiver = receivers()
    listener(receiver.port)
    api.add(roots[0])
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    started = threading.Event()

    def fill():
        started.wait(20)
        resource.prlimit(notifier.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    receiver.before = fill
    notifier = machine.start(
        "notify", "--retry", preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    started.set()
    wait_until(lambda: len(receiver.requests) > 1)
    time.sleep(3)
    assert len(receiver.requests) < 8, "each a second after the one before, at the least"
    assert len({body["id"] for body in bodies(receiver)}) == 1
    receiver.before = lambda: resource.prlimit(
        notifier.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    wait_until(lambda: not told(machine)["waiting"])
    assert told(machine) == {"waiting": False, "failures": 0, "problem": None, "at": None}
    assert notifier.stop() == 0


def test_marks_of_another_time_end_no_delivery(machine, api, roots, receivers, listener):
    """The clock was ahead, or the memory began anew."""
    receiver = receivers()
    listener(receiver.port)
    api.add(roots[0])
    machine.sync(env={"ORGTRUST_COMMAND": "/bin/true"})
    progress = machine.cache / "default.notify"
    for number in (2 ** 63, 5):
        progress.write_text(f"from = {number} 1 2 3\n")
        machine.orgtrust("notify")
        assert told(machine)["waiting"] is False
    [body] = bodies(receiver)
    assert (body["began"], len(body["news"])) == (1, 1)
