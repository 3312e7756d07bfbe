# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""What was done: closed tasks, how long they took, time lost between them, exits and silent browsers."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow, _
from crmkit_sales.reports.sql import micros, ones, spread

from .. import labels
from ..people import names_of
from ..reach import reach_of
from ..roles import REPORTS
from ..tables import turns
from .asked import Ask, Days, check_splits, days_of
from .table import Key, Report, Row, figure

BY = ("day", "hour", "manager", "team", "kind", "class", "outcome", "reason")
ORDERED = ("day", "hour", "class")
NOBODY = _("Not said", ru="Не указано")


@attrs.frozen(kw_only=True)
class WorkRow(Row):
    """Turns of tasks: a turn is one opening of a task at somebody, and belongs to the day on which it was opened.

    `lost` is the time managers had nothing open before these turns; breaks are not in it. `returned` came back into the queue
    because work ended or a supervisor took them; `expired` because a browser fell silent.
    """

    opened: int = figure(_("Opened", ru="Открыто"))
    closed: int = figure(_("Closed", ru="Закрыто"))
    average: dt.timedelta | None = figure(_("Average time", ru="Среднее время"), None)
    median: dt.timedelta | None = figure(_("Median time", ru="Медиана времени"), None)
    lost: dt.timedelta = figure(_("Lost time", ru="Потерянное время"), dt.timedelta())
    left: int = figure(_("Could not be done", ru="Не смогли выполнить"))
    expired: int = figure(_("Browser fell silent", ru="Браузер замолчал"))
    returned: int = figure(_("Returned", ru="Возвращено"))
    managers: int = figure(_("Managers", ru="Менеджеров"))


def work(uow: Uow, ask: Ask | None = None) -> Report[WorkRow]:
    """Return what was done in some days by those in the actor's reach, split as asked."""
    uow.require(REPORTS)
    ask = ask or Ask()
    days = days_of(uow, ask)
    check_splits(ask, days, BY)
    where = conditions(uow, ask, days)
    keys = [key_of(name, days).label(f"k_{name}") for name in ask.by]
    c = turns.c
    counted = (
        sa.func.count(), ones(c.ended == "done"), sa.func.coalesce(sa.func.sum(c.waited), 0), ones(c.ended == "exit"), ones(c.ended == "expired"),
        ones(c.ended.in_(["returned", "taken"])), sa.func.count(c.user_id.distinct()),
    )  # fmt: skip
    found = uow.connection.execute(sa.select(*keys, *counted).where(*where).group_by(*keys)).all()
    value = (micros(uow, c.ended_at) - micros(uow, c.opened_at)).label("value")
    took = spread(uow, sa.select(*keys, c.id, value).where(*where, c.ended == "done"), [key.name for key in keys])
    width = len(keys)
    known = names(uow, ask.by, [tuple(row[:width]) for row in found])
    rows = []
    for row in found:
        key, (opened, closed, lost, left, expired, returned, managers) = tuple(row[:width]), row[width:]
        time = took.get(key)
        rows.append(WorkRow(
            by=keys_of(ask, days, key, known), opened=opened, closed=closed,
            average=time.mean if time else None, median=time.median if time else None, lost=dt.timedelta(seconds=int(lost)), left=left,
            expired=expired, returned=returned, managers=managers, drill=drill(ask, days, key) if closed else {},
        ))  # fmt: skip
    if not keys and rows and not rows[0].opened:
        rows = []
    rows.sort(key=lambda row: tuple((k.value is None, k.value if k.name in ORDERED else str(k.label).casefold()) for k in row.by))
    return Report(name="work", of=WorkRow, since=days.since, until=days.until, as_of=uow.now, split_by=ask.by, rows=rows)


def conditions(uow: Uow, ask: Ask, days: Days) -> list[t.Any]:
    """Return the condition of the turns that count."""
    c = turns.c
    where: list[t.Any] = [c.opened_at >= days.start, c.opened_at < days.end, reach_of(uow, REPORTS).where(c.user_id, c.team_id)]
    where += [c.team_id == ask.team] if ask.team is not None else []
    where += [c.user_id == ask.manager] if ask.manager is not None else []
    return where + ([c.kind == ask.kind] if ask.kind is not None else [])


def key_of(name: str, days: Days) -> t.Any:
    """Return the column turns are split by."""
    c = turns.c
    if name == "day":
        return sa.case(*[(c.opened_at < end, sa.literal(n)) for n, (_day, end) in enumerate(days.bounds)], else_=sa.null())
    if name == "hour":
        hours = int((days.end - days.start) / dt.timedelta(hours=1))
        return sa.case(*[(c.opened_at < days.start + dt.timedelta(hours=n + 1), sa.literal(n)) for n in range(hours)], else_=sa.null())
    if name == "outcome":
        return sa.case((c.ended == "done", c.outcome), else_=None)
    if name == "reason":
        return sa.case((c.ended == "exit", c.outcome), else_=None)
    return {"manager": c.user_id, "team": c.team_id, "kind": c.kind, "class": c.priority}[name]


def names(uow: Uow, by: Sequence[str], keys: Sequence[tuple[t.Any, ...]]) -> t.Callable[[str, t.Any], t.Any]:
    """Return what names the values of splits: people and teams are asked for once."""
    people: dict[str, Mapping[int, str]] = {}
    for of, name in (("person", "manager"), ("team", "team")):
        if name in by:
            people[name] = names_of(uow, of, {key[by.index(name)] for key in keys})

    def named(name: str, value: t.Any) -> t.Any:
        if value is None:
            return NOBODY
        if name in people:
            return people[name].get(value, f"№ {value}")
        if name == "kind":
            return labels.kind_of(uow.crm, value)
        if name in ("outcome", "reason"):
            return labels.outcome_of(uow.crm, None, value)
        if name == "hour":
            return f"{value:02}:00"
        return str(value)

    return named


def drill(ask: Ask, days: Days, key: tuple[t.Any, ...]) -> dict[str, t.Any]:
    """Return the filter of the list of tasks a row's closed ones are."""
    tree: dict[str, t.Any] = {"state": "done", "opened_at": days.within()}
    given = {"manager": ask.manager, "kind": ask.kind, "team": ask.team} | dict(zip(ask.by, key, strict=True))
    if given.get("reason") is not None or given.get("team") is not None or "hour" in given:
        return {}  # a task knows neither the team of whoever did it nor the hour; what was left is in no list of closed ones
    fields = {"manager": "opened_by", "kind": "kind", "outcome": "outcome", "class": "priority"}
    tree |= {field: given[name] for name, field in fields.items() if given.get(name) is not None}
    if given.get("day") is not None:
        day, end = days.bounds[given["day"]]
        begin = days.start if given["day"] == 0 else days.bounds[given["day"] - 1][1]
        tree["opened_at"] = Days(since=day, until=day, start=begin, end=end, bounds=()).within()
    return {"closed": tree}


def keys_of(ask: Ask, days: Days, key: tuple[t.Any, ...], named: t.Callable[[str, t.Any], t.Any]) -> tuple[Key, ...]:
    """Return what a row is about, with its names."""
    values = [days.bounds[value][0] if name == "day" and value is not None else value for name, value in zip(ask.by, key, strict=True)]
    return tuple(Key(name, value, named(name, value)) for name, value in zip(ask.by, values, strict=True))
