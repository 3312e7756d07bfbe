"""Before and after beside others: a change that colleagues did not have, and that is not the mere return of bad luck to the usual."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Mapping, Sequence

import attrs

from .reading import Sums
from .sampling import LEAST_DAYS, SURE, Estimate, by_kind, estimate
from .student import quantile

NEAREST = 20
"""Compared with so many colleagues, those whose time before was nearest."""
LEAST_COLLEAGUES = 5
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
    usual = _usual(before, after)
    found: dict[int, tuple[Estimate, Estimate]] = {}
    for worker in before.keys() & after.keys():
        then, now = (estimate(by_kind(side[worker], usual)) for side in (before, after))
        if then is not None and now is not None and all(e.n >= least and e.days >= LEAST_DAYS for e in (then, now)):
            found[worker] = then, now
    if not found:
        return {}
    centre, spread = _colleagues([then for then, _now in found.values()])
    return {worker: Two(then, now, *_level(then, centre, spread)) for worker, (then, now) in found.items()}


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


def _usual(*sides: Mapping[int, Sequence[Sums]]) -> dict[str, float]:
    """Return the mean logarithm of each kind: who serves more new clients than before is not slower for that."""
    n: dict[str, int] = {}
    logs: dict[str, float] = {}
    for side in sides:
        for found in side.values():
            for one in found:
                n[one.kind], logs[one.kind] = n.get(one.kind, 0) + one.n, logs.get(one.kind, 0.0) + one.logs
    return {kind: logs[kind] / n[kind] for kind in n}


def _colleagues(found: Sequence[Estimate]) -> tuple[float, float]:
    """Return where people stand and how far they really differ, whatever a few odd ones do."""
    means = [one.mean for one in found]
    centre = statistics.median(means)
    spread = 1.4826 * statistics.median(abs(mean - centre) for mean in means)
    return centre, math.sqrt(max(FLOOR**2, spread**2 - statistics.median(one.error**2 for one in found)))


def _level(seen: Estimate, centre: float, spread: float, *, degree: int = 4, parts: int = 60, wide: float = 6.0) -> tuple[float, float]:
    """Return what somebody is really like, and how sure that is: the mean and the deviation a posteriori.

    Who looks worst is, in part, who had bad luck, and would look better next month without any course. How people differ is taken for
    Student's t with four degrees of freedom: most are about the same and drawn to the middle, a few are really far off and stay there.
    """
    total = first = second = 0.0
    for place in range(-parts, parts + 1):
        off = wide * place / parts
        level = seen.mean + off * seen.error
        weight = math.exp(-off * off / 2) * (1 + ((level - centre) / spread) ** 2 / degree) ** (-(degree + 1) / 2)
        total, first, second = total + weight, first + weight * off, second + weight * off * off
    mean = first / total
    return seen.mean + mean * seen.error, math.sqrt(max(0.0, second / total - mean * mean)) * seen.error


__all__ = ["LEAST_COLLEAGUES", "NEAREST", "Compared", "Two", "both", "compare"]
