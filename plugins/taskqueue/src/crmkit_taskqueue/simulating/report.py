"""What came of a simulation, counted from the tables."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
import typing as t
from collections import Counter

import sqlalchemy as sa

from crmkit import Crm, Uow
from crmkit_sales import WorkCalendar

from ..audit import audit
from ..entities import OldClient, StackState, Task, TaskState
from ..settings import TaskqueueSettings
from ..tables import turns
from . import people
from .options import Options

_task, _client = Task.__table__.c, OldClient.__table__.c
SHOWN = 20


class Report:
    """Takes note at each day's end, and tells everything in the end."""

    def __init__(self, crm: Crm, settings: TaskqueueSettings, calendar: WorkCalendar, options: Options) -> None:
        self.crm, self.settings, self.calendar, self.options = crm, settings, calendar, options
        self.days: list[dict[str, t.Any]] = []

    def day(self, day: dt.date) -> None:
        """Take note of a day when everybody has gone home."""
        with self.crm.read() as uow:
            waiting = (_task.state == TaskState.WAITING) & _task.archived_at.is_(None)
            overdue = _count(uow, waiting & (_task.due_at <= uow.now))
            begin = dt.datetime.combine(day, dt.time(0), self.crm.zone).astimezone(dt.UTC)
            mine = sa.and_(turns.c.opened_at >= begin, turns.c.ended == "done")
            rows = uow.connection.execute(sa.select(turns.c.user_id, sa.func.count()).where(mine).group_by(turns.c.user_id))
            closed: dict[int, int] = {row[0]: row[1] for row in rows}
            lost = uow.connection.execute(sa.select(sa.func.sum(turns.c.waited)).where(turns.c.opened_at >= begin)).scalar() or 0
            untried = _count(uow, _client.attempts == 0, _client)
            left = _count(uow, _client.state != StackState.CLOSED, _client)
        counts = sorted(closed.get(n, 0) for n in range(1, self.options.managers + 1))
        self.days.append({
            "day": day.isoformat(), "closed": sum(counts), **_spread(counts), "overdue": overdue, "lost_minutes": round(lost / 60 / len(counts), 1),
            "stack_untried": untried, "stack_left": left, "counts": counts,
        })  # fmt: skip

    def told(self, done: Counter[str]) -> dict[str, t.Any]:
        """Return the report."""
        with self.crm.read() as uow:
            by_kind = self._closed(uow, turns.c.kind)
            by_class = self._closed(uow, turns.c.priority)
            ends = uow.connection.execute(sa.select(turns.c.ended, sa.func.count()).where(turns.c.ended.is_not(None)).group_by(turns.c.ended))
            ended = {row[0]: row[1] for row in ends}
            reached = self._last_old_client(uow)
            broken = audit(uow)
        counts = sorted(n for day in self.days for n in day.pop("counts"))
        spread = _spread(counts)
        return {
            "managers": self.options.managers, "days": len(self.days), "seed": self.options.seed,
            "leads": done["leads"], "stack": self.options.stacked,
            "goal": self.settings.goal, "max_break_minutes": self.settings.max_break.total_seconds() / 60, "daily_cap": self.settings.daily_cap,
            "closed": sum(counts), "per_manager_and_day": {**spread, "of_goal": round(spread["mean"] / self.settings.goal, 3)},
            "by_class": by_class, "by_kind": by_kind, "ended": ended,
            "overdue": [day["overdue"] for day in self.days], "lost_minutes": round(statistics.mean(d["lost_minutes"] for d in self.days), 1),
            "last_old_client": reached, "full_days": done["full_days"], "planned": done["planned"], "exits": done["exits"],
            "silent_browsers": done["silent_browsers"], "refused_outcomes": done["refused_outcomes"], "by_day": self.days,
            "violations": len(broken), "broken": broken[:SHOWN],
        }  # fmt: skip

    def _closed(self, uow: Uow, by: t.Any) -> dict[str, int]:
        rows = uow.connection.execute(sa.select(by, sa.func.count()).where(turns.c.ended == "done").group_by(by).order_by(by))
        return {str(row[0]): row[1] for row in rows}

    def _last_old_client(self, uow: Uow) -> dict[str, t.Any]:
        """Return when each old client of the stack has been tried at least once: measured, or projected from the last days' pace."""
        if not self.days or not self.options.stacked:
            return {"how": "no stack", "at": None}
        left = self.days[-1]["stack_untried"]
        if not left:
            first = sa.select(sa.func.min(turns.c.opened_at).label("at")).join_from(Task.__table__, turns, turns.c.task_id == _task.id)
            tried = first.where(_task.old_client_id.is_not(None)).group_by(_task.old_client_id).subquery()
            at = uow.connection.execute(sa.select(sa.func.max(tried.c.at, type_=turns.c.opened_at.type))).scalar()
            return {"how": "measured", "at": None if at is None else at.isoformat()}
        before = [self.options.stacked, *(day["stack_untried"] for day in self.days)]
        recent = [max(0, a - b) for a, b in itertools.pairwise(before)][-3:]
        pace = statistics.mean(recent)
        if pace <= 0:
            return {"how": "never at this pace", "at": None, "untried": left}
        last = dt.date.fromisoformat(self.days[-1]["day"])
        wanted = -(-left // max(1, int(pace)))
        days = people.next_days(self.calendar, last + dt.timedelta(days=1), wanted) if wanted <= 1000 else []
        return {"how": "projected", "at": days[-1].isoformat() if days else None, "working_days_more": wanted, "untried": left, "a_day": round(pace)}


def _count(uow: Uow, where: t.Any, of: t.Any = _task) -> int:
    return int(uow.connection.execute(sa.select(sa.func.count()).select_from(of.id.table).where(where)).scalar_one())


def _spread(counts: list[int]) -> dict[str, float]:
    """Return mean, 10th and 90th percentile of sorted numbers."""
    low, high = (float(counts[min(len(counts) - 1, int(share * len(counts)))]) for share in (0.1, 0.9))
    return {"mean": round(statistics.mean(counts), 1), "p10": low, "p90": high}
