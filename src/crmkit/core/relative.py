"""Working out relative values: ``-7d``, ``today``, ``this_month``, ``me``."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from .filter import Context, Leaf, Relative
from .kind import Path

STEP = re.compile(r"([+-])(\d+)(min|h|d|w|mo|y)")  # the kernel itself may look back further than `RELATIVE` lets others ask
DAYS = {"d": 1, "w": 7}
UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def leaf_values(leaf: Leaf, context: Context) -> tuple[t.Any, ...]:
    """Return the values a comparison needs when it runs: none, one, or the two ends of a period."""
    if leaf.operator == "empty" or isinstance(leaf.value, Path):
        return ()
    kind = leaf.path.field.type
    if leaf.operator == "within":
        return period(leaf.value, context, kind)
    value = resolve(leaf.value, context, kind) if isinstance(leaf.value, Relative) else leaf.value
    if leaf.operator == "below" and leaf.path.field.to is None:  # a tree of records is walked in SQL
        return (context.below(tuple(value)),)
    return (value,)


def resolve(value: Relative, context: Context, kind: type) -> t.Any:
    """Return what a relative word stands for now."""
    word = value.word
    if word == "me":
        return context.actor_id if context.actor_id is not None else -1  # nobody: matches no owner
    if word == "mine":
        return (() if context.actor_id is None else (context.actor_id,)) + context.acts_for
    if word == "my_teams":
        return context.teams
    if word == "my_teams_and_below":
        return context.below(context.teams)
    if word == "now":
        moment = context.now
    elif word == "today":
        return _start(context.now.astimezone(context.zone).date(), context, kind)
    else:
        moment = _shift(word, context, kind)
    return moment.astimezone(context.zone).date() if kind is dt.date else moment


def _shift(word: str, context: Context, kind: type) -> dt.datetime:
    match = STEP.fullmatch(word)
    assert match is not None, word
    sign, amount, unit = match.groups()
    number = int(amount) * (1 if sign == "+" else -1)
    try:
        if kind is dt.date and unit in DAYS:  # by the calendar: a day on which the clocks change is a day too
            day = context.now.astimezone(context.zone).date() + dt.timedelta(DAYS[unit] * number)
            return t.cast(dt.datetime, _start(day, context, dt.datetime))
        if unit in UNITS:
            return context.now + dt.timedelta(**{UNITS[unit]: number})
        months = number * (12 if unit == "y" else 1)
        local = context.now.astimezone(context.zone)
        return local.replace(**_month(local.year, local.month + months, local.day)).astimezone(dt.UTC)
    except (OverflowError, ValueError):
        return dt.datetime(9999 if number > 0 else 1, 1, 2, tzinfo=dt.UTC)


def _month(year: int, month: int, day: int) -> dict[str, t.Any]:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return {"year": year, "month": month, "day": min(day, last)}


def period(name: str, context: Context, kind: type) -> tuple[t.Any, t.Any]:
    """Return a named period as a half-open range in the CRM's time zone: start included, end not."""
    today = context.now.astimezone(context.zone).date()
    first, after = _days(name, today)
    return _start(first, context, kind), _start(after, context, kind)


def _days(name: str, today: dt.date) -> tuple[dt.date, dt.date]:
    day = dt.timedelta(days=1)
    if name.endswith("_days"):
        return today - day * (int(name.split("_")[1]) - 1), today + day
    offset = {"last": -1, "yesterday": -1, "next": 1, "tomorrow": 1}.get(name.split("_")[0], 0)
    if name in ("today", "yesterday", "tomorrow"):
        return today + day * offset, today + day * (offset + 1)
    unit = name.split("_")[1]
    if unit == "week":
        monday = today - day * today.weekday() + day * 7 * offset
        return monday, monday + day * 7
    if unit == "month":
        first = dt.date(**_month(today.year, today.month + offset, 1))
        return first, dt.date(**_month(first.year, first.month + 1, 1))
    if unit == "quarter":
        first = dt.date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
        return first, dt.date(**_month(first.year, first.month + 3, 1))
    return dt.date(today.year + offset, 1, 1), dt.date(today.year + offset + 1, 1, 1)


def _start(day: dt.date, context: Context, kind: type) -> t.Any:
    return day if kind is dt.date else dt.datetime.combine(day, dt.time(), context.zone).astimezone(dt.UTC)
