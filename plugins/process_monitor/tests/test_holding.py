"""Held against the norm of each day by the database, or by ourselves: the same judgement."""

from __future__ import annotations

import datetime as dt
import random

import attrs
import pytest

from crmkit import Actor, Crm
from crmkit_process_monitor import Norm, Step, Worker
from crmkit_process_monitor.holding import held_sums
from crmkit_process_monitor.judging import Judged, Verdict, judge
from crmkit_process_monitor.norms import Norms
from crmkit_process_monitor.reading import Chosen, sums
from crmkit_process_monitor.rollups import put

FIRST, DAY = dt.date(2026, 1, 10), dt.timedelta(days=1)
BOSS = Actor(1, "Dina", roles=["director"])


@pytest.fixture
def worked(crm: Crm) -> None:
    """A hundred days of twelve colleagues; norms come, change, are of one kind only or have no minimum; a step has none."""
    chance = random.Random(5)
    with crm.uow() as uow:
        steps = [uow.add(Step(name=name, title=name)) for name in ("offer", "papers", "issue", "none")]
        workers = [uow.add(Worker(name="", user_id=n)) for n in range(1, 13)]
        uow.flush()
        for step, kind, since, reference, least, most in (
            (0, None, -9, 60, 10, 120), (0, None, 40, 90, 0, 100), (0, "new", 70, 200, 100, 300), (1, "new", 30, 50, 5, 500),
            (2, None, 55, 80, 60, 90),
        ):  # fmt: skip
            uow.add(Norm(step_id=steps[step].id, case_kind=kind, since=FIRST + since * DAY, reference=reference, least=least, most=most))
        rows = [
            (case, step.id, worker.id, 0, FIRST + (case % 100) * DAY, kind, None, None, took, took, 0, 0, 1)
            for case in range(1, 1500) for worker, kind in [(chance.choice(workers), chance.choice(["new", "repeat"]))] for step in steps
            for took in [round(1000 * chance.lognormvariate(4.3 + 0.08 * worker.id, 0.5))]
        ]  # fmt: skip
        put(uow, range(1, 1500), rows)


def judged(uow, chosen: Chosen, *, by_database: bool) -> dict[tuple[int, int], Judged]:
    norms = Norms.load(uow)
    found = held_sums(uow, chosen, norms, 0.2) if by_database else sums(uow, chosen, norms=norms)
    assert len({(s.worker, s.step, s.kind, s.norm is None) for s in found}) == len(found) or not by_database
    return {(one.worker, one.step): one for one in judge(found, norms, worked=dict.fromkeys(range(99), 20), least=20, rate=0.05)}


@pytest.mark.parametrize(("since", "until"), [(0, 99), (35, 99), (42, 68), (0, 50), (71, 99)])
def test_the_same_judgement(crm: Crm, worked: None, since: int, until: int):
    chosen = Chosen(since=FIRST + since * DAY, until=FIRST + until * DAY)
    with crm.read(BOSS) as uow:
        ours, theirs = (judged(uow, chosen, by_database=of) for of in (False, True))
    assert ours.keys() == theirs.keys()
    for key, mine in ours.items():
        one, other = ({name: -1.0 if value is None else value for name, value in attrs.asdict(of).items()} for of in (mine, theirs[key]))
        assert one.pop("verdict") is other.pop("verdict")
        assert other == pytest.approx(one, rel=1e-6), key
    if since == 0 and until == 99:
        assert {one.verdict for one in ours.values()} >= {Verdict.SLOW, Verdict.WITHIN, Verdict.NO_NORM}


def test_one_row_for_each_kind_however_often_norms_changed(crm: Crm, worked: None):
    chosen = Chosen(since=FIRST, until=FIRST + 99 * DAY)
    with crm.read(BOSS) as uow:
        norms = Norms.load(uow)
        plain, held = sums(uow, chosen, norms=norms), held_sums(uow, chosen, norms, 0.2)
    assert len(plain) == 12 * 4 * 2 * 5
    assert len(held) == 12 * (2 + 3 + 4 + 2)  # what was done before a norm began stands alone
    assert sum(one.n for one in held) == sum(one.n for one in plain)
