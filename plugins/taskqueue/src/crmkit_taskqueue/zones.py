"""Where clients live, and which of them may be called now."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
import weakref
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import attrs
import phonenumbers
import sqlalchemy as sa
from babel.core import get_global
from phonenumbers import timezone

from crmkit import Crm, Uow
from crmkit_sales import SalesSettings, WorkCalendar

from .desk import insert_new
from .settings import TaskqueueSettings
from .tables import zones

_SEEN: weakref.WeakKeyDictionary[Crm, tuple[dt.datetime, frozenset[str]]] = weakref.WeakKeyDictionary()
_MADE: weakref.WeakKeyDictionary[Crm, set[str]] = weakref.WeakKeyDictionary()
SUNDAY = 6
Spans = tuple[tuple[int, int], ...]  # minutes of the day, from and until
_HOURS: weakref.WeakKeyDictionary[Crm, tuple[TaskqueueSettings, ClientHours]] = weakref.WeakKeyDictionary()
LOOKED_UP_FOR = dt.timedelta(minutes=1)


@attrs.frozen
class ClientHours(WorkCalendar):
    """When clients may be called: by the settings, and on public holidays, when the company is off in the middle of a week, as on a Sunday."""

    company: WorkCalendar = attrs.field(kw_only=True)

    known: dict[dt.date, Spans] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    def of(self, day: dt.date) -> Spans:
        """Return the hours of a day."""
        found = self.known.get(day)
        if found is None:
            off = bool(self.company.hours.get(day.weekday())) and not self.company.of(day)
            found = self.known[day] = self.hours.get(SUNDAY if off else day.weekday(), ())
        return found


def client_hours(crm: Crm) -> ClientHours:
    """Return when clients may be called, by their own clocks."""
    settings, company = crm[TaskqueueSettings], crm[SalesSettings].calendar
    found = _HOURS.get(crm)
    if found is None or found[0] is not settings:
        found = _HOURS[crm] = (settings, ClientHours(settings.calling_hours.hours, company=company))
    return found[1]


@functools.lru_cache(4096)
def zone_of_number(phone: str) -> str | None:
    """Return the time zone of a number (E.164); None where it may be in several, as most mobile numbers of large countries are."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return None
    found = [name for name in timezone.time_zones_for_number(number) if _clock_of(name) is not None]
    if len({_clock_of(name) for name in found}) != 1:
        return None
    return _at_home(found, phonenumbers.region_code_for_number(number))


@functools.cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone: Python itself keeps eight of them, and clients of one country may live in more."""
    return ZoneInfo(name)


@functools.cache
def _clock_of(name: str) -> tuple[dt.timedelta | None, ...] | None:
    """Return how far a zone's clocks are from UTC, in winter and in summer; None for a zone this machine does not know."""
    try:
        return tuple(zone(name).utcoffset(dt.datetime(2026, month, 15, tzinfo=dt.UTC).replace(tzinfo=None)) for month in (1, 7))
    except (KeyError, ValueError, OSError):
        return None


def _at_home(found: Sequence[str], country: str | None) -> str:
    """Return the zone of the number's own country: numbers of Kaliningrad are listed under Bucharest, whose summers are another hour."""
    home = get_global("zone_territories")
    own = [name for name in found if home.get(name) == country]
    if own or country is None:
        return own[0] if own else found[0]
    clocks = {name: _clock_of(name) for name, territory in home.items() if territory == country}
    winter = _clock_of(found[0])
    near = {name: clock for name, clock in clocks.items() if clock and winter and clock[0] == winter[0]}
    return next(iter(near)) if len(set(near.values())) == 1 else found[0]


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
    hours = client_hours(uow.crm)
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
    for begin, end in client_hours(uow.crm).spans(at, there):
        if at < end:
            return max(at, begin)
    return at


def is_awake(uow: Uow, name: str | None, now: dt.datetime) -> bool:
    """True when a client in a zone may be called now; where the zone is not known, always."""
    return name is None or _awake(client_hours(uow.crm), now, zone(name))


def _awake(hours: t.Any, now: dt.datetime, there: ZoneInfo) -> bool:
    local = now.astimezone(there)
    minute = local.hour * 60 + local.minute
    return any(begin <= minute < end for begin, end in hours.of(local.date()))
