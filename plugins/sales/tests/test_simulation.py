"""The simulation keeps its promises, and would notice if it did not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

import crmkit.activities
from crmkit import Crm, Misuse, MovableClock
from crmkit.activities import Activity
from crmkit_sales import plugin
from crmkit_sales.audit import Audit
from crmkit_sales.entities import Assignee, Contact, Deal, DealLine, Inquiry, Lead, Registration


def _prepare(url: str) -> None:
    crm = Crm(crmkit.activities.plugin, plugin, database=url)
    for table in crm.tables:
        table.create(crm.engine)
    crm.engine.dispose()


@pytest.fixture
def crm(copy_of: Callable[..., str]) -> Iterator[Crm]:
    made = Crm(crmkit.activities.plugin, plugin, database=copy_of("sales", _prepare), clock=MovableClock())
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
    assert report["days"] == 40
    assert 15 < report["deals"] <= 30, "half come from inquiries, of which some come to nothing"
    for name in ("moves", "won", "lost", "steps", "timers_fired", "refused", "inquiries", "leads", "assigned", "converted", "registrations"):
        assert report[name] > 0, name
    assert broken(crm) == []


def test_the_same_seed_plays_the_same(copy_of: Callable[..., str]):
    reports = []
    for _time in range(2):
        crm = Crm(crmkit.activities.plugin, plugin, database=copy_of("sales", _prepare), clock=MovableClock())
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
    "open activity": Activity.__table__.update().values(done_at=None),
    "its lines come to": DealLine.__table__.update().values(amount=7),
    "its points say": Contact.__table__.update().values(phone="+79990000000"),
    "marked as late": Inquiry.__table__.update().values(response_late=True),
    "into nothing": Lead.__table__.update().values(deal_id=None),
    "where it came from": Lead.__table__.update().values(utm_source="elsewhere"),
    "and may have": Assignee.__table__.update().values(max_active=-1),
    "protected until": Registration.__table__.update().values(stage="approved", protected_until=None),
    "totals": Deal.__table__.update().where(Deal.id == 1).values(amount=12345),
    "gap": sa.text(
        "DELETE FROM crm_stage_history WHERE id = (SELECT min(b.id) FROM crm_stage_history a"
        " JOIN crm_stage_history b ON b.kind = a.kind AND b.record_id = a.record_id AND b.id > a.id"
        " JOIN crm_stage_history c ON c.kind = b.kind AND c.record_id = b.record_id AND c.id > b.id WHERE a.kind = 'sales.deal')"
    ),
    "does not end": sa.text("UPDATE sales_deal SET stage = 'won' WHERE stage = 'lost'"),
    "nudged": sa.text("UPDATE activities_activity SET subject = 'nothing' WHERE subject LIKE 'The offer waits%'"),
    "was to be done": sa.text("UPDATE crm_job SET run_at = 1"),
}


def _play(url: str) -> None:
    _prepare(url)
    crm = Crm(crmkit.activities.plugin, plugin, database=url, clock=MovableClock())
    assert simulate(crm, days=40, deals=30, seed=5)["violations"] == 0
    crm.engine.dispose()


@pytest.fixture
def played(copy_of: Callable[..., str]) -> Iterator[Crm]:
    url = copy_of("sales played", _play)
    made = Crm(crmkit.activities.plugin, plugin, database=url, clock=MovableClock(MovableClock().now() + dt.timedelta(days=40)))
    yield made
    made.engine.dispose()


@pytest.mark.parametrize("words", SABOTAGE)
def test_a_broken_promise_is_noticed(played: Crm, words: str):
    with played.uow() as uow:
        uow.connection.execute(SABOTAGE[words])
    if words == "was to be done":
        with played.uow() as uow:
            played.jobs.schedule(uow.connection, "crmkit:tidy", at=played.clock.now() - dt.timedelta(days=1))
    assert words in "\n".join(broken(played))
