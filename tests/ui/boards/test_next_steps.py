"""The next step on cards, where activities are composed."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit import Actor, Role
from crmkit.activities import Activity
from tests.activities.world import Order, firm
from tests.ui.boards.test_board import cards, plain

BOSS = Actor(1, "Boss", ("boss",))
BLIND = Actor(2, "Blind", ("blind",))


@pytest.fixture
def crm_plugins():
    from crmkit.activities import plugin

    return [plugin, firm]


@pytest.fixture
def crm_roles():
    return [Role("boss", {"*": "all"}), Role("blind", {"firm.order.read": "all"})]


def test_cards_say_what_is_next_and_when(client, make, clock):
    late, today, later, none = (make(Order, title=f"Order {n}") for n in range(4))
    clock.set(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))
    for order, due in ((late, -3), (late, 40), (today, 5), (later, 24 * 9)):
        about = {"about_kind": "firm.order", "about_id": order.id}
        make(Activity, kind="call", subject="<Ring>", due_at=clock.now() + dt.timedelta(hours=due), **about)
    found = cards(client.act_as(BOSS).get("/firm/order/board", headers={"accept-language": "ru"}).text)
    assert "Сегодня : Звонок: <Ring>" in plain(found[late.id])
    assert 'class="chip red"' in found[late.id]
    assert 'class="chip amber"' in found[today.id]
    assert "11 мар." in plain(found[later.id])
    assert "chip" not in found[none.id]
    found = cards(client.act_as(BLIND).get("/firm/order/board").text)
    assert "chip" not in found[late.id]


def test_a_board_looks_again_when_an_activity_changes(client, make):
    make(Order, title="A")
    assert 'data-fresh="activities.activity"' in client.act_as(BOSS).get("/firm/order/board").text
