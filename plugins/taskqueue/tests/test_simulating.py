"""The simulation keeps the queue's promises, tells what an integrator asks, and says what is wrong with an option."""

from __future__ import annotations

import tempfile

import pytest

from crmkit import CompositionError, Crm, Misuse, MovableClock
from crmkit.core.compose import installed
from crmkit_taskqueue.simulating import read

SMALL = {"managers": 2, "days": 2, "leads": 24, "stack": 60, "plans": 5, "cap": 2, "seed": 3}


def play(crm, clock, **options):
    return crm.hook.crm_simulate(crm=crm, plugin="taskqueue", clock=clock, options=options)


def test_two_days_of_two_managers(crm, clock, tmp_path):
    plot = tmp_path / "days.html"
    report = play(crm, clock, **SMALL, plot=str(plot))
    assert report["violations"] == 0, report["broken"]
    assert report["closed"] == sum(day["closed"] for day in report["by_day"]) == sum(report["by_kind"].values())
    assert report["closed"] > 100
    assert len(report["overdue"]) == len(report["by_day"]) == 2
    spread = report["per_manager_and_day"]
    assert spread["p10"] <= spread["mean"] <= spread["p90"]
    assert spread["of_goal"] == pytest.approx(spread["mean"] / 140, abs=0.001)
    assert {"new_lead", "old_client", "task"} <= report["by_kind"].keys()
    assert report["full_days"] > 0, "two tasks a day are soon planned"
    assert report["last_old_client"]["how"] in ("measured", "projected")
    drawn = plot.read_text()
    assert drawn.count("<svg") >= 3
    assert "<script" not in drawn


def test_the_same_seed_plays_the_same():
    reports = []
    for _time in range(2):
        with tempfile.TemporaryDirectory() as folder:
            clock, url = MovableClock(), f"sqlite:///{folder}/crm.db"
            crm = Crm(*installed(["taskqueue"]), database=url, clock=clock)
            for table in crm.tables:
                table.create(crm.engine)
            reports.append(play(crm, clock, managers=1, days=1, leads=8, stack=20, plans=1))
            crm.engine.dispose()
    assert reports[0] == reports[1]


WRONG = [
    ({"manager": 3}, "no option 'manager'"), ({"managers": "many"}, "managers = 'many'"), ({"managers": 0}, "managers = 0: at least 1"),
    ({"days": 1.5}, "days = 1.5"), ({"answer_rate": 45}, "answer_rate = 45"), ({"leads": -1}, "leads = -1"), ({"plot": 3}, "plot = 3"),
    ({"plot": "/nowhere/day.html"}, "there is no folder /nowhere"),
    ({"seed": None}, "seed = None"), ({"cap": True}, "cap = True"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "named"), WRONG)
def test_an_option_that_will_not_do_is_named(options, named):
    with pytest.raises(Misuse) as refused:
        read(options)
    assert named in str(refused.value)


def test_a_setting_that_will_not_do_is_named(crm, clock):
    with pytest.raises(CompositionError) as refused:
        play(crm, clock, managers=1, days=1, max_break="long")
    assert "max_break" in str(refused.value)


def test_another_plugin_is_not_ours_to_play(crm, clock):
    assert crm.hook.crm_simulate(crm=crm, plugin="loyalty", clock=clock, options={}) is None
