"""Where messages come from: LISTEN on PostgreSQL, the file itself on SQLite. One thread each, asleep while nobody listens."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
import typing as t
from contextlib import closing, suppress

import orjson

from ...core.ledger import LIVE_CHANNEL, NEXT_TX, journal, message
from ...core.live import Message
from .marks import MOST, OLDEST_AT_WORK, Mark

if t.TYPE_CHECKING:
    from .hub import LiveHub

log = logging.getLogger("crmkit.live")
MARK_SECONDS = 5.0
HEALTH_SECONDS = 30.0
LOOK_SECONDS = 0.03
"""How often a file is asked whether another process has written (microseconds of work), while somebody listens."""


class Source(threading.Thread):
    """Hears of commits and hands them to the hub; begins again by itself when the database was gone."""

    def __init__(self, hub: LiveHub) -> None:
        super().__init__(name="crm-live", daemon=True)
        self.hub = hub
        self.stopping = threading.Event()

    def run(self) -> None:
        """Listen until stopped."""
        pause = 0.05
        while not self.stopping.is_set():
            try:
                self.listen()
                pause = 0.05
            except Exception as error:
                if self.stopping.is_set():
                    return
                log.warning("the live stream is interrupted, next try in %.2f s: %s", pause, type(error).__name__)
                self.stopping.wait(pause)
                pause = min(5.0, pause * 2)

    def stop(self) -> None:
        """End, and wait for the thread."""
        self.stopping.set()
        self.ring()
        if self.is_alive():
            self.join(5)

    def listen(self) -> None:
        """Listen on one connection."""
        raise NotImplementedError

    def ring(self) -> None:
        """Wake the thread."""
        raise NotImplementedError

    def joined(self, mark: Mark) -> None:
        """Take note of a new client, who begins at `mark`."""
        self.ring()

    def connect(self) -> t.Any:
        """Return a driver connection of our own."""
        pooled = self.hub.crm.engine.raw_connection()
        connection: t.Any = pooled.driver_connection
        pooled.detach()  # ours alone from here on: the pool forgets it
        return connection


class ListenSource(Source):
    """LISTEN. The process's own commits come this way too: heard exactly when they are visible, a host's transaction included.

    A mark is trusted once a note sent after reading it has come back: the server hands notes out in the order of commits,
    so everything older has been heard by then.
    """

    def __init__(self, hub: LiveHub) -> None:
        super().__init__(hub)
        self._here, self._there = socket.socketpair()
        self._own = f"{LIVE_CHANNEL}_{hub.crm.process}"
        self._inbox: list[tuple[str, str]] = []
        self._mark: Mark | None = None

    def ring(self) -> None:
        """Wake the thread."""
        with suppress(OSError):
            self._there.send(b"x")

    def stop(self) -> None:
        """End, and wait for the thread."""
        super().stop()
        self._here.close()
        self._there.close()

    def listen(self) -> None:
        """Listen on one connection."""
        with closing(self.connect()) as connection:
            connection.autocommit = True
            connection.add_notify_handler(lambda note: self._inbox.append((note.channel, note.payload)))
            connection.execute(f"LISTEN {LIVE_CHANNEL}")
            connection.execute(f'LISTEN "{self._own}"')
            if self._mark is None:
                self._mark = self._read_mark(connection)
            else:
                self.hub.missed(self._mark)
            asked = checked = 0.0
            while not self.stopping.is_set():
                now = time.monotonic()
                if self.hub.busy and now - asked >= MARK_SECONDS:
                    asked = checked = now
                    mark = self._read_mark(connection)
                    connection.execute("SELECT pg_notify(%s, %s)", (self._own, str(mark)))
                elif now - checked >= HEALTH_SECONDS:
                    checked = now
                    connection.execute("SELECT 1")
                self._work_off()
                ready, _, _ = select.select([connection.fileno(), self._here], [], [], MARK_SECONDS if self.hub.busy else HEALTH_SECONDS)
                if self._here in ready:
                    self._here.recv(4096)
                if connection.fileno() in ready:
                    self._receive(connection)

    def _receive(self, connection: t.Any) -> None:
        connection.pgconn.consume_input()
        while (note := connection.pgconn.notifies()) is not None:
            self._inbox.append((note.relname.decode(), note.extra.decode()))
        self._work_off()

    def _read_mark(self, connection: t.Any) -> Mark:
        return Mark(connection.execute(OLDEST_AT_WORK).fetchone()[0], int(self.hub.crm.clock.now().timestamp()))

    def _work_off(self) -> None:
        """Deliver what was heard, in order; a mark only after everything that came before it."""
        notes, self._inbox[:] = list(self._inbox), []
        heard: dict[Message, None] = {}
        for channel, payload in notes:
            if channel == self._own:
                self._flush(heard)
                number, _dash, at = payload.partition("-")
                self._mark = Mark(int(number), int(at))
                self.hub.passed(self._mark)
                continue
            told = _loads(payload)
            if told.get("resync"):
                self._flush(heard)
                self.hub.resync(t.cast(Mark, self._mark))
            heard |= dict.fromkeys(Message(topic, key) for topic, key in told.get("messages", ()))
        self._flush(heard)

    def _flush(self, heard: dict[Message, None]) -> None:
        if heard:
            self.hub.tell(list(heard), t.cast(Mark, self._mark))
            heard.clear()


def _loads(payload: str) -> dict[str, t.Any]:
    try:
        found = orjson.loads(payload)
    except ValueError:
        return {"resync": True}
    return found if isinstance(found, dict) else {"resync": True}


class FileSource(Source):
    """Reads what is new in the journal whenever somebody has committed, in this process or another."""

    def __init__(self, hub: LiveHub) -> None:
        super().__init__(hub)
        self._woken = threading.Event()
        self._next: int | None = None
        self._message: int | None = None
        self._lock = threading.Lock()
        self._leave = hub.crm.live.subscribe(lambda _messages: self._woken.set())

    def ring(self) -> None:
        """Wake the thread."""
        self._woken.set()

    def stop(self) -> None:
        """End, and wait for the thread."""
        self._leave()
        super().stop()

    def joined(self, mark: Mark) -> None:
        """Begin where the first client begins; for others we have been listening already."""
        with self._lock:
            if self._next is None:
                self._next = mark.tx
        self.ring()

    def listen(self) -> None:
        """Watch the file."""
        with closing(self.connect()) as connection:
            seen = None
            while not self.stopping.is_set():
                if not self.hub.busy:
                    with self._lock:
                        if not self.hub.busy:
                            self._next = self._message = None
                self._woken.wait(LOOK_SECONDS if self.hub.busy else HEALTH_SECONDS)
                woken = self._woken.is_set()
                self._woken.clear()
                if self._next is None:
                    continue
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if woken or version != seen:
                    seen = version
                    self._look(connection)

    def _look(self, connection: t.Any) -> None:
        """Tell what is new. A transaction that only published has the number of the next one, so messages count by id."""
        since, at = t.cast(int, self._next), int(self.hub.crm.clock.now().timestamp())
        connection.execute("BEGIN")
        try:
            following = connection.execute(NEXT_TX).fetchone()[0]
            last = connection.execute(f"SELECT coalesce(max(id), 0) FROM {message.name}").fetchone()[0]
            known = -1 if self._message is None or last < self._message else self._message  # removed ones' ids come back
            if following <= since and last == self._message:
                return
            rows = connection.execute(_NEWS, (since, since, known, MOST + 1)).fetchall()
        finally:
            connection.execute("ROLLBACK")
        if len(rows) > MOST:
            self.hub.resync(Mark(following, at))
        else:
            self.hub.tell([Message(topic, key) for topic, key in rows], Mark(since, at))
        self._next, self._message = following, last
        self.hub.passed(Mark(following, at))


_NEWS = (
    f"SELECT DISTINCT topic, record_id FROM (SELECT kind AS topic, record_id FROM {journal.name} WHERE id >= ?"
    f" UNION ALL SELECT topic, record_id FROM {message.name} WHERE tx >= ? AND id > ?) LIMIT ?"
)
__all__ = ["FileSource", "ListenSource", "Source"]
