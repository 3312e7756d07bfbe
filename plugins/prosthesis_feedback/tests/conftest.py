"""What every test of the follow-up starts from: 2 March 2026, noon in Moscow."""

from __future__ import annotations

import datetime as dt

import pytest

import crmkit_prosthesis_feedback
from crmkit import MovableClock, Plugin, Role
from crmkit_prosthesis_feedback import ROLES

MONDAY = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_prosthesis_feedback.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return list(ROLES)


@pytest.fixture
def crm_settings() -> dict:
    return {"crmkit": {"timezone": "Europe/Moscow"}, "taskqueue": {"client_hours": ["mon-sun 09:00-21:00"]}}


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)
