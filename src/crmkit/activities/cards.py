"""The next step on the cards of every board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from crmkit import Entity, Text, Uow, _
from crmkit.ui import Badge, card_badge, near_day

from .entities import Activity
from .kinds import kinds_of
from .planning import next_steps
from .ui_words import icons

SAID = _("{kind}: {subject}", ru="{kind}: {subject}")


@card_badge(None, order=10, live=[Activity])
def next_step_of_cards(of: type[Entity], ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    """When something is to be done next about a record: red when it is overdue, amber today."""
    kind = uow.crm.kind(Activity)
    if not uow.may(kind.permission("read")) or uow.crm.access.hidden(uow.actor, kind) & {"kind", "subject", "due_at", "done_at"}:
        return {}
    kinds, zone = kinds_of(uow.crm), uow.crm.zone
    today = uow.now.astimezone(zone).date()
    found = {}
    for key, (_about, _id, name, subject, due_at, _owner) in next_steps(uow, uow.crm.kind(of).key, ids).items():
        label = kinds[name].label if name in kinds else name
        day = due_at.astimezone(zone).date()
        found[key] = Badge(text=_said(day, today), color=_color(due_at, day, today, uow.now), icon=icons.get(name, "circle-check-big"),
            title=SAID.format(kind=label, subject=subject))  # fmt: skip
    return found


def _said(day: dt.date, today: dt.date) -> Text:
    return Text(near_day(day, today, "en"), ru=near_day(day, today, "ru"))


def _color(due_at: dt.datetime, day: dt.date, today: dt.date, now: dt.datetime) -> str:
    return "red" if due_at < now else "amber" if day == today else "gray"
