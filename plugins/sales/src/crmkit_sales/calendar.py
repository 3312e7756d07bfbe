"""Working time: hours of the week, public holidays, days off and days worked instead, in any time zone."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import re
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

import attrs
import holidays

from crmkit import Misuse

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
Hours = tuple[tuple[int, int], ...]  # minutes of the day, from and until
FURTHEST = 3 * 366  # days without a working hour, after which none will come


def read_hours(spans: Iterable[str]) -> Mapping[int, Hours]:
    """Return the hours of each weekday (0 is Monday) from ``["mon-fri 09:00-18:00"]``; `Misuse` says what cannot be read."""
    found: dict[int, list[tuple[int, int]]] = {}
    for span in spans:
        match = SPAN.fullmatch(span.strip().lower())
        first, last = (match[1], match[2] or match[1]) if match else ("", "")
        if match is None or first not in DAYS or last not in DAYS:
            raise Misuse(f'working_hours: {span!r} cannot be read; write days and hours, such as "mon-fri 09:00-18:00"')
        begin, end = int(match[3]) * 60 + int(match[4]), int(match[5]) * 60 + int(match[6])
        if not 0 <= begin < end <= 24 * 60 or int(match[4]) > 59 or int(match[6]) > 59:
            raise Misuse(f"working_hours: {span!r} ends before it begins, or is longer than a day")
        at = DAYS.index(first)
        while True:
            found.setdefault(at, []).append((begin, end))
            if DAYS[at] == last:
                break
            at = (at + 1) % 7
    if not found:
        raise Misuse('working_hours is empty: nobody would ever answer; write at least one span, such as "mon-fri 09:00-18:00"')
    return {day: _apart(sorted(hours)) for day, hours in found.items()}


def _apart(hours: list[tuple[int, int]]) -> Hours:
    for (_begin, end), (begin, _end) in itertools.pairwise(hours):
        if begin < end:
            raise Misuse("working_hours: two spans of one day overlap; write each hour once")
    return tuple(hours)


@functools.cache
def _off(country: str) -> t.Any:
    """Return the public holidays of a country; the library works each year out when it is asked about."""
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None


@attrs.frozen
class WorkCalendar:
    """Counts working time."""

    hours: Mapping[int, Hours]
    country: str | None = None
    days_off: frozenset[dt.date] = frozenset()
    working_days: frozenset[dt.date] = frozenset()

    def of(self, day: dt.date) -> Hours:
        """Return the working hours of a day; none on a day off."""
        if day in self.working_days:
            return self.hours.get(day.weekday()) or self.hours.get(0) or next(iter(self.hours.values()))
        if day in self.days_off:
            return ()
        off = _off(self.country) if self.country is not None else None
        if off is not None:
            if day in off:
                return ()
            if day in off.weekend_workdays:  # a Saturday worked for a bridge day
                return self.hours.get(day.weekday()) or self.hours.get(0) or ()
        return self.hours.get(day.weekday(), ())

    def spans(self, start: dt.datetime, zone: ZoneInfo) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Yield the stretches of working time from a moment on, in UTC: where a clock is put forward they are as short as they are."""
        day, empty = start.astimezone(zone).date(), 0
        while empty < FURTHEST:
            hours = self.of(day)
            empty = 0 if hours else empty + 1
            for begin, end in hours:
                first, last = (_moment(day, minutes, zone) for minutes in (begin, end))
                if last > start and first < last:
                    yield max(first, start), last
            day += dt.timedelta(days=1)

    def add(self, start: dt.datetime, time: dt.timedelta, zone: ZoneInfo) -> dt.datetime:
        """Return the moment at which so much working time has passed since `start`, in UTC."""
        left, here = time, start.astimezone(dt.UTC)
        for first, last in self.spans(here, zone):
            if left <= last - first:
                return first + left
            left -= last - first
        raise Misuse("there is no working time for three years; look at [sales] working_hours, days_off and holidays")

    def between(self, start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
        """Return how much working time lies between two moments."""
        found = dt.timedelta()
        for first, last in self.spans(start.astimezone(dt.UTC), zone):
            if first >= end:
                break
            found += min(last, end) - first
        return found


def _moment(day: dt.date, minutes: int, zone: ZoneInfo) -> dt.datetime:
    midnight = dt.datetime.combine(day + dt.timedelta(days=minutes // 1440), dt.time(minutes % 1440 // 60, minutes % 60), zone)
    return midnight.astimezone(dt.UTC)
