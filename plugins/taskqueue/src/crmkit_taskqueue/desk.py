"""A manager's desk: whether they work, what is open there, and until when."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Uow, _

from .tables import desks, paused

NO_SESSION = _("start work first: tasks are handed out within a work session", ru="сначала начните работу: задачи выдаются в рабочей сессии")
ON_BREAK = _("you are on a break: end it to get a task", ru="у вас перерыв: завершите его, чтобы получить задачу")


@attrs.frozen
class Desk:
    """What is on a manager's desk."""

    user_id: int
    team_id: int | None
    session_id: int | None
    pause_id: int | None
    pause_after: str | None
    task_id: int | None
    turn_id: int | None
    opened_at: dt.datetime | None
    lease_until: dt.datetime | None
    ended_at: dt.datetime | None
    draft: dict[str, t.Any] | None
    paused: tuple[str, ...] = ()
    """Kinds that stand still at the moment."""


_STANDS_STILL = sa.select(sa.func.aggregate_strings(paused.c.kind, " ")).scalar_subquery()
_WANTED = sa.select(*desks.c, _STANDS_STILL).where(desks.c.user_id == sa.bindparam("user"))
_LOCKED = _WANTED.with_for_update(of=desks)


def me(uow: Uow) -> int:
    """Return the number of whoever asks; SYSTEM has no desk."""
    if uow.actor.id is None:
        raise Conflict(NO_SESSION)
    return uow.actor.id


def desk_of(uow: Uow, user_id: int, *, lock: bool = False) -> Desk | None:
    """Return somebody's desk, held until the end of the transaction with `lock`; None for somebody who never worked."""
    row = uow.connection.execute(_LOCKED if lock else _WANTED, {"user": user_id}).first()
    if row is None:
        return None
    *values, still = tuple(row)
    return Desk(*values, paused=tuple((still or "").split()))  # type: ignore[misc]  # a row's columns are not typed


def at_work(uow: Uow, user_id: int) -> Desk:
    """Return the held desk of somebody who works; `Conflict` says what to do first."""
    desk = desk_of(uow, user_id, lock=True)
    if desk is None or desk.session_id is None:
        raise Conflict(NO_SESSION)
    return desk


def put(uow: Uow, desk: Desk, **values: t.Any) -> Desk:
    """Write what changes on a desk."""
    uow.connection.execute(desks.update().where(desks.c.user_id == desk.user_id).values(**values))
    return attrs.evolve(desk, **values)


def cleared(uow: Uow, desk: Desk) -> Desk:
    """Return a desk without its task, not written yet; from now on time is lost."""
    return attrs.evolve(desk, task_id=None, turn_id=None, opened_at=None, lease_until=None, draft=None, ended_at=uow.now)


def clear(uow: Uow, desk: Desk) -> Desk:
    """Take the task off a desk."""
    return put(uow, desk, task_id=None, turn_id=None, opened_at=None, lease_until=None, draft=None, ended_at=uow.now)
