"""The simulation plants what the monitor finds, through the database; and the demo has something to show."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
import typing as t

import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm, Misuse, MovableClock
from crmkit.core.compose import installed
from crmkit_process_monitor import Assignment, Case, Norm, Worker
from crmkit_process_monitor.demo import crm_demo
from crmkit_process_monitor.effects import Outcome, effect
from crmkit_process_monitor.judging import judge
from crmkit_process_monitor.norms import Norms
from crmkit_process_monitor.reading import Chosen, sums, worked_days
from crmkit_process_monitor.rollups import differences
from crmkit_process_monitor.simulating import read
from crmkit_process_monitor.tables import days, spans, work


def play(crm: Crm, clock: MovableClock, **options: t.Any) -> t.Any:
    return crm.hook.crm_simulate(crm=crm, plugin="process_monitor", clock=clock, options=options)


def test_what_is_planted_is_found_and_its_cure_measured():
    with tempfile.TemporaryDirectory() as folder:
        clock = MovableClock()
        crm = Crm(*installed(["process_monitor"]), database=f"sqlite:///{folder}/crm.db", clock=clock)
        for table in crm.tables:
            table.create(crm.engine)
        report = play(crm, clock, managers=12, days=22, cases=9, through=1, seed=3)
        crm.engine.dispose()
    assert report["broken"] == []
    month = report["month_with_drawdowns"]
    assert (month["planted"], month["found"], month["not_planted"], month["cells_judged"]) == (3, 3, 0, 72)
    helped, nothing = report["courses"]
    assert helped["low"] < helped["true_change"] < helped["high"]
    assert nothing["verdict"] == "unsure"
    assert report["month_without"]["alarms"] == 0
    assert report["cases_through_the_intake"] > 5
    assert {one["step"] for one in report["norms_proposed"]} == {"contact", "inquiry", "selection", "offer", "contract", "payment"}


WRONG = [
    ({"manager": 3}, "no option 'manager'"), ({"managers": "many"}, "managers = 'many'"), ({"days": 6.5}, "days = 6.5"),
    ({"managers": 3}, "managers = 3: a whole number, at least 10"), ({"seed": None}, "seed = None"), ({"cases": True}, "cases = True"),
    ({"managers": 10, "drawdowns": 9}, "drawdowns = 9: at most 8 of 10 managers"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "named"), WRONG)
def test_an_option_that_will_not_do_is_named(options: dict[str, t.Any], named: str):
    with pytest.raises(Misuse) as refused:
        read(options)
    assert named in str(refused.value)


def test_another_plugin_is_not_ours_to_play(crm: Crm, clock: MovableClock):
    assert crm.hook.crm_simulate(crm=crm, plugin="loyalty", clock=clock, options={}) is None


def test_the_demo_has_two_who_lose_time_and_a_course_that_helped(crm: Crm):
    with crm.uow() as writing:
        crm_demo(writing, random.Random(1), 100)
        assert differences(writing) == []
    with crm.read(Actor(1, "Dora", roles=["director"])) as reading:
        today = reading.now.astimezone(crm.zone).date()
        chosen, norms = Chosen(since=today - dt.timedelta(29), until=today), Norms.load(reading)
        found = judge(sums(reading, chosen, norms=norms), norms, worked=worked_days(reading, chosen), least=20, rate=0.01)
        users = {one.id: one.user_id for one in reading.find(Worker)}
        assert {users[one.worker] for one in found if one.verdict.alarm} <= {4, 6}
        done, begun = reading.find(Assignment).order_by(Assignment.id).all()
        assert effect(reading, done.id).verdict in (Outcome.HELPED, Outcome.UNSURE)
        assert (begun.stage, begun.owner_id) == ("begun", 4)
        assert reading.find(Norm).count() == 10
        cases = reading.find(Case).count()
        counted = [reading.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in (spans, work)]
        assert counted[0] == counted[1] > cases > 500
        assert reading.connection.execute(sa.select(sa.func.sum(days.c.lost))).scalar_one() > 0


def test_a_small_demo_is_short(crm: Crm):
    with crm.uow() as writing:
        crm_demo(writing, random.Random(1), 3)
    with crm.read() as reading:
        assert 50 < reading.find(Case).count() < 200
        assert reading.find(Assignment).count() == 0
