"""The palette and the search page: what may be seen, marked, in every spelling, in a fixed number of statements."""

from __future__ import annotations

import re

import pytest

from crmkit import Actor
from crmkit.ui.shell.marking import Marking

from . import rig
from .conftest import CLERK, RU, SKIPPER


def options(text: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", o) for o in re.findall(r'<span class="pal-t">(.*?)</span>', text)]


def test_it_begins_with_pages_new_records_commands_and_preferences(client):
    text = client.act_as(SKIPPER).get("/_/palette", headers={**RU, "hx-request": "true"}).text
    found = options(text)
    assert found[:2] == ["Главная", "Узлы"]
    assert "Лодка" in found
    assert "Поднять якорь" in found
    assert "Измерить глубину" in found
    assert "Тайный курс" not in found
    assert "Тема: Тёмная" in found
    assert "English" in found
    assert 'data-post="/_/command/rig.weigh"' in text
    assert 'data-go="/_/command/rig.sound"' in text
    assert 'data-go="/rig/boat/new"' in text
    assert "<html" not in text


def test_who_may_not_is_offered_nothing(client):
    found = options(client.act_as(CLERK).get("/_/palette").text)
    assert "Weigh anchor" not in found
    assert "Boat" not in found
    assert "Boats" in found


@pytest.mark.parametrize("typed", ["лод", "boat", "Лодки", "kjlrb"])
def test_names_are_found_in_either_language_and_on_the_wrong_keyboard(client, typed):
    assert "Лодки" in options(client.act_as(SKIPPER).get("/_/palette", params={"q": typed}, headers=RU).text)


def test_records_are_found_under_the_rules_and_marked(client, make):
    mine = make(rig.Boat, name="Чайка <b>", phone="+79165550142", owner_id=6)
    make(rig.Boat, name="Чайный клипер", owner_id=5)
    text = client.act_as(CLERK).get("/_/palette", params={"q": "чай"}).text
    assert f'data-go="/rig/boat/{mine.id}"' in text
    assert f'data-window="/rig/boat/{mine.id}?view=window"' in text
    assert "<mark>Чай</mark>ка &lt;b&gt;" in text
    assert "клипер" not in text
    assert "<mark>Чай</mark>ный" in client.act_as(SKIPPER).get("/_/palette", params={"q": "чай"}).text
    by_phone = client.act_as(CLERK).get("/_/palette", params={"q": "916 555"}).text
    assert "<mark>916555</mark>" in by_phone


def test_what_cannot_be_asked_is_answered_with_nothing(client):
    for question in ("x" * 500, "—", "%", "'", "\\"):
        assert client.act_as(SKIPPER).get("/_/palette", params={"q": question}).status_code == 200


def test_a_few_of_every_kind_and_the_rest_on_the_page(client, make, queries):
    for n in range(9):
        make(rig.Boat, name=f"Ветер {n}")
    client.act_as(SKIPPER)
    text = client.get("/_/palette", params={"q": "ветер"}).text
    assert len(re.findall(r'data-go="/rig/boat/\d+"', text)) == 5
    assert 'data-go="/search?q=%D0%B2' in text
    page = client.get("/search", params={"q": "ветер"}, headers=RU).text
    assert len(re.findall(r'class="hit" href="/rig/boat/\d+"', page)) == 9
    assert len(re.findall(r'class="hit"', client.get("/search", params={"q": "ветер", "kind": "rig.boat"}).text)) == 9
    assert "ничего не найдено" in client.get("/search", params={"q": "штиль"}, headers=RU).text
    assert "Поиск по всем записям" in client.get("/search", headers=RU).text


@pytest.mark.parametrize(
    ("question", "text", "marked"),
    [
        ("ива", "Пётр Иванов", "Пётр <mark>Ива</mark>нов"),
        ("ivanov", "Пётр Иванов", "Пётр <mark>Иванов</mark>"),
        ("bdf", "Иванов", "<mark>Ива</mark>нов"),
        ("петр", "Пётр Иванов", "<mark>Пётр</mark> Иванов"),
        ("сделкой", "Сделки", "<mark>Сделки</mark>"),
        ("8 916", "+7 916 555-01-42", "+7 <mark>916</mark> 555-01-42"),
        ("916 555", "+7 916 555-01-42", "+7 <mark>916 555</mark>-01-42"),
        ("a", "<a&b>", "&lt;<mark>a</mark>&amp;b&gt;"),
        ("", "что угодно", "что угодно"),
    ],
)
def test_marking(question, text, marked):
    assert str(Marking(question).html(text)) == marked


def test_somebody_who_has_no_search_sees_a_page_all_the_same(client):
    assert client.act_as(Actor(8, "x", ("cashier",))).get("/search", params={"q": "a"}).status_code == 200
