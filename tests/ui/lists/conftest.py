"""A CRM with sales, saved views and a plugin that adds to lists, and its pages as different people see them."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import crmkit.activities
import crmkit.views
import crmkit_sales
from crmkit import Actor, Crm, Plugin, Role
from crmkit_sales import Company, Deal

from . import extras

BOSS, ANN, BEN = Actor(1, "Boss", ("admin",)), Actor(2, "Ann", ("seller",)), Actor(3, "Ben", ("reader",))
PART = {"hx-request": "true", "hx-request-type": "partial", "origin": "http://testserver"}


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit.activities.plugin, crmkit_sales.plugin, crmkit.views.plugin, extras.plugin]


@pytest.fixture
def crm_settings() -> dict[str, t.Any]:
    return {"crmkit": {"jobs": False, "timezone": "Europe/Moscow"}}


@pytest.fixture
def crm_roles() -> list[Role]:
    views = {"views.view.read": "shared", "views.view.*": "own"}
    return [
        Role("admin", {"*": "all"}),
        Role("seller", {"sales.*": "own", "sales.company.read": "all", **views},
            hidden=["sales.deal.probability"], read_only=["sales.deal.closes_on"]),
        Role("reader", {"sales.deal.read": "all"}),
    ]


As = Callable[[Actor], TestClient]


@pytest.fixture
def visiting(crm: Crm) -> Iterator[As]:
    """Return a client for somebody: the host says who it is."""
    opened: list[TestClient] = []

    def enter(actor: Actor) -> TestClient:
        app = Starlette(routes=[Mount("/crm", crm.embedded(actor=lambda connection: actor))], lifespan=crm.lifespan())
        client = TestClient(app, base_url="http://testserver", headers={"accept-language": "en", "origin": "http://testserver"})
        opened.append(client)
        return client.__enter__()

    extras.asked.clear()
    yield enter
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def deals(crm: Crm) -> list[int]:
    """Twelve deals of Ann's: 1000, 2000 … roubles, closing day after day in March; the even ones for the company Oak."""
    with crm.uow(BOSS) as uow:
        oak = uow.add(Company(name="Oak <b>", owner_id=2))
        uow.flush()
        made = [
            uow.add(Deal(title=f"Deal {n:02}", amount=Decimal(n * 1000), owner_id=2, company_id=oak.id if n % 2 == 0 else None,
                closes_on=dt.date(2026, 3, n)))
            for n in range(1, 13)
        ]  # fmt: skip
        uow.flush()
        return [deal.id for deal in made]


__all__ = ["ANN", "BEN", "BOSS", "PART", "As"]
