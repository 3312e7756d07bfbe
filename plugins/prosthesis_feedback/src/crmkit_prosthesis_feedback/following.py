"""What follows when a service card, or the contact it is about, is edited."""

from __future__ import annotations

import typing as t

from crmkit import Archived, Changed, Restored, Undone, Uow, on
from crmkit_sales import Contact
from crmkit_taskqueue import zone_of_number

from .cards import Replanned, locked, replan, retitle
from .crossing import born_is_known
from .entities import Feedback, Service


@on(Changed[Service], fields=("ended", "zone"))
def service_is_edited(event: Changed[Service], uow: Uow) -> None:
    """Whoever withdraws is asked no more, and is asked again when that was a mistake."""
    replan(uow, event.record)


@on(Changed[Service], fields=("born",))
def birthday_is_corrected(event: Changed[Service], uow: Uow) -> None:
    """Another date of birth may make a child of an adult, or the other way round."""
    born_is_known(uow, event.record)


@on(Archived[Service])
@on(Restored[Service])
def service_is_put_away(event: Archived[Service] | Restored[Service], uow: Uow) -> None:
    """Nobody calls about a service card in the archive."""
    uow.emit(Replanned(event.record.id))


@on(Undone[Service])
@on(Undone[Feedback])
def something_is_taken_back(event: Undone[Service] | Undone[Feedback], uow: Uow) -> None:
    """Calls are brought in line with what an undo has left."""
    if event.action != "deleted":
        uow.emit(Replanned(event.record.id if isinstance(event.record, Service) else event.record.service_id))


@on(Changed[Service], fields=("owner_id", "team_id"))
def cards_follow(event: Changed[Service], uow: Uow) -> None:
    """Cards that wait are those of whoever looks after the person."""
    service = event.record
    for card in waiting(uow, service):
        card.owner_id, card.team_id = service.owner_id, service.team_id
    uow.emit(Replanned(service.id))


@on(Changed[Contact], fields=("phone", "name", "born_on"))
def contact_is_edited(event: Changed[Contact], uow: Uow) -> None:
    """The service card follows its contact: time zone, date of birth, titles of cards."""
    contact, changes = event.record, event.changes
    service = uow.find(Service).where(Service.contact_id == contact.id).first()
    if service is None:
        return
    if "phone" in changes:
        zone = zone_of_number(contact.phone) if contact.phone else None
        if zone != service.zone:
            uow.keep(service, zone=zone)
    if "born_on" in changes and service.born == changes["born_on"][0]:
        service.born = contact.born_on
    if "name" in changes:
        retitle(uow, locked(uow, service))


@on(Changed[Service], fields=("contact_id",))
def service_is_somebody_elses(event: Changed[Service], uow: Uow) -> None:
    """Cards name whom they are about now, and are about that contact."""
    service = locked(uow, event.record)
    for card in uow.find(Feedback).archived(only=False).where(Feedback.service_id == service.id, Feedback.contact_id != service.contact_id):
        uow.keep(card, contact_id=service.contact_id)
    retitle(uow, service)
    replan(uow, service)


def waiting(uow: Uow, service: Service) -> t.Iterable[Feedback]:
    """Return the cards of a person that wait for answers."""
    return uow.find(Feedback).where(Feedback.service_id == service.id, Feedback.done_on.is_(None), Feedback.skipped.is_(None))


__all__ = ["waiting"]
