"""From the closed deal to the last period: cards appear, are collected, stop in an incident, and go on."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Invalid
from crmkit_prosthesis_feedback import (
    Device,
    Feedback,
    Group,
    Incident,
    Pause,
    Policy,
    Service,
    Skipped,
    close_incident,
    collect,
    issue_device,
    open_incident,
    preview_closing,
    reopen_incident,
    replan,
)  # fmt: skip

from .people import answers_to, cards_of, win, won


def test_a_won_deal_opens_a_service_and_one_card(uow, make):
    service = win(uow, make)
    (card,) = cards_of(uow, service)
    assert (service.stage, service.group, card.period, card.stage) == ("active", Group.ADULT, "week2", "this_month")
    assert card.title == "🧑 Anna Petrova · 2 weeks"
    assert card.ideal == dt.date(2026, 3, 16)
    assert card.planned_at == dt.datetime(2026, 3, 16, 7, tzinfo=dt.UTC)  # ten o'clock in Moscow
    uow.settle()
    assert uow.find(Service).count() == uow.find(Device).count() == 1


def test_following_cards_come_with_the_first_answers(uow, clock):
    service = won(uow, born_on=dt.date(2018, 5, 1))
    (card,) = cards_of(uow, service)
    assert card.title.startswith("🧒")
    clock.forward(days=7)
    with pytest.raises(Invalid) as refused:
        collect(uow, card, {"wears": "yes", "hours": 30})
    assert [p.path for p in refused.value.problems] == ["hours"]
    collect(uow, card, {"wears": "yes", "hours": 3})
    assert card.stage == "this_month"
    with pytest.raises(Invalid):
        collect(uow, card, {}, finish=True)
    collect(uow, card, answers_to(uow, card), finish=True)
    assert (card.stage, card.done_on, card.in_use, card.red_flags) == ("done", dt.date(2026, 3, 9), True, 1)
    cards = cards_of(uow, service)
    assert len(cards) == 16
    assert [c.stage for c in cards[:4]] == ["done", "this_month", "later", "later"]


def test_an_incident_stops_everything_and_shifts(uow, clock):
    service = won(uow)
    issue_device(uow, service, model="Second hand")
    first, second = cards_of(uow, service)
    clock.forward(days=14)
    collect(uow, first, answers_to(uow, first), finish=True)
    before = {c.id: c.ideal for c in cards_of(uow, service)}
    incident = open_incident(uow, service, reason="repair", feedback=second)
    assert {c.stage for c in cards_of(uow, service)} == {"done", "incident"}
    assert service.stage == "incident"
    other = open_incident(uow, service, reason="refit")
    clock.forward(days=20)
    close_incident(uow, other, resolution="fits")
    assert service.stage == "incident"
    told = {c.card_id: c.after.ideal for c in preview_closing(uow, incident)}
    close_incident(uow, incident, resolution="mended")
    after = {c.id: c.ideal for c in cards_of(uow, service)}
    assert all(after[k] - before[k] == dt.timedelta(days=20) for k in after if k != first.id)
    assert told == {k: v for k, v in after.items() if k != first.id}
    assert after[first.id] == before[first.id]
    reopen_incident(uow, incident)
    assert {c.id: c.ideal for c in cards_of(uow, service)} == before
    assert service.stage == "incident"
    close_incident(uow, incident, resolution="mended", policy=Policy.SKIP)
    assert uow.find(Feedback).where(Feedback.skipped == Skipped.PAUSE).count() > 0
    assert replan(uow, service) == []
    assert uow.find(Pause).count() == 1
    assert uow.find(Incident).count() == 2
