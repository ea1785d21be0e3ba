"""What every program of the table is to the walk."""

from __future__ import annotations

from pathlib import Path

from support.process import Result

CLIENTS = Path(__file__).with_name("clients")
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
EXPORT_BUNDLE = "/var/lib/orgtrust/export/ca.pem"

# When a running process sees a change, in the order of how little it takes. What none of
# the moments of a program shows takes a restart.
CONNECTION, SECONDS, CONTEXT, HOST, RELOAD, RESTART = (
    "next connection", "15 seconds", "next TLS context", "next new host", "reload", "restart")


# As NSS calls an authority that it does not know, that holds to other names, or to which
# somebody said no.
NSS_REFUSALS = ("SEC_ERROR_UNKNOWN_ISSUER", "SEC_ERROR_CERT_NOT_IN_NAME_SPACE",
                "SEC_ERROR_UNTRUSTED_ISSUER", "SEC_ERROR_UNTRUSTED_CERT")


def is_address(host: str) -> bool:
    return host[0].isdigit()


class Program:
    """name: as the table has it. asks: the file or token that it is told of, where no stack
    of `orgtrust install` is why it follows. One that does not go on running returns None
    from start. One that does not connect shows what it believes. A third outcome beside
    belief and refusal is an AssertionError."""

    name: str
    asks: str | None = None
    connects = True
    by_java_store = False  # which is made of the system's where Debian's hook does that

    def __init__(self, machine, parties):
        self.machine, self.parties = machine, parties

    def believes(self, party) -> bool:
        """A new process, and the server of a party."""
        raise NotImplementedError

    def start(self) -> Running | None:
        return None

    def stop(self):
        """Ends what serves all of its processes."""


class Running:
    """A process that goes on running, and the server of the party that moves. moments: what
    can happen in its life, the least first."""

    moments: tuple[str, ...]

    def believes(self, moment: str) -> bool:
        raise NotImplementedError

    def stop(self):
        raise NotImplementedError


def either(done: Result, believed: bool, refused: bool) -> bool:
    """Exactly one of them, or nothing is known."""
    assert believed != refused, done
    return believed
