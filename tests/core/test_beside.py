"""A filter may compare two fields of one record."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crmkit import Actor, Invalid, Role

from .kit import Shop
from .shop import ORDERS, Order


def test_two_fields_of_one_record(shop: Shop) -> None:
    crm = shop()
    with crm.uow() as uow:
        first, second, third = (uow.add(Order(title=title, address=address)) for title, address in (("a", "b"), ("b", "b"), ("c", None)))
        uow.flush()
        uow.at(crm.clock.now() + dt.timedelta(days=1))
        uow.move(second, ORDERS["cancelled"])
    with crm.read() as uow:
        for tree, expected in (
            ({"title": {"lt": {"field": "address"}}}, [first]), ({"title": {"eq": {"field": "address"}}}, [second]),
            ({"title": {"ne": {"field": "address"}}}, [first, third]),
            ({"stage_since": {"gt": {"field": "created_at"}}, "title": "b"}, [second]),
            ({"not": {"stage_since": {"lte": {"field": "created_at"}}}}, [second]),
            ({"been": {"left_at": {"gt": {"field": "entered_at"}}}}, [second]), ({"been": {"to_stage": {"eq": {"field": "stage"}}}}, []),
        ):  # fmt: skip
            assert uow.find(Order).where(tree).ids() == [o.id for o in expected], tree
            assert {row[0] for row in uow.connection.execute(uow.visible(Order, filter=tree))} == {o.id for o in expected}


@pytest.mark.parametrize("tree, path", [
    ({"title": {"eq": {"field": "amount"}}}, "filter.title.eq"), ({"title": {"contains": {"field": "address"}}}, "filter.title.contains"),
    ({"title": {"eq": {"field": "client.name"}}}, "filter.title.eq"), ({"title": {"eq": {"field": 5}}}, "filter.title.eq"),
    ({"title": {"eq": {"field": "colour"}}}, "filter.title.eq"), ({"client.name": {"eq": {"field": "title"}}}, "filter.client.name.eq"),
    ({"title": {"eq": {"field": "secret", "relative": "me"}}}, "filter.title"), ({"address": {"field": "amount"}}, "filter.address"),
])  # fmt: skip
def test_what_cannot_be_compared_is_named(shop: Shop, tree: dict[str, Any], path: str) -> None:
    crm = shop(roles=(Role("all", {"shop.*": "all"}),))
    with crm.read() as uow, pytest.raises(Invalid) as refused:
        uow.find(Order).where(tree)
    assert refused.value.problems[0].path.startswith(path)


def test_a_hidden_field_is_not_compared_with(shop: Shop) -> None:
    crm = shop(roles=(Role("blind", {"shop.*": "all"}, hidden=("shop.order.address",)),))
    with crm.read(Actor(1, roles=["blind"])) as uow, pytest.raises(Invalid):
        uow.visible(Order, filter={"title": {"eq": {"field": "address"}}})
