"""Boards of plugins: their columns and cards, their moves, and what is left of one that fails."""

from __future__ import annotations

import json

import pytest

from crmkit import Actor
from crmkit.core.access import ANONYMOUS

from . import yard
from .conftest import ANNA, GUEST, HX, RU, VERA
from .test_board import cards, columns, plain


@pytest.fixture
def move(client):
    def send(pallet, column, actor=VERA, **more):
        values = {"column": column, **more}
        return client.act_as(actor).post(f"/yard/rows/{pallet.id}/move", data=values, headers=HX)

    return send


def test_a_plugin_s_board_looks_like_any_other(client, make):
    one, two = make(yard.Pallet, name="<One>"), make(yard.Pallet, name="Two", row="b")
    text = client.act_as(VERA).get("/yard/rows", headers=RU).text
    found = columns(text)
    assert list(found) == ["a", "b", "c"]
    assert "&lt;One&gt;" in cards(found["a"])[one.id]
    assert plain(cards(found["b"])[two.id]).startswith("Two")
    assert "паллета" in cards(found["b"])[two.id]
    assert 'data-move="/yard/rows/ID/move"' in text
    assert 'data-param="column"' in text
    assert 'data-topics="yard.pallet"' in text
    assert "&lt;5 t&gt;" in text
    assert "<h1>Ряды</h1>" in text
    assert list(columns(client.get("/yard/rows/changes").text)) == ["a", "b", "c"]


def test_its_moves_are_called_with_where_the_card_was_put(move, make):
    one, two = make(yard.Pallet, name="One"), make(yard.Pallet, name="Two", row="b")
    answer = move(one, "b", before=two.id)
    assert answer.status_code == 204
    assert "crm:yard.pallet" in json.loads(answer.headers["hx-trigger"])
    assert json.loads(answer.headers["hx-trigger"])["crm:toast"]["undo"]
    assert one.row == "b"
    assert (f"{one.id} to b", [two.id]) in yard.asked
    assert move(one, "b", before="x").status_code == 204
    assert (f"{one.id} to b", [0]) in yard.asked


def test_its_refusals_are_told(move, make):
    one = make(yard.Pallet, name="One")
    answer = move(one, "c")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "Ряд c занят"
    assert one.row == "a"
    assert move(one, "").status_code == 422


def test_seeing_and_moving_are_permissions_of_their_own(client, move, make):
    one = make(yard.Pallet, name="One")
    text = client.act_as(ANNA).get("/yard/rows", headers=RU).text
    assert 'data-move=""' in text
    assert move(one, "b", actor=ANNA).status_code == 403
    assert client.act_as(GUEST).get("/yard/rows").status_code == 403
    assert client.get("/yard/rows/changes").status_code == 403
    assert move(one, "b", actor=GUEST).status_code == 403
    assert client.act_as(ANONYMOUS).get("/yard/rows", follow_redirects=False).status_code in (303, 401)
    assert client.act_as(Actor(1, "X", ())).get("/yard/still").status_code == 200


def test_a_board_that_fails_keeps_its_page(client):
    answer = client.act_as(VERA).get("/yard/rows?broken=1", headers=RU)
    assert answer.status_code == 200
    assert "Эта часть не сработала" in answer.text
    assert "oops" not in answer.text
    assert "<h1>Ряды</h1>" in answer.text


def test_a_card_whose_template_fails_is_the_only_one_to_suffer(client):
    text = client.act_as(VERA).get("/yard/still", headers=RU).text
    assert "&lt;b&gt;" in text
    assert "Эта часть не сработала" in cards(text)[1]
    assert plain(columns(text)["one"]).startswith("One 7")
    assert 'data-move=""' in text
    assert client.post("/yard/still/1/move", data={"column": "one"}, headers=HX).status_code == 404
