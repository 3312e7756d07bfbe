"""A preview: how cards stand now and how they would stand, one line each."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit import Uow
from crmkit.ui import Visit, near_day

from ..cards import Change, State
from ..days import today
from ..entities import FOLLOW_UP, Device
from . import words
from .person import counted, period_named

COLORS = {"overdue": "red", "this_month": "blue", "incident": "amber", "unreachable": "amber", "done": "green"}


@attrs.frozen(kw_only=True)
class Side:
    """A card before or after a change: its day and its stage."""

    day: str
    stage: str
    color: str


@attrs.frozen(kw_only=True)
class Row:
    """One line of a preview."""

    period: str
    device: str
    sign: str
    before: Side | None
    after: Side
    by: str
    """By how much it moves, in words."""


def rows_of(visit: Visit, uow: Uow, changes: Sequence[Change]) -> list[Row]:
    """Return a preview's lines, in the order of the new days."""
    with uow.as_system():
        keys = {change.device_id for change in changes}
        names = {d.id: d.model for d in uow.find(Device).archived(only=False).where(Device.id.in_(sorted(keys)))} if keys else {}
    found = []
    for change in sorted(changes, key=lambda c: (c.after.planned_at, c.device_id, c.after.number)):
        found.append(Row(
            period=period_named(visit, uow, change.version_id, change.period), device=names.get(change.device_id, ""), sign=change.group.sign,
            before=_side(visit, uow, change.before) if change.before is not None else None, after=_side(visit, uow, change.after),
            by=_by(visit, change),
        ))  # fmt: skip
    return found


def _side(visit: Visit, uow: Uow, state: State) -> Side:
    stage = FOLLOW_UP.stages[state.stage]
    on = state.planned_at.astimezone(uow.crm.zone).date()
    why = visit.say(state.skipped.label) if state.skipped is not None else visit.say(stage.label)
    day = "" if state.skipped is not None else near_day(on, today(uow), visit.language)
    return Side(day=day, stage=why, color=COLORS.get(state.stage, "gray"))


def _by(visit: Visit, change: Change) -> str:
    if change.before is None:
        return visit.say(words.made_new)
    if change.after.skipped is not None or not change.days:
        return ""
    return ("+" if change.days > 0 else "−") + counted(visit, abs(change.days), words.days)


def sums_of(visit: Visit, changes: Sequence[Change]) -> str:
    """Return a preview in one sentence."""
    made = sum(c.before is None and c.after.skipped is None for c in changes)
    gone = sum(c.after.skipped is not None and (c.before is None or c.before.skipped is None) for c in changes)
    moved = sum(c.before is not None and c.after.skipped is None and c.before.ideal != c.after.ideal for c in changes)
    return visit.say(words.change_counts, moved=moved, made=made, skipped=gone)


__all__ = ["Row", "Side", "rows_of", "sums_of"]
