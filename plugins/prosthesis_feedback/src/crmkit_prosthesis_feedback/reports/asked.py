"""What a report is asked for: days, what figures are split by, and of which protocol, group, device or reason."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
from dateutil.relativedelta import relativedelta

from crmkit import Invalid, Problem, Text, Uow, _

from ..days import today
from ..entities import Group

MOST = 3
LONGEST = 4_000
SPLITS: dict[str, Text] = {
    "period": _("Period", ru="Период"), "protocol": _("Protocol", ru="Протокол"), "version": _("Version", ru="Версия"),
    "group": _("Group", ru="Группа"), "month": _("Month", ru="Месяц"), "model": _("Model", ru="Модель"), "batch": _("Batch", ru="Партия"),
    "caller": _("Caller", ru="Кто звонил"), "respondent": _("Who answered", ru="Кто отвечал"), "reason": _("Reason", ru="Причина"),
    "urgency": _("Urgency", ru="Срочность"), "question": _("Question", ru="Вопрос"), "state": _("State", ru="Состояние"),
}  # fmt: skip
ORDER = _("the period ends before it begins", ru="период кончается раньше, чем начинается")
TOO_LONG = _("at most {days} days at once", ru="не больше {days} дней за раз")
BOUNDS = _("from {first} to {last}", ru="от {first} до {last}")
FIRST, LAST = dt.date(1990, 1, 1), dt.date(2199, 12, 31)
CHOOSE = _("choose one of: {known}", ru="выберите одно из: {known}")
TWICE = _("named twice", ru="указано дважды")
AT_MOST = _("at most {most}", ru="не больше {most}")


@attrs.frozen(kw_only=True)
class Ask:
    """What is asked of a report. Days are the CRM's own, the last one included; without them the last twelve months."""

    since: dt.date | None = None
    until: dt.date | None = None
    by: tuple[str, ...] = ()
    group: Group | None = None
    protocol: int | None = None
    model: str | None = None
    batch: str | None = None
    serial: str | None = None
    reason: str | None = None


def days_of(uow: Uow, ask: Ask) -> tuple[dt.date, dt.date]:
    """Return the first and the last day asked for; `Invalid` names what will not do."""
    problems = [Problem(name, "invalid", BOUNDS.format(first=FIRST, last=LAST)) for name, day in (("from", ask.since), ("to", ask.until))
                if day is not None and not FIRST <= day <= LAST]  # fmt: skip
    if problems:
        raise Invalid(problems=problems)
    until = ask.until or max(today(uow), ask.since or FIRST)
    since = ask.since or until + relativedelta(years=-1, days=1)
    if until < since:
        raise Invalid(problems=[Problem("to", "invalid", ORDER)])
    if (until - since).days > LONGEST:
        raise Invalid(problems=[Problem("from", "invalid", TOO_LONG.format(days=LONGEST))])
    return since, until


def moments_of(uow: Uow, since: dt.date, until: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return the moment days begin, and the moment they are over, by the CRM's clock."""
    zone = uow.crm.zone
    first, after = (dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) for day in (since, until + dt.timedelta(days=1)))
    return first, after


def check_splits(ask: Ask, known: t.Iterable[str]) -> None:
    """Refuse splits a report does not have."""
    names = tuple(known)
    problems = [Problem("by", "unknown", CHOOSE.format(known=", ".join(names))) for name in ask.by if name not in names]
    if len(set(ask.by)) != len(ask.by):
        problems.append(Problem("by", "repeated", TWICE))
    if len(ask.by) > MOST:
        problems.append(Problem("by", "invalid", AT_MOST.format(most=MOST)))
    if problems:
        raise Invalid(problems=problems)
