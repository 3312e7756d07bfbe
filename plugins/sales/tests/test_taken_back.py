"""What is kept twice stays in step when work is taken back, put off or merged: points, sums, steps, clocks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit_sales
from crmkit import Crm, Plugin, accounts, activities, change_many, duplicates, merge, undo, views
from crmkit.activities import Activity
from crmkit.core.ledger import journal
from crmkit.core.search.reindex import reindex
from crmkit.core.totals import differences
from crmkit_sales import (
    INQUIRIES,
    REGISTRATIONS,
    SALES,
    Company,
    Contact,
    ContactPoint,
    Deal,
    Dealer,
    DealLine,
    Inquiry,
    Registration,
    Way,
)

ONE, TWO, THREE = "+79120000001", "+79120000002", "+79120000003"


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [accounts.plugin, activities.plugin, duplicates.plugin, views.plugin, crmkit_sales.plugin]


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"accounts": {"argon2_time": 1, "argon2_memory": 64, "argon2_lanes": 1}, "sales": {"next_step_in": ["offer"]}}


def last(crm: Crm) -> dict[str, int]:
    with crm.read() as uow:
        row = uow.connection.execute(sa.select(journal.c.tx, journal.c.operation).order_by(journal.c.id.desc()).limit(1)).one()
    return {"tx": row.tx} if row.operation is None else {"operation": row.operation}


def back(crm: Crm, unit: dict[str, Any]) -> int:
    with crm.uow() as uow:
        return undo(uow, **unit).operation


def in_step(crm: Crm) -> list[str]:
    wrong: list[str] = []
    with crm.read() as uow:
        wrong += differences(uow)
        for contact in uow.find(Contact).archived(only=False).all():
            points = uow.find(ContactPoint).where(ContactPoint.contact_id == contact.id).order_by(ContactPoint.id).all()
            for way, shown in ((Way.PHONE, contact.phone), (Way.EMAIL, contact.email)):
                mine = [p for p in points if p.way is way]
                primary = [p.value for p in mine if p.primary]
                if mine and not shown:
                    wrong.append(f"contact {contact.id} shows none of {[p.value for p in mine]}")
                if (mine or not contact.archived_at) and primary != ([shown] if shown else []):
                    wrong.append(f"contact {contact.id}: shows {shown}, points {[(p.value, p.primary) for p in mine]}")
        for deal in uow.find(Deal).archived(only=False).all():
            lines = uow.find(DealLine).where(DealLine.deal_id == deal.id).all()
            if lines and deal.amount != sum(line.amount for line in lines):
                wrong.append(f"deal {deal.id}: {deal.amount}, lines {[line.amount for line in lines]}")
            has = activities.has_next_step(uow, deal)
            if not deal.archived_at and deal.no_next_step != (deal.stage == "offer" and not has):
                wrong.append(f"deal {deal.id} in {deal.stage}: no_next_step {deal.no_next_step}, has a step {has}")
    wrong += [f"search {p}" for p in reindex(crm, write=False) if p.wrong or p.orphans]
    return wrong


def test_the_first_number_taken_back_leaves_the_second(crm: Crm):
    with crm.uow() as uow:
        ann = uow.add(Contact(name="Ann"))
    with crm.uow() as uow:
        uow.add(ContactPoint(contact_id=ann.id, way=Way.PHONE, value=ONE))
    first = last(crm)
    with crm.uow() as uow:
        uow.add(ContactPoint(contact_id=ann.id, way=Way.PHONE, value=TWO))
    number = back(crm, first)
    assert in_step(crm) == []
    back(crm, {"operation": number})
    assert in_step(crm) == []


def test_a_line_taken_back_leaves_the_sum_of_the_others(crm: Crm):
    with crm.uow() as uow:
        deal = uow.add(Deal(title="Kitchen", amount=D(500)))
    with crm.uow() as uow:
        uow.add(DealLine(deal_id=deal.id, title="Table", price=D(100)))
    first = last(crm)
    with crm.uow() as uow:
        uow.add(DealLine(deal_id=deal.id, title="Chair", price=D(50)))
        uow.add(DealLine(deal_id=deal.id, title="Chair", price=D(50), quantity=D(-1)))
    number = back(crm, first)
    assert in_step(crm) == []
    back(crm, {"operation": number})
    assert in_step(crm) == []


def test_a_step_taken_back_is_missing_only_where_there_is_no_other(crm: Crm):
    with crm.uow() as uow:
        deal = uow.add(Deal(title="Kitchen", amount=D(500)))
    with crm.uow() as uow:
        uow.move(uow.get(Deal, deal.id), SALES["offer"])
    assert in_step(crm) == []
    with crm.uow() as uow:
        for a in uow.find(Activity).all():
            a.done_at = uow.now
    assert in_step(crm) == []
    with crm.uow() as uow:
        activities.plan(uow, uow.get(Deal, deal.id), "call", "one", uow.now)
    first = last(crm)
    with crm.uow() as uow:
        activities.plan(uow, uow.get(Deal, deal.id), "call", "two", uow.now)
    assert in_step(crm) == []
    number = back(crm, first)
    assert in_step(crm) == []
    back(crm, {"operation": number})
    assert in_step(crm) == []


def test_the_only_step_put_away_and_back(crm: Crm):
    with crm.uow() as uow:
        deal = uow.add(Deal(title="Kitchen", amount=D(500)))
    with crm.uow() as uow:
        uow.move(uow.get(Deal, deal.id), SALES["offer"])
    with crm.uow() as uow:
        ids = uow.find(Activity).ids()
        done = change_many(uow, crm.kind(Activity), "archive", ids=ids)
    assert in_step(crm) == []
    back(crm, {"operation": done.operation})
    assert in_step(crm) == []


def test_back_in_a_stage_that_asks_for_a_step(crm: Crm):
    with crm.uow() as uow:
        deal = uow.add(Deal(title="Kitchen", amount=D(500)))
    with crm.uow() as uow:
        uow.move(uow.get(Deal, deal.id), SALES["offer"])
    with crm.uow() as uow:
        uow.move(uow.get(Deal, deal.id), SALES["qualified"])
    moved = last(crm)
    with crm.uow() as uow:
        for a in uow.find(Activity).all():
            a.done_at = uow.now
    back(crm, moved)
    assert in_step(crm) == []


def test_the_clock_of_an_inquiry_whose_move_is_taken_back_runs_on(crm: Crm, clock: Any, deliver: Any):
    with crm.uow() as uow:
        inquiry = uow.add(Inquiry(name="Ann", phone=ONE))
    with crm.uow() as uow:
        uow.move(uow.get(Inquiry, inquiry.id), INQUIRIES["working"])
    back(crm, last(crm))
    deliver(until=dt.timedelta(days=20))
    with crm.read() as uow:
        found = uow.get(Inquiry, inquiry.id)
        assert (found.stage, found.first_response_at, found.response_late) == ("new", None, True)


def test_an_inquiry_restored_is_late(crm: Crm, deliver: Any):
    with crm.uow() as uow:
        inquiry = uow.add(Inquiry(name="Ann", phone=ONE))
    with crm.uow() as uow:
        uow.archive(uow.get(Inquiry, inquiry.id))
    deliver(until=dt.timedelta(days=20))
    with crm.uow() as uow:
        uow.restore(uow.get(Inquiry, inquiry.id))
    deliver(until=dt.timedelta(days=20))
    with crm.read() as uow:
        found = uow.get(Inquiry, inquiry.id)
        assert (found.stage, found.first_response_at, found.response_late) == ("new", None, True)


@pytest.fixture
def registration(crm: Crm) -> int:
    with crm.uow() as uow:
        dealer = uow.add(Dealer(name="North"))
        company = uow.add(Company(name="Acme"))
        uow.flush()
        made = uow.add(Registration(title="x", dealer_id=dealer.id, company_id=company.id))
    return made.id


def expires(crm: Crm, clock: Any, deliver: Any, registration: int) -> None:
    """After 90 days, and not before. Most of them go by at once: their nights have nothing to say here."""
    clock.forward(days=85)
    deliver()
    with crm.read() as uow:
        assert uow.get(Registration, registration).stage == "approved"
    deliver(until=dt.timedelta(days=6))
    with crm.read() as uow:
        assert uow.get(Registration, registration).stage == "expired"


def test_protection_ends_although_its_extension_was_taken_back(crm: Crm, registration: int, clock: Any, deliver: Any):
    with crm.uow() as uow:
        uow.move(uow.get(Registration, registration), REGISTRATIONS["approved"])
    with crm.uow() as uow:
        crm.commands["sales.registration.extend"].run(uow, uow.get(Registration, registration), {"days": 10})
    back(crm, last(crm))
    expires(crm, clock, deliver, registration)


def test_protection_ends_although_it_was_taken_back_and_given_again(crm: Crm, registration: int, clock: Any, deliver: Any):
    with crm.uow() as uow:
        uow.move(uow.get(Registration, registration), REGISTRATIONS["approved"])
    number = back(crm, last(crm))
    back(crm, {"operation": number})
    expires(crm, clock, deliver, registration)


def test_protection_ends_although_it_was_archived_meanwhile(crm: Crm, registration: int, clock: Any, deliver: Any):
    with crm.uow() as uow:
        uow.move(uow.get(Registration, registration), REGISTRATIONS["approved"])
    with crm.uow() as uow:
        uow.archive(uow.get(Registration, registration))
    clock.forward(days=85)
    deliver(until=dt.timedelta(days=10))
    with crm.uow() as uow:
        uow.restore(uow.get(Registration, registration))
    deliver(until=dt.timedelta(days=20))
    with crm.read() as uow:
        assert uow.get(Registration, registration).stage == "expired"


def test_merging_contacts_leaves_the_winner_its_number(crm: Crm):
    with crm.uow() as uow:
        ann, bob = uow.add(Contact(name="Ann", phone=ONE)), uow.add(Contact(name="Anna", phone=TWO))
    with crm.uow() as uow:
        done = merge(uow, crm.kind(Contact), ann.id, bob.id)
    with crm.read() as uow:
        assert uow.get(Contact, ann.id).phone == ONE
    assert in_step(crm) == []
    number = back(crm, {"operation": done.operation})
    assert in_step(crm) == []
    back(crm, {"operation": number})
    assert in_step(crm) == []


def test_merging_contacts_by_choice_of_the_other_number(crm: Crm):
    with crm.uow() as uow:
        ann, bob = uow.add(Contact(name="Ann", phone=ONE)), uow.add(Contact(name="Anna", phone=TWO))
    with crm.uow() as uow:
        done = merge(uow, crm.kind(Contact), ann.id, bob.id, {"phone": "loser"})
    with crm.read() as uow:
        assert uow.get(Contact, ann.id).phone == TWO
    assert in_step(crm) == []
    back(crm, {"operation": done.operation})
    assert in_step(crm) == []


def test_another_edit_does_not_take_the_choice_of_the_primary_back(crm: Crm):
    with crm.uow() as uow:
        ann = uow.add(Contact(name="Ann", phone=ONE))
        uow.flush()
        uow.settle()
        uow.add(ContactPoint(contact_id=ann.id, way=Way.PHONE, value=TWO))
    with crm.uow() as uow:
        a, b = uow.find(ContactPoint).order_by(ContactPoint.id).all()
        b.primary = True
        a.label = "old"
    with crm.read() as uow:
        assert uow.get(Contact, ann.id).phone == TWO
    assert in_step(crm) == []


def test_a_number_that_becomes_a_messenger_is_no_number(crm: Crm):
    with crm.uow() as uow:
        uow.add(Contact(name="Ann", phone=ONE))
    with crm.uow() as uow:
        point = uow.find(ContactPoint).one()
        point.way, point.service = Way.MESSENGER, "telegram"
    assert in_step(crm) == []
