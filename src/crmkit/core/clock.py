"""The only source of *now*: real in production, movable in tests and simulations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

UTC = dt.UTC


class Clock:
    """Tells the time, always aware and in UTC."""

    def now(self) -> dt.datetime:
        """Return the current moment, aware, in UTC."""
        raise NotImplementedError


class SystemClock(Clock):
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """Return the current moment, aware, in UTC."""
        return dt.datetime.now(UTC)


class MovableClock(Clock):
    """A clock that stands still until it is moved: two years of timers run in seconds.

    Moving it backwards is allowed (machines do it); everything that reads it must cope.
    """

    def __init__(self, start: dt.datetime | None = None) -> None:
        self._now = _aware(start or dt.datetime(2026, 1, 12, 9, 0, tzinfo=UTC))
        self._watchers: list[Callable[[], None]] = []

    def now(self) -> dt.datetime:
        """Return the moment the clock was last moved to."""
        return self._now

    def forward(self, **amount: float) -> dt.datetime:
        """Move by ``days=``, ``hours=``, ``minutes=``, ``seconds=`` (negative moves back) and return the new moment."""
        return self.set(self._now + dt.timedelta(**amount))

    def set(self, moment: dt.datetime) -> dt.datetime:
        """Move to an aware moment and return it."""
        self._now = _aware(moment)
        for watcher in self._watchers:
            watcher()
        return self._now

    def subscribe(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after every move, so that a sleeping runner looks again."""
        self._watchers.append(watcher)


def _aware(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: add tzinfo=datetime.UTC")
    return moment.astimezone(UTC)
