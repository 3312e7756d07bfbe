"""Months in memory, by the hundred: the same judging as of the dashboard, told what is true."""

from __future__ import annotations

import datetime as dt
import math
import random
import statistics
import typing as t
from collections.abc import Sequence

import attrs

from ..comparing import Compared, Two, both, compare
from ..holding import TOLERANCE
from ..judging import Judged, judge
from ..norms import Held, Norms
from ..reading import Sums
from .people import KINDS, LEAST, MOST, STEPS, Team, day

FIRST = dt.date(2026, 1, 1)
LEAST_SAMPLE = 20


def norms() -> Norms:
    """Return the norms everybody is held against, steps being numbered from 0."""
    return Norms(
        Held(0, step, kind, FIRST, round(seconds * longer * 1000), round(seconds * longer * LEAST * 1000), round(seconds * longer * MOST * 1000))
        for step, (_en, _ru, seconds, _share) in enumerate(STEPS.values()) for kind, (longer, _part) in KINDS.items()
    )  # fmt: skip


@attrs.define(slots=True)
class _Sum:
    days: int = 0
    n: int = 0
    took: float = 0.0
    logs: float = 0.0
    log_squares: float = 0.0
    ns_squared: float = 0.0
    ns_logs: float = 0.0
    logs_squared: float = 0.0


def month(team: Team, dice: random.Random, days: int, cases: int) -> list[Sums]:
    """Return the sums of a month as the dashboard reads them, by person, step and kind."""
    found: dict[tuple[int, int, str], _Sum] = {}
    for _day in range(days):
        today: dict[tuple[int, int, str], list[float]] = {}
        for served in day(team, dice, cases):
            for step, seconds in served.seconds:
                cell = today.get((served.worker, step, served.kind))
                if cell is None:
                    cell = today[served.worker, step, served.kind] = [0, 0.0, 0.0]
                log = math.log(seconds) if seconds > 1 else 0.0
                cell[0] += 1
                cell[1] += log
                cell[2] += log * log
        for key, (n, logs, squares) in today.items():
            kept = found.get(key) or found.setdefault(key, _Sum())
            kept.days += 1
            kept.n += int(n)
            kept.logs += logs
            kept.log_squares += squares
            kept.ns_squared += n * n
            kept.ns_logs += n * logs
            kept.logs_squared += logs * logs
    return [
        Sums(worker, step, kind, FIRST, s.days, s.n, 0, s.logs, s.log_squares, 0, 0, 0, s.ns_squared, s.ns_logs, s.logs_squared)
        for (worker, step, kind), s in found.items()
    ]


@attrs.define
class Tally:
    """What came of many months."""

    seeds: int = 0
    quiet_alarmed: int = 0
    """Months in which nobody was slow, and yet somebody was alarmed about; the same where all are as slow as may be."""
    edge_alarmed: int = 0
    cells: int = 0
    exact: int = 0
    """Months in which exactly those planted were found."""
    planted: int = 0
    found: int = 0
    alarms: int = 0
    false: int = 0
    held: int = 0
    """Ratios whose interval holds the truth, of those judged; effects of courses, of one in each month; effects of courses for nothing."""
    intervals: int = 0
    course_held: int = 0
    course_shown: int = 0
    useless_held: int = 0
    useless_helped: int = 0
    useless_bare: int = 0
    """Those a mere before and after, without colleagues and without the guard, would have called a help."""
    off: list[float] = attrs.field(factory=list)
    useless_off: list[float] = attrs.field(factory=list)

    def told(self) -> dict[str, t.Any]:
        """Return it as shares."""
        seeds = self.seeds
        return {
            "seeds": seeds, "cells_judged_a_month": round(self.cells / (2 * seeds)),
            "months_without_drawdowns_with_alarm": self.quiet_alarmed / seeds,
            "months_at_the_tolerance_with_alarm": self.edge_alarmed / seeds,
            "months_with_exactly_those_planted": self.exact / seeds,
            "planted_found": self.found / self.planted if self.planted else None,
            "alarms_false": self.false / self.alarms if self.alarms else 0.0,
            "ratio_interval_holds": round(self.held / self.intervals, 4),
            "course_interval_holds": self.course_held / seeds, "course_shown_to_help": self.course_shown / seeds,
            "course_mean_error": round(statistics.fmean(self.off), 4),
            "useless_course_interval_holds": self.useless_held / seeds, "useless_course_said_to_help": self.useless_helped / seeds,
            "useless_course_mean_effect": round(statistics.fmean(self.useless_off), 4),
            "useless_course_said_to_help_without_guard": self.useless_bare / seeds,
        }  # fmt: skip


def many(*, seeds: int, seed: int, managers: int, days: int, cases: int, drawdowns: int, rate: float) -> Tally:
    """Play `seeds` times: a month with nobody slow and one after it, one with everybody as slow as may be, one with drawdowns and one after."""
    tally = Tally()
    for number in range(seeds):
        dice = random.Random(f"{seed}:{number}")
        tally.seeds += 1
        _quiet(tally, dice, managers, days, cases, rate)
        edge = month(Team(managers, dice, TOLERANCE), dice, days, cases)
        tally.edge_alarmed += any(one.verdict.alarm for one in judged(edge, managers, days, rate))
        _planted(tally, dice, managers, days, cases, drawdowns, rate)
    return tally


def judged(found: Sequence[Sums], managers: int, days: int, rate: float) -> list[Judged]:
    """Judge a month."""
    return judge(found, norms(), worked=dict.fromkeys(range(managers), days), least=LEAST_SAMPLE, rate=rate, tolerance=TOLERANCE)


def _quiet(tally: Tally, dice: random.Random, managers: int, days: int, cases: int, rate: float) -> None:
    """Nobody is slow; whoever looks worst gets a course that does nothing."""
    team = Team(managers, dice)
    before = month(team, dice, days, cases)
    found = judged(before, managers, days, rate)
    tally.quiet_alarmed += any(one.verdict.alarm for one in found)
    tally.cells += len(found)
    for one in found:
        if one.ratio is not None and one.low is not None and one.high is not None:
            tally.intervals += 1
            tally.held += one.low <= math.exp(team.true(one.worker, one.step)) <= one.high
    worst = max(found, key=lambda one: one.ratio or 0.0)
    two, compared = _effect(before, month(team, dice, days, cases), worst.worker, worst.step, ())
    if compared is not None:
        tally.useless_off.append(compared.change)
        tally.useless_held += abs(compared.change) <= compared.reach
        tally.useless_helped += compared.change + compared.reach < 0
        bare = two.after.mean - two.before.mean
        tally.useless_bare += bare + 1.96 * math.hypot(two.after.error, two.before.error) < 0


def _planted(tally: Tally, dice: random.Random, managers: int, days: int, cases: int, drawdowns: int, rate: float) -> None:
    """Some are slow, one is too fast; the first gets a course that halves what is too much."""
    team = Team(managers, dice)
    planted = team.plant(drawdowns, 1)
    before = month(team, dice, days, cases)
    found = judged(before, managers, days, rate)
    alarms = {(one.worker, one.step, one.verdict) for one in found if one.verdict.alarm}
    truly = {(one.worker, one.step, one.verdict) for one in planted}
    tally.cells += len(found)
    tally.exact += alarms == truly
    tally.planted, tally.found = tally.planted + len(truly), tally.found + len(alarms & truly)
    tally.alarms, tally.false = tally.alarms + len(alarms), tally.false + len(alarms - truly)
    taught = planted[0]
    change = team.teach(taught)
    _two, compared = _effect(before, month(team, dice, days, cases), taught.worker, taught.step, ())
    if compared is not None:
        tally.off.append(compared.change - change)
        tally.course_held += abs(compared.change - change) <= compared.reach
        tally.course_shown += compared.change + compared.reach < 0


def _effect(before: Sequence[Sums], after: Sequence[Sums], worker: int, step: int, taught: Sequence[int]) -> tuple[Two, Compared | None]:
    then, now = (_of_step(side, step) for side in (before, after))
    two = both(then, now, LEAST_SAMPLE)
    return two[worker], compare(two, worker, [other for other in two if other not in taught])


def _of_step(found: Sequence[Sums], step: int) -> dict[int, list[Sums]]:
    made: dict[int, list[Sums]] = {}
    for one in found:
        if one.step == step:
            made.setdefault(one.worker, []).append(one)
    return made


__all__ = ["Tally", "judged", "many", "month", "norms"]
