"""The simulation keeps its promises, and would notice if it did not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Crm, Misuse, MovableClock
from crmkit_sales import plugin
from crmkit_sales.audit import Audit
from crmkit_sales.entities import Deal, FollowUp


def _prepare(url: str) -> None:
    crm = Crm(plugin, database=url)
    for table in crm.tables:
        table.create(crm.engine)
    crm.engine.dispose()


@pytest.fixture
def crm(copy_of: Callable[..., str]) -> Iterator[Crm]:
    made = Crm(plugin, database=copy_of("sales", _prepare), clock=MovableClock())
    yield made
    made.engine.dispose()


def simulate(crm: Crm, **options: Any) -> dict[str, Any]:
    found = crm.hook.crm_simulate(crm=crm, plugin="sales", clock=crm.clock, options=options)
    assert isinstance(found, dict)
    return found


def broken(crm: Crm) -> list[str]:
    with crm.read() as uow:
        return Audit(uow, uow.find(Deal).ids()).broken()


def test_sellers_work_and_no_promise_is_broken(crm: Crm):
    report = simulate(crm, days=40, deals="30", seed=5)
    assert report["violations"] == 0, report["broken"]
    assert (report["days"], report["deals"]) == (40, 30)
    for name in ("moves", "won", "lost", "follow_ups", "timers_fired", "refused"):
        assert report[name] > 0, name
    assert broken(crm) == []


def test_the_same_seed_plays_the_same(copy_of: Callable[..., str]):
    reports = []
    for _time in range(2):
        crm = Crm(plugin, database=copy_of("sales", _prepare), clock=MovableClock())
        reports.append(simulate(crm, days=20, deals=10, seed=7))
        crm.engine.dispose()
    assert reports[0] == reports[1]


@pytest.mark.parametrize("options", [{"day": 3}, {"days": "many"}, {"deals": 0}, {"seed": None}])
def test_options_that_will_not_do_are_refused(crm: Crm, options: dict[str, Any]):
    with pytest.raises(Misuse):
        simulate(crm, **options)


def test_another_plugin_is_not_ours_to_play(crm: Crm):
    assert crm.hook.crm_simulate(crm=crm, plugin="loyalty", clock=crm.clock, options={}) is None


SABOTAGE = {
    "open follow-up": FollowUp.__table__.update().values(done_at=None),
    "totals": Deal.__table__.update().where(Deal.id == 1).values(amount=12345),
    "gap": sa.text(
        "DELETE FROM crm_stage_history WHERE id = (SELECT min(b.id) FROM crm_stage_history a"
        " JOIN crm_stage_history b ON b.record_id = a.record_id AND b.id > a.id"
        " JOIN crm_stage_history c ON c.record_id = b.record_id AND c.id > b.id)"
    ),
    "does not end": sa.text("UPDATE sales_deal SET stage = 'won' WHERE stage = 'lost'"),
    "nudged": sa.text("UPDATE sales_follow_up SET what = 'nothing' WHERE what LIKE 'The offer waits%'"),
    "was to be done": sa.text("UPDATE crm_job SET run_at = 1"),
}


@pytest.fixture
def played(crm: Crm) -> Crm:
    assert simulate(crm, days=40, deals=30, seed=5)["violations"] == 0
    return crm


@pytest.mark.parametrize("words", SABOTAGE)
def test_a_broken_promise_is_noticed(played: Crm, words: str):
    with played.uow() as uow:
        uow.connection.execute(SABOTAGE[words])
    if words == "was to be done":
        with played.uow() as uow:
            played.jobs.schedule(uow.connection, "crmkit:tidy", at=played.clock.now() - dt.timedelta(days=1))
    assert words in "\n".join(broken(played))
