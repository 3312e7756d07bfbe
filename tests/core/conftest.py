"""One CRM of the probe plugin on each database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from crmkit import Crm, MovableClock

from .kit import shop
from .probe import NARROWED, compose

__all__ = ["crm", "shop"]


@pytest.fixture
def crm(database_url: str) -> Iterator[Crm]:
    """A CRM in New York, two days after its clocks went forward."""
    clock = MovableClock(dt.datetime(2026, 3, 10, 2, 30, tzinfo=dt.UTC))
    made = compose(database_url, clock=clock, settings={"crmkit": {"timezone": "America/New_York"}})
    yield made
    made.engine.dispose()
    NARROWED.clear()


@pytest.fixture
def clock(crm: Crm) -> MovableClock:
    """The clock of that CRM."""
    assert isinstance(crm.clock, MovableClock)
    return crm.clock
