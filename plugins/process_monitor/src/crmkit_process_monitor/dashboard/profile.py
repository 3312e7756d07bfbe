"""A manager's profile: each step beside its norm, how it goes over time, the last cases."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa
from markupsafe import Markup

from crmkit import NotFound, Text, Uow, _
from crmkit.ui import View, Visit, charts, page

from ..coaching.figures import ICONS
from ..entities import Case, Worker
from ..fairness import names
from ..judging import Judged
from ..norms import Norms
from ..reading import Chosen, conditions, seen
from ..roles import COACH, SEE
from ..settings import MonitorSettings
from ..tables import days, work
from . import words
from .asked import chosen_of, filters
from .counted import Tally, tallies
from .gathered import NOBODY, Colleague, Gathered, Totals, gather, over_time, totals
from .map import NOBODY as NOT_SAID
from .map import Written, coach_of
from .page import LIVE, clients, files

LAST = 15
NOT_HERE = _("There is nobody of this number whose work you may see", ru="Нет никого с этим номером, чью работу вы можете видеть")
MORE_A_DAY = _("clients a day", ru="клиентов в день")


@page("/people/{worker}", label=words.W["profile"], permission=SEE)
def profile(visit: Visit, uow: Uow) -> View:
    """One colleague, step by step."""
    worker = worker_of(visit, uow)
    log = log_of(uow, worker)
    chosen = attrs.evolve(chosen_of(visit, uow, log), worker=worker, log=log)
    found = gather(uow, chosen)
    mine = next((one for one in found.colleagues if one.worker == worker), Colleague(worker, NOBODY, {}, 0.0, 0.0))
    name = names(uow, [worker]).get(worker) or visit.say(NOT_SAID)
    path = f"/process_monitor/people/{worker}"
    context: dict[str, t.Any] = {"rows": [], "recent": []}
    if mine.cells:
        whole, parts = tallies(uow, chosen)
        step = chosen.step if chosen.step is not None and chosen.step in mine.cells else _worst(mine, found)
        may_coach = uow.may(COACH)
        context = {
            "rows": [_line(visit, found, mine.cells[s], whole.get(s, Tally()), step == s, may_coach) for s in found.steps if s in mine.cells],
            "bars": bars(found, mine, visit), "trend": trend(visit, found, step, parts.get(step, {})), "step": found.steps[step],
            "kpis": kpis(mine, totals(uow, chosen.before)), "clients": clients(over_time(uow, chosen), chosen),
            "recent": recent(visit, uow, chosen), "gain": mine.gain,
        }  # fmt: skip
    bar = filters(visit, uow, chosen, path)
    return View(
        "monitor_profile.html", name=name, worker=worker, live=LIVE, least=uow.crm[MonitorSettings].least_sample,
        files=files(visit, chosen, step=None), back=visit.url("/process_monitor/dashboard", **chosen.query(worker=None, step=None)),
        icon_name=words.ICON, **{**bar, "logs": [], "teams": []}, **context,
    )  # fmt: skip


def worker_of(visit: Visit, uow: Uow) -> int:
    """Return whose profile it is, if the visitor may see any of their work."""
    given = visit.path["worker"]
    key = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
    w, d = Worker.__table__.c, days.c
    now = sa.select(w.id).where(w.id == key, w.archived_at.is_(None), seen(uow, w.id, w.team_id))
    once = sa.select(d.worker_id).where(d.worker_id == key, seen(uow, d.worker_id, d.team_id)).limit(1)
    if not key or (uow.connection.execute(now).first() is None and uow.connection.execute(once).first() is None):
        raise NotFound(NOT_HERE)
    return key


def log_of(uow: Uow, worker: int) -> int | None:
    """Return the log a worker belongs to; None: one of our own."""
    w = Worker.__table__.c
    return t.cast("int | None", uow.connection.execute(sa.select(w.log_id).where(w.id == worker)).scalar_one_or_none())


def _worst(mine: Colleague, found: Gathered) -> int:
    order = list(found.steps)
    return min(mine.cells.values(), key=lambda cell: (not cell.verdict.alarm, -cell.lost_per_day, order.index(cell.step))).step


def kpis(mine: Colleague, before: Totals) -> Markup:
    """Return the figures of one colleague, against as many days before."""
    now = Totals(mine.served.days, mine.served.cases, mine.served.took, sum(cell.lost for cell in mine.cells.values()))
    tiles = [
        charts.kpi(words.PER_DAY, _tenth(now.per_day), before=_tenth(before.per_day)),
        charts.kpi(words.PER_CASE, now.per_case, before=before.per_case, unit=charts.MINUTES, good="low"),
    ]
    if any(cell.reference is not None for cell in mine.cells.values()):
        tiles.append(charts.kpi(words.LOST_ONE, now.lost_per_day, before=before.lost_per_day, unit=charts.MINUTES, good="low"))
    if mine.gain >= 0.05:
        tiles.append(gain_tile(mine.gain, MORE_A_DAY))
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


def gain_tile(gain: float, note: Text) -> Markup:
    """Return what closing drawdowns would bring."""
    return charts.kpi(words.GAIN, round(gain, 1 if gain < 20 else 0), unit=charts.Unit(digits=1), note=note)


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def bars(found: Gathered, mine: Colleague, visit: Visit) -> Markup:
    """Return the steps with their norms as bars."""
    def norm(cell: Judged) -> tuple[dt.timedelta | None, dt.timedelta | None]:
        held = found.norms.of(cell.step, found.chosen.kind or "", found.chosen.until)
        return (dt.timedelta(milliseconds=held.least), dt.timedelta(milliseconds=held.most)) if held and cell.reference else (None, None)

    rows = []
    for step, title in found.steps.items():
        if (cell := mine.cells.get(step)) is None:
            continue
        low, high = norm(cell)
        reference = dt.timedelta(seconds=cell.reference) if cell.reference else None
        rows.append(charts.Step(
            label=title, fact=dt.timedelta(seconds=cell.typical), norm=reference, low=low, high=high,
            href=f"/process_monitor/people/{mine.worker}?{_query(found.chosen.query(worker=None, step=step))}",
        ))  # fmt: skip
    return charts.steps(rows, caption=words.W["steps"], unit=charts.time_unit([row.fact for row in rows if isinstance(row.fact, dt.timedelta)]))


def _query(values: Mapping[str, object]) -> str:
    from urllib.parse import urlencode

    return urlencode({name: str(value) for name, value in values.items()})


def _line(visit: Visit, found: Gathered, cell: Judged, tally: Tally, current: bool, may_coach: bool) -> dict[str, t.Any]:
    write, chosen = Written(visit.language), found.chosen
    few = write.share(cell.low) if cell.low is not None else None
    return {
        "title": found.steps[cell.step], "n": cell.n, "current": current, "verdict": cell.verdict, "icon": ICONS[cell.verdict],
        "median": write.time(tally.percentile(0.5)), "p10": write.time(tally.percentile(0.1)), "p90": write.time(tally.percentile(0.9)),
        "typical": write.time(cell.typical), "reference": write.time(cell.reference), "ratio": write.share(cell.ratio),
        "between": (few, write.share(cell.high)) if few else None, "lost": write.time(cell.lost_per_day / 1000) if cell.reference else "\u2014",
        "href": visit.url(f"/process_monitor/people/{cell.worker}", **chosen.query(worker=None, step=cell.step)),
        "coach": coach_of(visit, chosen, cell.worker, cell.step) if may_coach else None,
    }  # fmt: skip


def trend(visit: Visit, found: Gathered, step: int, parts: Mapping[dt.date, Tally]) -> Markup:
    """Return how long a step took over time, beside its norm of each time."""
    chosen = found.chosen
    some: Sequence[tuple[dt.date, Tally]] = sorted(parts.items())
    labels = [f"{day:%d.%m}" if chosen.days <= 184 else f"{day:%m.%Y}" for day, _tally in some]
    unit = charts.time_unit([dt.timedelta(seconds=tally.typical or 0) for _day, tally in some])
    facts = [None if tally.typical is None else dt.timedelta(seconds=tally.typical) for _day, tally in some]
    norms = [_reference(found.norms, step, chosen.kind or "", max(day, chosen.since)) for day, _tally in some]
    series = [charts.Series(words.W["typical"], facts, color="blue")]
    if any(norm is not None for norm in norms):
        series.append(charts.Series(words.W["reference"], norms, color="gray"))
    return charts.line(labels, series, caption=words.W["trend_of"].format(step=found.steps[step]), unit=unit, height=200)


def _reference(norms: Norms, step: int, kind: str, day: dt.date) -> dt.timedelta | None:
    held = norms.of(step, kind, day)
    return dt.timedelta(milliseconds=held.reference) if held else None


def recent(visit: Visit, uow: Uow, chosen: Chosen) -> list[dict[str, t.Any]]:
    """Return the last cases of these days, with the time they took of this colleague."""
    if not uow.may(uow.crm.kind(Case).permission("read")):
        return []
    w, c = work.c, Case.__table__.c
    took = sa.select(w.case_id, sa.func.sum(w.took).label("took"), sa.func.max(w.day).label("day"))
    took = took.where(*conditions(uow, attrs.evolve(chosen, step=None), work)).group_by(w.case_id).order_by(sa.desc("day"), w.case_id.desc())
    last = took.limit(LAST).subquery()
    wanted = sa.select(c.id, c.began_at, c.ended_at, c.ended_how, c.kind, c.key, c.outcome, last.c.took).join(last, last.c.case_id == c.id)
    wanted = wanted.where(c.id.in_(uow.visible(Case)), c.archived_at.is_(None)).order_by(c.began_at.desc(), c.id.desc())
    kinds, write = uow.crm[MonitorSettings].case_kinds, Written(visit.language)
    return [
        {"id": row.id, "began": row.began_at, "how": visit.say(row.ended_how.label) if row.ended_how and row.ended_at else None, "took":
         write.time(row.took / 1000), "kind": visit.say(kinds.get(row.kind, row.kind)), "title": row.key if chosen.log else f"№ {row.id}"}
        for row in uow.connection.execute(wanted)
    ]  # fmt: skip


__all__ = ["gain_tile", "profile"]
