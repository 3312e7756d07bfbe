"""What an operator meets: the card that opens by itself, choosing the client, control, writing up, the line above every page."""

from __future__ import annotations

import datetime as dt
import json
import re
from html import unescape

import pytest

from crmkit import Actor, Role
from crmkit.activities import Activity
from crmkit_sales import Company, Contact, ContactPoint, Deal, Inquiry, Source, Way
from crmkit_telephony import ROLES, Call, CallEvent, CallState, Capability, DoNotCall, EventType, OurNumber, Outcome, call, parties, take

ANN, BEN, EVE = (Actor(id, name, ("manager",)) for id, name in ((7, "Анна"), (8, "Бен"), (9, "Ева")))
ANNA = "+79123456789"
RU = {"accept-language": "ru"}
PART = {"hx-request": "true", "hx-request-type": "partial", "origin": "http://testserver", **RU}
WINDOW = {**PART, "crm-window": "win-2", "hx-target": "div#win-2"}


@pytest.fixture
def crm_roles():
    from crmkit_sales.roles import ROLES as SALES

    grants = {**next(r for r in SALES if r.name == "manager").grants, **next(r for r in ROLES if r.name == "manager").grants}
    more = dict.fromkeys(("sales.contact.*", "sales.company.*", "sales.inquiry.*", "sales.deal.*"), "all")
    return [Role("manager", {**grants, **more}), Role("guest", {})]


@pytest.fixture
def tell(uow, pbx, clock):
    """Pass on what the telephones told; returns the call it is about."""

    def tell() -> Call:
        with uow.crm.uow() as told:
            key = take(told, "paper", pbx.heard())[-1].id
        uow.refresh()
        return uow.get(Call, key)

    return tell


def triggers(answer):
    return json.loads(answer.headers["hx-trigger"])


def pops(client, actor):
    answer = client.act_as(actor).get(f"/_/pop/telephony.phone/{actor.id}", headers=RU)
    return answer.json()["windows"] if answer.status_code == 200 else []


def test_the_card_opens_for_whoever_is_rung_and_stays_until_it_is_written_up(client, make, lines, pbx, tell, clock, uow):
    make(Contact, name="Мария Седова", phone=ANNA)
    ringing = pbx.ring(ANNA, "101")
    made = tell()
    assert pops(client, ANN) == [{"url": f"/telephony/card/{made.id}", "title": "Мария Седова", "kind": "call", "urgent": True}]
    assert pops(client, BEN) == []
    assert client.act_as(BEN).get("/_/pop/telephony.phone/7", headers=RU).status_code == 204
    assert client.act_as(BEN).get(f"/telephony/card/{made.id}").status_code == 404
    card = client.act_as(ANN).get(f"/telephony/card/{made.id}", headers=RU).text
    assert "Звонит вам" in card
    assert "+7 912 345-67-89" in card
    assert "Удержать" not in card  # nobody talks yet
    clock.forward(seconds=4)
    pbx.answer(ringing)
    tell()
    head = client.act_as(ANN).get(f"/telephony/card/{made.id}/part/head", headers=PART).text
    assert re.findall(r"do/(\w+)", head) == ["hold", "hang_up"]
    assert "Перевести" in head
    clock.forward(seconds=60)
    pbx.end(ringing)
    tell()
    assert [(w["opens"], w["urgent"]) for w in pops(client, ANN)] == [(False, False)]
    saved = client.act_as(ANN).post(f"/telephony/card/{made.id}/save", data={"note": " Просила каталог "}, headers=WINDOW)
    assert (triggers(saved)["crm:toast"]["text"], "crm:close" in triggers(saved)) == ("Записано", True)
    uow.refresh()
    assert (made.note, made.wrapped_at, made.outcome) == ("Просила каталог", clock.now(), Outcome.ANSWERED)
    assert pops(client, ANN) == []


def test_a_call_nobody_took_closes_its_card(client, make, lines, pbx, tell, clock):
    ringing = pbx.ring(ANNA, "101")
    tell()
    assert len(pops(client, ANN)) == 1
    clock.forward(seconds=20)
    pbx.end(ringing)
    tell()
    assert pops(client, ANN) == []


def test_the_card_stays_when_the_telephone_is_put_down_before_the_call_is_over(client, make, lines, pbx, tell, clock, uow):
    pbx.answer(pbx.ring(ANNA, "101"))
    made = tell()
    (mine,) = parties(uow, made)
    with uow.crm.uow() as told:
        down = {"call": "c1", "number": ANNA, "incoming": True, "extension": "101", "leg": mine.key}
        take(told, "paper", [CallEvent(type=EventType.LEG_ENDED, key="down", at=clock.now(), **down)])
    uow.refresh()
    assert made.state is not CallState.ENDED
    assert [w["opens"] for w in pops(client, ANN)] == [False]


def test_a_group_has_the_card_at_every_telephone_that_rings(client, make, lines, pbx, tell, clock, uow):
    pbx.ring(ANNA, "101")
    made = tell()
    both = {"call": "c1", "number": ANNA, "incoming": True, "extension": "102", "leg": "c1-2"}
    for kind in (EventType.AGENT_RINGING, EventType.LEG_ENDED):
        with uow.crm.uow() as told:
            take(told, "paper", [CallEvent(type=kind, key=f"second {kind}", at=clock.now(), **both)])
        assert len(pops(client, BEN)) == (kind is EventType.AGENT_RINGING)
        assert client.get(f"/telephony/card/{made.id}").status_code == 200  # it was at his telephone
        assert len(pops(client, ANN)) == 1


@pytest.mark.parametrize("crm_settings", [{"telephony": {"pop_at": "answer"}}])
def test_the_card_may_open_at_the_answer(client, make, lines, pbx, tell):
    ringing = pbx.ring(ANNA, "101")
    tell()
    assert [w["opens"] for w in pops(client, ANN)] == [False]
    pbx.answer(ringing)
    tell()
    assert "opens" not in pops(client, ANN)[0]


def test_of_several_with_the_number_somebody_chooses(client, make, lines, pbx, tell, uow):
    firm = make(Company, name="Ромашка")
    first, second = make(Contact, name="Мария", phone=ANNA, company_id=firm.id), make(Contact, name="Иван")
    make(ContactPoint, contact_id=second.id, way=Way.PHONE, value=ANNA)
    deal = make(Deal, title="Кухня", contact_id=second.id, owner_id=7)
    pbx.ring(ANNA, "101")
    made = tell()
    person = client.act_as(ANN)
    who = person.get(f"/telephony/card/{made.id}/part/who", headers=PART).text
    assert "Кто это?" in who
    assert [json.loads(unescape(v)) for v in re.findall(r"hx-vals='([^']*)'", who)] == [
        {"kind": "sales.contact", "id": first.id}, {"kind": "sales.contact", "id": second.id}]  # fmt: skip
    assert "Ромашка" in who
    chosen = person.post(f"/telephony/card/{made.id}/whose", data={"kind": "sales.contact", "id": str(second.id)}, headers=PART).text
    assert "Кухня" in chosen
    assert f"/sales/deal/{deal.id}" in chosen
    uow.refresh()
    assert made.contact_id == second.id
    assert "Кто это?" in person.post(f"/telephony/card/{made.id}/whose", headers=PART).text
    uow.refresh()
    assert made.contact_id is None
    for given in ({"kind": "sales.contact", "id": "999"}, {"kind": "sales.source", "id": "1"}, {"kind": "x", "id": "x"}):
        assert person.post(f"/telephony/card/{made.id}/whose", data=given, headers=PART).status_code == 404
    assert client.act_as(EVE).post(f"/telephony/card/{made.id}/whose", headers=PART).status_code == 404


def test_somebody_unknown_comes_with_the_inquiry_and_its_advertising(client, make, lines, pbx, tell, uow):
    radio = make(Source, name="Радио")
    make(OurNumber, number="+74950000001", source_id=radio.id)
    pbx.ring(ANNA, "101", our_number="+74950000001")
    made = tell()
    inquiry = uow.get(Inquiry, made.inquiry_id)
    assert inquiry.source_id == radio.id
    card = client.act_as(ANN).get(f"/telephony/card/{made.id}", headers=RU).text
    assert "звонит на +7 495 000-00-01" in card
    assert "Радио" in card
    assert f"/sales/inquiry/{inquiry.id}" in card
    new = unescape(re.search(r'href="(/sales/inquiry/new[^"]*)"', card)[1])
    assert f"source_id={radio.id}" in new
    assert "channel=call" in new
    assert 'value="+79123456789"' in client.act_as(ANN).get(new, headers=RU).text
    make(Contact, name="Мария Седова", phone=ANNA)  # written down meanwhile
    client.act_as(ANN).post(f"/telephony/card/{made.id}/save", data={"note": "x"}, headers=PART)
    assert "Мария Седова" in client.act_as(ANN).get(f"/telephony/card/{made.id}/part/who", headers=PART).text


def test_a_number_is_called_from_where_it_stands(client, make, lines, pbx, tell, deliver, uow):
    anna = make(Contact, name="Мария", phone=ANNA, owner_id=7)
    deal = make(Deal, title="Кухня", contact_id=anna.id, owner_id=7)
    assert "tel-b" not in client.act_as(EVE).get(f"/sales/contact/{anna.id}").text  # no telephone
    person = client.act_as(ANN)
    assert "tel-b" in person.get(f"/sales/contact/{anna.id}").text
    told = triggers(person.post("/telephony/dial", data={"number": ANNA, "kind": "sales.deal", "id": str(deal.id)}, headers=PART))
    made = uow.find(Call).one()
    assert (made.deal_id, made.contact_id, made.owner_id) == (deal.id, anna.id, 7)
    assert told["telephony:card"] == {"url": f"/telephony/card/{made.id}", "title": "Звоним: Мария"}
    strip = person.get("/_/strip/telephony/bar", headers=PART).text
    assert "Мария" in strip
    assert "do/hang_up" in strip
    deliver()
    assert pbx.dialled == [ANNA]
    tell()
    assert [w.get("opens") for w in pops(client, ANN)] == []  # whoever asked has the card
    pbx.pick_up(next(iter(pbx.calls.values())))
    pbx.answer(next(iter(pbx.calls.values())))
    tell()
    assert [w["opens"] for w in pops(client, ANN)] == [False]
    make(DoNotCall, number="+79990000000")
    barred = person.post("/telephony/dial", data={"number": "+79990000000"}, headers=PART)
    assert (barred.status_code, "стоп-лист" in barred.json()["detail"]) == (409, True)
    assert person.post("/telephony/dial", data={"number": "abc"}, headers=PART).status_code == 422
    assert client.act_as(EVE).post("/telephony/dial", data={"number": ANNA}, headers=PART).status_code == 409


def test_a_call_is_held_taken_back_handed_over_and_ended(client, make, lines, pbx, tell, deliver, uow):
    ringing = pbx.ring(ANNA, "101")
    pbx.answer(ringing)
    made = tell()
    person = client.act_as(ANN)

    def do(what, **form):
        return person.post(f"/telephony/card/{made.id}/do/{what}", data=form, headers=PART)

    assert triggers(do("hold"))["crm:telephony.phone"] == {"own": True}
    assert "Удерживаем…" in person.get(f"/telephony/card/{made.id}/part/head", headers=PART).text
    deliver()
    assert ringing.held
    people = person.get(f"/telephony/colleagues?call={made.id}&q=", headers=PART).text
    assert re.findall(r'"to": "(\w+)", "how": "(\w+)"', unescape(people)) == [("102", "blind"), ("102", "attended")] or "102" in people
    assert "+7 999 000-00-00" in person.get(f"/telephony/colleagues?call={made.id}&q=89990000000", headers=PART).text
    assert "Никого" in person.get(f"/telephony/colleagues?call={made.id}&q=zzz", headers=PART).text
    do("transfer", to="102", how="blind")
    deliver()
    assert ringing.extension == "102"
    assert do("transfer", to=" ").status_code == 422
    do("hang_up")
    deliver()
    assert ringing.ended_at is not None
    assert do("dance").status_code == 404
    assert client.act_as(BEN).post(f"/telephony/card/{made.id}/do/hold", headers=PART).status_code == 404


def test_what_a_provider_cannot_do_is_not_offered(client, make, lines, pbx, tell, monkeypatch):
    monkeypatch.setattr(pbx, "capabilities", frozenset({Capability.ORIGINATE, Capability.TRANSFER}))
    ringing = pbx.ring(ANNA, "101")
    pbx.answer(ringing)
    made = tell()
    head = client.act_as(ANN).get(f"/telephony/card/{made.id}/part/head", headers=PART).text
    assert head.count("do/") == head.count("do/ended") == 1  # who cannot be asked is told
    assert "Перевести" in head
    assert "Сначала поговорить" not in client.act_as(ANN).get(f"/telephony/colleagues?call={made.id}", headers=PART).text
    monkeypatch.setattr(pbx, "capabilities", frozenset({Capability.ORIGINATE}))
    assert "пользуйтесь телефоном" in client.act_as(ANN).get(f"/telephony/card/{made.id}/part/head", headers=PART).text


def test_a_next_step_belongs_to_the_client_and_voicemail_is_said(client, make, lines, pbx, tell, clock, uow):
    anna = make(Contact, name="Мария", phone=ANNA)
    ringing = pbx.ring(ANNA, "101")
    pbx.answer(ringing)
    clock.forward(seconds=9)
    pbx.end(ringing)
    made = tell()
    person, due = client.act_as(ANN), clock.now() + dt.timedelta(days=1)
    said = person.post(f"/telephony/card/{made.id}/said", data={"outcome": "voicemail"}, headers=PART)
    assert re.search(r'aria-pressed="true">([^<]*)', said.text)[1] == "Автоответчик"
    assert person.post(f"/telephony/card/{made.id}/said", data={"outcome": "x"}, headers=PART).status_code == 404
    given = {"note": "Позвонить завтра", "subject": "", "due_at": due.strftime("%Y-%m-%dT%H:%M")}
    early = person.post(f"/telephony/card/{made.id}/save", data={**given, "due_at": "2020-01-01T10:00"}, headers=PART)
    assert (early.status_code, "время в будущем" in early.text, "Позвонить завтра" in early.text) == (422, True, True)
    assert person.post(f"/telephony/card/{made.id}/save", data=given, headers=WINDOW).status_code == 200
    uow.refresh()
    step = uow.find(Activity).one()
    assert (step.subject, step.about_id, step.owner_id) == ("Перезвонить", anna.id, 7)
    assert (made.said, made.outcome) == (Outcome.VOICEMAIL, Outcome.VOICEMAIL)
    page = person.get(f"/sales/contact/{anna.id}", headers=RU).text
    assert page.count("Автоответчик") >= 2  # beside the timeline, and in it
    assert "Позвонить завтра" in page


def test_without_a_client_there_is_no_step(client, make, lines, pbx, tell, uow):
    pbx.ring("anonymous", "101")
    made = tell()
    assert "Номер скрыт" in client.act_as(ANN).get(f"/telephony/card/{made.id}", headers=RU).text or made.given
    wrong = client.act_as(ANN).post(f"/telephony/card/{made.id}/save", data={"subject": "Перезвонить"}, headers=PART)
    assert (wrong.status_code, "сначала выберите клиента" in wrong.text) == (422, True)


def test_the_line_above_the_page_has_all_ones_calls(client, make, lines, pbx, tell, deliver, uow):
    assert " hidden" in client.act_as(ANN).get("/_/strip/telephony/bar", headers=PART).text
    first, _second = pbx.ring(ANNA, "101"), pbx.ring("+79990000000", "101")
    pbx.answer(first)
    tell()
    text = client.act_as(ANN).get("/_/strip/telephony/bar", headers=PART).text
    assert text.count("telb-c ") == 2
    assert text.count("data-window") == 2
    assert "Звонит вам" in text
    assert " hidden>" in client.act_as(BEN).get("/_/strip/telephony/bar", headers=PART).text
    assert client.act_as(Actor(5, "Guest", ("guest",))).get("/_/strip/telephony/bar", headers=PART).status_code == 403


def test_trouble_is_told_at_the_card(client, make, lines, pbx, deliver, uow):
    from crmkit_telephony import ProviderError

    pbx.faults["originate"] = [ProviderError("линия занята настройкой")]
    with uow.crm.uow(ANN) as mine:
        key = call(mine, ANNA).id
    deliver()
    card = client.act_as(ANN).get(f"/telephony/card/{key}", headers=RU).text
    assert "линия занята настройкой" in card
    assert uow.get(Call, key).state is CallState.ENDED
