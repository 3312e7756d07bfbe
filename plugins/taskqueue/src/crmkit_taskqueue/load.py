"""How full a manager's days are: the cap on tasks of a day, exact however many are planned at once."""

from __future__ import annotations

import datetime as dt
import typing as t
import zlib
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _

from .entities import Task, TaskState
from .settings import TaskqueueSettings

FULL = _("{day} is full: {planned} of {cap} tasks. Free: {free}", ru="{day} занят полностью: {planned} из {cap} задач. Свободно: {free}")
NONE_FREE = _("no day of the next {days}", ru="ни одного дня из ближайших {days}")
OFFERED = 5
_task = Task.__table__.c


@attrs.frozen
class Day:
    """A day of a manager: how many tasks that count are planned, and of how many."""

    day: dt.date
    planned: int
    cap: int
    works: bool

    @property
    def free(self) -> int:
        """How many tasks more it takes."""
        return max(0, self.cap - self.planned) if self.works else 0


def days_of(uow: Uow, user_id: int, first: dt.date, last: dt.date) -> list[Day]:
    """Return a manager's days with their load; days off by the company's calendar are marked."""
    from crmkit_sales import SalesSettings

    settings, calendar = uow.crm[TaskqueueSettings], uow.crm[SalesSettings].calendar
    counted = sa.select(_task.day, sa.func.count()).where(_counts(settings), _task.owner_id == user_id, _task.day.between(first, last))
    planned = {row[0]: row[1] for row in uow.connection.execute(counted.group_by(_task.day))}
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return [Day(day, planned.get(day, 0), settings.daily_cap, bool(calendar.of(day))) for day in days]


def free_days(uow: Uow, user_id: int, first: dt.date, count: int = OFFERED) -> list[Day]:
    """Return a manager's next days, from `first` on, that take a task more."""
    days = days_of(uow, user_id, first, first + dt.timedelta(days=uow.crm[TaskqueueSettings].days_ahead))
    return [day for day in days if day.free][:count]


def place(uow: Uow, user_id: int | None, at: dt.datetime) -> dt.datetime:
    """Return a moment as near as possible after `at` on a day that takes a task more: for tasks nobody is asked about."""
    if user_id is None:
        return at
    zone = uow.crm.zone
    local = at.astimezone(zone)
    hold(uow, user_id, local.date())
    day = next(iter(free_days(uow, user_id, local.date(), 1)), None)
    if day is None or day.day == local.date():
        return at
    return dt.datetime.combine(day.day, local.time(), zone).astimezone(dt.UTC)


def hold(uow: Uow, user_id: int, day: dt.date) -> None:
    """Let one transaction at a time plan on a manager's day; SQLite has one writer anyway."""
    if uow.connection.dialect.name == "postgresql":
        name = zlib.crc32(f"{user_id}:{day}".encode()) - 2**31
        uow.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:space, :name)"), {"space": 0x7461736B, "name": name})


def full(uow: Uow, user_id: int, day: dt.date, leave_out: int | None = None) -> Day | None:
    """Return a manager's day if it takes no task more, held until the end of the transaction; None where it does."""
    settings = uow.crm[TaskqueueSettings]
    hold(uow, user_id, day)
    counted = sa.select(sa.func.count()).where(_counts(settings), _task.owner_id == user_id, _task.day == day)
    if leave_out is not None:
        counted = counted.where(_task.id != leave_out)
    planned = uow.connection.execute(counted).scalar_one()
    return Day(day, planned, settings.daily_cap, True) if planned >= settings.daily_cap else None


def refuse(uow: Uow, user_id: int, day: Day, path: str = "due_at") -> t.NoReturn:
    """Refuse a task on a full day, naming the next free days and how many tasks each still takes."""
    free = free_days(uow, user_id, day.day)
    told: object = ", ".join(f"{d.day:%d.%m.} ({d.planned}/{d.cap})" for d in free)
    if not free:
        told = NONE_FREE.format(days=uow.crm[TaskqueueSettings].days_ahead)
    raise Invalid(problems=[Problem(path, "full_day", FULL.format(day=f"{day.day:%d.%m.%Y}", planned=day.planned, cap=day.cap, free=told))])


def counted_kinds(settings: TaskqueueSettings) -> Sequence[str]:
    """Return the kinds that count to the daily cap."""
    return [name for name, kind in settings.all_kinds.items() if kind.capped]


def _counts(settings: TaskqueueSettings) -> t.Any:
    kinds = counted_kinds(settings)
    return sa.and_(_task.kind.in_(kinds), _task.state != TaskState.CANCELLED, _task.archived_at.is_(None))
