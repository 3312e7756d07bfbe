"""Work sessions: start, breaks with reasons, end."""

from __future__ import annotations

import typing as t

import attrs

from crmkit import Conflict, Invalid, Problem, Uow, _

from .desk import Desk, at_work, desk_of, me, put
from .entities import Pause, WorkSession
from .handing import give_back, tell
from .settings import TaskqueueSettings
from .tables import desks

RETURNED = _("Returned when the work session ended.", ru="Возвращена при завершении рабочей сессии.")
NO_REASON = _("there is no reason {reason!r}; there are {known}", ru="нет причины {reason!r}; есть {known}")
NO_BREAK = _("you are not on a break", ru="у вас нет перерыва")


def start(uow: Uow) -> WorkSession:
    """Begin a work session of whoever asks; one that runs already goes on."""
    user_id = me(uow)
    desk = desk_of(uow, user_id, lock=True)
    team = next(iter(uow.actor.teams), None)
    with uow.as_system():
        if desk is not None and desk.session_id is not None:
            return uow.get(WorkSession, desk.session_id)
        session = uow.add(WorkSession(owner_id=user_id, team_id=team))
        uow.keep(session, started_at=uow.now)
        uow.flush()
    fresh = {"session_id": session.id, "team_id": team, "ended_at": uow.now, "pause_id": None, "pause_after": None}
    if desk is None:
        uow.connection.execute(_insert(uow, user_id))
        desk = t.cast(Desk, desk_of(uow, user_id, lock=True))
        if desk.session_id is not None:  # another tab was quicker
            raise Conflict(_("you started work in another tab: reload the page", ru="работа начата в другой вкладке: обновите страницу"))
    put(uow, desk, **fresh)
    tell(uow, user_id)
    return session


def _insert(uow: Uow, user_id: int) -> t.Any:
    if uow.connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert

        return insert(desks).values(user_id=user_id).on_conflict_do_nothing()
    return desks.insert().values(user_id=user_id)


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


def end_break(uow: Uow, desk: Desk) -> Desk:
    """End the break of a held desk."""
    if desk.pause_id is not None:
        with uow.as_system():
            uow.get(Pause, desk.pause_id).ended_at = uow.now
        desk = put(uow, desk, pause_id=None, ended_at=uow.now)
    desk = put(uow, desk, pause_after=None)
    tell(uow, desk.user_id)
    return desk


def stop(uow: Uow, how: str = "ended") -> WorkSession:
    """End the work session of whoever asks; a task that is open returns to the queue."""
    return end_session(uow, at_work(uow, me(uow)), how)


def end_session(uow: Uow, desk: Desk, how: str) -> WorkSession:
    """End the work session of a held desk."""
    with uow.as_system():
        if desk.task_id is not None:
            give_back(uow, desk, "returned", RETURNED.to(uow.crm.settings.language), draft=desk.draft)
            desk = attrs.evolve(desk, task_id=None, turn_id=None)
        if desk.pause_id is not None:
            desk = end_break(uow, desk)
        session = uow.get(WorkSession, t.cast(int, desk.session_id))
        uow.keep(session, ended_at=uow.now, ended_how=how)
    put(uow, desk, session_id=None, pause_after=None, ended_at=None)
    tell(uow, desk.user_id)
    return session
