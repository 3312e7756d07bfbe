"""Norms as the best quarter of colleagues work: proposed, for somebody to look at before they hold."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Uow

from .comparing import level_of, standing, usual
from .reading import Chosen, Sums, conditions, sums
from .rollups import GROWTH
from .sampling import LEAST_DAYS, by_kind, estimate, steadied
from .settings import MonitorSettings
from .tables import days

LEAST_WORKERS = 4
"""Of fewer colleagues there is no quarter."""
FAST, SLOW = 0.05, 0.95
"""The shares of the best quarter's cases that are below the minimum and below the maximum."""
ODD = 3.0
"""Who is faster than most by so many deviations clicks through, and is nobody's example."""
ROUND = ((20, 1), (120, 5), (600, 10), (math.inf, 30))


@attrs.frozen
class Proposal:
    """A norm somebody may take over. Seconds."""

    step: int
    kind: str | None
    """None: for all kinds of cases."""
    reference: int
    least: int
    most: int
    n: int
    """So many times the step was done by the best quarter."""
    workers: int
    """So many colleagues are in it."""


@attrs.frozen
class _Best:
    """The best quarter at a step."""

    step: int
    kind: str | None
    workers: Collection[int]
    level: float
    n: int


def propose(uow: Uow, chosen: Chosen) -> list[Proposal]:
    """Return norms by step and kind, from the work of some days that the actor may see; none where there are too few to choose the best of.

    The reference is the typical time of the middle one of the best quarter, after everybody was drawn to the others as far as their time may
    be luck; between minimum and maximum are nine tenths of that quarter's cases.
    """
    least = uow.crm[MonitorSettings].least_sample
    found: dict[int, list[Sums]] = defaultdict(list)
    for one in sums(uow, chosen, by=("worker", "step", "kind")):
        found[one.step].append(one)
    best: list[_Best] = []
    for step, some in sorted(found.items()):
        kinds = sorted({one.kind for one in some})
        for kind in (None, *(kinds if len(kinds) > 1 else ())):
            if (quarter := _best(step, kind, [one for one in some if kind in (None, one.kind)], least)) is not None:
                best.append(quarter)
    counts = _counts(uow, chosen, best)
    return [_proposed(one, counts) for one in best]


def _best(step: int, kind: str | None, some: Sequence[Sums], least: int) -> _Best | None:
    by_worker: dict[int, list[Sums]] = defaultdict(list)
    for one in some:
        by_worker[one.worker].append(one)
    by_worker.pop(0, None)  # a log that does not say who
    means = usual(by_worker)
    asked = [(worker, held) for worker, found in by_worker.items() if (held := estimate(by_kind(found, means))) is not None]
    asked = [(worker, held) for worker, held in asked if held.n >= least and held.days >= LEAST_DAYS]
    if len(asked) < LEAST_WORKERS:
        return None
    steady = steadied([one for _worker, one in asked])
    centre, spread = standing(steady)
    levels = sorted((level_of(one, centre, spread)[0], worker) for (worker, _held), one in zip(asked, steady, strict=True))
    levels = [(level, worker) for level, worker in levels if level >= centre - ODD * max(spread, 0.1)]
    quarter = levels[: max(1, math.ceil(len(levels) / 4))]
    workers = {worker for _level, worker in quarter}
    n = sum(one.n for one in some)
    mix = sum(means[one.kind] * one.n for one in some) / n
    level = statistics.median(level for level, _worker in quarter) + mix
    return _Best(step, kind, workers, level, sum(one.n for one in some if one.worker in workers))


def _counts(uow: Uow, chosen: Chosen, best: Iterable[_Best]) -> Mapping[tuple[int, int, str], Mapping[int, int]]:
    """Return how many cases took how long, by worker, step and kind."""
    wanted: dict[int, set[int]] = defaultdict(set)
    for one in best:
        wanted[one.step] |= set(one.workers)
    d, found = days.c, dict[tuple[int, int, str], dict[int, int]]()
    for step, workers in wanted.items():
        asked = sa.select(d.worker_id, d.kind, d.counts).where(
            *conditions(uow, chosen, days), d.step_id == step, d.worker_id.in_(sorted(workers)))
        for worker, kind, counts in uow.connection.execute(asked):
            held = found.setdefault((worker, step, kind), {})
            for bucket, n in counts.items():
                held[int(bucket)] = held.get(int(bucket), 0) + n
    return found


def _proposed(best: _Best, counts: Mapping[tuple[int, int, str], Mapping[int, int]]) -> Proposal:
    """Weigh everybody of the quarter alike, however much they did."""
    weights: dict[int, float] = defaultdict(float)
    by_worker: dict[int, list[Mapping[int, int]]] = defaultdict(list)
    for (worker, step, kind), held in counts.items():
        if step == best.step and worker in best.workers and best.kind in (None, kind):
            by_worker[worker].append(held)
    for some in by_worker.values():
        n = sum(sum(held.values()) for held in some)
        for held in some:
            for bucket, count in held.items():
                weights[bucket] += count / n
    reference = max(1, rounded(math.exp(best.level)))
    least, most = (_share(weights, share) for share in (FAST, SLOW))
    least, most = min(rounded(least), int(reference * 0.9)), max(rounded(most), math.ceil(reference * 1.1))
    return Proposal(best.step, best.kind, reference, least, most, best.n, len(best.workers))


def _share(weights: Mapping[int, float], share: float) -> float:
    """Return below how many seconds a share of the cases is."""
    reached, whole = 0.0, sum(weights.values())
    for bucket in sorted(weights):
        reached += weights[bucket]
        if reached >= share * whole:
            return math.exp((bucket + 0.5) * GROWTH) if bucket else 1.0
    return 0.0


def rounded(seconds: float) -> int:
    """Return seconds as people set them: nobody has a norm of 187."""
    step = next(step for below, step in ROUND if seconds < below)
    return round(seconds / step) * step


__all__ = ["LEAST_WORKERS", "Proposal", "propose", "rounded"]
