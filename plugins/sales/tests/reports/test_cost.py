"""A report asks the same few questions however much there is, by index where one helps, and never reads the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from crmkit import Actor, Crm, Uow
from crmkit_sales.reports import Ask, cohorts, first_response, forecast, funnel, office, time_in_stage, won_lost

from .trial import build

SPLIT = Ask(pipeline="cases", by=("source", "owner", "city"))
MADE: dict[str, tuple[int, Callable[[Uow], Any]]] = {
    "funnel": (3, lambda uow: funnel(uow, SPLIT)),
    "funnel by entry": (3, lambda uow: funnel(uow, SPLIT, "entered")),
    "stages": (3, lambda uow: time_in_stage(uow, SPLIT)),
    "stages in working hours": (5, lambda uow: time_in_stage(uow, SPLIT, office(uow))),
    "outcomes": (2, lambda uow: won_lost(uow, SPLIT)),
    "cohorts": (2, cohorts),
    "forecast": (3, forecast),
    "responses": (3, lambda uow: first_response(uow, Ask(by=("channel", "owner", "source")))),
}
BELOW = Actor(3, "Chief", roles=["below"], teams=[2])


@pytest.mark.parametrize("count", [3, 60])
def test_a_fixed_number_of_statements(crm: Crm, queries: Any, count: int) -> None:
    build(crm, count, seed=2)
    for most, made in MADE.values():
        with crm.read(BELOW) as uow:
            queries.clear()
            made(uow)
            assert queries.count == most, "\n".join(queries.statements)


def test_the_journal_is_not_read_and_history_is_found_by_record(crm: Crm) -> None:
    build(crm, 40, seed=2)
    plans = list[str]()
    seen: list[tuple[str, Any]] = []
    with crm.uow(BELOW) as uow:
        event.listen(crm.engine, "before_cursor_execute", lambda _c, _k, sql, values, *_rest: seen.append((sql, values)))
        for _most, made in MADE.values():
            made(uow)
        asked = [(sql, values) for sql, values in seen if sql.lstrip().upper().startswith(("SELECT", "WITH"))]
        postgres = crm.engine.dialect.name == "postgresql"
        if postgres:  # forty rows are read whole whatever the index: ask what it would do with many
            uow.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for sql, values in asked:
            found = uow.connection.exec_driver_sql(("EXPLAIN " if postgres else "EXPLAIN QUERY PLAN ") + sql, values).all()
            plans.append("\n".join(str(row[-1]) for row in found))
    assert len(asked) > 15
    assert not [p for p in plans if "crm_journal" in p]
    past = [p for p in plans if "crm_stage_history" in p]
    assert len(past) >= 5
    for plan in past:
        assert "Seq Scan on crm_stage_history" not in plan, plan
        assert "SCAN crm_stage_history" not in plan, plan
    for plan in plans:  # the calendar may be short enough to be gone through for a few stays, never the stays for each of its days
        if "SCAN starts" in plan:
            assert plan.index("SCAN lasting") < plan.index("SCAN starts"), plan
