"""A CRM that may call this machine, with a listener on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crmkit import SYSTEM
from crmkit.webhooks import Endpoint, plugin
from crmkit.webhooks.listening import forget
from tests.webhooks.world import ROLES, Listener, firm, listening

LOCAL = {"allow_http": True, "allow_networks": ["127.0.0.0/8", "::1/128"], "ports": []}


@pytest.fixture
def crm_plugins() -> Any:
    return [plugin, firm]


@pytest.fixture
def crm_roles() -> Any:
    return ROLES


@pytest.fixture
def crm_settings() -> Any:
    return {"webhooks": LOCAL}


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as made:
        yield made


@pytest.fixture
def hook(crm, make, listener) -> Any:
    """Add a webhook that listens to everything of the firm unless told otherwise."""

    def add(**values: Any) -> Endpoint:
        with crm.uow(values.pop("by", None) or SYSTEM) as uow:
            made = uow.add(Endpoint(**{"url": listener.url(), "events": ["firm.*"], **values}))
            uow.settle()
        with crm.read() as uow:
            found: Endpoint = uow.get(Endpoint, made.id)
            return found

    yield add
    forget(crm)
