"""What deactivate, delete and apply show before they take trust away."""

import os
import signal
import time

import pytest
from dialogue import Dialogue
from support import paths
from support.network import in_own_network
from support.p11_system import can_mount
from support.process import run
from support.tls_peers import connect, https, probes
from support.world import INTERRUPTED, NEEDED, OK, USAGE

REFUSED = "would be refused  "
PRIVATE = paths.REPOSITORY / "tests" / "support" / "in_private_system"


def is_active(organization, name) -> bool:
    return {c["name"]: c["active"] for c in organization.api.list()}[name]


def test_deactivate_shows_and_goes_on(trusted, organization, serve, pair, silent):
    (_, first), (_, second) = pair
    refused, kept = serve(first), serve(second)
    began = time.monotonic()
    done = trusted.orgtrust("deactivate", "a0", *probes(refused, kept, silent))
    assert time.monotonic() - began < 10 * paths.SLOWNESS
    said = done.stderr.splitlines()
    assert said[0].startswith(f"{trusted.ids[0]} 'a0': trusted here since 20")
    assert said[1:] == [f"would be refused  {refused} 'localhost'",
                        f"stays trusted     {kept} 'localhost'",
                        f"no answer         {silent}: no answer in time"]
    assert done.stdout == f"deactivated {trusted.ids[0]} 'a0'\n"
    assert not is_active(organization, "a0")


def test_the_configuration_names_servers_too(trusted, serve, pair):
    server = serve(pair[0][1])
    trusted.configure(probe=server)
    assert REFUSED + server in trusted.orgtrust("deactivate", "a0", "--dry-run").stderr
    assert trusted.orgtrust("deactivate", "a0", "--dry-run", "--no-impact").stderr == ""
    assert trusted.orgtrust("activate", "a0").stderr == "", "nothing is taken away"
    assert REFUSED + server in trusted.orgtrust("deactivate", "a0").stderr
    assert trusted.orgtrust("deactivate", "a0").stderr == "", "it is not trusted any more"


def test_before_the_question(trusted, organization, serve, pair):
    server = serve(pair[0][1])
    trusted.configure(probe=server)
    dialogue = Dialogue(trusted, "deactivate", "--all")
    dialogue.read_until("[y/N]")
    assert dialogue.said.index("deactivate cert_") < dialogue.said.index("trusted here since")
    assert REFUSED + server in dialogue.said
    dialogue.answer("n\n")
    status, _, _ = dialogue.end()
    assert status == INTERRUPTED and is_active(organization, "a0")


DISTRUSTS = ("[source default]\n[source no]\nproject = proj_no\ninherit = no\n"
             "meaning = distrust\n")


@pytest.fixture
def doubting(trusted, organization):
    """And a source in which an activation is a no."""
    organization.create_project("proj_no")
    trusted.configure(DISTRUSTS)
    trusted.sync()
    return trusted


def test_an_activation_that_is_a_no_shows_what_it_takes_away(doubting, serve, pair):
    (_, first), (_, second) = pair
    refused, kept = serve(first), serve(second)
    no = ("activate", "--source=no", "a0", *probes(refused, kept))
    said = doubting.orgtrust(*no, "--dry-run").stderr.splitlines()
    assert said[0].startswith(f"{doubting.ids[0]} 'a0': trusted here since 20")
    assert said[1:] == [f"would be refused  {refused} 'localhost'",
                        f"stays trusted     {kept} 'localhost'"]
    assert doubting.orgtrust(*no, "--dry-run", "--no-impact").stderr == ""
    asked = ("impact", "--source=no", "a0", *probes(refused, kept))
    done = doubting.orgtrust(*asked, status=NEEDED)
    assert "1 of 2 servers would be refused with a no to cert_" in done.stderr
    done = doubting.orgtrust(*no, "--json")
    assert done.json()["impact"]["refused"] == 1 and done.stderr == ""
    (known,) = done.json()["impact"]["certificates"]
    assert (known["id"], known["source"]) == (doubting.ids[0], "default")
    doubting.sync()
    assert doubting.orgtrust(*no).stderr == "", "it is said already"
    assert f"not trusted now   {refused}" in doubting.orgtrust(*asked).stdout
    # And what takes it back takes nothing away.
    back = doubting.orgtrust("deactivate", "--source=no", "a0", "--yes", *probes(refused))
    assert back.stderr == ""


def test_a_no_to_an_authoritys_other_certificate_counts(doubting, certs, serve, pair, tmp_path):
    """It is of the same name and key; it is uploaded with the no."""
    (authority, first), _ = pair
    server = serve(first)
    twin = tmp_path / "twin.pem"
    twin.write_text(certs.ca(authority.cn, key=authority.key, extensions=(
        "keyUsage=critical,keyCertSign,cRLSign",)).pem)
    no = ("upload", "--source=no", twin, *probes(server))
    assert REFUSED not in doubting.orgtrust(*no, "--dry-run").stderr
    done = doubting.orgtrust(*no, "--activate", "--dry-run")
    assert f"{doubting.ids[0]} 'a0': trusted here since" in done.stderr
    assert REFUSED + server in done.stderr
    doubting.orgtrust(*no)
    done = doubting.orgtrust("activate", "--source=no", "--all", *probes(server), "--dry-run")
    assert REFUSED + server in done.stderr


def test_a_no_that_is_not_to_servers_takes_no_server_away(doubting, serve, pair):
    doubting.configure(DISTRUSTS + "purposes = client, email\n")
    server = serve(pair[0][1])
    done = doubting.orgtrust("activate", "--source=no", "a0", "--dry-run", *probes(server))
    assert REFUSED not in done.stderr


def test_what_nobody_here_trusts_is_no_loss(doubting, organization, certs, serve):
    authority, leaf = certs.for_loopback("Stranger of all")
    organization.add(authority, "stranger", active=False)
    doubting.sync()
    done = doubting.orgtrust("activate", "--source=no", "stranger", *probes(serve(leaf)))
    assert done.stderr == ""


@pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")
@pytest.mark.parametrize("how", ["activate", "upload"])
def test_a_no_to_what_the_machine_trusts_by_itself(doubting, organization, certs, serve,
                                                   tmp_path, how):
    """Nothing in the organization is lost by it."""
    authority, leaf = certs.for_loopback("The machine's own")
    server = serve(leaf)
    bundle, twin = tmp_path / "bundle.crt", tmp_path / "own.pem"
    bundle.write_text(authority.pem + certs.ca(authority.cn, key=authority.key).pem)
    twin.write_text(authority.pem)
    if how == "activate":
        own = organization.add(authority, "own", active=False)
        doubting.sync()
        words = ("activate", "--source=no", "own")
    else:
        own, words = None, ("upload", "--activate", "--source=no", twin)

    def said(*more):
        return doubting.check(run(
            [PRIVATE, "--put", bundle, "/etc/ssl/certs/ca-certificates.crt", *paths.WRAP,
             paths.COMMAND, *words, *probes(server), "--dry-run", *more], env=doubting.env))

    named = f"{own} 'own'" if own else "what is uploaded 'The machine\'s own'"
    assert said().stderr.splitlines() == [
        f"{named}: trusted by this machine without any source",
        f"would be refused  {server} 'localhost'"]
    found = said("--json").json()["impact"]
    assert found["certificates"] == [{"id": own, "source": None, "trusted_since": None}]
    bundle.write_text(certs.ca("Another").pem)
    assert said().stderr == ""


def test_delete_shows_where_it_ends_trust(trusted, serve, pair):
    server = serve(pair[0][1])
    done = trusted.orgtrust("delete", "a0", "--deactivate", "--yes", *probes(server))
    assert REFUSED + server in done.stderr and "deleted" in done.stdout
    trusted.orgtrust("deactivate", "a1", "--no-impact", "--yes")
    assert trusted.orgtrust("delete", "a1", "--yes", *probes(server)).stderr == ""


def test_apply_counts_what_it_adds(trusted, certs, serve, pair, tmp_path):
    """An authority's new certificate in place of the old one: nothing is refused. Without
    it: all that the old one vouched for."""
    (authority, first), (other, second) = pair
    again = certs.ca(authority.cn, key=authority.key,
                     extensions=("keyUsage=critical,keyCertSign,cRLSign",))
    wanted = tmp_path / "wanted"
    wanted.mkdir()
    (wanted / "other.pem").write_text(other.pem)
    one, two = serve(first), serve(second)
    dry = trusted.orgtrust("apply", wanted, "--dry-run", *probes(one, two)).stderr
    assert REFUSED + one in dry and f"stays trusted     {two}" in dry
    (wanted / "again.pem").write_text(again.pem)
    done = trusted.orgtrust("apply", wanted, "--prune", "--yes", *probes(one, two))
    assert f"stays trusted     {one}" in done.stderr and REFUSED not in done.stderr
    assert f"{trusted.ids[0]} 'a0': trusted here since" in done.stderr


def test_an_activation_in_the_same_plan_counts(trusted, organization, certs, serve, pair,
                                               tmp_path):
    """Of one that the snapshot has and that is inactive."""
    (authority, first), (other, _) = pair
    again = certs.ca(authority.cn, key=authority.key,
                     extensions=("keyUsage=critical,keyCertSign,cRLSign",))
    organization.add(again, active=False)
    trusted.sync()
    wanted = tmp_path / "wanted"
    wanted.mkdir()
    (wanted / "both.pem").write_text(other.pem + again.pem)
    server = serve(first)
    done = trusted.orgtrust("apply", wanted, "--yes", *probes(server))
    assert f"stays trusted     {server}" in done.stderr and "activated" in done.stdout


def test_trust_in_a_project_is_not_the_organizations(trusted, organization, serve, pair):
    """Deactivated in one scope while the other keeps it for the source that looks at both."""
    server = serve(pair[0][1])
    blue = organization.client(project="proj_blue")
    blue.activate(trusted.ids[0])
    blue.close()
    trusted.configure(f"[source default]\n[source blue]\nproject = proj_blue\nprobe = {server}\n")
    trusted.sync()
    done = trusted.orgtrust("deactivate", "--source=blue", "a0", "--dry-run")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"orgtrust: warning: {trusted.ids[0]} is active in the organization"), \
        "which keeps it in the project; nothing else is to be told"
    done = trusted.orgtrust("deactivate", "a0", "--dry-run", *probes(server))
    assert f"stays trusted     {server}" in done.stderr, "source blue keeps it"
    done = trusted.orgtrust("delete", "a0", "--deactivate", "--yes", "--dry-run", *probes(server))
    assert REFUSED + server in done.stderr


def test_json(trusted, serve, pair, silent):
    (_, first), (_, second) = pair
    refused, kept = serve(first), serve(second)
    done = trusted.orgtrust("deactivate", "a0", "--json", *probes(refused, kept))
    found = done.json()["impact"]
    assert done.stderr == ""
    assert found["refused"] == 1 and found["untried"] == [] and found["left_out"] == 0
    assert {s["server"]: s["outcome"] for s in found["servers"]} == {refused: "refused",
                                                                     kept: "trusted"}
    (known,) = found["certificates"]
    assert known["id"] == trusted.ids[0] and known["source"] == "default"
    assert abs(known["trusted_since"] - time.time()) < 300
    assert "impact" not in trusted.orgtrust("activate", "a0", "--json").json()


def test_of_many_fifty_are_named(machine, api, certs, fifty):
    """The first source that loses one stands for all that do."""
    for i, cert in enumerate([*fifty, *certs.many(3, "More")]):
        api.add(cert, name=f"m{i:02d}")
    machine.configure("[source default]\n[source again]\n")
    machine.sync()
    said = machine.orgtrust("deactivate", "--all", "--dry-run", *probes("127.0.0.1:1")).stderr
    lines = said.splitlines()
    assert all("trusted here since" in line for line in lines[:50])
    assert lines[50:] == ["and 3 more certificates that are trusted here",
                          "not reached       127.0.0.1:1: Connection refused"]
    done = machine.orgtrust("deactivate", "--all", "--dry-run", "--json")
    assert len(done.json()["impact"]["certificates"]) == 50


def test_connections_but_those_of_the_command_itself(trusted, organization, pair):
    """In a network of its own: the API's port there is one of TLS."""
    (_, first), _ = pair

    def look():
        organization.stop()
        organization.start(9443)
        trusted.configure(base_url=organization.base_url, probe_connections=None)
        trusted.sync()
        with https(first, "127.0.0.1", 8443), connect("127.0.0.1", 8443):
            done = trusted.orgtrust("deactivate", "a0", "--json", "--dry-run")
        return [s["server"] for s in done.json()["impact"]["servers"]]

    assert in_own_network(look) == ["127.0.0.1:8443"]


def test_a_server_that_is_none_ends_it_before_anything_is_done(trusted, organization):
    done = trusted.orgtrust("deactivate", "a0", "--probe=nonsense", status=USAGE)
    assert "has no port" in done.stderr and is_active(organization, "a0")
    trusted.orgtrust("deactivate", "a0")
    done = trusted.orgtrust("activate", "a0", "--probe=nonsense", status=USAGE)
    assert "has no port" in done.stderr, "also where no server would be tried"
    assert not is_active(organization, "a0")


def test_a_program_that_has_asked_for_a_report_does_not_wait(trusted, organization, silent):
    trusted.configure(probe=silent)
    reader, writer = os.pipe()
    done = trusted.orgtrust("deactivate", "a0", f"--report-fd={writer}", pass_fds=(writer,))
    os.close(writer)
    os.close(reader)
    assert done.seconds < 4 * paths.SLOWNESS and "trusted here" not in done.stderr
    assert not is_active(organization, "a0")


@pytest.mark.skipif(not can_mount(), reason="NEEDS MOUNT NAMESPACES")
def test_nobody_is_kept_from_a_removal(trusted, organization, tmp_path):
    """What cannot be found out is said, and no failure: here what the machine trusts by
    itself, since the record of what in its bundle is ours is damaged."""
    state = tmp_path / "state"
    state.mkdir()
    (state / "system-anchors").write_text("nonsense\n")
    done = trusted.check(run(
        [PRIVATE, "--put", state, "/var/lib/orgtrust", *paths.WRAP, paths.COMMAND,
         "deactivate", "a0", *probes("127.0.0.1:1")], env=trusted.env))
    assert done.status == OK and not is_active(organization, "a0")
    assert "which servers would be refused is not known: /var/lib/orgtrust" in done.stderr


def test_without_a_snapshot_nothing_here_is_trusted(trusted, organization):
    trusted.snapshot_path().unlink()
    assert trusted.orgtrust("deactivate", "a0", *probes("127.0.0.1:1")).stderr == ""
    assert not is_active(organization, "a0")


def test_an_end_that_is_asked_for_while_servers_are_tried(trusted, organization, silent):
    trusted.configure(probe=silent)
    dialogue = Dialogue(trusted, "deactivate", "--all")
    dialogue.read_until("deactivate cert_")
    time.sleep(0.5)
    os.kill(dialogue.child.pid, signal.SIGINT)
    status, _, said = dialogue.end()
    assert status == INTERRUPTED and "trusted here" not in said
    assert is_active(organization, "a0")
