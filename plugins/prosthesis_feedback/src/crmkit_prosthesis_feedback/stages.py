"""The stage of a card and of a service card, from the facts alone."""

from __future__ import annotations

import datetime as dt
import typing as t

if t.TYPE_CHECKING:
    from .entities import Ended


def stage_of(
    planned_on: dt.date, latest: dt.date, today: dt.date, *, done: bool = False, skipped: bool = False, frozen: bool = False,
    unreachable: bool = False,
) -> str:  # fmt: skip
    """Return the stage of a card on a day: `planned_on` and `today` by the CRM's time zone.

    While somebody of the person's incidents is open their undone cards are in ``incident``; while they cannot be reached in
    ``unreachable``. A card is overdue once its window or its month has passed.
    """
    if done:
        return "done"
    if skipped:
        return "skipped"
    if frozen:
        return "incident"
    if unreachable:
        return "unreachable"
    month, this = (planned_on.year * 12 + planned_on.month for planned_on in (planned_on, today))
    if latest < today or month < this:
        return "overdue"
    return {0: "this_month", 1: "next_month"}.get(month - this, "later")


def service_stage(*, ended: Ended | None, frozen: bool, unreachable: bool, undone: bool) -> str:
    """Return the stage of a service card; `undone` says that something is left to ask."""
    if ended is not None:
        return "ended"
    if frozen:
        return "incident"
    if not undone:
        return "finished"
    return "unreachable" if unreachable else "active"


__all__ = ["service_stage", "stage_of"]
