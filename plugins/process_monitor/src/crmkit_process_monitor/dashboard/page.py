"""The dashboard: managers and steps against the norm, what costs most, clients served and what could be."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa
from markupsafe import Markup

from crmkit import Uow, _
from crmkit.ui import Link, Menu, View, Visit, Workspace, charts, page

from ..entities import Case
from ..fairness import names
from ..judging import Verdict
from ..reading import Chosen
from ..roles import COACH, NORMS, SEE
from ..settings import MonitorSettings
from . import words
from .asked import chosen_of, filters
from .gathered import Gathered, Period, gather, over_time, totals
from .map import Written, alarms_of, rows_of

PATH = "/process_monitor/dashboard"
TOP, SERVING = 10, 8
LIVE = "process_monitor.case process_monitor.norm process_monitor.step process_monitor.log"
DIRECTOR = Workspace(
    name="process_monitor", label=words.TITLE, roles=("director", "team_lead"), home="/", icon=words.ICON, order=60,
    menu=(Link(label=words.TITLE, path=PATH, icon=words.ICON), Link(label=_("Service cases", ru="Случаи обслуживания"),
          path="/process_monitor/case", icon="list-checks")),
)  # fmt: skip


def sees_others(visit: Visit) -> bool:
    """True for those who see more than their own work: the others have a page of their own."""
    return visit.actor.system or any(scope != "own" for scope in visit.crm.access.scopes(visit.actor, SEE.name))


@page("/dashboard", label=words.TITLE, permission=SEE, menu=Menu(icon=words.ICON, section="reports", order=12, shown=sees_others))
def monitor(visit: Visit, uow: Uow) -> View:
    """Where the time goes, of everybody the visitor may see."""
    chosen = chosen_of(visit, uow)
    found, before, may_coach = gather(uow, chosen), totals(uow, chosen.before), uow.may(COACH)
    most = None if visit.query.get("all") else TOP
    settings = uow.crm[MonitorSettings]
    context: dict[str, t.Any] = {}
    if found.colleagues:
        context = {
            "map": rows_of(visit, uow, found, may_coach), "slow": alarms_of(visit, uow, found, Verdict.SLOW, may_coach, most),
            "fast": alarms_of(visit, uow, found, Verdict.FAST, may_coach, most), "kpis": kpis(found, before),
            "clients": clients(over_time(uow, chosen), chosen), "gains": gains(visit, uow, found), "most": TOP,
            "all_url": visit.url(PATH, **chosen.query(all=1)), "first_url": visit.url(PATH, **chosen.query()), "is_all": most is None,
            "has_norms": found.has_norms,
        }  # fmt: skip
    write = Written(visit.language)
    return View(
        "monitor.html", found=found, serving=serving(visit, uow) if chosen.log is None else None, live=LIVE, icon_name=words.ICON,
        least=settings.least_sample, rate=charts.write(settings.alarm_rate, charts.PERCENT, visit.language), may_norms=uow.may(NORMS), write=write,
        files=files(visit, chosen), **filters(visit, uow, chosen, PATH), **context,
    )  # fmt: skip


def files(visit: Visit, chosen: Chosen, **more: object) -> list[tuple[str, str]]:
    """Return the addresses of what is shown, as files."""
    span = {"since": chosen.since.isoformat(), "until": chosen.until.isoformat(), "period": None}
    return [(form.upper(), visit.url("/x/process_monitor/monitor", **chosen.query(**span, **more, format=form))) for form in ("xlsx", "csv")]


def kpis(found: Gathered, before: t.Any) -> Markup:
    """Return the figures of everybody together, against as many days before."""
    now, gain = found.totals, found.gain
    tiles = [
        charts.kpi(words.PER_DAY_EACH, _rounded(now.per_day), before=_rounded(before.per_day)),
        charts.kpi(words.PER_CASE, now.per_case, before=before.per_case, unit=charts.MINUTES, good="low"),
    ]
    if found.has_norms:
        tiles.append(charts.kpi(words.LOST, now.lost_per_day, before=before.lost_per_day, unit=charts.MINUTES, good="low"))
    if gain >= 0.05:
        tiles.append(charts.kpi(words.GAIN, round(gain, 1 if gain < 20 else 0), unit=charts.Unit(digits=1), note=words.W["gain_all"]))
    return Markup('<div class="kpis">{}</div>').format(Markup("").join(tiles))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def clients(periods: list[Period], chosen: Chosen) -> Markup:
    """Return how many clients a manager served in a day, over time."""
    bars = [
        charts.Bar(f"{one.day:%d.%m}" if chosen.days <= 184 else f"{one.day:%m.%Y}", round(one.cases / one.days, 1),
                   note=_("{n} clients", ru="клиентов: {n}").format(n=one.cases))
        for one in periods if one.days
    ]  # fmt: skip
    return charts.columns(bars, caption=words.PER_DAY_EACH, good="high", height=180)


def gains(visit: Visit, uow: Uow, found: Gathered) -> list[dict[str, t.Any]]:
    """Return who would serve how many more clients a day."""
    some = sorted((one for one in found.colleagues if one.gain >= 0.05), key=lambda one: (-one.gain, one.worker))[:TOP]
    called, write = names(uow, [one.worker for one in some]), Written(visit.language)
    return [
        {
            "name": called[one.worker], "worker": one.worker, "now": write.number(one.per_day), "plus": write.number(one.gain),
            "then": write.number((one.per_day or 0) + one.gain), "saved": write.time(one.saved / one.served.days / 1000),
            "href": visit.url(f"/process_monitor/people/{one.worker}", **found.chosen.query(worker=None, step=None)),
        }
        for one in some
    ]  # fmt: skip


def serving(visit: Visit, uow: Uow) -> dict[str, t.Any]:
    """Return the cases that are open at this moment, the longest first."""
    c = Case.__table__.c
    where = (c.ended_at.is_(None), c.log_id.is_(None), c.archived_at.is_(None), c.id.in_(uow.visible(Case)))
    if not uow.may(uow.crm.kind(Case).permission("read")):
        return {"rows": [], "all": 0}
    found = uow.connection.execute(sa.select(c.id, c.worker_id, c.kind, c.began_at).where(*where).order_by(c.began_at).limit(SERVING)).all()
    number = len(found) if len(found) < SERVING else uow.connection.execute(sa.select(sa.func.count()).where(*where)).scalar_one()
    called, kinds = names(uow, [row.worker_id for row in found if row.worker_id]), uow.crm[MonitorSettings].case_kinds
    rows = [
        {"id": row.id, "name": called.get(row.worker_id, ""), "key": row.worker_id, "kind": visit.say(kinds.get(row.kind, row.kind)),
         "minutes": int((uow.now - row.began_at).total_seconds() // 60)}
        for row in found
    ]  # fmt: skip
    return {"rows": rows, "all": number}


__all__ = ["DIRECTOR", "files", "monitor", "sees_others", "serving"]
