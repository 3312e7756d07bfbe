"""Reminders: shortly before a meeting or the last day of a course, those concerned find it among their next steps."""

from __future__ import annotations

import datetime as dt

import attrs

from crmkit import Archived, Changed, Created, Moved, Uow, after, on, on_enter
from crmkit.activities import Activity, plan

from ..entities import ASSIGNMENTS, Assignment, Course, Mentor, Step
from ..settings import MonitorSettings
from . import words
from .giving import OPEN

MORNING = dt.time(9)


@attrs.frozen
class Reminder:
    """A meeting, or the last day of a course, is near."""

    assignment: int


def is_due(uow: Uow, assignment: Assignment) -> dt.datetime | None:
    """Return when a meeting is, or the morning of the day a course is to be done by."""
    if assignment.meets_at is not None:
        return assignment.meets_at
    return dt.datetime.combine(assignment.due_on, MORNING, uow.crm.zone) if assignment.due_on is not None else None


@on(Created[Assignment])
def set_reminder(event: Created[Assignment], uow: Uow) -> None:
    """Set the timer of a new assignment."""
    _set(uow, event.record)


@on(Changed[Assignment], fields=["meets_at", "due_on"])
def move_reminder(event: Changed[Assignment], uow: Uow) -> None:
    """Move the timer, and what was planned already, with the meeting."""
    record = event.record
    if record.stage in OPEN:
        _set(uow, record)
    due = is_due(uow, record)
    for step in _planned(uow, record):
        step.due_at = due


def _set(uow: Uow, assignment: Assignment) -> None:
    due = is_due(uow, assignment)
    if due is None:
        uow.cancel(_key(assignment.id))
    else:
        uow.schedule(Reminder(assignment.id), at=max(uow.now, due - uow.crm[MonitorSettings].remind), key=_key(assignment.id))


def _key(assignment: int) -> str:
    return f"process_monitor.reminder:{assignment}"


def _planned(uow: Uow, assignment: Assignment) -> list[Activity]:
    with uow.as_system():
        about = uow.about(assignment)
        return uow.find(Activity).where(
            Activity.about_kind == about["about_kind"], Activity.about_id == about["about_id"], Activity.done_at.is_(None)).all()  # fmt: skip


@after(Reminder)
def remind(event: Reminder, uow: Uow) -> None:
    """Put it among the next steps of who learns, and of the mentor; once each, and only while it is not over."""
    assignment = uow.peek(Assignment, event.assignment)
    if assignment is None or assignment.archived_at is not None or assignment.stage not in OPEN:
        return
    due = is_due(uow, assignment)
    if due is None:
        return
    there = {activity.owner_id for activity in _planned(uow, assignment)}
    mentor = uow.peek(Mentor, assignment.mentor_id) if assignment.mentor_id is not None else None
    language = uow.language
    subject = (words.remind_meeting.format(step=_step(uow, assignment)) if mentor else words.remind_course.format(title=_title(uow, assignment)))
    for person in dict.fromkeys((assignment.owner_id, mentor.owner_id if mentor else None)):
        if person is not None and person not in there:
            plan(uow, assignment, "meeting" if mentor else "todo", subject.to(language)[:200], due, owner_id=person)


def _step(uow: Uow, assignment: Assignment) -> str:
    step = uow.peek(Step, assignment.step_id)
    return step.title if step is not None else ""


def _title(uow: Uow, assignment: Assignment) -> str:
    course = uow.peek(Course, assignment.course_id) if assignment.course_id is not None else None
    return course.title if course is not None else _step(uow, assignment)


@on_enter(ASSIGNMENTS["done"])
def nothing_to_do(event: Moved[Assignment], uow: Uow) -> None:
    """Take the reminder back when it is done, and what was planned with it."""
    _over(uow, event.record)


@on_enter(ASSIGNMENTS["cancelled"])
def called_off(event: Moved[Assignment], uow: Uow) -> None:
    """Take the reminder back when it is cancelled."""
    _over(uow, event.record)


@on(Archived[Assignment])
def put_away(event: Archived[Assignment], uow: Uow) -> None:
    """Take the reminder back when it is archived."""
    _over(uow, event.record)


def _over(uow: Uow, assignment: Assignment) -> None:
    uow.cancel(_key(assignment.id))
    with uow.as_system():
        for step in _planned(uow, assignment):
            step.done_at = uow.now


__all__ = ["Reminder", "is_due", "remind"]
