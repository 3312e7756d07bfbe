"""Working out a device's calendar from its rows alone, for the audit: nothing of `planning` is used."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
import typing as t
from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

import attrs

Row = t.Any
UNIT = re.compile(r"(\d+)(y|mo|w|d)")


@attrs.frozen(kw_only=True)
class Rules:
    """What the settings say."""

    zone: ZoneInfo
    works: Callable[[dt.date], bool]
    call_at: dt.time = dt.time(10)
    ahead: dt.timedelta = dt.timedelta(days=1)
    policy: str = "shift"
    catch_up_in: dt.timedelta = dt.timedelta(days=3)
    adult_at: int = 18


@attrs.define(eq=False)
class Line:
    """One period of one device, as it is worked out here."""

    version: int
    group: str
    period: str
    number: int
    ideal: dt.date
    earliest: dt.date
    latest: dt.date
    at_first: dt.date
    since: dt.date
    done: dt.date | None = None
    given_up: dt.date | None = None
    wanted: dt.date | None = None
    ours: bool = True
    skipped: str | None = None


def worked_out(
    rules: Rules, bodies: Mapping[int, Mapping[str, t.Any]], service: Row, device: Row, applied: list[Row], pauses: list[Row], cards: list[Row]
) -> list[Line]:
    """Return the periods of a device in the order in which they are asked about, as they come out from scratch."""
    lines = _lines(bodies, device, applied, cards)
    for _day, _rank, step in sorted(_steps(rules, service, device, applied, pauses), key=lambda s: s[:2]):
        for line in lines:
            step(line)
    for line in lines:
        _end(line, service)
    return sorted(lines, key=lambda x: (x.at_first, x.since, x.number))


def _lines(bodies: Mapping[int, Mapping[str, t.Any]], device: Row, applied: list[Row], cards: list[Row]) -> list[Line]:
    known = {(card.protocol_version_id, card.period): card for card in cards}
    issued, lines = day(device.issued_on), []
    ordered = sorted(applied, key=lambda row: (day(row.since), row.group == "adult", row.protocol_version_id))
    for one in ordered:
        periods = bodies[one.protocol_version_id]["periods"]
        for number, (name, period) in enumerate(periods.items(), 1):
            ideal = later(issued, period["after"])
            line = Line(
                one.protocol_version_id, one.group, name, number, ideal, later(ideal, period["earliest"]), later(ideal, period["latest"]), ideal,
                day(one.since), ours=one is ordered[0],
            )  # fmt: skip
            card = known.get((line.version, name))
            if card is not None:
                line.done, line.given_up = (day(x) if x is not None else None for x in (card.done_on, card.given_up_on))
                line.wanted = day(card.wanted_on) if card.wanted_on is not None else None
            lines.append(line)
    return lines


def _steps(
    rules: Rules, service: Row, device: Row, applied: list[Row], pauses: list[Row]
) -> Iterable[tuple[dt.date, int, Callable[[Line], None]]]:
    if device.state != "in_use":
        yield day(device.ended_on), 0, _leave
    crossed = day(service.crossed_on) if service.crossed_on is not None else None
    if crossed is not None and "child" in {row.group for row in applied}:
        yield crossed, 1, lambda line: _cross(line, crossed)
    for pause in pauses:
        yield day(pause.ended_on), 3, functools.partial(_pause, rules, device, pause)


def _pause(rules: Rules, device: Row, pause: Row, line: Line) -> None:
    begin, end = max(day(pause.began_on), day(device.issued_on)), day(pause.ended_on)
    over = line.done or line.given_up
    if begin > end or line.skipped is not None or (over is not None and over < end):
        return
    if line.wanted is not None and line.wanted < end:
        line.wanted = None
    policy = pause.policy or rules.policy
    if policy == "shift":
        by = end - begin
        line.earliest += by
        line.ideal += by
        line.latest += by
    elif line.ours and begin <= line.ideal <= end:
        if policy == "catch_up":
            after = line.latest - line.ideal
            in_days = rules.catch_up_in if pause.catch_up_days is None else dt.timedelta(days=pause.catch_up_days)
            line.earliest, line.ideal = end, end + in_days
            line.latest = max(line.latest, line.ideal + after)
        elif over is None:
            line.skipped = "pause"


def _end(line: Line, service: Row) -> None:
    if not line.ours:
        line.skipped = line.skipped or "crossed"
    elif line.skipped is None and line.done is None and line.given_up is None and service.ended is not None:
        line.skipped = "ended"
    if line.done is not None:
        line.skipped = None
    elif line.given_up is not None:
        line.skipped = "missed"


def _leave(line: Line) -> None:
    if line.skipped is None and line.done is None and line.given_up is None:
        line.skipped = "device"


def _cross(line: Line, on: dt.date) -> None:
    if line.group == "adult" and not line.ours:
        line.ours = line.ideal >= on
        line.skipped = line.skipped or (None if line.ours else "crossed")
    elif line.group == "child" and line.skipped is None and line.done is None and line.given_up is None and line.ideal >= on:
        line.skipped = "crossed"


def working_day(rules: Rules, line: Line) -> dt.date:
    """Return the working day to call on, within the window."""
    start = line.wanted or line.ideal
    last = start + dt.timedelta(days=31) if line.wanted is not None else line.latest
    here = start
    while here <= last:
        if rules.works(here):
            return here
        here += dt.timedelta(days=1)
    here = start
    while line.wanted is None and here >= line.earliest:
        if rules.works(here):
            return here
        here -= dt.timedelta(days=1)
    return start


# ---- dates -----------------------------------------------------------------------------------------------------------
def day(value: t.Any) -> dt.date:
    """Return a day, as either database keeps it."""
    return value if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else dt.date.fromisoformat(str(value)[:10])


def moment(value: t.Any) -> dt.datetime:
    """Return a moment in UTC, as either database keeps it."""
    found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    return found.astimezone(dt.UTC) if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def later(start: dt.date, offset: str) -> dt.date:
    """Return the day so many calendar months, then days, after another one: ``"1y 6mo"``, ``"-2w"``."""
    sign = -1 if offset.strip().startswith("-") else 1
    months = days = 0
    for amount, unit in UNIT.findall(offset):
        months += int(amount) * {"y": 12, "mo": 1}.get(unit, 0)
        days += int(amount) * {"w": 7, "d": 1}.get(unit, 0)
    month = start.year * 12 + start.month - 1 + sign * months
    year, number = divmod(month, 12)
    last = calendar.monthrange(year, number + 1)[1]
    return dt.date(year, number + 1, min(start.day, last)) + dt.timedelta(days=sign * days)


def birthday(born: dt.date, age: int) -> dt.date:
    """Return the day somebody turns so old."""
    return later(born, f"{age}y")


__all__ = ["Line", "Rules", "birthday", "day", "later", "moment", "worked_out", "working_day"]
