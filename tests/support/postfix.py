"""Postfix's client in a root of its own, with one mail that it never can deliver."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from .process import wait_until

# It tries again when it is told to, and its client goes on running between two attempts.
_MAIN = """\
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {configuration}/data
maillog_file = {configuration}/held.log
maillog_file_prefixes = {configuration}
inet_protocols = ipv4
myhostname = held.example
mydestination =
relayhost = [127.0.0.1]:{port}
queue_run_delay = 1h
minimal_backoff_time = 1h
max_idle = 1h
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_helo_timeout = 1s
smtp_tls_wrappermode = yes
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = {host}
smtp_tls_loglevel = 1
{authorities}
"""
_MASTER = """\
pickup    unix  n - y 60 1 pickup
cleanup   unix  n - y - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - y 1000? 1 tlsmgr
rewrite   unix  - - y - - trivial-rewrite
bounce    unix  - - y - 0 bounce
defer     unix  - - y - 0 bounce
trace     unix  - - y - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - y - - smtp
error     unix  - - y - - error
retry     unix  - - y - - error
postlog   unix-dgram n - n - 1 postlogd
"""
# What it says of a server. It has no name to compare with an address, and calls that trusted.
# After the first it waits for a mail server's greeting, which never comes.
_VERDICT = re.compile(r"((?:Verified|Trusted) TLS connection established)"
                      r"|(Untrusted TLS connection established|Server certificate not trusted)")


class Postfix:
    """machine: has programs run and started as root, and files written. authorities: a line of
    main.cf. configuration, queue: directories, the first also for its log, the second the
    root."""

    def __init__(self, machine, *, port: int | str, authorities: str, log: Path,
                 host="localhost", configuration="/etc/postfix", queue="/var/spool/postfix"):
        self._machine, self._configuration = machine, configuration
        self._said = f"{configuration}/held.log"
        self._deferred = machine.path(f"{queue}/deferred")
        machine.run("rm", "-rf", f"{configuration}/main.cf", f"{configuration}/master.cf",
                    self._said)
        machine.write(f"{configuration}/master.cf", _MASTER)
        machine.write(f"{configuration}/main.cf", _MAIN.format(
            configuration=configuration, queue=queue, host=host, port=port,
            authorities=authorities))
        machine.run("mkdir", "-p", queue)
        self._process = machine.start(
            "sh", "-c", 'cd / && exec postfix -c "$1" start-fg', "sh", configuration, log=log)
        wait_until(lambda: "daemon started" in self._log(), what="postfix")
        machine.run("/usr/sbin/sendmail", "-C", configuration, "-f", "a@held.example",
                    "b@held.example", stdin=b"Subject: held\n\nheld\n")
        wait_until(lambda: "status=deferred" in self._log(), what="a first attempt")
        root = os.readlink(f"/proc/{self._latest('smtp')}/root")
        assert root.endswith(str(queue)), f"the client's root is {root}"

    def _log(self) -> str:
        assert self._process.is_running(), self._process.output()
        path = self._machine.path(self._said)
        return path.read_text() if path.exists() else ""

    def _latest(self, name: str) -> str:
        """The number of the process of that name which has logged last."""
        return re.findall(rf"postfix/{name}\[(\d+)\]", self._log())[-1]

    def _wait_for_mail(self):
        """The mail is back in its place somewhat later than the log says."""
        wait_until(lambda: any(path.is_file() for path in self._deferred.rglob("*")),
                   what="a mail that waits")

    def believes(self) -> bool:
        """The server, at one more attempt, which takes a mail that waits."""
        self._wait_for_mail()
        before = len(self._log())

        def attempt():
            said = self._log()[before:]
            return said if "status=deferred" in said and _VERDICT.search(said) else None

        self._machine.run("postqueue", "-c", self._configuration, "-f")
        return _VERDICT.search(wait_until(attempt, what="an attempt"))[1] is not None

    def reload(self):
        """Until those that ran before have ended, which is later than the command has: a queue
        manager that is about to end still hears of an attempt, and never makes it."""
        self._wait_for_mail()
        former = [Path("/proc", self._latest(name)) for name in ("qmgr", "smtp")]
        self._machine.run("postfix", "-c", self._configuration, "reload")
        wait_until(lambda: not any(process.exists() for process in former),
                   what="the end of those that ran before")

    def stop(self):
        """By its own command: what was started is the script that starts it."""
        self._machine.run("postfix", "-c", self._configuration, "stop")
        self._process.stop(signal.SIGTERM)
