"""The calendar of a device from the facts alone: the day of issue, versions of protocols, pauses, what is done.

Nothing is remembered from one calculation to the next. Whatever has happened, the cards equal what comes out here.
What changes a calendar takes effect on a day, and is applied in the order of those days: a device is gone, a child crosses over,
a newer version applies, a pause ends. An open pause changes no dates.
"""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping

import attrs

from .days import shifted
from .entities import Group, Policy, Skipped
from .protocols import Body, Period

CATCH_UP_IN = dt.timedelta(days=3)


@attrs.frozen
class Applied:
    """A version a device is followed by, since a day."""

    version: int
    group: Group
    since: dt.date
    body: Body


@attrs.frozen
class Known:
    """What has happened to one period of one version."""

    done_on: dt.date | None = None
    given_up_on: dt.date | None = None
    wanted_on: dt.date | None = None

    @property
    def closed_on(self) -> dt.date | None:
        """The day on which nothing was left to ask."""
        return self.done_on or self.given_up_on


@attrs.frozen
class PauseFacts:
    """A pause; an open one has no end."""

    began_on: dt.date
    ended_on: dt.date | None
    policy: Policy
    catch_up_in: dt.timedelta = CATCH_UP_IN


@attrs.frozen
class DeviceFacts:
    """A device and what is known about it. `begun`: its first period is over, so that all its periods have cards."""

    issued_on: dt.date
    applied: tuple[Applied, ...]
    known: Mapping[tuple[int, str], Known] = attrs.field(factory=dict)
    gone_on: dt.date | None = None
    begun: bool = False


@attrs.frozen
class PersonFacts:
    """What is known about a person as a whole."""

    crossed_on: dt.date | None = None
    ended: bool = False
    pauses: tuple[PauseFacts, ...] = ()


@attrs.frozen
class Slot:
    """One period as it comes out. One that is not `made` needs no card; if it has one, this is what that shows."""

    version: int
    group: Group
    period: str
    number: int
    earliest: dt.date
    ideal: dt.date
    latest: dt.date
    wanted_on: dt.date | None
    skipped: Skipped | None
    done: bool
    made: bool


@attrs.define(eq=False)
class _Line:
    """One period while the calendar is worked out. `ours`: False before it is known whether it belongs to the calendar at all."""

    applied: Applied
    name: str
    number: int
    known: Known
    earliest: dt.date
    ideal: dt.date
    latest: dt.date
    at_first: dt.date
    wanted_on: dt.date | None
    ours: bool
    skipped: Skipped | None = None

    @property
    def waits(self) -> bool:
        return self.skipped is None and self.known.closed_on is None


def calendar_of(device: DeviceFacts, person: PersonFacts) -> list[Slot]:
    """Return every period of a device, in the order in which they are asked about."""
    applied = sorted(device.applied, key=lambda a: (a.since, a.group is Group.ADULT, a.version))
    if not applied:
        return []
    lines = [line for one in applied for line in _lines(device, one, ours=one is applied[0])]
    for _day, _rank, step in sorted(_steps(device, person, applied), key=lambda s: s[:2]):
        step(lines)
    for line in lines:
        if not line.ours:
            line.skipped = line.skipped or (Skipped.CROSSED if line.applied.group is not applied[0].group else Skipped.VERSION)
        elif line.waits and person.ended:
            line.skipped = Skipped.ENDED
        if line.known.done_on is not None:
            line.skipped = None
        elif line.known.given_up_on is not None:
            line.skipped = Skipped.MISSED
    lines.sort(key=lambda line: (line.at_first, line.applied.since, line.number))
    return _slots(lines, begun=device.begun)


def begins(slots: Iterable[Slot]) -> bool:
    """True when the first period is over, one way or another: then all that follow are made."""
    return any(slot.made and (slot.done or slot.skipped in (Skipped.MISSED, Skipped.PAUSE)) for slot in slots)


# ---- the beginning ---------------------------------------------------------------------------------------------------
def window(period: Period, issued_on: dt.date) -> tuple[dt.date, dt.date, dt.date]:
    """Return the earliest, the best and the latest day of a period of a device that was handed over on a day."""
    ideal = shifted(issued_on, period.after)
    return shifted(ideal, period.earliest), ideal, shifted(ideal, period.latest)


def _lines(device: DeviceFacts, applied: Applied, *, ours: bool) -> t.Iterator[_Line]:
    for number, (name, period) in enumerate(applied.body.periods.items(), 1):
        known = device.known.get((applied.version, name), NOTHING)
        earliest, ideal, latest = window(period, device.issued_on)
        yield _Line(applied, name, number, known, earliest, ideal, latest, ideal, known.wanted_on, ours)


NOTHING = Known()
EXPLAINED = (Skipped.CROSSED, Skipped.VERSION, Skipped.DEVICE, Skipped.ENDED)  # no card is made only to say so
_Step = t.Callable[[list[_Line]], None]


def _steps(device: DeviceFacts, person: PersonFacts, applied: list[Applied]) -> t.Iterator[tuple[dt.date, int, _Step]]:
    """Yield what changes the calendar: the day, what comes first on one day, and the change."""
    if device.gone_on is not None:
        yield device.gone_on, 0, _gone
    seen = {applied[0].group}
    for position, one in enumerate(applied[1:], 1):
        if one.group in seen:
            yield one.since, 2, _newer(one, applied[:position])
        elif person.crossed_on is not None:
            yield person.crossed_on, 1, _crossing(person.crossed_on, one)
        seen.add(one.group)
    if len(seen) == 1 and person.crossed_on is not None and Group.CHILD in seen:
        yield person.crossed_on, 1, _crossing(person.crossed_on, None)
    for pause in person.pauses:
        if pause.ended_on is not None:
            yield pause.ended_on, 3, _pause(pause, pause.ended_on, device.issued_on)


# ---- what changes it -------------------------------------------------------------------------------------------------
def _gone(lines: list[_Line]) -> None:
    for line in lines:
        if line.waits:
            line.skipped = Skipped.DEVICE


def _crossing(day: dt.date, adults: Applied | None) -> _Step:
    def step(lines: list[_Line]) -> None:
        for line in lines:
            if line.applied is adults:
                line.ours = line.ideal >= day
                line.skipped = line.skipped or (None if line.ours else Skipped.CROSSED)
            elif line.applied.group is Group.CHILD and line.waits and line.ideal >= day:
                line.skipped = Skipped.CROSSED

    return step


def _newer(one: Applied, before: list[Applied]) -> _Step:
    def step(lines: list[_Line]) -> None:
        old = [line for line in lines if line.applied.group is one.group and line.applied in before and line.ours]
        owed = {line.name for line in old if line.waits}
        over = {line.name for line in old if not line.waits and line.skipped is not Skipped.VERSION} - owed
        for line in old:
            if line.waits:
                line.skipped = Skipped.VERSION
        for line in lines:
            if line.applied is one:
                line.ours = line.name not in over and (line.ideal >= one.since or line.name in owed)
                line.skipped = line.skipped or (None if line.ours else Skipped.VERSION)

    return step


def _pause(pause: PauseFacts, end: dt.date, issued_on: dt.date) -> _Step:
    begin = max(pause.began_on, issued_on)

    def step(lines: list[_Line]) -> None:
        for line in lines:
            closed = line.known.closed_on
            if line.skipped is not None or (closed is not None and closed < end):
                continue
            if line.wanted_on is not None and line.wanted_on < end:
                line.wanted_on = None
            if pause.policy is Policy.SHIFT:
                by = end - begin
                line.earliest, line.ideal, line.latest = line.earliest + by, line.ideal + by, line.latest + by
            elif line.ours and begin <= line.ideal <= end:
                if pause.policy is Policy.CATCH_UP:
                    after, line.ideal, line.earliest = line.latest - line.ideal, end + pause.catch_up_in, end
                    line.latest = max(line.latest, line.ideal + after)
                elif closed is None:
                    line.skipped = Skipped.PAUSE

    return step if begin <= end else lambda lines: None


# ---- the end ---------------------------------------------------------------------------------------------------------
def _slots(lines: list[_Line], *, begun: bool) -> list[Slot]:
    found, first = [], True
    for line in lines:
        made = line.ours and line.skipped not in EXPLAINED
        if made and not begun:
            made, first = first, False
        found.append(Slot(
            line.applied.version, line.applied.group, line.name, line.number, line.earliest, line.ideal, line.latest, line.wanted_on, line.skipped,
            line.known.done_on is not None, made,
        ))  # fmt: skip
    return found


__all__ = ["Applied", "DeviceFacts", "Known", "PauseFacts", "PersonFacts", "Slot", "begins", "calendar_of", "window"]
