"""What follows an outcome: the same again, another attempt, a move of the deal, an old client's fate."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs

from crmkit import Invalid, Problem, Uow, _
from crmkit_sales import Deal, Lead

from . import clients, filling, load, making
from .answers import Given
from .entities import Result, Task
from .kinds import Outcome, TaskKind, stage_of
from .planning import in_working_time
from .settings import TaskqueueSettings

NOTHING_TO_MOVE = _("the task is about no {what}: there is nothing to move", ru="у задачи нет записи «{what}»: переместить нечего")


@attrs.frozen
class Retry:
    """When a task that reached nobody is tried again."""

    after: dt.timedelta | None
    """From now; moved into working time and the client's hours. None: never, and the kind's `give_up` follows."""


def follow(uow: Uow, task: Task, kind: TaskKind, outcome: Outcome, given: Given) -> None:
    """Do what an outcome says. `Invalid` names the field of the form that stands in the way."""
    if outcome.then == "again" and given.at is not None:
        _again(uow, task, given.at)
    elif outcome.then == "retry":
        _retry(uow, task, kind)
    elif outcome.then == "move":
        _move(uow, task, outcome, given)
    lead = None
    if task.old_client_id is not None:
        _old_client(uow, task, outcome)
        lead = making.revived(uow, task) if outcome.then == "revive" else None
    if outcome.task:
        dials = uow.crm[TaskqueueSettings].all_kinds[outcome.task].dials
        at = in_working_time(uow, uow.now + outcome.task_in, task.zone, dials=dials)
        made = add_task(uow, task, outcome.task, at)
        if lead is not None:
            made.lead_id, made.deal_id = lead.id, None


def add_task(uow: Uow, source: Task, kind: str, at: dt.datetime, *, again: bool = False, attempt: int = 1) -> Task:
    """Make a task about the same client for the same owner; with `again` it is the same one at another time."""
    made = uow.add(
        Task(
            kind=kind, title=source.title if again else "", text=source.text if again else None, minutes=source.minutes if again else None, due_at=at,
            contact_id=source.contact_id, lead_id=source.lead_id, deal_id=source.deal_id, owner_id=source.owner_id or source.opened_by,
            team_id=source.team_id,
        )
    )  # fmt: skip
    uow.keep(made, previous_id=source.id, attempt=attempt, old_client_id=source.old_client_id if again else None)
    return made


def _again(uow: Uow, task: Task, at: dt.datetime) -> None:
    """The same at a time a person chose: a full day is refused, with the free ones."""
    kind = uow.crm[TaskqueueSettings].all_kinds[task.kind]
    owner = task.owner_id or task.opened_by
    if kind.capped and owner is not None:
        day = load.full(uow, owner, at.astimezone(uow.crm.zone).date())
        if day is not None:
            load.refuse(uow, owner, day, "at")
    add_task(uow, task, task.kind, at, again=True)


def _retry(uow: Uow, task: Task, kind: TaskKind) -> None:
    if task.old_client_id is not None:
        return  # goes back to the stack
    other: Retry | None = uow.crm.hook.taskqueue_retry(task=task, uow=uow)
    after = (kind.retry_after[task.attempt - 1] if task.attempt <= len(kind.retry_after) else None) if other is None else other.after
    if after is None:
        if kind.give_up == "stack":
            filling.take_in(uow, task, _("Never reached", ru="Не дозвонились").to(uow.crm.settings.language))
        return
    at = in_working_time(uow, uow.now + after, task.zone, dials=kind.dials)
    add_task(uow, task, task.kind, at, again=True, attempt=task.attempt + 1)


def _move(uow: Uow, task: Task, outcome: Outcome, given: Given) -> None:
    stage = stage_of(uow.crm, outcome.to)
    if stage is None:  # composition has said so; settings of a pipeline may have changed since
        raise Invalid(problems=[Problem("outcome", "invalid", NOTHING_TO_MOVE.format(what=outcome.to))])
    cls: type[Deal] | type[Lead] = Deal if stage.pipeline.name in uow.crm.kind(Deal).pipelines else Lead
    key = task.deal_id if cls is Deal else task.lead_id
    if key is None:
        raise Invalid(problems=[Problem("outcome", "invalid", NOTHING_TO_MOVE.format(what=uow.crm.kind(cls).label))])
    record: t.Any = uow.get(cls, key, lock=True)
    fields = uow.crm.kind(cls).fields
    values = {n: v for n, v in given.answers.items() if n in fields}
    if given.note and "note" in fields:
        values["note"] = given.note
    uow.move(record, stage, values)


def _old_client(uow: Uow, task: Task, outcome: Outcome) -> None:
    key = t.cast(int, task.old_client_id)
    if outcome.then == "revive":
        clients.close(uow, key, Result.REVIVED)
    elif outcome.then == "refuse":
        clients.close(uow, key, Result.REFUSED)
    elif outcome.then == "retry":
        clients.put_back(uow, key)
    elif outcome.then != "again":
        clients.close(uow, key, Result.REVIVED if outcome.reached else Result.SILENT)
