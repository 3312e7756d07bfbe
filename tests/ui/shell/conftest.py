from __future__ import annotations

import pytest

from crmkit import Actor, Role

from . import rig

SKIPPER = Actor(5, "Анна Орлова", ("skipper",))
CLERK = Actor(6, "Clerk", ("clerk",))
CASHIER = Actor(7, "Ева", ("cashier",))
RU = {"accept-language": "ru"}


@pytest.fixture
def crm_plugins():
    return [rig.plugin]


@pytest.fixture
def crm_roles():
    return [Role("skipper", {"rig.*": "all"}), Role("clerk", {"rig.boat.read": "own"}), Role("cashier", {"rig.*": "all"})]
