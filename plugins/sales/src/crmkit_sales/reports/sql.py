"""SQL that means the same on SQLite and PostgreSQL: microseconds, months, money in its smallest unit, exact percentiles."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from .ask import Month, Period

MICRO = 1_000_000
QUANTILES = {"median": 0.5, "p75": 0.75, "p90": 0.9}


def postgres(uow: Uow) -> bool:
    """True on PostgreSQL."""
    return uow.connection.dialect.name == "postgresql"


def history(uow: Uow) -> sa.Table:
    """Return the table of past stays in stages."""
    return next(table for table in uow.crm.kernel_tables if table.name == "crm_stage_history")


def micros(uow: Uow, moment: t.Any) -> t.Any:
    """Return a moment as whole microseconds since 1970."""
    if postgres(uow):
        return sa.cast(sa.extract("epoch", moment) * MICRO, sa.BigInteger)
    text = sa.type_coerce(moment, sa.String)  # 2026-01-12 09:00:00.000000; SQLite's own clock has milliseconds only
    seconds = sa.cast(sa.func.strftime("%s", sa.func.substr(text, 1, 19)), sa.BigInteger)
    return seconds * MICRO + sa.cast(sa.func.substr(text, 21, 6), sa.BigInteger)


def at(moment: dt.datetime) -> int:
    """Return the same of a moment in Python."""
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def month_of(column: t.Any, period: Period, months: Sequence[Month]) -> t.Any:
    """Return the name of the month a moment or a date falls into; NULL for none of them, or for nothing."""
    day = isinstance(column.type, sa.Date)
    bounds = [(m.name, m.after if day else period.moment(m.after)) for m in months]
    first = months[0].first if day else period.moment(months[0].first)
    names = [(column < after, sa.literal(name)) for name, after in bounds]
    return sa.case((column.is_(None), sa.null()), (column < first, sa.null()), *names, else_=sa.null())


def number_of(column: t.Any, period: Period, months: Sequence[Month]) -> t.Any:
    """Return which of the months a moment falls into, from 0; NULL for nothing."""
    bounds = [(column < period.moment(m.after), n) for n, m in enumerate(months)]
    return sa.case((column.is_(None), sa.null()), (column < period.moment(months[0].first), sa.null()), *bounds, else_=sa.null())


def scale_of(column: t.Any) -> int:
    """Return how many digits after the point a decimal column keeps."""
    return int(getattr(column.type, "scale", 0) or 0)


def units(uow: Uow, column: t.Any) -> t.Any:
    """Return a decimal column in its smallest unit, a whole number: sums of such are exact on both databases."""
    if postgres(uow):
        return sa.cast(column * 10 ** scale_of(column), sa.BigInteger)
    return sa.type_coerce(column, sa.BigInteger)


def ones(condition: t.Any) -> t.Any:
    """Return how many rows of a group satisfy a condition."""
    return sa.func.count(sa.case((condition, 1)))


def total(condition: t.Any, value: t.Any) -> t.Any:
    """Return the sum of a value over the rows of a group that satisfy a condition; 0 for none."""
    return sa.func.coalesce(sa.func.sum(sa.case((condition, value), else_=0)), 0)


@attrs.frozen
class Spread:
    """How durations are spread: how many, their mean, median, 75th and 90th percentiles (interpolated, as percentile_cont does)."""

    count: int
    records: int
    mean: dt.timedelta
    median: dt.timedelta
    p75: dt.timedelta
    p90: dt.timedelta


def spread(uow: Uow, rows: t.Any, keys: Sequence[str]) -> dict[tuple[t.Any, ...], Spread]:
    """Return the spread of ``rows.value`` (microseconds) within each group of `keys`; `rows` is a select with `id` as well.

    One statement: percentile_cont on PostgreSQL; on SQLite, which has none, the two neighbours by rank and the same arithmetic.
    """
    inner = rows.subquery()
    if postgres(uow):
        value = sa.cast(inner.c.value, sa.Double)
        source, quantiles = inner, [sa.func.percentile_cont(sa.literal(p, sa.Double)).within_group(value) for p in QUANTILES.values()]
    else:
        group = [inner.c[k] for k in keys]
        rank = sa.func.row_number().over(partition_by=group or None, order_by=inner.c.value) - 1
        size = sa.func.count().over(partition_by=group or None)
        source = sa.select(inner, rank.label("rank"), size.label("size")).where(inner.c.value.is_not(None)).subquery()
        quantiles = [_between(source, p) for p in QUANTILES.values()]
    by, value = [source.c[k] for k in keys], source.c.value
    second = sa.literal_column(str(MICRO), sa.Integer)
    whole, rest = sa.func.sum(value // second), sa.func.sum(value % second)  # a sum of microseconds might not fit
    statement = sa.select(*by, sa.func.count(value), sa.func.count(source.c.id.distinct()), whole, rest, *quantiles)
    statement = statement.where(value.is_not(None)).group_by(*by)
    return {tuple(row[: len(keys)]): _read(*row[len(keys) :]) for row in uow.connection.execute(statement) if row[len(keys)]}


def _between(source: t.Any, p: float) -> t.Any:
    place = sa.literal_column(repr(p), sa.Double) * (sa.func.max(source.c.size) - 1)
    exact = sa.literal_column(repr(p), sa.Double) * (source.c.size - 1)
    low = sa.cast(exact, sa.Integer)  # towards zero, and never below it
    lower = sa.func.max(sa.case((source.c["rank"] == low, sa.cast(source.c.value, sa.Double))))
    upper = sa.func.max(sa.case((source.c["rank"] == sa.func.min(low + 1, source.c.size - 1), sa.cast(source.c.value, sa.Double))))
    return lower + (place - sa.cast(place, sa.Integer)) * (upper - lower)


def _read(count: int, records: int, whole: t.Any, rest: t.Any, *quantiles: float) -> Spread:
    mean = (int(whole) * MICRO + int(rest)) / count
    return Spread(count, records, _span(mean), *[_span(q) for q in quantiles])


def _span(value: float) -> dt.timedelta:
    return dt.timedelta(microseconds=round(value))
