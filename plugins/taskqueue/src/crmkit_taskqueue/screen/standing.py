"""Where a manager stands: before work, at a task, on a break, waiting; and what the bar of the screen says."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import Uow

from ..days import weeks_from
from ..deciding import Choice
from ..desk import Desk, desk_of, me
from ..entities import Pause, Task, TaskState, WorkSession
from ..handing import Turn, turn_of, why
from ..kinds import TaskKind
from ..settings import TaskqueueSettings
from ..tables import turns

WEEKS_SHOWN = 2
_task = Task.__table__.c
_pause, _session = Pause.__table__.c, WorkSession.__table__.c


@attrs.frozen(kw_only=True)
class Standing:
    """What a manager's screen shows.

    `state` is ``start`` (no session), ``task``, ``break``, ``next`` (something is about to be asked for), ``soon`` (counted down to) or
    ``nothing``. `mark` tells two screens apart: it changes with the session, the break and the open task.
    """

    state: str
    desk: Desk | None
    mark: str
    turn: Turn | None = None
    task: Task | None = None
    kind: TaskKind | None = None
    why: str = ""
    opens_at: dt.datetime | None = None


def mark_of(desk: Desk | None) -> str:
    """Return what changes when another screen is due."""
    if desk is None:
        return "0.0.0"
    return f"{desk.session_id or 0}.{desk.pause_id or 0}.{desk.turn_id or 0}"


def stands(uow: Uow, found: Turn | Choice | None = None) -> Standing:
    """Return where whoever asks stands; `found` is what asking for the next task has just brought."""
    desk = desk_of(uow, me(uow))
    mark = mark_of(desk)
    if desk is None or desk.session_id is None:
        return Standing(state="start", desk=desk, mark=mark)
    if desk.pause_id is not None:
        return Standing(state="break", desk=desk, mark=mark)
    turn = found if isinstance(found, Turn) else turn_of(uow, desk.turn_id) if desk.turn_id is not None else None
    if turn is not None:
        with uow.as_system():  # what was handed out is seen, whoever owns it
            task = uow.get(Task, turn.task_id)
        kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
        return Standing(state="task", desk=desk, mark=mark, turn=turn, task=task, kind=kind, why=why(uow, turn))
    if found is None:
        return Standing(state="next", desk=desk, mark=mark)
    choice = t.cast(Choice, found)
    return Standing(state="soon" if choice.rule == "soon" else "nothing", desk=desk, mark=mark, why=why(uow, choice), opens_at=choice.opens_at)


def bar(uow: Uow, standing: Standing) -> Mapping[str, t.Any]:
    """Return what the bar says: how many are closed, of how many, since when somebody works and since when they pause."""
    user_id, desk = me(uow), standing.desk
    done = sa.select(sa.func.count()).where(
        turns.c.user_id == user_id, turns.c.opened_at >= midnight(uow), turns.c.ended == sa.literal_column("'done'")
    )
    wanted = [done.scalar_subquery()]
    if desk is not None and desk.session_id is not None:
        wanted.append(sa.select(_session.started_at).where(_session.id == desk.session_id).scalar_subquery())
    if desk is not None and desk.pause_id is not None:
        wanted += [sa.select(c).where(_pause.id == desk.pause_id).scalar_subquery() for c in (_pause.started_at, _pause.reason)]
    row = uow.connection.execute(sa.select(*wanted)).one()
    settings = uow.crm[TaskqueueSettings]
    since, paused_at, reason = (*row[1:], None, None, None)[:3]
    return {
        "closed": row[0], "goal": settings.goal, "since": since, "paused_at": paused_at,
        "reason": settings.break_reasons.get(reason or "", reason or ""), "breaks": settings.break_reasons,
        "after": settings.break_reasons.get((desk.pause_after if desk else None) or "", ""),
    }  # fmt: skip


def ahead(uow: Uow) -> Mapping[str, t.Any]:
    """Return what a manager has before them: what waits for today, and how full the next days are."""
    user_id, zone = me(uow), uow.crm.zone
    today = uow.now.astimezone(zone).date()
    tomorrow = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), zone)
    waits = (_task.owner_id == user_id) & (_task.state == TaskState.WAITING) & _task.archived_at.is_(None) & (_task.due_at < tomorrow)
    waiting = uow.connection.execute(sa.select(sa.func.count()).where(waits)).scalar_one()
    return {"waiting": waiting, "cal": weeks_from(uow, uow.language, user_id, None, WEEKS_SHOWN)}


def midnight(uow: Uow) -> dt.datetime:
    """Return when today began in the CRM's zone."""
    return uow.now.astimezone(uow.crm.zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


__all__ = ["Standing", "ahead", "bar", "mark_of", "midnight", "stands"]
