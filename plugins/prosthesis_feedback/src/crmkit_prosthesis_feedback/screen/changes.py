"""A preview: how cards stand now and how they would stand, one line each."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmkit import Uow
from crmkit.ui import Visit, near_day

from ..cards import Change, State
from ..days import today
from ..entities import FOLLOW_UP, Device, Skipped
from . import words
from .person import counted, period_named

GOES_ON = (Skipped.VERSION, Skipped.CROSSED)
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


def paired(changes: Sequence[Change]) -> list[Change]:
    """Return a preview of another version, or calendar, with a period that goes on in it as one line: how it stands, and how it will."""
    made = {(c.device_id, c.period): c for c in changes if c.before is None and c.after.skipped is None}
    found, gone = [], set[tuple[int, str]]()
    for change in changes:
        key = change.device_id, change.period
        if change.before is not None and change.before.skipped is None and change.after.skipped in GOES_ON and key in made:
            found.append(attrs.evolve(made[key], before=change.before))
            gone.add(key)
        else:
            found.append(change)
    return [c for c in found if not (c.before is None and (c.device_id, c.period) in gone)]


def rows_of(visit: Visit, uow: Uow, changes: Sequence[Change]) -> list[Row]:
    """Return a preview's lines, in the order of the new days."""
    with uow.as_system():
        keys = {change.device_id for change in changes}
        held = uow.find(Device).archived(only=False).where(Device.id.in_(sorted(keys))).all() if keys else []
    several = len({d.model for d in held}) < len(held)  # told apart by their numbers
    names = {d.id: f"{d.model} · {d.serial}" if several and d.serial else d.model for d in held}
    found = []
    for change in sorted(paired(changes), key=lambda c: (c.after.planned_at, c.device_id, c.after.number)):
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
    if change.after.skipped is not None:
        return ""
    if not change.days:
        return visit.say(words.same_day) if change.before.planned_at == change.after.planned_at else ""
    return ("+" if change.days > 0 else "−") + counted(visit, abs(change.days), words.days)


def sums_of(visit: Visit, changes: Sequence[Change]) -> str:
    """Return a preview in one sentence."""
    changes = paired(changes)
    made = sum(c.before is None and c.after.skipped is None for c in changes)
    gone = sum(c.after.skipped is not None and (c.before is None or c.before.skipped is None) for c in changes)
    moved = sum(c.before is not None and c.after.skipped is None and c.before.ideal != c.after.ideal for c in changes)
    counts = ((words.sum_moved, moved), (words.sum_made, made), (words.sum_gone, gone))
    told = [visit.say(text, n=n) for text, n in counts if n]
    return ", ".join(told) if told else visit.say(words.sum_same)


__all__ = ["Row", "Side", "rows_of", "sums_of"]
