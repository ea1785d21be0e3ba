"""Many hosts at once: real `orgtrust sync` processes, and light ones that ask for the same
in the same order over a connection of their own each time, and report what they have as the
real ones do.

Every host syncs once an interval, at a moment of its own. What a host sends and receives is
searched for a secret."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import time

from support.world import World

PAGE = "/v1/organization/certificates?limit=100&order=asc"


class Wire:
    """A forwarder before the relay, for processes whose traffic is to be seen."""

    def __init__(self, port: int, secret: bytes):
        self.target, self.secret = port, secret
        self.bytes = 0
        self.leaked = False

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        there, sender = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._pump(reader, sender), self._pump(there, writer))

    async def _pump(self, reader, writer):
        seen = b""
        try:
            while data := await reader.read(65536):
                seen = seen[-len(self.secret):] + data
                self.leaked |= self.secret in seen
                self.bytes += len(data)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


class LightHost:
    """What a sync asks for and keeps: every page, the content of each new id. number: each
    comes from an address of its own, of which the relay lets one do only so much."""

    def __init__(self, port: int, secret: bytes, number: int):
        self.port, self.secret = port, secret
        self.source = f"127.1.{number // 250}.{number % 250 + 1}"
        self.contents: dict[str, str] = {}
        self.active: set[str] = set()
        self.reported: set[str] | None = None
        self.name = f"light-{number}"
        self.bytes = 0

    async def _answers(self, reader, writer, targets: list[str]):
        """The JSON of each; all are sent before the first answer is read."""
        writer.write("".join(f"GET {target} HTTP/1.1\r\nHost: relay\r\n\r\n"
                             for target in targets).encode())
        for target in targets:
            head, body = await self._answer(reader)
            assert head.startswith(b"HTTP/1.1 200 "), (target, head)
            assert b"\r\norgtrust-reports: yes\r\n" in head.lower()
            yield json.loads(body)

    async def _answer(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert self.secret not in head and self.secret not in body
        self.bytes += len(head) + length
        return head, body

    async def _report(self, reader, writer):
        """Of a change; what is not taken is told with the next sync."""
        if self.active == self.reported:
            return
        tag = hashlib.sha256("".join(f"{i}\n" for i in sorted(self.active)).encode())
        body = json.dumps({"host": self.name, "version": "light", "scopes": [
            {"project": None, "tag": tag.hexdigest()[:32]}]})
        writer.write(f"POST /v1/orgtrust/reports HTTP/1.1\r\nHost: relay\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        head, _ = await self._answer(reader)
        if head.startswith(b"HTTP/1.1 200 "):
            self.reported = self.active

    async def sync(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port,
                                                       local_addr=(self.source, 0))
        try:
            items, after, more = [], "", True
            while more:
                async for page in self._answers(reader, writer, [PAGE + after]):
                    items += page["data"]
                    more, after = page["has_more"], f"&after={page['last_id']}"
            new = [item["id"] for item in items if item["id"] not in self.contents]
            targets = [f"/v1/organization/certificates/{i}?include[]=content" for i in new]
            async for got in self._answers(reader, writer, targets):
                self.contents[got["id"]] = got["certificate_details"]["content"]
            assert set(new) <= set(self.contents)
            self.active = {item["id"] for item in items if item["active"]}
            await self._report(reader, writer)
        finally:
            writer.close()


class RealHost:
    """`orgtrust sync` with a configuration and a cache of its own, and no key."""

    _at_once = None

    def __init__(self, world: World):
        self.world = world

    async def sync(self):
        async with RealHost._at_once:
            await asyncio.to_thread(self.world.sync)

    @property
    def active(self) -> set[str]:
        return {cert["id"] for cert in self.world.listed("--state=active")}


class Fleet:
    """interval: seconds; the hosts' and the relay's. Only inside asyncio.run()."""

    def __init__(self, hosts: list, interval: float):
        RealHost._at_once = asyncio.Semaphore(4)
        self.hosts = hosts
        self.interval = interval
        self.syncs = 0

    async def _sync(self, host, wait: float):
        await asyncio.sleep(wait)
        await host.sync()
        self.syncs += 1

    async def run(self, intervals: int) -> float:
        """Every host syncs that many times. How many intervals that took: more, on a
        machine that is too slow for so many hosts."""
        began = time.monotonic()
        for _ in range(intervals):
            begun = time.monotonic()
            await asyncio.gather(*(
                self._sync(host, random.uniform(0, 0.8 * self.interval))
                for host in self.hosts))
            await asyncio.sleep(begun + self.interval - time.monotonic())
        return (time.monotonic() - began) / self.interval


def memory_has(pid: int, secret: bytes) -> bool:
    """Whether a secret is in a process's memory or environment."""
    with open(f"/proc/{pid}/environ", "rb") as environment:
        if secret in environment.read():
            return True
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if not rights.startswith("r"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            if end - start > 1 << 28:  # a sanitizer's shadow
                continue
            try:
                memory.seek(start)
                if secret in memory.read(end - start):
                    return True
            except (OSError, OverflowError, ValueError):  # [vvar] and its like
                continue
    return False
