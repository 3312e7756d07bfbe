from __future__ import annotations

from decimal import Decimal

import pytest

from crmkit import Actor, Role

from . import works

ANNA, OLEG, BOSS = Actor(11, "Анна", ("manager",), (1,)), Actor(12, "Олег", ("manager",), (2,)), Actor(13, "Вера", ("boss",))
CLERK, READER = Actor(14, "Клерк", ("clerk",)), Actor(15, "Читатель", ("reader",))
RU, EN = {"accept-language": "ru"}, {"accept-language": "en"}
SAME = {"origin": "http://testserver"}
PART = {**SAME, "hx-request": "true", "hx-request-type": "partial", "accept-language": "ru"}
PAGE = {**SAME, "hx-request": "true", "hx-request-type": "full", "accept-language": "ru"}


@pytest.fixture
def crm_plugins():
    return [works.plugin]


@pytest.fixture
def crm_settings(tmp_path):
    return {"activities": {"folder": str(tmp_path / "files")}, "crmkit": {"timezone": "Europe/Moscow"}}


@pytest.fixture
def crm_roles():
    return [
        Role("manager", {"works.job.*": "own", "works.client.*": "all", "works.run": "own", "activities.*": "all"}),
        Role("boss", {"*": "all"}),
        Role("clerk", {"works.job.*": "all", "works.client.read": "all"}, read_only=["works.job.price"], hidden=["works.job.margin"]),
        Role("reader", {"works.job.read": "all"}),
    ]


@pytest.fixture
def job(make):
    client = make(works.Client, name="Завод", owner_id=11)
    return make(works.Job, title="Ворота", client_id=client.id, price=Decimal("1500.50"), margin=Decimal(77), owner_id=11, team_id=1)
