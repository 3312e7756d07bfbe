"""What every test of sales starts from."""

from __future__ import annotations

import pytest

import crmkit_sales
from crmkit import Plugin, Role


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_sales.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return list(crmkit_sales.ROLES)
