"""What a report is asked for: days, whose work, which kind, and what figures are split by."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs

from crmkit import Invalid, Problem, Text, Uow, _

DAY = dt.timedelta(days=1)
LONGEST = 92
MOST = 3
SPLITS: dict[str, Text] = {
    "day": _("Day", ru="День"), "hour": _("Hour", ru="Час"), "manager": _("Manager", ru="Менеджер"), "team": _("Team", ru="Команда"),
    "kind": _("Kind", ru="Вид"), "class": _("Class", ru="Класс"), "outcome": _("Outcome", ru="Результат"), "reason": _("Reason", ru="Причина"),
}  # fmt: skip
ORDER = _("the period ends before it begins", ru="период кончается раньше, чем начинается")
TOO_LONG = _("at most {days} days at once", ru="не больше {days} дней за раз")
BOUNDS = _("from {first} to {last}", ru="от {first} до {last}")
FIRST, LAST = dt.date(2000, 1, 1), dt.date(2999, 12, 31)
CHOOSE = _("choose one of: {known}", ru="выберите одно из: {known}")
TWICE = _("named twice", ru="указано дважды")
AT_MOST = _("at most {most}", ru="не больше {most}")
ONE_DAY = _("hours are told for one day at a time", ru="по часам отчёт строится за один день")


@attrs.frozen(kw_only=True)
class Ask:
    """What is asked of a report. Days are the CRM's own, the last one included; without them it is today."""

    since: dt.date | None = None
    until: dt.date | None = None
    by: tuple[str, ...] = ()
    team: int | None = None
    manager: int | None = None
    kind: str | None = None


@attrs.frozen(kw_only=True)
class Days:
    """The days of a report."""

    since: dt.date
    until: dt.date
    start: dt.datetime
    end: dt.datetime
    bounds: tuple[tuple[dt.date, dt.datetime], ...]
    """Each day with the moment it ends."""

    @property
    def count(self) -> int:
        """How many days there are."""
        return len(self.bounds)

    def within(self) -> dict[str, str]:
        """Return the filter of a moment within these days."""
        return {"gte": iso(self.start), "lt": iso(self.end)}


def iso(moment: dt.datetime) -> str:
    """Return a moment as filters take it: ``2026-01-12T09:00:00Z``."""
    return moment.astimezone(dt.UTC).isoformat()[:-6] + "Z"


def days_of(uow: Uow, ask: Ask) -> Days:
    """Return the days asked for; `Invalid` names what will not do."""
    zone = uow.crm.zone
    until = ask.until or uow.now.astimezone(zone).date()
    since = ask.since or until
    problems = [Problem(name, "invalid", BOUNDS.format(first=FIRST, last=LAST)) for name, day in (("from", since), ("to", until))
                if not FIRST <= day <= LAST]  # fmt: skip
    if not problems and until < since:
        problems.append(Problem("to", "invalid", ORDER))
    if not problems and (until - since).days >= LONGEST:
        problems.append(Problem("from", "invalid", TOO_LONG.format(days=LONGEST)))
    if problems:
        raise Invalid(problems=problems)

    def begins(day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)

    every = [since + n * DAY for n in range((until - since).days + 1)]
    return Days(since=since, until=until, start=begins(since), end=begins(until + DAY), bounds=tuple((day, begins(day + DAY)) for day in every))


def check_splits(ask: Ask, days: Days, known: t.Iterable[str]) -> None:
    """Refuse splits a report does not have."""
    names = tuple(known)
    problems = [Problem("by", "unknown", CHOOSE.format(known=", ".join(names))) for name in ask.by if name not in names]
    if len(set(ask.by)) != len(ask.by):
        problems.append(Problem("by", "repeated", TWICE))
    if len(ask.by) > MOST:
        problems.append(Problem("by", "invalid", AT_MOST.format(most=MOST)))
    if "hour" in ask.by and days.count > 1:
        problems.append(Problem("by", "invalid", ONE_DAY))
    if problems:
        raise Invalid(problems=problems)
