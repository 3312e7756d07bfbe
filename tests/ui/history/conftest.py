from __future__ import annotations

import pytest

from crmkit import Actor, Role
from tests.core import shop

SHOP = shop.plugin()
ANNA, OLEG, DIRECTOR = Actor(11, "Анна", ("manager",)), Actor(12, "Олег", ("manager",)), Actor(13, "Вера", ("director",))


@pytest.fixture
def crm_plugins():
    return [SHOP]


@pytest.fixture
def crm_roles():
    every = {"shop.*": "all", "crmkit.journal": "all"}
    return [
        Role("manager", {"shop.*": "own"}, hidden=["shop.order.address"]),
        Role("director", every),
    ]
