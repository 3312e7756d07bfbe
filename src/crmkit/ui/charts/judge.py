"""Whether a figure is as it should be: against its norm, and against the range it usually lies in."""

from __future__ import annotations

import typing as t

import attrs

from ...core.text import Text, _
from .numbers import NBSP, Unit, Value, plain_number, real, write

Good = t.Literal["low", "high"]
FACT, NORM, RANGE = _("Fact", ru="Факт"), _("Norm", ru="Норма"), _("Usual range", ru="Обычно")
RANGE_OF = _("usually {low}–{high}", ru="обычно {low}–{high}")
FROM, UP_TO = _("from {low}", ru="от {low}"), _("up to {high}", ru="до {high}")
AGAINST = _("against the norm", ru="к норме")
TOLERANCE = 0.1

STATES: dict[str, Text] = {
    "ok": _("within the norm", ru="в норме"),
    "warn": _("worse than the norm", ru="хуже нормы"),
    "bad": _("out of the range", ru="за пределами"),
}


@attrs.frozen
class Bounds:
    """What figures are held against: a norm, and the range from `low` to `high`; each may be unknown. `good`: which way is better."""

    norm: float | None
    low: float | None
    high: float | None
    good: Good

    @classmethod
    def of(cls, unit: Unit, norm: Value, low: Value, high: Value, good: Good) -> Bounds:
        """Return the bounds in a unit; a range given the wrong way round is turned."""
        small, large = real(low, unit), real(high, unit)
        if small is not None and large is not None and small > large:
            small, large = large, small
        return cls(real(norm, unit), small, large, good)

    @property
    def known(self) -> list[float]:
        """All that must find room on the scale."""
        return [v for v in (self.norm, self.low, self.high) if v is not None]

    def state(self, fact: float) -> str:
        """Return ``ok``, ``warn`` (a tenth worse than the norm) or ``bad`` (out of the range)."""
        worse = 1 if self.good == "low" else -1
        edge = self.high if self.good == "low" else self.low
        if edge is not None and (fact - edge) * worse > 0:
            return "bad"
        if self.norm is not None and (fact - self.norm) * worse > abs(self.norm) * TOLERANCE:
            return "warn"
        return "ok"

    def deviation(self, fact: float, language: str) -> str:
        """Return how far from the norm, in percent with its sign: ``+14 %``; nothing where no norm is known or it is nought."""
        return "" if self.norm is None else change(fact, self.norm, language)


def change(now: float, before: float, language: str) -> str:
    """Return by how many percent something changed, with its sign; nothing where it was nought."""
    if not before:
        return ""
    share = (now - before) / abs(before) * 100
    if not abs(share) < 9999.5:
        return ""
    whole = round(share)
    sign = "+" if whole > 0 else ""
    return f"{sign}{plain_number(whole, language)}{NBSP if language == 'ru' else ''}%"


def range_words(unit: Unit, low: Value, high: Value, language: str) -> str:
    """Return ``3–9 h``, or one end where the other is unknown."""
    ends = sorted((v for v in (low, high) if real(v, unit) is not None), key=lambda v: t.cast(float, real(v, unit)))
    if len(ends) == 2:
        bare = attrs.evolve(unit, name="", currency="")
        left = plain_number(t.cast(float, real(ends[0], unit)), language, unit.digits) if unit.per != 1 else write(ends[0], bare, language)
        return f"{left}–{write(ends[1], unit, language)}"
    if not ends:
        return ""
    one, words = write(ends[0], unit, language), FROM if real(low, unit) is not None else UP_TO
    return words.format(low=one, high=one).to(language)
