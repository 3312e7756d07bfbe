"""What other plugins tell of: a task that is opened, a call that is answered. None of them is required."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Kind, Uow, Written, hookimpl
from crmkit_sales import Deal, Lead

from .cases import begin, end, is_measured, open_case
from .entities import Case, EndedHow
from .recounting import recount
from .settings import MonitorSettings
from .tables import talks

CALL = "telephony.call"
TALKING = ("talking", "held")
PHONE = "phone"
_case, _talk = Case.__table__.c, talks.c


@hookimpl(optionalhook=True)
def taskqueue_opened(task: t.Any, turn: t.Any, uow: Uow) -> None:
    """Begin a case with a task that was opened at a manager."""
    if "task" not in uow.crm[MonitorSettings].begins or not is_measured(uow, turn.user_id):
        return
    key, before = f"task:{task.id}", open_case(uow, turn.user_id)
    if before is None or before.key != key:
        begin(uow, user_id=turn.user_id, contact_id=_contact(uow, task), key=key, **_as_before(before))


@hookimpl(optionalhook=True)
def taskqueue_ended(task: t.Any, turn: t.Any, uow: Uow) -> None:
    """End the case of a task with it."""
    case = open_case(uow, turn.user_id)
    if case is not None and case.key == f"task:{task.id}":
        end(uow, case, how=EndedHow.DONE if turn.outcome else EndedHow.BY_HAND, outcome=turn.outcome)


@hookimpl(optionalhook=True)
def telephony_changed(call: t.Any, events: Sequence[t.Any], uow: Uow) -> None:
    """Begin a case with a call that was answered, unless somebody is being served; note when somebody talks."""
    user: int | None = call.owner_id
    if user is None or call.answered_at is None:
        return
    state = call.state.value
    with uow.as_system():
        uow.flush()
        _note(uow, call, user, over=state not in TALKING)
        if state not in TALKING or "call" not in uow.crm[MonitorSettings].begins or not is_measured(uow, user):
            return
        before = open_case(uow, user)
        if before is None or (before.key != f"call:{call.id}" and _call_is_over(uow, before)):
            began = max(call.answered_at, uow.now - dt.timedelta(minutes=1))
            begin(uow, user_id=user, contact_id=call.contact_id, channel=PHONE, key=f"call:{call.id}", at=began, **_as_before(before, "channel"))


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """End the case of a call when it has been written up."""
    if kind.key != CALL:
        return
    for row in rows:
        if row.values is None or row.values.get("wrapped_at") is None or (row.changed is not None and "wrapped_at" not in row.changed):
            continue
        user = row.values.get("owner_id")
        case = open_case(uow, user) if user is not None else None
        if case is not None and case.key == f"call:{row.id}":
            end(uow, case, outcome=row.values["outcome"].value if row.values.get("outcome") is not None else None)


def _as_before(case: Case | None, *without: str) -> dict[str, t.Any]:
    """Return what the next client has like the one before: they come to the same place."""
    if case is None:
        return {}
    known = {"point_of_sale_id": case.point_of_sale_id, "channel": case.channel}
    return {name: value for name, value in known.items() if name not in without}


def _contact(uow: Uow, task: t.Any) -> int | None:
    """Return the client of a task: its own, or that of its deal or lead."""
    if task.contact_id is not None:
        return int(task.contact_id)
    for cls, key in ((Deal, task.deal_id), (Lead, task.lead_id)):
        record: t.Any = uow.peek(cls, key) if key is not None else None
        if record is not None and record.contact_id is not None:
            return int(record.contact_id)
    return None


def _note(uow: Uow, call: t.Any, user: int, *, over: bool) -> None:
    """Note since when and until when somebody talks; whoever handed the call on talks no longer."""
    connection, ended = uow.connection, (call.ended_at or uow.now) if over else None
    held = connection.execute(sa.select(talks).where(_talk.call_id == call.id)).all()
    for row in held:
        until = ended if row.user_id == user else row.ended_at or uow.now
        if row.ended_at != until:
            connection.execute(talks.update().where(_talk.call_id == row.call_id, _talk.user_id == row.user_id).values(ended_at=until))
    if all(row.user_id != user for row in held):
        began = call.answered_at if not held else uow.now
        connection.execute(talks.insert().values(call_id=call.id, user_id=user, began_at=began, ended_at=ended))
    if ended is not None:
        _again(uow, {user, *(row.user_id for row in held)}, call.answered_at, ended)


def _again(uow: Uow, users: set[int], since: dt.datetime, until: dt.datetime) -> None:
    """Have cases counted again that ended before it was told that their call was over."""
    overlap = sa.select(_case.id).where(
        _case.owner_id.in_(users), _case.log_id.is_(None), _case.began_at < until, _case.ended_at > since, _case.archived_at.is_(None)
    )
    if keys := list(uow.connection.execute(overlap).scalars()):
        recount(uow, keys)


def _call_is_over(uow: Uow, case: Case) -> bool:
    """True for a case that a call began which has ended since: the next call is the next client."""
    key = case.key or ""
    if not key.startswith("call:"):
        return False
    row = uow.connection.execute(sa.select(_talk.ended_at).where(_talk.call_id == int(key[5:]), _talk.user_id == case.owner_id)).first()
    return row is not None and row.ended_at is not None


__all__ = ["crm_settle", "taskqueue_ended", "taskqueue_opened", "telephony_changed"]
