"""What is to happen when: a heap of deeds on a clock that can be moved."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Callable

import attrs


@attrs.define(eq=False)
class Entry:
    """A deed at its moment; `cancel()` leaves it out. `apart` names deeds done without the lock, as they
    talk to others: those of one name stay in order."""

    at: dt.datetime
    deed: Callable[[], object] | None
    apart: str = ""

    def cancel(self) -> None:
        """See to it that nothing happens."""
        self.deed = None


class Agenda:
    """Deeds in order of their moments, and in the order in which they were entered where those are the same."""

    def __init__(self) -> None:
        self._heap: list[tuple[dt.datetime, int, Entry]] = []
        self._serial = itertools.count()
        self.changed: Callable[[], object] = lambda: None

    def __len__(self) -> int:
        return sum(entry.deed is not None for _at, _serial, entry in self._heap)

    def enter(self, at: dt.datetime, deed: Callable[[], object], *, apart: str = "") -> Entry:
        """Enter a deed."""
        entry = Entry(at, deed, apart)
        heapq.heappush(self._heap, (at, next(self._serial), entry))
        self.changed()
        return entry

    def next_at(self) -> dt.datetime | None:
        """The moment of the next deed."""
        while self._heap and self._heap[0][2].deed is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: dt.datetime) -> Entry | None:
        """Take out the next deed if its moment has come."""
        at = self.next_at()
        return heapq.heappop(self._heap)[2] if at is not None and at <= now else None
