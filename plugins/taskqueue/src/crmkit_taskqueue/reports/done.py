# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""What was done: closed tasks, how long they took, time lost between them, exits and silent browsers."""

from __future__ import annotations

import collections
import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

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
    found = _counted(uow, keys, where)
    managers = _managers(uow, keys, where)
    known = names(uow, ask.by, list(found))
    rows = [
        WorkRow(
            by=keys_of(ask, days, key, known), opened=sum(tally.ended.values()), closed=tally.ended["done"], average=tally.average,
            median=tally.median, lost=dt.timedelta(seconds=tally.lost), left=tally.ended["exit"], expired=tally.ended["expired"],
            returned=tally.ended["returned"] + tally.ended["taken"], managers=managers.get(key, 0),
            drill=drill(ask, days, key) if tally.ended["done"] else {},
        )
        for key, tally in found.items()
    ]  # fmt: skip
    rows.sort(key=lambda row: tuple((k.value is None, k.value if k.name in ORDERED else str(k.label).casefold()) for k in row.by))
    return Report(name="work", of=WorkRow, since=days.since, until=days.until, as_of=uow.now, split_by=ask.by, rows=rows)


@attrs.define
class Tally:
    """The turns of one row: how they ended, and how many of the closed ones took how many seconds."""

    ended: collections.Counter[str | None] = attrs.field(factory=collections.Counter)
    took: collections.Counter[int] = attrs.field(factory=collections.Counter)
    lost: int = 0

    @property
    def average(self) -> dt.timedelta | None:
        """The mean time of a closed task."""
        count = self.took.total()
        return dt.timedelta(seconds=round(sum(s * n for s, n in self.took.items()) / count)) if count else None

    @property
    def median(self) -> dt.timedelta | None:
        """The time half of the closed tasks take no longer than; between the two in the middle where there are two."""
        count = self.took.total()
        if not count:
            return None
        middle: list[int] = []
        seen = 0
        for seconds, number in sorted(self.took.items()):
            seen += number
            middle += [seconds] * ((seen > (count - 1) // 2) + (seen > count // 2) - len(middle))
            if len(middle) == 2:
                break
        return dt.timedelta(seconds=sum(middle) / 2)


def _counted(uow: Uow, keys: Sequence[t.Any], where: Sequence[t.Any]) -> dict[tuple[t.Any, ...], Tally]:
    """Count turns by how they ended and by the seconds they took, in one pass: times repeat, so that few rows come back from many."""
    c = turns.c
    took = sa.case((c.ended == "done", _seconds(uow)), else_=None)
    by = (*keys, c.ended, took)
    rows = uow.connection.execute(sa.select(*by, sa.func.count(), sa.func.sum(c.waited)).where(*where).group_by(*by))
    found: dict[tuple[t.Any, ...], Tally] = {}
    width = len(keys)
    for row in rows:
        ended, seconds, count, waited = row[width:]
        tally = found.setdefault(tuple(row[:width]), Tally())
        tally.ended[ended] += count
        tally.lost += int(waited or 0)
        if seconds is not None:
            tally.took[max(0, int(seconds))] += count
    return found


def _seconds(uow: Uow) -> t.Any:
    """Return how many whole seconds a turn took."""
    c = turns.c
    if uow.connection.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", c.ended_at - c.opened_at), sa.Integer)
    days = sa.func.julianday(sa.type_coerce(c.ended_at, sa.String)) - sa.func.julianday(sa.type_coerce(c.opened_at, sa.String))
    return sa.cast(sa.func.round(days * 86400), sa.Integer)


def _managers(uow: Uow, keys: Sequence[t.Any], where: Sequence[t.Any]) -> dict[tuple[t.Any, ...], int]:
    """Return how many managers are behind each row."""
    each = sa.select(*keys, turns.c.user_id).where(*where).distinct().subquery()
    by = [each.c[key.name] for key in keys]
    return {tuple(row[:-1]): row[-1] for row in uow.connection.execute(sa.select(*by, sa.func.count()).group_by(*by)) if row[-1]}


def per_day(uow: Uow, ask: Ask) -> tuple[float | None, dt.timedelta | None]:
    """Return how many tasks a manager closes in a day of work, and how much time is lost in it."""
    uow.require(REPORTS)
    days, c = days_of(uow, ask), turns.c
    done = sa.func.count(sa.case((c.ended == "done", 1)))
    each = sa.select(done.label("closed"), sa.func.sum(c.waited).label("lost")).where(*conditions(uow, ask, days))
    each_one = each.group_by(key_of("day", days), c.user_id).subquery()
    count, closed, lost = uow.connection.execute(sa.select(sa.func.count(), sa.func.sum(each_one.c.closed), sa.func.sum(each_one.c.lost))).one()
    return (float(closed) / count, dt.timedelta(seconds=int(lost or 0)) / count) if count else (None, None)


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
