"""What opens a service, whose it is, and what becomes of devices and of children who grow up."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Role
from crmkit_prosthesis_feedback import (
    ROLES,
    Device,
    DeviceState,
    Ended,
    Feedback,
    Group,
    Respondent,
    Service,
    Skipped,
    collect,
    correct,
    cross,
    cross_all,
    end_device,
    found_again,
    issue_device,
    open_incident,
    preview_crossing,
)
from crmkit_prosthesis_feedback.commands import end, go_on, postpone
from crmkit_sales import SALES, Assignee, Contact, Deal, DealLine

from .people import answers_to, astray, cards_of, won


@pytest.fixture
def crm_roles():
    return [*ROLES, Role("everything", {"prosthesis_feedback.*": "all", "sales.*": "all"})]


ONE = {"amount": 100, "closes_on": dt.date(2026, 3, 1)}


class TestSettings:
    """By lines, at another stage, by another day, shared among two people."""

    @pytest.fixture
    def crm_settings(self):
        return {
            "crmkit": {"timezone": "Europe/Moscow"},
            "prosthesis_feedback": {
                "opens_at": "sales.negotiation", "issued": "closes_on", "models": ["hand", "PX-"], "team": 5, "reasons": {"theft": {
                    "label": "Stolen", "pipeline": "incident_other"}},
            },
            "pipelines": {"export": {"of": "sales.deal", "like": "sales"}},
        }  # fmt: skip

    def test_devices_come_from_lines(self, crm, uow, make):
        for number in (11, 12):
            uow.add(Assignee(name=f"C{number}", user_id=number, team_id=5))
        anna = make(Contact, name="Anna", phone="+74232200000", born_on=dt.date(2015, 3, 3))
        owners = []
        for number in range(3):
            deal = uow.add(Deal(title="D", contact_id=anna.id if number == 2 else make(Contact).id, **ONE), into=crm.pipelines["export"]["offer"])
            uow.flush()
            for title, sku, quantity in (("A Hand of children", None, 2), ("Glove", "PX-1", 1), ("Cream", "C", 5)):
                uow.add(DealLine(deal_id=deal.id, title=title, sku=sku, quantity=quantity, price=1))
            uow.move(deal, crm.pipelines["export"]["negotiation"])
            uow.settle()
            owners.append(uow.find(Service).order_by(Service.id.desc()).first().owner_id)
        assert owners == [11, 12, 11]
        service = uow.find(Service).where(Service.contact_id == anna.id).one()
        assert (service.team_id, service.group, service.respondent, service.zone) == (5, Group.CHILD, Respondent.GUARDIAN, "Asia/Vladivostok")
        devices = uow.find(Device).where(Device.service_id == service.id).all()
        assert [d.model for d in devices] == ["A Hand of children", "A Hand of children", "Glove"]
        assert {d.issued_on for d in devices} == {dt.date(2026, 3, 1)}
        cards = cards_of(uow, service)
        assert [c.ideal for c in cards] == [dt.date(2026, 3, 8)] * 3  # a Sunday and a holiday: called on the Tuesday after
        assert {c.planned_at for c in cards} == {dt.datetime(2026, 3, 10, 0, tzinfo=dt.UTC)}  # ten o'clock in Vladivostok
        uow.move(deal, SALES["offer"])
        uow.move(deal, SALES["negotiation"])
        nothing = uow.add(Deal(title="No device", contact_id=make(Contact).id, **ONE), into=SALES["negotiation"])
        uow.settle()
        assert (uow.find(Service).count(), uow.find(Device).count()) == (3, 9)
        assert uow.find(Service).where(Service.contact_id == nothing.contact_id).count() == 0


def test_a_second_deal_brings_a_second_device(crm, uow, make):
    service = won(uow)
    for contact_id in (service.contact_id, None):
        uow.add(Deal(title="Another hand", contact_id=contact_id, amount=5), into=SALES["won"])  # an import may write it so
    uow.settle()
    assert [d.model for d in uow.find(Device)] == ["Hand M1", "Another hand"]
    assert len(cards_of(uow, service)) == 2
    assert uow.find(Service).count() == 1
    assert astray(crm, uow) == []


def test_a_device_is_replaced_lost_and_found(crm, uow, clock):
    service = won(uow)
    (first,) = cards_of(uow, service)
    clock.forward(days=14)
    collect(uow, first, answers_to(uow, first), finish=True)
    old = uow.find(Device).one()
    clock.forward(days=16)
    new = issue_device(uow, service, model="Hand M2", serial="7", batch="b", replaces=old)
    assert (old.state, old.ended_on, new.replaces_id) == (DeviceState.REPLACED, dt.date(2026, 4, 1), old.id)
    assert {c.skipped for c in cards_of(uow, service) if c.device_id == old.id} == {None, Skipped.DEVICE}
    assert [c.period for c in cards_of(uow, service) if c.device_id == new.id] == ["week2"]
    end_device(uow, new, DeviceState.LOST)
    assert (service.stage, service.ended) == ("ended", Ended.NO_DEVICE)
    found_again(uow, new)
    assert (service.stage, service.ended) == ("active", None)
    end(service, uow, why=Ended.WITHDRAWN)
    assert {c.stage for c in cards_of(uow, service)} == {"done", "skipped"}
    go_on(service, uow)
    assert [c.stage for c in cards_of(uow, service) if c.device_id == new.id] == ["this_month"]
    assert astray(crm, uow) == []


def test_a_child_comes_of_age(crm, uow, clock):
    service = won(uow, born_on=dt.date(2008, 6, 10))
    (first,) = cards_of(uow, service)
    clock.forward(days=7)
    collect(uow, first, answers_to(uow, first), finish=True)
    clock.forward(days=93)
    assert cross_all(uow) == 1  # the run of the birthday was missed: it is the birthday all the same
    assert (service.crossed_on, service.group, service.respondent) == (dt.date(2026, 6, 10), Group.ADULT, Respondent.SELF)
    assert cross_all(uow) == 0
    cards = cards_of(uow, service)
    assert {c.period for c in cards if c.group is Group.CHILD and c.skipped is None} == {"week1", "week3", "month2", "month3"}
    assert {c.skipped for c in cards if c.group is Group.CHILD and c.ideal >= dt.date(2026, 6, 10)} == {Skipped.CROSSED}
    assert [c.period for c in cards if c.group is Group.ADULT][:2] == ["month6", "month9"]
    assert {c.title[0] for c in cards if c.group is Group.ADULT} == {"🧑"}
    service.born = dt.date(2010, 6, 10)  # it was a slip of the pen
    uow.settle()
    assert (service.crossed_on, service.group) == (None, Group.CHILD)
    assert {c.skipped for c in cards_of(uow, service) if c.group is Group.CHILD} == {None}
    told = preview_crossing(uow, service)
    done = cross(uow, service)
    assert [(c.period, c.after) for c in told] == [(c.period, c.after) for c in done]
    assert astray(crm, uow) == []


def test_an_edited_contact_takes_its_service_along(crm, uow, clock):
    service = won(uow)
    anna = uow.get(Contact, service.contact_id)
    anna.name, anna.phone, anna.born_on = "Anna Ivanova", "+74232200000", dt.date(2016, 1, 1)
    service.owner_id = 8
    uow.settle()
    (adult, child) = cards_of(uow, service)[::-1]
    assert (child.title, child.period, child.owner_id) == ("🧒 Anna Ivanova · 1 week", "week1", 8)
    assert (adult.skipped, adult.stage) == (Skipped.VERSION, "skipped")
    assert child.planned_at == dt.datetime(2026, 3, 10, 0, tzinfo=dt.UTC)
    clock.forward(days=60)
    correct(uow)
    postpone(child, uow, wanted_on=dt.date(2026, 6, 6))
    assert (child.stage, child.latest) == ("next_month", dt.date(2026, 6, 8))  # a Saturday: called on the Monday after
    assert astray(crm, uow) == []


def test_what_people_may_not_do_by_hand(crm, uow, client):
    service = won(uow)
    (card,) = cards_of(uow, service)
    incident = open_incident(uow, service, reason="visit", feedback=card)
    service.owner_id = card.owner_id = 3
    uow.commit()
    client.act_as(Actor(3, "Chief", roles=["everything"]))
    at = "/api/prosthesis_feedback"

    def told(answer):
        return answer.status_code, [p["message"] for p in answer.json().get("problems", [])]

    assert told(client.post(f"{at}/card/{card.id}/move", json={"stage": "done"}))[0] == 422
    assert told(client.patch(f"{at}/card/{card.id}", json={"ideal": "2026-09-01"}, headers={"If-Match": f'"{card.version}"'}))[0] == 422
    assert told(client.post(f"{at}/card", json={}))[0] == 422
    assert told(client.post(f"{at}/service/{service.id}/move", json={"stage": "finished"}))[0] == 422
    assert told(client.post(f"{at}/incident", json={"service_id": service.id, "reason": "war"}))[0] == 422
    second = client.post(f"{at}/incident", json={"service_id": service.id, "reason": "refit", "description": "tight"})
    assert (second.status_code, second.json()["pipeline"], second.json()["owner_id"]) == (201, "incident_refit", 3)
    path = f"{at}/incident/{second.json()['id']}"
    assert client.post(f"{path}/move", json={"stage": "solved"}).status_code == 422  # what was done is asked for
    closed = client.post(f"{path}/move", json={"stage": "solved", "values": {"resolution": "softer"}})
    assert closed.status_code == 200, closed.text
    assert client.post(f"{at}/incident/{incident.id}/do/close", json={"resolution": "seen", "policy": "skip"}).status_code == 200
    assert client.post(f"{at}/incident/{incident.id}/do/close", json={"resolution": "seen"}).status_code == 409
    assert client.post("/x/prosthesis_feedback/answers", json={"card": card.id, "answers": {"wears": 3}}).status_code == 422
    taken = client.post("/x/prosthesis_feedback/answers", json={"card": card.id, "answers": {"wears": "yes"}})
    assert (taken.status_code, taken.json()["stage"]) == (200, "this_month")
    device = uow.find(Device).one()
    assert client.post(f"{at}/device/{device.id}/do/lost", json={}).status_code == 200
    uow.refresh()
    assert (service.stage, card.stage, incident.stage) == ("ended", "skipped", "solved")
    assert uow.find(Feedback).count() == 1
    assert astray(crm, uow) == []
