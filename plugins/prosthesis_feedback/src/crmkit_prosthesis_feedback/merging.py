"""Two contacts, or two service cards, that turn out to be one person: their follow-up becomes one."""

from __future__ import annotations

from crmkit import Entity, Kind, Uow, hookimpl, merge
from crmkit_sales import Contact

from .cards import locked, replan, retitle
from .crossing import adult_calendars
from .devices import with_devices
from .entities import Incident, Pause, Service
from .incidents import settle_pause


@hookimpl
def crm_merge(kind: Kind, winner: Entity, loser: Entity, uow: Uow) -> None:
    """Let the service card of a merged contact go to the other, or become part of the one that is there; what follows is worked out anew."""
    if isinstance(winner, Contact):
        _one_card(uow, winner, loser)
    elif isinstance(winner, Service):
        locked(uow, winner)
        with_devices(uow, winner)
        _one_pause(uow, winner)
        settle_pause(uow, winner)
        adult_calendars(uow, winner)
        retitle(uow, winner)
        replan(uow, winner)


def _one_card(uow: Uow, winner: Contact, loser: Entity) -> None:
    """Merge the service cards of two contacts. One person has one: the kernel has left the other where it was."""
    theirs = uow.find(Service).where(Service.contact_id == loser.id).first()
    if theirs is not None:
        mine = uow.find(Service).where(Service.contact_id == winner.id).first()
        if mine is not None:
            merge(uow, uow.crm.kind(Service), mine.id, theirs.id)
        else:  # the winner's own is in the archive
            theirs.contact_id = winner.id
            uow.flush()


def _one_pause(uow: Uow, service: Service) -> None:
    """Let pauses that overlap be one: from the beginning of the first to the end of the last."""
    uow.flush()
    kept: Pause | None = None
    for pause in uow.find(Pause).where(Pause.service_id == service.id).order_by(Pause.began_on, Pause.id):
        if kept is None or (kept.ended_on is not None and pause.began_on >= kept.ended_on):
            kept = pause
            continue
        for incident in uow.find(Incident).archived(only=False).where(Incident.pause_id == pause.id):
            uow.keep(incident, pause_id=kept.id)
        if kept.ended_on is not None and (pause.ended_on is None or pause.ended_on > kept.ended_on):
            uow.keep(kept, ended_on=pause.ended_on, policy=pause.policy, catch_up_days=pause.catch_up_days)
        uow.archive(pause)
    uow.flush()
