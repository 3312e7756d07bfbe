"""How alike two records are, and why."""

from __future__ import annotations

import itertools
import types
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit import CompositionError, Crm, Plugin
from crmkit.duplicates import Duplicates, EmailAddress, Exact, Part, PersonName, PhoneNumber
from crmkit.duplicates import plugin as duplicates
from crmkit.duplicates.learn import learn
from crmkit.duplicates.model import Counted
from tests.duplicates.people import FIRMS, PEOPLE, Firm, Number, Person, plugin

USUAL = Counted(5000)
IVANOV = {"name": ["Иванов Иван Петрович"], "phone": ["8 916 123 45 67"], "born.on": ["1970-01-31"], "street": ["ул. Мира, 5"], "city": ["Пермь"]}


def judge(first: t.Any, second: t.Any, what: Duplicates = PEOPLE, counted: Counted = USUAL, without: frozenset[str] = frozenset()) -> t.Any:
    return what.judge(what.prepare(first), what.prepare(second), {}, what.weights(), counted, without)


def texts(judged: t.Any, language: str = "en") -> list[str]:
    return [r.words.to(language) for r in judged.reasons]


def test_the_same_person_in_two_alphabets():
    judged = judge(IVANOV, {"name": ["Ivan Ivanov"], "phone": ["+79161234567"], "born.on": ["31.01.1970"]})
    assert judged.score > 0.999
    assert "the same phone: +7 916 123-45-67" in texts(judged)
    assert "одинаковая дата рождения" in texts(judged, "ru")
    assert all(reason.fields for reason in judged.reasons)


@pytest.mark.parametrize(
    "other, reason",
    [
        ({"name": ["Ивановa Ивана"]}, None),
        ({"name": ["Ваня Иванов"]}, "a short form of the name: Ivan / Vanya"),
        ({"name": ["Иванов И. П."]}, "the initial fits: Ivan / I"),
        ({"name": ["Иавнов Иван"]}, "the family name is spelt alike: Ivanov / Iavnov"),
        ({"name": ["Иванова Иван"]}, "forms of one family name: Ivanov / Ivanova"),
        ({"born.on": ["1970-01-13"]}, "the date of birth differs by a slip: 31.01.1970 / 13.01.1970"),
        ({"phone": ["8 916 123 54 67"]}, "the phone differs by a slip: +7 916 123-45-67 / +7 916 123-54-67"),
        ({"city": ["г. Пермь"]}, "the same place: Perm"),
        ({"street": ["Мира, 7"]}, "the same street"),
    ],
)
def test_reasons(other, reason):
    found = texts(judge(IVANOV, IVANOV | other))
    assert reason is None or reason in found


def test_relatives_are_two_people():
    wife = IVANOV | {"name": ["Иванова Анна Сергеевна"], "born.on": ["1972-05-07"]}
    son = IVANOV | {"name": ["Иванов Пётр Иванович"], "born.on": ["1999-11-11"]}
    assert judge(IVANOV, wife).score < 0.01
    assert judge(IVANOV, son).score < 0.01
    assert judge(IVANOV, IVANOV).score > 0.9999


def test_what_is_missing_says_nothing():
    name = {"name": ["Иванов Иван"]}
    assert judge(name, name | {"phone": [None], "city": [""]}).score == judge(name, name).score


def test_a_rare_value_says_more():
    rare, common = Counted(100_000, lambda term: 2), Counted(100_000, lambda term: 900)
    record = {"name": ["Зябликов Ермолай"]}
    assert judge(record, record, counted=rare).score > judge(record, record, counted=common).score


def test_what_hangs_together_is_not_counted_twice():
    street = judge({"street": ["Мира 5"]}, {"street": ["Мира 5"]}).reasons[0].weight
    both = judge({"street": ["Мира 5"], "city": ["Пермь"]}, {"street": ["Мира 5"], "city": ["Пермь"]})
    alone = judge({"city": ["Пермь"]}, {"city": ["Пермь"]}).reasons[0].weight
    assert sum(r.weight for r in both.reasons) == pytest.approx(street + alone, abs=0.2)  # each reason tells what it says alone
    assert both.score < 0.2


def test_hidden_fields_neither_weigh_nor_tell():
    with_phone = judge(IVANOV, IVANOV, without=frozenset({"phone", "<people_number>value?kind=phone"}))
    without = {n: v for n, v in IVANOV.items() if n != "phone"}
    assert with_phone == judge(without, without)
    keys = list(PEOPLE.keys(PEOPLE.prepare(IVANOV), frozenset({"phone"})))
    assert keys
    assert not any("phone" in key.pass_ for key in keys)


def test_companies():
    one, two = {"title": ["ООО «Ромашка»"], "tax": ["5902 123456"]}, {"title": ["Romashka LLC"], "tax": ["5902123456"]}
    assert judge(one, two, FIRMS).score > 0.9
    assert judge(one, two | {"tax": ["7701999888"]}, FIRMS).score < 0.5
    assert judge(one, {"title": ["Ромашка-Сервис"], "tax": ["7701999888"]}, FIRMS).score < 0.05


VALUES = st.fixed_dictionaries({
    "name": st.lists(st.sampled_from(["Иванов Иван", "Ivan Ivanov", "Ваня Иванов", "Bob Smith", "?"]) | st.text(max_size=20), max_size=1),
    "phone": st.lists(st.sampled_from(["89161234567", "+7 916 123 45 67", "12"]) | st.text(max_size=12), max_size=2),
    "born.on": st.lists(st.sampled_from(["1970-01-31", "19700113", ""]), max_size=1),
    "street": st.lists(st.text(max_size=20), max_size=1), "city": st.lists(st.text(max_size=20), max_size=1),
})  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(VALUES, VALUES)
def test_it_does_not_matter_which_comes_first(one, two):
    there, back = judge(one, two), judge(two, one)
    assert there.score == pytest.approx(back.score)
    assert 0 <= there.score <= 1
    assert sorted(there.pattern) == sorted(back.pattern)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_equal_records_share_their_keys_and_are_never_worse_than_others(one):
    prepared = PEOPLE.prepare(one)
    assert set(PEOPLE.keys(prepared)) == set(PEOPLE.keys(PEOPLE.prepare(dict(one))))
    assert all(outcome in ("same", "straight", "initial") for _feature, outcome in judge(one, one).pattern)


def test_learning_moves_shares_and_keeps_their_sums():
    weights = PEOPLE.weights()
    same = (("name:order", "straight"), ("name:family", "same"), ("name:given", "alike"), ("phone:phone", "same"), ("born.on:date", "same"))
    chance = (("name:order", "straight"), ("name:family", "different"), ("name:given", "different"))
    learned = learn(itertools.chain([(same, 0.0)] * 500, [(chance, 0.0)] * 5000), weights, 2000)
    assert learned["name:given"]["alike"].same > 0.8 > weights["name:given"]["alike"].same
    for feature, levels in learned.items():
        assert sum(level.same for level in levels.values()) == pytest.approx(1, abs=0.01), feature
        assert [level.chance for level in levels.values()] == [level.chance for level in weights[feature].values()]


def test_every_share_adds_up():
    for what in (PEOPLE, FIRMS):
        for feature, levels in what.weights().items():
            assert sum(level.same for level in levels.values()) == pytest.approx(1, abs=0.011), feature


# ---- declarations ----------------------------------------------------------------------------------------------------
def problems(monkeypatch: t.Any, *declarations: Duplicates) -> list[str]:
    import tests.duplicates.people as module

    monkeypatch.delattr(module, "PEOPLE")
    monkeypatch.delattr(module, "FIRMS")
    for number, one in enumerate(declarations):
        monkeypatch.setattr(module, f"D{number}", one, raising=False)
    with pytest.raises(CompositionError) as refused:
        Crm(plugin, duplicates, database="sqlite:///never-opened.db")
    return refused.value.problems


def test_wrong_declarations_are_told_all_at_once(monkeypatch):
    found = problems(
        monkeypatch,
        Duplicates(Person, compare=[PersonName("nmae"), EmailAddress("email"), EmailAddress("email")]),
        Duplicates(Firm, compare=[PhoneNumber(also=Part(Number, "value")), Exact("born.on")]),
        Duplicates(Person, compare=[PhoneNumber("phone", also=Part(Number, "valeu"))]),
    )
    text = "\n".join(found)
    assert "people.person has no field 'nmae'. Did you mean 'name'?" in text
    assert "two comparisons begin with the field 'email'" in text
    assert "Number is no part of people.firm" in text
    assert "people.firm has no field 'born.on'" in text
    assert "people.number has no field 'valeu'. Did you mean 'value'?" in text


def test_one_declaration_for_an_entity_whose_plugin_is_here(monkeypatch):
    found = problems(monkeypatch, Duplicates(Firm, compare=[Exact("form")]), Duplicates(Firm, compare=[Exact("tax")]))
    assert found == ["people: D1: there are two declarations for people.firm; make them one"]


def test_an_entity_of_nobody():
    module = types.ModuleType("lonely")
    vars(module)["LONELY"] = PEOPLE
    with pytest.raises(CompositionError, match="Person is not an entity of this CRM"):
        Crm(Plugin("lonely", modules=[module]), duplicates, database="sqlite:///never-opened.db")


@pytest.mark.parametrize("name, value", [("propose_from", 0), ("show_from", 1.5), ("chunk", 0)])
def test_settings_are_checked(name, value):
    with pytest.raises(CompositionError, match=name):
        Crm(plugin, duplicates, database="sqlite:///never-opened.db", settings={"duplicates": {name: value}})
