"""When the admin key ends: `status` says it as the API does, orgtrust-server in a header of
its answers, the hosted API in its list of keys."""

import contextlib
import re
import socket
import threading
import time

import pytest
from fault_server import Answer, FaultServer, error
from support import paths
from support.certs import CertFactory
from support.process import run
from support.world import World

DAY = 86400


def give_key(world, organization, lifetime: str | None):
    """A new key for the machine, which ends so long after now."""
    expires = () if lifetime is None else ("--expires", lifetime)
    world.key = run([paths.SERVER, "key", "create", "--role", "read", *expires,
                     "--db", organization.db], env=organization.env).stdout.strip()
    world.key_file.write_text(world.key + "\n")


def key_end(world) -> tuple[int | None, str | None]:
    """Seconds until the end by the JSON, and the line for people."""
    said = re.search("^  admin key +(.*)$", world.orgtrust("status").stdout, re.MULTILINE)
    at = world.status()["key_ends_at"]
    return (None if at is None else at - int(time.time())), said and said[1]


@pytest.fixture
def synced_world(organization, world, roots):
    organization.add(roots[0])
    world.sync()
    return world


def test_a_key_without_an_end_is_not_spoken_of(synced_world):
    assert key_end(synced_world) == (None, None)
    assert "key_ends_at = 0" in synced_world.state_path().read_text().splitlines()


def test_a_key_that_ends_within_30_days_is_warned_of(synced_world, organization):
    world = synced_world
    give_key(world, organization, "29d")
    world.sync()
    left, line = key_end(world)
    assert 29 * DAY - 60 < left <= 29 * DAY
    assert re.fullmatch(r"ends in 2[89] days \(2.*\): ask for a new one in time", line)
    give_key(world, organization, "90d")
    world.sync()
    left, line = key_end(world)
    assert 90 * DAY - 60 < left <= 90 * DAY
    assert re.fullmatch(r"ends in (89|90) days \(\d{4}-.*\)", line)
    give_key(world, organization, None)
    world.sync()
    assert key_end(world) == (None, None)


def test_an_end_that_has_come_is_told_with_the_failure(synced_world, organization):
    world = synced_world
    give_key(world, organization, "2s")
    world.sync()
    time.sleep(3.1)
    world.sync(status=None)
    left, line = key_end(world)
    assert left <= 0 and line.startswith("ended at ")
    assert "come to its end" in world.status()["last_error"]["message"]


def test_an_unchanged_list_tells_of_another_key(synced_world, organization):
    """What is kept by its tag, as a relay does, is asked for anew with another key."""
    client = organization.client(key=synced_world.key)
    path = "/v1/organization/certificates"
    _, headers, _ = client.request("GET", path)
    assert "Orgtrust-Key-Expires" not in headers
    give_key(synced_world, organization, "9d")
    other = organization.client(key=synced_world.key)
    status, changed, _ = other.request("GET", path, headers={"If-None-Match": headers["ETag"]})
    assert status == 200 and changed["ETag"] != headers["ETag"]
    ends = int(changed["Orgtrust-Key-Expires"])
    assert 9 * DAY - 60 < ends - time.time() <= 9 * DAY
    status, unchanged, _ = other.request("GET", path,
                                         headers={"If-None-Match": changed["ETag"]})
    assert (status, unchanged["Orgtrust-Key-Expires"]) == (304, str(ends))
    for one in (client, other):
        one.close()


@pytest.mark.parametrize("value", ["", "soon", "-1", "1e9", "9" * 40, "12 34"])
def test_a_header_that_says_nothing_is_passed_over(machine, api, value):
    def add(request, right):
        right.headers["Orgtrust-Key-Expires"] = value
        return right

    api.on("list", add)
    machine.sync()
    assert key_end(machine) == (None, None)


class Proxy:
    """Takes CONNECT to whatever host, and connects to a port of this machine."""

    def __init__(self, port: int):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        assert head.startswith(b"CONNECT api.openai.com:443 ")
        server = socket.create_connection(("127.0.0.1", self._port))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
        back.start()
        self._copy(client, server)
        back.join()
        for one in (client, server):
            one.close()

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self._listener.close()


@pytest.fixture
def hosted(tmp_path, key):
    """The hosted API by its name, and a machine that has nothing but a key for it."""
    made = CertFactory(tmp_path / "certs")
    authority = made.ca("Authority of the hosted API")
    chain = made.issue(authority, "api.openai.com", san="DNS:api.openai.com")
    server = FaultServer(key, tls=(chain.path, chain.key))
    proxy = Proxy(server.port)
    machine = World(tmp_path / "machine", None, key)
    machine.configure(proxy=proxy.url, ca_file=str(authority.path))
    server.machine = machine
    yield server
    machine.close()
    proxy.close()
    server.close()


def listed_key(number: int, shown: str, ends_at: int | None) -> dict:
    return {"object": "organization.admin_api_key", "id": f"key_{number}", "name": "one",
            "redacted_value": shown, "created_at": 1, "expires_at": ends_at,
            "owner": {"type": "user"}}


def page_of(*keys: dict, has_more=False) -> Answer:
    return Answer(body={"object": "list", "data": list(keys), "has_more": has_more})


def shown(key: str) -> str:
    return f"{key[:8]}...{key[-3:]}"


def test_the_hosted_api_lists_the_end_of_a_key(hosted, key):
    ends = int(time.time()) + 10 * DAY
    pages = {None: page_of(listed_key(1, "sk-admin...ÿÿÿ", 5), has_more=True),
             "key_1": page_of(listed_key(2, shown(key), ends), listed_key(3, "x" * 200, None))}
    hosted.on("unknown", lambda request, right: pages[request.query.get("after")])
    hosted.machine.sync()
    assert hosted.machine.status()["key_ends_at"] == ends
    assert [r.path for r in hosted.requests if r.kind == "unknown"] == (
        ["/v1/organization/admin_api_keys"] * 2)
    hosted.forget()
    hosted.machine.sync()
    assert hosted.count("unknown") == 0, "once a day is enough"
    assert hosted.machine.status()["key_ends_at"] == ends
    text = hosted.machine.state_path().read_text()
    asked_at = int(re.search(r"key_asked_at = (\d+)", text)[1])
    hosted.machine.state_path().write_text(
        text.replace(f"key_asked_at = {asked_at}", f"key_asked_at = {asked_at - DAY}"))
    hosted.machine.sync()
    assert hosted.count("unknown") == 2


def test_two_keys_that_look_alike_say_nothing(hosted, key):
    hosted.on("unknown", page_of(listed_key(1, shown(key), 5), listed_key(2, shown(key), 6)))
    hosted.machine.sync()
    assert hosted.machine.status()["key_ends_at"] is None


@pytest.mark.parametrize("answer", [
    error(403, "no"), error(404, "no"), error(400, "no"), Answer(body="nothing"),
    page_of(listed_key(1, "sk-admin", 5)), page_of({"object": "organization.admin_api_key"}),
], ids=["forbidden", "not found", "refused", "no JSON", "no tail", "no id"])
def test_a_list_of_keys_that_cannot_be_had_is_no_failure(hosted, answer):
    hosted.on("unknown", answer)
    hosted.machine.sync()
    status = hosted.machine.status()
    assert (status["key_ends_at"], status["last_error"]) == (None, None)
    hosted.forget()
    hosted.machine.sync()
    assert hosted.count("unknown") == 0
