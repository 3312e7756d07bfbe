"""Norms by day, and sums that never leave the rows they are sums of."""

from __future__ import annotations

import datetime as dt
import random
import threading

import pytest
import sqlalchemy as sa

from crmkit import Crm, Uow
from crmkit_process_monitor import Norm, Step
from crmkit_process_monitor.norms import Norms
from crmkit_process_monitor.rollups import bucket, differences, put, rebuild
from crmkit_process_monitor.tables import days, work

DAY = dt.date(2026, 3, 2)


@pytest.fixture
def steps(crm: Crm) -> list[int]:
    with crm.uow() as uow:
        found = [uow.add(Step(name=name, title=name)) for name in ("offer", "papers")]
        uow.flush()
        return [step.id for step in found]


def norm(uow: Uow, step: int, since: dt.date, reference: int, kind: str | None = None) -> Norm:
    return uow.add(Norm(step_id=step, case_kind=kind, since=since, reference=reference, least=reference // 2, most=reference * 2))


def row(case: int, step: int, took: int, *, worker: int = 1, day: dt.date = DAY, kind: str = "new", team: int | None = None):
    return (case, step, worker, 0, day, kind, team, None, took, took, 0, 0, 1)


def test_history_is_judged_by_the_norm_of_its_day(crm: Crm, steps: list[int], uow: Uow):
    with crm.uow() as writing:
        norm(writing, steps[0], DAY, 60)
        norm(writing, steps[0], DAY + dt.timedelta(10), 120)
        norm(writing, steps[0], DAY + dt.timedelta(5), 600, "repeat")
        writing.archive(norm(writing, steps[1], DAY, 60))
    norms = Norms.load(uow)

    def reference(after: int, kind: str = "new") -> int | None:
        held = norms.of(steps[0], kind, DAY + dt.timedelta(after))
        return held.reference if held else None

    assert [reference(n) for n in (-1, 0, 9, 10, 99)] == [None, 60_000, 60_000, 120_000, 120_000]
    assert [reference(n, "repeat") for n in (4, 5, 10)] == [60_000, 600_000, 600_000]
    assert norms.of(steps[1], "new", DAY) is None
    assert norms.starts(DAY, DAY + dt.timedelta(10)) == [DAY + dt.timedelta(5), DAY + dt.timedelta(10)]


def test_each_bucket_is_two_hundredths_wide():
    assert [bucket(ms) for ms in (0, 1000, 1019, 1021, 60_000)] == [0, 0, 0, 1, 206]


def test_sums_follow_their_rows_whatever_happens(crm: Crm, steps: list[int]):
    chance = random.Random(7)
    with crm.uow() as uow:
        norm(uow, steps[0], DAY, 60)
        norm(uow, steps[0], DAY + dt.timedelta(2), 30, "new")
    for _turn in range(25):
        with crm.uow() as uow:
            cases = chance.sample(range(1, 9), chance.randint(1, 3))
            made = [
                row(case, step, chance.randint(0, 200_000), worker=chance.randint(1, 2), day=DAY + dt.timedelta(chance.randint(0, 3)),
                    kind=chance.choice(["new", "repeat"]), team=chance.choice([None, 4]))
                for case in cases for step in chance.sample(steps, chance.randint(0, 2))
            ]  # fmt: skip
            put(uow, cases, made)
        with crm.uow() as uow:
            assert not differences(uow)
    with crm.uow() as uow:
        kept = uow.connection.execute(sa.select(days).order_by(*days.primary_key.columns)).all()
        assert kept
        assert rebuild(uow) == len(kept)
        assert uow.connection.execute(sa.select(days).order_by(*days.primary_key.columns)).all() == kept


def test_a_changed_norm_judges_its_days_anew_and_no_others(crm: Crm, steps: list[int]):
    later = DAY + dt.timedelta(3)
    with crm.uow() as uow:
        put(uow, [1, 2], [row(1, steps[0], 100_000), row(2, steps[0], 100_000, day=later)])
        norm(uow, steps[0], later, 60)
        assert {name for _key, name in differences(uow)} == {"lost"}
        assert rebuild(uow, since=later) == 1
        assert not differences(uow)
        told = sa.select(days.c.day, days.c.fast, days.c.slow, days.c.lost).order_by(days.c.day)
        assert [tuple(r) for r in uow.connection.execute(told)] == [(DAY, 0, 0, 0), (later, 0, 0, 40_000)]
        uow.connection.execute(work.delete().where(work.c.case_id == 2))
        uow.connection.execute(days.update().where(days.c.day == DAY).values(n=5))
        assert {name for _key, name in differences(uow)} == {"n", "nothing behind it", "sums of the month", "sums of its cases"}


def test_two_cases_of_a_colleague_that_end_at_once_are_both_counted(crm: Crm, steps: list[int]):
    failed: list[BaseException] = []
    together = threading.Barrier(4)

    def end(case: int) -> None:
        try:
            together.wait(30)
            for again in range(5):
                with crm.uow() as uow:
                    put(uow, [case], [row(case, step, 1000 * (case + again)) for step in (steps if case % 2 else steps[::-1])])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=end, args=(case,)) for case in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    with crm.uow() as uow:
        assert not differences(uow)
        assert uow.connection.execute(sa.select(sa.func.sum(days.c.n))).scalar_one() == 8
