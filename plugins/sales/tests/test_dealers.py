"""Dealers: their rows, their team, their deal registrations."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal as D
from typing import Any

import pytest

from crmkit import Actor, Conflict, Crm, Invalid, Uow
from crmkit_sales import (
    REGISTRATIONS,
    SALES,
    Company,
    Contact,
    ContactPoint,
    Deal,
    Dealer,
    DealLine,
    Inquiry,
    Lead,
    PointOfSale,
    Registration,
    Way,
)

INN = "7707083893"


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"teams": {"1": 0, "10": 1, "11": 10, "20": 1}}


@pytest.fixture
def north(make: Any) -> Dealer:
    made: Dealer = make(Dealer, name="North", team_id=10, city="Пермь")
    return made


@pytest.fixture
def below(make: Any, north: Dealer) -> Dealer:
    made: Dealer = make(Dealer, name="Below north", team_id=11, parent_id=north.id)
    return made


@pytest.fixture
def south(make: Any) -> Dealer:
    made: Dealer = make(Dealer, name="South", team_id=20)
    return made


# ---- rows -------------------------------------------------------------------------------------------------------
def test_rows_of_a_dealer_are_those_of_its_team(uow: Uow, make: Any, north: Dealer, south: Dealer, deliver: Any):
    shop = make(PointOfSale, dealer_id=north.id)
    for cls in (Inquiry, Lead, Deal):
        record = make(cls, point_of_sale_id=shop.id, team_id=99)
        assert (record.dealer_id, record.team_id) == (north.id, 10)
        record.dealer_id, record.point_of_sale_id = south.id, None
        uow.settle()
        assert record.team_id == 20
    assert make(Registration, dealer_id=north.id, tax_number=INN).team_id == 10
    south.team_id = 10
    deliver()
    assert {row[0] for row in uow.find(Deal).columns(Deal.team_id)} == {10}


def seen(crm: Crm, actor: Actor, cls: Any) -> set[int]:
    with crm.read(actor) as uow:
        return set(uow.find(cls).ids())


ACTORS = {
    "north": Actor(1, "North", roles=["dealer_manager"], teams=[10]),
    "below": Actor(2, "Below", roles=["dealer_manager"], teams=[11]),
    "south": Actor(3, "South", roles=["dealer_manager"], teams=[20]),
    "manager": Actor(4, "Manager", roles=["manager"], teams=[10]),
    "lead": Actor(5, "Lead", roles=["team_lead"], teams=[1]),
    "director": Actor(6, "Director", roles=["director"]),
    "operator": Actor(7, "Operator", roles=["operator"]),
}
SEES = {
    "north": "north below", "below": "below", "south": "south", "manager": "north", "lead": "north below south",
    "director": "north below south nobody",
    "operator": "",
}  # fmt: skip


@pytest.mark.parametrize("who", SEES)
def test_who_sees_whose_deals_and_what_they_are_made_of(crm: Crm, make: Any, north: Dealer, below: Dealer, south: Dealer, who: str):
    deals = {d.name: make(Deal, dealer_id=d.id) for d in (north, below, south)}
    deals["nobody"] = make(Deal)
    names = {"north": "North", "below": "Below north", "south": "South", "nobody": "nobody"}
    wanted = {deals[names[n]].id for n in SEES[who].split()}
    for deal in deals.values():
        make(DealLine, deal_id=deal.id, price=D(1))
    assert seen(crm, ACTORS[who], Deal) == wanted
    with crm.read(ACTORS[who]) as uow:
        assert {row[0] for row in uow.find(DealLine).columns(DealLine.deal_id)} == wanted


def test_an_operator_sees_every_inquiry_and_may_answer_it(crm: Crm, make: Any, north: Dealer):
    inquiry = make(Inquiry, dealer_id=north.id)
    assert seen(crm, ACTORS["operator"], Inquiry) == {inquiry.id}
    with crm.uow(ACTORS["operator"]) as uow:
        crm.commands["sales.inquiry.answer"].run(uow, uow.get(Inquiry, inquiry.id), {})


def test_points_of_a_contact_follow_it(crm: Crm, make: Any, north: Dealer):
    contact = make(Contact, phone="+79120000001", team_id=10)
    make(ContactPoint, contact_id=contact.id, way=Way.EMAIL, value="a@example.com")
    assert (len(seen(crm, ACTORS["manager"], ContactPoint)), len(seen(crm, ACTORS["south"], ContactPoint))) == (2, 0)


# ---- registrations ----------------------------------------------------------------------------------------------
def test_a_client_is_protected_for_a_time(crm: Crm, uow: Uow, make: Any, north: Dealer, south: Dealer, clock: Any, deliver: Any):
    mine = make(Registration, dealer_id=north.id, tax_number=INN)
    assert mine.stage == "requested"
    uow.move(mine, REGISTRATIONS["approved"])
    uow.settle()
    assert mine.protected_until == clock.now() + dt.timedelta(days=90)
    theirs = make(Registration, dealer_id=south.id, tax_number=INN)
    assert (theirs.stage, "protected for another dealer" in (theirs.refused_why or "")) == ("refused", True)
    assert "North" not in (theirs.refused_why or "")
    firm = make(Company, tax_number=INN)
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        uow.add(Deal(title="x", dealer_id=south.id, company_id=firm.id))
        uow.settle()
    assert [p.path for p in refused.value.problems] == ["dealer_id"]
    uow.rollback()  # type: ignore[attr-defined]
    deal = make(Deal, dealer_id=north.id, company_id=firm.id)
    assert mine.deal_id == deal.id
    clock.forward(days=85)  # at once: their nights have nothing to say here
    deliver()
    assert mine.stage == "approved"
    deliver(until=dt.timedelta(days=6))
    assert mine.stage == "expired"
    uow.move(deal, SALES["lost"], {"lost_reason_id": _reason(make)})
    uow.settle()
    assert make(Registration, dealer_id=south.id, tax_number=INN).stage == "requested"


def _reason(make: Any) -> int:
    from crmkit_sales import LostReason

    found: int = make(LostReason).id
    return found


def test_another_dealers_open_deal_comes_first_too(make: Any, north: Dealer, south: Dealer):
    contact = make(Contact, phone="+79120000001")
    make(Deal, dealer_id=north.id, contact_id=contact.id)
    assert make(Registration, dealer_id=south.id, phone="8 912 000 00 01").stage == "refused"
    assert make(Registration, dealer_id=north.id, phone="8 912 000 00 01").stage == "requested"


def test_it_can_be_extended_within_limits(crm: Crm, uow: Uow, make: Any, north: Dealer, clock: Any, deliver: Any):
    mine = make(Registration, dealer_id=north.id, phone="+79120000001")
    extend = crm.commands["sales.registration.extend"]
    with pytest.raises(Conflict):
        extend.run(uow, mine, {"days": 10})
    uow.move(mine, REGISTRATIONS["approved"])
    uow.settle()
    until = mine.protected_until
    extend.run(uow, mine, {"days": 60})
    assert mine.protected_until == until + dt.timedelta(days=60)
    for days in (0, 31, -1):
        with pytest.raises(Invalid):
            extend.run(uow, mine, {"days": days})
    clock.forward(days=85)
    deliver(until=dt.timedelta(days=6))
    assert mine.stage == "approved"
    clock.forward(days=54)
    deliver()
    assert mine.stage == "approved"
    deliver(until=dt.timedelta(days=6))
    assert mine.stage == "expired"


def test_a_won_deal_ends_the_registration(uow: Uow, make: Any, north: Dealer, clock: Any, deliver: Any):
    firm = make(Company, tax_number=INN)
    mine = make(Registration, dealer_id=north.id, company_id=firm.id)
    assert mine.tax_number == INN
    uow.move(mine, REGISTRATIONS["approved"])
    deal = make(Deal, dealer_id=north.id, company_id=firm.id, amount=D(5))
    uow.move(deal, SALES["offer"])
    uow.move(deal, SALES["won"])
    uow.settle()
    assert mine.stage == "won"
    clock.forward(days=85)
    deliver(until=dt.timedelta(days=10))  # over the end of the protection
    clock.forward(days=105)
    deliver()
    assert mine.stage == "won"


def test_a_registration_says_who_the_client_is(make: Any, north: Dealer):
    with pytest.raises(Invalid) as refused:
        make(Registration, dealer_id=north.id)
    assert [p.path for p in refused.value.problems] == ["tax_number"]


def test_two_approvals_at_once_do_not_both_hold(crm: Crm, uow: Uow, make: Any, north: Dealer, south: Dealer):
    pair = [make(Registration, dealer_id=d.id, tax_number=INN) for d in (north, south)]
    start, refused = threading.Barrier(2), list[Exception]()

    def approve(key: int) -> None:
        start.wait(10)
        try:
            with crm.uow() as theirs:
                theirs.move(theirs.get(Registration, key), REGISTRATIONS["approved"])
        except Exception as error:
            refused.append(error)

    threads = [threading.Thread(target=approve, args=(r.id,)) for r in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(e) for e in refused] == [Invalid]
    assert sorted(r.stage for r in uow.find(Registration)) == ["approved", "requested"]


class TestReview:
    @pytest.fixture
    def crm_settings(self) -> dict[str, Any]:
        return {"sales": {"on_conflict": "review", "protect_deals": False}}

    def test_a_person_may_decide_instead(self, uow: Uow, make: Any, north: Dealer, south: Dealer):
        first = make(Registration, dealer_id=north.id, tax_number=INN)
        uow.move(first, REGISTRATIONS["approved"])
        second = make(Registration, dealer_id=south.id, tax_number=INN)
        assert second.stage == "review"
        uow.move(second, REGISTRATIONS["approved"])
        uow.settle()
        assert (second.protected_until is not None, second.refused_why) == (True, None)
        assert make(Deal, dealer_id=south.id, company_id=make(Company, tax_number=INN).id).id
