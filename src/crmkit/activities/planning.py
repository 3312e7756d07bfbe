"""What is to be done next about a record, and getting it done."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping

from crmkit import Entity, Invalid, Owned, Permission, Problem, Query, Uow, _, command
from crmkit.ui import button

from .entities import Activity

WORK = Permission("activities.work", _("Complete, reopen and postpone activities", ru="Завершать, возобновлять и переносить дела"))
DONE = _("this activity is done already; reopen it first", ru="это дело уже выполнено; сначала возобновите его")
NOT_DONE = _("this activity is not done yet", ru="это дело ещё не выполнено")
PAST = _("choose a moment to come", ru="выберите время в будущем")
MANY = 1000


def next_step(uow: Uow, record: Entity) -> Activity | None:
    """Return what is to be done first about a record, of what the actor may see: an open activity that has a due date."""
    return _steps(uow, record).order_by(Activity.due_at, Activity.id).first()


def has_next_step(uow: Uow, record: Entity) -> bool:
    """True when something is to be done about a record, whether the actor may see it or not: for rules of stages."""
    with uow.as_system():
        return _steps(uow, record).exists()


def next_steps(uow: Uow, kind: str, ids: Iterable[int]) -> Mapping[int, t.Any]:
    """Return the next step of each of many records by key, in one query: rows of ``id, kind, subject, due_at, owner_id``."""
    wanted = list(ids)
    found: dict[int, t.Any] = {}
    columns = (Activity.about_id, Activity.id, Activity.kind, Activity.subject, Activity.due_at, Activity.owner_id)
    for start in range(0, len(wanted), MANY):
        part = wanted[start : start + MANY]
        open_ones = uow.find(Activity).where(
            Activity.about_kind == kind, Activity.about_id.in_(part), Activity.done_at.is_(None), Activity.due_at.is_not(None))
        for row in open_ones.order_by(Activity.due_at, Activity.id).columns(*columns):
            found.setdefault(row[0], row)
    return found


def plan(
    uow: Uow, record: Entity, kind: str, subject: str, due_at: dt.datetime | None, owner_id: int | None = None, **more: t.Any
) -> Activity:
    """Plan an activity about a record and return it. Without `owner_id` it is for the record's owner, else for the actor."""
    owner, team = (record.owner_id, record.team_id) if isinstance(record, Owned) else (None, None)
    if owner_id is None:
        owner_id = owner if owner is not None else uow.actor.id
    return uow.add(Activity(kind=kind, subject=subject, due_at=due_at, owner_id=owner_id, team_id=team, **uow.about(record), **more))


def _steps(uow: Uow, record: Entity) -> Query[Activity]:
    about = uow.about(record)
    return uow.find(Activity).where(
        Activity.about_kind == about["about_kind"], Activity.about_id == about["about_id"],
        Activity.done_at.is_(None), Activity.due_at.is_not(None))  # fmt: skip


@button(icon="check", primary=True, order=10, shown=lambda activity: activity.done_at is None)
@command(_("Complete", ru="Завершить"), of=Activity, permission=WORK)
def complete(activity: Activity, uow: Uow, *, outcome: str | None = None, duration: int | None = None) -> Activity:
    """Mark an activity as done, with what came of it."""
    if activity.done_at is not None:
        raise Invalid(problems=[Problem("done_at", "done", DONE)])
    activity.done_at = uow.now
    if outcome is not None:
        activity.outcome = outcome
    if duration is not None:
        activity.duration = duration
    return activity


@button(icon="rotate-ccw", order=20, shown=lambda activity: activity.done_at is not None)
@command(_("Reopen", ru="Возобновить"), of=Activity, permission=WORK)
def reopen(activity: Activity, uow: Uow, *, due_at: dt.datetime | None = None) -> Activity:
    """Take a finished activity up again, by another date if one is given."""
    if activity.done_at is None:
        raise Invalid(problems=[Problem("done_at", "open", NOT_DONE)])
    activity.done_at, activity.outcome = None, None
    if due_at is not None:
        activity.due_at = _to_come(due_at, uow)
    return activity


@button(icon="calendar-clock", order=20, shown=lambda activity: activity.done_at is None)
@command(_("Postpone", ru="Перенести"), of=Activity, permission=WORK)
def postpone(activity: Activity, uow: Uow, *, due_at: dt.datetime) -> Activity:
    """Put an open activity off to a moment to come."""
    if activity.done_at is not None:
        raise Invalid(problems=[Problem("done_at", "done", DONE)])
    activity.due_at = _to_come(due_at, uow)
    return activity


def _to_come(moment: dt.datetime, uow: Uow) -> dt.datetime:
    if moment.tzinfo is None or moment <= uow.now:
        raise Invalid(problems=[Problem("due_at", "past", PAST)])
    return moment
