"""orgtrust impact: which servers would be refused without a certificate, by real servers."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
import time

import pytest
from support import paths
from support.certs import public_key_der
from support.network import in_own_network
from support.p11_system import can_mount
from support.process import run
from support.tls_peers import connect, https, listener, probes
from support.world import CONFIG, NEEDED, NOT_FOUND, OK, USAGE


PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture
def closed():
    with listener() as (_, address):
        pass
    return address


def impact(world, *args, status=OK) -> dict:
    done = world.orgtrust("impact", "--json", *args, status=status)
    found = done.json()
    world.said = done.stderr
    world.outcomes = {server["server"]: server["outcome"] for server in found["servers"]}
    assert found["refused"] == list(world.outcomes.values()).count("refused")
    return found


def test_two_refused_one_not_and_one_that_hangs(trusted, serve, pair, silent):
    (_, first), (_, second) = pair
    one, two, other = serve(first), serve(first), serve(second)
    began = time.monotonic()
    found = impact(trusted, "a0", *probes(one, other, silent, two), status=NEEDED)
    assert time.monotonic() - began < 10 * paths.SLOWNESS
    assert trusted.outcomes == {one: "refused", two: "refused", other: "trusted",
                                silent: "silent"}
    assert found["certificate"]["id"] == trusted.ids[0] and found["source"] == "default"
    assert [s["outcome"] for s in found["servers"]][:2] == ["refused"] * 2, "what matters first"
    assert f"2 of 4 servers would be refused without {trusted.ids[0]}" in trusted.said


def test_three_servers_of_which_one_hangs(trusted, serve, pair, silent):
    (_, first), (_, second) = pair
    refused, kept = serve(first), serve(second)
    began = time.monotonic()
    done = trusted.orgtrust("impact", trusted.ids[0], *probes(refused, kept, silent),
                            status=NEEDED)
    assert time.monotonic() - began < 10 * paths.SLOWNESS
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{trusted.ids[0]} 'a0': active, trusted here since 20")
    assert lines[1:] == [f"would be refused  {refused} 'localhost'",
                         f"stays trusted     {kept} 'localhost'",
                         f"no answer         {silent}: no answer in time"]
    assert done.stderr.startswith("orgtrust: 1 of 3 servers would be refused")


def test_nothing_is_refused_where_another_anchor_vouches_as_well(trusted, serve, certs, pair,
                                                                 organization):
    """The authority's key has a second certificate: either of the two is enough."""
    (authority, first), _ = pair
    again = certs.ca(authority.cn, key=authority.key,
                     extensions=("keyUsage=critical,keyCertSign,cRLSign",))
    server = serve(first)
    organization.add(again, "again")
    impact(trusted, "a0", *probes(server), status=NEEDED)
    trusted.sync()
    impact(trusted, "a0", *probes(server))
    assert trusted.outcomes == {server: "trusted"}


def test_another_source_vouches_as_well(trusted, serve, pair, organization, tmp_path):
    (authority, first), _ = pair
    server = serve(first)
    blue = organization.client(project="proj_blue")
    other = organization.api.upload(authority, "the same once more")
    blue.activate(other)
    blue.close()
    trusted.configure("[source default]\n[source blue]\nproject = proj_blue\ninherit = no\n")
    trusted.sync()
    impact(trusted, "a0", *probes(server))
    assert trusted.outcomes == {server: "trusted"}
    impact(trusted, "--source=blue", other, *probes(server))
    assert trusted.outcomes == {server: "trusted"}
    trusted.configure("[source default]\n[source blue]\nproject = proj_blue\ninherit = no\n"
                      "purposes = client\n")
    impact(trusted, "a0", *probes(server), status=NEEDED)
    assert trusted.outcomes == {server: "refused"}, "what is for clients vouches for no server"


def test_an_authority_in_the_middle(world, organization, certs, serve, tmp_path):
    """Whether a server sends what is between, or leaves it to its clients."""
    root = certs.ca("Top", key=certs.new_key(), extensions=("keyUsage=critical,keyCertSign",))
    middle = certs.issue(root, "Middle", is_ca=True, extensions=(
        "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash"))
    leaf = certs.issue(middle, "leaf", san="IP:127.0.0.1")
    organization.add(root, "top")
    ids = organization.add(middle, "middle")
    world.sync()
    whole = serve(leaf, "-cert_chain", str(middle.path))
    bare = serve(leaf)
    impact(world, ids, *probes(whole, bare), status=NEEDED)
    assert world.outcomes == {whole: "trusted", bare: "refused"}
    impact(world, "top", *probes(whole, bare), status=NEEDED)
    assert world.outcomes == {whole: "refused", bare: "refused"}, \
        "OpenSSL wants the root, whoever else is content with what is below it"


@pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")
def test_the_machine_vouches_by_itself(trusted, serve, pair, tmp_path):
    """Unless what stands in its bundle is what export_system has put there."""
    (authority, first), _ = pair
    server = serve(first)
    bundle, state = tmp_path / "bundle.crt", tmp_path / "state"
    bundle.write_text(authority.pem)
    state.mkdir()

    def outcome():
        done = trusted.check(run(
            [PRIVATE, "--put", bundle, BUNDLE, "--put", state, "/var/lib/orgtrust",
             *paths.WRAP, paths.COMMAND, "impact", "--json", "a0", *probes(server)],
            env=trusted.env))
        return done.json()["servers"][0]["outcome"], done.status

    assert outcome() == ("trusted", OK)
    digest = hashlib.sha256(public_key_der(authority)).hexdigest()
    (state / "system-anchors").write_text(f"{authority.sha256} {digest}\n")
    assert outcome() == ("refused", NEEDED)


def test_what_is_not_trusted_anyway(trusted, serve, certs, pair, closed):
    stranger, leaf = certs.for_loopback("Stranger")
    outside, first = serve(leaf), serve(pair[0][1])
    found = impact(trusted, "a0", *probes(outside, closed, first), status=NEEDED)
    assert trusted.outcomes == {outside: "untrusted", closed: "unreachable", first: "refused"}
    why = {s["server"]: s["why"] for s in found["servers"]}
    assert "unable to get local issuer certificate" in why[outside]
    assert why[closed] == "Connection refused" and why[first] is None


def test_an_inactive_certificate_is_missed_by_nobody(trusted, organization, serve, pair):
    organization.api.deactivate(trusted.ids[0])
    trusted.sync("--accept-empty")
    server = serve(pair[0][1])
    impact(trusted, "a0", *probes(server))
    assert trusted.outcomes == {server: "untrusted"}


# Under valgrind a whole handshake may take longer than there is time for one.
@pytest.mark.parametrize("words", [pytest.param(b"220 mail ESMTP ready\r\n",
                                                marks=pytest.mark.memory),
                                   b"HTTP/1.1 400 Bad Request\r\n\r\n",
                                   b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00" * 64, b""])
def test_what_is_no_tls_server(trusted, words):
    """It speaks first, answers nonsense, or leaves."""
    with listener() as (sock, address):
        def answer():
            peer, _ = sock.accept()
            with peer:
                peer.sendall(words)
                if words:
                    peer.recv(4096)

        thread = threading.Thread(target=answer)
        thread.start()
        impact(trusted, "a0", *probes(address))
        thread.join()
    assert trusted.outcomes == {address: "not-tls"}


def test_servers_of_any_age_and_those_that_ask_for_a_certificate(trusted, serve, pair):
    (_, first), _ = pair
    old = serve(first, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    asks = serve(first, "-tls1_2", "-Verify", "1", "-verify_return_error")
    asks_13 = serve(first, "-tls1_3", "-Verify", "1", "-verify_return_error")
    impact(trusted, "a0", *probes(old, asks, asks_13), status=NEEDED)
    assert set(trusted.outcomes.values()) == {"refused"}


def test_a_name_is_asked_for_by_name(trusted, serve, pair):
    """Of two certificates the server shows the one that is for the name; `localhost` has
    more than one address."""
    (_, first), (_, second) = pair
    server = serve(second, "-servername", "localhost", "-cert2", str(first.path),
                   "-key2", str(first.key))
    port = server.rsplit(":", 1)[1]
    impact(trusted, "a0", *probes(server, f"localhost:{port}"), status=NEEDED)
    assert trusted.outcomes == {server: "trusted", f"localhost:{port}": "refused"}


def test_a_name_that_nobody_has(trusted):
    found = impact(trusted, "a0", *probes("no-such-host.invalid:443"))
    assert trusted.outcomes == {"no-such-host.invalid:443": "unreachable"}
    assert found["servers"][0]["why"]


@pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")
def test_names_whose_servers_are_silent_hold_nobody_up(trusted, pair, tmp_path):
    """In a network where nobody answers for names, which the resolver waits for."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\noptions timeout:30 attempts:5\n")

    def look():
        with socket.socket(type=socket.SOCK_DGRAM) as names, \
                https(pair[0][1], "127.0.0.1", 8443):
            names.bind(("127.0.0.1", 53))
            began = time.monotonic()
            done = trusted.check(run(
                [PRIVATE, "--put", resolv, "/etc/resolv.conf", *paths.WRAP, paths.COMMAND,
                 "impact", "a0", *probes("slow.example:443", "127.0.0.1:8443")],
                env=trusted.env))
            names.setblocking(False)
            assert names.recv(512), "it was asked"
            return done, time.monotonic() - began

    done, seconds = in_own_network(look)
    assert done.status == NEEDED and seconds < 10 * paths.SLOWNESS
    assert done.stdout.splitlines()[1:] == [
        "would be refused  127.0.0.1:8443 'localhost'",
        "not reached       slow.example:443: its name was not found in time"]


def test_a_chain_without_end_is_cut(trusted, serve, pair, certs, tmp_path):
    """More than a server may show."""
    chain = tmp_path / "chain.pem"
    chain.write_text(pair[1][0].pem * 1000)
    server = serve(pair[0][1], "-cert_chain", str(chain))
    found = impact(trusted, "a0", *probes(server))
    assert trusted.outcomes == {server: "failed"}
    assert "excessive message size" in found["servers"][0]["why"]


def test_nothing_is_asked_and_nothing_fetched(trusted, certs, pair):
    """The server hears of the end after its handshake, and the addresses that its certificate
    has for revocation and issuer hear nothing."""
    with listener() as (sock, address), listener() as (elsewhere, other):
        leaf = certs.issue(pair[0][0], "talker", san="IP:127.0.0.1", extensions=(
            f"authorityInfoAccess=caIssuers;URI:http://{other}/ca,OCSP;URI:http://{other}/ocsp",
            f"crlDistributionPoints=URI:http://{other}/crl"))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(leaf.path, leaf.key)
        tls.verify_mode = ssl.CERT_OPTIONAL
        tls.load_verify_locations(pair[0][0].path)
        heard = []

        def talk():
            peer, _ = sock.accept()
            with peer, tls.wrap_socket(peer, server_side=True) as inside:
                heard.extend([inside.recv(4096), inside.getpeercert()])

        thread = threading.Thread(target=talk)
        thread.start()
        impact(trusted, "a0", *probes(address), status=NEEDED)
        thread.join()
        assert heard == [b"", None]
        elsewhere.settimeout(0.2)
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_names_in_certificates_are_escaped(trusted, serve, certs, pair):
    (authority, _), _ = pair
    leaf = certs.issue(authority, "evil\x1b[31m\u202etxt", san="IP:127.0.0.1")
    server = serve(leaf)
    done = trusted.orgtrust("impact", "a0", *probes(server), status=NEEDED)
    assert "evil\\x1b[31m\\u{202E}txt" in done.stdout
    assert "\x1b" not in done.text and "\u202e" not in done.text


def test_the_provider_in_the_configuration_of_openssl_does_not_matter(trusted, serve, pair):
    server = serve(pair[0][1])
    broken = trusted.dir / "broken.cnf"
    broken.write_text(trusted.openssl_cnf.read_text().replace("activate = 1", "activate = 1", 1)
                      + "ssl_conf = ssl\n[ssl]\nsystem_default = sect\n[sect]\n"
                        "MinProtocol = TLSv1.3\n")
    for conf in (trusted.openssl_cnf, broken):
        done = trusted.orgtrust("impact", "a0", *probes(server), status=NEEDED,
                                env={"OPENSSL_CONF": str(conf)})
        assert f"would be refused  {server}" in done.stdout


@pytest.fixture
def looking(trusted):
    """That looks at its connections, too."""
    trusted.configure(probe_connections=None)
    return trusted


def test_servers_that_the_machine_is_connected_to(looking, pair):
    """In a network of its own, where nobody else is connected to anything."""
    (_, first), (_, second) = pair
    one, two = "127.0.0.1:8443", "[fd00::1]:9443"

    def look():
        with https(first, "127.0.0.1", 8443), https(second, "fd00::1", 9443), \
                https(first, "127.0.0.1", 10443), \
                listener(443) as (_, silent), listener(5432), listener(7000), \
                connect("127.0.0.1", 8443), connect("::ffff:127.0.0.1", 8443), \
                connect("fd00::1", 9443), connect("127.0.0.1", 443), \
                connect("127.0.0.1", 5432), connect("127.0.0.1", 7000, source_address=("127.0.0.1", 7443)):
            found = impact(looking, "a0", status=NEEDED)
            assert looking.outcomes == {one: "refused", two: "trusted", silent: "silent"}, \
                "who listens is asked for nothing, nor who came from a port of TLS"
            assert {server["from"] for server in found["servers"]} == {"connection"}
            assert sorted(found["untried"]) == ["127.0.0.1:5432", "127.0.0.1:7000"]
            last = looking.orgtrust("impact", "a0", status=NEEDED).stdout.splitlines()[-1]
            assert "127.0.0.1:5432" in last and last.endswith(
                ": no ports of TLS; --probe tries one")
            found = impact(looking, "a0", *probes("localhost:8443"), status=NEEDED)
            assert looking.outcomes == {"localhost:8443": "refused", two: "trusted",
                                        silent: "silent"}, "once, by its name"
            looking.configure()
            assert impact(looking, "a0")["servers"] == []

    in_own_network(look, ["fd00::1"])


def test_servers_that_the_configuration_names(trusted, serve, pair, silent):
    (_, first), (_, second) = pair
    one, other = serve(first), serve(second)
    trusted.configure(probe=f"{one}, {other},{silent}")
    found = impact(trusted, "a0", *probes(other), status=NEEDED)
    assert trusted.outcomes == {one: "refused", other: "trusted", silent: "silent"}
    assert {s["server"]: s["from"] for s in found["servers"]} == {
        one: "configuration", other: "option", silent: "configuration"}


def test_more_servers_than_are_tried(looking):
    """All at once and for one time, however many there are."""
    def look():
        with listener(443, ""), contextlib.ExitStack() as connections:
            for i in range(1, 121):
                connections.enter_context(connect(f"127.0.0.{i}", 443))
            began = time.monotonic()
            found = impact(looking, "a0")
            assert time.monotonic() - began < 10 * paths.SLOWNESS
            assert len(looking.outcomes) == 100 and found["left_out"] == 20
            assert set(looking.outcomes.values()) == {"silent"}
            assert "20 more: 100 are the most" in looking.orgtrust("impact", "a0").stdout

    in_own_network(look)


@pytest.mark.parametrize("probe, why", [
    ("db", "has no port"), ("db:", "port"), ("db:0", "port"), ("db:65536", "port"),
    ("db:x", "port"), (":443", "host name"), ("a b:1", "host name"), ("u@h:1", "no user"),
    ("[::1:443", "IPv6"), ("https://db:443", "port"), ("", "host name")])
def test_what_is_no_server(trusted, probe, why):
    done = trusted.orgtrust("impact", "a0", f"--probe={probe}", status=USAGE)
    assert why in done.stderr and "--probe" in done.stderr


def test_at_most_a_hundred(trusted):
    assert "100" in trusted.orgtrust("impact", "a0", *["--probe=127.0.0.1:1"] * 101,
                                     status=USAGE).stderr


def test_certificates_that_are_not_there(trusted, world):
    trusted.orgtrust("impact", "nobody", status=NOT_FOUND)
    trusted.orgtrust("impact", status=USAGE)
    trusted.orgtrust("impact", "--source=nobody", "a0", status=CONFIG)
