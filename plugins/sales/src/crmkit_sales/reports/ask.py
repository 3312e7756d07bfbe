"""What a report is asked for: a period in the CRM's time zone, a pipeline, splits, and which records count."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import attrs

from crmkit import Invalid, Problem, _

FIRST, LAST = dt.date(1970, 1, 1), dt.date(2999, 12, 31)
LONGEST = 3660
DAY = dt.timedelta(days=1)
ORDER = _("the period ends before it begins", ru="период кончается раньше, чем начинается")
TOO_LONG = _("at most {days} days at once", ru="не больше {days} дней за раз")
BOUNDS = _("from {first} to {last}", ru="от {first} до {last}")


@attrs.frozen(kw_only=True)
class Ask:
    """What is asked of a report. Days are the CRM's own, the last one included; without them each report has its usual period.

    `by` names what figures are split by. `team` and `dealer` mean those below as well. `filter` is a filter tree over the
    records. `archived` False leaves archived records out, as lists do, True looks at them alone, None counts all.
    """

    since: dt.date | None = None
    until: dt.date | None = None
    by: tuple[str, ...] = ()
    pipeline: str | None = None
    owner: int | None = None
    team: int | None = None
    dealer: int | None = None
    filter: Mapping[str, t.Any] | None = None
    archived: bool | None = False


@attrs.frozen
class Month:
    """A calendar month: ``2026-03``, from its first day to the day after its last."""

    name: str
    first: dt.date
    after: dt.date


@attrs.frozen
class Period:
    """Days, the last one included, in a time zone."""

    since: dt.date
    until: dt.date
    zone: ZoneInfo

    def __attrs_post_init__(self) -> None:
        for name, day in (("from", self.since), ("to", self.until)):
            if not FIRST <= day <= LAST:
                raise Invalid(problems=[Problem(name, "invalid", BOUNDS.format(first=FIRST, last=LAST))])
        if self.until < self.since:
            raise Invalid(problems=[Problem("to", "invalid", ORDER)])
        if (self.until - self.since).days >= LONGEST:
            raise Invalid(problems=[Problem("from", "invalid", TOO_LONG.format(days=LONGEST))])

    def moment(self, day: dt.date) -> dt.datetime:
        """Return when a day begins here."""
        return dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)

    @property
    def start(self) -> dt.datetime:
        """When the first day begins."""
        return self.moment(self.since)

    @property
    def end(self) -> dt.datetime:
        """When the day after the last begins."""
        return self.moment(self.until + DAY)

    @property
    def months(self) -> tuple[Month, ...]:
        """The months the period touches, whole, in order."""
        found, first = [], self.since.replace(day=1)
        while first <= self.until:
            after = next_month(first)
            found.append(Month(f"{first:%Y-%m}", first, after))
            first = after
        return tuple(found)

    def within(self, month: Month | None = None) -> dict[str, str]:
        """Return the filter operators for a moment within the period, or within the part of it that lies in a month."""
        since, after = (self.since, self.until + DAY) if month is None else (max(self.since, month.first), min(self.until + DAY, month.after))
        return {"gte": iso(self.moment(since)), "lt": iso(self.moment(after))}

    def days(self, month: Month | None = None) -> dict[str, str]:
        """Return the same for a date."""
        since, until = (self.since, self.until) if month is None else (max(self.since, month.first), min(self.until, month.after - DAY))
        return {"gte": since.isoformat(), "lte": until.isoformat()}


def next_month(first: dt.date, step: int = 1) -> dt.date:
    """Return the first day of the month `step` months later (or earlier)."""
    months = first.year * 12 + first.month - 1 + step
    return dt.date(months // 12, months % 12 + 1, 1)


def iso(moment: dt.datetime) -> str:
    """Return a moment as filters take it: ``2026-01-12T09:00:00Z``."""
    return moment.astimezone(dt.UTC).isoformat()[:-6] + "Z"


def usual(ask: Ask, today: dt.date, zone: ZoneInfo, back: int = 11, ahead: int | None = None) -> Period:
    """Return the period asked for. What is left out: from the month `back` months ago; until today, or `ahead` months on."""
    until = ask.until or (today if ahead is None else next_month(today.replace(day=1), ahead + 1) - DAY)
    since = ask.since or (next_month(until.replace(day=1), -back) if ahead is None else today.replace(day=1))
    return Period(since, until, zone)
