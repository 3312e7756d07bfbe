"""What follows from a task's kind and client: class, minutes, day, time zone, owner; working time; and no more on a day than it takes."""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _
from crmkit_sales import Contact, Deal, Lead, SalesSettings

from . import load
from .entities import TaskState
from .settings import TaskqueueSettings
from .zones import in_client_hours, remember, zone_of_number

Values = MutableMapping[str, t.Any]
Before = Mapping[str, t.Any] | None
NO_KIND = _("there is no kind {kind!r}; there are {known}", ru="нет вида {kind!r}; есть {known}")
TOO_FAR = _("from {first} to {last}", ru="с {first} по {last}")
ABOUT = ("contact_id", "lead_id", "deal_id")
FIRST_DAY = dt.datetime(1970, 1, 2, tzinfo=dt.UTC)
YEARS_AHEAD = dt.timedelta(days=3653)
TURNS = 30  # so often working time and the client's hours are brought together, before the nearest moment has to do


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
    _when(values, before, uow, dials=kind is not None and kind.dials)
    _keep_to_cap(values, before, uow)


def _when(values: Values, before: Before, uow: Uow, *, dials: bool) -> None:
    """Know the moment: now where none is given; what an automation plans lies in working time."""
    values["due_at"] = at = values.get("due_at") or uow.now
    if before is not None and before.get("due_at") == at:
        return
    if not FIRST_DAY <= at <= uow.now + YEARS_AHEAD:
        limits = {"first": f"{FIRST_DAY:%d.%m.%Y}", "last": f"{uow.now + YEARS_AHEAD:%d.%m.%Y}"}
        raise Invalid(problems=[Problem("due_at", "invalid", TOO_FAR.format(**limits))])
    if before is None and at > uow.now and uow.settling.cause is not None:
        values["due_at"] = in_working_time(uow, at, values.get("zone"), dials=dials)


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
    names, statement = _known(t.cast(t.Any, cls))
    rows = uow.run(statement, {"key": key})
    return types.SimpleNamespace(**dict(zip(names, rows[0], strict=True))) if rows else None


@functools.cache
def _known(cls: type[Contact] | type[Lead] | type[Deal]) -> tuple[tuple[str, ...], t.Any]:
    c = cls.__table__.c
    names = tuple(name for name in ("owner_id", "team_id", "contact_id", "phone") if name in c)
    return names, sa.select(*(c[name] for name in names)).where(c.id == sa.bindparam("key", type_=c.id.type))


def nobody_is_asked(uow: Uow) -> bool:
    """True when a task is planned by an automation, which cannot be told to choose another day. Whoever imports tasks is told."""
    return uow.elevated and (uow.operation_id is None or uow.settling.cause is not None)


def _keep_to_cap(values: Values, before: Before, uow: Uow) -> None:
    """Refuse a person's task on a full day; what an automation makes goes to the next day that takes it."""
    zone, owner, settings = uow.crm.zone, values.get("owner_id"), uow.crm[TaskqueueSettings]
    values["day"] = values["due_at"].astimezone(zone).date()
    if owner is None or not load.counts(values, settings) or (before is not None and _was_there(values, before, settings)):
        return
    alone = nobody_is_asked(uow)
    if alone and values.get("state") is TaskState.OPEN:
        return  # a supervisor gives it to somebody at once, before everything else
    day = load.full(uow, owner, values["day"], values.get("id"))
    if day is not None and not alone:
        load.refuse(uow, owner, day, _to_blame(values, before))
    if day is not None:
        values["due_at"] = load.place(uow, owner, values["due_at"])
        values["day"] = values["due_at"].astimezone(zone).date()
    if "id" not in values:  # one of many that are written together, once all of them are prepared
        load.reserve(uow, owner, values["day"])


def _was_there(values: Values, before: Mapping[str, t.Any], settings: TaskqueueSettings) -> bool:
    return load.counts(before, settings) and all(before.get(n) == values.get(n) for n in ("day", "owner_id"))


def _to_blame(values: Values, before: Before) -> str:
    """Return the field that was changed so that the day no longer does."""
    if before is not None and before.get("day") == values["day"]:
        return next((name for name in ("owner_id", "kind") if before.get(name) != values.get(name)), "due_at")
    return "due_at"


# ---- working time -------------------------------------------------------------------------------------------------
def in_working_time(uow: Uow, at: dt.datetime, zone: str | None = None, *, dials: bool = False, user_id: int | None = None) -> dt.datetime:
    """Return the first moment from `at` on that is working time by the company's calendar, and not on a day that manager is away.

    With `dials` it is one at which a client of a zone may be called as well. From a day off it goes to the same time of a working day.
    """
    for _again in range(TURNS):
        moved = _at_work(uow, at, user_id)
        moved = in_client_hours(uow, moved, zone) if dials else moved
        if moved == at:
            break
        at = moved
    return at


def _at_work(uow: Uow, at: dt.datetime, user_id: int | None) -> dt.datetime:
    zone, calendar = uow.crm.zone, uow.crm[SalesSettings].calendar
    local = at.astimezone(zone)
    day, minute = local.date(), local.hour * 60 + local.minute
    hours = calendar.of(day)
    if any(begin <= minute < end for begin, end in hours) and not load.days_off(uow, user_id, day, day):
        return at
    later = next((begin for begin, _end in hours if begin > minute), None)
    if later is not None and not load.days_off(uow, user_id, day, day):
        return _moment(day, later, zone)
    first = day + dt.timedelta(days=1)
    for _part in range(load.FURTHEST):
        last = first + dt.timedelta(days=uow.crm[TaskqueueSettings].days_ahead)
        off = load.days_off(uow, user_id, first, last)
        found = next((first + dt.timedelta(days=n) for n in range((last - first).days + 1) if first + dt.timedelta(days=n) not in off), None)
        if found is not None:
            spans = calendar.of(found)
            same = not hours and any(begin <= minute < end for begin, end in spans)
            return _moment(found, minute if same else spans[0][0], zone)
        first = last + dt.timedelta(days=1)
    return at


def _moment(day: dt.date, minute: int, zone: t.Any) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), zone).astimezone(dt.UTC)


__all__ = ["in_client_hours", "in_working_time", "prepare_task"]
