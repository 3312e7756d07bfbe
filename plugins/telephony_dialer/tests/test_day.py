"""A day at the telephone through a PBX that behaves like Telfin's, with its faults and with crashes at random moments."""

from __future__ import annotations

import os
import random

import pytest

from crmkit import MovableClock
from crmkit_telephony_telfin.fake import Faults

from .day import BEGIN, PLUGINS, ROLES, SETTINGS, Day

LONG = bool(os.environ.get("CRMKIT_TEST_LONG"))


@pytest.fixture
def crm_plugins():
    return list(PLUGINS)


@pytest.fixture
def crm_roles():
    return list(ROLES)


@pytest.fixture
def crm_settings():
    return SETTINGS


@pytest.fixture
def clock():
    return MovableClock(BEGIN)


@pytest.mark.parametrize("seed", range(40) if LONG else [3])
def test_a_day_keeps_every_promise(crm, uow, clock, seed):
    chance = random.Random(seed)
    faults = Faults.storm(0.03, refused=0.01, server_error=0.02) if seed % 2 else Faults.seen()
    day = Day(crm, clock, agents=3, tasks=60, seed=seed, faults=faults, crash_every=chance.choice([8, 15, 40]))
    day.set_up()
    day.run(180 if LONG else 2)
    day.close(10)
    assert day.wrong() == []
    assert day.figures()["attempts"] >= (60 if LONG else 3)
    assert day.crashes.count > 0
