"""Tasks: what a manager is to do, one after the other."""

from __future__ import annotations

import datetime as dt
import enum
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa
from sqlalchemy import String

from crmkit import Invalid, Mapped, Owned, Problem, UtcDateTime, _, column, relation
from crmkit_sales import Contact, Deal, Lead

from .old_clients import OldClient

if t.TYPE_CHECKING:
    from crmkit import Uow

LONGEST = 12 * 60


class TaskState(enum.Enum):
    """Where a task is."""

    WAITING = "waiting"
    OPEN = "open"
    HELD = "held"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """What a person reads."""
        return STATES[self]

    @property
    def color(self) -> str:
        """The colour it is shown in."""
        return {"waiting": "gray", "open": "blue", "held": "amber", "done": "green", "cancelled": "red"}[self.value]


STATES: dict[TaskState, str] = {
    TaskState.WAITING: _("Waiting", ru="Ждёт"), TaskState.OPEN: _("In work", ru="В работе"),
    TaskState.HELD: _("With the supervisor", ru="У руководителя"), TaskState.DONE: _("Done", ru="Выполнена"),
    TaskState.CANCELLED: _("Cancelled", ru="Отменена"),
}  # fmt: skip


def some_minutes(value: int) -> None:
    """Refuse what cannot be the minutes of one task."""
    if not 1 <= value <= LONGEST:
        raise ValueError(_("from 1 to {most} minutes", ru="от 1 до {most} минут").format(most=LONGEST))


class Task(Owned, table="taskqueue_task", label=_("Task", ru="Задача"), plural=_("Tasks", ru="Задачи")):
    """Something to do for one client at a time. Which comes next is decided, not chosen."""

    kind: Mapped[str] = column(String(40), label=_("Kind", ru="Вид"))
    title: Mapped[str] = column(String(200), default="", clean=str.strip, search=True, label=_("Title", ru="Название"))
    due_at: Mapped[dt.datetime | None] = column(
        UtcDateTime, default=None, label=_("Due", ru="Срок"), help=_("Left out: now", ru="Не указан: сейчас")
    )
    minutes: Mapped[int | None] = column(
        sa.Integer, default=None, check=some_minutes, label=_("Minutes", ru="Минут"),
        help=_("Left out: those of the kind", ru="Не указано: как у вида"),
    )  # fmt: skip
    text: Mapped[str | None] = column(sa.Text, default=None, search=True, label=_("What to do", ru="Что сделать"))
    contact_id: Mapped[int | None] = column(to=Contact, default=None, index=True, label=_("Contact", ru="Контакт"))
    contact: Mapped[Contact | None] = relation()
    lead_id: Mapped[int | None] = column(to=Lead, default=None, index=True, label=_("Lead", ru="Лид"))
    lead: Mapped[Lead | None] = relation()
    deal_id: Mapped[int | None] = column(to=Deal, default=None, index=True, label=_("Deal", ru="Сделка"))
    deal: Mapped[Deal | None] = relation()
    old_client_id: Mapped[int | None] = column(
        to=OldClient, default=None, init=False, generated=True, index=True, label=_("Old client", ru="Старый клиент")
    )
    state: Mapped[TaskState] = column(default=TaskState.WAITING, init=False, generated=True, label=_("State", ru="Состояние"))
    priority: Mapped[int] = column(sa.Integer, default=0, init=False, generated=True, label=_("Priority class", ru="Класс приоритета"))
    day: Mapped[dt.date | None] = column(default=None, init=False, generated=True, label=_("Day", ru="День"))
    zone: Mapped[str | None] = column(
        String(40), default=None, init=False, generated=True, label=_("Client's time zone", ru="Часовой пояс клиента")
    )
    attempt: Mapped[int] = column(sa.Integer, default=1, init=False, generated=True, label=_("Attempt", ru="Попытка"))
    previous_id: Mapped[int | None] = column(sa.BigInteger, default=None, init=False, generated=True, label=_("Follows the task", ru="После задачи"))
    opened_by: Mapped[int | None] = column(sa.BigInteger, default=None, init=False, generated=True, label=_("Opened by", ru="Открыл"))
    opened_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Opened", ru="Открыта"))
    done_at: Mapped[dt.datetime | None] = column(UtcDateTime, default=None, init=False, generated=True, label=_("Done", ru="Выполнена"))
    outcome: Mapped[str | None] = column(String(40), default=None, init=False, generated=True, label=_("Outcome", ru="Результат"))
    answers: Mapped[dict[str, t.Any]] = column(factory=dict, init=False, generated=True, label=_("Answers", ru="Ответы"))
    note: Mapped[str | None] = column(sa.Text, default=None, init=False, generated=True, search=True, label=_("Result in words", ru="Итог словами"))

    @classmethod
    def prepare(cls, values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
        """Fill in what follows from the kind and the client, and refuse a kind that is not there."""
        from ..planning import prepare_task

        prepare_task(values, before, uow)


_task = Task.__table__.c
# What a manager's next task is found by, and what a team's is: one short walk for each priority class.
_waits: t.Any = (_task.state == TaskState.WAITING) & _task.archived_at.is_(None)
sa.Index("ix_taskqueue_task_own", _task.owner_id, _task.priority, _task.due_at, _task.id, postgresql_where=_waits, sqlite_where=_waits)
sa.Index("ix_taskqueue_task_help", _task.team_id, _task.priority, _task.due_at, _task.id, postgresql_where=_waits, sqlite_where=_waits)
sa.Index("ix_taskqueue_task_day", _task.owner_id, _task.day)
sa.Index("ix_taskqueue_task_done", _task.opened_by, _task.done_at)
# The few that were left with a supervisor, among millions.
_held: t.Any = (_task.state == TaskState.HELD) & _task.archived_at.is_(None)
sa.Index("ix_taskqueue_task_held", _task.team_id, _task.id, postgresql_where=_held, sqlite_where=_held)
# What follows a task, among all there ever were.
_follows: t.Any = _task.previous_id.is_not(None)
sa.Index("ix_taskqueue_task_previous", _task.previous_id, postgresql_where=_follows, sqlite_where=_follows)

__all__ = ["Invalid", "Problem", "Task", "TaskState"]
