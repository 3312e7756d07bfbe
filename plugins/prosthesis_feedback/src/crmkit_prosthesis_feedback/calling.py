"""Calls: exactly one task of the work queue for everybody of whom something is due, and what follows when nobody answers."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import Changed, Conflict, Created, Invalid, Problem, Uow, _, hookimpl, on
from crmkit_sales import Contact, ContactPoint, Way
from crmkit_taskqueue import Retry, Task, TaskqueueSettings, TaskState, Turn, in_working_time

from .cards import Replanned, due, locked, replan
from .days import today, zone_of
from .entities import Device, Ended, Feedback, FollowUpCall, Pause, Respondent, Service
from .incidents import open_pause
from .settings import FeedbackSettings
from .titles import card_title

UNDER_WAY = (TaskState.WAITING, TaskState.OPEN, TaskState.HELD)
NOT_YET = _(
    "nobody was asked yet about {what}: fill in the check-list, or agree on another time",
    ru="ещё не спросили: {what}. Заполните чек-лист или договоритесь о другом времени",
)
JUST_NOW = _(
    "something has just changed about this person, who is perhaps not to be called: ask for the next task once more",
    ru="по этому человеку только что что-то изменилось, и звонить ему, возможно, не нужно: запросите следующую задачу ещё раз",
)
LOOK_AGAIN = dt.timedelta(seconds=2)
ATTEMPT = _("Attempt {number}: {phone}, {who}", ru="Попытка {number}: {phone}, {who}")
_task, _call, _card, _service, _pause = (cls.__table__.c for cls in (Task, FollowUpCall, Feedback, Service, Pause))
OPEN: t.Any = _card.done_on.is_(None) & _card.skipped.is_(None) & _card.archived_at.is_(None)


@attrs.frozen
class LookAgain:
    """Somebody held a call while it should have been brought in line."""

    service_id: int


@attrs.frozen
class Number:
    """A way to reach somebody: whose number it is, and the number."""

    contact_id: int
    phone: str
    who: str


# ---- what is there ---------------------------------------------------------------------------------------------------
def may_be_called(uow: Uow, service: Service) -> bool:
    """True when somebody may be called for feedback: no open incident, not ended, not given up for a while."""
    waits = service.try_again_on is not None and service.try_again_on > today(uow)
    return service.archived_at is None and service.ended is None and not waits and open_pause(uow, service.id) is None


def call_of(uow: Uow, task_id: int) -> int | None:
    """Return the service card a task is a call of; None for other tasks."""
    return uow.connection.execute(sa.select(_call.service_id).where(_call.id == task_id)).scalar()


def astray(uow: Uow, *, after: int = 0, limit: int = 100) -> list[int]:
    """Return service cards whose tasks are to be looked at: something is due and there is none, or there is one and nothing is due."""
    day = today(uow)
    paused = sa.select(_pause.service_id).where(_pause.ended_on.is_(None), _pause.archived_at.is_(None))
    callable_ = sa.and_(
        _service.ended.is_(None), _service.archived_at.is_(None), _service.id.not_in(paused),
        sa.or_(_service.try_again_on.is_(None), _service.try_again_on <= day),
    )  # fmt: skip
    until = uow.now + uow.crm[FeedbackSettings].ahead
    due_now = OPEN & (_card.planned_at <= until)
    going = _task.state.in_(UNDER_WAY) & _task.archived_at.is_(None)
    calls = sa.select(_call.service_id).join(Task.__table__, _task.id == _call.id).where(going)
    asked = sa.select(sa.literal(1)).where(due_now, _card.service_id == _service.id).correlate(Service.__table__).exists()
    has = calls.where(_call.service_id == _service.id).correlate(Service.__table__).exists()
    near = _service.id.in_(sa.union(sa.select(_card.service_id).where(due_now), calls))
    wanted, there = sa.case((callable_ & asked, 1), else_=0), sa.case((has, 1), else_=0)
    found = sa.select(_service.id).where(_service.id > after, near, wanted != there).order_by(_service.id).limit(limit)
    return list(uow.connection.execute(found).scalars())


def numbers(uow: Uow, service: Service) -> list[Number]:
    """Return every number of a person, that of whoever answers first: one after the other is tried."""
    people = [service.contact_id, *([service.guardian_id] if service.guardian_id is not None else [])]
    if service.respondent is Respondent.GUARDIAN:
        people.reverse()
    found: dict[str, Number] = {}
    for key in people:
        contact = uow.peek(Contact, key)
        if contact is None:
            continue
        p = ContactPoint.__table__.c
        more = sa.select(p.value).where(p.contact_id == key, p.way == Way.PHONE, p.archived_at.is_(None)).order_by(p.primary.desc(), p.id)
        for phone in (contact.phone, *uow.connection.execute(more).scalars()):
            if phone:
                found.setdefault(phone, Number(key, phone, contact.name))
    return list(found.values())


def vain(uow: Uow, service: Service) -> int:
    """Return how often somebody was called in vain since they were last reached, or since it was time to try again."""
    return 0 if service.try_again_on is not None and service.try_again_on <= today(uow) else service.attempts


# ---- in line ---------------------------------------------------------------------------------------------------------
def align(uow: Uow, service: Service | int) -> None:
    """Make it true that there is exactly one call of a person if and only if something is due and they may be called.

    A task that is open at somebody stays theirs; when it ends, this is done once more.
    """
    service = locked(uow, service)
    with uow.as_system():
        uow.flush()
        mine, others = _tasks(uow, service.id)
        callable_ = may_be_called(uow, service)
        cards = due(uow, service, uow.now + uow.crm[FeedbackSettings].ahead) if callable_ else ()
        keep = None if others else next((task for task in mine if cards or (callable_ and _promised(uow, service, task))), None)
        for task in mine:
            if task is not keep and task.state is not TaskState.OPEN:
                uow.keep(task, state=TaskState.CANCELLED, done_at=uow.now)
        if cards and keep is None and not others and not any(task.state is TaskState.OPEN for task in mine):
            _make(uow, service, cards)
        elif cards and keep is not None and keep.state is TaskState.WAITING:
            _refresh(uow, service, keep, cards)
        uow.flush()
        if others:
            uow.schedule(LookAgain(service.id), delay=LOOK_AGAIN, key=f"prosthesis_feedback:look:{service.id}")


def _tasks(uow: Uow, service_id: int) -> tuple[list[Task], bool]:
    """Return the calls of a person, the one to keep first, held; and whether somebody else holds one just now.

    Whoever opens or ends a task holds it and then the service card, so this never waits for a task; it is looked at again soon.
    """
    going = sa.select(_task.id).join(FollowUpCall.__table__, _call.id == _task.id)
    going = going.where(_call.service_id == service_id, _task.state.in_(UNDER_WAY), _task.archived_at.is_(None))
    keys = set(uow.connection.execute(going).scalars())
    if not keys:
        return [], False
    held = going.with_for_update(key_share=True, skip_locked=True, of=Task.__table__)
    mine = set(uow.connection.execute(held).scalars()) if uow.connection.dialect.name == "postgresql" else keys
    found = [uow.get(Task, key, lock=True) for key in sorted(mine)]
    rank = {TaskState.OPEN: 0, TaskState.HELD: 1, TaskState.WAITING: 2}
    return sorted(found, key=lambda task: (rank.get(task.state, 3), task.previous_id is None, task.id)), bool(keys - mine)


def _promised(uow: Uow, service: Service, task: Task) -> bool:
    """True for a call that was agreed upon, or is another attempt, while something is left to ask by that day."""
    if task.previous_id is None or task.due_at is None:
        return False
    until = max(task.due_at + dt.timedelta(days=1), uow.now + uow.crm[FeedbackSettings].ahead)
    return bool(due(uow, service, until))


def _make(uow: Uow, service: Service, cards: Sequence[Feedback]) -> None:
    title, text, contact_id = _told(uow, service, cards)
    task = Task(
        kind=uow.crm[FeedbackSettings].task_kind, title=title, text=text, due_at=cards[0].planned_at, contact_id=contact_id,
        owner_id=service.owner_id, team_id=service.team_id,
    )  # fmt: skip
    task.attach(FollowUpCall(service_id=service.id))
    uow.add(task)
    uow.flush()
    if task.owner_id != service.owner_id or task.team_id != service.team_id:  # nobody's yet: not the salesperson's either
        task.owner_id, task.team_id = service.owner_id, service.team_id


def _refresh(uow: Uow, service: Service, task: Task, cards: Sequence[Feedback]) -> None:
    """Let a waiting call be about what is due now, at its time, of whoever is in charge now."""
    title, text, contact_id = _told(uow, service, cards)
    for name, value in (("title", title), ("text", text), ("contact_id", contact_id), ("owner_id", service.owner_id), ("team_id", service.team_id)):
        if getattr(task, name) != value:
            setattr(task, name, value)
    if task.previous_id is None and task.due_at is not None:
        kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
        at = in_working_time(uow, cards[0].planned_at, task.zone, dials=kind is not None and kind.dials)
        if task.due_at != at and (at > uow.now or task.due_at > at):
            task.due_at = at


def _told(uow: Uow, service: Service, cards: Sequence[Feedback]) -> tuple[str, str, int]:
    """Return title and text of a call, and whose number comes next."""
    number, known = vain(uow, service), numbers(uow, service)
    lines = []
    for card in cards:
        device = uow.peek(Device, card.device_id)
        told = (card.title, device.model, device.serial) if device is not None else (card.title,)
        lines.append(" · ".join(x for x in told if x))
    title = cards[0].title + (f" +{len(cards) - 1}" if len(cards) > 1 else "")
    if not known:
        return title[:200], "\n".join(lines), service.contact_id
    way = known[number % len(known)]
    if number or way.contact_id != service.contact_id:
        lines.append(ATTEMPT.format(number=number + 1, phone=way.phone, who=way.who).to(uow.crm.settings.language))
    return title[:200], "\n".join(lines), way.contact_id


# ---- what happens to cards -------------------------------------------------------------------------------------------
@on(Replanned)
def cards_have_changed(event: Replanned, uow: Uow) -> None:
    """Other dates, another call."""
    align(uow, event.service_id)


@on(Changed[Service], fields=("guardian_id", "respondent"))
def somebody_else_calls(event: Changed[Service], uow: Uow) -> None:
    """The call goes to whoever answers now."""
    align(uow, event.record)


@on(LookAgain)
def look_again(event: LookAgain, uow: Uow) -> None:
    """What was held is free by now."""
    if uow.peek(Service, event.service_id) is not None:
        align(uow, event.service_id)


# ---- what happens to tasks -------------------------------------------------------------------------------------------
@on(Created[Task])
def call_goes_on(event: Created[Task], uow: Uow) -> None:
    """What follows a call (another attempt, another time) is a call of the same person."""
    task = event.record
    if task.previous_id is not None and task.kind == uow.crm[FeedbackSettings].task_kind:
        service_id = call_of(uow, task.previous_id)
        if service_id is not None:
            _follows(uow, task, service_id)


@on(Changed[Task], fields=("state",))
def call_has_ended(event: Changed[Task], uow: Uow) -> None:
    """One call is over, or back in the queue: is there another one to be made?"""
    task = event.record
    if task.state is TaskState.OPEN or task.kind != uow.crm[FeedbackSettings].task_kind:
        return
    service_id = call_of(uow, task.id)
    if service_id is None:
        return
    for follower in uow.find(Task).where(Task.previous_id == task.id, Task.state.in_(UNDER_WAY)):
        _follows(uow, follower, service_id)
    align(uow, service_id)


def _follows(uow: Uow, task: Task, service_id: int) -> None:
    """Make a task the call of a person. Where another day was agreed upon, what is due is planned for it."""
    if task.get(FollowUpCall) is not None:
        return
    service = locked(uow, service_id)
    task.attach(FollowUpCall(service_id=service_id))
    uow.flush()
    before = uow.peek(Task, t.cast(int, task.previous_id))
    kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
    outcome = kind.outcomes.get(before.outcome or "") if kind is not None and before is not None else None
    if outcome is None or outcome.then != "again" or task.due_at is None:
        return
    day = task.due_at.astimezone(zone_of(uow.crm, service.zone)).date()
    if day > today(uow):
        for card in due(uow, service, uow.now + uow.crm[FeedbackSettings].ahead):
            uow.keep(card, wanted_on=day)
        replan(uow, service)


@hookimpl
def taskqueue_opened(task: Task, turn: Turn, uow: Uow) -> None:
    """Hand nobody out for a call whose incident is being opened just now: the service card is held, or the pause is there already."""
    service_id = call_of(uow, task.id) if task.kind == uow.crm[FeedbackSettings].task_kind else None
    if service_id is None:
        return
    free = sa.select(_service.id).where(_service.id == service_id).with_for_update(key_share=True, skip_locked=True)
    held = uow.connection.execute(free).first() is not None
    with uow.as_system():
        if not held or not may_be_called(uow, uow.get(Service, service_id, lock=True)):
            raise Conflict(JUST_NOW)


@hookimpl
def taskqueue_ended(task: Task, turn: Turn, uow: Uow) -> None:
    """Count calls in vain; let nobody say that somebody was asked who was not; take it seriously when somebody wants no calls.

    However it ended, the service card is held from here on: after the task, and before the manager's day, which planning a call holds,
    too. `align` holds the service card first and never waits for a task; so nobody waits in a circle.
    """
    if task.kind != uow.crm[FeedbackSettings].task_kind:
        return
    service_id = call_of(uow, task.id)
    if service_id is None:
        return
    service = locked(uow, service_id)
    if turn.ended not in ("done", "exit"):
        return
    with uow.as_system():
        if turn.ended == "exit":
            _left(uow, service, turn.outcome or "")
            return
        kind = uow.crm[TaskqueueSettings].all_kinds.get(task.kind)
        outcome = kind.outcomes.get(turn.outcome or "") if kind is not None else None
        if outcome is None:
            return
        if not outcome.reached:
            in_vain(uow, service)
            return
        if outcome.then == "close" and not outcome.task:
            left = due(uow, service, uow.now) if may_be_called(uow, service) else ()
            if left:
                what = ", ".join(card_title(uow, card.title) for card in left)
                raise Invalid(problems=[Problem("outcome", "not_asked", NOT_YET.format(what=what))])
        uow.keep(service, attempts=0, try_again_on=None)


def _left(uow: Uow, service: Service, reason: str) -> None:
    if reason == "wrong_number":
        in_vain(uow, service)
    elif reason == "do_not_call" and service.ended is None:
        service.ended = Ended.WITHDRAWN
        uow.flush()
        replan(uow, service)


@hookimpl(tryfirst=True)
def taskqueue_retry(task: Task, uow: Uow) -> Retry | None:
    """Try nobody again who is given up for a while, or must not be called."""
    if task.kind != uow.crm[FeedbackSettings].task_kind:
        return None
    service_id = call_of(uow, task.id)
    service = uow.peek(Service, service_id) if service_id is not None else None
    if service is None:
        return None
    if not may_be_called(uow, service):
        return Retry(None)
    kind = uow.crm[TaskqueueSettings].all_kinds[task.kind]
    return Retry(kind.retry_after[min(max(service.attempts, 1), len(kind.retry_after)) - 1]) if kind.retry_after else None


def in_vain(uow: Uow, service: Service) -> None:
    """Count a call that reached nobody. After so many the person is left alone for a while, with a message where one can be sent."""
    settings = uow.crm[FeedbackSettings]
    attempts = vain(uow, service) + 1
    if attempts < settings.attempts:
        uow.keep(service, attempts=attempts, try_again_on=None)
        uow.flush()
        return
    uow.keep(service, attempts=attempts, try_again_on=today(uow) + settings.try_again)
    uow.flush()
    if settings.message:
        uow.crm.hook.prosthesis_feedback_message(service=service, text=settings.message, uow=uow)
    replan(uow, service)


__all__ = ["Number", "align", "astray", "call_of", "in_vain", "may_be_called", "numbers", "vain"]
