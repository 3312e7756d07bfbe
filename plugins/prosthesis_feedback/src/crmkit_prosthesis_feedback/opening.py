"""A deal with the prosthesis handed over opens the service card of its contact, in the same transaction."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa

from crmkit import Created, Moved, Uow, on
from crmkit_sales import Assignee, Contact, Deal, DealLine
from crmkit_taskqueue import WorkSession

from .cards import locked, replan
from .days import today
from .devices import follow, with_devices
from .entities import SERVICE, Device, Service
from .settings import FeedbackSettings

MOST_OF_A_LINE = 10


def opens_here(uow: Uow, pipeline: str, stage: str) -> bool:
    """True for the stage of the settings, in its pipeline and in those made like it."""
    wanted, _dot, name = uow.crm[FeedbackSettings].opens_at.partition(".")
    here, seen = uow.crm.pipelines.get(pipeline), set[str]()
    while here is not None and here.name not in seen:
        if here.name == wanted:
            return stage == name
        seen.add(here.name)
        here = uow.crm.pipelines.get(here.like or "")
    return False


@on(Moved[Deal])
def deal_is_won(event: Moved[Deal], uow: Uow) -> None:
    """Open the service of a deal that enters the stage of the settings."""
    if opens_here(uow, event.pipeline, event.stage) and not opens_here(uow, event.from_pipeline, event.from_stage):
        open_service(uow, event.record)


@on(Created[Deal])
def deal_comes_won(event: Created[Deal], uow: Uow) -> None:
    """Open the service of a deal that is in that stage from the first."""
    if opens_here(uow, event.record.pipeline, event.record.stage):
        open_service(uow, event.record)


def open_service(uow: Uow, deal: Deal) -> Service | None:
    """Open the service card of a deal's contact, its devices and the first card of each; what is there already is not made twice.

    None for a deal that names no contact, or sold no device.
    """
    if deal.contact_id is None:
        return None
    with uow.as_system():
        models = models_of(uow, deal)
        if not models:
            return None
        service = service_of(uow, deal.contact_id, deal)
        if uow.find(Device).archived(only=False).where(Device.deal_id == deal.id).exists():
            return service
        day = issued_on(uow, deal)
        for model in models:
            device = uow.add(Device(service_id=service.id, model=model, issued_on=day, deal_id=deal.id))
            uow.flush()
            follow(uow, service, device)
        with_devices(uow, service)
        replan(uow, service)
    return service


def service_of(uow: Uow, contact_id: int, deal: Deal | None = None) -> Service:
    """Return the service card of a contact, held until the end of the transaction; it is made where there is none."""
    with uow.as_system():
        uow.get(Contact, contact_id, lock=True)  # two deals of one person at once make one service card
        mine = uow.find(Service).archived(only=False).where(Service.contact_id == contact_id)
        found = mine.order_by(Service.archived_at.is_not(None), Service.id).first()
        if found is not None:
            if found.archived_at is not None:
                uow.restore(found)
            return locked(uow, found)
        made = Service(contact_id=contact_id, deal_id=deal.id if deal is not None else None)
        made.team_id = uow.crm[FeedbackSettings].team
        made.owner_id = owner_for(uow, deal)
        uow.add(made, into=SERVICE["active"])
        uow.flush()
        return made


# ---- what a deal says ------------------------------------------------------------------------------------------------
def models_of(uow: Uow, deal: Deal) -> list[str]:
    """Return the model of each device of a deal: one for the deal, or by its lines where the settings name models."""
    words = [word.casefold() for word in uow.crm[FeedbackSettings].models]
    if not words:
        return [deal.title[:120]]
    found = []
    for line in uow.find(DealLine).where(DealLine.deal_id == deal.id):
        told = f"{line.title} {line.sku or ''}".casefold()
        if line.quantity > 0 and any(word in told for word in words):
            found += [line.title[:120]] * min(max(int(line.quantity), 1), MOST_OF_A_LINE)
    return found


def issued_on(uow: Uow, deal: Deal) -> dt.date:
    """Return the day of handing over: what the settings' field of the deal says, else today."""
    extension, _dot, name = uow.crm[FeedbackSettings].issued.rpartition(".")
    held: t.Any = deal
    if extension:
        known = uow.crm.kind(Deal).extensions.get(extension)
        held = deal.get(known.cls) if known is not None else None
    value = getattr(held, name, None)
    if isinstance(value, dt.datetime):
        value = value.astimezone(uow.crm.zone).date()
    return value if isinstance(value, dt.date) else today(uow)


def owner_for(uow: Uow, deal: Deal | None) -> int | None:
    """Return whose a new service card is, by the settings."""
    settings = uow.crm[FeedbackSettings]
    if settings.owner == "deal":
        return deal.owner_id if deal is not None else None
    people = list(settings.callers) if settings.owner == "share" else []
    if settings.owner == "share" and not people and settings.team is not None:
        people = _of_team(uow, settings.team)
    if not people:
        return None
    c = Service.__table__.c
    has = sa.select(c.owner_id, sa.func.count()).where(c.owner_id.in_(people), c.stage.not_in(("finished", "ended")), c.archived_at.is_(None))
    counts: dict[int, int] = {row[0]: row[1] for row in uow.connection.execute(has.group_by(c.owner_id))}
    return min(people, key=lambda person: (counts.get(person, 0), people.index(person)))


def _of_team(uow: Uow, team: int) -> list[int]:
    """Return who works in a team, as far as the work queue and sales know."""
    a, w = Assignee.__table__.c, WorkSession.__table__.c
    known = sa.union(
        sa.select(a.user_id).where(a.team_id == team, a.active, a.archived_at.is_(None)),
        sa.select(w.owner_id).where(w.team_id == team, w.owner_id.is_not(None))
    )
    return sorted(row[0] for row in uow.connection.execute(known))


__all__ = ["issued_on", "models_of", "open_service", "opens_here", "owner_for", "service_of"]
