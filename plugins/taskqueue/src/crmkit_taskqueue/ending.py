"""Ending a task: by an outcome, by an honest exit, or for later. Each opens the next one in the same transaction."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

from crmkit import Conflict, Forbidden, Invalid, NotFound, Problem, Uow, _

from . import clients
from .answers import LONGEST, TOO_LONG, plain, read_answers
from .deciding import Choice
from .desk import Desk, at_work, clear, me
from .entities import Result, Task, TaskState
from .following import follow
from .handing import Turn, WrongChoice, end_held, hand_over, held, open_next, turn_of
from .kinds import TaskKind
from .sessions import begin_break
from .settings import TaskqueueSettings

NOT_YOURS = _("this task is open at somebody else", ru="эта задача открыта у другого сотрудника")
ENDED = _(
    "the task was closed already, in another tab or on another device: reload the page",
    ru="задача уже закрыта в другой вкладке или на другом устройстве: обновите страницу",
)
GONE = _(
    "the task went back to the queue at {at} and is no longer free; what you typed is still in the form: copy it, then go on to the next task",
    ru="задача вернулась в очередь в {at} и уже занята; набранное осталось в форме: скопируйте и переходите к следующей задаче",
)
ANOTHER = _(
    "the task went back to the queue at {at}, and another one is open at you: end that one first, this one will come again",
    ru="задача вернулась в очередь в {at}, и у вас открыта другая: сначала завершите её, эта придёт снова",
)
TAKEN = _(
    "a supervisor took the task back at {at}; what you typed is still in the form: copy it, then go on to the next task",
    ru="руководитель забрал задачу в {at}; набранное осталось в форме: скопируйте и переходите к следующей задаче",
)
NO_OUTCOME = _("there is no outcome {outcome!r}; there are {known}", ru="нет результата {outcome!r}; есть {known}")
KIND_GONE = _(
    "the kind {kind!r} is no longer in the settings: end the task by an exit, or ask the supervisor to change its kind",
    ru="вида {kind!r} больше нет в настройках: завершите задачу через «не могу выполнить» или попросите руководителя сменить вид",
)
NO_EXIT = _("there is no reason {reason!r}; there are {known}", ru="нет причины {reason!r}; есть {known}")
WHY = _("say why, in a few words", ru="напишите почему, в нескольких словах")
CANCELS = {"wrong_number": Result.WRONG_CONTACT, "do_not_call": Result.DO_NOT_CALL}


def complete(uow: Uow, turn_id: int, outcome: str, values: Mapping[str, t.Any] | None = None) -> Turn | Choice:
    """End the open task by an outcome, do what follows, and open the next one; return what `next_turn` does.

    `values` are what the outcome asks for, and ``at`` (when again) and ``note``. `Invalid` names the field, `Forbidden` says that
    the task is somebody else's, `Conflict` that it was closed already or went back to the queue: nothing has changed then.
    """
    with uow.as_system():
        desk, task, turn = _held(uow, turn_id)
        kind = _kind(uow, task)
        chosen = kind.outcomes.get(outcome)
        if chosen is None:
            raise Invalid(problems=[Problem("outcome", "choice", NO_OUTCOME.format(outcome=outcome, known=", ".join(kind.outcomes)))])
        given = read_answers(chosen, values or {}, uow)
        uow.keep(
            task, state=TaskState.DONE, done_at=uow.now, outcome=outcome, answers=dict(given.answers), note=_noted(task, given.note)
        )
        desk = end_held(uow, desk, task, turn, "done", outcome=outcome, note=given.note or None)
        follow(uow, task, kind, chosen, given)
    return _go_on(uow, desk)


def leave(uow: Uow, turn_id: int, reason: str, note: str) -> Turn | Choice:
    """End the open task by an exit: it cannot be done, for a reason of the settings and in words; open the next one.

    A wrong number and a client who wants no calls cancel the task; any other reason leaves it with the supervisor.
    """
    note = plain(note)
    with uow.as_system():
        desk, task, turn = _held(uow, turn_id)
        kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
        known = [r for r in uow.crm[TaskqueueSettings].exit_reasons if kind is None or kind.exits is None or r in kind.exits]
        problems = []
        if reason not in known:
            problems.append(Problem("reason", "choice", NO_EXIT.format(reason=reason, known=", ".join(known))))
        if not note:
            problems.append(Problem("note", "required", WHY))
        if len(note) > LONGEST:
            problems.append(Problem("note", "too_long", TOO_LONG.format(most=LONGEST)))
        if problems:
            raise Invalid(problems=problems)
        result = CANCELS.get(reason)
        uow.keep(
            task, state=TaskState.CANCELLED if result else TaskState.HELD, done_at=uow.now if result else None, outcome=reason,
            opened_by=desk.user_id if result else None, opened_at=task.opened_at if result else None, note=_noted(task, note),
        )  # fmt: skip
        desk = end_held(uow, desk, task, turn, "exit", outcome=reason, note=note)
        if task.old_client_id is not None and result is not None:
            clients.close(uow, task.old_client_id, result)
    return _go_on(uow, desk)


def postpone(uow: Uow, turn_id: int, at: dt.datetime, note: str = "") -> Turn | Choice:
    """Put the open task back into the queue for a later moment, as if it had not been opened, and open the next one.

    For what stands in the way and is nobody's doing: the line is dead, the client's hours are over. It counts as no attempt.
    """
    with uow.as_system():
        desk, task, turn = _held(uow, turn_id)
        uow.keep(task, state=TaskState.WAITING, opened_by=None, opened_at=None, note=_noted(task, note))
        task.due_at = at
        desk = end_held(uow, desk, task, turn, "returned", outcome=None, note=note or None)
    return _go_on(uow, desk)


def _held(uow: Uow, turn_id: int) -> tuple[Desk, Task, Turn]:
    """Return desk and task of an open turn, both held, and the turn; say what is the matter with any other."""
    user_id = me(uow)
    found = held(uow, user_id, turn_id)
    if found is not None:
        return found
    desk = at_work(uow, user_id)
    turn = turn_of(uow, turn_id)
    if turn is None or turn.user_id != user_id:
        raise Forbidden(NOT_YOURS)
    at = f"{(turn.ended_at or uow.now).astimezone(uow.crm.zone):%H:%M}"
    if turn.ended == "taken":
        raise Conflict(TAKEN.format(at=at))
    if turn.ended not in ("expired", "returned"):
        raise Conflict(ENDED)
    if desk.task_id is not None and desk.task_id != turn.task_id:
        raise Conflict(ANOTHER.format(at=at))
    try:
        task = uow.get(Task, turn.task_id, lock=True)
    except NotFound:
        raise Conflict(ENDED) from None
    if desk.task_id is not None and desk.turn_id is not None:
        return desk, task, t.cast(Turn, turn_of(uow, desk.turn_id))  # it is open once more, in another tab
    if task.state in (TaskState.DONE, TaskState.CANCELLED):
        raise Conflict(ENDED)
    if task.state is not TaskState.WAITING or task.archived_at is not None:
        raise Conflict(GONE.format(at=at))
    # The browser was silent for a while, nobody else took it: what was done counts.
    anew = hand_over(uow, desk, task, Choice(rule="open", facts={"kind": task.kind, "priority": task.priority}))
    uow.flush()  # the journal tells that it was opened once more
    return at_work(uow, user_id), task, anew


def _kind(uow: Uow, task: Task) -> TaskKind:
    kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
    if kind is None:
        raise Conflict(KIND_GONE.format(kind=task.kind))
    return kind


def _noted(task: Task, note: str) -> str | None:
    return "\n".join(x for x in (task.note, note) if x) or None


def _go_on(uow: Uow, desk: Desk) -> Turn | Choice:
    """Go on at a held desk whose task has ended, which is not written there yet."""
    if desk.pause_after is not None:
        clear(uow, desk)
        begin_break(uow, desk, desk.pause_after)
        return Choice(rule="break", facts={"reason": desk.pause_after})
    if desk.pause_id is not None:
        clear(uow, desk)
        return Choice(rule="break")
    try:
        found = open_next(uow, desk)
    except WrongChoice as error:  # what is done is done, whatever a plugin's strategy chooses next
        found = Choice(rule="trouble", facts={"problem": error.message})
    if isinstance(found, Choice):
        clear(uow, desk)
    return found


__all__ = ["complete", "leave", "postpone"]
