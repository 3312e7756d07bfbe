"""A CRM with everything first-party in it, and people of whom some may see less than others."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from crmkit import Actor, Crm, Plugin, Role, accounts, activities, duplicates, views, webhooks
from crmkit_sales import plugin as sales

SITE = "https://crm.example"
SAME = {"origin": SITE}
PART = {**SAME, "hx-request": "true", "hx-request-type": "partial"}
BOSS, ANN, BEN = Actor(1, "Boss", ("boss",)), Actor(2, "Ann", ("seller",), (1,)), Actor(3, "Ben", ("seller",), (2,))
BLIND, NOBODY = Actor(4, "Blind", ("blind",)), Actor(5, "Nobody", ())


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [accounts.plugin, activities.plugin, views.plugin, duplicates.plugin, webhooks.plugin, sales]


@pytest.fixture
def crm_settings(tmp_path: Path) -> dict[str, t.Any]:
    return {
        "crmkit": {"jobs": False, "timezone": "Europe/Moscow"}, "activities": {"folder": str(tmp_path / "files")},
        "accounts": {"argon2_time": 1, "argon2_memory": 64, "argon2_lanes": 1}, "ui": {"imports": str(tmp_path / "imports"), "import_size": 100_000},
    }  # fmt: skip


@pytest.fixture
def crm_roles() -> list[Role]:
    hidden = [
        "sales.deal.title", "sales.deal.amount", "sales.contact.name", "sales.contact.phone", "sales.contact_point.value",
        "activities.activity.subject", "accounts.user.login",
        "accounts.user.position", "webhooks.endpoint.url",
    ]  # fmt: skip
    return [
        Role("boss", {"*": "all"}),
        Role("seller", {"sales.*": "own", "activities.*": "own", "views.view.*": "own", "crmkit.import": "all", "crmkit.export": "all"}),
        Role("blind", {"*": "all"}, hidden=hidden),
    ]


Enter = Callable[[Actor | None], TestClient]


@pytest.fixture
def enter(crm: Crm) -> Iterator[Enter]:
    """Return a browser of somebody; a host says who it is, or nobody."""
    opened: list[TestClient] = []

    def go(actor: Actor | None) -> TestClient:
        app = Starlette(routes=[Mount("/", app=crm.embedded(actor=lambda connection: actor))], lifespan=crm.lifespan())
        client = TestClient(app, base_url=SITE, headers={"accept-language": "en", **SAME}, follow_redirects=False, raise_server_exceptions=False)
        opened.append(client)
        return client.__enter__()

    yield go
    for client in opened:
        client.__exit__(None, None, None)
