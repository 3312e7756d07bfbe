"""Norms of the best quarter: neither of the lucky nor of those who click through."""

from __future__ import annotations

import datetime as dt
import math
import random
import typing as t

import pytest

from crmkit import Actor, Crm, Uow
from crmkit_process_monitor import Step, Worker
from crmkit_process_monitor.proposing import propose, rounded
from crmkit_process_monitor.reading import Chosen
from crmkit_process_monitor.rollups import WORK, rebuild
from crmkit_process_monitor.sets import insert
from crmkit_process_monitor.tables import work

FIRST = dt.date(2026, 3, 2)
CHOSEN = Chosen(since=FIRST, until=FIRST + dt.timedelta(60))


def play(crm: Crm, ratios: t.Sequence[float], *, kinds: t.Mapping[str, float] = {"new": 1.0}, days: int = 15, cases: int = 6, team: int = 1) -> int:
    dice = random.Random(3)
    with crm.uow() as uow:
        step = uow.add(Step(name=f"step {team}", title="Step"))
        workers = [uow.add(Worker(name=f"R{n}", team_id=team)) for n in range(len(ratios))]
        uow.flush()
        rows = []
        for worker, ratio in zip(workers, ratios, strict=True):
            for number in range(days * cases):
                kind = dice.choice(list(kinds))
                ms = round(100_000 * ratio * kinds[kind] * math.exp(dice.gauss(0, 0.4)))
                day = FIRST + dt.timedelta(number % days)
                rows.append((worker.id * 1000 + number, step.id, worker.id, 0, day, kind, team, None, ms, ms, 0, 0, 1))
        insert(uow, work, WORK, rows)
        rebuild(uow)
        return step.id


def test_the_best_quarter_says_how_long_a_step_takes(crm: Crm, uow: Uow):
    people = [math.exp(0.2 * x) for x in (-1.6, -1.1, -0.8, -0.5, -0.3, -0.1, 0.1, 0.3, 0.5, 0.8, 1.1, 1.6)]
    step = play(crm, [*people, 0.04], kinds={"new": 2.0, "repeat": 1.0}, cases=20)
    found = {(one.step, one.kind): one for one in propose(uow, CHOSEN)}
    assert set(found) == {(step, None), (step, "new"), (step, "repeat")}
    new, repeat = found[step, "new"], found[step, "repeat"]
    assert new.workers == 3, "whoever is done in four seconds is nobody's example"
    assert new.reference == pytest.approx(160, rel=0.1)
    assert repeat.reference == pytest.approx(80, rel=0.1)
    assert repeat.least == pytest.approx(80 * math.exp(-1.645 * 0.4), rel=0.2)
    assert repeat.most == pytest.approx(80 * math.exp(1.645 * 0.4), rel=0.2)
    assert new.n == pytest.approx(450, abs=50)
    assert all(one.least < one.reference < one.most for one in found.values())


def test_of_a_few_there_is_no_quarter(crm: Crm, uow: Uow):
    play(crm, [1.0] * 3)
    play(crm, [1.0] * 8, days=4, team=2)
    play(crm, [1.0] * 8, cases=1, days=15, team=3)
    assert propose(uow, CHOSEN) == []


def test_norms_are_proposed_of_what_one_may_see(crm: Crm):
    play(crm, [1.0] * 5)
    step = play(crm, [2.0] * 5, team=2)
    with crm.read(Actor(9, "Lea", roles=["team_lead"], teams=[2])) as uow:
        assert [one.step for one in propose(uow, CHOSEN)] == [step]


def test_seconds_are_rounded_as_people_set_them():
    assert [rounded(s) for s in (0.4, 7.6, 33, 118, 187, 599, 1234)] == [0, 8, 35, 120, 190, 600, 1230]
