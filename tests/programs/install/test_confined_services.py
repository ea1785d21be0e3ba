"""Services that are held in, as systemd and haproxy do it: what a real program in one of them
sees. No systemd runs here; the mounts are those that its settings make."""

from __future__ import annotations

import os
import signal
import socket

import clients
import pytest
from support.process import wait_until

CONTAINERS = "/var/lib/orgtrust/containers"
EXPORT = "/var/lib/orgtrust/export/ca.pem"
JAIL = "/run/jail"
# A user that nobody else has, as DynamicUser= gives one; systemd says / of its home.
DYNAMIC = ("setpriv", "--reuid=61184", "--regid=61184", "--clear-groups", "--no-new-privs", "--",
           "env", "HOME=/")
# ProtectSystem=strict, ProtectHome=yes, PrivateTmp=yes.
STRICT = ("unshare", "--mount", "--propagation", "private", "sh", "-ec",
          "for t in /home /root /tmp; do mount -t tmpfs -o mode=755 tmpfs $t; done\n"
          "mount -o remount,bind,ro /\nexec \"$@\"", "strict")


class Held:
    """The machine's programs in a service."""

    def __init__(self, machine, *before: str):
        self.machine, self._before = machine, before

    def run(self, *argv, env=None, **more):
        variables = [f"{name}={value}" for name, value in (env or {}).items()]
        return self.machine.run(*self._before, "env", *variables, *argv, **more)


def in_root(machine, *bound: str) -> Held:
    """RootDirectory=, whose own files are programs and libraries alone, and
    BindReadOnlyPaths=."""
    lines = [f"rm -rf {JAIL}; mkdir -p {JAIL}; mount -t tmpfs tmpfs {JAIL}; cd {JAIL}",
             "mkdir usr dev; for l in bin sbin lib lib64; do ln -s usr/$l $l; done",
             "mount --rbind -o ro /usr usr; mount --rbind /dev dev"]
    for path in bound:
        inside = JAIL + path
        made = f"mkdir -p {inside}" if machine.path(path).is_dir() else (
            f"mkdir -p {os.path.dirname(inside)}; touch {inside}")
        lines.append(f"{made}; mount --bind {path} {inside}; mount -o remount,bind,ro {inside}")
    lines.append(f'exec chroot {JAIL} "$@"')
    return Held(machine, "unshare", "--mount", "--propagation", "private", "sh", "-ec",
                "\n".join(lines), "root", *DYNAMIC)


@pytest.fixture
def wired(machine):
    configuration = machine.read("/etc/orgtrust/orgtrust.conf").decode()
    machine.write("/etc/orgtrust/orgtrust.conf",
                  f"export_bundle = {EXPORT}\nexport_containers = {CONTAINERS}\n"
                  + configuration)
    machine.install("openssl", "p11-kit")
    machine.orgtrust("sync")
    return machine


def follows(wired, party, program, held):
    """Of a service that goes on: active, not, active again."""
    assert program(held, party.port)
    wired.orgtrust("deactivate", "--yes", party.id)
    assert not program(held, party.port)
    wired.orgtrust("activate", party.id)
    assert program(held, party.port)


def curl(held, port) -> bool:
    done = held.run("curl", "--silent", "--show-error", "--output", "/dev/null", "--resolve",
                    f"localhost:{port}:127.0.0.1", f"https://localhost:{port}/", status=None,
                    env={"CURL_CA_BUNDLE": f"{CONTAINERS}/bundle.pem"})
    assert done.status in (0, 60, 77), done  # 77: the file is not there
    return done.status == 0


@pytest.mark.parametrize("program", [clients.openssl, clients.gnutls, curl])
def test_protect_system_and_a_dynamic_user_hide_nothing(wired, party, program):
    follows(wired, party, program, Held(wired, *STRICT, *DYNAMIC))


def test_a_root_of_its_own_sees_the_files_that_are_bound_into_it(wired, party):
    assert not curl(in_root(wired), party.port)
    follows(wired, party, curl, in_root(wired, CONTAINERS))


# docs/clients.md says what plugins take there.
PLUGINS = {clients.openssl: ("/etc/ssl/openssl.cnf",),
           clients.gnutls: ("/etc/pkcs11/modules/orgtrust.module",)}


@pytest.mark.parametrize("program", PLUGINS)
def test_plugins_in_a_root_of_its_own_take_snapshots_and_configuration(wired, party, program):
    bound = ("/var/cache/orgtrust", "/etc/orgtrust/orgtrust.conf", *PLUGINS[program])
    assert not program(in_root(wired, *PLUGINS[program]), party.port)
    follows(wired, party, program, in_root(wired, *bound))


HAPROXY = """\
global
    chroot /var/lib/haproxy
    stats socket /run/haproxy.sock mode 600
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend plain
    bind 127.0.0.1:{port}
    default_backend tls
backend tls
    server s 127.0.0.1:{tls} ssl verify required sni str(localhost) verifyhost localhost ca-file {file}
"""


@pytest.fixture
def haproxy(wired, party, certs, tmp_path):
    """In its root. It begins with no file that is empty, so that there is another anchor."""
    if not wired.path("/usr/sbin/haproxy").exists():
        pytest.skip("needs haproxy")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    party.organization.add(certs.ca("Another", key=certs.new_key()), "Another")
    wired.orgtrust("sync")
    wired.write("/etc/haproxy/held.cfg", HAPROXY.format(port=port, tls=party.port, file=EXPORT))
    running = wired.start("sh", "-c", "cd / && exec /usr/sbin/haproxy -W -f /etc/haproxy/held.cfg",
                          log=tmp_path / "haproxy.log")
    running.address = f"http://127.0.0.1:{port}/"
    yield running
    running.stop(signal.SIGTERM)


def answers(machine, running) -> bool:
    """What it makes of the server behind it."""
    wait_until(lambda: machine.run("curl", "-s", "-o", "/dev/null", running.address,
                                   status=None).status != 7, what="haproxy")
    done = machine.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", running.address)
    assert done.stdout in ("200", "503"), done
    return done.stdout == "200"


def test_haproxy_reads_its_file_before_it_enters_its_root(wired, party, haproxy):
    """So that no file has to be in there, and a change takes a reload."""
    assert answers(wired, haproxy)
    wired.orgtrust("deactivate", "--yes", party.id)
    assert answers(wired, haproxy)
    haproxy.child.send_signal(signal.SIGUSR2)
    wait_until(lambda: not answers(wired, haproxy), what="the new worker")
    wired.orgtrust("activate", party.id)
    haproxy.child.send_signal(signal.SIGUSR2)
    wait_until(lambda: answers(wired, haproxy), what="the new worker")
