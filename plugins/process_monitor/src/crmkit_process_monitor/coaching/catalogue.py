"""The catalogue: which courses and mentors there are for each step."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Entity, Uow
from crmkit.ui import Look, Menu, View, Visit, form_note, list_column, page

from .. import fairness
from ..entities import Assignment, Course, Mentor, Norm, Step
from ..roles import COACH
from . import words
from .people import people, workers_of

COURSES = Look(of=Course, icon="graduation-cap", title="title", columns=("title", "step_id", "minutes", "in_use"), section="",
               form=("title", "step_id", "minutes", "link", "text"))  # fmt: skip
MENTORS = Look(of=Mentor, icon="users-round", title="owner_id", columns=("owner_id", "step_id", "in_use"), section="", form=("owner_id", "step_id"))
NORMS = Look(of=Norm, icon="ruler", title="step.title",
    columns=("step_id", "case_kind", "since", "reference", "least", "most", "came_from"),
             section="", sort="-since")  # fmt: skip
ASSIGNED = Look(
    of=Assignment, icon="graduation-cap", title="step.title",
    columns=("process_monitor:learner", "course_id", "stage", "due_on", "meets_at"),
    card=("course_id", "due_on"), section="reports", order=14, sort="-created_at", day="due_on",
    # Who learns is told by the column and the panel, by name only to those who may see names.
    hidden=("figures", "given_by", "mentor_id", "owner_id", "team_id"), form=("step_id", "course_id", "why", "due_on", "meets_at"),
)  # fmt: skip


@list_column(Assignment, label=words.who)
def learner(ids: Sequence[int], uow: Uow) -> Mapping[int, str]:
    """Who learns: by name, or by a pseudonym."""
    a = Assignment.__table__.c
    owners = {row[0]: row[1] for row in uow.connection.execute(sa.select(a.id, a.owner_id).where(a.id.in_(list(ids))))}
    workers = workers_of(uow, owners.values())
    named = fairness.names(uow, workers.values())
    return {key: named.get(workers.get(owner or 0, 0), "") for key, owner in owners.items()}


@form_note(Assignment, always=True)
def from_the_map(of: type[Entity], values: Mapping[str, t.Any], uow: Uow) -> View | None:
    """Where courses are given: the form of a new record does not ask for whom."""
    return View("assign_note.html", s=words) if uow.may(COACH) else None


@page("/catalogue", label=words.catalogue, permission=COACH, menu=Menu(icon="library", section="admin", order=73))
def catalogue(visit: Visit, uow: Uow) -> View:
    """Courses and mentors by step, and how often each was given."""
    courses = uow.find(Course).order_by(Course.in_use.desc(), Course.title, Course.id).limit(1000).all()
    mentors = uow.find(Mentor).order_by(Mentor.in_use.desc(), Mentor.id).limit(1000).all()
    named = people(uow, [m.owner_id for m in mentors])
    used = {c.step_id for c in courses} | {m.step_id for m in mentors}
    steps = [s for s in uow.find(Step).order_by(Step.log_id, Step.position, Step.id).limit(500) if s.id in used or (s.in_use and s.log_id is None)]
    by_course, by_mentor = (_given(uow, name) for name in ("course_id", "mentor_id"))
    groups: list[dict[str, t.Any]] = [
        {"step": step, "courses": [c for c in courses if c.step_id == key], "mentors": [m for m in mentors if m.step_id == key]}
        for step, key in [*((s, s.id) for s in steps), (None, None)]
    ]
    return View(
        "catalogue.html", s=words, groups=groups, named=named, by_course=by_course, by_mentor=by_mentor,
        may_course=uow.may("process_monitor.course.create"), may_mentor=uow.may("process_monitor.mentor.create"),
    )  # fmt: skip


def _given(uow: Uow, name: str) -> dict[int, int]:
    c = Assignment.__table__.c
    seen = sa.select(c[name], sa.func.count()).where(c.id.in_(uow.visible(Assignment)), c.archived_at.is_(None), c[name].is_not(None))
    return {row[0]: row[1] for row in uow.connection.execute(seen.group_by(c[name]))}


__all__ = ["catalogue", "from_the_map", "learner"]
