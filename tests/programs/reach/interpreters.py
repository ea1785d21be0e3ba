"""Languages: a small client in each, which connects as often as it is told."""

from __future__ import annotations

import subprocess
import time

from program import CLIENTS, CONNECTION, CONTEXT, EXPORT_BUNDLE, Program, Running


class Conversation(Running):
    """Answers come through a pipe, what else is said goes to a log."""

    moments = (CONNECTION, CONTEXT)
    _ways = {CONNECTION: "kept", CONTEXT: "new"}

    def __init__(self, machine, argv, env, server, user=True):
        self._server = f"{server.host} {server.port}"
        self._process = machine.start(argv, user=user, env=env, stdin=subprocess.PIPE)
        self._read = 0

    def believes(self, moment):
        self._process.child.stdin.write(f"{self._ways[moment]} {self._server}\n".encode())
        self._process.child.stdin.flush()
        word, _, why = self._answer().partition(": ")
        assert word in ("trusted", "refused"), f"{self._process.argv}: {word}: {why}"
        return word == "trusted"

    def _answer(self) -> str:
        """The next line that is one; warnings stand between them."""
        end = time.monotonic() + 90
        while True:
            lines = self._process.output().splitlines(keepends=True)
            for line in lines[self._read:]:
                if not line.endswith("\n"):
                    break
                self._read += 1
                if line.startswith(("trusted", "refused: ", "error: ")):
                    return line.rstrip("\n")
            assert self._process.is_running(), "".join(lines)
            assert time.monotonic() < end, f"no answer: {self._process.argv} {lines}"
            time.sleep(0.02)

    def stop(self):
        self._process.child.stdin.close()
        assert self._process.child.wait(60) == 0, self._process.output()


class Interpreter(Program):
    argv: tuple[str, ...]
    env: dict[str, str] = {}

    def believes(self, party):
        talk = self._talk(party)
        try:
            return talk.believes(CONNECTION)
        finally:
            talk.stop()

    def start(self):
        return self._talk(self.parties.moving)

    def _talk(self, party) -> Conversation:
        return Conversation(self.machine, self.argv, self.env, party.server)


class Python(Interpreter):
    name = "python3"
    argv = ("/usr/bin/python3", CLIENTS / "client.py")


class Perl(Interpreter):
    name = "perl IO::Socket::SSL"
    argv = ("/usr/bin/perl", CLIENTS / "client.pl")


class Ruby(Interpreter):
    name = "ruby"
    argv = ("/usr/bin/ruby", CLIENTS / "client.rb")


class Php(Interpreter):
    name = "php"
    argv = ("/usr/bin/php", CLIENTS / "client.php")


class PhpCurl(Interpreter):
    """libcurl in a process that goes on."""

    name = "libcurl (php-curl)"
    argv = ("/usr/bin/php", CLIENTS / "libcurl.php")


class DebiansNode(Interpreter):
    """It is built to ask the system's store."""

    name = "node, Debian's"
    argv = ("/usr/bin/node", CLIENTS / "client.js")


class Node(Interpreter):
    """With authorities of its own, as others build it."""

    name = "node with NODE_EXTRA_CA_CERTS"
    asks = "export_bundle"
    argv = ("/usr/bin/node", "--use-bundled-ca", CLIENTS / "client.js")
    env = {"NODE_EXTRA_CA_CERTS": EXPORT_BUNDLE}


class Java(Interpreter):
    name = "java"
    by_java_store = True
    argv = ("/usr/bin/java", CLIENTS / "Client.java")


INTERPRETERS = (Python, Perl, Ruby, Php, PhpCurl, DebiansNode, Node, Java)
