"""Recurring tasks: made by a calendar rule, on the next day that takes them."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, MutableMapping

from croniter import croniter

from crmkit import Invalid, Problem, Tick, Uow, _, every

from .entities import Recurring, Task
from .planning import NO_KIND
from .settings import TaskqueueSettings

NO_CRON = _("a cron line such as 0 10 * * mon", ru="строка cron, например 0 10 * * mon")
BATCH = 200


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
    """Return the next moment of a rule in the CRM's time zone, None when it is over."""
    found: dt.datetime = croniter(cron, after.astimezone(uow.crm.zone)).get_next(dt.datetime)
    return None if until is not None and found.date() > until else found.astimezone(dt.UTC)


@every(cron="* * * * *")
def make_recurring(tick: Tick, uow: Uow) -> None:
    """Make the tasks whose time has come; missed times are made up for by one task."""
    due = uow.find(Recurring).where(Recurring.next_at <= uow.now).order_by(Recurring.next_at, Recurring.id).limit(BATCH)
    for rule in due:
        uow.add(
            Task(
                kind=rule.kind, title=rule.title, text=rule.text, due_at=rule.next_at, contact_id=rule.contact_id, lead_id=rule.lead_id,
                deal_id=rule.deal_id, owner_id=rule.owner_id, team_id=rule.team_id,
            )
        )  # fmt: skip
        uow.keep(rule, next_at=next_time(rule.cron, rule.until, uow.now, uow))
