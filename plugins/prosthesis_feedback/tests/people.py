"""What tests of the follow-up need of people: a won deal, answers that say that all is well, and a look at everything stored."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crmkit import Crm, Uow
from crmkit_prosthesis_feedback import Feedback, Incident, Pause, Service, body_of, facts_of, open_incidents, preview, service_stage
from crmkit_prosthesis_feedback.planning import calendar_of
from crmkit_sales import SALES, Contact, Deal

WELL = {"wears": "yes", "hours": 8, "comfort": 7, "broken": "no", "skin": "fine"}


def answers_to(uow, card, **other):
    """Return answers that say that all is well, to whatever a card asks."""
    body, found = body_of(uow, card.protocol_version_id), {}
    for name in body.periods[card.period].questions:
        question = body.questions[name]
        good = {"yes_no": "yes", "choice": next(iter(question.choices), None), "number": question.least, "scale": question.most}.get(question.kind)
        found[name] = (WELL | other).get(name, good)
    return {name: value for name, value in found.items() if value is not None}


def won(uow: Uow, *, name="Anna Petrova", **contact) -> Service:
    """Return the service card of a deal that has just been won."""
    anna = uow.add(Contact(name=name, phone="+79161234567", **contact))
    uow.flush()
    deal = uow.add(Deal(title="Hand M1", contact_id=anna.id, amount=100, closes_on=dt.date(2026, 3, 1)), into=SALES["negotiation"])
    uow.flush()
    uow.move(deal, SALES["won"])
    uow.settle()
    return uow.find(Service).where(Service.contact_id == anna.id).one()


def cards_of(uow: Uow, service: Service) -> list[Feedback]:
    return uow.find(Feedback).where(Feedback.service_id == service.id).order_by(Feedback.ideal, Feedback.id).all()


def astray(crm: Crm, uow: Uow) -> list[str]:
    """Return whatever is stored and does not follow from the facts, for everybody there is."""
    found = []
    for service in uow.find(Service):
        facts = facts_of(uow, service)
        found += [f"{service.id}: {change}" for change in preview(uow, service, facts)]
        going, c = open_incidents(uow, service.id), Pause.__table__.c
        open_ = uow.connection.execute(sa.select(c.id).where(c.service_id == service.id, c.ended_on.is_(None))).scalars().all()
        if bool(going) != bool(open_) or len(open_) > 1:
            found.append(f"{service.id}: incidents {going}, open pauses {open_}")
        for incident in uow.find(Incident).where(Incident.service_id == service.id):
            if (incident.id in going) != (incident.closed_at is None) or (incident.id in going and incident.pause_id not in open_):
                found.append(f"{service.id}: incident {incident.id} {incident.stage} {incident.closed_at} {incident.pause_id}")
        undone = [card for card in cards_of(uow, service) if card.done_on is None and card.skipped is None]
        stage = service_stage(ended=service.ended, frozen=facts.frozen, unreachable=facts.unreachable, undone=bool(undone))
        if service.stage != stage:
            found.append(f"{service.id}: {service.stage}, not {stage}")
        stored = {(card.device_id, card.protocol_version_id, card.period) for card in cards_of(uow, service)}
        for key, device in facts.devices.items():
            found += [f"{service.id}: no card for {key} {s.period}" for s in calendar_of(device, facts.person)
                      if s.made and (key, s.version, s.period) not in stored]  # fmt: skip
    return found


def win(uow: Uow, make: object, **contact) -> Service:
    """Return the service card of a deal that has just been won."""
    return won(uow, **contact)
