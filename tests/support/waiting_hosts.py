"""Many hosts that wait as `orgtrust watch` does: a connection of each, and no process."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl

LIST = "/v1/organization/certificates"


def digits_of(etag: str) -> str:
    """Of the moment of a list."""
    return re.search('"orgtrust-list-([0-9a-f]{32})-', etag)[1]


class WaitingHosts(contextlib.ExitStack):
    """Of four addresses, or of the one that is named, for the moment to end that has these
    digits."""

    def __init__(self, port: int, digits: str, count: int, key: str | None = None,
                 source: str | None = None, tls: ssl.SSLContext | None = None):
        super().__init__()
        self.port, self.key, self.source, self.tls = port, key, source, tls
        authorization = f"Authorization: Bearer {key}\r\n" if key else ""
        self.request = (
            f"GET {LIST}?limit=1&wait={digits} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"{authorization}User-Agent: orgtrust/1.0\r\nAccept: */*\r\n"
            "Accept-Encoding: deflate, gzip, br, zstd\r\nIf-None-Match: *\r\n\r\n").encode()
        self.links = [self.open(number) for number in range(count)]

    def open(self, number: int) -> socket.socket:
        source = self.source or f"127.0.0.{1 + number % 4}"
        link = self.enter_context(socket.create_connection(
            ("127.0.0.1", self.port), 30, source_address=(source, 0)))
        if self.tls is not None:
            link = self.enter_context(self.tls.wrap_socket(link, server_hostname="127.0.0.1"))
        link.sendall(self.request)
        return link

    def answered(self) -> int:
        looked = select.poll()
        for link in self.links:
            looked.register(link, select.POLLIN)
        return len(looked.poll(0))

    def answers(self) -> list[str]:
        """The head of each; waits for those that are not there yet."""
        return [link.recv(4096).decode() for link in self.links]
