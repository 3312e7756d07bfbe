"""What every test of the work queue starts from."""

from __future__ import annotations

import datetime as dt

import pytest

import crmkit_taskqueue
from crmkit import MovableClock, Plugin, Role
from crmkit_taskqueue import ROLES

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)  # noon in Moscow


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_taskqueue.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return list(ROLES)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)
