"""How sure a typical time is: the mean of logarithms and its error, with cases of one day taken for alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import attrs

from .reading import Sums
from .student import digamma, quantile, trigamma, trigamma_of

LEAST_DAYS = 5
"""On so many days a step must have been done: a bad day is no habit."""
SURE = 0.975
"""Intervals of 95 in 100: so much is below their upper end."""
LEAST_OTHERS, MOST_OTHERS = 10, 100
"""Of fewer nothing is learnt about the others; and for more days than this they never count."""


@attrs.define(slots=True)
class Moments:
    """Sums of logarithms of seconds, of one kind of case."""

    days: int = 0
    n: int = 0
    logs: float = 0.0
    log_squares: float = 0.0
    ns_squared: float = 0.0
    ns_logs: float = 0.0
    logs_squared: float = 0.0

    @classmethod
    def of(cls, sums: Sums, less: float = 0.0) -> Moments:
        """Return those of some sums alone, each logarithm lessened by `less`."""
        n, logs, ns_squared, ns_logs = sums.n, sums.logs, sums.ns_squared, sums.ns_logs
        return cls(
            sums.days, n, logs - less * n, sums.log_squares - 2 * less * logs + less * less * n, ns_squared, ns_logs - less * ns_squared,
            sums.logs_squared - 2 * less * ns_logs + less * less * ns_squared,
        )  # fmt: skip

    def add(self, sums: Sums, less: float = 0.0) -> None:
        """Count some sums in, each logarithm lessened by `less`: a norm's, say, that held on their days."""
        more = Moments.of(sums, less)
        self.days += more.days
        self.n += more.n
        self.logs += more.logs
        self.log_squares += more.log_squares
        self.ns_squared += more.ns_squared
        self.ns_logs += more.ns_logs
        self.logs_squared += more.logs_squared


@attrs.frozen(slots=True)
class Estimate:
    """A mean of logarithms, how far it may be off, and on how many independent days that rests."""

    days: int
    n: int
    mean: float
    alone: float
    """Its standard error if all cases were independent."""
    likeness: float
    """By how much the variance is more than that, since cases of one day are alike: 1 where they are not."""
    freedom: float

    @property
    def error(self) -> float:
        """Its standard error: never less than if cases were independent."""
        return self.alone * math.sqrt(max(1.0, self.likeness))

    @property
    def reach(self) -> float:
        """How far the mean may be off, in 95 of 100 cases."""
        return self.error * quantile(SURE, round(self.freedom, 1))


def estimate(kinds: Iterable[Moments]) -> Estimate | None:
    """Return the mean over kinds of cases as they come, or None without any.

    Cases of one day are alike (a slow system, a bad night), so a hundred of them on five days tell less than a hundred on twenty: how much
    less is told by the sums of days around the mean of their kind. A day that is slow for one kind is taken to be slow for the others, and
    days of unequal weight count for fewer.
    """
    some = [one for one in kinds if one.n]
    n, logs, squares_left, most_days = 0, 0.0, 0.0, 0
    for one in some:  # a dashboard has thousands of cells: one pass
        n, logs, squares_left = n + one.n, logs + one.logs, squares_left + one.log_squares - one.logs * one.logs / one.n
        most_days = max(most_days, one.days)
    if not n:
        return None
    together, squares, roots, days = 0.0, 0.0, 0.0, 0.0
    degrees = n - len(some)
    variance = max(0.0, squares_left) / degrees if degrees > 0 else 0.0
    alone = n * variance
    for one in some:
        mean, worth = one.logs / one.n, one.n * one.n / one.ns_squared
        days += worth * one.n / n
        if worth < 1.5:  # as good as one day: nothing to tell days apart by
            together += one.n * variance
            continue
        spread = max(0.0, one.logs_squared - 2 * mean * one.ns_logs + mean * mean * one.ns_squared)
        together += spread / (1 - 1 / worth)
        squares += one.ns_squared
        roots += math.sqrt(one.ns_squared)
    together += max(0.0, together - alone) * (roots * roots / squares - 1) if squares else 0.0
    return Estimate(most_days, n, logs / n, max(math.sqrt(alone) / n, 1e-6), together / alone if alone else 1.0, max(0.0, days - 1))


def steadied(found: Sequence[Estimate]) -> list[Estimate]:
    """Return many estimates, each steadied by the others: twenty days tell little of how alike the cases of one's day are, all of them much.

    How alike is drawn to what is usual, the more so the less people differ in it, and the days of the others count as far as they do (an
    empirical Bayes estimate of variances, as Smyth has it). Few are left as they are.
    """
    some = [(one.likeness, one.freedom / 2) for one in found if one.freedom >= 2 and one.likeness > 0]
    if len(some) < LEAST_OTHERS:
        return list(found)
    logs = [math.log(likeness) - digamma(half) + math.log(half) for likeness, half in some]
    centre = math.fsum(logs) / len(logs)
    beyond = math.fsum((one - centre) ** 2 for one in logs) / (len(logs) - 1) - math.fsum(trigamma(half) for _likeness, half in some) / len(some)
    half = trigamma_of(beyond) if beyond > 0 else MOST_OTHERS / 2
    half = min(half, MOST_OTHERS / 2)
    usual, others = math.exp(centre + digamma(half) - math.log(half)), 2 * half
    return [
        Estimate(
            one.days, one.n, one.mean, one.alone, (others * usual + one.freedom * one.likeness) / (others + one.freedom), others + one.freedom,
        ) if one.freedom >= 2 else one for one in found
    ]  # fmt: skip


def by_kind(found: Iterable[Sums], less: Mapping[str, float]) -> list[Moments]:
    """Return the moments of each kind, its logarithms lessened by what `less` says of it."""
    kinds: dict[str, Moments] = {}
    for one in found:
        if (known := kinds.get(one.kind)) is not None:
            known.add(one, less.get(one.kind, 0.0))
        else:
            kinds[one.kind] = Moments.of(one, less.get(one.kind, 0.0))
    return list(kinds.values())


__all__ = ["LEAST_DAYS", "SURE", "Estimate", "Moments", "by_kind", "estimate", "steadied"]
