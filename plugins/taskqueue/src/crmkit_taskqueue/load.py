"""How full a manager's days are: the cap on tasks of a day, exact however many are planned at once."""

from __future__ import annotations

import datetime as dt
import typing as t
import weakref
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Invalid, Kind, Problem, Undone, Uow, Written, _, hookimpl, on
from crmkit_sales import Absence, Assignee, Lead, SalesSettings, is_open

from .entities import Task, TaskState
from .settings import TaskqueueSettings

FULL = _("{day} is full: {planned} of {cap} tasks. Free: {free}", ru="{day} занят полностью: {planned} из {cap} задач. Свободно: {free}")
NONE_FREE = _("no day of the next {days}", ru="ни одного дня из ближайших {days}")
OFFERED = 5
FURTHEST = 12  # so many times `days_ahead` is looked through for an automation's task
SPACE = 0x7461736B
_task, _absence, _assignee = Task.__table__.c, Absence.__table__.c, Assignee.__table__.c
Loads = dict[tuple[int, dt.date], int]
# Tasks that are added in bulk are all prepared before the first of them is written: what they take is noted here meanwhile.
_PENDING: weakref.WeakKeyDictionary[Uow, Loads] = weakref.WeakKeyDictionary()


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

    @property
    def full(self) -> bool:
        """True when it takes no task more, working day or not."""
        return self.planned >= self.cap


# ---- looking ------------------------------------------------------------------------------------------------------
def days_of(uow: Uow, user_id: int, first: dt.date, last: dt.date) -> list[Day]:
    """Return a manager's days with their load; days off, by the company's calendar or because they are away, are marked."""
    settings = uow.crm[TaskqueueSettings]
    counted = sa.select(_task.day, sa.func.count()).where(_counts(settings), _task.owner_id == user_id, _task.day.between(first, last))
    planned = {row[0]: row[1] for row in uow.connection.execute(counted.group_by(_task.day))}
    planned |= {day: taken for (user, day), taken in _PENDING.get(uow, {}).items() if user == user_id}
    off = days_off(uow, user_id, first, last)
    return [Day(day, planned.get(day, 0), settings.daily_cap, day not in off) for day in _days(first, last)]


def days_off(uow: Uow, user_id: int | None, first: dt.date, last: dt.date) -> set[dt.date]:
    """Return the days on which nobody works, and those on which this manager is away by what sales knows."""
    calendar = uow.crm[SalesSettings].calendar
    off = {day for day in _days(first, last) if not calendar.of(day)}
    if user_id is None:
        return off
    away = sa.select(_absence.first_day, _absence.last_day).join(Assignee.__table__, _assignee.id == _absence.assignee_id)
    away = away.where(_assignee.user_id == user_id, _absence.archived_at.is_(None), _absence.first_day <= last, _absence.last_day >= first)
    for begin, end in uow.connection.execute(away):
        off.update(_days(max(begin, first), min(end, last)))
    if uow.crm.hook.sales_absent.get_hookimpls():
        with uow.as_system():
            person = uow.find(Assignee).where(Assignee.user_id == user_id).first()
        if person is not None:
            off |= {day for day in _days(first, last) if day not in off and any(uow.crm.hook.sales_absent(assignee=person, day=day, uow=uow))}
    return off


def free_days(uow: Uow, user_id: int, first: dt.date, count: int = OFFERED) -> list[Day]:
    """Return a manager's next days, from `first` on but not before today, that take a task more."""
    first = max(first, uow.now.astimezone(uow.crm.zone).date())
    days = days_of(uow, user_id, first, first + dt.timedelta(days=uow.crm[TaskqueueSettings].days_ahead))
    return [day for day in days if day.free][:count]


def active_leads(uow: Uow, user_id: int) -> tuple[int, int | None]:
    """Return how many open leads a manager has, and how many sales gives at most (None: no limit)."""
    limit = sa.select(_assignee.max_active).where(_assignee.user_id == user_id, _assignee.archived_at.is_(None)).limit(1)
    c = Lead.__table__.c
    open_ones = sa.select(sa.func.count()).where(c.owner_id == user_id, is_open(uow.crm, Lead))
    row = uow.connection.execute(sa.select(open_ones.scalar_subquery(), limit.scalar_subquery())).one()
    return row[0], row[1]


def counted_kinds(settings: TaskqueueSettings) -> Sequence[str]:
    """Return the kinds that count to the daily cap."""
    return [name for name, kind in settings.all_kinds.items() if kind.capped]


def counts(values: Mapping[str, t.Any], settings: TaskqueueSettings) -> bool:
    """True when a task counts to its owner's day: of a kind that does, neither cancelled nor archived. One that is done counts."""
    if values.get("owner_id") is None or values.get("archived_at") is not None or values.get("state") is TaskState.CANCELLED:
        return False
    kind = settings.all_kinds.get(values["kind"])
    return kind is not None and kind.capped


# ---- keeping to it ------------------------------------------------------------------------------------------------
def hold(uow: Uow, user_id: int) -> None:
    """Let one transaction at a time plan for a manager; SQLite has one writer anyway."""
    if uow.connection.dialect.name == "postgresql":
        uow.connection.execute(sa.text("SELECT pg_advisory_xact_lock(:space, :name)"), {"space": SPACE, "name": user_id % 2**31})


def full(uow: Uow, user_id: int, day: dt.date, leave_out: int | None = None) -> Day | None:
    """Return a manager's day if it takes no task more, held until the end of the transaction; None where it does."""
    cap = uow.crm[TaskqueueSettings].daily_cap
    planned = _taken(uow, user_id, day, leave_out)
    return Day(day, planned, cap, True) if planned >= cap else None


def _taken(uow: Uow, user_id: int, day: dt.date, leave_out: int | None = None) -> int:
    pending = _PENDING.get(uow, {}).get((user_id, day))
    if pending is not None:
        return pending
    hold(uow, user_id)
    counted = sa.select(sa.func.count()).where(_counts(uow.crm[TaskqueueSettings]), _task.owner_id == user_id, _task.day == day)
    if leave_out is not None:
        counted = counted.where(_task.id != leave_out)
    return uow.connection.execute(counted).scalar_one()


def reserve(uow: Uow, user_id: int, day: dt.date) -> None:
    """Note a task that will be written to a day later in this transaction, with others of its chunk."""
    _PENDING.setdefault(uow, {})[user_id, day] = _taken(uow, user_id, day) + 1


def refuse(uow: Uow, user_id: int, day: Day, path: str = "due_at") -> t.NoReturn:
    """Refuse a task on a full day, naming the next free days and how many tasks each has; `Problem.extra` has them as data."""
    free = free_days(uow, user_id, day.day)
    told: object = ", ".join(f"{d.day:%d.%m.} ({d.planned}/{d.cap})" for d in free)
    if not free:
        told = NONE_FREE.format(days=uow.crm[TaskqueueSettings].days_ahead)
    message = FULL.format(day=f"{day.day:%d.%m.%Y}", planned=day.planned, cap=day.cap, free=told)
    data: dict[str, object] = {"free": [{"day": d.day.isoformat(), "planned": d.planned, "cap": d.cap} for d in free]}
    raise Invalid(problems=[Problem(path, "full_day", message, data)])


def place(uow: Uow, user_id: int | None, at: dt.datetime) -> dt.datetime:
    """Return a moment as near as possible after `at` on a day that takes a task more: for tasks nobody is asked about."""
    zone = uow.crm.zone
    local = at.astimezone(zone)
    if user_id is None or full(uow, user_id, local.date()) is None:
        return at
    first, span = max(local.date(), uow.now.astimezone(zone).date()), uow.crm[TaskqueueSettings].days_ahead + 1
    for part in range(FURTHEST):
        begin = first + dt.timedelta(days=part * span)
        day = next((d for d in days_of(uow, user_id, begin, begin + dt.timedelta(days=span - 1)) if d.free), None)
        if day is not None:
            return dt.datetime.combine(day.day, local.time(), zone).astimezone(dt.UTC)
    return at


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """What was added in bulk is written now, and counted from the table again."""
    if kind.cls is Task:
        _PENDING.pop(uow, None)


@on(Undone[Task])
def undone(event: Undone[Task], uow: Uow) -> None:
    """Refuse to undo what would bring a task back to a day that was filled meanwhile."""
    task, settings = event.record, uow.crm[TaskqueueSettings]
    if event.action == "deleted" or not counts(task.__dict__, settings) or task.owner_id is None or task.day is None:
        return
    planned = _taken(uow, task.owner_id, task.day)
    if planned > settings.daily_cap and _comes_back(uow, task, settings):
        refuse(uow, task.owner_id, Day(task.day, planned - 1, settings.daily_cap, True), "")


def _comes_back(uow: Uow, task: Task, settings: TaskqueueSettings) -> bool:
    """True when a task did not count to its day before it was undone: an undo of anything else changes no load."""
    after = 0
    while entries := uow.noted(uow.tx, after=after):
        for entry in entries:
            if entry["kind"] == "taskqueue.task" and entry["record_id"] == task.id and entry["action"] in ("undone", "recreated"):
                changes = entry["changes"]
                return entry["action"] == "recreated" or bool({"day", "owner_id", "archived_at", "kind"} & changes.keys()) or (
                    changes.get("state", [None])[0] == TaskState.CANCELLED.value
                )
        after = entries[-1]["id"]
    return False


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _counts(settings: TaskqueueSettings) -> t.Any:
    return sa.and_(_task.kind.in_(counted_kinds(settings)), _task.state != TaskState.CANCELLED, _task.archived_at.is_(None))
