"""Whether a course or a meeting helped: before and after, beside colleagues of the same step who were given nothing."""

from __future__ import annotations

import enum

import attrs

from crmkit import Uow, _

from .reading import Chosen


class Outcome(enum.Enum):
    """What is said of a course that was done."""

    HELPED = "helped"
    WORSE = "worse"
    UNSURE = "unsure"
    TOO_EARLY = "too_early"
    TOO_FEW = "too_few"
    NO_COLLEAGUES = "no_colleagues"

    @property
    def label(self) -> str:
        """What a person reads."""
        return {
            "helped": _("It helped", ru="Помогло"), "worse": _("Slower than before", ru="Стало медленнее"),
            "unsure": _("No difference shown", ru="Разница не доказана"), "too_early": _("Too early to say", ru="Рано судить"),
            "too_few": _("Too few cases before", ru="Мало случаев до обучения"),
            "no_colleagues": _("Nobody to compare with", ru="Не с кем сравнить"),
        }[self.value]  # fmt: skip


@attrs.frozen
class Effect:
    """What became of the time of a step."""

    before: float | None
    """Seconds: typical time in the weeks before it was given, and after it was done."""
    after: float | None
    change: float | None
    """By how much it changed beyond what colleagues' times did: -0.3 is three tenths less; 95 of 100 such intervals hold the truth."""
    low: float | None
    high: float | None
    compared_with: int
    """So many colleagues."""
    verdict: Outcome
    why: str


@attrs.frozen
class Works:
    """What a course or a mentor did for those who had it, taken together."""

    course: int | None
    mentor: int | None
    n: int
    """So many could be measured."""
    change: float | None
    low: float | None
    high: float | None


def effect(uow: Uow, assignment: int) -> Effect:
    """Return what became of the time of a step after a course or a meeting was done."""
    raise NotImplementedError


def works(uow: Uow, chosen: Chosen) -> list[Works]:
    """Return what each course and each mentor did, of those done in these days that the actor may see."""
    raise NotImplementedError


__all__ = ["Effect", "Outcome", "Works", "effect", "works"]
