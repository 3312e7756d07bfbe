# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""Breaks: how many, how long, for what reasons."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

from .. import labels
from ..entities import Pause, WorkSession
from ..people import names_of
from ..reach import reach_of
from ..roles import REPORTS
from .asked import Ask, check_splits, days_of
from .sql import seconds
from .table import Key, Report, Row, figure

BY = ("day", "manager", "team", "reason")


@attrs.frozen(kw_only=True)
class BreakRow(Row):
    """Breaks that began in these days; one that still lasts counts until now."""

    breaks: int = figure(_("Breaks", ru="Перерывов"))
    time: dt.timedelta = figure(_("Time on breaks", ru="Время перерывов"), dt.timedelta())
    managers: int = figure(_("Managers", ru="Менеджеров"))


def breaks(uow: Uow, ask: Ask | None = None) -> Report[BreakRow]:
    """Return the breaks of those in the actor's reach, split as asked."""
    uow.require(REPORTS)
    ask = ask or Ask()
    days = days_of(uow, ask)
    check_splits(ask, days, BY)
    p, s = Pause.__table__.c, WorkSession.__table__.c
    columns: dict[str, t.Any] = {
        "day": sa.case(*[(p.started_at < end, sa.literal(n)) for n, (_day, end) in enumerate(days.bounds)], else_=sa.null()),
        "manager": s.owner_id, "team": s.team_id, "reason": p.reason,
    }  # fmt: skip
    where = [p.started_at >= days.start, p.started_at < days.end, p.archived_at.is_(None), reach_of(uow, REPORTS).where(s.owner_id, s.team_id)]
    # A session lasts no longer than two days: those that began before cannot have a break in these.
    where += [s.started_at >= days.start - dt.timedelta(days=2), s.started_at < days.end]
    where += [s.team_id == ask.team] if ask.team is not None else []
    where += [s.owner_id == ask.manager] if ask.manager is not None else []
    now = sa.literal(int(uow.now.timestamp()), sa.BigInteger)
    lasted = sa.case((p.ended_at.is_(None), now), else_=seconds(uow, p.ended_at)) - seconds(uow, p.started_at)
    keys = [columns[name].label(f"k_{name}") for name in ask.by]
    found = uow.connection.execute(
        sa.select(*keys, sa.func.count(), sa.func.sum(lasted), sa.func.count(s.owner_id.distinct()))
        .select_from(sa.join(p.id.table, s.id.table, p.session_id == s.id)).where(*where).group_by(*keys)
    ).all()  # fmt: skip
    width = len(keys)
    people = names_of(uow, "person", {row[ask.by.index("manager")] for row in found} if "manager" in ask.by else ())
    teams = names_of(uow, "team", {row[ask.by.index("team")] for row in found} if "team" in ask.by else ())

    def key(name: str, value: t.Any) -> Key:
        if name == "day":
            value = days.bounds[value][0]
        label = {"manager": people, "team": teams}.get(name, {}).get(value) or (labels.break_of(uow.crm, value) if name == "reason" else str(value))
        return Key(name, value, label)

    rows = [
        BreakRow(
            by=tuple(key(name, value) for name, value in zip(ask.by, row[:width], strict=True)), breaks=row[width],
            time=dt.timedelta(seconds=int(row[width + 1] or 0)), managers=row[width + 2],
        )
        for row in found
        if row[width]
    ]  # fmt: skip
    rows.sort(key=lambda row: tuple(k.value if k.name == "day" else str(k.label).casefold() for k in row.by))
    return Report(name="breaks", of=BreakRow, since=days.since, until=days.until, as_of=uow.now, split_by=ask.by, rows=rows)
