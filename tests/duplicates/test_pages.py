"""Duplicates on the screen: the review list, beside a record, and while typing."""

from __future__ import annotations

import html
import re

import pytest

from crmkit import Actor
from crmkit.duplicates import Pair, PairState
from tests.duplicates.people import Number, Person

LEAD, CLERK, OUTSIDER, STRANGER = (Actor(n, r, (r,)) for n, r in ((1, "lead"), (2, "clerk"), (3, "outsider"), (4, "stranger")))
RU = {"accept-language": "ru"}
HX = {"hx-request": "true", "hx-request-type": "partial", **RU}


def text(page: str) -> str:
    found = re.sub(r"<(script|style|svg).*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.fixture
def twins(make, deliver, clock):
    one = make(Person, name="Анна Петрова", phone="+79001112233", email="anna@example.ru", city="Пермь", owner_id=1)
    two = make(Person, name="Петрова Анна", phone="8 900 111-22-33", owner_id=1)
    clock.forward(seconds=30)
    deliver()
    return one, two


@pytest.fixture
def pair(uow, twins):
    return uow.find(Pair).one()


def test_pairs_stand_side_by_side_with_reasons_in_words(client, pair):
    said = text(client.act_as(LEAD).get("/duplicates/review", headers=RU).text)
    assert "Анна Петрова" in said
    assert "сходство" in said
    assert "Телефон" in said
    assert f"/people/person/{pair.a_id}/merge?with={pair.b_id}" in client.get("/duplicates/review").text


def test_words_follow_the_page_not_the_person_and_phones_are_read_in_groups(client, pair):
    client.act_as(Actor(1, "lead", ("lead",), language="ru")).cookies.set("crmkit_language", "en")
    said = text(client.get("/duplicates/review").text)
    assert "the same phone: +7 900 111-22-33" in said
    assert "одинаков" not in said
    assert said.count("+7 900 111-22-33") == 3  # the reason, and both sides
    api = client.get("/x/duplicates/pairs?kind=people.person").json()
    assert any(r["text"].startswith("the same phone") for r in api["pairs"][0]["reasons"])
    client.cookies.clear()
    assert "одинаковый телефон" in text(client.get("/duplicates/review").text)


def test_what_parts_hold_stands_with_the_field_it_is_compared_to(client, make, deliver, clock):
    for name in ("Анна Петрова", "Петрова Анна"):
        make(Number, person_id=make(Person, name=name, phone="+79001112233", city="Пермь", owner_id=1).id, value="+79004445566")
    clock.forward(seconds=30)
    deliver()
    said = text(client.act_as(LEAD).get("/duplicates/review", headers=RU).text)
    assert said.count("+7 900 111-22-33, +7 900 444-55-66") == 2
    assert "Номер " not in said


def test_a_list_of_what_is_compared_leads_there(client, crm):
    link = 'href="/duplicates/review?kind=people.person"'
    assert link in client.act_as(LEAD).get("/people/person/more", headers=HX).text
    assert link not in client.act_as(STRANGER).get("/people/person/more", headers=HX).text
    others = [kind for kind in crm.kinds.values() if not kind.key.startswith("people.")]
    assert all("/duplicates/review" not in client.act_as(LEAD).get(f"/{kind.key.replace('.', '/', 1)}/more", headers=HX).text for kind in others[:2])


def test_a_decision_is_taken_and_taken_back(client, uow, pair):
    client.act_as(LEAD)
    gone = client.post("/duplicates/review", data={"pair": pair.id, "decision": "different"}, headers=HX)
    assert "Отмечены как разные" in text(gone.text)
    assert uow.get(Pair, pair.id).state is PairState.DIFFERENT
    assert "Дубликатов на разбор нет" in text(client.get("/duplicates/review", headers=RU).text)
    back = client.post("/duplicates/review", data={"pair": pair.id, "decision": "open"}, headers=HX)
    assert "Анна Петрова" in back.text
    assert uow.get(Pair, pair.id).state is PairState.OPEN


@pytest.mark.parametrize("data", [{"decision": "merged"}, {"decision": "different"}, {"pair": "x", "decision": "open"}, {}])
def test_a_wrong_decision_is_refused(client, pair, data):
    assert client.act_as(LEAD).post("/duplicates/review", data=data, headers=HX).status_code == 422


def test_who_does_not_see_both_sees_no_pair(client, pair):
    assert "Петрова" not in client.act_as(CLERK).get("/duplicates/review").text
    assert client.post("/duplicates/review", data={"pair": pair.id, "decision": "different"}, headers=HX).status_code == 404
    assert "Ничего не сравнивается" in text(client.act_as(STRANGER).get("/duplicates/review", headers=RU).text)


def test_hidden_fields_are_neither_shown_nor_a_reason(client, pair):
    page = client.act_as(OUTSIDER).get("/duplicates/review", headers=RU).text
    assert "111" not in page
    assert "Телефон" not in text(page)


def test_a_record_s_page_names_what_may_be_the_same(client, twins, pair):
    page = client.act_as(LEAD).get(f"/people/person/{twins[0].id}", headers=RU)
    assert f"/people/person/{twins[0].id}/merge?with={twins[1].id}" in page.text
    assert "Возможные дубликаты" in page.text


def said(client, **values):
    answer = client.post("/_/beside/duplicates/while_typing/people.person", data=values, headers=HX)
    assert answer.status_code == 200
    return text(answer.text)


def test_while_typing_one_is_told_who_is_here_already(client, twins):
    client.act_as(LEAD)
    assert "data-plugin" in client.post("/_/beside/duplicates/while_typing/people.person", data={"name": "Петрова Анна"}, headers=HX).text
    assert "Возможно, уже есть" in said(client, name="Анна Петрова", phone="8 900 111 22 33", note="x", unknown="y")
    assert said(client, name="Ан") == ""
    assert said(client) == ""
    assert said(client, name="Кто-то другой") == ""


def test_while_typing_nothing_is_told_that_one_may_not_see(client, twins):
    assert said(client.act_as(CLERK), name="Анна Петрова", phone="8 900 111 22 33") == ""
    hidden = said(client.act_as(OUTSIDER), phone="8 900 111 22 33")
    assert hidden == ""
    assert client.post("/_/beside/duplicates/while_typing/no.such", data={}, headers=HX).status_code == 404
    assert client.post("/_/beside/duplicates/nothing/people.person", data={}, headers=HX).status_code == 404


def test_forms_ask_beside_themselves(client):
    page = client.act_as(LEAD).get("/people/person/new").text
    assert "/_/beside/duplicates/while_typing/people.person" in page
    assert "/_/beside/" not in client.act_as(STRANGER).get("/people/person/new").text
