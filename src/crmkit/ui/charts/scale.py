"""The scale of a chart: from figures to places, with round numbers along the axis."""

from __future__ import annotations

import math
import typing as t
from collections.abc import Iterable

import attrs

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
WHOLE_STEPS = (1.0, 2.0, 5.0, 10.0)


@attrs.frozen
class Scale:
    """From `low` to `high`, with `ticks` at round numbers."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def part(self, value: float) -> float:
        """Return where a figure stands, from 0 (lowest) to 1 (highest)."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def percent(self, value: float) -> float:
        """Return the same in percent, for what lies across."""
        return round(self.part(value) * 100, 3)

    def down(self, value: float, top: float, bottom: float) -> float:
        """Return how many pixels from above, for what stands upright."""
        return round(bottom - self.part(value) * (bottom - top), 2)


def scale_of(values: Iterable[float | None], *, zero: bool = True, count: int = 4, whole: bool = False) -> Scale:
    """Return a scale that holds all figures, from or through nought unless `zero` is False, with about `count` steps.

    `whole`: only whole numbers stand along the axis, as for things one counts.
    """
    known = [v for v in values if v is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not low < high or high - low < max(abs(low), abs(high)) * 1e-9:  # one figure, or figures no axis could tell apart
        room = max(abs(low), abs(high)) * 0.1
        low, high = (0.0, 1.0) if room == 0 else (low - room, high + room)
    step = _step((high - low) / count, whole)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(_tidy(n * step, step) for n in range(first, max(last, first + 1) + 1))
    return Scale(min(ticks[0], low), max(ticks[-1], high), ticks)


def _step(rough: float, whole: bool) -> float:
    if whole and rough <= 1:
        return 1.0
    size = 10.0 ** math.floor(math.log10(rough))
    if size == 0:
        return rough
    return next((m * size for m in (WHOLE_STEPS if whole else STEPS) if m * size >= rough * (1 - 1e-9)), rough)


def _tidy(value: float, step: float) -> float:
    """Return 0.3 for what adding up tenths made 0.30000000000000004."""
    digits = 1 - math.floor(math.log10(step))
    return round(value, digits) if 0 <= digits < 300 else value


def is_whole(values: Iterable[t.Any]) -> bool:
    """True when all that is known are whole numbers: things one counts."""
    known = [v for v in values if v is not None]
    return bool(known) and all(isinstance(v, int) for v in known)
