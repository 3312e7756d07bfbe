"""What an outcome asks for, read from a form or from JSON."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping

import attrs

from crmkit import Invalid, Problem, Uow, _

from .kinds import Ask, Outcome

MISSING = _("this is needed for «{outcome}»", ru="это нужно для результата «{outcome}»")
TOO_FAR = _("a moment within the next ten years", ru="момент в пределах десяти лет")
PAST = _("a moment in the future", ru="момент в будущем")
NO_NUMBER = _("a number", ru="число")
NO_DATE = _("a date, such as 2026-05-31", ru="дата, например 2026-05-31")
NO_MOMENT = _("a date and a time, such as 2026-05-31T10:30", ru="дата и время, например 2026-05-31T10:30")
NO_CHOICE = _("one of {known}", ru="одно из: {known}")
UNKNOWN = _("the outcome «{outcome}» asks for no such thing", ru="результат «{outcome}» этого не спрашивает")
LONGEST = 4000
LARGEST = 1e15
FURTHEST = dt.timedelta(days=3650)
TOO_LONG = _("at most {most} characters", ru="не больше {most} знаков")
Answer = str | int | float | None


@attrs.frozen
class Given:
    """What was given with an outcome: answers by field, a moment, a note."""

    answers: Mapping[str, Answer]
    at: dt.datetime | None
    note: str


def read_answers(outcome: Outcome, values: Mapping[str, t.Any], uow: Uow) -> Given:
    """Return what was given, checked; `Invalid` names every field that is missing or cannot be read."""
    problems: list[Problem] = []
    answers: dict[str, Answer] = {}
    missing = MISSING.format(outcome=outcome.text)
    for name, ask in outcome.asks.items():
        raw = values.get(name)
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            if ask.required:
                problems.append(Problem(name, "required", missing))
            continue
        try:
            answers[name] = _read(ask, raw, uow)
        except ValueError as error:
            problems.append(Problem(name, "invalid", error.args[0]))
    problems += [Problem(n, "unknown", UNKNOWN.format(outcome=outcome.text)) for n in values if n not in (*outcome.asks, "at", "note")]
    at = None
    if outcome.then == "again":
        at, wrong = _again(values.get("at"), missing, uow)
        problems += wrong
    note = plain(values.get("note"))
    if len(note) > LONGEST:
        problems.append(Problem("note", "too_long", TOO_LONG.format(most=LONGEST)))
    if problems:
        raise Invalid(problems=problems)
    return Given(answers, at, note)


def _again(raw: t.Any, missing: str, uow: Uow) -> tuple[dt.datetime | None, list[Problem]]:
    if not raw:
        return None, [Problem("at", "required", missing)]
    try:
        at = moment(raw, uow)
    except ValueError as error:
        return None, [Problem("at", "invalid", error.args[0])]
    if not uow.now < at < uow.now + FURTHEST:
        return None, [Problem("at", "invalid", PAST if at <= uow.now else TOO_FAR)]
    return at, []


def moment(raw: t.Any, uow: Uow) -> dt.datetime:
    """Return a moment from ISO text; without a zone it is the CRM's."""
    if isinstance(raw, dt.datetime):
        found = raw
    else:
        try:
            found = dt.datetime.fromisoformat(str(raw))
        except ValueError:
            raise ValueError(NO_MOMENT) from None
    found = found if found.tzinfo else found.replace(tzinfo=uow.crm.zone)
    try:
        return found.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError(NO_MOMENT) from None


def _read(ask: Ask, raw: t.Any, uow: Uow) -> Answer:
    if ask.type == "choice":
        if not isinstance(raw, str) or raw not in ask.choices:
            raise ValueError(NO_CHOICE.format(known=", ".join(ask.choices)))
        return str(raw)
    if ask.type == "number":
        try:
            number = float(str(raw).replace(",", ".").replace(" ", "").replace("\u00a0", ""))
        except ValueError:
            raise ValueError(NO_NUMBER) from None
        if not abs(number) <= LARGEST:  # nor what is no number at all
            raise ValueError(NO_NUMBER)
        return int(number) if number.is_integer() else number
    if ask.type == "date":
        try:
            return dt.date.fromisoformat(str(raw)).isoformat()
        except ValueError:
            raise ValueError(NO_DATE) from None
    if ask.type == "moment":
        return moment(raw, uow).isoformat()
    text = plain(raw)
    if len(text) > LONGEST:
        raise ValueError(TOO_LONG.format(most=LONGEST))
    return text


def plain(raw: t.Any) -> str:
    """Return what was typed as text a database takes: without what cannot be written down."""
    return "" if raw is None else str(raw).encode("utf-8", "ignore").decode().replace("\x00", "").strip()
