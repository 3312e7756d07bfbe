"""Days: today by the CRM's clock, the day somebody comes of age, and the moment of a call by the wearer's clock."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from crmkit import Crm, Uow
from crmkit_sales import SalesSettings

from .settings import FeedbackSettings

if t.TYPE_CHECKING:
    from .protocols import Offset


def today(uow: Uow) -> dt.date:
    """Return the day it is, by the CRM's time zone."""
    return uow.now.astimezone(uow.crm.zone).date()


def shifted(day: dt.date, by: Offset) -> dt.date:
    """Return a day so many calendar months and days later: three months after the 30th of November is the last of February."""
    found: dt.date = day + relativedelta(months=by.months, days=by.days)
    return found


def adulthood(born: dt.date, age: int) -> dt.date:
    """Return the birthday on which a child comes of age; the 28th of February for one born on the 29th, in years without it."""
    found: dt.date = born + relativedelta(years=age)
    return found


@functools.lru_cache(4096)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_of(crm: Crm, name: str | None) -> ZoneInfo:
    """Return the time zone somebody lives in; the CRM's where it is not known."""
    return _zone(name) if name else crm.zone


def call_day(crm: Crm, day: dt.date, earliest: dt.date, latest: dt.date, *, wanted: bool = False) -> dt.date:
    """Return the working day to call on: `day` itself, else the next one within the window, else the one before it.

    A day the person asked for is left, or the next working day after it is taken.
    """
    works = crm[SalesSettings].calendar.of
    last = day + dt.timedelta(days=31) if wanted else latest
    for here in _days(day, last, 1):
        if works(here):
            return here
    for here in _days(day, earliest, -1) if not wanted else ():
        if works(here):
            return here
    return day


def _days(first: dt.date, last: dt.date, step: int) -> t.Iterator[dt.date]:
    for number in range(abs((last - first).days) + 1 if (last - first).days * step >= 0 else 0):
        yield first + dt.timedelta(days=number * step)


def call_moment(crm: Crm, day: dt.date, zone: str | None) -> dt.datetime:
    """Return when to call on a day, in UTC: the hour of the settings by the person's own clock."""
    hour, minute = crm[FeedbackSettings].call_at.split(":")
    return dt.datetime.combine(day, dt.time(int(hour), int(minute)), zone_of(crm, zone)).astimezone(dt.UTC)


__all__ = ["adulthood", "call_day", "call_moment", "shifted", "today", "zone_of"]
