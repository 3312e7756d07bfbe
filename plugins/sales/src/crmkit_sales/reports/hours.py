"""Working time in SQL: how much of the time between two moments fell into working hours, exactly, on both databases."""

from __future__ import annotations

import datetime as dt
import json
import typing as t
from collections.abc import Callable, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from ..settings import SalesSettings
from .sql import MICRO, at, postgres

DAY = 86_400 * MICRO
Shift = tuple[dt.datetime, dt.datetime]


@attrs.frozen
class Hours:
    """Working hours: `shifts` says from when till when work goes on, on a day of the CRM's calendar."""

    shifts: Callable[[dt.date], Sequence[Shift]]


def office(uow: Uow) -> Hours:
    """Return the working hours of the CRM: those of ``[sales]``, without public holidays and days off, in the CRM's time zone."""
    calendar, zone = uow.crm[SalesSettings].calendar, uow.crm.zone

    def moment(day: dt.date, minutes: int) -> dt.datetime:
        return dt.datetime.combine(day + dt.timedelta(days=minutes // 1440), dt.time(minutes % 1440 // 60, minutes % 60), zone).astimezone(dt.UTC)

    return Hours(lambda day: [(moment(day, begin), moment(day, end)) for begin, end in calendar.of(day)])


def worked(uow: Uow, rows: t.Any, by: Sequence[str], hours: Hours) -> t.Any:
    """Return a select of `by`, `id` and `value`: the working microseconds between the columns `began` and `ended` of `rows`.

    The calendar goes into the statement as one parameter: for each day of UTC the work done before it, and the shifts in it.
    What was worked until a moment is then one look-up and a few comparisons, however long the time in between.
    """
    inner = rows.cte("lasting").prefix_with("MATERIALIZED")
    bounds = sa.select(sa.func.min(sa.func.coalesce(inner.c.began, inner.c.ended)), sa.func.max(sa.func.coalesce(inner.c.ended, inner.c.began)),
        sa.func.min(inner.c.ended), sa.func.max(inner.c.began))
    found = [int(v) for v in uow.connection.execute(bounds).one() if v is not None] or [at(uow.now)]
    calendar, width = _calendar(uow, hours, min(found), max(found))
    start, end = calendar.alias("starts"), calendar.alias("ends")
    day = sa.literal_column(str(DAY), sa.BigInteger)
    # Outer joins, although every day is there: SQLite would else sometimes begin with the calendar, and go through all stays for each day.
    source = inner.outerjoin(start, start.c.day == inner.c.began // day).outerjoin(end, end.c.day == inner.c.ended // day)
    value = _until(end, inner.c.ended % day, width) - _until(start, inner.c.began % day, width)
    return sa.select(*[inner.c[name] for name in (*by, "id")], value.label("value")).select_from(source)


def _calendar(uow: Uow, hours: Hours, first: int, last: int) -> tuple[t.Any, int]:
    """Return the calendar as a table: day, work before it, and so many pairs of from and till within it."""
    days = _days(hours, first, last)
    width = max(len(shifts) for _day, _before, shifts in days)
    flat = [[day, before, *[edge for shift in [*shifts, *[(0, 0)] * (width - len(shifts))] for edge in shift]] for day, before, shifts in days]
    given = sa.bindparam("calendar", json.dumps(flat), type_=sa.String(), unique=True)
    names = ["day", "before", *(f"{edge}{n}" for n in range(width) for edge in ("from", "till"))]
    if postgres(uow):
        each = sa.func.json_array_elements(sa.cast(given, sa.JSON(none_as_null=True))).table_valued("value", name="each_day")
        columns = [sa.cast(each.c.value.op("->>")(sa.literal_column(str(n))), sa.BigInteger).label(name) for n, name in enumerate(names)]
    else:
        each = sa.func.json_each(given).table_valued("value", name="each_day")
        columns = [sa.func.json_extract(each.c.value, f"$[{n}]", type_=sa.BigInteger).label(name) for n, name in enumerate(names)]
    return sa.select(*columns).select_from(each).cte("calendar").prefix_with("MATERIALIZED"), width


def _until(day: t.Any, time: t.Any, width: int) -> t.Any:
    """Return what was worked until a time of a day."""
    value = day.c.before
    for n in range(width):
        begins, ends = day.c[f"from{n}"], day.c[f"till{n}"]
        value = value + sa.case((time <= begins, 0), (time >= ends, ends - begins), else_=time - begins)
    return value


def _days(hours: Hours, first: int, last: int) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """Return for each day of UTC its number, the work before it and its shifts, in microseconds from its beginning."""
    begin, end = first // DAY, last // DAY
    shifts: dict[int, list[tuple[int, int]]] = {}
    local = dt.date(1970, 1, 1) + dt.timedelta(days=begin - 1)
    while local <= dt.date(1970, 1, 1) + dt.timedelta(days=end + 1):
        for opens, closes in hours.shifts(local):
            _cut(shifts, at(opens), at(closes))
        local += dt.timedelta(days=1)
    found, before = [], 0
    for day in range(begin, end + 1):
        own = sorted(shifts.get(day, []))
        found.append((day, before, own))
        before += sum(till - since for since, till in own)
    return found


def _cut(shifts: dict[int, list[tuple[int, int]]], opens: int, closes: int) -> None:
    """Divide a shift among the days of UTC it falls into."""
    while opens < closes:
        day = opens // DAY
        till = min(closes, (day + 1) * DAY)
        shifts.setdefault(day, []).append((opens - day * DAY, till - day * DAY))
        opens = till
