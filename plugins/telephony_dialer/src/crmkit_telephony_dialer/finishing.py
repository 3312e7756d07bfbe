"""What becomes of the task when an attempt has ended: closed, tried again later, put off, left; and the next one opens."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import typing as t
from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from crmkit import Actor, Refusal, Uow, _, hookimpl, on
from crmkit_taskqueue import (
    Retry,
    Task,
    TaskKind,
    TaskqueueSettings,
    Turn,
    complete,
    current,
    in_working_time,
    leave,
    pause,
    postpone,
)
from crmkit_telephony import Outcome

from . import store
from .choosing import Refused, client_of, left
from .dialing import dials, start
from .policy import TECHNICAL, Next, Step, in_a_row, since_reached, what_follows
from .settings import DialerSettings
from .store import Finish, Row
from .tables import attempts

log = logging.getLogger("crmkit.telephony_dialer")
NOT_PLACED = _("The call could not be placed; it is tried again.", ru="Не удалось позвонить, будет новая попытка.")
BUSY = _("The line was busy.", ru="Было занято.")
NO_SUCH_NUMBER = _("The network says that there is no such number: {number}.", ru="Такого номера нет: {number}.")
AWAY = _("The telephone of {user} was not picked up.", ru="Сотрудник {user} не снял трубку.")
_C = attempts.c
_FOLLOWED = attempts.update().where(_C.id == sa.bindparam("attempt"), _C.followed_at.is_(None)).values(followed_at=sa.bindparam("now"))
_LAST = sa.select(_C.chain, _C.outcome, _C.refused).where(
    _C.task_id == sa.bindparam("task"), _C.ended_at.is_not(None)).order_by(_C.id.desc()).limit(1)  # fmt: skip
PUT_OFF = (Refused.HOURS, Refused.LIMIT, Refused.IN_USE)


@attrs.frozen
class Away:
    """A manager whose telephone was not picked up may still not be there."""

    attempt_id: int


@contextlib.contextmanager
def as_manager(uow: Uow, row: Row) -> Iterator[Uow]:
    """Open a unit of work of the manager's own within this transaction: what cannot be done there is undone alone."""
    crm = uow.crm
    person = crm.hook.crm_person(crm=crm, id=row.user_id) if "crm_person" in crm.hooked else None
    actor = person or Actor(row.user_id, teams=() if row.team_id is None else (row.team_id,))
    with crm.uow(actor, connection=uow.connection, cause="telephony_dialer") as theirs:
        yield theirs


@on(Finish)
def finish(event: Finish, uow: Uow) -> None:
    """Let the task follow from an attempt, once, as its manager would have done it."""
    row = store.get(uow, event.attempt_id)
    if row is None or row.followed_at is not None or not row.is_over:
        return
    try:
        with as_manager(uow, row) as theirs:
            turn, last = current(theirs), store.of_turn(theirs, row.turn_id)
            if turn is not None and turn.id == row.turn_id and last is not None and last.id == row.id:
                with theirs.as_system():
                    _follow(theirs, row, turn)
    except Refusal as refusal:
        log.warning("the task of attempt %s stays open: %s", row.id, refusal)
    uow.run(_FOLLOWED, {"attempt": row.id, "now": uow.now}, wait=False)
    uow.publish(store.TOPIC.name, row.user_id)


def _follow(uow: Uow, row: Row, turn: Turn) -> None:
    if row.refused is not None:
        _refused(uow, row, uow.get(Task, row.task_id), turn, Refused(row.refused))
        return
    settings, outcome = uow.crm[DialerSettings], t.cast(Outcome, row.a.outcome)
    # Only after a number that is none it matters how many are left.
    numbers = left(client_of(uow, uow.get(Task, row.task_id)), settings) if outcome is Outcome.INVALID_NUMBER else 1
    step = what_follows(outcome, store.tried(uow, (), None, row.chain), settings, numbers=numbers)
    step = _of_the_stack(uow, row, step)
    if step.next is Next.RETRY:
        _silent(uow, turn)
    elif step.next is Next.POSTPONE:
        words = BUSY if row.a.outcome is Outcome.BUSY else NOT_PLACED
        postpone(uow, turn.id, uow.now + (step.after or dt.timedelta()), _say(uow, words))
    elif step.next is Next.REDIAL:
        start(uow, uow.get(Task, row.task_id), turn, by_hand=True)
    elif step.next is Next.WRONG_NUMBER:
        _leave(uow, turn, "wrong_number", _say(uow, NO_SUCH_NUMBER.format(number=row.number)))
    elif row.a.outcome is Outcome.AGENT_NO_ANSWER:
        _agent_is_away(uow, row)


def _refused(uow: Uow, row: Row, task: Task, turn: Turn, why: Refused) -> None:
    words = _say(uow, why.words)
    if why is Refused.DO_NOT_CALL:
        _leave(uow, turn, "do_not_call", words)
    elif why is Refused.EXHAUSTED:
        _silent(uow, turn)
    elif why in PUT_OFF and row.until is not None:
        postpone(uow, turn.id, in_working_time(uow, row.until, task.zone, dials=True), words)


def _of_the_stack(uow: Uow, row: Row, step: Step) -> Step:
    """Old clients return to the stack for weeks when nobody answers: a busy line is tried again before."""
    settings = uow.crm[DialerSettings]
    if step.next is not Next.RETRY or row.a.outcome is not Outcome.BUSY or uow.get(Task, row.task_id).old_client_id is None:
        return step
    busy = in_a_row(since_reached(store.tried(uow, (), None, row.chain)), [Outcome.BUSY])
    return Step(Next.POSTPONE, settings.busy_after) if busy <= settings.busy_times else step


def silent_outcome(kind: TaskKind) -> str | None:
    """Return the outcome of a kind that says that nobody was reached and asks for nothing."""
    found = (name for name, o in kind.outcomes.items() if o.then == "retry" and not any(ask.required for ask in o.asks.values()))
    return next(found, None)


def _silent(uow: Uow, turn: Turn) -> None:
    kind = uow.crm[TaskqueueSettings].all_kinds.get(turn.kind)
    outcome = None if kind is None else silent_outcome(kind)
    if outcome is not None:
        complete(uow, turn.id, outcome)


def _leave(uow: Uow, turn: Turn, reason: str, words: str) -> None:
    """Leave a task for a reason of the settings; where that is not offered, nobody was reached."""
    settings = uow.crm[TaskqueueSettings]
    kind = settings.all_kinds.get(turn.kind)
    if reason in settings.exit_reasons and (kind is None or kind.exits is None or reason in kind.exits):
        leave(uow, turn.id, reason, words)
    else:
        _silent(uow, turn)


def _say(uow: Uow, words: t.Any) -> str:
    return str(words.to(uow.crm.settings.language)) if hasattr(words, "to") else str(words)


# ---- the manager's own telephone ------------------------------------------------------------------------------------------
def _agent_is_away(uow: Uow, row: Row) -> None:
    """Leave the task with its manager for a while; who does not pick up again and again gets a break."""
    settings = uow.crm[DialerSettings]
    missed = 0
    for attempt in store.last_of(uow, row.user_id, settings.agent_misses):
        missed += attempt.a.outcome is Outcome.AGENT_NO_ANSWER
    if missed >= settings.agent_misses:
        _give_back(uow, row)
    else:
        uow.schedule(Away(row.id), delay=settings.agent_away, key=f"dialer:away:{row.id}")


@on(Away)
def still_away(event: Away, uow: Uow) -> None:
    """Return the task of a manager who has done nothing since."""
    row = store.get(uow, event.attempt_id)
    if row is None:
        return
    with contextlib.suppress(Refusal), as_manager(uow, row) as theirs:
        turn, last = current(theirs), store.of_turn(theirs, row.turn_id)
        if turn is not None and turn.id == row.turn_id and last is not None and last.id == row.id:
            with theirs.as_system():
                _give_back(theirs, row)


def _give_back(uow: Uow, row: Row) -> None:
    reason = uow.crm[DialerSettings].agent_break
    if reason in uow.crm[TaskqueueSettings].break_reasons:
        pause(uow, reason)
    postpone(uow, row.turn_id, uow.now, _say(uow, AWAY.format(user=uow.actor.name or row.user_id)))


# ---- when to try again ------------------------------------------------------------------------------------------------------
@hookimpl
def taskqueue_retry(task: Task, uow: Uow) -> Retry | None:
    """Say when a task that was dialled is tried again, by the dialer's policy."""
    if not dials(uow, task.kind):
        return None
    found = uow.run(_LAST, {"task": task.id})
    if not found:
        return None
    chain, said, refused = found[0]
    if refused == Refused.EXHAUSTED.value:
        return Retry(None)
    if said is None:
        return None
    made = store.tried(uow, (), None, chain)
    outcome = Outcome(said)
    if outcome in TECHNICAL:
        return Retry(what_follows(outcome, made, uow.crm[DialerSettings]).after)
    if outcome not in (Outcome.VOICEMAIL, Outcome.BUSY, Outcome.REJECTED, Outcome.UNAVAILABLE, Outcome.NO_ANSWER):
        outcome = Outcome.NO_ANSWER  # whoever talked, or was not picked up by the manager, and says that nobody was reached
        made = [attrs.evolve(made[0], outcome=outcome), *made[1:]]
    return Retry(what_follows(outcome, made, uow.crm[DialerSettings]).after)


__all__ = ["as_manager", "silent_outcome"]
