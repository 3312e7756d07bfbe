"""The small world of these tests, in a CRM beside the sales plugin."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from crmkit import MovableClock, Plugin, Role
from crmkit_sales import plugin as sales

from . import trial

REPORTS = ("crmkit_sales.reports.frame", "crmkit_sales.reports.routes")


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    found = sales if REPORTS[0] in sales.modules else attrs.evolve(sales, modules=[*sales.modules, *REPORTS])
    return [found, trial.plugin]


@pytest.fixture
def crm_settings() -> dict[str, Any]:
    return {"crmkit": {"timezone": trial.ZONE}, "teams": {"1": 0, "2": 1, "3": 1, "4": 2}}


@pytest.fixture
def crm_roles() -> list[Role]:
    return trial.ROLES


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(trial.END)
