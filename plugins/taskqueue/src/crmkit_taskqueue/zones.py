"""Where clients live, and which of them may be called now."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
import weakref
from zoneinfo import ZoneInfo

import phonenumbers
import sqlalchemy as sa
from phonenumbers import timezone

from crmkit import Crm, Uow

from .desk import insert_new
from .settings import TaskqueueSettings
from .tables import zones

_SEEN: weakref.WeakKeyDictionary[Crm, tuple[dt.datetime, frozenset[str]]] = weakref.WeakKeyDictionary()
_MADE: weakref.WeakKeyDictionary[Crm, set[str]] = weakref.WeakKeyDictionary()
LOOKED_UP_FOR = dt.timedelta(minutes=1)


@functools.lru_cache(4096)
def zone_of_number(phone: str) -> str | None:
    """Return the time zone of a number (E.164); None where it may be in several, as most mobile numbers of large countries are."""
    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return None
    known = [name for name in found if _offset(name) is not None]
    return known[0] if len({_offset(name) for name in known}) == 1 else None


@functools.cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone: Python itself keeps eight of them, and clients of one country may live in more."""
    return ZoneInfo(name)


@functools.lru_cache(1024)
def _offset(name: str) -> dt.timedelta | None:
    try:
        return zone(name).utcoffset(dt.datetime(2026, 1, 15, tzinfo=dt.UTC).replace(tzinfo=None))
    except (KeyError, ValueError, OSError):
        return None


def remember(uow: Uow, name: str) -> None:
    """Note that clients live in a zone."""
    made = _MADE.setdefault(uow.crm, set())
    if name in made:
        return
    if uow.connection.execute(sa.select(zones.c.zone).where(zones.c.zone == name)).first() is None:
        insert_new(uow, zones, zone=name)
        _SEEN.pop(uow.crm, None)
    else:
        made.add(name)  # not before it is there for everybody: what was written here may be undone


def asleep(uow: Uow, now: dt.datetime) -> frozenset[str]:
    """Return the zones of clients in which nobody is to be called now."""
    known = _SEEN.get(uow.crm)
    if known is not None and dt.timedelta(0) <= now - known[0] < LOOKED_UP_FOR and now.minute == known[0].minute:
        return known[1]
    hours = uow.crm[TaskqueueSettings].calling_hours
    used = [row[0] for row in uow.connection.execute(sa.select(zones.c.zone))]
    found = frozenset(name for name in used if not _awake(hours, now, zone(name)))
    _SEEN[uow.crm] = (now, found)
    return found


def forget(crm: Crm) -> None:
    """Work out anew which zones sleep: clients of a zone nobody knew of have come, perhaps in another process."""
    _SEEN.pop(crm, None)


def in_client_hours(uow: Uow, at: dt.datetime, name: str | None) -> dt.datetime:
    """Return the first moment from `at` on at which a client may be called."""
    there = zone(name) if name else uow.crm.zone
    for begin, end in uow.crm[TaskqueueSettings].calling_hours.spans(at, there):
        if at < end:
            return max(at, begin)
    return at


def is_awake(uow: Uow, name: str | None, now: dt.datetime) -> bool:
    """True when a client in a zone may be called now; where the zone is not known, always."""
    return name is None or _awake(uow.crm[TaskqueueSettings].calling_hours, now, zone(name))


def _awake(hours: t.Any, now: dt.datetime, there: ZoneInfo) -> bool:
    local = now.astimezone(there)
    minute = local.hour * 60 + local.minute
    return any(begin <= minute < end for begin, end in hours.of(local.date()))
