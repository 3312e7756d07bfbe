"""What every test of the process monitor starts from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import crmkit_process_monitor
from crmkit import MovableClock, Plugin, Role
from crmkit_process_monitor import ROLES

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_process_monitor.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return list(ROLES)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)


@pytest.fixture
def rich() -> Path:
    """A log with a bit of everything."""
    return Path(__file__).parent / "data" / "rich.xes"
