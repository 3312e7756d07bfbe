"""Inquiries, leads and deals: conversion, losses, lines, forecast, next steps, timelines."""

from __future__ import annotations

import datetime as dt
import decimal
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Actor, Conflict, Crm, Extension, Invalid, Mapped, Plugin, Staged, Uow, column, hookimpl
from crmkit.activities import Activity, Note, has_next_step, plan
from crmkit_sales import (
    INQUIRIES,
    LEADS,
    SALES,
    Channel,
    Contact,
    Deal,
    DealLine,
    ForecastCategory,
    Inquiry,
    Lead,
    LostReason,
    Source,
)
from crmkit_sales.lines import line_amount

PHONE = "+79120000001"


def paths(refused: pytest.ExceptionInfo[Invalid]) -> list[str]:
    return [p.path for p in refused.value.problems]


def run(crm: Crm, uow: Uow, name: str, record: Any, **given: Any) -> Any:
    return crm.commands[name].run(uow, record, given)


# ---- conversion -------------------------------------------------------------------------------------------------
@pytest.fixture
def inquiry(make: Any, uow: Uow) -> Inquiry:
    source = make(Source, name="Leaflet", code="leaflet")
    made: Inquiry = make(
        Inquiry, name="Анна", phone="8 912 000-00-01", email="Ann@Example.com", text="Нужна кухня", channel=Channel.SITE, source_id=source.id,
        utm_source="yandex", utm_campaign="spring", city="Пермь", owner_id=7, team_id=2,
    )  # fmt: skip
    uow.add(Note(text="asked for blue", **uow.about(made)))
    plan(uow, made, "call", "call Ann", uow.now + dt.timedelta(days=1))
    uow.settle()
    return made


def test_nothing_is_lost_on_the_way(crm: Crm, uow: Uow, inquiry: Inquiry):
    lead = run(crm, uow, "sales.inquiry.to_lead", inquiry)
    assert (lead.phone, lead.email, lead.city, lead.text, lead.owner_id, lead.team_id) == (PHONE, "ann@example.com", "Пермь", "Нужна кухня", 7, 2)
    assert (inquiry.stage, inquiry.lead_id, inquiry.contact_id) == ("converted", lead.id, lead.contact_id)
    contact = uow.get(Contact, lead.contact_id)
    assert (contact.name, contact.phone, contact.email) == ("Анна", PHONE, "ann@example.com")
    lead.amount = D(500)
    deal = run(crm, uow, "sales.lead.to_deal", lead, title="Кухня")
    uow.settle()
    assert (deal.title, deal.amount, deal.contact_id, deal.owner_id, deal.team_id) == ("Кухня", D(500), contact.id, 7, 2)
    for record in (lead, deal):
        assert (record.channel, record.source.name, record.utm_source, record.utm_campaign) == (Channel.SITE, "Leaflet", "yandex", "spring")
    assert (lead.stage, lead.deal_id, inquiry.deal_id) == ("converted", deal.id, deal.id)
    assert uow.find(Note).one().about_id == deal.id
    assert [a.subject for a in uow.find(Activity).where(uow_about(uow, deal))] == ["call Ann"], "its own step came along; none is added"
    history = crm.hook.crm_timeline(record=deal, uow=uow, before=None)
    told = {(e["kind"], e["text"]) for entries in history for e in entries or ()}
    assert {("activities.note", "asked for blue"), ("sales.lead", lead.title), ("sales.inquiry", "Нужна кухня")} <= told


def uow_about(uow: Uow, record: Any) -> dict[str, Any]:
    return uow.about(record)


def test_nothing_is_converted_twice(crm: Crm, uow: Uow, inquiry: Inquiry):
    lead = run(crm, uow, "sales.inquiry.to_lead", inquiry)
    with pytest.raises(Conflict):
        run(crm, uow, "sales.inquiry.to_lead", inquiry)
    run(crm, uow, "sales.lead.to_deal", lead)
    with pytest.raises(Conflict):
        run(crm, uow, "sales.lead.to_deal", lead)


def test_a_conversion_that_fails_leaves_no_trace(crm: Crm, inquiry: Inquiry):
    with pytest.raises(Invalid) as refused, crm.uow() as other:  # noqa: PT012
        lead = run(crm, other, "sales.inquiry.to_lead", other.get(Inquiry, inquiry.id))
        run(crm, other, "sales.lead.to_deal", lead, pipeline="nowhere")
    assert paths(refused) == ["pipeline"]
    with crm.read() as uow:
        assert (uow.find(Lead).count(), uow.find(Contact).count(), uow.get(Inquiry, inquiry.id).stage) == (0, 0, "new")


def test_by_hand_nobody_moves_into_a_converted_stage(uow: Uow, inquiry: Inquiry, make: Any):
    assert uow.can_move(inquiry, INQUIRIES["converted"]).missing == ("lead_id",)
    assert uow.can_move(make(Lead), LEADS["converted"]).missing == ("deal_id",)


def test_an_inquiry_of_a_known_contact_makes_no_second_one(crm: Crm, uow: Uow, make: Any):
    contact = make(Contact, name="Анна", phone=PHONE)
    inquiry = make(Inquiry, phone="89120000001")
    assert run(crm, uow, "sales.inquiry.to_lead", inquiry).contact_id == contact.id
    assert uow.find(Contact).count() == 1


def test_a_second_inquiry_joins_the_open_lead(crm: Crm, uow: Uow, inquiry: Inquiry, make: Any):
    lead = run(crm, uow, "sales.inquiry.to_lead", inquiry)
    uow.settle()
    again = make(Inquiry, phone="+7 912 000 00 01", text="Вы не перезвонили")
    assert (again.stage, again.lead_id, again.owner_id, again.team_id) == ("attached", lead.id, 7, 2)
    assert has_next_step(uow, lead)
    by_mail = make(Inquiry, email="ann@example.com")
    assert by_mail.lead_id == lead.id


def test_but_not_after_a_long_time_nor_once_the_lead_is_closed(crm: Crm, uow: Uow, inquiry: Inquiry, make: Any, clock: Any):
    lead = run(crm, uow, "sales.inquiry.to_lead", inquiry)
    clock.forward(days=15)
    assert make(Inquiry, phone=PHONE).lead_id is None
    lead.text = "in touch again"
    uow.settle()
    assert make(Inquiry, phone=PHONE).lead_id == lead.id
    run(crm, uow, "sales.lead.to_deal", lead)
    uow.settle()
    assert make(Inquiry, phone=PHONE).lead_id is None


def test_two_inquiries_of_one_client_become_one_lead(crm: Crm, uow: Uow, make: Any):
    first, second = make(Inquiry, phone=PHONE), make(Inquiry, phone=PHONE)
    lead = run(crm, uow, "sales.inquiry.to_lead", first)
    assert run(crm, uow, "sales.inquiry.to_lead", second).id == lead.id
    assert second.stage == "attached"
    assert uow.find(Lead).count() == 1


def test_what_cannot_be_read_is_kept_as_given(make: Any):
    odd = make(Inquiry, phone="восемь 912", email="ann at example")
    assert (odd.phone, odd.phone_number, odd.email, odd.email_address) == ("восемь 912", None, "ann at example", None)


# ---- other plugins come along -----------------------------------------------------------------------------------
class Fitting(Extension[Lead], table="fitting_lead"):
    """What a plugin knows of a lead."""

    size: Mapped[int] = column()
    colour: Mapped[str | None] = column(default=None)
    only_here: Mapped[str | None] = column(default=None)


class LeadFitting:
    """Holds the other class of the same name."""

    class Fitting(Extension[Deal], table="fitting_deal"):
        """What it knows of a deal."""

        size: Mapped[int] = column()
        colour: Mapped[str | None] = column(default=None)


DealFitting = LeadFitting.Fitting


@hookimpl
def sales_converted(source: Staged, target: Staged, uow: Uow) -> None:
    if isinstance(source, Lead) and isinstance(target, Deal):
        target[DealFitting].colour = f"{source[Fitting].colour} ({source[Fitting].only_here})"


class TestExtensions:
    @pytest.fixture
    def crm_plugins(self) -> list[Plugin]:
        import sys
        import types

        import crmkit_sales

        module = types.ModuleType("fitting")
        sys.modules["fitting"] = module
        module.Fitting, module.DealFitting, module.sales_converted = Fitting, DealFitting, sales_converted  # type: ignore[attr-defined]
        for thing in (Fitting, DealFitting, sales_converted):
            thing.__module__ = "fitting"
        return [crmkit_sales.plugin, Plugin("fitting", modules=[module], requires=["sales"])]

    def test_what_plugins_know_comes_along(self, crm: Crm, uow: Uow):
        lead = Lead(title="Kitchen")
        lead.attach(Fitting(size=3, colour="red", only_here="dark"))
        uow.add(lead)
        uow.flush()
        deal = run(crm, uow, "sales.lead.to_deal", lead)
        assert (deal[DealFitting].size, deal[DealFitting].colour) == (3, "red (dark)")


# ---- losses -----------------------------------------------------------------------------------------------------
def test_a_loss_needs_a_reason_that_fits(uow: Uow, make: Any):
    deal, lead = make(Deal), make(Lead)
    dear, gone = make(LostReason, name="Dear"), make(LostReason, name="Went to another", asks_competitor=True)
    leads_only = make(LostReason, name="Wrong number", for_pipeline="leads")
    assert uow.can_move(deal, SALES["lost"]).missing == ("lost_reason_id",)
    for values, path in (({"lost_reason_id": leads_only.id}, "lost_reason_id"), ({"lost_reason_id": gone.id}, "competitor")):
        with pytest.raises(Invalid) as refused:
            uow.move(deal, SALES["lost"], values)
        assert paths(refused) == [path]
        uow.rollback()  # type: ignore[attr-defined]
    uow.move(deal, SALES["lost"], {"lost_reason_id": gone.id, "competitor": "Acme"})
    uow.move(lead, LEADS["lost"], {"lost_reason_id": leads_only.id})
    uow.move(uow.add(Deal(title="another")), SALES["lost"], {"lost_reason_id": dear.id})


# ---- lines ------------------------------------------------------------------------------------------------------
amounts = st.decimals("0", "99999", places=2)
lines = st.lists(
    st.fixed_dictionaries({"quantity": st.decimals("0.001", "500", places=3), "price": amounts, "discount": st.decimals("0", "100", places=2)}),
    min_size=1, max_size=6,
)  # fmt: skip


@given(lines)
def test_a_line_is_rounded_once_and_half_up(given: list[dict[str, D]]):
    for line in given:
        exact = line["quantity"] * line["price"] * (100 - line["discount"]) / 100
        found = line_amount(**line, discount_amount=D(0))
        assert abs(found - exact) <= D("0.005")
        assert found == found.quantize(D("0.01"))
        if (exact * 1000) % 10 == 5 and exact * 1000 == int(exact * 1000):
            assert found > exact


def test_the_amount_of_a_deal_is_the_sum_of_its_lines(uow: Uow, make: Any):
    from hypothesis import HealthCheck, settings

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(lines, st.data())
    def check(given: list[dict[str, D]], data: Any) -> None:
        deal = uow.add(Deal(title="d", amount=D(1)))
        uow.flush()
        made = [uow.add(DealLine(deal_id=deal.id, title="x", **line)) for line in given]
        uow.settle()
        assert deal.amount == sum(line.amount for line in made)
        changed = data.draw(st.sampled_from(made))
        changed.price += 1
        gone = data.draw(st.sampled_from(made))
        if len(made) > 1:
            uow.archive(gone)
        uow.settle()
        assert deal.amount == sum(line.amount for line in made if line.archived_at is None)

    check()


def test_lines_added_in_bulk_count_too(crm: Crm, uow: Uow, make: Any):
    one, two = make(Deal), make(Deal)
    uow.add_many(DealLine, [{"deal_id": d.id, "title": "x", "price": D("0.10"), "quantity": D(3)} for d in (one, two, two)])
    uow.settle()
    assert (one.amount, two.amount) == (D("0.30"), D("0.60"))


def test_with_lines_the_amount_is_not_for_typing(uow: Uow, make: Any):
    deal = make(Deal, amount=D(5))
    make(DealLine, deal_id=deal.id, price=D(10), quantity=D(2), discount=D(10), discount_amount=D("0.50"))
    assert deal.amount == D("17.50")
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        deal.amount = D(99)
        uow.flush()
    assert paths(refused) == ["amount"]
    assert "17.50" in refused.value.problems[0].message


@pytest.mark.parametrize(
    "values, path",
    [({"price": D(-1)}, "price"), ({"price": D(1), "discount": D(101)}, "discount"), ({"price": D(1), "discount_amount": D(2)}, "discount_amount"),
     ({"price": D(10) ** 11, "quantity": D(10) ** 10}, "price")],
)  # fmt: skip
def test_lines_that_cannot_be_are_refused(uow: Uow, make: Any, values: dict[str, D], path: str):
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        uow.add(DealLine(deal_id=make(Deal).id, title="x", **values))
        uow.flush()
    assert paths(refused) == [path]


# ---- forecast ---------------------------------------------------------------------------------------------------
def test_what_is_to_be_expected(uow: Uow, make: Any):
    deal = make(Deal, amount=D("1000.01"))
    assert (deal.chance, deal.expected_amount, deal.forecast_category) == (10, D("100.00"), ForecastCategory.PIPELINE)
    uow.move(deal, SALES["offer"])
    assert (deal.chance, deal.expected_amount, deal.forecast_category) == (50, D("500.01"), ForecastCategory.BEST_CASE)
    deal.probability, deal.forecast = 35, ForecastCategory.COMMIT
    uow.settle()
    assert (deal.chance, deal.expected_amount, deal.forecast_category) == (35, D("350.00"), ForecastCategory.COMMIT)
    uow.move(deal, SALES["won"])
    assert (deal.chance, deal.expected_amount, deal.forecast_category) == (100, D("1000.01"), ForecastCategory.CLOSED)
    assert deal.closed_at == uow.now
    with pytest.raises(Invalid) as refused:  # noqa: PT012
        deal.probability = 101
        uow.flush()
    assert paths(refused) == ["probability"]


class TestOwnChances:
    @pytest.fixture
    def crm_settings(self) -> dict[str, Any]:
        return {
            "sales": {"probability": {"sales": {"new": 1}, "north": {"offer": 80}}, "forecast": {"sales": {"new": "omitted"}}},
            "pipelines": {"north": {"like": "sales"}},
        }

    def test_chances_are_settings(self, crm: Crm, uow: Uow, make: Any):
        assert make(Deal).chance == 1
        assert make(Deal).forecast_category is ForecastCategory.OMITTED
        north = crm.pipelines["north"]
        assert make(Deal, into=north["offer"], amount=D(1)).chance == 80
        assert make(Deal, into=north["negotiation"], amount=D(1)).chance == 75, "what is not said is as in the pipeline it is like"


# ---- next steps -------------------------------------------------------------------------------------------------
class TestNextSteps:
    @pytest.fixture
    def crm_settings(self) -> dict[str, Any]:
        return {"sales": {"next_step_in": ["offer", "negotiation"]}}

    def test_a_stage_may_ask_for_one(self, crm: Crm, uow: Uow, make: Any, client: Any):
        deal = make(Deal, amount=D(5))
        run(crm, uow, "sales.deal.register_call", deal, note="talked")
        uow.settle()
        assert uow.can_move(deal, SALES["offer"]).missing == ("next_step",)
        client.act_as(Actor(1, "Boss", roles=["director"]))
        answer = client.post(f"/api/sales/deal/{deal.id}/move", json={"stage": "offer"})
        assert answer.status_code == 422
        assert "next_step" in answer.text
        plan(uow, deal, "call", "ask", uow.now + dt.timedelta(days=1))
        uow.move(deal, SALES["offer"])

    def test_a_deal_whose_only_step_is_done_asks_for_another(self, crm: Crm, uow: Uow, make: Any):
        deal = make(Deal, amount=D(5))
        uow.move(deal, SALES["offer"])
        uow.settle()
        assert deal.no_next_step is False
        run(crm, uow, "sales.deal.register_call", deal, note="talked")
        uow.settle()
        assert deal.no_next_step is True
        assert uow.find(Deal).where({"no_next_step": True}).ids() == [deal.id]
        plan(uow, deal, "call", "again", uow.now + dt.timedelta(days=1))
        uow.settle()
        assert deal.no_next_step is False
        run(crm, uow, "sales.deal.register_call", deal, note="talked")
        uow.move(deal, SALES["qualified"])
        uow.settle()
        assert deal.no_next_step is False


# ---- what happens by itself -------------------------------------------------------------------------------------
def test_deals_get_their_steps(crm: Crm, uow: Uow, make: Any, clock: Any, deliver: Any):
    deal = make(Deal, amount=D(5), owner_id=7)
    first = uow.find(Activity).one()
    assert (first.owner_id, first.due_at) == (7, clock.now() + dt.timedelta(days=1))
    uow.move(deal, SALES["offer"])
    uow.settle()
    before = uow.find(Activity).count()
    deliver(until=dt.timedelta(days=6))
    assert uow.find(Activity).count() == before + 1
    uow.move(deal, SALES["won"])
    uow.settle()
    assert not has_next_step(uow, deal)


def test_decimal_context_of_others_does_no_harm(uow: Uow, make: Any):
    with decimal.localcontext(decimal.Context(prec=4)):
        assert line_amount(D("123.456"), D("9999.99"), D("1.5"), D(0)) == D("1216040.38")
