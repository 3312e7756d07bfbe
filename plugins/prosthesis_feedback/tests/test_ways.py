"""However an incident is opened, closed or taken back, and however records are put right, the person's cards follow."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Invalid, change_many, merge, undo
from crmkit_prosthesis_feedback import (
    Device,
    Feedback,
    Group,
    Incident,
    Pause,
    Policy,
    Service,
    close_incident,
    collect,
    cross,
    issue_device,
    open_incident,
    open_pause,
    preview_crossing,
)
from crmkit_sales import Contact
from crmkit_taskqueue import Task, TaskState

from .people import answers_to, astray, cards_of, won


def begun(uow, clock, **contact):
    """Return the service card of somebody who has been asked once."""
    service = won(uow, **contact)
    (card,) = cards_of(uow, service)
    clock.forward(days=14)
    collect(uow, card, answers_to(uow, card), finish=True)
    return service


def ideals(uow, service):
    return [card.ideal for card in cards_of(uow, service)]


def test_bulk_archive_and_undo(crm, uow, clock):
    service = begun(uow, clock)
    plain = ideals(uow, service)
    made = [open_incident(uow, service, reason="other").id for _n in range(3)]
    uow.commit()
    clock.forward(days=10)
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        change_many(hers, crm.kind(Incident), "move", ids=made[:2], stage="cancelled", values={"resolution": "none"})
        hers.settle()
        assert astray(crm, hers) == []
    uow.refresh()
    assert {c.stage for c in cards_of(uow, service)} == {"done", "incident"}
    uow.archive(uow.get(Incident, made[2]))  # written by mistake
    uow.settle()
    shifted = ideals(uow, service)
    assert [(b - a).days for a, b in zip(plain, shifted, strict=True)] == [0, *[10] * 10]
    uow.restore(uow.get(Incident, made[2]))
    uow.settle()
    assert ideals(uow, service) == plain
    assert service.stage == "incident"
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        hers.move(hers.get(Incident, made[2]), crm.pipelines["incident_other"]["solved"], {"resolution": "well again"})
        number = hers.tx
    uow.refresh()
    assert ideals(uow, service) == shifted
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        undo(hers, tx=number)
    uow.refresh()
    assert (ideals(uow, service), service.stage, uow.find(Pause).one().ended_on) == (plain, "incident", None)
    assert astray(crm, uow) == []


def test_another_reason_and_another_pause(crm, uow, clock):
    service = begun(uow, clock)
    first = open_incident(uow, service, reason="other", description="something")
    first.reason = "repair"
    uow.settle()
    assert (first.pipeline, first.stage) == ("incident_repair", "new")
    uow.commit()
    first.reason = "flood"
    with pytest.raises(Invalid):
        uow.flush()
    uow.refresh()
    clock.forward(days=3)
    close_incident(uow, first, resolution="mended", cancelled=True)
    assert first.stage == "cancelled"
    clock.forward(days=30)
    second = open_incident(uow, service, reason="visit")
    clock.forward(days=2)
    close_incident(uow, second, resolution="seen", policy=Policy.CATCH_UP)
    uow.move(first, crm.pipelines["incident_repair"]["workshop"])  # there was another pause since: this one begins anew
    uow.settle()
    assert [(p.ended_on is None, p.policy) for p in uow.find(Pause)] == [(False, Policy.SHIFT), (False, Policy.CATCH_UP), (True, None)]
    assert first.pause_id == open_pause(uow, service.id).id
    other = won(uow, name="Other")
    uow.commit()
    first.device_id = uow.find(Device).where(Device.service_id == other.id).one().id
    with pytest.raises(Invalid):
        uow.flush()
    uow.refresh()
    first.service_id, first.device_id = other.id, None
    uow.settle()
    assert (service.stage, other.stage) == ("active", "incident")
    assert astray(crm, uow) == []


def test_two_service_cards_of_one_person_are_merged(crm, uow, clock):
    one, two = begun(uow, clock, name="Anna"), begun(uow, clock, name="Anna P.")
    open_incident(uow, one, reason="repair")
    clock.forward(days=4)
    gone = open_incident(uow, two, reason="repair")
    clock.forward(days=4)
    close_incident(uow, gone, resolution="mended")
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        merge(hers, crm.kind(Service), one.id, two.id)
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        merge(hers, crm.kind(Contact), one.contact_id, two.contact_id)
    uow.refresh()
    assert uow.find(Service).one().id == one.id
    assert uow.find(Feedback).count() == len(cards_of(uow, one)) == 22
    assert uow.find(Pause).one().ended_on is None
    assert {c.stage for c in cards_of(uow, one)} == {"done", "incident"}
    issue_device(uow, one, model="Third")
    assert (one.stage, one.id) == ("incident", uow.find(Service).one().id)
    assert astray(crm, uow) == []


def test_two_contacts_that_are_one_person_are_merged(crm, uow, clock):
    """Both are followed: their service cards become one with them, and part again when that is taken back."""
    one, two = begun(uow, clock, name="Anna Petrova"), begun(uow, clock, name="A. Petrowa", born_on=dt.date(1990, 5, 1))
    open_incident(uow, two, reason="repair")
    deliver = crm.deliver
    uow.commit()
    clock.forward(days=3)
    deliver()
    uow.refresh()
    before = {s.id: (s.contact_id, s.stage, s.archived_at, [(c.id, c.stage, c.title, c.ideal) for c in cards_of(uow, s)]) for s in (one, two)}
    tasks = sorted((t.id, t.state) for t in uow.find(Task))
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        merge(hers, crm.kind(Contact), one.contact_id, two.contact_id)
        number = hers.tx
    uow.refresh()
    assert uow.find(Service).one().id == one.id
    assert {c.contact_id for c in cards_of(uow, one)} == {one.contact_id}
    assert len(cards_of(uow, one)) == 22
    assert (one.born, one.stage, uow.find(Device).where(Device.service_id == one.id).count()) == (dt.date(1990, 5, 1), "incident", 2)
    assert {c.title.split(" · ")[0] for c in cards_of(uow, one) if c.stage == "incident"} == {"🧑 Anna Petrova"}
    assert astray(crm, uow) == []
    assert not uow.find(Task).where(Task.state == TaskState.WAITING).exists()
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        undo(hers, tx=number)
    uow.refresh()
    after = {s.id: (s.contact_id, s.stage, s.archived_at, [(c.id, c.stage, c.title, c.ideal) for c in cards_of(uow, s)]) for s in (one, two)}
    assert after == before
    assert sorted((t.id, t.state) for t in uow.find(Task))[: len(tasks)] == tasks
    assert astray(crm, uow) == []


def test_a_service_card_goes_with_its_contact(crm, uow, clock):
    """One of two contacts is followed, or the other was: the follow-up goes on under the name that stays."""
    one = begun(uow, clock, name="Maria Lesk")
    keeps = uow.add(Contact(name="Maria Leskova", phone="+73432345678"))
    uow.flush()
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        merge(hers, crm.kind(Contact), keeps.id, one.contact_id)
    uow.refresh()
    assert (one.contact_id, one.zone) == (keeps.id, "Asia/Yekaterinburg")
    waits = [c for c in cards_of(uow, one) if c.done_on is None]
    assert {(c.contact_id, c.title.split(" · ")[0]) for c in waits} == {(keeps.id, "🧑 Maria Leskova")}
    assert waits[0].planned_at.hour == 5  # ten o'clock in Yekaterinburg
    assert astray(crm, uow) == []
    other = won(uow, name="Masha L.")
    uow.archive(one)
    uow.commit()
    with crm.uow(Actor(7, "Olga", system=True)) as hers:
        merge(hers, crm.kind(Contact), keeps.id, other.contact_id)
    uow.refresh()
    assert (uow.find(Service).one().id, other.contact_id) == (other.id, keeps.id)
    assert astray(crm, uow) == []


def test_a_device_handed_over_between_the_birthday_and_the_crossing(crm, uow, clock):
    """The crossing is told late: what was handed over meanwhile is asked about by one calendar, not by two."""
    child = won(uow, name="Masha", born_on=dt.date(2008, 3, 10))
    first = cards_of(uow, child)[0]
    collect(uow, first, answers_to(uow, first), finish=True)
    clock.set(dt.datetime(2026, 3, 16, 9, tzinfo=dt.UTC))
    second = issue_device(uow, child, model="Second hand")
    told = {(c.device_id, c.version_id, c.period): c.after for c in preview_crossing(uow, child, dt.date(2026, 3, 10))}
    cross(uow, child, dt.date(2026, 3, 10))
    stored = {(c.device_id, c.protocol_version_id, c.period): c for c in cards_of(uow, child)}
    assert all(stored[key].ideal == after.ideal and stored[key].stage == after.stage for key, after in told.items())
    (asked,) = [c for c in stored.values() if c.device_id == second.id and c.skipped is None]
    assert asked.group is Group.ADULT
    assert astray(crm, uow) == []
