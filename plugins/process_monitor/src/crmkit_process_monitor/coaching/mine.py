"""One's own page: one's time against the norm, what one was told to learn and why, whom one mentors, one's last cases."""

from __future__ import annotations

import datetime as dt
import math
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Invalid, NotFound, Problem, Refusal, Uow
from crmkit.activities import Note
from crmkit.ui import Menu, Redirect, Result, Slot, View, Visit, charts, page, panel
from crmkit_sales import Contact

from .. import fairness
from ..entities import ASSIGNMENTS, Assignment, Case, Course, Mentor, Step
from ..judging import Judged, Verdict, judged
from ..norming.words import periods
from ..reading import PERIODS, Chosen, number_of, own_worker, worked_days
from ..roles import MENTOR, SEE
from ..settings import MonitorSettings
from ..times import clock
from . import words
from .coach_page import titles_of
from .giving import MOVE, OPEN, finish_learning, note_meeting, start_learning
from .people import people, workers_of

HERE = "/process_monitor/mine"
LAST_CASES = 8
LAST = 30
DO = {"begin": (start_learning, words.begun), "finish": (finish_learning, words.finished)}


def to_do(uow: Uow) -> int:
    """Return how many courses and meetings wait for the visitor."""
    if uow.actor.id is None:
        return 0
    return uow.find(Assignment).where(Assignment.owner_id == uow.actor.id, Assignment.stage.in_(OPEN)).count()


@page("/mine", label=words.mine, permission=SEE, menu=Menu(icon="hourglass", section="work", order=46, badge=to_do))
def mine(visit: Visit, uow: Uow) -> View:
    """The visitor's own figures, assignments, people and cases."""
    return shown(visit, uow)


def shown(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> View:
    """Return the page, with what will not do at the form of a note."""
    chosen = attrs.evolve(Chosen.of(visit), log=None, team=None, point=None, kind=None, step=None)
    worker = own_worker(uow)
    mine_ = uow.find(Assignment).where(Assignment.owner_id == (uow.actor.id or 0)).order_by(Assignment.id.desc()).limit(LAST).all()
    mentored = _mentored(uow)
    return View(
        "mine.html", s=words, chosen=chosen, figures=_figures(visit, uow, chosen, worker) if worker is not None else None,
        periods=[(name, periods[name], visit.url(HERE, period=name)) for name in PERIODS if name != "year"],
        assigned=lines_of(visit, uow, [a for a in mine_ if a.stage in OPEN]), over=lines_of(visit, uow, [a for a in mine_ if a.stage == "done"]),
        mentored=lines_of(visit, uow, mentored, named=True), cases=_cases(visit, uow), clock=clock,
        wrong=(number_of(visit.path.get("assignment")), visit.form.get("note", ""), visit.say(refusal.problems[0].message))
        if refusal is not None and refusal.problems else None,
    )  # fmt: skip


def _mentored(uow: Uow) -> list[Assignment]:
    m = Mentor.__table__.c
    own = sa.select(m.id).where(m.owner_id == (uow.actor.id or 0))
    found = uow.find(Assignment).where(Assignment.mentor_id.in_(own), Assignment.stage.in_(OPEN)).order_by(Assignment.meets_at, Assignment.id)
    return found.limit(LAST).all()


# ---- figures ------------------------------------------------------------------------------------------------------------
def _figures(visit: Visit, uow: Uow, chosen: Chosen, worker: int) -> dict[str, t.Any] | None:
    own = attrs.evolve(chosen, worker=worker)
    found = judged(uow, own)
    if not found:
        return None
    settings = uow.crm[MonitorSettings]
    c = Case.__table__.c
    begins, ends = chosen.moments(uow.crm.zone)
    served = uow.find(Case).where(c.worker_id == worker, c.log_id.is_(None), c.ended_at.is_not(None), c.began_at >= begins, c.began_at < ends)
    times = [(row[0] + row[1]) for row in served.limit(20_000).columns(Case.active, Case.idle)]
    days = worked_days(uow, own).get(worker, 0)
    beyond = sum(j.lost for j in found if j.reference is not None) / 1000 / days if days else 0.0
    return {
        "served": len(times), "days": days, "per": round(len(times) / days, 1) if days else 0, "beyond": clock(beyond),
        "per_client": clock(sum(times) / len(times)) if times else "—", "chart": _chart(visit, uow, found, settings.least_sample),
        "worst": [j for j in found if j.verdict is Verdict.SLOW], "least": settings.least_sample,
    }  # fmt: skip


def _chart(visit: Visit, uow: Uow, found: list[Judged], least: int) -> t.Any:
    with uow.as_system():
        steps = {s.id: s for s in uow.find(Step).archived(only=False).where(Step.id.in_([j.step for j in found]))}
    order = sorted(found, key=lambda j: (steps[j.step].position, j.step) if j.step in steps else (math.inf, j.step))
    rows = []
    for j in order:
        enough = j.verdict is not Verdict.TOO_FEW
        rows.append(charts.Step(
            label=steps[j.step].title if j.step in steps else f"№ {j.step}", fact=_minutes(j.typical), norm=_minutes(j.reference) if enough else None,
            note=visit.say(words.some if enough else words.few, n=j.n),
        ))  # fmt: skip
    return charts.steps(rows, caption=words.by_step, unit=charts.MINUTES, language=visit.language)


def _minutes(seconds: float | None) -> dt.timedelta | None:
    return dt.timedelta(seconds=round(seconds)) if seconds is not None else None


# ---- assignments ----------------------------------------------------------------------------------------------------------
def lines_of(visit: Visit, uow: Uow, found: list[Assignment], *, named: bool = False) -> list[dict[str, t.Any]]:
    """Return assignments as pages list them, a few questions for all of them."""
    titles = titles_of(visit, uow, found)
    with uow.as_system():
        steps = {s.id: s.title for s in uow.find(Step).archived(only=False).where(Step.id.in_(sorted({a.step_id for a in found})))}
        courses = {c.id: c for c in uow.find(Course).archived(only=False).where(Course.id.in_(sorted({a.course_id for a in found if a.course_id})))}
    givers = people(uow, [a.given_by for a in found])
    workers = workers_of(uow, [a.owner_id for a in found]) if named else {}
    whom = fairness.names(uow, workers.values()) if workers else {}
    today = visit.now.astimezone(visit.zone).date()
    made = []
    for one in found:
        course = courses.get(one.course_id or 0)
        late = one.stage in OPEN and ((one.due_on is not None and one.due_on < today) or (one.meets_at is not None and one.meets_at < visit.now))
        link = course.link if course is not None and (course.link or "").startswith(("https://", "http://", "/")) else None
        made.append({
            "a": one, "title": titles[one.id], "step": steps.get(one.step_id, ""), "stage": ASSIGNMENTS.stages[one.stage].label, "late": late,
            "link": link, "text": course.text if course is not None else None, "minutes": course.minutes if course is not None else None,
            "giver": givers.get(one.given_by or 0, ""), "whom": whom.get(workers.get(one.owner_id or 0, 0), "") if named else "",
            "meeting": one.mentor_id is not None, "why": one.why, "note": one.note,
        })  # fmt: skip
    return made


@page("/mine/{assignment}/{verb}", label=words.mine, permission=SEE, methods=["POST"])
def learn(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Begin or finish what one was given; as a mentor, note the meeting."""
    if refusal is not None:
        return shown(visit, uow, refusal)
    record = uow.get(Assignment, number_of(visit.path["assignment"]) or 0)
    verb = visit.path["verb"]
    if verb == "meet":
        uow.require(MENTOR, record)
        if not visit.form.get("note", "").strip():
            raise Invalid(problems=[Problem("note", "required", words.write_note)])
        note_meeting(record, uow, note=visit.form["note"])
        return Redirect(HERE, say=words.is_noted, undo=uow.tx)
    if verb not in DO:
        raise NotFound()
    uow.require(MOVE, record)
    act, said = DO[verb]
    act(record, uow)
    return Redirect(HERE, say=said, undo=uow.tx)


@panel(Assignment, label=words.why, icon="message-square-quote", slot=Slot.TOP, order=10, live=[Assignment])
def why_panel(record: Assignment, uow: Uow) -> View:
    """Why it was given, by whom, with the figures of then; the mentor's note, and the meeting for a calendar."""
    mentor = uow.peek(Mentor, record.mentor_id) if record.mentor_id is not None else None
    named = people(uow, [record.given_by, mentor.owner_id if mentor is not None else None])
    worker = workers_of(uow, [record.owner_id])
    return View(
        "why_panel.html", s=words, a=record, then=record.figures, clock=clock, giver=named.get(record.given_by or 0, ""),
        whom=fairness.names(uow, worker.values()).get(worker.get(record.owner_id or 0, 0), ""),
        meeting=words.meeting_with.format(name=named.get(mentor.owner_id or 0, "")) if mentor is not None else "",
    )  # fmt: skip


# ---- cases ----------------------------------------------------------------------------------------------------------------
def _cases(visit: Visit, uow: Uow) -> list[dict[str, t.Any]]:
    c, n = Case.__table__.c, Note.__table__.c
    own = uow.find(Case).where(c.owner_id == (uow.actor.id or 0), c.log_id.is_(None)).order_by(c.began_at.desc()).limit(LAST_CASES).all()
    keys = [case.id for case in own]
    counted = sa.select(n.about_id, sa.func.count()).where(n.about_kind == "process_monitor.case", n.about_id.in_(keys), n.archived_at.is_(None))
    said = {row[0]: row[1] for row in uow.connection.execute(counted.group_by(n.about_id))} if keys else {}
    kinds = uow.crm[MonitorSettings].case_kinds
    clients: dict[int, str] = {}
    if uow.may("sales.contact.read") and "name" not in uow.crm.access.hidden(uow.actor, uow.crm.kind(Contact)):  # of those they see, as anywhere
        seen = uow.find(Contact).where(Contact.id.in_(sorted({case.contact_id for case in own if case.contact_id is not None})))
        clients = {contact.id: contact.name for contact in seen}
    return [
        {
            "case": case, "client": clients.get(case.contact_id or 0, ""),
            "kind": kinds.get(case.kind, case.kind), "took": clock(case.active + case.idle), "said": said.get(case.id, 0),
        }
        for case in own
    ]  # fmt: skip


__all__ = ["learn", "lines_of", "mine", "shown", "to_do", "why_panel"]
