"""Which colleagues lose time at which step: told only where it is neither chance nor a trifle."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import attrs

from crmkit import _

from .norms import Norms
from .reading import Sums


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


def judge(sums: Iterable[Sums], norms: Norms, *, worked: Mapping[int, int], least: int, rate: float, tolerance: float = 0.2) -> list[Judged]:
    """Judge each colleague at each step.

    Give all that is looked at together (a period of a log, as far as somebody sees it) and narrow afterwards: of all alarms of one call
    about `rate` are false, and where nobody is slow, the chance that anybody is alarmed about is at most `rate`.
    """
    raise NotImplementedError


__all__ = ["Judged", "Verdict", "judge"]
