"""Filters on the stages a record was in say the same as the history read by hand; selects of visible keys stand side by side."""

from __future__ import annotations

import datetime as dt
import decimal
import itertools
import random
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Invalid, Role
from crmkit.core.board import board
from crmkit.core.ledger import history
from crmkit.core.lists import ListRequest, page

from .kit import Shop
from .shop import ORDERS, Client, Order

START = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SELLER = Role("seller", {"shop.order.*": "own", "shop.client.*": "team"})
BLIND = Role("blind", {"shop.order.*": "all"}, hidden=("shop.order.amount", "shop.order.stage_since"))


def walked(crm: Crm, count: int = 40) -> None:
    dice = random.Random(count)
    for number in range(count):
        with crm.uow() as uow:
            at = START + DAY * dice.randrange(20)
            uow.at(at)
            order = uow.add(Order(title=f"{number}", amount=decimal.Decimal(number), address="x", owner_id=number % 3), into=ORDERS["new"])
            for _step in range(dice.randrange(6)):
                at += DAY * dice.randrange(4) / 2
                uow.at(at)
                to = dice.choice([s for s in ORDERS.targets(order.stage) if s != "packed"] or [""])
                if to:
                    uow.move(order, ORDERS[to])
            if dice.random() < 0.2:
                uow.archive(order)


def stays(crm: Crm) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    with crm.read() as uow:
        for row in uow.connection.execute(sa.select(history).order_by(history.c.id)).mappings():
            found.setdefault(row["record_id"], []).append(dict(row))
        for order in uow.find(Order).archived(only=False):
            own = found.setdefault(order.id, [])
            for stay in own:
                stay["last"] = stay["left_at"] == order.stage_since and stay["to_stage"] == order.stage
            own.append({"stage": order.stage, "entered_at": order.stage_since, "left_at": None, "to_stage": None, "last": False})
    return found


def iso(moment: dt.datetime) -> str:
    return moment.isoformat()


def test_been_says_what_the_history_says(shop: Shop) -> None:
    crm = shop()
    walked(crm)
    known = stays(crm)
    since, until = START + 3 * DAY, START + 9 * DAY
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"stage": "paid"}, lambda s: s["stage"] == "paid"),
        ({"stage": {"in": ["sent", "done"]}, "entered_at": {"gte": iso(since), "lt": iso(until)}},
         lambda s: s["stage"] in ("sent", "done") and since <= s["entered_at"] < until),
        ({"stage": "new", "left_at": {"empty": True}}, lambda s: s["stage"] == "new" and s["left_at"] is None),
        ({"to_stage": "cancelled", "last": True}, lambda s: s["to_stage"] == "cancelled" and s["last"]),
        ({"left_at": {"lt": iso(until)}, "not": {"stage": "new"}}, lambda s: s["left_at"] and s["left_at"] < until and s["stage"] != "new"),
        ({"or": [{"stage": "done"}, {"to_stage": {"ne": "paid"}}]}, lambda s: s["stage"] == "done" or s["to_stage"] != "paid"),
        ({}, lambda s: True),
    ]
    with crm.read() as uow:
        for (tree, holds), deny in itertools.product(cases, (False, True)):
            expected = {key for key, own in known.items() if any(holds(s) for s in own) != deny}
            asked = {"not": {"been": tree}} if deny else {"been": tree}
            assert set(uow.find(Order).archived(only=False).where(asked).ids()) == expected, asked
            assert {row[0] for row in uow.connection.execute(uow.visible(Order, filter=asked))} == expected
            listed = page(uow, crm.kind(Order), ListRequest(filter=asked, limit=500, archived=None, count=1000))
            assert {row["id"] for row in listed.rows} == expected
            assert listed.total == len(expected)
    assert sum(len(own) for own in known.values()) > 60


def test_been_beside_other_conditions_and_in_a_row_rule(shop: Shop) -> None:
    crm = shop(roles=(Role("paid", {"shop.order.read": {"been": {"stage": "paid"}}}),))
    walked(crm)
    known = stays(crm)
    paid = {key for key, own in known.items() if any(s["stage"] == "paid" for s in own)}
    with crm.read(Actor(1, roles=["paid"])) as uow:
        assert set(uow.find(Order).archived(only=False).ids()) == paid
        tree = {"amount": {"gte": "10"}, "been": {"stage": "sent", "entered_at": {"gte": iso(START)}}, "owner_id": {"in": [0, 1]}}
        found = uow.find(Order).archived(only=False).where(tree).columns(Order.id, Order.amount, Order.owner_id)
        assert {row[0] for row in found} <= paid
        assert found
        assert all(row[1] >= 10 and row[2] in (0, 1) for row in found)
        counted = sum(c["count"] for c in board(uow, crm.kind(Order), filter={"been": {"stage": "sent"}})["columns"])
        assert counted == uow.find(Order).where({"been": {"stage": "sent"}}).count()


@pytest.mark.parametrize("tree, path", [
    ({"been": {"stag": "x"}}, "filter.been.stag"), ({"been": 5}, "filter.been"), ({"been": {"last": "yes"}}, "filter.been.last"),
    ({"been": {"or": [{"entered_at": "yesterday"}]}}, "filter.been.or.0.entered_at"),
    ({"been": {"been": {"stage": "x"}}}, "filter.been.been"),
])  # fmt: skip
def test_what_cannot_be_asked_of_stays_is_named(shop: Shop, tree: dict[str, Any], path: str) -> None:
    crm = shop()
    with crm.read() as uow, pytest.raises(Invalid) as refused:
        uow.find(Order).where(tree)
    assert [p.path for p in refused.value.problems] == [path]


def test_who_may_not_see_when_does_not_ask_when(shop: Shop) -> None:
    crm = shop(roles=(BLIND,))
    with crm.read(Actor(1, roles=["blind"])) as uow:
        for tree in ({"been": {"stage": "paid"}}, {"amount": {"gt": "5"}}):
            with pytest.raises(Invalid):
                uow.visible(Order, filter=tree)
            with uow.as_system():
                uow.visible(Order, filter=tree)


def test_selects_of_several_kinds_stand_in_one_statement(shop: Shop) -> None:
    crm = shop(roles=(SELLER,))
    with crm.uow() as uow:
        ours = uow.add(Client(name="Ours", owner_id=5, team_id=2))
        uow.flush()
        for owner in (7, 8):
            uow.add(Order(title=f"of {owner}", owner_id=owner, client_id=ours.id, amount=decimal.Decimal(owner)))
        uow.add(Client(name="Theirs", owner_id=7, team_id=3))
    with crm.read(Actor(7, "Kate", ("seller",), (2,))) as uow:
        statement = sa.select(Order.title).where(
            Order.id.in_(uow.visible(Order, filter={"amount": {"gt": "1"}})), Order.client_id.in_(uow.visible(Client, filter={"name": "Ours"})))
        assert uow.connection.execute(statement).scalars().all() == ["of 7"]
