"""What follows from a task's kind and client: class, minutes, day, time zone, owner; and no more on a day than it takes."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _
from crmkit_sales import Contact, Deal, Lead

from . import load
from .entities import TaskState
from .settings import TaskqueueSettings
from .zones import remember, zone_of_number

Values = MutableMapping[str, t.Any]
Before = Mapping[str, t.Any] | None
NO_KIND = _("there is no kind {kind!r}; there are {known}", ru="нет вида {kind!r}; есть {known}")
ABOUT = ("contact_id", "lead_id", "deal_id")


def prepare_task(values: Values, before: Before, uow: Uow) -> None:
    """Complete a task's own fields; `Invalid` names the one that will not do."""
    settings = uow.crm[TaskqueueSettings]
    kind = settings.all_kinds.get(values["kind"])
    if before is None or before.get("kind") != values["kind"]:
        if kind is None:
            raise Invalid(problems=[Problem("kind", "choice", NO_KIND.format(kind=values["kind"], known=", ".join(settings.all_kinds)))])
        values["priority"] = kind.priority
        values["minutes"] = values.get("minutes") or kind.minutes
    if before is None or any(before.get(n) != values.get(n) for n in ABOUT):
        _know_client(values, before, uow)
    if not values.get("title") and kind is not None:
        label = kind.text
        values["title"] = str(getattr(label, "to", lambda _language: label)(uow.crm.settings.language))
    values["due_at"] = values.get("due_at") or uow.now
    _keep_to_cap(values, before, uow, counts=kind is not None and kind.capped)


def _know_client(values: Values, before: Before, uow: Uow) -> None:
    """Take contact, owner and team over from the deal or lead, and the time zone from the contact's number."""
    source = _row(uow, Deal, values.get("deal_id")) or _row(uow, Lead, values.get("lead_id"))
    if source is not None:
        values["contact_id"] = values.get("contact_id") or source.contact_id
    client = _row(uow, Contact, values.get("contact_id"))
    whose = source if source is not None and source.owner_id is not None else client
    if before is None and values.get("owner_id") is None and whose is not None:
        values["owner_id"] = whose.owner_id
        values["team_id"] = values.get("team_id") or whose.team_id
    phone = getattr(client, "phone", None) or getattr(source, "phone", None)
    values["zone"] = zone_of_number(phone) if phone else None
    if values["zone"]:
        remember(uow, values["zone"])


def _row(uow: Uow, cls: type[Contact] | type[Lead] | type[Deal], key: int | None) -> t.Any:
    if key is None:
        return None
    c = cls.__table__.c
    wanted = [c[name] for name in ("owner_id", "team_id", "contact_id", "phone") if name in c]
    return uow.connection.execute(sa.select(*wanted).where(c.id == key)).first()


def _keep_to_cap(values: Values, before: Before, uow: Uow, *, counts: bool) -> None:
    """Refuse a person's task on a full day; what an automation makes goes to the next day that takes it."""
    zone, owner = uow.crm.zone, values.get("owner_id")
    values["day"] = values["due_at"].astimezone(zone).date()
    same = before is not None and all(before.get(n) == values.get(n) for n in ("day", "owner_id", "kind", "archived_at"))
    if same or not counts or owner is None or values.get("archived_at") is not None or values.get("state") not in (None, TaskState.WAITING):
        return
    day = load.full(uow, owner, values["day"], values.get("id"))
    if day is None:
        return
    if not uow.elevated:
        load.refuse(uow, owner, day)
    values["due_at"] = load.place(uow, owner, values["due_at"])
    values["day"] = values["due_at"].astimezone(zone).date()


def in_client_hours(uow: Uow, at: dt.datetime, zone: str | None) -> dt.datetime:
    """Return the first moment from `at` on at which a client may be called."""
    from zoneinfo import ZoneInfo

    hours = uow.crm[TaskqueueSettings].calling_hours
    there = ZoneInfo(zone) if zone else uow.crm.zone
    for begin, end in hours.spans(at, there):
        if at < end:
            return max(at, begin)
    return at
