"""From a cell of the heat map: a course or a meeting for this colleague and this step, with the reason the figures give."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Forbidden, Invalid, NotFound, Problem, Refusal, Uow
from crmkit.ui import Redirect, Result, View, Visit, page

from .. import fairness
from ..entities import ASSIGNMENTS, Assignment, Course, Mentor, Step, Worker
from ..judging import Judged, judged
from ..reading import Chosen, number_of
from ..roles import COACH
from ..times import clock
from . import words
from .figures import COLORS, ICONS, kept, reason_of, warning
from .giving import NOT_YOURS, give, offered, under_way
from .measuring import measured
from .people import may_coach, people

HERE, DASHBOARD = "/process_monitor/coach", "/process_monitor/dashboard"
YEAR = dt.timedelta(days=365)


@attrs.frozen(kw_only=True)
class Option:
    """A course or a mentor that can be given."""

    value: str
    title: str
    small: str
    icon: str
    course: bool


@page("/coach", label=words.coach, permission=COACH, methods=["GET", "POST"])
def coach(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Give a colleague a course or a meeting for a step."""
    worker, step = _asked(visit, uow)
    chosen = attrs.evolve(Chosen.of(visit), worker=worker.id, step=step.id, log=worker.log_id, kind=None)
    found = next(iter(judged(uow, chosen)), None)
    named = fairness.names(uow, [worker.id]).get(worker.id, "")
    if visit.method == "POST" and refusal is None:
        made = _give(visit, uow, worker, step, kept(found, chosen))
        return Redirect(f"/process_monitor/assignment/{made.id}", say=words.given_to.format(name=named), undo=uow.tx)
    problems = {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    said = visit.say(refusal.message) if refusal is not None and not problems else ""
    options = options_of(visit, uow, step, worker)
    before = _before(visit, uow, worker, step)
    now_learning = under_way(uow, worker, step.id)
    form: Mapping[str, str] = visit.form if refusal is not None else {
        "what": options[0].value if len(options) == 1 else "", "why": reason_of(visit, step, found, chosen), "due_on": _in_two_weeks(visit),
        "meets_at": "",
    }  # fmt: skip
    return View(
        "coach.html", s=words, worker=worker, step=step, named=named, found=found, figures=figures_of(visit, found), chosen=chosen, options=options,
        form=form, problems=problems, said=said, before=before, notice=warning(found), zone=str(visit.zone), clock=clock,
        already=next((b["what"] for b in before if now_learning is not None and b["id"] == now_learning.id), None),
        here=visit.url(HERE, **chosen.query()), back=visit.came_from if visit.came_from.startswith("/process_monitor/") else DASHBOARD,
        color=COLORS[found.verdict] if found else "gray", mark=ICONS[found.verdict] if found else "circle-question-mark",
        may_add=uow.may("process_monitor.course.create"),
    )  # fmt: skip


def _asked(visit: Visit, uow: Uow) -> tuple[Worker, Step]:
    """Return whom and what an address is about: colleagues one may give courses to, nobody else."""
    worker_id, step_id = (number_of(visit.query.get(name)) for name in ("worker", "step"))
    worker = uow.peek(Worker, worker_id) if worker_id is not None else None
    step = uow.peek(Step, step_id) if step_id is not None else None
    if worker is None or step is None or worker.log_id != step.log_id:
        raise NotFound()
    if not may_coach(uow, worker):
        raise Forbidden(NOT_YOURS)
    return worker, step


def _in_two_weeks(visit: Visit) -> str:
    return (visit.now.astimezone(visit.zone).date() + dt.timedelta(days=14)).isoformat()


def figures_of(visit: Visit, found: Judged | None) -> list[tuple[str, str, str]]:
    """Return the figures of a cell as label, value and what is small below."""
    if found is None:
        return []
    made = [(visit.say(words.usual), clock(found.typical), "")]
    if found.reference is not None and found.ratio is not None:
        between = ""
        if found.low is not None and found.high is not None:
            between = visit.say(words.between, low=_number(visit, found.low), high=_number(visit, found.high))
        made.append((visit.say(words.reference), clock(found.reference), ""))
        made.append((visit.say(words.ratio), f"× {_number(visit, found.ratio)}", between))
        made.append((visit.say(words.lost), clock(found.lost_per_day / 1000), ""))
    made.append((visit.say(words.times), str(found.n), ""))
    return made


def _number(visit: Visit, value: float) -> str:
    text = f"{value:.2f}"
    return text.replace(".", ",") if visit.language == "ru" else text


def percent(visit: Visit, value: float) -> str:
    """Return a change as people read it: ``−23 %``."""
    rounded = round(value * 100)
    sign = "\u2212" if rounded < 0 else "+" if rounded > 0 else ""
    return f"{sign}{abs(rounded)}\u00a0%" if visit.language == "ru" else f"{sign}{abs(rounded)}%"


def options_of(visit: Visit, uow: Uow, step: Step, worker: Worker | None = None) -> list[Option]:
    """Return what can be given for a step, with what it did for others in the last year."""
    courses, mentors = offered(uow, step.id)
    mentors = [m for m in mentors if worker is None or m.owner_id != worker.user_id]
    today = visit.now.astimezone(visit.zone).date()
    known = {(w.course, w.mentor): w for w in measured(uow, Chosen(since=today - YEAR, until=today, log=step.log_id, step=step.id), at_once=0)}
    named = people(uow, [m.owner_id for m in mentors])

    def helped(course: int | None, mentor: int | None) -> str:
        found = known.get((course, mentor))
        if found is None or found.change is None:
            return visit.say(words.helped_unknown)
        return visit.say(words.helped_by, change=percent(visit, found.change), n=found.n)

    made = [
        Option(value=f"course:{c.id}", title=c.title, icon="graduation-cap", course=True,
               small=" · ".join([*([visit.say(words.minutes, count=c.minutes)] if c.minutes else []), helped(c.id, None)]))
        for c in courses
    ]  # fmt: skip
    return made + [
        Option(value=f"mentor:{m.id}", title=visit.say(words.meeting_with, name=named.get(m.owner_id or 0, "")), icon="users-round", course=False,
               small=helped(None, m.id))
        for m in mentors
    ]  # fmt: skip


def _give(visit: Visit, uow: Uow, worker: Worker, step: Step, figures: Mapping[str, t.Any]) -> Assignment:
    form, problems = visit.form, []
    what, _colon, key = form.get("what", "").partition(":")
    courses, mentors = offered(uow, step.id)
    course = next((c for c in courses if what == "course" and str(c.id) == key), None)
    mentor = next((m for m in mentors if what == "mentor" and str(m.id) == key), None)
    if form.get("what") and course is None and mentor is None:
        problems.append(Problem("what", "invalid", words.not_offered))
    due_on = meets_at = None
    try:
        due_on = dt.date.fromisoformat(form["due_on"]) if form.get("due_on") else None
    except ValueError:
        problems.append(Problem("due_on", "invalid", words.no_day))
    try:
        if form.get("meets_at") and mentor is not None:
            meets_at = dt.datetime.fromisoformat(form["meets_at"])
            meets_at = meets_at if meets_at.tzinfo is not None else meets_at.replace(tzinfo=visit.zone)
    except ValueError:
        problems.append(Problem("meets_at", "invalid", words.no_moment))
    if problems:
        raise Invalid(problems=problems)
    return give(
        uow, worker, step, course=course, mentor=mentor, why=form.get("why", "").strip()[:2000], due_on=None if mentor is not None else due_on,
        meets_at=meets_at, figures=figures,
    )  # fmt: skip


def _before(visit: Visit, uow: Uow, worker: Worker, step: Step) -> list[dict[str, t.Any]]:
    """Return what this colleague was given for this step before, the last first."""
    if worker.user_id is None:
        return []
    given = uow.find(Assignment).where(Assignment.owner_id == worker.user_id, Assignment.step_id == step.id)
    found = given.order_by(Assignment.id.desc()).limit(10).all()
    titles = titles_of(visit, uow, found)
    return [{"id": a.id, "what": titles[a.id], "stage": ASSIGNMENTS.stages[a.stage].label, "at": a.done_at or a.created_at} for a in found]


def titles_of(visit: Visit, uow: Uow, found: list[Assignment]) -> dict[int, str]:
    """Return what assignments are called: the course, or with whom the meeting is."""
    with uow.as_system():
        courses = {c.id: c for c in uow.find(Course).archived(only=False).where(Course.id.in_(sorted({a.course_id for a in found if a.course_id})))}
        mentors = {m.id: m for m in uow.find(Mentor).archived(only=False).where(Mentor.id.in_(sorted({a.mentor_id for a in found if a.mentor_id})))}
    named = people(uow, [m.owner_id for m in mentors.values()])
    made = {}
    for one in found:
        if one.course_id in courses:
            made[one.id] = courses[one.course_id].title
        elif one.mentor_id in mentors:
            made[one.id] = visit.say(words.meeting_with, name=named.get(mentors[one.mentor_id].owner_id or 0, ""))
        else:
            made[one.id] = f"№ {one.id}"
    return made


__all__ = ["HERE", "Option", "coach", "figures_of", "options_of", "percent", "titles_of"]
