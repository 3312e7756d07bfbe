"""What a manager does with the call of the open task: dial, hang up, say that it was a machine."""

from __future__ import annotations

import typing as t

from crmkit import Conflict, Uow, _, command
from crmkit.ui import button
from crmkit_taskqueue import Task, Turn, current

from . import store
from .choosing import Refused
from .dialing import dial, start, stop
from .machine import State, Why
from .roles import DIAL
from .store import Row

NOTHING_OPEN = _("no task is open here", ru="задача не открыта")
UNDER_WAY = _("the call is under way already", ru="звонок уже идёт")
NO_CALL = _("there is no call to end", ru="нет звонка, который можно завершить")
NOT_YET = _("nobody has answered yet", ru="ещё никто не ответил")


def dial_now(uow: Uow) -> Row:
    """Dial the client of the open task, now: before its pause or its time, or once more. Hours and the do-not-call list hold."""
    with uow.as_system():
        turn, row = _here(uow)
        task = uow.get(Task, turn.task_id)
        if row is None or row.is_over:
            row = start(uow, task, turn, by_hand=True)
        elif row.a.state is State.WAITING:
            row = t.cast(Row, store.hold(uow, row.id))
            if row.a.state is State.WAITING:
                row = dial(uow, row, task, by_hand=True)
        else:
            raise Conflict(UNDER_WAY)
        if row.refused is not None:
            raise Conflict(Refused(row.refused).words)
        return row


def end_call(uow: Uow) -> Row:
    """Hang up the call of the open task; the task stays open."""
    return _stop(uow, Why.PERSON)


def voicemail(uow: Uow) -> Row:
    """Say that a machine answered: it is hung up, and the task closes as no answer and comes again."""
    with uow.as_system():
        _turn, row = _here(uow)
        if row is None or row.a.state is not State.TALKING:
            raise Conflict(NOT_YET)
        return _stop(uow, Why.VOICEMAIL)


def _here(uow: Uow) -> tuple[Turn, Row | None]:
    turn = current(uow)
    if turn is None:
        raise Conflict(NOTHING_OPEN)
    return turn, store.of_turn(uow, turn.id)


def _stop(uow: Uow, why: Why) -> Row:
    with uow.as_system():
        _turn, row = _here(uow)
        if row is None or row.is_over:
            raise Conflict(NO_CALL)
        return t.cast(Row, stop(uow, row.id, why))


def told(row: Row) -> dict[str, t.Any]:
    """Return an attempt as JSON."""
    return {"attempt": row.id, "turn": row.turn_id, "number": row.number, "state": row.a.state.value,
            "outcome": None if row.a.outcome is None else row.a.outcome.value}  # fmt: skip


@button(palette=False)
@command(_("Dial", ru="Позвонить"), permission=DIAL, name="dial")
def dial_command(uow: Uow) -> dict[str, t.Any]:
    """Dial the client of the open task."""
    return told(dial_now(uow))


@button(palette=False)
@command(_("Hang up", ru="Завершить звонок"), permission=DIAL, name="hang_up")
def hang_up_command(uow: Uow) -> dict[str, t.Any]:
    """Hang up the call of the open task."""
    return told(end_call(uow))


@button(palette=False)
@command(_("Voicemail", ru="Автоответчик"), permission=DIAL, name="voicemail")
def voicemail_command(uow: Uow) -> dict[str, t.Any]:
    """Say that a machine answered the call of the open task."""
    return told(voicemail(uow))


__all__ = ["dial_now", "end_call", "told", "voicemail"]
