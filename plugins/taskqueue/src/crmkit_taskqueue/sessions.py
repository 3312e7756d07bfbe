"""Work sessions: start, breaks with reasons, end."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Invalid, Problem, Tick, Uow, _, every, on

from .desk import Desk, at_work, desk_of, insert_new, me, put
from .entities import Pause, WorkSession
from .handing import give_back, tell
from .settings import TaskqueueSettings
from .tables import desks

RETURNED = _("Returned when the work session ended.", ru="Возвращена при завершении рабочей сессии.")
NO_REASON = _("there is no reason {reason!r}; there are {known}", ru="нет причины {reason!r}; есть {known}")
FORGOTTEN_AFTER = dt.timedelta(hours=4)
NO_BREAK = _("you are not on a break", ru="у вас нет перерыва")


def start(uow: Uow) -> WorkSession:
    """Begin a work session of whoever asks; one that runs already goes on, in whatever tab it was begun."""
    user_id = me(uow)
    desk = desk_of(uow, user_id, lock=True)
    if desk is None:
        insert_new(uow, desks, user_id=user_id)
        desk = t.cast(Desk, desk_of(uow, user_id, lock=True))
    with uow.as_system():
        running = None if desk.session_id is None else uow.peek(WorkSession, desk.session_id)
        if running is not None:
            return running
        team = next(iter(uow.actor.teams), None)
        session = uow.add(WorkSession(owner_id=user_id, team_id=team))
        uow.keep(session, started_at=uow.now)
        uow.flush()
    put(uow, desk, session_id=session.id, team_id=team, ended_at=uow.now, seen_at=uow.now, pause_id=None, pause_after=None)
    tell(uow, user_id)
    return session


def pause(uow: Uow, reason: str) -> Desk:
    """Begin a break, at once or, with a task open, as soon as it has ended."""
    known = uow.crm[TaskqueueSettings].break_reasons
    if reason not in known:
        raise Invalid(problems=[Problem("reason", "choice", NO_REASON.format(reason=reason, known=", ".join(known)))])
    desk = at_work(uow, me(uow))
    if desk.pause_id is not None:
        return desk
    if desk.task_id is not None:
        return put(uow, desk, pause_after=reason)
    return begin_break(uow, desk, reason)


def begin_break(uow: Uow, desk: Desk, reason: str) -> Desk:
    """Begin a break at a held desk without a task."""
    with uow.as_system():
        found = uow.add(Pause(session_id=t.cast(int, desk.session_id), reason=reason, started_at=uow.now))
        uow.flush()
    desk = put(uow, desk, pause_id=found.id, pause_after=None)
    tell(uow, desk.user_id)
    return desk


def resume(uow: Uow) -> Desk:
    """End the break; also one that has not begun yet."""
    desk = at_work(uow, me(uow))
    if desk.pause_id is None and desk.pause_after is None:
        raise Conflict(NO_BREAK)
    return end_break(uow, desk)


def end_break(uow: Uow, desk: Desk, at: dt.datetime | None = None) -> Desk:
    """End the break of a held desk."""
    if desk.pause_id is not None:
        found = uow.peek(Pause, desk.pause_id)
        if found is not None:  # an undo may have removed it
            with uow.as_system():
                found.ended_at = at or uow.now
        desk = put(uow, desk, pause_id=None, ended_at=uow.now, seen_at=uow.now)
    desk = put(uow, desk, pause_after=None)
    tell(uow, desk.user_id)
    return desk


def stop(uow: Uow, how: str = "ended") -> WorkSession:
    """End the work session of whoever asks; a task that is open returns to the queue."""
    return end_session(uow, at_work(uow, me(uow)), how)


def end_session(uow: Uow, desk: Desk, how: str, at: dt.datetime | None = None) -> WorkSession:
    """End the work session of a held desk, now or as of a moment that has passed."""
    with uow.as_system():
        if desk.task_id is not None:
            give_back(uow, desk, "returned", RETURNED.to(uow.crm.settings.language), draft=desk.draft)
            desk = attrs.evolve(desk, task_id=None, turn_id=None)
        if desk.pause_id is not None:
            desk = end_break(uow, desk, at)
        session = uow.get(WorkSession, t.cast(int, desk.session_id))
        uow.keep(session, ended_at=at or uow.now, ended_how=how)
    put(uow, desk, session_id=None, pause_after=None, ended_at=None)
    tell(uow, desk.user_id)
    return session


@attrs.frozen
class Forgotten:
    """A work session nobody has been heard of in for hours."""

    user_id: int
    session_id: int


@every(cron="*/10 * * * *")
def look_for_forgotten(tick: Tick, uow: Uow) -> None:
    """Have work sessions ended that somebody left running: hours without a task, in which nobody asked for one."""
    for desk in uow.connection.execute(sa.select(desks).where(*_forgotten(uow.now))).all():
        uow.schedule(Forgotten(desk.user_id, desk.session_id), key=f"taskqueue:forgotten:{desk.user_id}")


@on(Forgotten)
def end_forgotten(event: Forgotten, uow: Uow) -> None:
    """End a forgotten work session as of the last sign of life: what came after was no work."""
    desk = desk_of(uow, event.user_id, lock=True)
    still = sa.select(desks.c.user_id).where(desks.c.user_id == event.user_id, *_forgotten(uow.now))
    if desk is None or desk.session_id != event.session_id or uow.connection.execute(still).first() is None:
        return
    pause = None if desk.pause_id is None else uow.peek(Pause, desk.pause_id)
    signs = [desk.seen_at, desk.ended_at] if pause is None else [pause.started_at]
    end_session(uow, desk, "forgotten", max((x for x in signs if x is not None), default=uow.now))


def _forgotten(now: dt.datetime) -> tuple[t.Any, ...]:
    long_ago, c = now - FORGOTTEN_AFTER, desks.c
    return (
        c.session_id.is_not(None), c.task_id.is_(None), sa.or_(c.seen_at.is_(None), c.seen_at < long_ago),
        sa.or_(c.ended_at.is_(None), c.ended_at < long_ago),
    )  # fmt: skip
