"""What dashboards read: the same sums by month as by day, and nobody else's work."""

from __future__ import annotations

import datetime as dt
import random

import attrs
import pytest
import sqlalchemy as sa

from crmkit import Actor, Crm
from crmkit_process_monitor import Log, Norm, Step, Worker
from crmkit_process_monitor.dashboard.gathered import over_time
from crmkit_process_monitor.reading import Chosen, pieces_of, served_by, sums, worked_days
from crmkit_process_monitor.rollups import put
from crmkit_process_monitor.tables import work

FIRST = dt.date(2026, 1, 10)
DAY = dt.timedelta(days=1)


def test_a_range_is_months_and_as_few_days_as_can_be():
    def day(month: int, day: int) -> dt.date:
        return dt.date(2026, month, day)

    def pieces(since: dt.date, until: dt.date) -> tuple[object, ...]:
        found = pieces_of(since, until)
        return found.months, found.more, found.less

    assert pieces(day(1, 1), day(1, 31)) == ([(day(1, 1), day(1, 1))], [], [])
    assert pieces(day(1, 2), day(1, 30)) == ([(day(1, 1), day(1, 1))], [], [(day(1, 1), day(1, 1)), (day(1, 31), day(1, 31))])
    assert pieces(day(1, 20), day(2, 3)) == ([], [(day(1, 20), day(1, 31)), (day(2, 1), day(2, 3))], [])
    assert pieces(day(1, 20), day(4, 28)) == ([(day(2, 1), day(4, 1))], [(day(1, 20), day(1, 31))], [(day(4, 29), day(4, 30))])


@pytest.fixture
def worked(crm: Crm) -> list[int]:
    """Ninety days of three colleagues of two teams at two steps; the first norm begins on the 40th day."""
    chance = random.Random(3)
    with crm.uow() as uow:
        steps = [uow.add(Step(name=name, title=name)) for name in ("offer", "papers")]
        workers = [uow.add(Worker(name="", user_id=n, team_id=1 + n // 2)) for n in range(3)]
        uow.flush()
        uow.add(Norm(step_id=steps[0].id, since=FIRST + 40 * DAY, reference=60, least=10, most=120))
        rows = [
            (case, step.id, worker.id, 0, FIRST + (case % 90) * DAY, kind, worker.team_id, None, took, took, 0, 0, 1)
            for case in range(1, 240) for worker, kind in [(chance.choice(workers), chance.choice(["new", "repeat"]))]
            for step in steps[: chance.randint(1, 2)]
            for took in [chance.randint(0, 200_000)]
        ]  # fmt: skip
        put(uow, range(1, 240), rows)
        return [worker.id for worker in workers]


def test_months_and_days_add_up_to_the_rows_of_work(crm: Crm, worked: list[int]):
    chosen = Chosen(since=FIRST + 3 * DAY, until=FIRST + 85 * DAY)
    with crm.uow() as uow:
        found = {(s.worker, s.step, s.kind, s.era): s for s in sums(uow, chosen)}
        w = work.c
        era = sa.case((w.day >= FIRST + 40 * DAY, 1), else_=0)
        keys = (w.worker_id, w.step_id, w.kind, era)
        inside = w.day.between(chosen.since, chosen.until)
        told = uow.connection.execute(sa.select(*keys, sa.func.count(), sa.func.sum(w.took)).where(inside).group_by(*keys)).all()
        assert {(*r[:3], (chosen.since, FIRST + 40 * DAY)[r[3]]): (r[4], r[5]) for r in told} == {k: (s.n, s.took) for k, s in found.items()}
        late = [s for s in found.values() if s.slow]
        assert late
        assert {s.era for s in late} == {FIRST + 40 * DAY}
        (whole,) = sums(uow, chosen, by=())
        assert (whole.n, whole.took) == (sum(s.n for s in found.values()), sum(s.took for s in found.values()))
        for name in ("logs", "ns_squared", "ns_logs", "logs_squared", "days"):
            parts = sums(uow, attrs.evolve(chosen, until=chosen.since + 9 * DAY)) + sums(uow, attrs.evolve(chosen, since=chosen.since + 10 * DAY))
            assert getattr(whole, name) == pytest.approx(sum(getattr(s, name) for s in parts))
        days = sa.select(w.worker_id, sa.func.count(w.day.distinct()), sa.func.count(w.case_id.distinct())).where(inside).group_by(w.worker_id)
        assert {r[0]: (r[1], r[2]) for r in uow.connection.execute(days)} == {k: (s.days, s.cases) for k, s in served_by(uow, chosen).items()}
        years = Chosen(since=FIRST - 200 * DAY, until=FIRST + 85 * DAY)
        by_day = sa.select(w.worker_id, w.day, sa.func.count(w.case_id.distinct())).where(w.day <= years.until).group_by(w.worker_id, w.day)
        found_by_month: dict[dt.date, tuple[int, int]] = {}
        for _worker, day, cases in uow.connection.execute(by_day):
            before = found_by_month.get(day.replace(day=1), (0, 0))
            found_by_month[day.replace(day=1)] = (before[0] + cases, before[1] + 1)
        assert {one.day: (one.cases, one.days) for one in over_time(uow, years)} == found_by_month
        assert sums(uow, attrs.evolve(chosen, kind="new", worker=worked[0], step=0)) == []


def test_each_sees_their_own(crm: Crm, worked: list[int]):
    chosen = Chosen(since=FIRST, until=FIRST + 90 * DAY)

    def seen(actor: Actor, **others: int) -> set[int]:
        with crm.read(actor) as uow:
            some = attrs.evolve(chosen, **others)
            assert set(worked_days(uow, some)) == {s.worker for s in sums(uow, some)}
            return set(worked_days(uow, some))

    assert seen(Actor(9, roles=["director"])) == set(worked)
    assert seen(Actor(0, roles=["manager"], teams=[1])) == {worked[0]}
    assert seen(Actor(7, roles=["team_lead"], teams=[1])) == {worked[0], worked[1]}
    assert seen(Actor(7, roles=["team_lead"], teams=[1]), team=2) == set()
    assert seen(Actor(2, roles=["manager"]), worker=worked[0]) == set()
    assert seen(Actor(5)) == set()


def test_a_log_that_was_undone_is_not_looked_at(crm: Crm):
    chosen = Chosen(since=FIRST, until=FIRST + 90 * DAY)
    with crm.uow() as uow:
        log = uow.add(Log(title="Bank"))
        uow.flush()
        put(uow, [1], [(1, 1, 0, log.id, FIRST, "", None, None, 5000, 5000, 0, 0, 1)])
        key = log.id
    director = Actor(9, roles=["director"])
    with crm.read(director) as uow:
        assert [s.n for s in sums(uow, attrs.evolve(chosen, log=key))] == [1]
        assert sums(uow, chosen) == []
    with crm.uow() as uow:
        uow.archive(uow.get(Log, key))
    with crm.read(director) as uow:
        assert sums(uow, attrs.evolve(chosen, log=key)) == []
