"""The manager's work and the supervisor's, as commands: endpoints, verbs of the command line, buttons."""

from __future__ import annotations

import datetime as dt
import typing as t

from starlette.requests import Request

from crmkit import Conflict, Forbidden, Invalid, Problem, Uow, _, command, route
from crmkit.ui import button

from . import clients, ending, handing, load, sessions
from .deciding import Choice
from .desk import insert_new, try_desk
from .entities import Task, TaskState, WorkSession
from .handing import Turn
from .reach import reach_of, teams_of
from .roles import SUPERVISE, WORK
from .settings import TaskqueueSettings
from .tables import paused

STILL = {
    "type": "object", "required": ["turn"],
    "properties": {"turn": {"type": "integer"}, "draft": {"type": ["object", "null"], "additionalProperties": {"type": "string"}}},
}  # fmt: skip
IS_OPEN = {"type": "object", "properties": {"open": {"type": "boolean"}}}
NO_KIND = _("there is no kind {kind!r}; there are {known}", ru="нет вида {kind!r}; есть {known}")
NOT_AT_WORK = _("user {user} is not at work: the task waits for them", ru="сотрудник {user} не на работе: задача будет ждать")
NOT_YOURS = _("choose somebody you supervise", ru="выберите сотрудника, которым вы руководите")
BUSY = _("a task is open there: it ends or is taken back first", ru="там открыта задача: сначала она должна завершиться или вернуться")
NOT_OPEN = _("the task is open at nobody", ru="задача ни у кого не открыта")
OVER = _("the task is done or cancelled", ru="задача выполнена или отменена")
TAKE_BACK = _(
    "The task goes back into the queue; what the manager typed so far is kept in its notes.",
    ru="Задача вернётся в очередь; то, что менеджер успел написать, сохранится в её итоге.",
)
CANCEL = _("The task is taken out of the queue for good.", ru="Задача уйдёт из очереди насовсем.")
RETURNED = _("Taken back by {name}.", ru="Возвращена в очередь: {name}.")


def told(uow: Uow, found: Turn | Choice) -> dict[str, t.Any]:
    """Return what was opened, or why nothing was, as JSON."""
    reason = handing.why(uow, found)
    if isinstance(found, Choice):
        return {"turn": None, "task": None, "why": reason, "rule": found.rule, "opens_at": found.opens_at}
    facts = dict(found.why)
    opened = {"turn": found.id, "task": found.task_id, "kind": found.kind, "opened_at": found.opened_at}
    return {**opened, "why": reason, "rule": facts.pop("rule"), "facts": facts}


@button(palette=False)
@command(_("Start work", ru="Начать работу"), permission=WORK)
def start(uow: Uow) -> WorkSession:
    """Begin a work session."""
    return sessions.start(uow)


@button(palette=False)
@command(_("Take a break", ru="Перерыв"), permission=WORK)
def take_break(uow: Uow, *, reason: t.Annotated[str, _("Reason", ru="Причина")]) -> dict[str, t.Any]:
    """Begin a break; with a task open it begins when that has ended."""
    return {"begun": sessions.pause(uow, reason).pause_id is not None}


@button(palette=False)
@command(_("End the break", ru="Завершить перерыв"), permission=WORK)
def end_break(uow: Uow) -> None:
    """Go on after a break."""
    sessions.resume(uow)


@button(palette=False)
@command(_("End work", ru="Завершить работу"), permission=WORK)
def stop(uow: Uow) -> WorkSession:
    """End the work session; an open task returns to the queue."""
    return sessions.stop(uow)


@button(palette=False)
@command(_("Next task", ru="Следующая задача"), permission=WORK)
def next_task(uow: Uow) -> dict[str, t.Any]:
    """Return the open task, or open the next one; or say why there is none."""
    return told(uow, handing.next_turn(uow))


@button(palette=False)
@command(_("Complete", ru="Выполнить"), permission=WORK)
def complete(
    uow: Uow, *, turn: t.Annotated[int, _("Turn", ru="Выдача")], outcome: t.Annotated[str, _("Outcome", ru="Результат")],
    values: t.Annotated[dict[str, t.Any] | None, _("What it asks for", ru="Что спрашивает")] = None,
) -> dict[str, t.Any]:  # fmt: skip
    """End the open task by an outcome and open the next one."""
    return told(uow, ending.complete(uow, turn, outcome, values))


@button(palette=False)
@command(_("Cannot be done", ru="Не могу выполнить"), permission=WORK)
def leave(
    uow: Uow, *, turn: t.Annotated[int, _("Turn", ru="Выдача")], reason: t.Annotated[str, _("Reason", ru="Причина")],
    note: t.Annotated[str, _("In words", ru="Словами")],
) -> dict[str, t.Any]:  # fmt: skip
    """Leave a task that cannot be done, with a reason, and open the next one."""
    return told(uow, ending.leave(uow, turn, reason, note))


@route(
    "/still-there", permission=WORK, methods=("POST",),
    operation={
        "requestBody": {"required": True, "content": {"application/json": {"schema": STILL}}},
        "responses": {"200": {"description": "Whether the task is still open here.", "content": {"application/json": {"schema": IS_OPEN}}}},
    },
)  # fmt: skip
def still_there(request: Request, uow: Uow) -> dict[str, bool]:
    """Keep the open task, and what was typed so far. No command: the journal need not know of every minute, nor of half a sentence."""
    given = request.state.json()
    turn = given.get("turn") if isinstance(given, dict) else None
    draft = given.get("draft") if isinstance(given, dict) else None
    if type(turn) is not int or not 0 < turn < 2**63:
        raise Invalid(problems=[Problem("turn", "invalid", _("the number of a turn", ru="номер выдачи"))])
    if draft is not None and not isinstance(draft, dict):
        raise Invalid(problems=[Problem("draft", "invalid", _("what was typed, by field", ru="набранное по полям"))])
    return {"open": handing.renew(uow, turn, draft)}


# ---- the supervisor -----------------------------------------------------------------------------------------------
@button(icon="user-round-check", menu=True, shown=lambda task: task.state in (TaskState.WAITING, TaskState.HELD))
@command(_("Give to a manager", ru="Назначить менеджеру"), permission=SUPERVISE, of=Task)
def give(
    task: Task, uow: Uow, *, user_id: t.Annotated[int, _("To whom", ru="Кому")],
    now: t.Annotated[bool, _("Open it at once", ru="Открыть сразу")] = False,
    due_at: t.Annotated[dt.datetime | None, _("On another day", ru="На другой день")] = None,
) -> Task:  # fmt: skip
    """Make a task somebody's; with `now` it opens at once, before everything else, if that person works and has nothing open.

    On a full day it is refused with the days that are free: `due_at` puts it on one of them.
    """
    teams = teams_of(uow, user_id)
    if not reach_of(uow, SUPERVISE).holds(user_id, teams):
        raise Invalid(problems=[Problem("user_id", "not_yours", NOT_YOURS)])
    with uow.as_system():
        desk = try_desk(uow, user_id) if now else None
        task = uow.get(Task, task.id, lock=True)
        if task.state not in (TaskState.WAITING, TaskState.HELD):
            raise Conflict(BUSY if task.state is TaskState.OPEN else OVER)
        if now and (desk is None or desk.session_id is None or desk.pause_id is not None):
            raise Invalid(problems=[Problem("user_id", "not_at_work", NOT_AT_WORK.format(user=user_id))])
        if desk is not None and desk.task_id is not None:
            raise Conflict(BUSY)
        if desk is None:
            _keep_to_day(uow, task, user_id, due_at)
        task.owner_id, task.due_at = user_id, task.due_at if due_at is None else due_at
        if teams and task.team_id not in teams:
            task.team_id = teams[0]
        uow.keep(task, state=TaskState.WAITING, outcome=None)
        if desk is not None:
            handing.hand_over(uow, desk, task, Choice(rule="forced", facts={"name": uow.actor.name or "", "priority": task.priority}))
        uow.publish("taskqueue.board", user_id)
    return task


def _keep_to_day(uow: Uow, task: Task, user_id: int, due_at: dt.datetime | None) -> None:
    """Refuse to give a task to somebody whose day, the one it is planned for or the one that was picked, takes no task more."""
    day = task.day if due_at is None else due_at.astimezone(uow.crm.zone).date()
    if day is None or (task.owner_id == user_id and task.day == day) or not load.counts(task.__dict__ | {"owner_id": user_id}, _settings(uow)):
        return
    if (full := load.full(uow, user_id, day, task.id)) is not None:
        load.refuse(uow, user_id, full, "user_id" if due_at is None else "due_at")


@button(icon="undo-2", menu=True, confirm=TAKE_BACK, shown=lambda task: task.state in (TaskState.OPEN, TaskState.HELD))
@command(_("Return to the queue", ru="Вернуть в очередь"), permission=SUPERVISE, of=Task)
def take_back(task: Task, uow: Uow) -> Task:
    """Return a task to the queue: one that is open at somebody, or one that was left with the supervisor."""
    with uow.as_system():
        if task.state is TaskState.OPEN and task.opened_by is not None:
            desk = try_desk(uow, task.opened_by)
            if desk is None or desk.task_id != task.id:
                raise Conflict(NOT_OPEN)
            note = RETURNED.format(name=uow.actor.name or uow.actor.id or "").to(uow.crm.settings.language)
            handing.give_back(uow, desk, "taken", note, draft=desk.draft)
        elif task.state is TaskState.HELD:
            uow.keep(uow.get(Task, task.id, lock=True), state=TaskState.WAITING, outcome=None)
        else:
            raise Conflict(NOT_OPEN)
    return task


@button(icon="ban", menu=True, confirm=CANCEL, shown=lambda task: task.state in (TaskState.WAITING, TaskState.HELD))
@command(_("Cancel", ru="Отменить"), permission=SUPERVISE, of=Task)
def cancel(task: Task, uow: Uow) -> Task:
    """Take a task out of the queue for good."""
    with uow.as_system():
        task = uow.get(Task, task.id, lock=True)
        if task.state not in (TaskState.WAITING, TaskState.HELD):
            raise Conflict(BUSY if task.state is TaskState.OPEN else OVER)
        if task.old_client_id is not None:
            clients.put_back(uow, task.old_client_id)
        return uow.keep(task, state=TaskState.CANCELLED, done_at=uow.now)


@button(icon="pause", palette=False)
@command(_("Pause a kind of tasks", ru="Приостановить вид задач"), permission=SUPERVISE)
def pause_kind(uow: Uow, *, kind: t.Annotated[str, _("Kind", ru="Вид")], reason: t.Annotated[str, _("Reason", ru="Причина")] = "") -> None:
    """Hand out no task of a kind until it goes on; what is open stays open."""
    _everywhere(uow)
    known = _settings(uow).all_kinds
    if kind not in known:
        raise Invalid(problems=[Problem("kind", "choice", NO_KIND.format(kind=kind, known=", ".join(known)))])
    insert_new(uow, paused, kind=kind, user_id=uow.actor.id, since=uow.now, reason=reason[:200] or None)
    uow.publish("taskqueue.board")


@button(icon="play", palette=False)
@command(_("Go on with a kind of tasks", ru="Возобновить вид задач"), permission=SUPERVISE)
def resume_kind(uow: Uow, *, kind: t.Annotated[str, _("Kind", ru="Вид")]) -> None:
    """Hand out tasks of a paused kind again."""
    _everywhere(uow)
    uow.connection.execute(paused.delete().where(paused.c.kind == kind))
    uow.publish("taskqueue.board")


def _everywhere(uow: Uow) -> None:
    """A kind stands still for everybody: whoever supervises a part of the company alone may not do that."""
    if not reach_of(uow, SUPERVISE).everybody:
        raise Forbidden(_("a kind of tasks is paused for the whole company", ru="вид задач приостанавливается для всей компании"))


def _settings(uow: Uow) -> TaskqueueSettings:
    return uow.crm[TaskqueueSettings]
