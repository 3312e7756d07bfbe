"""One connected client: what it listens to, what it was told, what waits to be sent."""

from __future__ import annotations

import asyncio
import threading
import typing as t
from collections import OrderedDict, deque

import orjson

from ...core.live import Message
from .marks import Mark

if t.TYPE_CHECKING:
    from ...core.access import Actor
    from ...core.kind import Kind

MOST_WAITING = 1000
MOST_REMEMBERED = 20_000
Event = tuple[str, Message | None, Mark]


class Client:
    """Filled by the hub's thread, emptied by the stream's task. One that reads too slowly is told to fetch everything again."""

    def __init__(self, actor: Actor, topics: t.Mapping[str, Kind | None], loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.actor, self.topics = actor, topics
        self.first: Mark | None = None
        self.closed = False
        self._told: OrderedDict[Message, None] = OrderedDict()
        self._waiting: deque[Event] = deque()
        self._lock = threading.Lock()
        self._loop = loop or asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._rung = False

    # ---- the hub's side ----------------------------------------------------------------------------------------
    def tell(self, seen: t.Iterable[Message], unseen: t.Iterable[Message], mark: Mark) -> None:
        """Announce what the client may see; of what it may not see, only that it is gone, if it was told of it before."""
        events: list[Event] = [("changed", m, mark) for m in seen]
        with self._lock:
            for _name, told, _mark in events:
                if told is not None:
                    self._told[told] = None
                    self._told.move_to_end(told)
            events += [("gone", m, mark) for m in unseen if self._told.pop(m, self) is None]
            while len(self._told) > MOST_REMEMBERED:
                self._told.popitem(last=False)
        if events:
            self._put(events, mark)

    def resync(self, mark: Mark) -> None:
        """Say that something may have been missed."""
        with self._lock:
            self._waiting.clear()
        self._put([("resync", None, mark)], mark)

    def close(self) -> None:
        """End the stream."""
        self.closed = True
        self._ring()

    def _put(self, events: list[Event], mark: Mark) -> None:
        if self.first is not None and self.first.tx > mark.tx:
            events = [(name, message, self.first) for name, message, _mark in events]
        with self._lock:
            if len(self._waiting) + len(events) > MOST_WAITING:
                self._waiting.clear()
                events = [("resync", None, events[-1][2])]
            self._waiting.extend(events)
        self._ring()

    def _ring(self) -> None:
        if not self._rung:
            self._rung = True
            try:
                self._loop.call_soon_threadsafe(self._wake.set)
            except RuntimeError:  # the loop is gone, and the client with it
                self.closed = True

    # ---- the stream's side -------------------------------------------------------------------------------------
    async def wait(self, seconds: float) -> None:
        """Wait until there is something to send."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            pass
        self._wake.clear()
        self._rung = False

    def drain(self) -> list[Event]:
        """Return everything that waits."""
        with self._lock:
            events, self._waiting = list(self._waiting), deque()
        return events

    def remember(self, told: t.Iterable[Message]) -> None:
        """Take note of what the client was told in another way."""
        with self._lock:
            self._told.update(dict.fromkeys(told))

    def take(self) -> bytes:
        """Return everything that waits, as it is sent."""
        events = self.drain()
        return b"".join(written(name, message, mark) for name, message, mark in _once(events))


def _once(events: list[Event]) -> list[Event]:
    """Keep of equal events in one piece only the last, with the mark of its own place."""
    kept = {(name, message): (name, message, mark) for name, message, mark in reversed(events)}
    return list(reversed(kept.values()))


def written(name: str, message: Message | None, mark: Mark | None) -> bytes:
    """Return one server-sent event."""
    data = orjson.dumps({"topic": message.topic, "id": message.id} if message is not None else {})
    head = f"id: {mark}\nevent: {name}\ndata: " if mark is not None else f"event: {name}\ndata: "
    return head.encode() + data + b"\n\n"
