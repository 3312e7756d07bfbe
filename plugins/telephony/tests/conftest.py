"""What every test of telephony starts from: two colleagues with a telephone each, and a provider on paper."""

from __future__ import annotations

import datetime as dt

import pytest

import crmkit_telephony
from crmkit import Crm, MovableClock, Plugin, Role
from crmkit_telephony import ROLES, Line, provider_named
from crmkit_telephony.testing import PaperProvider, paper

MONDAY = dt.datetime(2026, 3, 16, 9, 0, tzinfo=dt.UTC)  # noon in Moscow
ANN, BEN = 7, 8


@pytest.fixture
def crm_plugins() -> list[Plugin]:
    return [crmkit_telephony.plugin, paper.plugin]


@pytest.fixture
def crm_roles() -> list[Role]:
    return list(ROLES)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(MONDAY)


@pytest.fixture
def pbx(crm: Crm) -> PaperProvider:
    provider = provider_named(crm, "paper")
    assert isinstance(provider, PaperProvider)
    return provider


@pytest.fixture
def lines(make) -> tuple[Line, Line]:
    return make(Line, provider="paper", extension="101", owner_id=ANN), make(Line, provider="paper", extension="102", owner_id=BEN)
