"""Recurring tasks: made by a calendar rule, in working time, on the next day that takes them."""

from __future__ import annotations

import datetime as dt
import logging
import typing as t
from collections.abc import Mapping, MutableMapping

from croniter import croniter

from crmkit import SYSTEM, Invalid, Problem, Refusal, Tick, Uow, _, every

from .entities import Recurring, Task
from .planning import NO_KIND, in_working_time
from .settings import TaskqueueSettings

log = logging.getLogger("crmkit.taskqueue")
NO_CRON = _("a cron line such as 0 10 * * mon", ru="строка cron, например 0 10 * * mon")
BATCH = 500
ENDLESS = 1000


def prepare_recurring(values: MutableMapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Know when it comes next, and refuse a rule or a kind that cannot be."""
    kinds = uow.crm[TaskqueueSettings].all_kinds
    if values["kind"] not in kinds and (before is None or before.get("kind") != values["kind"]):
        raise Invalid(problems=[Problem("kind", "choice", NO_KIND.format(kind=values["kind"], known=", ".join(kinds)))])
    if before is not None and all(before.get(n) == values.get(n) for n in ("cron", "until", "archived_at")):
        return
    if len(values["cron"].split()) != 5 or not croniter.is_valid(values["cron"]):
        raise Invalid(problems=[Problem("cron", "invalid", NO_CRON)])
    values["next_at"] = next_time(values["cron"], values.get("until"), uow.now, uow)


def next_time(cron: str, until: dt.date | None, after: dt.datetime, uow: Uow) -> dt.datetime | None:
    """Return the next moment of a rule by the company's clocks, None when it is over.

    A time that the spring change skips comes right after it; one that the autumn change repeats comes once.
    """
    zone = uow.crm.zone
    times = croniter(cron, after.astimezone(zone).replace(tzinfo=None), max_years_between_matches=8)
    for _again in range(ENDLESS):
        try:
            wall: dt.datetime = times.get_next(dt.datetime)
        except (ValueError, OverflowError):  # 30 February
            return None
        if until is not None and wall.date() > until:
            return None
        found = wall.replace(tzinfo=zone).astimezone(dt.UTC)
        if found > after:
            return found
    return None


@every(cron="* * * * *")
def make_recurring(tick: Tick, uow: Uow) -> None:
    """Make the tasks whose time has come; missed times are made up for by one task."""
    due = uow.find(Recurring).where(Recurring.next_at <= uow.now).order_by(Recurring.next_at, Recurring.id).limit(BATCH)
    for rule in due.all():
        at = rule.next_at
        try:
            with uow.crm.uow(SYSTEM, connection=uow.connection) as inner:  # one that will not do holds up no other
                at = _make(inner, rule)
        except Refusal as refusal:
            log.warning("recurring task %s was not made: %s", rule.id, refusal)
        uow.keep(rule, next_at=next_time(rule.cron, rule.until, max(uow.now, at or uow.now), uow))


def _make(uow: Uow, rule: Recurring) -> dt.datetime | None:
    """Make the task of a rule and return when it is due: on a working day, and not while its owner is away."""
    kind = uow.crm[TaskqueueSettings].all_kinds.get(rule.kind)
    due = t.cast(dt.datetime, rule.next_at)
    task = uow.add(
        Task(
            kind=rule.kind, title=rule.title, text=rule.text, due_at=due, contact_id=rule.contact_id, lead_id=rule.lead_id,
            deal_id=rule.deal_id, owner_id=rule.owner_id, team_id=rule.team_id,
        )
    )  # fmt: skip
    uow.flush()
    at = in_working_time(uow, due, task.zone, dials=kind is not None and kind.dials, user_id=task.owner_id)
    if at != due:
        task.due_at = at
        uow.flush()
    return at
