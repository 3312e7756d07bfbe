"""A child comes of age: from that day on the adults' calendar applies."""

from __future__ import annotations

import datetime as dt

import attrs
import sqlalchemy as sa
from dateutil.relativedelta import relativedelta

from crmkit import Conflict, Invalid, Problem, Tick, Uow, _, every

from .cards import Change, facts_of, locked, preview, replan
from .days import adulthood, today
from .devices import apply_version
from .entities import Device, DeviceProtocol, DeviceState, Group, Respondent, Service
from .planning import Applied
from .publish import body_of, in_force
from .settings import FeedbackSettings

BATCH = 200
GROWN = _("the person is followed as an adult already", ru="человека уже наблюдают как взрослого")
OUTSIDE = _("a day from the date of birth to today", ru="день от даты рождения до сегодняшнего")
AHEAD = dt.timedelta(days=60)


def crosses_on(uow: Uow, service: Service) -> dt.date | None:
    """Return the birthday on which a child crosses over; None for adults, and where nobody knows the date of birth."""
    if service.group is Group.ADULT or service.born is None:
        return None
    return adulthood(service.born, uow.crm[FeedbackSettings].adult_at)


def cross(uow: Uow, service: Service, on: dt.date | None = None) -> list[Change]:
    """Let the adults' calendar apply from a day on, today where none is given; return what changes."""
    service = locked(uow, service)
    with uow.as_system():
        if service.group is Group.ADULT:
            raise Conflict(GROWN)
        day = _day(uow, service, on)
        uow.keep(service, crossed_on=day, group=Group.ADULT)
        if service.respondent is Respondent.GUARDIAN:
            service.respondent = Respondent.SELF
        adult_calendars(uow, service)
        return replan(uow, service)


def adult_calendars(uow: Uow, service: Service) -> None:
    """Let the adults' calendar apply to every device in use of somebody who has crossed over, from that day on."""
    if service.crossed_on is None:
        return
    for device in _worn(uow, service):
        if not uow.find(DeviceProtocol).where(DeviceProtocol.device_id == device.id, DeviceProtocol.group == Group.ADULT).exists():
            apply_version(uow, device.id, in_force(uow, Group.ADULT), max(service.crossed_on, device.issued_on))


def born_is_known(uow: Uow, service: Service) -> None:
    """Put right what followed from a wrong date of birth, or from none: the group, the day of crossing, calendars that have not begun."""
    service = locked(uow, service)
    settings, day = uow.crm[FeedbackSettings], today(uow)
    grown = adulthood(service.born, settings.adult_at) if service.born is not None else None
    with uow.as_system():
        if service.group is Group.CHILD:
            if grown is not None and grown <= day and settings.crossing == "automatic":
                cross(uow, service, grown)
        elif service.crossed_on is not None:
            if grown is not None and grown > day:
                _back_to_children(uow, service, crossed=True)
            elif grown is not None and settings.crossing == "automatic" and grown != service.crossed_on:
                uow.keep(service, crossed_on=grown)
                replan(uow, service)
        elif grown is not None and grown > day:
            _back_to_children(uow, service, crossed=False)


def _back_to_children(uow: Uow, service: Service, *, crossed: bool) -> None:
    """Follow somebody as a child after all: the adults' calendar is put away, but where it has begun without a children's one before."""
    uow.keep(service, group=Group.CHILD, crossed_on=None)
    for device in uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE):
        rows = uow.find(DeviceProtocol).where(DeviceProtocol.device_id == device.id).all()
        adults = [row for row in rows if row.group is Group.ADULT]
        if len(adults) == len(rows) and device.begun_on is not None:
            continue
        for row in adults:
            uow.archive(row)
        if len(adults) == len(rows):
            apply_version(uow, device.id, in_force(uow, Group.CHILD), device.issued_on)
    replan(uow, service)


def preview_crossing(uow: Uow, service: Service, on: dt.date | None = None) -> list[Change]:
    """Return what a crossing would change, without writing anything."""
    if service.group is Group.ADULT:
        return []
    day = _day(uow, service, on)
    with uow.as_system():
        facts = facts_of(uow, service)
        version = in_force(uow, Group.ADULT)
        body = body_of(uow, version)
        worn = {device.id for device in _worn(uow, service)}
        devices = {
            key: attrs.evolve(d, applied=(*d.applied, Applied(version.id, Group.ADULT, max(day, d.issued_on), body)))
            if key in worn and all(a.group is Group.CHILD for a in d.applied) else d
            for key, d in facts.devices.items()
        }  # fmt: skip
        return preview(uow, service, attrs.evolve(facts, person=attrs.evolve(facts.person, crossed_on=day), devices=devices))


def _day(uow: Uow, service: Service, on: dt.date | None) -> dt.date:
    day = on or today(uow)
    if day > today(uow) or (service.born is not None and day < service.born):
        raise Invalid(problems=[Problem("on", "invalid", OUTSIDE)])
    return day


def _worn(uow: Uow, service: Service) -> list[Device]:
    return uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE).all()


def due_to_cross(uow: Uow, until: dt.date | None = None) -> list[int]:
    """Return the service cards of children who have come of age by a day, today where none is given."""
    day, age, c = until or today(uow), uow.crm[FeedbackSettings].adult_at, Service.__table__.c
    latest = day - relativedelta(years=age) + dt.timedelta(days=1)  # one born on the 29th of February may be a day early
    rows = sa.select(c.id, c.born).where(c.group == Group.CHILD, c.crossed_on.is_(None), c.born <= latest, c.archived_at.is_(None)).order_by(c.id)
    return [key for key, born in uow.connection.execute(rows) if adulthood(born, age) <= day]


@every(cron="5 0 * * *")
def come_of_age(tick: Tick, uow: Uow) -> None:
    """Let those cross over whose birthday it is, or was while nothing ran: as of the birthday, whenever this runs."""
    cross_all(uow)


def cross_all(uow: Uow) -> int:
    """Let everybody who has come of age cross over, where the settings want it by itself; return how many did."""
    if uow.crm[FeedbackSettings].crossing != "automatic":
        return 0
    found = due_to_cross(uow)
    for key in found:
        service = uow.get(Service, key)
        cross(uow, service, crosses_on(uow, service))
    return len(found)


__all__ = ["adult_calendars", "cross", "cross_all", "crosses_on", "due_to_cross", "preview_crossing"]
