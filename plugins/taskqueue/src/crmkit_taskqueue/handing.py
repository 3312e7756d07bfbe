"""Handing out: what is open stays open; else it is decided what comes next, and opened at one person alone."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Tick, Topic, Uow, _, every

from .clients import draw
from .deciding import Choice, Question, decide, explain
from .deciding.question import without
from .desk import ON_BREAK, Desk, at_work, clear, desk_of, me, put
from .entities import Task, TaskState
from .roles import SUPERVISE, WORK
from .settings import TaskqueueSettings
from .tables import desks, turns
from .zones import is_awake

DESK = Topic("taskqueue.desk", permission=WORK)
BOARD = Topic("taskqueue.board", permission=SUPERVISE)
TRIES = 8
BUSY = _("others are quicker at the moment: ask once more", ru="задачи сейчас разбирают другие: запросите ещё раз")
EXPIRED = _("The browser of {user} fell silent; back in the queue since {at}.", ru="Браузер сотрудника {user} замолчал; возвращена в очередь в {at}.")


@attrs.frozen
class Turn:
    """A task that was opened at a manager: why, since when, and how it ended."""

    id: int
    task_id: int
    user_id: int
    team_id: int | None
    session_id: int
    kind: str
    priority: int
    why: Mapping[str, t.Any]
    opened_at: dt.datetime
    waited: int | None
    ended_at: dt.datetime | None = None
    ended: str | None = None
    outcome: str | None = None
    note: str | None = None


_TURN = sa.select(*turns.c).where(turns.c.id == sa.bindparam("turn"))
_NEW_TURN = turns.insert().returning(turns.c.id)
_END_TURN = (
    turns.update()
    .where(turns.c.id == sa.bindparam("turn"))
    .values(ended_at=sa.bindparam("at"), ended=sa.bindparam("how"), outcome=sa.bindparam("what"), note=sa.bindparam("words"))
    .returning(*turns.c)
)


def turn_of(uow: Uow, turn_id: int) -> Turn | None:
    """Return a turn, None where there is none."""
    row = uow.connection.execute(_TURN, {"turn": turn_id}).first()
    return None if row is None else Turn(*row)


def current(uow: Uow) -> Turn | None:
    """Return what is open at whoever asks; None for nothing."""
    desk = desk_of(uow, me(uow))
    return None if desk is None or desk.turn_id is None else turn_of(uow, desk.turn_id)


def next_turn(uow: Uow) -> Turn | Choice:
    """Open the next task at whoever asks and return the turn; a `Choice` without a task says why there is none, and until when.

    A task that is open stays open, in whatever tab or on whatever device it is asked for; its lease begins anew.
    `Conflict` without a work session, or on a break.
    """
    desk = at_work(uow, me(uow))
    if desk.turn_id is not None:
        put(uow, desk, lease_until=uow.now + uow.crm[TaskqueueSettings].lease)
        return t.cast(Turn, turn_of(uow, desk.turn_id))
    return open_next(uow, desk)


def open_next(uow: Uow, desk: Desk) -> Turn | Choice:
    """Open the next task at a held desk with nothing on it. The desk is written only where something is opened."""
    if desk.pause_id is not None:
        raise Conflict(ON_BREAK)
    with uow.as_system():
        uow.flush()  # what has just been made may be the next one
        question = _question(uow, desk)
        for _again in range(TRIES):
            choice = uow.crm.hook.taskqueue_decide(question=question) or decide(question)
            turn = _open(uow, desk, choice)
            if turn is not None:
                return turn
            if choice.task_id is None:
                return choice
            question = without(question, [choice.task_id])
    raise Conflict(BUSY)


def _question(uow: Uow, desk: Desk) -> Question:
    settings = uow.crm[TaskqueueSettings]
    kinds = tuple(name for name in settings.all_kinds if name not in desk.paused)
    teams = tuple(uow.actor.teams) or (() if desk.team_id is None else (desk.team_id,))
    return Question(uow, desk.user_id, teams, uow.now, t.cast(int, desk.session_id), settings, kinds)


def _open(uow: Uow, desk: Desk, choice: Choice) -> Turn | None:
    """Open what was chosen; None where there is nothing to open, or somebody else was quicker."""
    task = None
    if choice.old_client_id is not None:
        task = draw(uow, choice.old_client_id, desk.user_id, desk.team_id)
    elif choice.task_id is not None:
        task = uow.get(Task, choice.task_id, lock=True)
        if task.state is not TaskState.WAITING or task.archived_at is not None or not is_awake(uow, task.zone, uow.now):
            return None
    return None if task is None else hand_over(uow, desk, task, choice)


def hand_over(uow: Uow, desk: Desk, task: Task, choice: Choice) -> Turn:
    """Put a held task on a held desk."""
    now = uow.now
    uow.keep(task, state=TaskState.OPEN, opened_by=desk.user_id, opened_at=now)
    why = {"rule": choice.rule, **choice.facts, **({"words": choice.words} if choice.words else {})}
    waited = None if desk.ended_at is None else max(0, int((now - desk.ended_at).total_seconds()))
    turn = Turn(0, task.id, desk.user_id, desk.team_id, t.cast(int, desk.session_id), task.kind, task.priority, why, now, waited)
    values = {k: v for k, v in attrs.asdict(turn, recurse=False).items() if k != "id"}
    key = uow.connection.execute(_NEW_TURN, values).scalar_one()
    put(uow, desk, task_id=task.id, turn_id=key, opened_at=now, lease_until=now + uow.crm[TaskqueueSettings].lease, draft=None)
    turn = attrs.evolve(turn, id=key)
    uow.crm.hook.taskqueue_opened(task=task, turn=turn, uow=uow)
    tell(uow, desk.user_id)
    return turn


def why(uow: Uow, turn: Turn | Choice) -> str:
    """Return why this task, in the language of whoever asks."""
    facts = dict(turn.why) if isinstance(turn, Turn) else {"rule": turn.rule, "words": turn.words, **turn.facts}
    told = explain(str(facts.pop("rule")), facts, uow.crm.zone, uow.now)
    return told.to(uow.actor.language or uow.crm.settings.language)


def tell(uow: Uow, user_id: int) -> None:
    """Let the manager's screens and the supervisors' boards look again."""
    uow.publish("taskqueue.desk", user_id)
    uow.publish("taskqueue.board", user_id)


# ---- leases -----------------------------------------------------------------------------------------------------
def renew(uow: Uow, turn_id: int, draft: Mapping[str, t.Any] | None = None) -> bool:
    """Say that somebody is still at a task, and keep what was typed so far; False when it is no longer open at them."""
    mine = (desks.c.user_id == me(uow)) & (desks.c.turn_id == turn_id)
    values: dict[str, t.Any] = {"lease_until": uow.now + uow.crm[TaskqueueSettings].lease}
    if draft is not None:
        values["draft"] = dict(draft)
    return bool(uow.connection.execute(desks.update().where(mine).values(**values)).rowcount)


@every(cron="* * * * *")
def expire(tick: Tick, uow: Uow) -> None:
    """Take back what is open at silent browsers."""
    silent = sa.select(desks.c.user_id).where(desks.c.lease_until < uow.now).order_by(desks.c.user_id)
    for (user_id,) in uow.connection.execute(silent).all():
        desk = desk_of(uow, user_id, lock=True)
        if desk is not None and desk.lease_until is not None and desk.lease_until < uow.now:
            note = EXPIRED.format(user=user_id, at=f"{uow.now.astimezone(uow.crm.zone):%H:%M}")
            give_back(uow, desk, "expired", note.to(uow.crm.settings.language), draft=desk.draft)


def give_back(uow: Uow, desk: Desk, ended: str, note: str, *, draft: Mapping[str, t.Any] | None = None) -> Task | None:
    """Put the task of a held desk back into the queue, with a note; what was typed is kept with the note."""
    if desk.task_id is None or desk.turn_id is None:
        return None
    task = uow.get(Task, desk.task_id, lock=True)
    typed = str((draft or {}).get("note") or "")
    uow.keep(task, state=TaskState.WAITING, opened_by=None, opened_at=None, note="\n".join(x for x in (task.note, note, typed) if x))
    end_turn(uow, desk, task, ended, note=note)
    clear(uow, desk)
    return task


def end_turn(uow: Uow, desk: Desk, task: Task, ended: str, *, outcome: str | None = None, note: str | None = None) -> Turn:
    """Close the turn of a held desk; the desk itself is cleared by whoever calls."""
    values = {"turn": desk.turn_id, "at": uow.now, "how": ended, "what": outcome, "words": note}
    turn = Turn(*uow.connection.execute(_END_TURN, values).one())
    uow.crm.hook.taskqueue_ended(task=task, turn=turn, uow=uow)
    tell(uow, desk.user_id)
    return turn
