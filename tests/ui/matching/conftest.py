from __future__ import annotations

import pytest

from crmkit import Actor, Role
from tests.core import shop

SHOP = shop.plugin()
ANNA, DIRECTOR, CLERK = Actor(11, "Анна", ("manager",)), Actor(13, "Вера", ("director",)), Actor(14, "Пётр", ("clerk",))


@pytest.fixture
def crm_plugins():
    return [SHOP]


@pytest.fixture
def crm_roles():
    return [
        Role("manager", {"shop.*": "own"}),
        Role("director", {"shop.*": "all", "crmkit.journal": "all"}),
        Role("clerk", {"shop.*": "all"}, hidden=["shop.client.code"], read_only=["shop.client.name"]),
    ]
