"""How one colleague does one step, as it is told when a course is given."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from crmkit import Text
from crmkit.ui import Visit

from ..entities import Step
from ..judging import Judged, Verdict
from ..norming.page import day_words
from ..reading import Chosen
from ..times import clock
from . import words


def reason_of(visit: Visit, step: Step, found: Judged | None, chosen: Chosen) -> str:
    """Return why a course is given, in words made of the figures."""
    if found is None:
        return ""
    days = {"since": day_words(chosen.since, visit.language), "until": day_words(chosen.until, visit.language)}
    typical = clock(found.typical)
    if found.reference is None or found.lost_per_day < 1000:
        return visit.say(words.reason_bare, step=step.title, typical=typical, n=found.n, **days)
    lost, reference = clock(found.lost_per_day / 1000), clock(found.reference)
    return visit.say(words.reason, step=step.title, typical=typical, reference=reference, lost=lost, n=found.n, **days)


def kept(found: Judged | None, chosen: Chosen) -> dict[str, t.Any]:
    """Return the figures of then, to be kept with an assignment."""
    span = {"since": chosen.since.isoformat(), "until": chosen.until.isoformat()}
    if found is None:
        return span
    numbers: Mapping[str, float | None] = {
        "typical": found.typical, "reference": found.reference, "ratio": found.ratio, "low": found.low, "high": found.high,
        "lost_per_day": found.lost_per_day,
    }  # fmt: skip
    return {**span, "n": found.n, "verdict": found.verdict.value, **{k: None if v is None else round(v, 3) for k, v in numbers.items()}}


COLORS = {Verdict.SLOW: "red", Verdict.FAST: "amber", Verdict.WITHIN: "green", Verdict.TOO_FEW: "gray", Verdict.NO_NORM: "gray"}
ICONS = {
    Verdict.SLOW: "snail", Verdict.FAST: "rabbit", Verdict.WITHIN: "check", Verdict.TOO_FEW: "circle-question-mark", Verdict.NO_NORM: "ruler",
}  # fmt: skip


def warning(found: Judged | None) -> Text | None:
    """Return what somebody should know before a course is given, if anything."""
    if found is None or found.verdict is Verdict.TOO_FEW:
        return words.too_few.format(n=found.n if found is not None else 0)
    return {Verdict.WITHIN: words.no_drawdown, Verdict.NO_NORM: words.no_norm, Verdict.FAST: words.no_drawdown}.get(found.verdict)


__all__ = ["COLORS", "ICONS", "kept", "reason_of", "warning"]
