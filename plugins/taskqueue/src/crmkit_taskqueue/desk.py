"""A manager's desk: whether they work, what is open there, and until when."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crmkit import Conflict, Uow, _

from .tables import desks, paused, turns

NO_SESSION = _("start work first: tasks are handed out within a work session", ru="сначала начните работу: задачи выдаются в рабочей сессии")
AT_IT = _(
    "the manager's screen is just going on to another task: try once more",
    ru="экран менеджера как раз переходит к другой задаче: повторите ещё раз",
)
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
    seen_at: dt.datetime | None = None
    paused: tuple[str, ...] = ()
    """Kinds that stand still at the moment."""
    ending: t.Mapping[str, t.Any] | None = None
    """How the turn that has just ended is to be written, together with the next one or with the cleared desk."""


STANDS_STILL = sa.select(sa.func.aggregate_strings(paused.c.kind, t.cast(str, sa.literal_column("' '")))).scalar_subquery()
_WANTED = sa.select(*desks.c, STANDS_STILL).where(desks.c.user_id == sa.bindparam("user"))
_LOCKED = _WANTED.with_for_update(of=desks)
_TRIED = _WANTED.with_for_update(of=desks, skip_locked=True)


_ENDED = {name: sa.bindparam(f"new_{name}", type_=turns.c[name].type) for name in ("ended_at", "ended", "outcome", "note")}
END_TURN = turns.update().where(turns.c.id == sa.bindparam("turn", type_=turns.c.id.type)).values(_ENDED)


def me(uow: Uow) -> int:
    """Return the number of whoever asks; SYSTEM has no desk."""
    if uow.actor.id is None:
        raise Conflict(NO_SESSION)
    return uow.actor.id


def as_desk(row: Sequence[t.Any]) -> Desk:
    """Return the desk of a row: its columns, then the kinds that stand still."""
    *values, still = row
    return Desk(*values, paused=tuple((still or "").split()))  # type: ignore[misc]  # a row's columns are not typed


def desk_of(uow: Uow, user_id: int, *, lock: bool = False) -> Desk | None:
    """Return somebody's desk, held until the end of the transaction with `lock`; None for somebody who never worked."""
    found = uow.run(_LOCKED if lock else _WANTED, {"user": user_id})
    if not found:
        return None
    return as_desk(found[0])


def try_desk(uow: Uow, user_id: int) -> Desk | None:
    """Return somebody's desk, held, for whoever holds a task already: `Conflict` where the manager is at it this very moment.

    A manager's own work holds the desk first and then a task. Who has the task first must not wait for the desk: both would
    wait for each other.
    """
    found = uow.run(_TRIED, {"user": user_id})
    if not found:
        if desk_of(uow, user_id) is None:
            return None
        raise Conflict(AT_IT)
    return as_desk(found[0])


def insert_new(uow: Uow, table: sa.Table, **values: t.Any) -> None:
    """Insert a row unless there is one with its key."""
    insert: t.Any = postgresql.insert(table) if uow.connection.dialect.name == "postgresql" else sqlite.insert(table)
    uow.connection.execute(insert.values(**values).on_conflict_do_nothing())


def at_work(uow: Uow, user_id: int) -> Desk:
    """Return the held desk of somebody who works; `Conflict` says what to do first."""
    desk = desk_of(uow, user_id, lock=True)
    if desk is None or desk.session_id is None:
        raise Conflict(NO_SESSION)
    return desk


def put(uow: Uow, desk: Desk, **values: t.Any) -> Desk:
    """Write what changes on a desk."""
    uow.run(_put(tuple(values)), {"user": desk.user_id, **{f"new_{name}": value for name, value in values.items()}})
    return attrs.evolve(desk, **values)


@functools.cache
def _put(names: tuple[str, ...]) -> t.Any:
    new = {name: sa.bindparam(f"new_{name}", type_=desks.c[name].type) for name in names}
    return desks.update().where(desks.c.user_id == sa.bindparam("user")).values(new)


def cleared(uow: Uow, desk: Desk, ending: t.Mapping[str, t.Any] | None = None) -> Desk:
    """Return a desk without its task, not written yet; from now on time is lost."""
    return attrs.evolve(desk, task_id=None, turn_id=None, opened_at=None, lease_until=None, draft=None, ended_at=uow.now, ending=ending)


def on_postgres(uow: Uow) -> bool:
    """True on PostgreSQL, which does in one statement what takes several elsewhere."""
    return uow.crm.engine.dialect.name == "postgresql"


def clear(uow: Uow, desk: Desk) -> Desk:
    """Take the task off a desk, and write how its turn ended where that is still to be done."""
    if desk.ending is not None:
        uow.run(END_TURN, desk.ending)
    put(uow, desk, task_id=None, turn_id=None, opened_at=None, lease_until=None, draft=None, ended_at=uow.now)
    return cleared(uow, desk)
