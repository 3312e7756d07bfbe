"""Dialling: an open task of a kind that dials has its client called, as soon as the manager's line is free."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Refusal, Uow, hookimpl
from crmkit_sales import Contact, Deal, Lead
from crmkit_taskqueue import Task, TaskqueueSettings, Turn
from crmkit_telephony import Call, CallState, Line, Outcome, call, hang_up, line_of, provider_named

from . import store
from .choosing import Client, Refused, client_of, pick
from .machine import Attempt, Deed, State, Why, leave
from .settings import DialerSettings
from .store import Ask, Finish, Row

_C = Call.__table__.c
_ALIVE = sa.or_(*(_C.state == state for state in CallState if state is not CallState.ENDED))  # of all the calls of years these are few
_AT_TELEPHONE = sa.select(_C.id).where(_C.owner_id == sa.bindparam("user"), _ALIVE, _C.archived_at.is_(None)).limit(1)
LAST = 3
"""So many of somebody's last attempts are looked at."""
BUSY_FOR = dt.timedelta(seconds=3)
SPREAD, SLOTS = dt.timedelta(milliseconds=100), 300
"""A new hour begins for everybody: they begin within half a minute, not at once."""
CLOSED_LATE = "open"
"""The rule of a turn that is opened only to be closed: its browser was silent for a while."""


def dials(uow: Uow, kind: str) -> bool:
    """True for a kind of tasks that is dialled."""
    kinds, known = uow.crm[DialerSettings].kinds, uow.crm[TaskqueueSettings].all_kinds.get(kind)
    return known is not None and known.dials and (kinds is None or kind in kinds)


@hookimpl
def taskqueue_opened(task: Task, turn: Turn, uow: Uow) -> None:
    """Dial the client of a task that was opened at somebody who has a telephone."""
    if turn.why.get("rule") != CLOSED_LATE and dials(uow, task.kind) and (line := line_of(uow, turn.user_id)) is not None:
        start(uow, task, turn, line=line)


@hookimpl
def taskqueue_ended(task: Task, turn: Turn, uow: Uow) -> None:
    """Hang up what still rings for a task that is no longer open; a talk goes on."""
    row = store.of_turn(uow, turn.id)
    if row is not None and not row.is_over:
        stop(uow, row.id, Why.LEFT)


def start(uow: Uow, task: Task, turn: Turn, *, by_hand: bool = False, line: Line | None = None) -> Row:
    """Begin an attempt for an open task: at once, after a pause, or when a key is pressed.

    The work queue may open a task some minutes before its time; it is dialled at its time, not before.
    """
    settings = uow.crm[DialerSettings]
    client = client_of(uow, task)
    last = store.last_of(uow, turn.user_id, LAST)
    due = None if by_hand or settings.start == "by_key" else max(uow.now + _pause(last, settings), task.due_at or uow.now)
    at_once = by_hand or (due is not None and due <= uow.now)
    row = store.begin(uow, turn, store.chain_of(uow, task.id, task.previous_id), client.contact_id, None if at_once else due)
    return dial(uow, row, task, client, by_hand=by_hand, line=line, last=last) if at_once else row


def _pause(last: Sequence[Row], settings: DialerSettings) -> dt.timedelta:
    return settings.pause_after_talk if last and last[0].a.outcome is Outcome.ANSWERED else settings.pause


def dial(
    uow: Uow, row: Row, task: Task, client: Client | None = None, *, by_hand: bool = False, line: Line | None = None,
    last: Sequence[Row] | None = None,
) -> Row:  # fmt: skip
    """Ask for the call of a held attempt that waits; or say why there is none. What is known of the manager already is given along."""
    if line_is_busy(uow, row, last):
        return store.put(uow, row, attrs.evolve(row.a, due_at=uow.now + BUSY_FOR), "line_busy")
    line = line or line_of(uow, row.user_id)
    until = full_until(uow, line)
    if until is not None:  # what would be asked for now would fail: a task is not spent on that
        return store.put(uow, row, attrs.evolve(row.a, due_at=until + SPREAD * (row.id % SLOTS)), "limit")
    client = client or client_of(uow, task)
    found = pick(uow, client, by_hand=by_hand)
    if found.number is None or not store.claim(uow, found.number, row.id):
        return refuse(uow, row, found.refused or Refused.IN_USE, found.until or uow.now + dt.timedelta(minutes=2))
    try:
        # Whether the number may be called was asked a moment ago, in this transaction.
        placed = call(uow, found.number, **_about(uow, task), user=row.user_id, line=line, anyway=True)
    except Refusal:
        return refuse(uow, row, Refused.LINE, None)
    a = attrs.evolve(row.a, state=State.CALLING, due_at=uow.now + uow.crm[DialerSettings].agent_time)
    return store.put(uow, row, a, "dialled", number=found.number, call_id=placed.id, dialled_at=uow.now)


def full_until(uow: Uow, line: Line | None) -> dt.datetime | None:
    """Return until when the provider of a telephone places no calls, because a limit is used up."""
    provider = None if line is None else provider_named(uow.crm, line.provider)
    return None if provider is None else provider.full_until()


def refuse(uow: Uow, row: Row, why: Refused, until: dt.datetime | None) -> Row:
    """End an attempt for which nothing was dialled."""
    a = attrs.evolve(row.a, state=State.ENDED, ended_at=uow.now, due_at=None)
    row = store.put(uow, row, a, why.value, refused=why.value, until=until)
    perform(uow, row, Deed.FINISH)
    return row


def _about(uow: Uow, task: Task) -> dict[str, t.Any]:
    ways: tuple[tuple[str, type[Contact] | type[Lead] | type[Deal], int | None], ...] = (
        ("contact", Contact, task.contact_id), ("lead", Lead, task.lead_id), ("deal", Deal, task.deal_id))  # fmt: skip
    return {name: uow.peek(t.cast("type[Contact]", cls), key) for name, cls, key in ways if key is not None}


def line_is_busy(uow: Uow, row: Row, last: Sequence[Row] | None = None) -> bool:
    """True while the manager's telephone is in a call, or an attempt of theirs is not over yet."""
    last = store.last_of(uow, row.user_id, LAST) if last is None else last
    if any(other.id != row.id and not other.is_over and other.call_id is not None for other in last):
        return True
    uow.flush(wait=False)
    return bool(uow.run(_AT_TELEPHONE, {"user": row.user_id}))


def stop(uow: Uow, attempt_id: int, why: Why) -> Row | None:
    """Bring an attempt to its end because of the task, or because its manager says so."""
    row = store.hold(uow, attempt_id)
    if row is None:
        return None
    a, deed = leave(row.a, why, uow.now, uow.crm[DialerSettings])
    row = store.put(uow, row, a, why.value)
    perform(uow, row, deed)
    return store.get(uow, attempt_id)


def perform(uow: Uow, row: Row, deed: Deed | None) -> None:
    """Do what a step asks for; the attempt is written already."""
    if deed is Deed.LOOK:
        uow.emit(Ask(row.id))
    elif deed is Deed.FINISH:
        uow.schedule(Finish(row.id), key=f"dialer:finish:{row.id}")
    elif deed is Deed.HANG_UP and row.call_id is not None:
        try:
            hang_up(uow, uow.get(Call, row.call_id))
        except Refusal:  # this provider cannot: it ends when somebody puts the telephone down
            store.put(uow, row, row.a, "cannot")
    elif deed is Deed.DIAL:
        task = uow.peek(Task, row.task_id)
        if task is not None:
            dial(uow, row, task)


__all__ = ["Attempt", "dial", "dials", "line_is_busy", "perform", "refuse", "start", "stop"]
