"""Sums by month, and how many cases there were: from the sums of days and the rows of work, in step with them."""

from __future__ import annotations

import datetime as dt
import math
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crmkit import Uow

from .tables import days, months, served, served_months, work

Place = tuple[t.Any, ...]
_d, _w, _m, _s = days.c, work.c, months.c, served.c
_GROUP = (_d.worker_id, _d.step_id, _d.kind, _d.team_id, _d.point_id)
_N = sa.cast(_d.n, sa.Float)
MONTH = {
    "days": sa.func.count(), "n": sa.func.sum(_d.n), "fast": sa.func.sum(_d.fast), "slow": sa.func.sum(_d.slow), "took": sa.func.sum(_d.took),
    "lost": sa.func.sum(_d.lost), "logs": sa.func.sum(_d.logs), "log_squares": sa.func.sum(_d.log_squares),
    "ns_squared": sa.func.sum(_N * _N), "ns_logs": sa.func.sum(_N * _d.logs), "logs_squared": sa.func.sum(_d.logs * _d.logs),
}  # fmt: skip
"""What the sums of a month are of those of its days. The last three tell how days differ from each other."""
_PLACE = (_w.log_id, _w.day, _w.worker_id, _w.kind, sa.func.coalesce(_w.team_id, 0), sa.func.coalesce(_w.point_id, 0))


def first_of(day: dt.date) -> dt.date:
    """Return the first day of its month."""
    return day.replace(day=1)


def last_of(day: dt.date) -> dt.date:
    """Return the last day of its month."""
    return first_of(first_of(day) + dt.timedelta(31)) - dt.timedelta(1)


def within(table: sa.Table, log: int, since: dt.date | None, until: dt.date | None, by: str = "day") -> list[sa.ColumnElement[bool]]:
    """Return the condition of the rows of a log within some days, both included."""
    day = table.c[by]
    return [table.c.log_id == log, *([day >= since] if since is not None else []), *([day <= until] if until is not None else [])]


def same(a: t.Any, b: t.Any) -> bool:
    """Tell whether two sums are the same; decimals may differ by the order they were added in."""
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if isinstance(a, float) or isinstance(b, float) else bool(a == b)


def follow(uow: Uow, keys: Iterable[tuple[int, dt.date, int, int, str, int, int]]) -> None:
    """Bring months and cases in step with the sums of some days that have changed."""
    steps: dict[tuple[int, dt.date, int], set[int]] = {}
    of_workers: set[tuple[int, dt.date, int]] = set()
    for log, day, worker, step, *_more in keys:
        steps.setdefault((log, first_of(day), worker), set()).add(step)
        of_workers.add((log, day, worker))
    for (log, month, worker), some in sorted(steps.items()):
        one, few = (_d.worker_id == worker, _d.step_id.in_(sorted(some))), (_m.worker_id == worker, _m.step_id.in_(sorted(some)))
        _month(uow, log, month, one, few)
    for log, day, worker in sorted(of_workers):
        _served(uow, log, day, day, worker)
    for log, month, worker in sorted(steps):
        _served_month(uow, log, month, worker)


def over_again(uow: Uow, log: int = 0, since: dt.date | None = None, until: dt.date | None = None) -> None:
    """Make the sums by month and the counts of cases anew: of the months some days lie in."""
    first, last = (first_of(since) if since else None), (last_of(until) if until else None)
    there = {first_of(row[0]) for row in uow.connection.execute(sa.select(_d.day).where(*within(days, log, first, last)).distinct())}
    uow.connection.execute(months.delete().where(*within(months, log, first, last, "month")))
    uow.connection.execute(served.delete().where(*within(served, log, first, last)))
    uow.connection.execute(served_months.delete().where(*within(served_months, log, first, last, "month")))
    for month in sorted(there):
        _month(uow, log, month)
        _served(uow, log, month, last_of(month))
        _served_month(uow, log, month)


def _month(uow: Uow, log: int, month: dt.date, of: Sequence[t.Any] = (), gone: Sequence[t.Any] = ()) -> None:
    uow.connection.execute(months.delete().where(_m.log_id == log, _m.month == month, *gone))
    made = sa.select(sa.literal(log), sa.literal(month, sa.Date), *_GROUP, *MONTH.values())
    made = made.where(_d.log_id == log, _d.day.between(month, last_of(month)), *of).group_by(*_GROUP)
    names = ["log_id", "month", *(c.name for c in _GROUP), *MONTH]
    uow.connection.execute(months.insert().from_select(names, made, include_defaults=False))


def _served(uow: Uow, log: int, since: dt.date, until: dt.date, worker: int | None = None) -> None:
    """Count the cases of some days anew."""
    gone = served.delete().where(_s.log_id == log, _s.day.between(since, until))
    made = sa.select(*_PLACE, sa.func.count(_w.case_id.distinct()), sa.func.sum(_w.took)).group_by(*_PLACE)
    made = made.where(_w.log_id == log, _w.day.between(since, until))
    if worker is not None:
        gone, made = gone.where(_s.worker_id == worker), made.where(_w.worker_id == worker)
    uow.connection.execute(gone)
    uow.connection.execute(served.insert().from_select([c.name for c in _s], made, include_defaults=False))


_BIT = sa.literal(1).bitwise_lshift(sa.cast(sa.extract("day", _s.day), sa.Integer) - 1)
_MASKED = (_s.worker_id, _s.kind, _s.team_id, _s.point_id)


def _served_month(uow: Uow, log: int, month: dt.date, worker: int | None = None) -> None:
    """Count the cases of a month anew, from those of its days: each day is there once."""
    gone = served_months.delete().where(served_months.c.log_id == log, served_months.c.month == month)
    made = sa.select(sa.literal(log), sa.literal(month, sa.Date), *_MASKED, sa.func.sum(_s.cases), sa.func.sum(_s.took), sa.func.sum(_BIT))
    made = made.where(_s.log_id == log, _s.day.between(month, last_of(month))).group_by(*_MASKED)
    if worker is not None:
        gone, made = gone.where(served_months.c.worker_id == worker), made.where(_s.worker_id == worker)
    uow.connection.execute(gone)
    uow.connection.execute(served_months.insert().from_select([c.name for c in served_months.c], made, include_defaults=False))


# ---- is it so? -----------------------------------------------------------------------------------------------------
def unlike(uow: Uow, log: int, since: dt.date | None, until: dt.date | None) -> list[tuple[Place, str]]:
    """Return the months and the counts of cases that are not what days and work say."""
    return _in_months(uow, log, since, until) + _in_cases(uow, log, since, until) + _in_case_months(uow, log, since, until)


def _in_months(uow: Uow, log: int, since: dt.date | None, until: dt.date | None) -> list[tuple[Place, str]]:
    first, last = (first_of(since) if since else None), (last_of(until) if until else None)
    stored = sa.select(*months.primary_key.columns, *(_m[name] for name in MONTH)).where(*within(months, log, first, last, "month"))
    kept = {tuple(row[:7]): tuple(row[7:]) for row in uow.connection.execute(stored)}
    made: dict[Place, list[float]] = {}
    singles = (sa.literal(1), _d.n, _d.fast, _d.slow, _d.took, _d.lost, _d.logs, _d.log_squares)
    for row in uow.connection.execute(sa.select(_d.log_id, _d.day, *_GROUP, *singles).where(*within(days, log, first, last))):
        key, n, logs = (row[0], first_of(row[1]), *row[2:7]), row[8], row[13]
        values = made.setdefault(key, [0] * len(MONTH))
        for place, value in enumerate((*row[7:], n * n, n * logs, logs * logs)):
            values[place] += value
    return _compared(kept, made, "of the month")


def _in_cases(uow: Uow, log: int, since: dt.date | None, until: dt.date | None) -> list[tuple[Place, str]]:
    stored = sa.select(*served.primary_key.columns, _s.cases, _s.took).where(*within(served, log, since, until))
    kept = {tuple(row[:6]): tuple(row[6:]) for row in uow.connection.execute(stored)}
    cases: dict[Place, set[int]] = {}
    took: dict[Place, int] = {}
    for row in uow.connection.execute(sa.select(*_PLACE, _w.case_id, _w.took).where(*within(work, log, since, until))):
        key = tuple(row[:6])
        cases.setdefault(key, set()).add(row[6])
        took[key] = took.get(key, 0) + row[7]
    return _compared(kept, {key: (len(found), took[key]) for key, found in cases.items()}, "of its cases")


def _in_case_months(uow: Uow, log: int, since: dt.date | None, until: dt.date | None) -> list[tuple[Place, str]]:
    first, last = (first_of(since) if since else None), (last_of(until) if until else None)
    m = served_months.c
    stored = sa.select(*served_months.primary_key.columns, m.cases, m.took, m.mask).where(*within(served_months, log, first, last, "month"))
    kept = {tuple(row[:6]): tuple(row[6:]) for row in uow.connection.execute(stored)}
    made: dict[Place, list[int]] = {}
    for row in uow.connection.execute(sa.select(_s.log_id, _s.day, *_MASKED, _s.cases, _s.took).where(*within(served, log, first, last))):
        values = made.setdefault((row[0], first_of(row[1]), *row[2:6]), [0, 0, 0])
        values[0], values[1], values[2] = values[0] + row[6], values[1] + row[7], values[2] | 1 << (row[1].day - 1)
    return _compared(kept, made, "of the cases of a month")


def _compared(kept: Mapping[Place, Sequence[t.Any]], made: Mapping[Place, Sequence[t.Any]], what: str) -> list[tuple[Place, str]]:
    wrong = [key for key, values in made.items() if key not in kept or not all(map(same, values, kept[key]))]
    return [(key, f"sums {what}") for key in (*wrong, *(key for key in kept if key not in made))]


__all__ = ["MONTH", "first_of", "follow", "last_of", "over_again", "same", "unlike", "within"]
