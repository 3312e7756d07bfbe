"""On the card of a telephone call: the way to the service card of whoever is on the line, and to the check-list that is due."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Uow, _, hookimpl
from crmkit_sales import Contact

from .cards import due
from .entities import SERVICE, Service
from .publish import body_of
from .roles import COLLECT
from .settings import FeedbackSettings
from .words import text_of

CARD = _("Service card: {name}", ru="Карточка сервиса: {name}")
CHECK_LIST = _("Check-list: {period}", ru="Чек-лист: {period}")
GUARDIAN = _("{stage} · calls as a guardian", ru="{stage} · звонит представитель")
MOST = 4


@hookimpl(optionalhook=True)
def telephony_card(call: t.Any, uow: Uow) -> Sequence[Mapping[str, t.Any]]:
    """Lead from a call to the follow-up of the caller, or of those whose guardian calls."""
    if call.contact_id is None or not uow.may(uow.crm.kind(Service).permission("read")):
        return ()
    found: list[Mapping[str, t.Any]] = []
    mine = sa.or_(Service.contact_id == call.contact_id, Service.guardian_id == call.contact_id)
    for service in uow.find(Service).where(mine).order_by(Service.contact_id != call.contact_id, Service.id).limit(MOST):
        found += _of(uow, service, guardian=service.contact_id != call.contact_id)
    return found


def _of(uow: Uow, service: Service, *, guardian: bool) -> list[Mapping[str, t.Any]]:
    contact = uow.peek(Contact, service.contact_id)
    name, stage = contact.name if contact is not None else f"№ {service.id}", SERVICE.stages[service.stage].label
    about = GUARDIAN.format(stage=stage) if guardian else stage
    ways: list[Mapping[str, t.Any]] = [
        {"title": CARD.format(name=name), "path": f"/prosthesis_feedback/service/{service.id}", "icon": "heart-pulse", "about": about}
    ]
    if service.stage in ("active", "unreachable") and uow.may(COLLECT, service):
        cards = due(uow, service, uow.now + uow.crm[FeedbackSettings].ahead)
        if cards:
            period = body_of(uow, cards[0].protocol_version_id).periods.get(cards[0].period)
            title = CHECK_LIST.format(period=text_of(period.label) if period is not None else cards[0].period)
            ways.append({"title": title, "path": f"/prosthesis_feedback/ask/{service.id}", "icon": "clipboard-list", "about": name})
    return ways


__all__ = ["telephony_card"]
