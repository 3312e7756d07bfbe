"""Whatever happens to people, in whatever order: what is stored is what the calendar says from the facts alone."""

from __future__ import annotations

import datetime as dt
import os
import random

import pytest

from crmkit import Refusal
from crmkit_prosthesis_feedback import (
    Device,
    DeviceState,
    Ended,
    Feedback,
    Group,
    Incident,
    Policy,
    Protocol,
    ProtocolVersion,
    Service,
    body_of,
    close_incident,
    collect,
    correct,
    cross,
    end_device,
    found_again,
    issue_device,
    move_on,
    new_draft,
    open_incident,
    preview_closing,
    preview_crossing,
    preview_move,
    protocol_of,
    publish,
    reopen_incident,
    replan,
)  # fmt: skip
from crmkit_prosthesis_feedback.commands import ask_after_all, end, give_up, go_on, postpone
from crmkit_sales import Contact

from .people import answers_to, astray, cards_of, won

WALKS = int(os.environ.get("CRMKIT_TEST_WALKS", "3"))
STEPS = int(os.environ.get("CRMKIT_TEST_STEPS", "12"))


class Walk:
    """One person, and everything that may happen to one."""

    def __init__(self, uow, clock, seed):
        self.uow, self.clock, self.random = uow, clock, random.Random(seed)
        born = self.random.choice((None, dt.date(1980, 2, 29), dt.date(2018, 5, 1), dt.date(2008, 3, 20), dt.date(2008, 9, 30)))
        self.service = won(uow, name=f"P{seed}", born_on=born)

    def one(self, cls, *where):
        found = self.uow.find(cls).where(cls.service_id == self.service.id, *where).all()
        return self.random.choice(found) if found else None

    def open_card(self):
        return self.one(Feedback, Feedback.done_on.is_(None), Feedback.skipped.is_(None))

    # ---- what may happen ---------------------------------------------------------------------------------------------
    def time(self):
        self.clock.forward(days=self.random.choice((1, 1, 5, 20, 45)))
        correct(self.uow)

    def ask(self):
        cards = [c for c in cards_of(self.uow, self.service) if c.done_on is None and c.skipped is None]
        if cards:
            collect(self.uow, cards[0], answers_to(self.uow, cards[0]), finish=True)

    def other_day(self):
        if (card := self.open_card()) is not None:
            postpone(card, self.uow, wanted_on=self.uow.now.date() + dt.timedelta(days=self.random.randint(1, 40)))

    def leave_out(self):
        if (card := self.open_card()) is not None:
            give_up(card, self.uow)
        elif (card := self.one(Feedback, Feedback.given_up_on.is_not(None))) is not None:
            ask_after_all(card, self.uow)

    def incident(self):
        open_incident(self.uow, self.service, reason=self.random.choice(("repair", "visit", "remake")), device=self.one(Device))

    def closing(self):
        if (incident := self.one(Incident, Incident.closed_at.is_(None))) is not None:
            policy = self.random.choice((None, *Policy))
            told = {c.card_id: c.after for c in preview_closing(self.uow, incident, policy) if c.card_id}
            close_incident(self.uow, incident, resolution="done", policy=policy)
            for card in cards_of(self.uow, self.service):
                assert card.id not in told or told[card.id].ideal == card.ideal, "the preview told something else"

    def reopening(self):
        if (incident := self.one(Incident, Incident.closed_at.is_not(None))) is not None:
            reopen_incident(self.uow, incident)

    def device(self):
        old = self.one(Device, Device.state == DeviceState.IN_USE)
        issue_device(self.uow, self.service, model="Other", replaces=self.random.choice((old, None)))

    def gone(self):
        if (device := self.one(Device, Device.state == DeviceState.IN_USE)) is not None:
            end_device(self.uow, device, self.random.choice((DeviceState.LOST, DeviceState.TAKEN_BACK)))
        elif (device := self.one(Device)) is not None:
            found_again(self.uow, device)

    def other_issue(self):
        device = self.one(Device)
        device.issued_on += dt.timedelta(days=self.random.randint(-20, 5))

    def withdrawal(self):
        if self.service.ended is None:
            end(self.service, self.uow, why=Ended.WITHDRAWN)
        elif self.service.ended is not Ended.NO_DEVICE:
            go_on(self.service, self.uow)

    def birthday(self):
        if self.service.group is Group.CHILD and self.random.random() < 0.5:
            told = {c.card_id: c.after for c in preview_crossing(self.uow, self.service) if c.card_id}
            cross(self.uow, self.service)
            for card in cards_of(self.uow, self.service):
                assert card.id not in told or told[card.id].skipped == card.skipped
        else:
            self.service.born = self.random.choice((dt.date(2008, 4, 4), dt.date(2015, 1, 1), dt.date(1999, 1, 1)))

    def version(self):
        protocol = protocol_of(self.uow, self.service.group)
        versions = self.uow.find(ProtocolVersion).where(ProtocolVersion.protocol_id == protocol.id).all()
        if len(versions) < 3:
            draft = new_draft(self.uow, protocol)
            body = dict(draft.body)
            name = self.random.choice(list(body["periods"]))
            body["periods"] = {n: p for n, p in body["periods"].items() if n != name or len(body["periods"]) < 3}
            draft.body = body
            publish(self.uow, draft)
            versions.append(draft)
        version = self.random.choice(versions)
        preview_move(self.uow, self.service, version)
        move_on(self.uow, self.service, version)

    def step(self):
        name = self.random.choice(ALL)
        try:
            getattr(self, name)()
        except Refusal:
            name += " (refused)"
        self.uow.settle()
        return name


ALL = (
    "time", "time", "time", "ask", "ask", "ask", "ask", "other_day", "leave_out", "incident", "incident", "closing", "closing", "closing",
    "reopening", "device", "gone", "other_issue", "withdrawal", "birthday", "version",
)  # fmt: skip


FIRST = int(os.environ.get("CRMKIT_TEST_FIRST", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_what_is_stored_follows_from_the_facts(crm, uow, clock, seed):
    walk = Walk(uow, clock, seed)
    told = []
    for _step in range(STEPS):
        told.append(walk.step())
        assert astray(crm, uow) == [], told
    assert replan(uow, walk.service) == []
    assert uow.find(Service).count() == uow.find(Contact).count()
    assert uow.find(Protocol).count() <= 2
    assert body_of(uow, cards_of(uow, walk.service)[0].protocol_version_id).periods
