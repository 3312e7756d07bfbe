"""What becomes of people: one transaction each, to be done again when it dies before its commit."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import random
from collections.abc import Callable

from crmkit import Crm, Uow
from crmkit_sales import SALES, Contact, ContactPoint, Deal, Way

from ..collecting import collect
from ..devices import end_device, found_again, issue_device
from ..entities import Device, DeviceState, Ended, Feedback, Incident, Policy, Service, Urgency
from ..incidents import close_incident, open_incident, reopen_incident
from ..publish import body_of
from .people import MODELS, Person, answers, offered

Days = collections.defaultdict[dt.date, list[int]]


class Stories:
    """What may happen. What is to be remembered outside the database is remembered once it is committed: `then`."""

    crm: Crm

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.by_contact: dict[int, Person] = {}
        self.services: list[int] = []
        self.closing: Days = collections.defaultdict(list)
        self.reopening: Days = collections.defaultdict(list)
        self.coming_back: Days = collections.defaultdict(list)
        self.done: collections.Counter[str] = collections.Counter()
        self.then: list[Callable[[], None]] = []

    def _count(self, what: str, often: int = 1) -> None:
        """Count something, once it is committed."""
        self.then.append(lambda: self.done.update({what: often}))

    # ---- deals and check-lists -----------------------------------------------------------------------------------
    def _sell(self, uow: Uow, person: Person) -> None:
        contact = uow.add(Contact(name=person.name, phone=person.phone, born_on=person.born))
        uow.flush()
        if self.dice.random() < 0.3:
            uow.add(ContactPoint(contact_id=contact.id, way=Way.PHONE, value=f"+7999{person.number % 10_000_000:07d}"))
        title = self.dice.choice(MODELS)
        deal = uow.add(Deal(title=title, contact_id=contact.id, amount=decimal.Decimal(1000), closes_on=uow.now.date()), into=SALES["negotiation"])
        uow.flush()
        uow.move(deal, SALES["won"])
        uow.settle()
        service = uow.find(Service).where(Service.contact_id == contact.id).one()
        if person.guardian and self.dice.random() < 0.8:
            parent = uow.add(Contact(name=f"Parent of {person.name}", phone=f"+7977{person.number % 10_000_000:07d}"))
            uow.flush()
            service.guardian_id = parent.id
        if person.two:
            issue_device(uow, service, model=self.dice.choice(MODELS), serial=f"S-{person.number}", batch=f"B{person.number % 7}")
        uow.settle()
        self._count("deals won")
        self.then.append(lambda: self.services.append(service.id))
        self.then.append(lambda: self.by_contact.update({contact.id: person}))

    def _card(self, uow: Uow, key: int) -> bool:
        """Take down a card's answers; True when an incident ended the call."""
        dice, card = self.dice, uow.get(Feedback, key)
        body = body_of(uow, card.protocol_version_id)
        given = answers(dice, body, card.period)
        reason = offered(body, given)
        if dice.random() < 0.1 and len(given) > 1:  # in two goes
            collect(uow, card, dict(list(given.items())[: len(given) // 2]))
        frozen = False
        if reason is not None and dice.random() < 0.5:
            service = uow.get(Service, card.service_id)
            if dice.random() < 0.6:  # the answers that are there count, the rest is asked after the incident
                collect(uow, card, given, finish=True)
            incident = open_incident(uow, service, reason=reason, feedback=card, urgency=dice.choice(list(Urgency)), description="Told in a call")
            uow.settle()
            self._will_close(uow, incident)
            frozen = True
        else:
            collect(uow, card, given, finish=True)
        self._count("cards asked", int(card.done_on is not None))
        return frozen

    # ---- incidents ---------------------------------------------------------------------------------------------
    def _will_close(self, uow: Uow, incident: Incident) -> None:
        today = uow.now.astimezone(self.crm.zone).date()
        after = self.dice.choice((0, 1, 3, 8, 15, 20, 30, 45, 70))
        key = incident.id
        self.then.append(lambda: self.closing[today + dt.timedelta(days=after)].append(key))
        self._count("incidents opened")

    def _close(self, uow: Uow, key: int, day: dt.date) -> None:
        dice, incident = self.dice, uow.peek(Incident, key)
        if incident is None or incident.closed_at is not None:
            return
        policy = dice.choice((None, None, Policy.SHIFT, Policy.SKIP, Policy.CATCH_UP))
        service = uow.get(Service, incident.service_id)
        if incident.reason == "remake" and service.ended is None:
            old = uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE).order_by(Device.id).first()
            issue_device(uow, service, model=dice.choice(MODELS), serial=f"R-{key}", replaces=old)
            self._count("devices remade")
        close_incident(uow, incident, resolution="Done", policy=policy, stage=dice.choice(("solved", "solved", "solved", "cancelled")))
        self._count("incidents closed")
        if dice.random() < 0.08:
            again = day + dt.timedelta(days=dice.randint(1, 20))
            self.then.append(lambda: self.reopening[again].append(key))

    def _reopen(self, uow: Uow, key: int) -> None:
        incident = uow.peek(Incident, key)
        if incident is None or incident.closed_at is None:
            return
        reopen_incident(uow, incident)
        today = uow.now.astimezone(self.crm.zone).date()
        until = today + dt.timedelta(days=self.dice.randint(1, 25))
        self.then.append(lambda: self.closing[until].append(key))
        self._count("incidents opened again")

    # ---- what else happens -------------------------------------------------------------------------------------
    def _somebody(self, uow: Uow) -> Service:
        return uow.get(Service, self.dice.choice(self.services))

    def _rings(self, uow: Uow) -> None:
        service = self._somebody(uow)
        if service.ended is not None:
            return
        device = uow.find(Device).where(Device.service_id == service.id, Device.state == DeviceState.IN_USE).order_by(Device.id).first()
        reason = self.dice.choice(("repair", "visit", "refit", "remake", "other"))
        incident = open_incident(uow, service, reason=reason, device=device, urgency=self.dice.choice(list(Urgency)))
        uow.settle()
        self._will_close(uow, incident)

    def _loses(self, uow: Uow, day: dt.date) -> None:
        device = uow.find(Device).where(Device.service_id == self._somebody(uow).id, Device.state == DeviceState.IN_USE).order_by(Device.id).first()
        if device is None:
            return
        state = self.dice.choice((DeviceState.LOST, DeviceState.TAKEN_BACK))
        end_device(uow, device, state)
        self._count("devices lost or taken back")
        if state is DeviceState.LOST and self.dice.random() < 0.5:
            back, key = day + dt.timedelta(days=self.dice.randint(2, 60)), -device.id
            self.then.append(lambda: self.coming_back[back].append(key))

    def _withdraws(self, uow: Uow, day: dt.date) -> None:
        service = self._somebody(uow)
        if service.ended is not None:
            return
        service.ended = Ended.WITHDRAWN
        uow.settle()
        self._count("withdrew")
        if self.dice.random() < 0.3:
            back, key = day + dt.timedelta(days=self.dice.randint(5, 60)), service.id
            self.then.append(lambda: self.coming_back[back].append(key))

    def _back(self, uow: Uow, key: int) -> None:
        if key < 0:
            device = uow.get(Device, -key)
            if device.state is DeviceState.LOST:
                found_again(uow, device)
                self._count("devices found again")
            return
        service = uow.get(Service, key)
        if service.ended is Ended.WITHDRAWN:
            service.ended = None
            uow.settle()
            self._count("came back")


__all__ = ["Stories"]
