"""When a cron line is due next, in the wall clock of its time zone.

- A time that the spring change skips (02:30) is due at the moment the clocks jump (03:00), once.
- A time that the autumn change repeats is due at its first occurrence only.
- A line whose hour field is `*` follows elapsed time instead: it runs in both of the repeated hours.
- However many runs were missed, one is caught up.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmkit.core.errors import Misuse

_INTERVAL = re.compile(r"every (\d+(?:\.\d+)?)s")


def spec_text(spec: str | timedelta) -> str:
    """How a cron line or an interval is kept: `"10 0 1 * *"`, `"every 90s"`. Raises `Misuse` for what is neither."""
    if isinstance(spec, timedelta):
        if spec < timedelta(seconds=1):
            raise Misuse(f"every({spec!r}) is too often: one second is the shortest interval")
        return (
            f"every {spec.total_seconds():g}s"
            if spec.total_seconds() < 1e6
            else f"every {round(spec.total_seconds())}s"
        )
    if _INTERVAL.fullmatch(spec):
        return spec
    if spec == "@hourly":
        return "0 * * * *"
    from croniter import croniter

    if not croniter.is_valid(spec):
        raise Misuse(f"{spec!r} is no cron line: write minute hour day month weekday, for example '30 9 * * 1-5'")
    return spec


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; raises `Misuse` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise Misuse(f"{name!r} is no time zone: write one such as 'Europe/Moscow' or 'UTC'") from problem


def next_time(spec: str, tz: str, after: datetime, last: datetime | None = None) -> datetime:
    """The first moment after `after` at which `spec` is due; an interval keeps the step it had at `last`."""
    interval = _INTERVAL.fullmatch(spec)
    if interval:
        step = timedelta(seconds=float(interval[1]))
        start = last or after
        return start + step * max(1, (after - start) // step + 1)
    local = zone(tz)
    if _hour_field(spec) == "*":
        return _by_elapsed_time(spec, local, after)
    return _by_wall_clock(spec, local, after)


def _hour_field(spec: str) -> str:
    fields = spec.split()
    return fields[1] if len(fields) >= 5 else ""  # "@daily" and the like mean a fixed hour


def _by_wall_clock(spec: str, local: ZoneInfo, after: datetime) -> datetime:
    lines = _lines(spec, after.astimezone(local).replace(tzinfo=None))
    while True:  # a time the autumn change repeats was due at its first occurrence, which may lie behind us
        moment: datetime = _instant(lines.get_next(datetime), local)
        if moment > after:
            return moment


def _by_elapsed_time(spec: str, local: ZoneInfo, after: datetime) -> datetime:
    base, itself_too = after, False
    while True:
        offset = _offset(base, local)
        wall = base.astimezone(UTC).replace(tzinfo=None) + offset
        start = wall - timedelta(microseconds=1) if itself_too else wall
        moment: datetime = (_lines(spec, start).get_next(datetime) - offset).replace(tzinfo=UTC)
        if _offset(moment, local) == offset:
            return moment
        base, itself_too = _change(base, moment, local), True  # the clocks change in between: look on from there


def _lines(spec: str, wall: datetime) -> Any:
    from croniter import croniter

    return croniter(spec, wall)


def _offset(moment: datetime, local: ZoneInfo) -> timedelta:
    return moment.astimezone(local).utcoffset() or timedelta()


def _instant(wall: datetime, local: ZoneInfo) -> datetime:
    """The first moment the wall clock shows `wall`, or, when it never does, the moment it jumps past it."""
    early = wall.replace(tzinfo=local, fold=0).astimezone(UTC)
    if early.astimezone(local).replace(tzinfo=None) == wall:
        return early
    late = wall.replace(tzinfo=local, fold=1).astimezone(UTC)
    return _change(min(early, late) - timedelta(seconds=1), max(early, late), local)


def _change(before: datetime, after: datetime, local: ZoneInfo) -> datetime:
    """The moment, to the second, at which the zone's offset first differs from the one at `before`."""
    offset = _offset(before, local)
    low, high = int(before.timestamp()), int(after.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), local) == offset:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
