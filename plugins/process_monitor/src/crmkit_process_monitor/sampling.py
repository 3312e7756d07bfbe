"""How sure a typical time is: the mean of logarithms and its error, with cases of one day taken for alike."""

from __future__ import annotations

import math
import statistics
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

    def add(self, sums: Sums, less: float = 0.0) -> None:
        """Count some sums in, each logarithm lessened by `less`: a norm's, say, that held on their days."""
        self.days += sums.days
        self.n += sums.n
        self.logs += sums.logs - less * sums.n
        self.log_squares += sums.log_squares - 2 * less * sums.logs + less * less * sums.n
        self.ns_squared += sums.ns_squared
        self.ns_logs += sums.ns_logs - less * sums.ns_squared
        self.logs_squared += sums.logs_squared - 2 * less * sums.ns_logs + less * less * sums.ns_squared


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
    n = sum(one.n for one in some)
    if not n:
        return None
    alone, together, squares, roots, days = 0.0, 0.0, 0.0, 0.0, 0.0
    degrees = n - len(some)
    variance = max(0.0, sum(one.log_squares - one.logs * one.logs / one.n for one in some)) / degrees if degrees > 0 else 0.0
    for one in some:
        mean, worth = one.logs / one.n, one.n * one.n / one.ns_squared
        days += worth * one.n / n
        alone += one.n * variance
        if worth < 1.5:  # as good as one day: nothing to tell days apart by
            together += one.n * variance
            continue
        spread = max(0.0, one.logs_squared - 2 * mean * one.ns_logs + mean * mean * one.ns_squared)
        together += spread / (1 - 1 / worth)
        squares += one.ns_squared
        roots += math.sqrt(one.ns_squared)
    together += max(0.0, together - alone) * (roots * roots / squares - 1) if squares else 0.0
    return Estimate(
        max(one.days for one in some), n, sum(one.logs for one in some) / n, max(math.sqrt(alone) / n, 1e-6), together / alone if alone else 1.0,
        max(0.0, days - 1),
    )  # fmt: skip


def steadied(found: Sequence[Estimate]) -> list[Estimate]:
    """Return many estimates, each steadied by the others: twenty days tell little of how alike the cases of one's day are, all of them much.

    How alike is drawn to what is usual, the more so the less people differ in it, and the days of the others count as far as they do (an
    empirical Bayes estimate of variances, as Smyth has it). Few are left as they are.
    """
    some = [(one.likeness, one.freedom / 2) for one in found if one.freedom >= 2 and one.likeness > 0]
    if len(some) < LEAST_OTHERS:
        return list(found)
    logs = [math.log(likeness) - digamma(half) + math.log(half) for likeness, half in some]
    centre = statistics.fmean(logs)
    beyond = statistics.variance(logs, centre) - statistics.fmean(trigamma(half) for _likeness, half in some)
    half = trigamma_of(beyond) if beyond > 0 else MOST_OTHERS / 2
    half = min(half, MOST_OTHERS / 2)
    usual, others = math.exp(centre + digamma(half) - math.log(half)), 2 * half
    return [
        attrs.evolve(one, likeness=(others * usual + one.freedom * one.likeness) / (others + one.freedom), freedom=others + one.freedom)
        if one.freedom >= 2 else one for one in found
    ]  # fmt: skip


def by_kind(found: Iterable[Sums], less: Mapping[str, float]) -> list[Moments]:
    """Return the moments of each kind, its logarithms lessened by what `less` says of it."""
    kinds: dict[str, Moments] = {}
    for one in found:
        kinds.setdefault(one.kind, Moments()).add(one, less.get(one.kind, 0.0))
    return list(kinds.values())


__all__ = ["LEAST_DAYS", "SURE", "Estimate", "Moments", "by_kind", "estimate", "steadied"]
