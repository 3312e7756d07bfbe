"""Percentiles and trends of one colleague, from the counts that the sums of days keep."""

from __future__ import annotations

import collections
import datetime as dt
import math
import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import Uow

from ..reading import Chosen, conditions
from ..rollups import GROWTH
from ..tables import days
from .gathered import begins


@attrs.define
class Tally:
    """How many took how long."""

    counts: collections.Counter[int] = attrs.field(factory=collections.Counter)
    n: int = 0
    logs: float = 0.0

    def percentile(self, share: float) -> float | None:
        """Return the seconds that so large a share do not exceed: right to two hundredths, the width of a bucket."""
        if not self.n:
            return None
        rest = share * self.n
        for place, number in sorted(self.counts.items()):
            rest -= number
            if rest <= 1e-9:
                return 1.0 if not place else math.exp((place + 0.5) * GROWTH)
        return None

    @property
    def typical(self) -> float | None:
        """The geometric mean, in seconds."""
        return math.exp(self.logs / self.n) if self.n else None


def tallies(uow: Uow, chosen: Chosen) -> tuple[dict[int, Tally], dict[int, dict[dt.date, Tally]]]:
    """Return how long each step took in all, and in each day, week or month."""
    d = days.c
    wanted = sa.select(d.day, d.step_id, d.n, d.logs, d.counts).where(*conditions(uow, attrs.evolve(chosen, step=None), days))
    whole: dict[int, Tally] = collections.defaultdict(Tally)
    parts: dict[int, dict[dt.date, Tally]] = collections.defaultdict(lambda: collections.defaultdict(Tally))
    for day, step, n, logs, counts in uow.connection.execute(wanted):
        numbers: Mapping[str, t.Any] = counts
        for tally in (whole[step], parts[step][begins(day, chosen.days)]):
            tally.n += n
            tally.logs += logs
        for place, number in numbers.items():
            whole[step].counts[int(place)] += number
    return whole, parts


__all__ = ["Tally", "tallies"]
