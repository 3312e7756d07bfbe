"""The filters above every page of the dashboard: a period, whose work, which team, point of sale and kind of case."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping

import attrs
import sqlalchemy as sa

from crmkit import NotFound, Uow, _
from crmkit.ui import Visit
from crmkit_sales import PointOfSale

from ..entities import Log
from ..longer import first_of
from ..reading import Chosen, conditions, shown_logs
from ..settings import MonitorSettings
from ..tables import days, served_months
from .words import PERIODS, W

MOST = 300
NO_LOG = _("This event log is not here, or its import was undone", ru="Этого журнала нет, или его загрузку отменили")
WITHOUT = _("№ {id}", ru="№ {id}")


def chosen_of(visit: Visit, uow: Uow, log: int | None = None) -> Chosen:
    """Return what an address asks for, of `log` whatever it says; a log the visitor may not look at is not found."""
    chosen = Chosen.of(visit)
    chosen = attrs.evolve(chosen, log=log or chosen.log)
    if chosen.log is not None:
        known = {row[0] for row in uow.connection.execute(shown_logs(uow).where(Log.__table__.c.id == chosen.log))}
        if chosen.log not in known:
            raise NotFound(NO_LOG)
        if chosen.period is not None and "period" not in visit.query:  # logs are of other times: the whole of it
            chosen = _whole(uow, chosen)
    return chosen


def _whole(uow: Uow, chosen: Chosen) -> Chosen:
    ends = sa.select(sa.func.min(days.c.day), sa.func.max(days.c.day)).where(days.c.log_id == chosen.log)
    first, last = uow.connection.execute(ends).one()
    return chosen if first is None else attrs.evolve(chosen, since=first, until=last, period=None)


def filters(visit: Visit, uow: Uow, chosen: Chosen, path: str) -> dict[str, t.Any]:
    """Return what the bar of filters is drawn from."""
    there = _there(uow, chosen)
    kinds = uow.crm[MonitorSettings].case_kinds
    known = {**{name: visit.say(label) for name, label in kinds.items()}, **{kind: kind for kind in sorted(there["kind"]) if kind not in kinds}}
    logs = uow.connection.execute(sa.select(Log.id, Log.title).where(Log.__table__.c.id.in_(shown_logs(uow))).order_by(Log.id.desc()).limit(MOST))
    others = chosen.query(page=visit.query.get("page"), sort=visit.query.get("sort"))
    return {
        "s": W, "chosen": chosen, "path": path, "teams": _named(teams_of(uow, there["team"]), chosen.team), "logs": list(logs),
        "points": _named(points_of(uow, there["point"]), chosen.point), "kinds": list(known.items()) if not chosen.log or there["kind"] else [],
        "periods": [
            (name, label, visit.url(path, **{**chosen.query(since=None, until=None), "period": name})) for name, label in PERIODS.items()
        ],
        "others": others,
    }  # fmt: skip


def _there(uow: Uow, chosen: Chosen) -> dict[str, set[t.Any]]:
    """Return which teams, points of sale and kinds there are, by the counts of months."""
    m = served_months.c
    every = attrs.evolve(chosen, team=None, point=None, kind=None, worker=None, step=None)
    where = [*conditions(uow, every, served_months, dated=False), m.month.between(first_of(chosen.since), chosen.until)]
    found: dict[str, set[t.Any]] = {"team": set(), "point": set(), "kind": set()}
    for row in uow.connection.execute(sa.select(m.team_id, m.point_id, m.kind).where(*where).distinct()):
        for name, value in zip(found, row, strict=True):
            if value:
                found[name].add(value)
    return found


def _named(names: Mapping[int, str], chosen: int | None) -> list[tuple[int, str]]:
    known = {**names, **({chosen: WITHOUT.format(id=chosen)} if chosen is not None and chosen not in names else {})}
    return sorted(known.items(), key=lambda pair: pair[1].casefold())[:MOST]


def teams_of(uow: Uow, ids: Iterable[int]) -> dict[int, str]:
    """Return what teams are called."""
    wanted = sorted(set(ids))
    crm = uow.crm
    found: Mapping[int, str] = (crm.hook.crm_names(crm=crm, of="team", ids=wanted) or {}) if wanted and "crm_names" in crm.hooked else {}
    return {team: found.get(team) or WITHOUT.format(id=team) for team in wanted}


def points_of(uow: Uow, ids: Iterable[int]) -> dict[int, str]:
    """Return what points of sale are called, those the actor may see."""
    c = PointOfSale.__table__.c
    wanted = sa.select(c.id, c.name).where(c.id.in_(sorted(set(ids))), c.id.in_(uow.visible(PointOfSale)))
    return {row[0]: row[1] for row in uow.connection.execute(wanted)}


__all__ = ["chosen_of", "filters", "points_of", "teams_of"]
