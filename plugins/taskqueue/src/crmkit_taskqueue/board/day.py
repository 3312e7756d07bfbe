"""A working day of many managers, in a fixed number of statements: who does what, how much is closed, what was lost on the way."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow
from crmkit_sales import Absence, Assignee, SalesSettings

from ..entities import Pause, WorkSession
from ..reach import Reach
from ..settings import TaskqueueSettings
from ..tables import desks, turns

STATES = ("task", "idle", "break", "none", "away", "ended")
TOO_SOON = dt.timedelta(minutes=15)
NO_TIME = dt.timedelta()


@attrs.define(kw_only=True)
class Manager:
    """One manager's day so far."""

    id: int
    team_id: int | None
    name: str = ""
    state: str = "none"
    task_id: int | None = None
    turn_id: int | None = None
    since: dt.datetime | None = None
    """Since when the state is what it is: the task is open, nothing is, a break lasts."""
    pause: str | None = None
    pause_after: str | None = None
    closed: int = 0
    opened: int = 0
    expired: int = 0
    returned: int = 0
    exits: dict[str, int] = attrs.field(factory=dict)
    lost: dt.timedelta = NO_TIME
    worked: dt.timedelta = NO_TIME
    breaks: dict[str, dt.timedelta] = attrs.field(factory=dict)
    started_at: dt.datetime | None = None
    forecast: int | None = None

    @property
    def working(self) -> bool:
        """True within a work session."""
        return self.state in ("task", "idle", "break")

    @property
    def left(self) -> int:
        """How many tasks were left for a reason."""
        return sum(self.exits.values())

    @property
    def on_breaks(self) -> dt.timedelta:
        """How long all breaks of the day were."""
        return sum(self.breaks.values(), NO_TIME)


@attrs.frozen(kw_only=True)
class WorkDay:
    """The day of those in somebody's reach."""

    managers: Sequence[Manager]
    ends_at: dt.datetime
    goal: int

    @property
    def closed(self) -> int:
        """How many tasks are closed."""
        return sum(m.closed for m in self.managers)

    @property
    def expected(self) -> int:
        """How many there will be when the day ends; those who have not begun count as nothing."""
        return sum(m.closed if m.forecast is None else m.forecast for m in self.managers)

    @property
    def wanted(self) -> int:
        """The goal of all who have worked today."""
        return self.goal * sum(m.started_at is not None or m.working for m in self.managers)


def midnight(uow: Uow, back: int = 0) -> dt.datetime:
    """Return when today began, or an earlier day."""
    zone = uow.crm.zone
    day = uow.now.astimezone(zone).date() - dt.timedelta(days=back)
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)


def end_of_day(uow: Uow) -> dt.datetime:
    """Return when work ends today by the company's calendar; on a day off, or after hours, that is now."""
    zone = uow.crm.zone
    day = uow.now.astimezone(zone).date()
    hours = uow.crm[SalesSettings].calendar.of(day)
    if not hours:
        return uow.now
    minutes = max(end for _begin, end in hours)
    end = dt.datetime.combine(day + dt.timedelta(days=minutes // 1440), dt.time(minutes % 1440 // 60, minutes % 60), zone)
    return max(uow.now, end.astimezone(dt.UTC))


def read_day(uow: Uow, reach: Reach, team: int | None = None) -> WorkDay:
    """Return today of everybody within a reach, or of one team of it."""
    found = {m.id: m for m in _people(uow, reach, team)}
    sessions = _sessions(uow, reach, found)
    _pauses(uow, found, sessions)
    _turns(uow, reach, found)
    ends_at, goal = end_of_day(uow), uow.crm[TaskqueueSettings].goal
    for manager in found.values():
        if manager.state == "idle" and manager.since is not None:
            manager.lost += uow.now - manager.since
        manager.forecast = forecast(manager, uow.now, ends_at)
    return WorkDay(managers=list(found.values()), ends_at=ends_at, goal=goal)


def forecast(manager: Manager, now: dt.datetime, ends_at: dt.datetime) -> int | None:
    """Return how many tasks will be closed when the day ends, at the pace so far; None while it is too soon to tell."""
    if manager.state == "ended":
        return manager.closed
    worked = manager.worked - manager.on_breaks
    if not manager.working or worked < TOO_SOON:
        return None
    return manager.closed + int(manager.closed * ((ends_at - now) / worked))


# ---- statements ----------------------------------------------------------------------------------------------------------
def _people(uow: Uow, reach: Reach, team: int | None) -> t.Iterator[Manager]:
    """Yield those who work, and those who take leads and have not begun."""
    a, gone, d = Assignee.__table__.c, Absence.__table__.c, desks.c
    today = uow.now.astimezone(uow.crm.zone).date()
    away = sa.exists().where(gone.assignee_id == a.id, gone.first_day <= today, gone.last_day >= today, gone.archived_at.is_(None))
    of = sa.func.coalesce(d.team_id, a.team_id)
    wanted = (a.user_id, of, a.name, away, d.session_id, d.task_id, d.turn_id, d.opened_at, d.pause_id, d.pause_after, d.ended_at)
    taking = sa.select(*wanted).select_from(a.id.table.outerjoin(desks, d.user_id == a.user_id)).where(a.archived_at.is_(None))
    taking = taking.where(sa.or_(a.active, d.session_id.is_not(None)), reach.where(a.user_id, of), *([of == team] if team is not None else []))
    others = sa.select(d.user_id, d.team_id, sa.literal(""), sa.false(), *wanted[4:]).where(
        d.user_id.not_in(sa.select(a.user_id).where(a.archived_at.is_(None))), reach.where(d.user_id, d.team_id),
        *([d.team_id == team] if team is not None else []),
    )  # fmt: skip
    for row in uow.connection.execute(sa.union_all(taking, others)):
        key, team_id, name, absent, session, task, turn, opened, pause, after, ended = tuple(row)
        state = "none" if session is None else "break" if pause is not None else "idle" if task is None else "task"
        if state == "none" and absent:
            state = "away"
        since = opened if state == "task" else ended if state == "idle" else None
        yield Manager(id=key, team_id=team_id, name=name, state=state, task_id=task, turn_id=turn, since=since, pause_after=after)


def _sessions(uow: Uow, reach: Reach, found: dict[int, Manager]) -> dict[int, int]:
    """Add up the work sessions of today, and the running ones; return whose each is. Who neither works nor is expected today is left out."""
    s, start = WorkSession.__table__.c, midnight(uow)
    running = sa.select(desks.c.session_id).where(desks.c.session_id.is_not(None))
    rows = uow.connection.execute(
        sa.select(s.id, s.owner_id, s.started_at, s.ended_at).where(
            sa.or_(s.started_at >= start, s.id.in_(running)), s.archived_at.is_(None), reach.where(s.owner_id, s.team_id)
        )
    )
    owners: dict[int, int] = {}
    for key, owner, began, ended in rows:
        manager = found.get(owner)
        if manager is None or began is None:
            continue
        owners[key] = owner
        manager.worked += (ended or uow.now) - max(began, start)
        manager.started_at = began if manager.started_at is None else min(began, manager.started_at)
        if manager.state in ("none", "away"):
            manager.state = "ended"
    for manager in list(found.values()):
        if manager.state in ("none", "away") and not manager.name:
            del found[manager.id]  # a desk that nobody uses any more
    return owners


def _pauses(uow: Uow, found: Mapping[int, Manager], sessions: Mapping[int, int]) -> None:
    if not sessions:
        return
    p = Pause.__table__.c
    start = midnight(uow)
    wanted = sa.select(p.session_id, p.reason, p.started_at, p.ended_at).where(p.session_id.between(min(sessions), max(sessions)))
    for session, reason, began, ended in uow.connection.execute(wanted.order_by(p.id)):
        manager = found.get(sessions.get(session, 0))
        if manager is None or (ended is not None and ended <= start):
            continue
        manager.breaks[reason] = manager.breaks.get(reason, NO_TIME) + ((ended or uow.now) - max(began, start))
        if ended is None and manager.state == "break":
            manager.pause, manager.since = reason, began


def _turns(uow: Uow, reach: Reach, found: Mapping[int, Manager]) -> None:
    c = turns.c
    reason = sa.case((c.ended == "exit", c.outcome), else_=None)
    rows = uow.connection.execute(
        sa.select(c.user_id, c.ended, reason, sa.func.count(), sa.func.sum(c.waited))
        .where(c.opened_at >= midnight(uow), reach.where(c.user_id, c.team_id)).group_by(c.user_id, c.ended, reason)
    )  # fmt: skip
    for user, ended, why, count, waited in rows:
        manager = found.get(user)
        if manager is None:
            continue
        manager.opened += count
        manager.lost += dt.timedelta(seconds=int(waited or 0))
        if ended == "done":
            manager.closed += count
        elif ended == "exit":
            manager.exits[why or ""] = manager.exits.get(why or "", 0) + count
        elif ended == "expired":
            manager.expired += count
        elif ended is not None:
            manager.returned += count
