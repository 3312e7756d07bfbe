"""Before and after beside others: a change that colleagues did not have, and that is not the mere return of bad luck to the usual."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping, Sequence

import attrs

from .reading import Sums
from .sampling import LEAST_DAYS, SURE, Estimate, by_kind, estimate, steadied
from .student import quantile

NEAREST = 20
"""Compared with so many colleagues, those whose time before was nearest."""
LEAST_COLLEAGUES = 5
ODD, WIDE = 0.02, 0.5
"""So many colleagues are really unlike the others, and by so much (logarithm): by two thirds more, or two fifths less."""
FLOOR = 0.03
"""Colleagues differ by so much at least (logarithm), however alike few of them look."""


@attrs.frozen(slots=True)
class Two:
    """Somebody's time at a step in two periods, as logarithms without what the mix of kinds makes; and what the first is worth."""

    before: Estimate
    after: Estimate
    level: float
    """What they were really like before, as far as the measure and what is known of their colleagues tell."""
    doubt: float
    """The standard deviation of that."""
    mix: float
    """What their kinds of cases add to both, taken over both periods: a change of the mix is no change of theirs."""

    @property
    def change(self) -> float:
        return self.after.mean - self.level

    @property
    def variance(self) -> float:
        return self.after.error**2 + self.doubt**2


@attrs.frozen(slots=True)
class Compared:
    """By how much somebody's logarithm of time changed beyond that of colleagues, and how sure that is."""

    change: float
    error: float
    freedom: float
    colleagues: int
    theirs: float
    """How theirs changed."""

    @property
    def reach(self) -> float:
        """How far it may be off, in 95 of 100 cases."""
        return self.error * quantile(SURE, round(self.freedom, 1))


def both(before: Mapping[int, Sequence[Sums]], after: Mapping[int, Sequence[Sums]], least: int) -> dict[int, Two]:
    """Return those who did a step often enough in both periods."""
    means = usual(before, after)
    workers: list[int] = []
    found: list[Estimate] = []
    for worker in sorted(before.keys() & after.keys()):
        then, now = (estimate(by_kind(side[worker], means)) for side in (before, after))
        if then is not None and now is not None and all(e.n >= least and e.days >= LEAST_DAYS for e in (then, now)):
            workers.append(worker)
            found += then, now
    if not found:
        return {}
    found = steadied(found)
    thens, nows = found[::2], found[1::2]
    centre, spread = standing(thens)
    return {
        worker: Two(then, now, *level_of(then, centre, spread), _mix(means, (*before[worker], *after[worker])))
        for worker, then, now in zip(workers, thens, nows, strict=True)
    }


def compare(two: Mapping[int, Two], one: int, others: Collection[int]) -> Compared | None:
    """Compare the change of `one` with that of the `others` who were nearest before; None with too few of them."""
    mine = two[one]
    near = sorted((two[other] for other in others if other in two and other != one), key=lambda other: abs(other.level - mine.level))[:NEAREST]
    if len(near) < LEAST_COLLEAGUES:
        return None
    changes = [other.change for other in near]
    theirs, spread = statistics.fmean(changes), statistics.variance(changes)
    # What measures alone do not explain of how colleagues change happens to this one as well.
    wander = max(0.0, spread - statistics.fmean(other.variance for other in near))
    error = math.sqrt(mine.variance + wander + spread / len(near))
    freedom = min(mine.after.freedom, mine.before.freedom, len(near) - 1)
    return Compared(mine.change - theirs, error, freedom, len(near), theirs)


def usual(*sides: Mapping[int, Sequence[Sums]]) -> dict[str, float]:
    """Return the mean logarithm of each kind: who serves more new clients than before is not slower for that."""
    n: dict[str, int] = {}
    logs: dict[str, float] = {}
    for side in sides:
        for found in side.values():
            for one in found:
                n[one.kind], logs[one.kind] = n.get(one.kind, 0) + one.n, logs.get(one.kind, 0.0) + one.logs
    return {kind: logs[kind] / n[kind] for kind in n}


def _mix(means: Mapping[str, float], found: Sequence[Sums]) -> float:
    return sum(means[one.kind] * one.n for one in found) / sum(one.n for one in found)


def standing(found: Sequence[Estimate]) -> tuple[float, float]:
    """Return where people stand and how far they really differ, whatever a few odd ones do."""
    means = [one.mean for one in found]
    centre = statistics.median(means)
    spread = 1.4826 * statistics.median(abs(mean - centre) for mean in means)
    return centre, math.sqrt(max(FLOOR**2, spread**2 - statistics.median(one.error**2 for one in found)))


def level_of(seen: Estimate, centre: float, spread: float) -> tuple[float, float]:
    """Return what somebody is really like, and how sure that is: the mean and the deviation a posteriori.

    Who looks worst is, in part, who had bad luck, and would look better next month without any course. Most people differ about as much as
    most do, and are drawn to the middle; some are really far off (`ODD` of them, by about `WIDE`) and stay there.
    """
    parts: list[tuple[float, float, float]] = []
    for share, wide in ((1 - ODD, spread), (ODD, WIDE)):
        together = wide * wide + seen.error**2
        weight = share / math.sqrt(together) * math.exp(-((seen.mean - centre) ** 2) / (2 * together))
        drawn = wide * wide / together
        parts.append((weight, centre + drawn * (seen.mean - centre), drawn * seen.error**2))
    total = sum(weight for weight, _mean, _variance in parts)
    if not total:
        return seen.mean, seen.error
    mean = sum(weight * mean for weight, mean, _variance in parts) / total
    return mean, math.sqrt(sum(weight * (variance + (one - mean) ** 2) for weight, one, variance in parts) / total)


__all__ = ["LEAST_COLLEAGUES", "NEAREST", "Compared", "Two", "both", "compare", "level_of", "standing", "usual"]
