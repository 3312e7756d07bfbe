"""One time for all hosts that work on one PostgreSQL: the database's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa

from .. import clock

_NOW = sa.select(sa.func.clock_timestamp())


class Clock(Protocol):
    """All the jobs engine needs of a clock. One that tests move also has `subscribe(callback)`."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""


class DatabaseClock(clock.Clock):
    """The inner clock put right by the database server's, so that hosts whose clocks differ agree on what is due.

    The difference is measured on creation (unless `measure` is False: then when a runner starts) and on `refresh()`,
    which the runner calls every minute; in between, `now()` costs nothing. On SQLite it is the inner clock.
    """

    def __init__(self, engine: sa.Engine, inner: Clock, *, measure: bool = True) -> None:
        self._engine, self._inner, self._offset = engine, inner, timedelta()
        self._lock = threading.Lock()
        if measure:
            self.refresh()

    @property
    def offset(self) -> timedelta:
        """How far the database's clock is ahead of the inner one."""
        return self._offset

    def now(self) -> datetime:
        """The database's moment, aware, in UTC."""
        return self._inner.now() + self._offset

    def refresh(self) -> None:
        """Measure the difference again: the quickest of three answers, taken at the middle of its round trip."""
        if self._engine.dialect.name != "postgresql":
            return
        measured: list[tuple[timedelta, timedelta]] = []
        with self._lock, self._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for _ in range(3):
                before = self._inner.now()
                theirs: datetime = connection.execute(_NOW).scalar_one()
                after = self._inner.now()
                measured.append((after - before, theirs - (before + (after - before) / 2)))
            self._offset = min(measured)[1]

    def subscribe(self, watcher: Callable[[], None]) -> None:
        """Pass on the moves of an inner clock that can be moved."""
        subscribe = getattr(self._inner, "subscribe", None)
        if subscribe is not None:
            subscribe(watcher)
