"""History, and undo with its preview: what is told, to whom, and what a click does."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest

from crmkit import change_many, merge
from tests.core.shop import Client, Order
from tests.ui.history.conftest import ANNA, DIRECTOR, OLEG

RU = {"accept-language": "ru"}
HX = {"hx-request": "true", **RU}


def text(answer) -> str:
    """What a page says, without its tags."""
    assert answer.status_code == 200, answer.text
    found = re.sub(r"<(script|style|svg).*?</\1>", "", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found)).split())


@pytest.fixture
def order(crm, client):
    with crm.uow(ANNA) as uow:
        buyer = uow.add(Client(name="Ромашка", owner_id=11))
        uow.flush()
        order = uow.add(Order(title="Сто роз", amount=Decimal(5), address="Лесная, 1", client_id=buyer.id, owner_id=11))
    with crm.uow(ANNA) as uow:
        uow.get(Order, order.id).amount = 1200
    return order


def last_tx(crm) -> int:
    with crm.read() as uow:
        from crmkit.core.timeline import search_journal

        return search_journal(uow, limit=1)[0]["tx"]


def test_both_values_stand_beside_each_other_in_words(client, order):
    said = text(client.act_as(ANNA).get(f"/shop/order/{order.id}/history", headers=RU))
    assert "Анна" in said
    assert re.search(r"Amount было 5 .*стало 1\s200", said)
    assert "Ромашка" in said  # a link is named, not numbered
    assert "Отменить…" in said


def test_what_is_hidden_from_somebody_is_not_told_to_them(client, order):
    assert "Лесная" in text(client.act_as(DIRECTOR).get(f"/shop/order/{order.id}/history", headers=RU))
    assert "Лесная" not in client.act_as(ANNA).get(f"/shop/order/{order.id}/history", headers=RU).text
    tx = re.findall(r"/undo\?tx=(\d+)", client.get(f"/shop/order/{order.id}/history").text)[0]
    assert "Лесная" not in client.get(f"/undo?tx={tx}").text


def test_a_record_of_somebody_else_has_no_history(client, order):
    assert client.act_as(OLEG).get(f"/shop/order/{order.id}/history").status_code == 404


def test_a_toast_undoes_at_once_and_can_be_taken_back(client, crm, order):
    tx = last_tx(crm)
    answer = client.act_as(ANNA).post("/_/undo", data={"tx": tx}, headers=HX)
    assert answer.status_code == 204
    assert "crm:shop.order" in answer.headers["hx-trigger"]
    with crm.read() as uow:
        assert uow.get(Order, order.id).amount == 5
    again = re.findall(r'"undo": (\d+)', answer.headers["hx-trigger"])[0]
    assert client.post("/_/undo", data={"tx": again}, headers=HX).status_code == 204
    with crm.read() as uow:
        assert uow.get(Order, order.id).amount == 1200


def test_a_toast_leads_to_the_preview_when_something_newer_is_there(client, crm, order):
    tx = last_tx(crm)
    with crm.uow(DIRECTOR) as uow:
        uow.get(Order, order.id).amount = 7000
    answer = client.act_as(ANNA).post("/_/undo", data={"tx": tx}, headers=HX)
    assert f"/undo?tx={tx}" in answer.headers["hx-location"]
    said = text(client.get(f"/undo?tx={tx}", headers=RU))
    assert "Мешает более новое" in said
    assert "позже изменено: Вера" in said
    assert "Отменить это" not in said
    assert f"/undo?tx={last_tx(crm)}" in client.get(f"/undo?tx={tx}").text  # what to undo first
    with crm.read() as uow:
        assert uow.get(Order, order.id).amount == 7000


def test_the_preview_tells_and_its_button_does_it(client, crm, order):
    client.act_as(ANNA)
    tx = last_tx(crm)
    said = text(client.get(f"/undo?tx={tx}&back=/shop/order/{order.id}", headers=RU))
    assert "изменится: 1" in said
    assert "Сто роз" in said
    done = client.post("/undo", data={"tx": tx}, headers=RU, follow_redirects=False)
    assert done.status_code == 303
    said = text(client.get(done.headers["location"], headers=RU))
    assert "Отмена" in said
    assert "Вернуть…" in said
    back = client.get(f"/shop/order/{order.id}/history", headers=RU)
    assert "отменено" in text(back)
    assert client.get(f"/undo?tx={tx}", follow_redirects=False).status_code == 303  # it is undone: its page says so


def test_a_preview_in_the_way_of_time_is_shown_once_more(client, crm, order):
    tx = last_tx(crm)
    with crm.uow(DIRECTOR) as uow:
        uow.get(Order, order.id).amount = 1
    answer = client.act_as(ANNA).post("/undo", data={"tx": tx}, headers=RU, follow_redirects=False)
    assert answer.status_code == 409
    assert "Мешает более новое" in answer.text


def test_who_may_not_change_it_is_told_so(client, crm, order):
    with crm.uow(DIRECTOR) as uow:
        uow.get(Order, order.id).owner_id = 12
    tx = last_tx(crm)
    said = text(client.act_as(ANNA).get(f"/undo?tx={tx}", headers=RU))
    assert "У вас нет права отменить всё это" in said
    assert "Сто роз" not in said


def test_operations_are_listed_mine_and_everybody_s(client, crm, order):
    with crm.uow(DIRECTOR) as uow:
        change_many(uow, crm.kind(Order), "change", ids=[order.id], values={"amount": "3"})
    with crm.uow(ANNA) as uow:
        change_many(uow, crm.kind(Order), "change", ids=[order.id], values={"amount": "4"})
    mine = text(client.act_as(DIRECTOR).get("/operations", headers=RU))
    every = text(client.get("/operations?whose=all", headers=RU))
    assert (mine.count("Изменение: "), every.count("Изменение: ")) == (1, 2)
    assert text(client.act_as(ANNA).get("/operations?whose=all", headers=RU)).count("Вера") == 0
    assert "Ромашка" in text(client.get("/operations?show=changes", headers=RU))


def test_an_operation_shows_what_one_may_see_of_it(client, crm, order):
    with crm.uow(DIRECTOR) as uow:
        hers = uow.add(Order(title="Тайный заказ", owner_id=13))
        uow.flush()
        done = change_many(uow, crm.kind(Order), "change", ids=[order.id, hers.id], values={"amount": "3"})
    said = text(client.act_as(ANNA).get(f"/operations/{done.operation}", headers=RU))
    assert "Сто роз" in said
    assert "Тайный" not in said
    assert "Показано 1 из 2" in said
    assert client.act_as(OLEG).get(f"/operations/{done.operation}").status_code == 404
    assert client.get("/operations/999").status_code == 404


def test_the_loser_of_a_merge_tells_where_it_went(client, crm):
    with crm.uow(DIRECTOR) as uow:
        one, two = uow.add(Client(name="Ромашка", owner_id=11)), uow.add(Client(name="Ромашка ООО", owner_id=11))
    with crm.uow(DIRECTOR) as uow:
        done = merge(uow, crm.kind(Client), one.id, two.id)
    client.act_as(DIRECTOR)
    said = client.get(f"/shop/client/{two.id}/history", headers=RU).text
    assert f"/undo?operation={done.operation}" in said
    assert "Вобрала" in text(client.get(f"/shop/client/{one.id}/history", headers=RU))
    assert "Объединение: Клиент «Ромашка ООО» → «Ромашка»" in text(client.get("/operations", headers=RU))


@pytest.mark.parametrize("bad", ["", "tx=x", "tx=1&operation=2", "tx=0", "operation=99999999999999999999"])
def test_a_wrong_question_is_refused_politely(client, bad):
    assert client.act_as(ANNA).get(f"/undo?{bad}", headers=RU).status_code == 422


def test_a_way_back_never_leaves_the_crm(client, crm, order):
    page = client.act_as(ANNA).get(f"/undo?tx={last_tx(crm)}&back=//evil.example/")
    assert "evil" not in page.text


def test_many_records_cost_no_more_statements_than_few(client, crm, crm_kit, order):
    def count(number: int) -> int:
        with crm.uow(DIRECTOR) as uow:
            keys = [uow.add(Order(title=f"Заказ {i}", owner_id=13)) for i in range(number)]
            uow.flush()
            done = change_many(uow, crm.kind(Order), "change", ids=[k.id for k in keys], values={"amount": "3"})
        client.act_as(DIRECTOR).get(f"/operations/{done.operation}")
        crm_kit.queries.clear()
        client.get(f"/operations/{done.operation}")
        return crm_kit.queries.count

    assert count(3) == count(30)
