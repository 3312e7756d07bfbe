"""Effects are measured once, when the weeks they are about are over, and kept with the assignment: pages read them, however many there are."""

from __future__ import annotations

import math
import typing as t
from collections import defaultdict

import attrs

from crmkit import Moved, Uow, after, on_enter, on_leave

from ..effects import PERIOD, Effect, Outcome, Works, effect, together
from ..entities import ASSIGNMENTS, Assignment
from ..reading import DAY, Chosen

KEPT = "effect"
AT_ONCE = 2
"""So many that no timer has measured yet are measured while somebody waits."""


@attrs.frozen
class EffectDue:
    """The weeks after a course was done are over: its effect can be measured."""

    assignment: int


@on_enter(ASSIGNMENTS["done"])
def measure_later(event: Moved[Assignment], uow: Uow) -> None:
    """Have the effect measured when the weeks are over."""
    uow.schedule(EffectDue(event.record.id), at=uow.now + (PERIOD + 2) * DAY, key=_key(event.record.id))


@on_leave(ASSIGNMENTS["done"])
def measure_not(event: Moved[Assignment], uow: Uow) -> None:
    """Forget the effect of what is not done after all."""
    uow.cancel(_key(event.record.id))
    uow.keep(event.record, figures={name: value for name, value in event.record.figures.items() if name != KEPT})


def _key(assignment: int) -> str:
    return f"process_monitor.effect:{assignment}"


@after(EffectDue)
def measure(event: EffectDue, uow: Uow) -> None:
    """Measure the effect and keep it with the assignment; one that cannot be measured is kept as none."""
    record = uow.peek(Assignment, event.assignment)
    if record is None or record.stage != "done" or record.archived_at is not None or KEPT in record.figures:
        return
    with uow.as_system():
        uow.keep(record, figures={**record.figures, KEPT: kept(effect(uow, record.id))})


def kept(found: Effect) -> dict[str, t.Any]:
    """Return an effect as it is kept: the verdict, and what is needed to take it together with others'."""
    one = found.compared
    told: dict[str, t.Any] = {"verdict": found.verdict.value}
    if one is not None and found.verdict is not Outcome.TOO_EARLY:
        told |= {"change": one.change, "error": one.error, "freedom": one.freedom, "colleagues": one.colleagues}
    return told


def done_in(uow: Uow, chosen: Chosen) -> list[Assignment]:
    """Return what was done in these days, of what the actor may see, the last first."""
    begins, ends = chosen.moments(uow.crm.zone)
    found = uow.find(Assignment).where(Assignment.stage == "done", Assignment.done_at >= begins, Assignment.done_at < ends)
    if chosen.step is not None:
        found = found.where(Assignment.step_id == chosen.step)
    return found.order_by(Assignment.done_at.desc(), Assignment.id.desc()).limit(5000).all()


def measured(uow: Uow, chosen: Chosen, *, at_once: int = AT_ONCE) -> list[Works]:
    """Return what each course and each mentor did for those who had it in these days; at most `at_once` of them are measured now."""
    found: dict[tuple[int | None, int | None], list[tuple[float, float, float]]] = defaultdict(list)
    over = uow.now - (PERIOD + 2) * DAY
    live = 0
    for one in done_in(uow, chosen):
        known = one.figures.get(KEPT)
        if known is None and one.done_at is not None and one.done_at <= over and live < at_once:
            live += 1
            known = kept(effect(uow, one.id))
        for key in ((one.course_id, None), (None, one.mentor_id)):
            if key != (None, None):
                found[key] += [(known["change"], known["error"], known["freedom"])] if known is not None and "change" in known else []
    return [_together(*key, some) for key, some in found.items()]


def _together(course: int | None, mentor: int | None, some: list[tuple[float, float, float]]) -> Works:
    pooled = together(some)
    if pooled is None:
        return Works(course, mentor, 0, None, None, None)
    change, reach = pooled
    return Works(course, mentor, len(some), *(math.expm1(change + side * reach) for side in (0, -1, 1)))


__all__ = ["EffectDue", "done_in", "kept", "measure", "measured"]
