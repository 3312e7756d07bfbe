"""Handing out: what is open stays open; else it is decided what comes next, and opened at one person alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import Conflict, NotFound, Tick, Topic, Uow, _, every, on

from .answers import LONGEST, plain
from .clients import draw
from .deciding import Candidate, Choice, Question, decide, explain
from .deciding.question import without
from .desk import END_TURN, ON_BREAK, STANDS_STILL, Desk, as_desk, at_work, clear, cleared, desk_of, me, on_postgres, put
from .entities import Task, TaskState
from .people import names_of
from .roles import SUPERVISE, WORK
from .settings import TaskqueueSettings
from .tables import desks, turns
from .zones import forget, is_awake

DESK = Topic("taskqueue.desk", permission=WORK, personal=True)
BOARD = Topic("taskqueue.board", permission=SUPERVISE)
TRIES = 8
SEEN_FOR = dt.timedelta(minutes=5)
SOON = dt.timedelta(seconds=2)
NO_CHOICE = _(
    "the strategy of a plugin (taskqueue_decide) answered with {given} instead of a Choice: tell your administrator",
    ru="стратегия плагина (taskqueue_decide) вернула {given} вместо Choice: сообщите администратору",
)
TWO_CHOICES = _(
    "the strategy of a plugin (taskqueue_decide) chose both task {task} and old client {client}: tell your administrator",
    ru="стратегия плагина (taskqueue_decide) выбрала и задачу {task}, и старого клиента {client}: сообщите администратору",
)
NO_SUCH_TASK = _(
    "the strategy of a plugin (taskqueue_decide) chose task {id}, which is not there: tell your administrator",
    ru="стратегия плагина (taskqueue_decide) выбрала задачу {id}, которой нет: сообщите администратору",
)
NOT_FREE_TASK = _(
    "the strategy of a plugin (taskqueue_decide) chose task {id}, which cannot be opened now ({state}): tell your administrator",
    ru="стратегия плагина (taskqueue_decide) выбрала задачу {id}, которую сейчас нельзя открыть ({state}): сообщите администратору",
)
NO_SUCH_CLIENT = _(
    "the strategy of a plugin (taskqueue_decide) chose old client {id}, who is not there: tell your administrator",
    ru="стратегия плагина (taskqueue_decide) выбрала старого клиента {id}, которого нет: сообщите администратору",
)
NOT_FREE_CLIENT = _(
    "the strategy of a plugin (taskqueue_decide) chose old client {id}, who cannot be drawn now: tell your administrator",
    ru="стратегия плагина (taskqueue_decide) выбрала старого клиента {id}, которого сейчас нельзя взять: сообщите администратору",
)
EXPIRED = _("The browser of {user} fell silent; back in the queue since {at}.", ru="Браузер сотрудника {user} замолчал; возвращена в очередь в {at}.")
MOST_TYPED = 30
A_LITTLE = dt.timedelta(minutes=1)


class WrongChoice(Conflict):
    """A plugin's strategy chose what cannot be opened. Nothing was opened, and nothing is lost."""


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
_NEW = ("task_id", "user_id", "team_id", "session_id", "kind", "priority", "why", "opened_at", "waited")


def _given(names: tuple[str, ...]) -> dict[str, t.Any]:
    return {name: sa.bindparam(f"new_{name}", type_=turns.c[name].type) for name in names}


_NEW_TURN = turns.insert().values(_given(_NEW)).returning(turns.c.id)
_new = turns.insert().values(_given(_NEW)).returning(turns.c.id).cte("new")
_NEW_ON_DESK = (
    desks.update()
    .where(desks.c.user_id == sa.bindparam("desk", type_=desks.c.user_id.type))
    .values(
        turn_id=sa.select(_new.c.id).scalar_subquery(), task_id=sa.bindparam("new_task_id", type_=desks.c.task_id.type), draft=sa.null(),
        opened_at=sa.bindparam("new_opened_at", type_=desks.c.opened_at.type), lease_until=sa.bindparam("lease", type_=desks.c.lease_until.type),
    )
    .returning(desks.c.turn_id)
)  # fmt: skip
_ENDED_AND_NEW_ON_DESK = _NEW_ON_DESK.add_cte(END_TURN.cte("ended"))
_END_TURN = END_TURN.returning(*turns.c)
_MINE = (desks.c.user_id == sa.bindparam("user"), desks.c.turn_id == sa.bindparam("turn"))
_LEASE = {"lease_until": sa.bindparam("new_lease_until", type_=desks.c.lease_until.type)}
_RENEWED = desks.update().where(*_MINE).values(_LEASE).returning(desks.c.user_id)
_RENEWED_WITH_DRAFT = (
    desks.update().where(*_MINE).values({**_LEASE, "draft": sa.bindparam("new_draft", type_=desks.c.draft.type)}).returning(desks.c.user_id)
)


@functools.cache
def _open() -> t.Any:
    """One statement that holds a desk and the task on it, in this order, and reads its turn."""
    task = Task.__table__
    here = desks.join(task, task.c.id == desks.c.task_id).join(turns, turns.c.id == desks.c.turn_id)
    found = sa.select(*task.columns, *turns.c, *desks.c, STANDS_STILL).select_from(here)
    mine = desks.c.user_id == sa.bindparam("user"), desks.c.turn_id == sa.bindparam("turn")
    return found.where(*mine).with_for_update(of=[desks, task], key_share=True)


def held(uow: Uow, user_id: int, turn_id: int) -> tuple[Desk, Task, Turn] | None:
    """Return desk, task and turn while the turn is open at its manager, desk and task held; None where it is not."""
    rows = uow.run_for(Task, _open(), {"user": user_id, "turn": turn_id})
    if not rows:
        return None
    task, rest = rows[0]
    count = len(turns.c)
    return as_desk(rest[count:]), task, Turn(*rest[:count])


def turn_of(uow: Uow, turn_id: int) -> Turn | None:
    """Return a turn, None where there is none."""
    found = uow.run(_TURN, {"turn": turn_id})
    return Turn(*found[0]) if found else None


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
    found = open_next(uow, desk)
    if isinstance(found, Choice) and (desk.seen_at is None or not dt.timedelta(0) <= uow.now - desk.seen_at < SEEN_FOR):
        put(uow, desk, seen_at=uow.now)
    return found


def open_next(uow: Uow, desk: Desk) -> Turn | Choice:
    """Open the next task at a held desk with nothing on it. The desk is written only where something is opened."""
    if desk.pause_id is not None:
        raise Conflict(ON_BREAK)
    with uow.as_system():
        uow.flush(wait=False)  # what has just been made may be the next one
        question = _question(uow, desk)
        for _again in range(TRIES):
            choice = _decided(uow, question)
            if choice.task_id is None and choice.old_client_id is None:
                return choice
            task, question = _held(uow, desk, question, choice)
            if task is not None:
                return hand_over(uow, desk, task, choice)
    return Choice(rule="busy", opens_at=uow.now + SOON)


def _question(uow: Uow, desk: Desk) -> Question:
    settings = uow.crm[TaskqueueSettings]
    kinds = tuple(name for name in settings.all_kinds if name not in desk.paused)
    teams = tuple(uow.actor.teams) or (() if desk.team_id is None else (desk.team_id,))
    stands_for = tuple(x for x in uow.actor.acts_for if x != desk.user_id)
    return Question(uow, desk.user_id, teams, uow.now, t.cast(int, desk.session_id), settings, kinds, stands_for=stands_for)


def _decided(uow: Uow, question: Question) -> Choice:
    """Return what the strategy of a plugin, or else the usual one, chooses; `WrongChoice` where that cannot be."""
    chosen = uow.crm.hook.taskqueue_decide(question=question) if "taskqueue_decide" in uow.crm.hooked else None
    if chosen is None:
        return decide(question)
    if not isinstance(chosen, Choice):
        raise WrongChoice(NO_CHOICE.format(given=type(chosen).__name__))
    if chosen.task_id is not None and chosen.old_client_id is not None:
        raise WrongChoice(TWO_CHOICES.format(task=chosen.task_id, client=chosen.old_client_id))
    return chosen


def _held(uow: Uow, desk: Desk, question: Question, choice: Choice) -> tuple[Task | None, Question]:
    """Return the task to open, held; or none, and the question to ask anew because somebody else was quicker."""
    if choice.old_client_id is not None:
        key = choice.old_client_id
        if key in question.lost_clients:
            raise WrongChoice(NOT_FREE_CLIENT.format(id=key))
        try:
            task = draw(uow, key, desk.user_id, desk.team_id)
        except NotFound:
            raise WrongChoice(NO_SUCH_CLIENT.format(id=key)) from None
        return task, question if task is not None else without(question, clients=[key])
    key = t.cast(int, choice.task_id)
    try:
        task = uow.get(Task, key, lock=True)
    except NotFound:
        raise WrongChoice(NO_SUCH_TASK.format(id=key)) from None
    seen = question.shown.get(key)
    if task.state is TaskState.WAITING and task.archived_at is None and may_open(uow, task):
        # What has changed since it was found may no longer come first. It is held now: the next answer is the last.
        same = seen is None or seen == Candidate(task.id, task.kind, task.priority, t.cast(dt.datetime, task.due_at), task.owner_id)
        return (task if same else None), question
    if key in question.lost:
        raise WrongChoice(NOT_FREE_TASK.format(id=key, state=task.state.label))
    return None, without(question, lost=[key])


def may_open(uow: Uow, task: Task) -> bool:
    """True unless the task's kind dials and its client sleeps."""
    kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
    if kind is None or not kind.dials or is_awake(uow, task.zone, uow.now):
        return True
    forget(uow.crm)
    return False


def hand_over(uow: Uow, desk: Desk, task: Task, choice: Choice) -> Turn:
    """Put a held task on a held desk."""
    now = uow.now
    uow.keep(task, state=TaskState.OPEN, opened_by=desk.user_id, opened_at=now)
    uow.flush(wait=False)
    why = {"rule": choice.rule, **choice.facts, **({"words": choice.words} if choice.words else {})}
    waited = None if desk.ended_at is None else max(0, int((now - desk.ended_at).total_seconds()))
    turn = Turn(0, task.id, desk.user_id, desk.team_id, t.cast(int, desk.session_id), task.kind, task.priority, why, now, waited)
    lease = now + uow.crm[TaskqueueSettings].lease
    given = {f"new_{name}": getattr(turn, name) for name in _NEW}
    if on_postgres(uow):  # one round trip for all
        statement = _NEW_ON_DESK if desk.ending is None else _ENDED_AND_NEW_ON_DESK
        key = uow.run(statement, {**given, **(desk.ending or {}), "desk": desk.user_id, "lease": lease})[0][0]
    else:
        key = uow.run(_NEW_TURN, given)[0][0]
        put(uow, desk, task_id=task.id, turn_id=key, opened_at=now, lease_until=lease, draft=None)
    turn = attrs.evolve(turn, id=key)
    if "taskqueue_opened" in uow.crm.hooked:
        uow.crm.hook.taskqueue_opened(task=task, turn=turn, uow=uow)
    tell(uow, desk.user_id)
    return turn


def why(uow: Uow, turn: Turn | Choice) -> str:
    """Return why this task, in the language of whoever asks."""
    facts = dict(turn.why) if isinstance(turn, Turn) else {"rule": turn.rule, "words": turn.words, **turn.facts}
    told = explain(str(facts.pop("rule")), facts, uow.crm.zone, uow.now)
    return told.to(uow.language)


def tell(uow: Uow, user_id: int) -> None:
    """Let the manager's screens and the supervisors' boards look again."""
    uow.publish("taskqueue.desk", user_id)
    uow.publish("taskqueue.board", user_id)


# ---- leases -----------------------------------------------------------------------------------------------------
def renew(uow: Uow, turn_id: int, draft: Mapping[str, t.Any] | None = None) -> bool:
    """Say that somebody is still at a task, and keep what was typed so far; False when it is no longer open at them."""
    values: dict[str, t.Any] = {"new_lease_until": uow.now + uow.crm[TaskqueueSettings].lease}
    if draft is not None:
        values["new_draft"] = kept(draft)
    return bool(uow.run(_RENEWED if draft is None else _RENEWED_WITH_DRAFT, {"user": me(uow), "turn": turn_id, **values}))


def kept(draft: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what was typed, as much of it as a desk keeps: texts alone, none longer than a note may be."""
    return {plain(name)[:40]: plain(value)[:LONGEST] for name, value in list(draft.items())[:MOST_TYPED]}


@attrs.frozen
class Silent:
    """A browser with an open task that has not been heard of."""

    user_id: int
    turn_id: int


@every(cron="* * * * *")
def expire(tick: Tick, uow: Uow) -> None:
    """Have what is open at silent browsers taken back, each in a transaction of its own."""
    silent = sa.select(desks.c.user_id, desks.c.turn_id).where(desks.c.lease_until < uow.now).order_by(desks.c.user_id)
    for user_id, turn_id in uow.connection.execute(silent).all():
        uow.schedule(Silent(user_id, turn_id), key=f"taskqueue:silent:{user_id}")
    # A clock that was ahead has left leases that would not end for hours.
    longest = uow.now + uow.crm[TaskqueueSettings].lease
    uow.connection.execute(desks.update().where(desks.c.lease_until > longest + A_LITTLE).values(lease_until=longest))


@on(Silent)
def take_from_silent(event: Silent, uow: Uow) -> None:
    """Put back what is open at a browser that is still silent."""
    desk = desk_of(uow, event.user_id, lock=True)
    if desk is not None and desk.turn_id == event.turn_id and desk.lease_until is not None and desk.lease_until < uow.now:
        name = names_of(uow, "person", [desk.user_id])[desk.user_id]
        note = EXPIRED.format(user=name, at=f"{uow.now.astimezone(uow.crm.zone):%H:%M}")
        give_back(uow, desk, "expired", note.to(uow.crm.settings.language), draft=desk.draft)


def give_back(uow: Uow, desk: Desk, ended: str, note: str, *, draft: Mapping[str, t.Any] | None = None) -> Task | None:
    """Put the task of a held desk back into the queue, with a note; what was typed is kept with the note."""
    if desk.task_id is None or desk.turn_id is None:
        return None
    task = None
    with contextlib.suppress(NotFound):  # an undo may have removed it for good
        task = uow.get(Task, desk.task_id, lock=True)
    if task is not None and task.state is TaskState.OPEN:
        typed = str((draft or {}).get("note") or "")
        uow.keep(task, state=TaskState.WAITING, opened_by=None, opened_at=None, note="\n".join(x for x in (task.note, note, typed) if x))
    end_turn(uow, desk, task, ended, note=note)
    clear(uow, desk)
    return task


def end_held(uow: Uow, desk: Desk, task: Task, turn: Turn, ended: str, *, outcome: str | None, note: str | None) -> Desk:
    """End the turn of a held desk and return the desk without its task; `hand_over` or `clear` writes both.

    What a strategy may ask about (the shares of a day) is written at once.
    """
    values: dict[str, t.Any] = {"ended_at": uow.now, "ended": ended, "outcome": outcome, "note": note}
    ending: dict[str, t.Any] | None = {"turn": turn.id, **{f"new_{name}": value for name, value in values.items()}}
    asked = bool(uow.crm[TaskqueueSettings].min_share) or "taskqueue_decide" in uow.crm.hooked
    if asked or not on_postgres(uow):
        uow.run(END_TURN, ending)
        ending = None
    if "taskqueue_ended" in uow.crm.hooked:
        uow.crm.hook.taskqueue_ended(task=task, turn=attrs.evolve(turn, **values), uow=uow)
    tell(uow, desk.user_id)
    return cleared(uow, desk, ending)


def end_turn(uow: Uow, desk: Desk, task: Task | None, ended: str, *, outcome: str | None = None, note: str | None = None) -> Turn:
    """Close the turn of a held desk; the desk itself is cleared by whoever calls."""
    values = {"new_ended_at": uow.now, "new_ended": ended, "new_outcome": outcome, "new_note": note}
    turn = Turn(*uow.run(_END_TURN, {"turn": desk.turn_id, **values})[0])
    if task is not None:
        uow.crm.hook.taskqueue_ended(task=task, turn=turn, uow=uow)
    tell(uow, desk.user_id)
    return turn
