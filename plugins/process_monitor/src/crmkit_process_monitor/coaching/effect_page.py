"""Whether it helped: one course or meeting before and after, and what works for everybody who had it."""

from __future__ import annotations

import datetime as dt
import math
import typing as t

import attrs
import sqlalchemy as sa

from crmkit import NotFound, Uow
from crmkit.ui import Menu, Slot, View, Visit, charts, page, panel

from .. import fairness
from ..effects import Effect, Outcome, effect
from ..entities import Assignment, Course, Mentor, Step
from ..norming.words import periods
from ..reading import PERIODS, Chosen, number_of
from ..roles import COACH
from ..tables import days
from ..times import clock
from . import words
from .coach_page import percent, titles_of
from .measuring import done_in, measured
from .people import people, workers_of

HERE = "/process_monitor/works"
WEEKS, MOST = 8, 40
COLORS = {Outcome.HELPED: "green", Outcome.WORSE: "red"}
ICONS = {
    Outcome.HELPED: "trending-down", Outcome.WORSE: "trending-up", Outcome.UNSURE: "equal-not", Outcome.TOO_EARLY: "hourglass",
    Outcome.TOO_FEW: "circle-question-mark", Outcome.NO_COLLEAGUES: "circle-question-mark",
}  # fmt: skip
EDGE = 0.8


@attrs.frozen(kw_only=True)
class Span:
    """An interval as it is drawn: percent of the width."""

    low: float
    high: float
    at: float
    zero: float = 50.0


def span_of(change: float | None, low: float | None, high: float | None) -> Span | None:
    """Return where an interval is drawn between -80 and +80 percent; what is beyond ends at the edge."""
    if change is None or low is None or high is None:
        return None
    place = [round(50 + 50 * max(-EDGE, min(EDGE, x)) / EDGE, 2) for x in (low, high, change)]
    return Span(low=place[0], high=place[1], at=place[2])


@page("/works", label=words.works, permission=COACH, menu=Menu(icon="trending-down", section="reports", order=13))
def what_works(visit: Visit, uow: Uow) -> View:
    """What each course and each mentor did, and whose they were."""
    given = Chosen.of(visit)
    chosen = given if "period" in visit.query or "since" in visit.query else attrs.evolve(
        given, since=given.until - dt.timedelta(days=PERIODS["year"] - 1), period="year")  # fmt: skip
    rows = _rows(visit, uow, chosen)
    done = done_in(uow, chosen)[:MOST]
    return View(
        "works.html", s=words, rows=rows, done=_done(visit, uow, done), chosen=chosen,
        periods=[(name, periods[name], visit.url(HERE, period=name)) for name in PERIODS if name != "week"],
    )  # fmt: skip


def _rows(visit: Visit, uow: Uow, chosen: Chosen) -> list[dict[str, t.Any]]:
    found = measured(uow, chosen)
    with uow.as_system():
        courses = {c.id: c for c in uow.find(Course).archived(only=False).where(Course.id.in_([w.course for w in found if w.course]))}
        mentors = {m.id: m for m in uow.find(Mentor).archived(only=False).where(Mentor.id.in_([w.mentor for w in found if w.mentor]))}
    named = people(uow, [m.owner_id for m in mentors.values()])
    made = []
    for one in found:
        course, mentor = courses.get(one.course or 0), mentors.get(one.mentor or 0)
        title = course.title if course else visit.say(words.meeting_with, name=named.get(mentor.owner_id or 0, "")) if mentor else ""
        path = f"/process_monitor/course/{course.id}" if course else f"/process_monitor/mentor/{mentor.id}" if mentor else ""
        made.append({
            "title": title, "path": path, "icon": "graduation-cap" if course else "users-round", "n": one.n,
            "span": span_of(one.change, one.low, one.high), "change": percent(visit, one.change) if one.change is not None else "",
            "said": _between(visit, one.low, one.high),
            "sort": one.change if one.change is not None else math.inf,
        })  # fmt: skip
    return sorted(made, key=lambda row: row["sort"])


def _between(visit: Visit, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return visit.say(words.between, low=percent(visit, low), high=percent(visit, high))


def _done(visit: Visit, uow: Uow, found: list[Assignment]) -> list[dict[str, t.Any]]:
    titles = titles_of(visit, uow, found)
    workers = workers_of(uow, [a.owner_id for a in found])
    named = fairness.names(uow, workers.values()) if workers else {}
    with uow.as_system():
        steps = {s.id: s.title for s in uow.find(Step).archived(only=False).where(Step.id.in_(sorted({a.step_id for a in found})))}
    return [
        {"a": a, "title": titles[a.id], "who": named.get(workers.get(a.owner_id or 0, 0), ""), "step": steps.get(a.step_id, "")} for a in found
    ]


# ---- one of them ------------------------------------------------------------------------------------------------------------
@page("/effect/{assignment}", label=words.effect, permission=COACH)
def effect_of(visit: Visit, uow: Uow) -> View:
    """One course or meeting: the step's time before and after, beside colleagues."""
    key = number_of(visit.path["assignment"])
    if key is None:
        raise NotFound()
    record = uow.get(Assignment, key)
    workers = workers_of(uow, [record.owner_id])
    worker = workers.get(record.owner_id or 0)
    step = uow.peek(Step, record.step_id)
    return View(
        "effect.html", s=words, a=record, title=titles_of(visit, uow, [record])[record.id], step=step.title if step else "",
        who=fairness.names(uow, workers.values()).get(worker or 0, "") if workers else "", e=told(visit, effect(uow, record.id)),
        chart=_chart(visit, uow, record, worker) if worker is not None else None,
    )  # fmt: skip


def told(visit: Visit, found: Effect) -> dict[str, t.Any]:
    """Return an effect as pages tell it."""
    return {
        "verdict": found.verdict.label, "color": COLORS.get(found.verdict, "gray"),
        "icon": ICONS.get(found.verdict, "circle-question-mark"), "why": found.why,
        "before": clock(found.before) if found.before is not None else "", "after": clock(found.after) if found.after is not None else "",
        "change": percent(visit, found.change) if found.change is not None else "", "between": _between(visit, found.low, found.high),
        "span": span_of(found.change, found.low, found.high), "compared": found.compared_with,
    }  # fmt: skip


def _chart(visit: Visit, uow: Uow, record: Assignment, worker: int) -> t.Any:
    """Draw the usual time of the step by week, of the colleague and of all others, around the day it was done."""
    middle = (record.done_at or visit.now).astimezone(visit.zone).date()
    monday = middle - dt.timedelta(days=middle.weekday())
    first, last = monday - dt.timedelta(weeks=WEEKS), monday + dt.timedelta(weeks=WEEKS + 1) - dt.timedelta(days=1)
    today = visit.now.astimezone(visit.zone).date()
    d = days.c
    own = sa.case((d.worker_id == worker, 1), else_=0)
    step = uow.peek(Step, record.step_id)
    where = (d.log_id == ((step.log_id if step else None) or 0), d.step_id == record.step_id, d.day >= first, d.day <= last)
    rows = uow.connection.execute(sa.select(d.day, own, sa.func.sum(d.n), sa.func.sum(d.logs)).where(*where).group_by(d.day, own))
    sums: dict[tuple[int, int], tuple[int, float]] = {}
    for day, mine, n, logs in rows:
        place = ((day - first).days // 7, int(mine))
        before = sums.get(place, (0, 0.0))
        sums[place] = (before[0] + int(n), before[1] + float(logs))
    weeks = [w for w in range(2 * WEEKS + 1) if first + dt.timedelta(weeks=w) <= today]
    if not sums:
        return None

    def values(mine: int) -> list[dt.timedelta | None]:
        found = [sums.get((w, mine)) for w in weeks]
        return [dt.timedelta(seconds=round(math.exp(one[1] / one[0]))) if one and one[0] >= 3 else None for one in found]

    from babel.dates import format_date

    locale = "ru_RU" if visit.language == "ru" else "en_GB"
    labels = [format_date(first + dt.timedelta(weeks=w), "d MMM", locale=locale) for w in weeks]
    series = [charts.Series(words.who, values(1)), charts.Series(words.colleagues, values(0))]
    return charts.line(labels, series, caption=words.weekly, unit=charts.MINUTES, language=visit.language, zero=True)


@panel(Assignment, label=words.effect, icon="trending-down", slot=Slot.TOP, order=20, permission=COACH, live=[Assignment], lazy=True)
def effect_panel(record: Assignment, uow: Uow) -> View | None:
    """What came of it, once it was done."""
    return View("effect_panel.html", s=words, a=record) if record.stage == "done" and uow.may(COACH, record) else None


__all__ = ["Span", "effect_of", "effect_panel", "span_of", "told", "what_works"]
