"""A CRM with sales and activities, and its pages as an administrator and as a seller see them."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import crmkit.activities
import crmkit.webhooks
import crmkit_sales
from crmkit import Actor, Crm, Plugin, Role
from tests.ui.admin import shelf_plugin

shelf = shelf_plugin.plugin

BOSS, ANN = Actor(1, "Boss", ("admin",)), Actor(2, "Ann", ("seller",))


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit.activities.plugin, crmkit_sales.plugin, crmkit.webhooks.plugin, shelf]


@pytest.fixture
def crm_settings() -> dict[str, t.Any]:
    return {"crmkit": {"jobs": False}, "shelf": {"width": "2h", "api_secret": "do-not-show-me"}}


@pytest.fixture
def crm_roles() -> list[Role]:
    return [
        Role("admin", {"*": "all"}), Role("seller", {"sales.*": "own"}, hidden=["sales.deal.probability"]), Role("keeper", {"crmkit.jobs": "all"}),
    ]  # fmt: skip


As = Callable[[Actor], TestClient]


@pytest.fixture
def visiting(crm: Crm) -> Iterator[As]:
    """Return a client for somebody: the host says who it is."""
    opened: list[t.Any] = []

    def enter(actor: Actor) -> TestClient:
        app = Starlette(routes=[Mount("/crm", crm.embedded(actor=lambda connection: actor))], lifespan=crm.lifespan())
        client = TestClient(app, base_url="http://testserver", headers={"accept-language": "en"})
        opened.append(client)
        return client.__enter__()

    yield enter
    for client in opened:
        client.__exit__(None, None, None)


__all__ = ["ANN", "BOSS", "As"]
