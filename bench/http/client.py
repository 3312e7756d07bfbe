"""A small keep-alive client: as many connections as asked for, each one request at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

from bench.http import Request


class Answered(Exception):
    """The server answered with something else than 200."""


class Connection:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use `connect`."""
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> Connection:
        """Open one to this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: Request) -> bytes:
        """Send the request, read the whole answer, return its body; raises Answered unless it is 200."""
        self.writer.write(request.encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status, _, lines = head.partition("\r\n")
        if "content-length:" in lines:
            body = await self.reader.readexactly(int(lines.split("content-length:")[1].split("\r\n")[0]))
        else:
            body = await self._chunks()
        if status.split()[1] != "200":
            raise Answered(f"{status} {body[:300]!r} to {request.method} {request.path}")
        return body

    async def _chunks(self) -> bytes:
        parts = []
        while size := int((await self.reader.readline()).split(b";")[0], 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)

    async def close(self) -> None:
        """Close it."""
        self.writer.close()
        await self.writer.wait_closed()


async def ask_once(port: int, request: Request) -> bytes:
    """One request on a connection of its own."""
    connection = await Connection.connect(port)
    try:
        return await connection.ask(request)
    finally:
        await connection.close()


async def load(port: int, connections: int, requests: Iterator[Request]) -> list[float]:
    """Send all requests over so many connections at once; the seconds each took."""
    walls: list[float] = []

    async def work(clock: Callable[[], float] = time.perf_counter) -> None:
        connection = await Connection.connect(port)
        for request in requests:
            at = clock()
            await connection.ask(request)
            walls.append(clock() - at)
        await connection.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    return walls
