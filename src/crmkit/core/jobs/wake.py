"""Wakes a runner when another process has written a job: LISTEN on PostgreSQL, `PRAGMA data_version` on SQLite.

Jobs of the same process need none of this: the unit of work calls `jobs.wake()` after its commit. A lost wake-up
costs no job, only time: the runner looks by itself every few seconds.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any, Protocol

from .store import CHANNEL, Store

log = logging.getLogger("crmkit.jobs")

HEALTH_SECONDS = 30.0
"""How long a silent listening connection is trusted before it is asked whether it still lives."""


class Waker(Protocol):
    """Calls back when somebody else may have written a job."""

    def start(self) -> None:
        """Begin, in a thread of its own."""

    def stop(self) -> None:
        """End, and wait for the thread."""


class _Thread:
    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"crm-{type(self).__name__.lower()}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        pause = 0.05
        while not self.stopping.is_set():
            try:
                self._watch()
                pause = 0.05
            except Exception as problem:
                log.warning("wake-ups from other processes are interrupted: %s", type(problem).__name__)
                self.stopping.wait(pause)
                pause = min(5.0, pause * 2)

    def _watch(self) -> None:
        raise NotImplementedError


class Listener(_Thread):
    """LISTEN on a connection of its own, taken up again when it breaks.

    It comes from the engine; give `dsn` when the engine goes through a pooler that shares connections between
    transactions (PgBouncer), for such a connection hears nothing.
    """

    def __init__(self, store: Store, wake: Callable[[], None], dsn: str | None = None) -> None:
        super().__init__(wake)
        self._store, self._dsn = store, dsn
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def start(self) -> None:
        self._ends = socket.socketpair()  # a byte through it ends the wait below
        super().start()

    def stop(self) -> None:
        if self._ends is not None:
            with suppress(OSError):
                self._ends[1].send(b"x")
        super().stop()
        for end in self._ends or ():
            end.close()

    def _connect(self) -> Any:
        if self._dsn is not None:
            import psycopg

            return psycopg.connect(self._dsn, autocommit=True)
        pooled = self._store.engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()  # ours alone from here on: the pool forgets it
        connection.autocommit = True
        return connection

    def _watch(self) -> None:
        assert self._ends is not None
        bell = self._ends[0]
        with closing(self._connect()) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self.wake()  # whatever was announced while nobody listened
            while not self.stopping.is_set():
                ready, _, _ = select.select([connection.fileno(), bell], [], [], HEALTH_SECONDS)
                if bell in ready:
                    return
                if not ready:
                    connection.execute("SELECT 1")
                    continue
                connection.pgconn.consume_input()
                heard = False
                while connection.pgconn.notifies() is not None:
                    heard = True
                if heard:
                    self.wake()


class FileWatcher(_Thread):
    """Notices that another connection has committed to the same SQLite file."""

    def __init__(self, store: Store, wake: Callable[[], None], every: float = 0.1) -> None:
        super().__init__(wake)
        self._store, self._every = store, every

    def _watch(self) -> None:
        pooled = self._store.engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        with closing(connection):
            seen = None
            while not self.stopping.wait(self._every):
                version = connection.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    seen = version
                    self.wake()
