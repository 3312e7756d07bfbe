"""The small world of these tests, in a CRM beside the sales plugin."""

from __future__ import annotations

from typing import Any

import pytest

from crmkit import MovableClock, Plugin, Role
from crmkit_sales import plugin as sales

from . import trial


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [sales, trial.plugin]


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"crmkit": {"timezone": trial.ZONE}, "teams": {"1": 0, "2": 1, "3": 1, "4": 2}}


@pytest.fixture
def crm_roles() -> list[Role]:
    return trial.ROLES


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(trial.END)
