"""Shown while typing, under the rules of who types."""

from __future__ import annotations

import typing as t

import pytest
import sqlalchemy as sa

from crmkit import Actor
from crmkit.duplicates import live
from tests.duplicates.people import Number, Person

IVAN = {"name": "Иванов Иван", "phone": "8 916 123 45 67"}


@pytest.fixture
def ivan(make):
    return make(Person, **IVAN, city="Пермь", owner_id=7)


def ask(client: t.Any, values: t.Any, **more: t.Any) -> t.Any:
    answer = client.post("/x/duplicates/check", json={"kind": "people.person", "values": values, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["candidates"]


def test_the_best_few_with_their_reasons(client, make, ivan):
    for number in range(20):
        make(Person, name=f"Somebody {number}", phone=f"8 495 000 00 {number:02}")
    client.act_as(Actor(1, "Olga", roles=["lead"], language="ru"))
    found = ask(client, {"name": "ivanov vanya", "phone": "+79161234567"})
    assert [c["id"] for c in found] == [ivan.id]
    assert 0.5 < found[0]["score"] < 0.95  # a brother may be called Ivan, and use his telephone
    assert "одинаковый телефон: +7 916 123-45-67" in [r["text"] for r in found[0]["reasons"]]
    assert found[0]["values"] == {"name": "Иванов Иван", "phone": "8 916 123 45 67", "city": "Пермь"}


def test_several_values_and_parts(client, make, ivan):
    other = make(Person, name="Зябликов Ермолай")
    make(Number, person_id=other.id, value="8 342 200 10 10")
    client.act_as(Actor(1, "Olga", roles=["lead"]))
    found = ask(client, {"name": "Ermolay Zyablikov", "phone": ["8 800 1", "+7 342 200-10-10"]})
    assert [c["id"] for c in found] == [other.id]
    assert found[0]["values"]["<people_number>value?kind=phone"] == ["8 342 200 10 10"]


def test_a_record_is_no_duplicate_of_itself(client, ivan):
    client.act_as(Actor(1, "Olga", roles=["lead"]))
    assert ask(client, IVAN)
    assert ask(client, IVAN, id=ivan.id) == []


def test_archived_records_are_not_shown(client, uow, ivan):
    uow.archive(ivan)
    uow.commit()
    client.act_as(Actor(1, "Olga", roles=["lead"]))
    assert ask(client, IVAN) == []


def test_the_row_rule_holds(client, make, ivan, monkeypatch):
    monkeypatch.setattr(live, "LOOKED_AT", 2)
    for number in range(4):  # what is not seen may not crowd out what is
        make(Person, **IVAN, city="Пермь", note=str(number))
    client.act_as(Actor(7, "Boris", roles=["clerk"]))
    assert [c["id"] for c in ask(client, IVAN)] == [ivan.id]
    client.act_as(Actor(8, "Anna", roles=["clerk"]))
    assert ask(client, IVAN) == []
    client.act_as(Actor(9, "Nobody", roles=["stranger"]))
    assert client.post("/x/duplicates/check", json={"kind": "people.person", "values": IVAN}).status_code == 403


def test_a_hidden_field_neither_finds_nor_tells(client, make, ivan):
    client.act_as(Actor(1, "Olga", roles=["outsider"]))
    assert ask(client, {"phone": "8 916 123 45 67"}) == []
    with_phone, without = ask(client, IVAN), ask(client, {"name": IVAN["name"]})
    assert with_phone == without  # typing numbers tells nothing about whose they are
    rare = make(Person, name="Зябликов Ермолай Силантьевич", phone="8 342 200 10 10", city="Пермь", code="614000", street="Мира 5")
    found = ask(client, {"name": rare.name, "phone": rare.phone, "city": "Пермь", "code": "614000", "street": "Мира 5"})
    assert [c["id"] for c in found] == [rare.id]
    assert "phone" not in found[0]["values"]
    assert all("phone" not in r["fields"] for r in found[0]["reasons"])


def test_hidden_parts_neither(client, make):
    other = make(Person, name="Зябликов Ермолай")
    make(Number, person_id=other.id, value="8 342 200 10 10")
    client.act_as(Actor(1, "Olga", roles=["blind"]))
    assert ask(client, {"phone": "+7 342 200-10-10"}) == []


@pytest.mark.parametrize(
    "body, path",
    [
        ({}, ""),
        ([], ""),
        ({"kind": "people.person", "values": []}, ""),
        ({"kind": "people.prson", "values": {}}, "kind"),
        ({"kind": "people.person", "values": {"nmae": "x"}}, "values.nmae"),
    ],
)
def test_bad_questions_are_answered_in_sentences(client, body, path):
    answer = client.post("/x/duplicates/check", json=body)
    assert answer.status_code == 422
    assert path in [e["path"] for e in answer.json()["problems"]], answer.text


@pytest.mark.parametrize("value", [None, 5, True, {"a": 1}, [None, 3], "", "�😀", "я" * 5000])
def test_any_value_may_be_typed(client, ivan, value):
    assert ask(client, {"name": value, "phone": value, "street": value}) == []


def test_it_looks_at_few_rows_and_asks_few_questions(crm, client, uow, ivan, queries):
    uow.add_many(Person, [{"name": f"Иванов Пётр{n}", "city": "Пермь"} for n in range(400)])
    uow.commit()
    client.act_as(Actor(1, "Olga", roles=["lead"]))
    queries.clear()
    with queries.at_most(14):
        found = ask(client, IVAN | {"city": "Пермь"})
    assert [c["id"] for c in found] == [ivan.id]
    with crm.read() as reading:
        assert reading.connection.execute(sa.select(sa.func.count()).select_from(Person.__table__)).scalar_one() == 401
