"""Beginnings and ends of work, paired: how long each step took, of whom."""

from __future__ import annotations

import collections
import datetime as dt
from collections.abc import Iterable, Iterator

import attrs


@attrs.frozen(slots=True)
class Seen:
    """One event, as far as pairing goes."""

    step: int | None
    worker: int
    at: dt.datetime
    transition: str | None
    activity: str
    instance: str | None


@attrs.frozen(slots=True)
class Interval:
    """A step from its beginning to its end."""

    step: int | None
    worker: int
    began: dt.datetime
    ended: dt.datetime

    @property
    def took(self) -> int:
        """Milliseconds; none where a log's clock went backwards."""
        gone = self.ended - self.began
        return max(0, (gone.days * 86_400 + gone.seconds) * 1000 + round(gone.microseconds / 1000))


def intervals(events: Iterable[Seen], *, since_previous: bool = False) -> Iterator[Interval]:
    """Yield the intervals of one case, in the order of their ends.

    An end is paired with the earliest beginning of the same activity (and instance, where the log tells them apart) that is still
    open, whoever began it: it counts for who completed it. An end without a beginning takes no time, or with `since_previous` the
    time since the event before it. Other transitions (scheduled, suspended) are no ends. This is how pm4py does it.
    """
    begun: dict[tuple[str, str | None], collections.deque[dt.datetime]] = {}
    before: dt.datetime | None = None
    for event in events:
        said = (event.transition or "complete").lower()
        if said == "start":
            begun.setdefault((event.activity, event.instance), collections.deque()).append(event.at)
        elif said == "complete":
            waiting = begun.get((event.activity, event.instance))
            if waiting:
                began = waiting.popleft()
            else:
                began = before if since_previous and before is not None else event.at
            yield Interval(event.step, event.worker, began, event.at)
        before = event.at


__all__ = ["Interval", "Seen", "intervals"]
