"""Clients who call in: what waits to be tried again is no longer needed, and a missed call becomes a task."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow, _, hookimpl, on
from crmkit_taskqueue import Task, TaskqueueSettings, TaskState
from crmkit_telephony import Call, CallEvent, Direction, EventType

from .settings import DialerSettings
from .tables import attempts

CALL_BACK = _("Call back: {number}", ru="Перезвонить: {number}")
CALLED_IN = _("The client called in.", ru="Клиент позвонил сам.")


@attrs.frozen
class CalledIn:
    """A client called in, and was spoken to or missed."""

    call_id: int


@hookimpl(specname="telephony_changed")
def client_called(call: Call, events: Sequence[CallEvent], uow: Uow) -> None:
    """Know of clients who call in and are spoken to."""
    if call.direction is Direction.IN and any(e.type is EventType.ANSWERED for e in events):
        uow.schedule(CalledIn(call.id), key=f"dialer:in:{call.id}")


@on(CalledIn)
def no_retry_is_needed(event: CalledIn, uow: Uow) -> None:
    """Cancel the retries that wait for a client who has called in."""
    call = uow.peek(Call, event.call_id)
    if call is None or (call.contact_id is None and call.number is None):
        return
    numbers = sa.select(attempts.c.task_id).where(attempts.c.number == call.number)
    about = Task.previous_id.in_(numbers) if call.contact_id is None else sa.or_(Task.contact_id == call.contact_id, Task.previous_id.in_(numbers))
    waiting = uow.find(Task).where(Task.state == TaskState.WAITING, Task.attempt > 1, Task.previous_id.is_not(None), Task.old_client_id.is_(None))
    dialled = [name for name, kind in uow.crm[TaskqueueSettings].all_kinds.items() if kind.dials]
    for found in waiting.where(about, Task.kind.in_(dialled)).order_by(Task.id).all():
        task = uow.get(Task, found.id, lock=True)
        if task.state is TaskState.WAITING:
            note = "\n".join(x for x in (task.note, str(CALLED_IN.to(uow.crm.settings.language))) if x)
            uow.keep(task, state=TaskState.CANCELLED, done_at=uow.now, outcome="called_in", note=note)


@hookimpl
def telephony_missed(call: Call, uow: Uow) -> bool | None:
    """Make a task of a missed call, unless somebody is to call that client back already."""
    kind = uow.crm[DialerSettings].missed_kind
    if not kind or kind not in uow.crm[TaskqueueSettings].all_kinds:
        return None
    about = {name: key for name in ("contact_id", "lead_id", "deal_id") if (key := getattr(call, name)) is not None}
    if not about:
        return None
    uow.schedule(CalledIn(call.id), key=f"dialer:in:{call.id}")
    waits = uow.find(Task).where(Task.kind == kind, Task.state.in_([TaskState.WAITING, TaskState.OPEN]), Task.attempt == 1)
    if not waits.where(sa.or_(*(getattr(Task, name) == key for name, key in about.items()))).exists():
        title = str(CALL_BACK.format(number=call.number or "").to(uow.crm.settings.language)).strip(" :")
        uow.add(Task(kind=kind, title=title[:200], due_at=uow.now, owner_id=call.owner_id, team_id=call.team_id, **about))
    return True
