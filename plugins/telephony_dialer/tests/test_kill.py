"""Processes that are ended by ``kill -9`` at random moments: nothing is lost, nothing doubled, nobody dialled twice.

It takes real time (a telephone rings fifteen seconds), so it runs with ``CRMKIT_TEST_LONG=1`` only; `bench.dialer_kills` kills more of them.
The everyday tests crash in the middle of statements on a clock of their own (`test_day.py`).
"""

from __future__ import annotations

import os
import random

import pytest

from crmkit.testing.postgres import postgres_dsn

from .processes import HURRIED, centre


@pytest.mark.skipif(not os.environ.get("CRMKIT_TEST_LONG"), reason="takes minutes: CRMKIT_TEST_LONG=1")
@pytest.mark.real_time("processes of their own are killed: no clock is theirs to move")
@pytest.mark.parametrize("kept_in", ["sqlite", "postgresql"])
def test_processes_are_killed_at_random_moments(kept_in, tmp_path):
    url = f"sqlite:///{tmp_path}/centre.db" if kept_in == "sqlite" else postgres_dsn().replace("postgresql:", "postgresql+psycopg:", 1)
    with centre(url, 6, 400, habits=HURRIED, ring=15, lease=5.0) as found:
        found.suffer(25, random.Random(kept_in))
        found.close()
        assert found.wrong() == []
        assert found.made() >= 6
        assert sum(found.kills.values()) == 25
