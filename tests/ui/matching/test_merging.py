"""Merging on a page: both values side by side, what moves over, and the way back."""

from __future__ import annotations

import html
import re

import pytest

from tests.core.shop import Client, Order
from tests.ui.matching.conftest import ANNA, CLERK, DIRECTOR

RU = {"accept-language": "ru"}
HX = {"hx-request": "true", **RU}


def text(page: str) -> str:
    found = re.sub(r"<(script|style|svg).*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.fixture
def two(crm, client):
    with crm.uow(DIRECTOR) as uow:
        one = uow.add(Client(name="Ромашка", owner_id=11))
        two = uow.add(Client(name="ООО «Ромашка»", code="R-1", owner_id=11))
        uow.flush()
        for title in ("Сто роз", "Сто астр"):
            uow.add(Order(title=title, client_id=two.id, owner_id=11))
    return one.id, two.id


def test_both_stand_side_by_side_and_what_moves_is_counted(client, two):
    one, other = two
    page = client.act_as(DIRECTOR).get(f"/shop/client/{one}/merge?with={other}", headers=RU)
    said = text(page.text)
    assert "Ромашка" in said
    assert "ООО «Ромашка»" in said
    assert "перейдёт: 2" in said
    assert re.search(r'name="take.name" value="winner" checked', page.text)
    assert re.search(r'name="take.code" value="loser" checked', page.text)  # the other is empty
    assert f"/shop/client/{other}/merge?with={one}" in page.text  # the other way round


def test_what_was_chosen_is_done_and_a_button_takes_it_back(client, crm, two):
    one, other = two
    answer = client.act_as(DIRECTOR).post(
        f"/shop/client/{one}/merge", data={"with": other, "take.name": "loser", "take.code": "loser"}, headers=HX)
    assert f"/shop/client/{one}" in answer.headers["hx-location"]
    with crm.read() as uow:
        winner = uow.get(Client, one)
        assert (winner.name, winner.code) == ("ООО «Ромашка»", "R-1")
        assert uow.find(Order).where(Order.client_id == one).count() == 2
    tx = re.findall(r'"undo": (\d+)', answer.headers["hx-trigger"])[0]
    assert client.post("/_/undo", data={"tx": tx}, headers=HX).status_code == 204
    with crm.read() as uow:
        assert uow.get(Client, one).name == "Ромашка"
        assert uow.find(Order).where(Order.client_id == other).count() == 2


def test_hidden_fields_are_not_shown_and_fixed_ones_not_offered(client, two):
    one, other = two
    page = client.act_as(CLERK).get(f"/shop/client/{one}/merge?with={other}", headers=RU)
    assert "R-1" not in page.text
    assert "take.name" not in page.text


def test_a_record_one_may_not_see_cannot_be_named(client, crm, two):
    with crm.uow(DIRECTOR) as uow:
        theirs = uow.add(Client(name="Тайна", owner_id=99))
    answer = client.act_as(ANNA).get(f"/shop/client/{two[0]}/merge?with={theirs.id}", headers=RU)
    assert answer.status_code == 404
    assert "Тайна" not in answer.text


@pytest.mark.parametrize("other", ["x", "0", "-1"])
def test_a_wrong_number_is_refused(client, two, other):
    assert client.act_as(DIRECTOR).get(f"/shop/client/{two[0]}/merge?with={other}").status_code == 422


def test_a_record_is_not_merged_with_itself(client, two):
    assert client.act_as(DIRECTOR).get(f"/shop/client/{two[0]}/merge?with={two[0]}").status_code == 422
    assert client.post(f"/shop/client/{two[0]}/merge", data={"with": two[0]}).status_code == 422


def test_without_the_other_one_it_is_asked_for(client, two):
    page = client.act_as(DIRECTOR).get(f"/shop/client/{two[0]}/merge", headers=RU)
    assert "С какой записью объединить?" in page.text
    assert "/shop/client/pick" in page.text


def test_a_choice_that_will_not_do_is_named_at_its_field(client, crm, two):
    one, other = two
    with crm.uow(DIRECTOR) as uow:
        uow.get(Client, other).sponsor_id = one
    data = {"with": other, "take.sponsor_id": "loser", "take.name": "loser"}
    answer = client.act_as(DIRECTOR).post(f"/shop/client/{one}/merge", data=data, headers=RU, follow_redirects=False)
    assert answer.status_code == 422
    assert "поле заполнится само" in text(answer.text)
    assert re.search(r'name="take.name" value="loser" checked', answer.text)  # what was chosen stays chosen
