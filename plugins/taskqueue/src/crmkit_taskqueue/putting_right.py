"""What happens to desks and the stack when tasks are changed past the queue: archived, merged, or put back by an undo."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from crmkit import Archived, Changed, Entity, Kind, Undone, Uow, _, hookimpl, on
from crmkit_sales import Contact

from . import clients
from .desk import clear, put, try_desk
from .entities import OldClient, StackState, Task, TaskState, WorkSession
from .handing import end_turn
from .tables import desks, turns
from .zones import remember, zone_of_number

UNDONE = _("An undo took it back.", ru="Возвращена отменой.")
ARCHIVED = _("It was put into the archive.", ru="Отправлена в архив.")


@on(Undone[Task])
def after_undo(event: Undone[Task], uow: Uow) -> None:
    """Take a task off the desk it is no longer open at, and let none be open without a desk."""
    task = event.record
    gone = event.action == "deleted"
    _take_off(uow, task, "undone", UNDONE.to(uow.crm.settings.language), gone=gone)
    if gone:
        return
    if task.state is TaskState.OPEN and _desk_of_task(uow, task.id) is None:
        uow.keep(uow.get(Task, task.id, lock=True), state=TaskState.WAITING, opened_by=None, opened_at=None)
    _mark_turn(uow, task)


@on(Archived[Task])
def after_archive(event: Archived[Task], uow: Uow) -> None:
    """Take what is archived off its desk; the old client it was about goes back to the stack."""
    task = event.record
    if task.state is TaskState.OPEN:
        _take_off(uow, task, "taken", ARCHIVED.to(uow.crm.settings.language), gone=False)
        uow.keep(task, state=TaskState.WAITING, opened_by=None, opened_at=None)
    if task.old_client_id is not None and task.state in clients.UNDER_WAY:
        uow.keep(task, state=TaskState.CANCELLED, done_at=uow.now)
        clients.put_back(uow, task.old_client_id)


@on(Undone[WorkSession])
def after_session(event: Undone[WorkSession], uow: Uow) -> None:
    """Let nobody work in a session that an undo has removed."""
    if event.action != "deleted":
        return
    for (user_id,) in uow.connection.execute(sa.select(desks.c.user_id).where(desks.c.session_id == event.record.id)).all():
        desk = try_desk(uow, user_id)
        if desk is not None:
            put(uow, desk, session_id=None, pause_id=None, pause_after=None)


@on(Changed[Contact], fields=["phone"])
def after_number(event: Changed[Contact], uow: Uow) -> None:
    """Know where a client lives by the new number."""
    phone = event.record.phone
    zone = zone_of_number(phone) if phone else None
    if zone:
        remember(uow, zone)
    for cls, states in ((Task, clients.UNDER_WAY), (OldClient, (StackState.WAITING, StackState.DRAWN))):
        c: t.Any = cls.__table__.c
        found = sa.select(c.id).where(c.contact_id == event.record.id, c.state.in_(states), c.zone.is_distinct_from(zone)).order_by(c.id)
        for key in uow.connection.execute(found).scalars().all():
            uow.keep(uow.get(cls, key, lock=True), zone=zone)


@hookimpl
def crm_merge(kind: Kind, winner: Entity, loser: Entity, uow: Uow) -> None:
    """Let an old client whom somebody is at stay drawn when two entries of the stack become one."""
    if isinstance(winner, OldClient) and isinstance(loser, OldClient):
        drawn = max((x for x in (winner.drawn_at, loser.drawn_at) if x is not None), default=None)
        uow.keep(winner, drawn_at=drawn, attempts=max(winner.attempts, loser.attempts))
        if loser.state is StackState.DRAWN:
            uow.keep(winner, state=StackState.DRAWN, result=None)
            uow.keep(loser, state=StackState.WAITING)


def _desk_of_task(uow: Uow, task_id: int) -> int | None:
    return uow.connection.execute(sa.select(desks.c.user_id).where(desks.c.task_id == task_id)).scalar()


def _take_off(uow: Uow, task: Task, ended: str, note: str, *, gone: bool) -> None:
    """Clear the desk a task lies on. Whoever puts things right holds the task already, and does not wait for the desk."""
    user_id = _desk_of_task(uow, task.id)
    if user_id is None or (ended == "undone" and not gone and task.state is TaskState.OPEN and task.opened_by == user_id):
        return
    desk = try_desk(uow, user_id)
    if desk is not None and desk.task_id == task.id:
        end_turn(uow, desk, None if gone else task, ended, note=note)
        clear(uow, desk)


def _mark_turn(uow: Uow, task: Task) -> None:
    """Let reports count what is done now: a turn whose end was undone is none that was closed."""
    last = sa.select(turns.c.id, turns.c.ended).where(turns.c.task_id == task.id, turns.c.ended.in_(("done", "exit", "undone")))
    row = uow.connection.execute(last.order_by(turns.c.id.desc()).limit(1)).first()
    if row is None:
        return
    over = task.state in (TaskState.DONE, TaskState.CANCELLED, TaskState.HELD)
    ended = ("done" if task.state is TaskState.DONE else "exit") if over else "undone"
    if row.ended != ended:
        uow.connection.execute(turns.update().where(turns.c.id == row.id).values(ended=ended))
