"""Whom a service card is about, for its screens: the person, the guardian, devices, what is open, what comes next."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from crmkit import Uow
from crmkit.ui import Visit, near_day, plural
from crmkit_sales import Contact

from ..days import adulthood, today, zone_of
from ..entities import Device, Feedback, Group, Incident, Service
from ..incidents import is_open, open_pause
from ..publish import body_of
from ..settings import FeedbackSettings
from ..words import text_of
from . import words


@attrs.frozen(kw_only=True)
class Person:
    """A wearer as screens show them."""

    service: Service
    name: str
    contact: Contact | None
    guardian: Contact | None
    group: Group
    about: Sequence[str]
    devices: Sequence[Device]
    incidents: Sequence[Incident]
    """Those that are open."""
    since: dt.date | None
    """Since when nobody asks this person anything."""
    frozen: bool


@attrs.frozen(kw_only=True)
class Waiting:
    """What is asked next."""

    card: Feedback
    period: str
    day: str
    late: bool
    due: bool
    count: int
    """How many cards, of all devices, come with it."""


def group_of(service: Service) -> Group:
    """Return the group whose protocol applies to somebody."""
    return Group.ADULT if service.crossed_on is not None else service.group


def person_of(visit: Visit, uow: Uow, service: Service) -> Person:
    """Return whom a service card is about, with devices and open incidents."""
    contact = uow.peek(Contact, service.contact_id)
    guardian = uow.peek(Contact, service.guardian_id) if service.guardian_id is not None else None
    with uow.as_system():
        devices = uow.find(Device).where(Device.service_id == service.id).order_by(Device.issued_on, Device.id).all()
        held = uow.find(Incident).where(Incident.service_id == service.id).order_by(Incident.id.desc()).all()
        pause = open_pause(uow, service.id)
    return Person(
        service=service, name=contact.name if contact is not None else f"№ {service.id}", contact=contact, guardian=guardian, group=group_of(service),
        about=_about(visit, uow, service), devices=devices, incidents=[i for i in held if is_open(uow.crm, i.pipeline, i.stage)],
        since=pause.began_on if pause is not None else None, frozen=pause is not None,
    )  # fmt: skip


def _about(visit: Visit, uow: Uow, service: Service) -> list[str]:
    """Return what is to be known at a glance: the age, when a child comes of age, and what time it is there."""
    found, day, adult = [], today(uow), uow.crm[FeedbackSettings].adult_at
    if service.born is not None:
        found.append(counted(visit, relativedelta(day, service.born).years, words.years))
        grown = adulthood(service.born, adult)
        if group_of(service) is Group.CHILD and day < grown <= day + relativedelta(months=3):
            found.append(visit.say(words.turns, age=adult, day=near_day(grown, day, visit.language)))
    if service.crossed_on is not None:
        found.append(visit.say(words.crossed, day=near_day(service.crossed_on, day, visit.language)))
    if service.zone is not None and zone_of(uow.crm, service.zone) != uow.crm.zone:
        found.append(visit.say(words.local_time, time=uow.now.astimezone(zone_of(uow.crm, service.zone)).strftime("%H:%M")))
    return found


def waiting(visit: Visit, uow: Uow, service: Service) -> Waiting | None:
    """Return what is asked of a person next; None when nothing is left."""
    c, day = Feedback.__table__.c, today(uow)
    uow.flush()
    open_ = c.service_id == service.id, c.done_on.is_(None), c.skipped.is_(None), c.archived_at.is_(None)
    rows = uow.connection.execute(sa.select(c.id, c.planned_at).where(*open_).order_by(c.planned_at, c.id)).all()
    if not rows:
        return None
    with uow.as_system():
        card = uow.get(Feedback, rows[0].id)
    on = card.planned_at.astimezone(uow.crm.zone).date()
    until = max(uow.now + uow.crm[FeedbackSettings].ahead, card.planned_at)
    return Waiting(
        card=card, period=period_of(visit, uow, card), day=near_day(on, day, visit.language), late=card.stage == "overdue",
        due=card.planned_at <= uow.now + uow.crm[FeedbackSettings].ahead, count=sum(row.planned_at <= until for row in rows),
    )  # fmt: skip


def period_of(visit: Visit, uow: Uow, card: Feedback) -> str:
    """Return what the period of a card is called, in the visitor's language."""
    return period_named(visit, uow, card.protocol_version_id, card.period)


def period_named(visit: Visit, uow: Uow, version: int, period: str) -> str:
    """Return what a period of a version is called, in the visitor's language."""
    found = body_of(uow, version).periods.get(period)
    return visit.say(text_of(found.label)) if found is not None else period


def counted(visit: Visit, count: int, forms: tuple[t.Any, ...]) -> str:
    """Return a number with its word: ``3 days``."""
    return visit.say(plural(count, visit.language, *forms), n=count)


__all__ = ["Person", "Waiting", "counted", "group_of", "period_named", "period_of", "person_of", "waiting"]
