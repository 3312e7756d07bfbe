"""Moving by the pages: what a stage needs is asked for in place, and only what nobody can mend is refused."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from crmkit import Actor
from tests.core.shop import ORDERS, Client, Order

from .conftest import ANNA, GUEST, HX, OLEG, VERA
from .test_board import plain


@pytest.fixture
def move(client):
    def send(order, stage, actor=VERA, **more):
        values = {"stage": stage, "pipeline": "orders", **more}
        return client.act_as(actor).post(f"/shop/order/{order.id}/move", data=values, headers=HX)

    return send


def told(answer):
    return json.loads(answer.headers["hx-trigger"])["crm:toast"]


def form(answer):
    """The fields of the form that came back, with what is said of each."""
    assert answer.status_code == 422
    assert "html" in answer.headers["content-type"], answer.text
    found = re.findall(r'<div class="fld[^"]*" data-field="([^"]+)">(.*?)</div>', answer.text, re.S)
    return {name: plain(body) for name, body in found}


def test_a_move_says_where_to_and_can_be_taken_back(move, make, crm, client):
    order = make(Order, title="Lamp", amount=Decimal(5))
    answer = move(order, "paid", version=order.version)
    assert answer.status_code == 204
    assert told(answer)["text"] == "Перемещено в «Paid»"
    assert "crm:shop.order" in json.loads(answer.headers["hx-trigger"])
    assert order.stage == "paid"
    undone = client.post("/_/undo", data={"tx": told(answer)["undo"]}, headers=HX)
    assert undone.status_code in (200, 204), undone.text
    with crm.read() as uow:
        assert uow.get(Order, order.id).stage == "new"


def test_what_a_stage_needs_is_asked_for_and_completes_the_move(move, make):
    order = make(Order, title="Lamp")
    answer = move(order, "paid", version=order.version)
    assert form(answer).keys() == {"amount"}
    assert "обязательн" not in answer.text  # nobody did anything wrong yet
    assert 'name="stage" value="paid"' in answer.text
    assert f'name="version" value="{order.version}"' in answer.text
    assert order.stage == "new"
    assert "обязательное" in form(move(order, "paid", version=order.version, amount=""))["amount"]
    assert "ожидается десятичное число" in form(move(order, "paid", version=order.version, amount="a lot"))["amount"]
    answer = move(order, "paid", version=order.version, amount="1 250,50")
    assert answer.status_code == 204
    assert (order.stage, order.amount) == ("paid", Decimal("1250.50"))


def test_fields_of_extensions_are_asked_for_too(move, make):
    order = make(Order, title="Lamp", amount=Decimal(5), into=ORDERS["paid"])
    assert form(move(order, "packed")).keys() == {"address", "gift.wrapping"}
    assert move(order, "packed", address="Home", **{"gift.wrapping": "silver"}).status_code == 204
    assert order.address == "Home"


def test_what_a_plugin_misses_is_asked_for_like_what_the_stage_needs(move, make):
    order = make(Order, title="Lamp", address="nowhere", into=ORDERS["sent"])
    answer = move(order, "done")
    assert form(answer).keys() == {"address"}
    assert ">nowhere</textarea>" in answer.text
    assert "кто распишется?" in form(move(order, "done", address="nowhere"))["address"]
    assert move(order, "done", address="somewhere").status_code == 204


def test_a_guard_nobody_can_talk_round_is_a_refusal(move, make):
    moriarty = make(Client, name="Moriarty")
    order = make(Order, title="Lamp", amount=Decimal(5), client_id=moriarty.id)
    answer = move(order, "paid")
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["message"] == "we do not sell to Moriarty"
    order = make(Order, title="Lamp", client_id=moriarty.id)
    assert form(move(order, "paid")).keys() == {"amount"}
    answer = move(order, "paid", amount="5")
    assert form(answer).keys() == {"amount"}  # what was typed is kept, and the reason stands above it
    assert "we do not sell to Moriarty" in answer.text


def test_a_move_the_pipeline_does_not_allow_asks_for_nothing(move, make):
    order = make(Order, title="Lamp")
    answer = move(order, "packed")
    assert answer.status_code == 422
    assert "нельзя перейти" in answer.json()["problems"][0]["message"]
    for stage, pipeline in (("nowhere", "orders"), ("paid", "nobody's")):
        answer = move(order, stage, pipeline=pipeline)
        assert answer.status_code == 422
        assert "json" in answer.headers["content-type"]


def test_who_saw_another_version_is_told_who_changed_it(move, make):
    order = make(Order, title="Lamp", amount=Decimal(5), owner_id=12)
    seen = order.version
    assert move(order, "paid", actor=OLEG, version=seen).status_code == 204
    answer = move(order, "cancelled", version=seen)
    assert answer.status_code == 412
    assert "Олег" in answer.json()["detail"]
    assert order.stage == "paid"


def test_only_those_move_who_may(move, make):
    order = make(Order, title="Lamp", amount=Decimal(5), owner_id=12)
    assert move(order, "paid", actor=ANNA).status_code == 404
    assert move(order, "paid", actor=GUEST).status_code == 403
    assert move(order, "paid", actor=Actor(20, "M", ("mover",))).status_code == 204


def test_who_may_not_fill_it_in_is_told_what_is_missing_by_its_name(move, make):
    order = make(Order, title="Lamp")
    for role in ("mover", "clerk"):
        answer = move(order, "paid", actor=Actor(20, "M", (role,)))
        assert answer.status_code == 422
        assert "json" in answer.headers["content-type"]
        assert "Amount" in answer.json()["detail"]
        assert "нет на это права" in answer.json()["detail"]


def test_other_sites_move_nothing(client, make):
    order = make(Order, title="Lamp", amount=Decimal(5))
    elsewhere = {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    answer = client.post(f"/shop/order/{order.id}/move", data={"stage": "paid"}, headers=elsewhere)
    assert answer.status_code == 403
    assert order.stage == "new"


def test_what_has_no_stages_cannot_be_moved(client, make):
    one = make(Client, name="A")
    assert client.post(f"/shop/client/{one.id}/move", data={"stage": "x"}, headers=HX).status_code == 404
