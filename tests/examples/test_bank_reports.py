"""The sales plugin's report of time in stage says of the bank's log what the log says itself."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from crmkit_sales.reports import Ask, funnel, time_in_stage
from tests.examples.test_bank_loans import EXAMPLE, LOG, STRANGE, by_hand, written

SOME = 400


@pytest.fixture
def bank() -> Iterator[ModuleType]:
    """The example as a module, under a name of its own."""
    spec = importlib.util.spec_from_file_location("bank_loans_reported", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def reported(bank: ModuleType, log: Path, url: str, limit: int | None) -> dict[str, Any]:
    """Play a log and take the report of all time."""
    traces = list(bank.read_log(log, limit))
    crm, pipeline = bank.compose(bank.statuses_of(traces), url)
    bank.prepare(crm)
    bank.play(crm, pipeline, traces)
    ask = Ask(since=dt.date(2005, 1, 1), until=dt.date(2031, 12, 31), pipeline=pipeline.name)
    with crm.read() as uow, pytest.raises(Exception, match="3660"):
        time_in_stage(uow, ask)
    year = traces[0].events[0][0].year
    ask = Ask(since=dt.date(year - 4, 1, 1), until=dt.date(year + 4, 12, 31), pipeline=pipeline.name)
    with crm.read() as uow:
        rows, steps = time_in_stage(uow, ask).rows, funnel(uow, ask).rows
    crm.engine.dispose()
    assert steps[0].reached == len(traces)
    stages = {
        row.stage: {
            "last": row.now, "mean_s": None if row.mean is None else row.mean.total_seconds(),
            "median_s": None if row.median is None else row.median.total_seconds(),
        }
        for row in rows
    }  # fmt: skip
    return {"deals": sum(row.now for row in rows), "stages": stages}


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found["deals"] == expected["deals"]
    assert found["stages"].keys() == expected["stages"].keys()
    for status, facts in expected["stages"].items():
        for name, value in facts.items():
            near = value if value is None else pytest.approx(value, rel=1e-9, abs=1e-6)
            assert found["stages"][status][name] == near, (status, name)


def test_a_strange_log(bank: ModuleType, tmp_path: Path, database_url: str) -> None:
    log = written(tmp_path / "strange.xes", STRANGE)
    same(reported(bank, log, database_url, None), by_hand(log))


@pytest.mark.slow
def test_the_bank_s_log(bank: ModuleType, database_url: str, shared: Callable[[str], Path]) -> None:
    log = shared(LOG)
    same(reported(bank, log, database_url, SOME), by_hand(log, SOME))
