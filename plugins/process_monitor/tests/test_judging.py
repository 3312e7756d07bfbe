"""Verdicts: neither of few cases, nor of one bad day, nor of a trifle; and how often chance deceives."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Sequence

import pytest

from crmkit_process_monitor.judging import Judged, Verdict, alarmed, judge
from crmkit_process_monitor.norms import Held, Norms
from crmkit_process_monitor.reading import Sums
from crmkit_process_monitor.sampling import Moments, estimate, steadied
from crmkit_process_monitor.simulating.months import many

DAY, FIRST = dt.timedelta(1), dt.date(2026, 3, 2)


def summed(days: Sequence[Sequence[float]], *, worker: int = 1, step: int = 1, kind: str = "new", era: dt.date = FIRST, lost: int = 0) -> Sums:
    """Return the sums of seconds, day by day."""
    by_day = [[math.log(max(1.0, s)) for s in day] for day in days if day]
    logs = [x for day in by_day for x in day]
    return Sums(
        worker, step, kind, era, len(by_day), len(logs), 0, sum(logs), sum(x * x for x in logs), 0, 0, lost,
        sum(len(day) ** 2 for day in by_day), sum(len(day) * sum(day) for day in by_day), sum(sum(day) ** 2 for day in by_day),
    )  # fmt: skip


def some(dice: random.Random, typical: float, *, days: int = 20, cases: int = 6, spread: float = 0.5, day: float = 0.0) -> list[list[float]]:
    """Return seconds, log-normal, with days that differ by `day`."""
    return [
        [typical * math.exp(of_day + dice.gauss(0, spread)) for _case in range(cases)] for _day in range(days) for of_day in (dice.gauss(0, day),)
    ]


def norms(reference: int = 100, *, least: int = 40, most: int = 250, steps: Sequence[int] = (1,), kind: str | None = None) -> Norms:
    """Return a norm, in seconds, for some steps."""
    return Norms(Held(n, step, kind, FIRST, reference * 1000, least * 1000, most * 1000) for n, step in enumerate(steps, 1))



def of(found: list[Judged]) -> dict[int, Judged]:
    return {one.worker: one for one in found}


def ask(cells: list[Sums], held: Norms | None = None, **more: float) -> dict[int, Judged]:
    worked = {one.worker: 20 for one in cells}
    return of(judge(cells, held if held is not None else norms(), worked=worked, least=20, rate=0.01, **more))


def test_who_is_slow_and_who_is_too_fast_is_told_from_the_others():
    dice = random.Random(1)
    cells = [summed(some(dice, 100, day=0.08), worker=n) for n in range(1, 31)]
    cells.append(summed(some(dice, 220), worker=50, lost=7_200_000))
    cells.append(summed(some(dice, 15), worker=51))
    found = ask(cells)
    assert {n for n, one in found.items() if one.verdict is Verdict.SLOW} == {50}
    assert {n for n, one in found.items() if one.verdict is Verdict.FAST} == {51}
    assert {one.verdict for n, one in found.items() if n < 50} == {Verdict.WITHIN}
    slow = found[50]
    assert slow.reference == pytest.approx(100)
    assert slow.typical == pytest.approx(220, rel=0.15)
    assert slow.ratio == pytest.approx(slow.typical / 100)
    assert slow.low is not None
    assert slow.high is not None
    assert slow.low < 2.2 < slow.high
    assert slow.lost_per_day == 360_000


def test_there_is_no_verdict_of_few_cases_of_few_days_or_without_a_norm():
    dice = random.Random(2)
    few = summed(some(dice, 900, days=19, cases=1), worker=1)
    days = summed(some(dice, 900, days=4, cases=50), worker=2)
    unknown = summed(some(dice, 900), worker=3, step=2)
    lone = summed([[900.0]], worker=4)
    found = ask([few, days, unknown, lone])
    assert {n: one.verdict for n, one in found.items()} == {
        1: Verdict.TOO_FEW, 2: Verdict.TOO_FEW, 3: Verdict.NO_NORM, 4: Verdict.TOO_FEW,
    }  # fmt: skip
    assert found[3].ratio is None
    assert found[3].typical == pytest.approx(900, rel=0.2)
    assert (found[4].low, found[4].high) == (None, None)


def test_one_bad_day_is_no_habit():
    dice = random.Random(3)
    bad = [*some(dice, 100, days=19), [9000.0] * 40]
    typical = math.exp(sum(math.log(s) for day in bad for s in day) / sum(map(len, bad)))
    assert typical > 250, "a mean would call it slow"
    assert ask([summed(bad)])[1].verdict is Verdict.WITHIN


def test_what_is_sure_but_a_trifle_raises_no_alarm():
    dice = random.Random(4)
    cells = summed(some(dice, 112, days=250, cases=40))
    found = ask([cells])[1]
    assert found.low is not None
    assert found.low > 1.1
    assert found.verdict is Verdict.WITHIN
    assert ask([cells], tolerance=0.05)[1].verdict is Verdict.SLOW
    assert ask([cells], norms(most=104))[1].verdict is Verdict.SLOW, "a maximum that is nearer holds"


def test_each_day_is_held_against_its_own_norm():
    dice = random.Random(5)
    changed = FIRST + 10 * DAY
    held = Norms([Held(1, 1, None, FIRST, 200_000, 0, 500_000), Held(2, 1, None, changed, 100_000, 0, 250_000),
                  Held(3, 1, "repeat", FIRST, 400_000, 0, 900_000)])  # fmt: skip
    cells = [summed(some(dice, 200, days=10)), summed(some(dice, 100, days=10), era=changed), summed(some(dice, 400), kind="repeat")]
    found = ask(cells, held)[1]
    assert found.ratio == pytest.approx(1, abs=0.12)
    assert found.reference == pytest.approx(math.exp((60 * math.log(200) + 60 * math.log(100) + 120 * math.log(400)) / 240))
    assert found.n == 240
    without = Norms([Held(3, 1, "repeat", FIRST, 400_000, 0, 900_000)])
    assert ask(cells, without)[1].n == 120, "what has no norm is left out where something has one"


def test_days_that_differ_make_a_mean_less_sure():
    dice = random.Random(6)

    def error(day: float) -> tuple[float, float]:
        moments = Moments()
        moments.add(summed(some(dice, 100, days=400, cases=25, day=day)))
        found = estimate([moments])
        assert found is not None
        return found.error, found.alone

    alike, alone = error(0.0)
    assert alike == pytest.approx(0.5 / math.sqrt(10_000), rel=0.15)
    told, _alone = error(0.3)
    assert told == pytest.approx(math.sqrt(0.25 / 10_000 + 0.09 / 400), rel=0.15)
    assert told > 2.5 * alone


def test_a_day_that_is_slow_for_one_kind_is_slow_for_the_other():
    dice = random.Random(7)
    moments = [Moments(), Moments()]
    for _day in range(300):
        of_day = dice.gauss(0, 0.3)
        for one in moments:
            one.add(summed([[100 * math.exp(of_day + dice.gauss(0, 0.3)) for _case in range(5)]]))
    found = estimate(moments)
    assert found is not None
    assert found.error == pytest.approx(math.sqrt(0.09 / 3000 + 0.09 / 300), rel=0.12)


def test_days_of_unequal_weight_count_for_fewer():
    even, odd = Moments(), Moments()
    even.add(summed([[100.0, 120.0]] * 20))
    odd.add(summed([[100.0, 120.0]] * 19 + [[100.0, 120.0] * 60]))
    found = [estimate([one]) for one in (even, odd)]
    assert [round(one.freedom, 1) for one in found if one is not None] == [19.0, 0.7]
    assert estimate([]) is None


def test_estimates_steady_each_other():
    dice = random.Random(8)
    cells = []
    for _cell in range(60):
        moments = Moments()
        moments.add(summed(some(dice, 100, days=10, cases=5, day=0.1)))
        cells.append(estimate([moments]))
    found = [one for one in cells if one is not None]
    steady = steadied(found)
    true = math.sqrt(0.25 / 50 + 0.01 / 10)

    def off(errors: list[float]) -> float:
        return sum(abs(math.log(error / true)) for error in errors) / len(errors)

    assert off([one.error for one in steady]) < 0.7 * off([one.error for one in found])
    assert min(one.freedom for one in steady) > 20
    assert steadied(found[:5]) == found[:5], "of few nothing is learnt"


def test_alarms_are_held_down_over_all_of_them():
    chances = {(n, 1): chance for n, chance in enumerate([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.07, 0.2, 0.21, 0.36])}
    assert alarmed(chances, 0.05) == {(0, 1), (1, 1)}, "the example of Benjamini and Hochberg's procedure: ten tests at 0.05"
    assert alarmed(chances, 0.25) == {(n, 1) for n in range(9)}
    assert alarmed({}, 0.05) == set()


def test_chance_deceives_no_more_often_than_said():
    """Months with nobody slow, with everybody just within the norm, with two slow and one too fast, and after a course or a useless one."""
    told = many(seeds=8, seed=5, managers=12, days=22, cases=8, drawdowns=2, rate=0.01).told()
    assert told["cells_judged_a_month"] == 72
    assert told["months_without_drawdowns_with_alarm"] == told["alarms_false"] == 0
    assert told["months_at_the_tolerance_with_alarm"] <= 0.125
    assert told["planted_found"] > 0.75
    assert 0.92 < told["ratio_interval_holds"] < 0.98
    assert told["course_interval_holds"] >= 0.75
    assert told["useless_course_said_to_help"] <= 0.125
