from __future__ import annotations

import pytest

from crmkit import Actor, Role
from tests.core import shop

SHOP = shop.plugin()
ANNA, VERA, GUEST = Actor(11, "Анна", ("manager",)), Actor(13, "Вера", ("director",)), Actor(14, "Гость", ("guest",))
OLEG = Actor(12, "Олег", ("manager",))


@pytest.fixture
def crm_plugins():
    return [SHOP]


@pytest.fixture
def crm_settings(tmp_path):
    return {"ui": {"imports": str(tmp_path / "imports"), "import_size": 200_000}}


@pytest.fixture
def crm_roles():
    return [
        Role("manager", {"shop.*": "own", "crmkit.import": "all"}, hidden=["shop.client.code"]),
        Role("director", {"*": "all"}),
        Role("guest", {"shop.*": "all"}),
    ]
