"""Children who come of age, and people who go on by a newer version of their protocol: each with a preview."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from crmkit import Conflict, Invalid, NotFound, Problem, Refusal, Uow
from crmkit.ui import Menu, Redirect, Result, View, Visit, page
from crmkit_sales import Contact

from ..crossing import cross, crosses_on, due_to_cross, preview_crossing
from ..days import today
from ..entities import Group, Protocol, ProtocolVersion, Service
from ..publish import protocol_of
from ..roles import PLAN, PROTOCOLS
from ..settings import FeedbackSettings
from ..versions import A_DRAFT, followers, move_on, preview_move
from . import words
from .asking import service_at
from .changes import rows_of, sums_of
from .person import counted, person_of

SHOWN = 50
MONTHS = 3
HERE = "/prosthesis_feedback/crossings"


# ---- coming of age ------------------------------------------------------------------------------------------------------
def _asks(visit: Visit) -> bool:
    return visit.crm[FeedbackSettings].crossing != "never"


@page("/crossings", label=words.crossings, permission=PLAN, menu=Menu(icon="cake", section="work", order=35, shown=_asks))
def crossings(visit: Visit, uow: Uow) -> View:
    """Children whose adulthood has come or lies near."""
    day, age = today(uow), uow.crm[FeedbackSettings].adult_at
    keys = due_to_cross(uow, day + relativedelta(months=MONTHS))
    found = uow.find(Service).where(Service.id.in_(keys)).order_by(Service.born, Service.id).limit(SHOWN).all() if keys else []
    names = _names(uow, [s.contact_id for s in found])
    rows = [
        {"service": s, "name": names.get(s.contact_id, ""), "on": on, "come": on <= day}
        for s in found for on in [crosses_on(uow, s)] if on is not None
    ]  # fmt: skip
    by_itself = uow.crm[FeedbackSettings].crossing == "automatic"
    return View("crossings.html", s=words, rows=rows, age=age, by_itself=by_itself, more=visit.say(words.crossings_more, age=age))


@page("/crossings/{service}", label=words.crossings, permission=PLAN, methods=["GET", "POST"])
def crossing(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """What changes for a child who goes on by the adults' protocol, and the button that does it."""
    service = service_at(visit, uow, PLAN)
    if service.group is Group.ADULT:
        return Redirect(f"/prosthesis_feedback/service/{service.id}", say=words.is_adult)
    on = _day(visit, uow, service)
    if visit.method == "POST" and refusal is None:
        cross(uow, service, on)
        uow.settle()
        return Redirect(f"/prosthesis_feedback/service/{service.id}", say=words.has_crossed)
    if not _has_protocol(uow):
        with uow.crm.uow() as own:  # a preview writes nothing: the usual protocol is made beside it, once
            protocol_of(own, Group.ADULT)
        return Redirect(f"{HERE}/{service.id}?on={on}")
    changes = preview_crossing(uow, service, on) if refusal is None else []
    return View(
        "crossing.html", s=words, p=person_of(visit, uow, service), service=service, on=on.isoformat(), today=today(uow).isoformat(),
        rows=rows_of(visit, uow, changes), sums=sums_of(visit, changes), birthday=crosses_on(uow, service),
        problem=visit.say(refusal.problems[0].message) if refusal is not None else "",
    )  # fmt: skip


def _day(visit: Visit, uow: Uow, service: Service) -> dt.date:
    """Return the day that is asked about: the birthday where it has come, else today."""
    given = visit.form.get("on") or visit.query.get("on") or ""
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        born = crosses_on(uow, service)
        return min(born, today(uow)) if born is not None else today(uow)


def _has_protocol(uow: Uow) -> bool:
    with uow.as_system():
        return uow.find(Protocol).archived(only=False).where(Protocol.name == uow.crm[FeedbackSettings].adult_protocol).exists()


def _names(uow: Uow, keys: Sequence[int]) -> dict[int, str]:
    c = Contact.__table__.c
    return {row[0]: row[1] for row in uow.connection.execute(sa.select(c.id, c.name).where(c.id.in_(sorted(set(keys)))))}


# ---- a newer version ----------------------------------------------------------------------------------------------------
@page("/versions/{version}", label=words.versions, permission=PROTOCOLS, methods=["GET", "POST"])
def to_version(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Who is followed by an older version, what this one would change for each, and the choice of who goes on by it."""
    version = _version(visit, uow)
    if version.published_at is None:
        raise Conflict(A_DRAFT)
    if visit.method == "POST" and refusal is None:
        return _move(visit, uow, version)
    keys = followers(uow, version)
    found = uow.find(Service).where(Service.id.in_(keys[:SHOWN])).order_by(Service.id).all() if keys else []
    names = _names(uow, [s.contact_id for s in found])
    chosen = visit.query.get("service", "")
    rows = []
    for service in found:
        changes = preview_move(uow, service, version)
        shown = rows_of(visit, uow, changes) if str(service.id) == chosen else []
        rows.append({"service": service, "name": names.get(service.contact_id, ""), "sums": sums_of(visit, changes), "rows": shown})
    return View(
        "version.html", s=words, version=version, protocol=version.protocol, rows=rows, count=counted(visit, len(keys), words.people_older),
        more=len(keys) - len(rows), problem=visit.say(refusal.problems[0].message) if refusal is not None else "", chosen=visit.form.all("service"),
    )  # fmt: skip


def _version(visit: Visit, uow: Uow) -> ProtocolVersion:
    given = visit.path["version"]
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise NotFound()
    return uow.get(ProtocolVersion, int(given))


def _move(visit: Visit, uow: Uow, version: ProtocolVersion) -> Redirect:
    keys: set[t.Any] = {int(v) for v in visit.form.all("service") if v.isascii() and v.isdecimal() and len(v) < 19}
    if not keys:
        raise Invalid(problems=[Problem("service", "required", words.choose_some)])
    moved = 0
    for key in sorted(keys & set(followers(uow, version))):
        move_on(uow, uow.get(Service, key), version)
        moved += 1
    uow.settle()
    return Redirect(f"/prosthesis_feedback/versions/{version.id}", say=counted(visit, moved, words.moved_people))


__all__ = ["crossing", "crossings", "to_version"]
