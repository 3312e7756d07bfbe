# ruff: noqa: RUF009  (figure() declares a field, as attrs.field does)
"""What waits at this moment: overdue tasks, those that wait for too long, those left with supervisors."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Uow, _

from .. import labels
from ..entities import Task, TaskState
from ..people import names_of
from ..reach import reach_of
from ..roles import REPORTS
from ..settings import TaskqueueSettings
from .asked import Ask, check_splits, days_of, iso
from .sql import ones
from .table import Key, Report, Row, figure

BY = ("kind", "class", "manager", "team")


@attrs.frozen(kw_only=True)
class QueueRow(Row):
    """Tasks that are not done although their time has come. `starving` ones wait longer than the settings allow a task to wait."""

    overdue: int = figure(_("Overdue", ru="Просрочено"))
    starving: int = figure(_("Waiting too long", ru="Ждут слишком долго"))
    held: int = figure(_("With the supervisor", ru="У руководителя"))
    longest: dt.timedelta | None = figure(_("Longest wait", ru="Дольше всего ждут"), None)


def patience(uow: Uow) -> dt.timedelta:
    """Return how long a due task may wait: until it comes first whatever its class, else until the team helps."""
    settings = uow.crm[TaskqueueSettings]
    return settings.starving_after or settings.team_after


def queue(uow: Uow, ask: Ask | None = None) -> Report[QueueRow]:
    """Return what waits now, of those in the actor's reach; days are not asked about."""
    uow.require(REPORTS)
    ask = ask or Ask()
    days = days_of(uow, Ask())
    check_splits(ask, days, BY)
    c, now = Task.__table__.c, uow.now
    late = now - patience(uow)
    waits = c.state == sa.literal_column(f"'{TaskState.WAITING.value}'")
    is_held = c.state == sa.literal_column(f"'{TaskState.HELD.value}'")
    where = [sa.or_(sa.and_(waits, c.due_at <= now), is_held), c.archived_at.is_(None), reach_of(uow, REPORTS).where(c.owner_id, c.team_id)]
    where += [c.team_id == ask.team] if ask.team is not None else []
    where += [c.owner_id == ask.manager] if ask.manager is not None else []
    where += [c.kind == ask.kind] if ask.kind is not None else []
    columns = {"kind": c.kind, "class": c.priority, "manager": c.owner_id, "team": c.team_id}
    keys = [columns[name].label(f"k_{name}") for name in ask.by]
    counted = ones(waits), ones(sa.and_(waits, c.due_at <= late)), ones(is_held), sa.func.min(sa.case((waits, c.due_at), else_=None))
    found = uow.connection.execute(sa.select(*keys, *counted).where(*where).group_by(*keys)).all()
    width = len(keys)
    people = names_of(uow, "person", {row[ask.by.index("manager")] for row in found} if "manager" in ask.by else ())
    teams = names_of(uow, "team", {row[ask.by.index("team")] for row in found} if "team" in ask.by else ())

    def key(name: str, value: t.Any) -> Key:
        label = {"manager": people, "team": teams}.get(name, {}).get(value)
        return Key(name, value, label or (labels.kind_of(uow.crm, value) if name == "kind" else NOBODYS if value is None else str(value)))

    rows = []
    for row in found:
        overdue, starving, held, first = row[width:]
        if overdue or held:
            own = {FIELDS[name]: {"empty": True} if value is None else value for name, value in zip(ask.by, row[:width], strict=True)}
            own |= {FIELDS[n]: v for n, v in (("team", ask.team), ("manager", ask.manager), ("kind", ask.kind)) if v is not None}
            drill = {
                "overdue": {**own, "state": "waiting", "due_at": {"lte": iso(now)}},
                "starving": {**own, "state": "waiting", "due_at": {"lte": iso(late)}},
                "held": {**own, "state": "held"},
            }  # fmt: skip
            by = tuple(key(name, value) for name, value in zip(ask.by, row[:width], strict=True))
            longest = None if first is None else now - _moment(first)
            rows.append(QueueRow(by=by, overdue=overdue, starving=starving, held=held, longest=longest, drill=drill))
    rows.sort(key=lambda row: tuple(str(k.value) if k.name == "class" else str(k.label).casefold() for k in row.by))
    return Report(name="queue", of=QueueRow, since=days.since, until=days.until, as_of=now, split_by=ask.by, rows=rows)


FIELDS = {"kind": "kind", "class": "priority", "manager": "owner_id", "team": "team_id"}
NOBODYS = _("Nobody's", ru="Ничьи")


def _moment(given: t.Any) -> dt.datetime:
    """SQLite's functions lose the type of a moment."""
    found = dt.datetime.fromisoformat(given) if isinstance(given, str) else given
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
