"""Which colleagues lose time at which step: told only where it is neither chance nor a trifle."""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from crmkit import Uow, _

from .holding import TOLERANCE, held_sums
from .holding import limits as limits_of
from .norms import Norms
from .reading import Chosen, Sums, worked_days
from .sampling import LEAST_DAYS, Estimate, Moments, estimate, steadied
from .settings import MonitorSettings
from .student import tail

Cell = tuple[int, int]
"""Worker and step."""
NO_ALARM = 0.84
"""So few standard errors beyond the limit come by chance once in five times, more often than any `alarm_rate` allows: not worth a calculation."""


class Verdict(enum.Enum):
    """What is said of how somebody does a step."""

    TOO_FEW = "too_few"
    NO_NORM = "no_norm"
    WITHIN = "within"
    SLOW = "slow"
    FAST = "fast"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "too_few": _("Too few cases to judge", ru="Слишком мало случаев"), "no_norm": _("There is no norm", ru="Норма не задана"),
            "within": _("Within the norm", ru="В пределах нормы"), "slow": _("Slow", ru="Медленно"), "fast": _("Too fast", ru="Слишком быстро"),
        }[self.value]  # fmt: skip

    @property
    def alarm(self) -> bool:
        """Whether it is one to look at."""
        return self in (Verdict.SLOW, Verdict.FAST)


@attrs.frozen
class Judged:
    """How one colleague does one step, and what may be said of it."""

    worker: int
    step: int
    n: int
    typical: float
    """Seconds: the geometric mean, which for such times is about the median."""
    reference: float | None
    """Seconds: that of the norms, weighted by kind of case and by the days they held."""
    ratio: float | None
    """Typical by reference; `low` and `high` hold it in 95 of 100 cases."""
    low: float | None
    high: float | None
    lost: int
    """Milliseconds beyond the reference; `lost_per_day` for each day on which the colleague served anybody."""
    lost_per_day: float
    fast: int
    slow: int
    verdict: Verdict


def judged(uow: Uow, chosen: Chosen) -> list[Judged]:
    """Return how those the actor sees do their steps: everybody is judged together, so that chance is held down as on the dashboard."""
    settings = uow.crm[MonitorSettings]
    every = attrs.evolve(chosen, worker=None, step=None)
    norms = Norms.load(uow, chosen.log)
    held = held_sums(uow, every, norms, settings.tolerance)
    worked = worked_days(uow, every)
    found = judge(held, norms, worked=worked, least=settings.least_sample, rate=settings.alarm_rate, tolerance=settings.tolerance)
    return [j for j in found if chosen.worker in (None, j.worker) and chosen.step in (None, j.step)]


def judge(
    sums: Iterable[Sums], norms: Norms, *, worked: Mapping[int, int], least: int, rate: float, tolerance: float = TOLERANCE,
) -> list[Judged]:  # fmt: skip
    """Judge each colleague at each step.

    Give all that is looked at together (a period of a log, as far as somebody sees it) and narrow afterwards: of the alarms of one call
    about `rate` at most are false, and where nobody is slow, the chance that anybody is alarmed about is `rate` at most.

    Slow is whose typical time is beyond the reference by more than `tolerance`, or beyond the maximum where that is nearer; too fast, whose
    typical time is below the minimum. Both as far as more than chance is needed to explain it (`estimate`). What has no norm is left out of
    a judgement where something else has one.
    """
    cells: dict[Cell, list[Sums]] = defaultdict(list)
    for one in sums:
        if one.n:
            cells[one.worker, one.step].append(one)
    limits: Limits = {}
    weighed = {key: _weigh(found, norms, tolerance, limits) for key, found in cells.items()}
    asked = [key for key, cell in weighed.items() if cell.judged(least)]
    for key, held in zip(asked, steadied([e for key in asked if (e := weighed[key].estimate) is not None]), strict=True):
        weighed[key].estimate = held
    alarms = alarmed({key: weighed[key].chance for key in asked}, rate)
    made: list[Judged] = []
    for key, cell in weighed.items():
        if cell.estimate is None:
            verdict = Verdict.NO_NORM if sum(one.n for one in cells[key]) >= least else Verdict.TOO_FEW
        elif not cell.judged(least):
            verdict = Verdict.TOO_FEW
        else:
            verdict = cell.side if key in alarms else Verdict.WITHIN
        made.append(_told(key, cells[key], cell, verdict, worked.get(key[0], 0)))
    return made


def alarmed(chances: Mapping[Cell, float], rate: float) -> set[Cell]:
    """Return which of many may be alarmed about, so that `rate` of the alarms are false at most (Benjamini and Hochberg)."""
    ordered = sorted(chances.items(), key=lambda pair: pair[1])
    last = max((place for place, (_key, chance) in enumerate(ordered, 1) if chance <= rate * place / len(ordered)), default=0)
    return {key for key, _chance in ordered[:last]}


@attrs.define
class _Weighed:
    """A cell held against its norms: not frozen, for there are thousands."""

    estimate: Estimate | None
    """Of the logarithms of time by reference."""
    reference: float
    """Mean logarithms of seconds: the references, and by how much more than them is slow, less is too fast."""
    slow: float
    fast: float

    def judged(self, least: int) -> bool:
        return self.estimate is not None and self.estimate.n >= least and self.estimate.days >= LEAST_DAYS

    @property
    def side(self) -> Verdict:
        """What there would be an alarm about."""
        return Verdict.SLOW if self.estimate is not None and 2 * self.estimate.mean > self.slow + self.fast else Verdict.FAST

    @property
    def chance(self) -> float:
        """How often chance alone would look like this, or worse, of somebody who is just within the norm."""
        if self.estimate is None:
            return 1.0
        beyond = self.estimate.mean - self.slow if self.side is Verdict.SLOW else self.fast - self.estimate.mean
        far = beyond / self.estimate.error
        return tail(far, self.estimate.freedom) if far > NO_ALARM else 1.0


def _weigh(found: Sequence[Sums], norms: Norms, tolerance: float, limits: Limits) -> _Weighed:
    kinds: dict[str, Moments] = {}
    n, reference, slow, fast = 0, 0.0, 0.0, 0.0
    for one in found:
        if one.norm is not None and one.most is not None and one.least is not None:
            log, held = 0.0, (one.norm, one.most, one.least)
        else:
            key = (one.step, one.kind, one.era)
            if key not in limits:
                limits[key] = limits_of(norms.of(*key), tolerance)
            if (known := limits[key]) is None:
                continue
            log, held = known[0], (one.n * known[0], one.n * known[1], one.n * known[2])
        if one.kind in kinds:
            kinds[one.kind].add(one, log)
        else:
            kinds[one.kind] = Moments.of(one, log)
        n, reference, slow, fast = n + one.n, reference + held[0], slow + held[1], fast + held[2]
    return _Weighed(estimate(kinds.values()), reference / n, slow / n, fast / n) if n else _Weighed(None, 0.0, 0.0, 0.0)


Limits = dict[tuple[int, str, dt.date], tuple[float, float, float] | None]
"""By step, kind and the first day of an era: thousands of cells are held against some dozens of norms."""


def _told(key: Cell, found: Sequence[Sums], cell: _Weighed, verdict: Verdict, worked: int) -> Judged:
    lost = fast = slow = 0
    for one in found:
        lost, fast, slow = lost + one.lost, fast + one.fast, slow + one.slow
    per_day = lost / worked if worked else 0.0
    held = cell.estimate
    if held is None:
        n = sum(one.n for one in found)
        return Judged(*key, n, math.exp(sum(one.logs for one in found) / n), None, None, None, None, lost, per_day, fast, slow, verdict)
    known = held.n > 1 and held.freedom >= 1
    reach = held.reach if known else 0.0
    low, high = (math.exp(held.mean - reach), math.exp(held.mean + reach)) if known else (None, None)
    typical, reference = math.exp(held.mean + cell.reference), math.exp(cell.reference)
    return Judged(*key, held.n, typical, reference, math.exp(held.mean), low, high, lost, per_day, fast, slow, verdict)


__all__ = ["Judged", "Verdict", "alarmed", "judge", "judged"]
