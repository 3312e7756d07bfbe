from __future__ import annotations

import pytest

from crmkit import Actor, Role
from tests.core import shop

from . import yard

SHOP = shop.plugin()
ANNA, OLEG, VERA = Actor(11, "Анна", ("manager",)), Actor(12, "Олег", ("manager",)), Actor(13, "Вера", ("director",))
GUEST = Actor(14, "Гость", ("guest",))
RU, EN = {"accept-language": "ru"}, {"accept-language": "en"}
SAME = {"origin": "http://testserver"}
HX = {**SAME, "hx-request": "true", "hx-request-type": "partial", "accept-language": "ru"}


@pytest.fixture
def crm_plugins():
    return [SHOP, yard.plugin]


@pytest.fixture
def crm_roles():
    see = {"shop.order.read": "all", "shop.client.read": "all"}
    return [
        Role("manager", {"shop.*": "own", "shop.client.*": "all", "yard.see": "all", "yard.pallet.*": "all"}),
        Role("director", {"shop.*": "all", "yard.*": "all"}),
        Role("guest", see, hidden=["shop.order.amount"]),
        Role("mover", {**see, "shop.order.move": "all"}),
        Role("clerk", {"shop.order.*": "all"}, read_only=["shop.order.amount"]),
        Role("rider", {"yard.trip.read": "all"}, hidden=["yard.trip.leaves_on"]),
        Role("blind", see, hidden=["shop.order.stage"]),
    ]


@pytest.fixture(autouse=True)
def _nothing_asked():
    yard.asked.clear()
