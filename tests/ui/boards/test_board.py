"""Boards of records: what is on them, for whom, and at what cost."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal

import pytest

from crmkit import Actor
from tests.core.shop import ORDERS, Client, Order

from . import yard
from .conftest import ANNA, EN, GUEST, RU, SAME, VERA


def columns(text: str) -> dict[str, str]:
    """The columns of a page, by key."""
    return dict(re.findall(r'<section[^>]*data-col="([^"]+)"[^>]*>(.*?)</section>', text, re.S))


def cards(text: str) -> dict[int, str]:
    """The cards of a page or column, by id."""
    return {int(key): body for key, body in re.findall(r'<li class="card[^"]*" data-id="(\d+)"[^>]*>(.*?)</li>', text, re.S)}


def plain(text: str) -> str:
    """What is read of a piece of HTML."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ").split())


def test_columns_tell_their_count_and_sum(client, make):
    make(Order, title="Lamp", amount=Decimal("1200000"))
    make(Order, title="Chair", amount=Decimal("300000.50"))
    make(Order, title="Table", amount=Decimal("10"), into=ORDERS["paid"])
    answer = client.get("/shop/order/board", headers=RU)
    assert answer.status_code == 200
    found = columns(answer.text)
    assert list(found) == ["new", "paid", "packed", "sent", "done", "cancelled"]
    head = re.findall(r"<header.*?</header>", found["new"], re.S)[0]
    assert plain(head).startswith("New 2 карточек 1,5 млн Amount: 1 500 000,50")
    assert 'title="Amount: 1\u00a0500\u00a0000,50"' in head
    assert [plain(c).split()[0] for c in cards(found["new"]).values()] == ["Chair", "Lamp"]
    assert 'class="dot green"' in found["done"]
    assert 'class="dot red"' in found["cancelled"]


def test_a_card_shows_what_its_look_names_once(client, make):
    client_ = make(Client, name="Герда & Ко")
    order = make(Order, title="<Lamp>", amount=Decimal("5000"), address="Снежная, 1", client_id=client_.id, owner_id=11)
    card = cards(client.get("/shop/order/board", headers=RU).text)[order.id]
    assert "&lt;Lamp&gt;" in card
    assert card.count("Герда &amp; Ко") == 1  # the link to the client is the subtitle already
    assert "Снежная, 1" in card
    assert re.search(r'<b class="num" title="Amount: 5\u00a0000">5\u00a0тыс.</b>', card)
    assert f'href="/shop/order/{order.id}"' in card
    assert 'role="img"' in card


def test_everybody_sees_their_own_rows_and_their_sums(client, make):
    mine, other = make(Order, title="Mine", amount=Decimal("7"), owner_id=11), make(Order, title="Other", amount=Decimal("5"), owner_id=12)
    text = client.act_as(ANNA).get("/shop/order/board", headers=EN).text
    assert cards(text).keys() == {mine.id}
    assert 'title="Amount: 7"' in text
    assert cards(client.act_as(VERA).get("/shop/order/board", headers=EN).text).keys() == {mine.id, other.id}
    assert client.act_as(Actor(15, "X", ())).get("/shop/order/board", headers=EN).status_code == 403
    changes = client.act_as(ANNA).get(f"/shop/order/board/changes?ids={mine.id},{other.id}").text
    assert cards(changes).keys() == {mine.id}
    assert cards(client.act_as(ANNA).get("/shop/order/board/more?stage=new").text).keys() == {mine.id}


def test_what_is_hidden_is_neither_shown_nor_summed(client, make):
    make(Order, title="Lamp", amount=Decimal("1200"))
    text = client.act_as(GUEST).get("/shop/order/board", headers=EN).text
    assert "Lamp" in text
    assert "1,200" not in text
    assert "data-sum" not in text
    assert client.act_as(Actor(16, "B", ("blind",))).get("/shop/order/board", headers=EN).status_code == 403


def test_who_may_not_move_or_add_sees_no_way_to_do_it(client, make):
    make(Order, title="Lamp")
    text = client.act_as(GUEST).get("/shop/order/board", headers=EN).text
    assert 'data-move=""' in text
    assert "/shop/order/new" not in text
    assert "Move to…" not in text
    text = client.act_as(ANNA).get("/shop/order/board", headers=EN).text
    assert 'data-move="/shop/order/ID/move"' in text
    assert "/shop/order/new?stage=new&amp;pipeline=orders" in text
    assert "stage=cancelled" not in text  # nothing is added to what is over


def test_filter_search_and_mine_narrow_cards_counts_and_sums(client, make):
    client.act_as(VERA)
    lamp = make(Order, title="Lamp", amount=Decimal("100"), owner_id=13)
    make(Order, title="Chair", amount=Decimal("20"), owner_id=11)
    for query in ('filter={"amount":{"gte":"50"}}', "mine=1"):
        text = client.get(f"/shop/order/board?{query}", headers=EN).text
        assert cards(text).keys() == {lamp.id}, query
        assert 'title="Amount: 100"' in text, query
        changes = html.unescape(re.findall(r'data-changes="([^"]+)"', text)[0])
        assert cards(client.get(changes).text).keys() == {lamp.id}, query
    text = client.get("/shop/order/board?filter={oops", headers=EN).text
    assert "The filter cannot be applied" in text
    text = client.get('/shop/order/board?filter={"nothing":1}', headers=EN).text
    assert "The filter cannot be applied" in text
    assert not cards(text)
    text = client.get('/shop/order/board?filter={"title":"Nowhere"}', headers=RU).text
    assert "Ничего не найдено" in text


def test_what_stays_too_long_is_marked(client, make, clock):
    make(Order, title="Old")
    clock.forward(days=4)
    new = make(Order, title="New")
    text = client.get("/shop/order/board", headers=RU).text
    found = cards(text)
    assert "дольше, чем нужно" in next(body for key, body in found.items() if key != new.id)
    assert "дольше, чем нужно" not in found[new.id]


def test_further_cards_come_column_by_column(client, make):
    orders = [make(Order, title=f"Order {n}") for n in range(60)]
    text = client.get("/shop/order/board", headers=EN).text
    seen = list(cards(text))
    assert len(seen) == 25
    while more := re.search(r'class="more" hx-get="([^"]+)"', text):
        text = client.get(html.unescape(more[1]), headers=EN).text
        seen += list(cards(text))
    assert seen == [order.id for order in reversed(orders)]
    assert client.get("/shop/order/board/more?stage=nowhere").status_code == 404


def test_columns_of_what_is_over_are_folded_until_somebody_unfolds_them(client, make):
    make(Order, title="Lamp", into=ORDERS["done"])
    text = client.get("/shop/order/board", headers=EN).text
    assert 'class="col folded" data-col="done"' in text
    assert not cards(columns(text)["done"])
    assert 'hx-get="/shop/order/board/more' in columns(text)["done"]
    assert client.post("/shop/order/board/fold", data={"pipeline": "orders", "stage": "done", "folded": "0"}, headers=SAME).status_code == 204
    text = client.get("/shop/order/board", headers=EN).text
    assert 'class="col" data-col="done"' in text
    assert "Lamp" in columns(text)["done"]
    assert 'class="col folded" data-col="cancelled"' in text
    assert client.post("/shop/order/board/fold", data={"pipeline": "orders", "stage": "x"}, headers=SAME).status_code == 422


def test_a_board_costs_the_same_number_of_statements_however_many_cards_it_has(client, make, queries):
    for n in range(3):
        make(Order, title=f"Order {n}", owner_id=11)

    def cost(path: str) -> int:
        client.get(path)
        queries.clear()
        assert client.get(path).status_code == 200
        return queries.count

    few = {path: cost(path) for path in ("/shop/order/board", "/shop/order/board/changes?ids=1,2,3", "/shop/order/board/more?stage=new")}
    for n in range(40):
        make(Order, title=f"Order {n + 3}", owner_id=11 + n % 3, into=ORDERS["cancelled"] if n % 2 else None)
    many = {path: cost(path) for path in few}
    assert many == few
    assert max(many.values()) <= 8


def test_five_hundred_cards_are_a_small_page(client, make, crm):
    with crm.uow() as uow:
        uow.add_many(Order, [{"title": f"Order number {n}", "amount": n * 1000, "owner_id": 11} for n in range(100)])
    text = client.get("/shop/order/board", headers=RU).text
    per_card = sum(len(body) for body in cards(text).values()) / len(cards(text))
    assert per_card < 1200
    assert text.count("<symbol") < 40


@pytest.mark.parametrize("path", ["/shop/client/board", "/shop/client/board/changes", "/shop/client/board/more"])
def test_what_has_no_stages_has_no_board(client, path):
    assert client.get(path).status_code == 404


def test_an_empty_board_says_so(client):
    text = client.get("/shop/order/board", headers=RU).text
    assert "На доске пока пусто" in text
    assert next(iter(columns(text))) == "new"


# ---- marks of plugins -----------------------------------------------------------------------------------------------------
def test_marks_are_asked_once_for_all_cards_and_a_broken_one_costs_only_itself(client, make):
    first, second = make(Order, title="A"), make(Order, title="B", into=ORDERS["paid"])
    text = client.act_as(VERA).get("/shop/order/board", headers=RU).text
    found = cards(text)
    assert "Срочно" in found[first.id]
    assert "&lt;Order&gt;" in found[second.id]
    assert "for lifters" in found[first.id]
    assert sorted(yard.asked) == [("Order", [first.id, second.id]), ("urgent", [first.id, second.id])]
    assert "Эта часть не сработала" in text
    assert "oops" not in text
    assert 'data-fresh="yard.pallet"' in text
    make(Order, title="C", owner_id=11)
    assert "for lifters" not in client.act_as(ANNA).get("/shop/order/board", headers=RU).text


def test_a_look_says_what_cards_go_by_and_what_stands_beside_the_heads(client, make):
    trips = [make(yard.Trip, name=f"Trip {n}", leaves_on=dt.date(2026, 3, 1) + dt.timedelta(days=(n * 7) % 30)) for n in range(30)]
    page = client.get("/yard/trip/board", headers=RU).text
    assert re.search(r"<h2[^>]*>today <small>понедельник</small></h2>", page, re.I)
    assert " data-up" in page
    first = cards(columns(page)["today"])
    (more,) = re.findall(r'class="more" hx-get="([^"]+)"', page)
    rest = cards(client.get(html.unescape(more), headers=RU).text)
    assert [*first, *rest] == [trip.id for trip in sorted(trips, key=lambda t: t.leaves_on)]
    assert (len(first), len(rest)) == (25, 5)
    assert 'data-s="2026-03-01"' in page
    client.act_as(Actor(15, "Ира", ("rider",)))  # who may not see the day gets the usual order
    assert " data-up" not in client.get("/yard/trip/board", headers=RU).text
