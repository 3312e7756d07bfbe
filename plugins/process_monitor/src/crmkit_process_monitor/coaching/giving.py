"""Giving a colleague a course or a meeting for a step, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping

from crmkit import Conflict, Created, Forbidden, Invalid, Moved, Permission, Problem, StageOf, Uow, _, command, hookimpl, on, on_enter, on_leave
from crmkit.ui import button

from ..entities import ASSIGNMENTS, Assignment, Course, Mentor, Step, Worker
from ..roles import COACH, MENTOR
from . import words
from .people import may_coach

OPEN = ("given", "begun")
MOVE = Permission("process_monitor.assignment.move")
NOT_YOURS = _("You may not give this colleague a course", ru="Этому сотруднику вы не можете назначить обучение")


def under_way(uow: Uow, worker: Worker, step: int) -> Assignment | None:
    """Return what this colleague is learning for a step now."""
    with uow.as_system():
        return uow.find(Assignment).where(Assignment.owner_id == worker.user_id, Assignment.step_id == step, Assignment.stage.in_(OPEN)).first()


def offered(uow: Uow, step: int) -> tuple[list[Course], list[Mentor]]:
    """Return the courses and the mentors there are for a step: its own first, then those for any."""
    courses = uow.find(Course).where(Course.in_use, (Course.step_id == step) | Course.step_id.is_(None)).order_by(Course.title, Course.id).all()
    mentors = uow.find(Mentor).where(Mentor.in_use, (Mentor.step_id == step) | Mentor.step_id.is_(None)).order_by(Mentor.id).all()
    return sorted(courses, key=lambda c: c.step_id is None), sorted(mentors, key=lambda m: m.step_id is None)


def give(
    uow: Uow, worker: Worker, step: Step, *, course: Course | None = None, mentor: Mentor | None = None, why: str = "",
    due_on: dt.date | None = None, meets_at: dt.datetime | None = None, figures: Mapping[str, t.Any] | None = None,
) -> Assignment:  # fmt: skip
    """Give a colleague a course or a meeting with a mentor for a step; `figures` are kept as they were when it was given."""
    if worker.user_id is None:
        raise Invalid(words.not_ours)
    if not may_coach(uow, worker):
        raise Forbidden(NOT_YOURS)
    problems = list(_faults(uow, worker, course, mentor, due_on, meets_at))
    if under_way(uow, worker, step.id) is not None:
        problems.append(Problem("what", "already", words.already_problem))
    if problems:
        raise Invalid(problems=problems)
    with uow.as_system():
        made = uow.add(Assignment(
            step_id=step.id, course_id=course.id if course else None, mentor_id=mentor.id if mentor else None, why=why or None, due_on=due_on,
            meets_at=meets_at, owner_id=worker.user_id, team_id=worker.team_id,
        ))  # fmt: skip
        uow.flush()
        uow.keep(made, figures=dict(figures or {}), given_by=uow.actor.id)
        uow.flush()
    return made


def _faults(
    uow: Uow, worker: Worker, course: Course | None, mentor: Mentor | None, due_on: dt.date | None, meets_at: dt.datetime | None
) -> Iterable[Problem]:
    if (course is None) == (mentor is None):
        yield Problem("what", "required", words.choose_what)
    if mentor is not None and mentor.owner_id == worker.user_id:
        yield Problem("what", "invalid", words.himself)
    if mentor is not None and meets_at is None:
        yield Problem("meets_at", "required", words.choose_meeting)
    if meets_at is not None and meets_at <= uow.now:
        yield Problem("meets_at", "past", words.in_the_past)
    if due_on is not None and due_on < uow.now.astimezone(uow.crm.zone).date():
        yield Problem("due_on", "past", words.in_the_past)


# ---- what becomes of it -----------------------------------------------------------------------------------------------
@button(icon="play", primary=True, order=10, shown=lambda assignment: assignment.stage == "given")
@command(words.begin, of=Assignment, permission=MOVE)
def start_learning(assignment: Assignment, uow: Uow) -> Assignment:
    """Begin a course, or say that the meeting has begun."""
    _still_open(assignment)
    return uow.move(assignment, ASSIGNMENTS["begun"])


@button(icon="check", primary=True, order=20, shown=lambda assignment: assignment.stage in OPEN)
@command(words.finish, of=Assignment, permission=MOVE)
def finish_learning(assignment: Assignment, uow: Uow) -> Assignment:
    """Say that a course was done, or a meeting took place."""
    _still_open(assignment)
    return uow.move(assignment, ASSIGNMENTS["done"])


@button(icon="notebook-pen", order=30, shown=lambda assignment: assignment.mentor_id is not None and assignment.stage != "cancelled")
@command(words.met, of=Assignment, permission=MENTOR)
def note_meeting(assignment: Assignment, uow: Uow, *, note: str) -> Assignment:
    """Note what came of a meeting: it is done by that."""
    if assignment.mentor_id is None:
        raise Conflict(words.no_mentor)
    if assignment.stage == "cancelled":
        raise Conflict(words.over)
    if not note.strip():
        raise Invalid(problems=[Problem("note", "required", words.write_note)])
    with uow.as_system():
        assignment.note = note.strip()
        if assignment.stage in OPEN:
            uow.move(assignment, ASSIGNMENTS["done"])
    return assignment


@button(icon="x", order=40, menu=True, shown=lambda assignment: assignment.stage in OPEN)
@command(words.cancel_it, of=Assignment, permission=COACH)
def call_off(assignment: Assignment, uow: Uow) -> Assignment:
    """Cancel a course or a meeting that is not done yet."""
    _still_open(assignment)
    with uow.as_system():
        return uow.move(assignment, ASSIGNMENTS["cancelled"])


def _still_open(assignment: Assignment) -> None:
    if assignment.stage not in OPEN:
        raise Conflict(words.over)


@hookimpl
def crm_can_move(record: Assignment, stage: StageOf[t.Any], uow: Uow) -> list[Problem]:
    """Let only those cancel who may give: who was told to learn does not strike it out."""
    if type(record) is Assignment and stage.name == "cancelled" and not uow.may(COACH, record):
        return [Problem("", "forbidden", words.only_coach)]
    return []


@on(Created[Assignment])
def for_somebody_else(event: Created[Assignment], uow: Uow) -> None:
    """Refuse what somebody gives themselves by the form of a new record, which does not ask for whom it is."""
    record = event.record
    if not uow.actor.system and record.given_by is None and record.owner_id in (None, uow.actor.id):
        raise Invalid(words.from_the_map)


@hookimpl
def crm_check(record: Mentor, changes: Mapping[str, tuple[t.Any, t.Any]], uow: Uow) -> list[Problem]:
    """Refuse a mentor who is nobody."""
    return [Problem("owner_id", "required", words.choose_mentor)] if type(record) is Mentor and record.owner_id is None else []


@on_enter(ASSIGNMENTS["done"])
def is_done(event: Moved[Assignment], uow: Uow) -> None:
    """Keep when it was done: what comes before and after is told apart by that."""
    uow.keep(event.record, done_at=uow.now)


@on_leave(ASSIGNMENTS["done"])
def is_not_done(event: Moved[Assignment], uow: Uow) -> None:
    """Forget when it was done."""
    uow.keep(event.record, done_at=None)


__all__ = [
    "OPEN", "call_off", "crm_can_move", "crm_check", "finish_learning", "for_somebody_else", "give", "note_meeting", "offered", "start_learning",
    "under_way",
]  # fmt: skip
