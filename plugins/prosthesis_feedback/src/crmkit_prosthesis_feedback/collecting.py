"""Taking down answers: of the period's questions only, checked by their kinds, kept at once, finished when nothing is missing."""

from __future__ import annotations

import decimal
import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from crmkit import Conflict, Invalid, Problem, Text, Uow, _

from .cards import locked, replan
from .days import today
from .entities import Answer, Feedback, Respondent
from .protocols import Body, Question, Test
from .publish import body_of

VALUES = ("yes", "choice", "number", "text", "photo")
NOT_ASKED = _("this period does not ask that", ru="в этом периоде это не спрашивают")
SKIPPED = _("this period is not asked about", ru="об этом периоде не спрашивают")
WRONG: Mapping[str, Text] = {
    "yes_no": _("answer yes or no", ru="ответьте «да» или «нет»"), "choice": _("one of: {known}", ru="одно из: {known}"),
    "number": _("a number", ru="число"), "scale": _("a whole number from {least} to {most}", ru="целое число от {least} до {most}"),
    "text": _("a text", ru="текст"), "photo": _("the number of a photo that was added to this card", ru="номер фото, добавленного к этой карточке"),
}  # fmt: skip
TOO_SMALL = _("at least {least}", ru="не меньше {least}")
TOO_LARGE = _("at most {most}", ru="не больше {most}")
REQUIRED = _("this question has no answer yet", ru="на этот вопрос ещё нет ответа")
LONGEST = 10_000


@attrs.frozen
class Given:
    """An answer as it is kept: `value` is True or False, a name of a choice, a number, or a text."""

    question: str
    value: t.Any
    score: decimal.Decimal | None
    red_flag: bool
    incident: str | None
    """The reason of the incident this answer offers."""


# ---- pure ------------------------------------------------------------------------------------------------------------
def accept(question: Question, value: t.Any) -> t.Any:
    """Return an answer in its type; `ValueError` says what is wanted. None stays None: no answer."""
    if value is None or value == "":
        return None
    kind = question.kind
    if kind == "yes_no":
        found = {True: True, False: False, "yes": True, "no": False}.get(value) if isinstance(value, bool | str) else None
        if found is None:
            raise ValueError(WRONG[kind])
        return found
    if kind == "choice":
        if not isinstance(value, str) or value not in question.choices:
            raise ValueError(WRONG[kind].format(known=", ".join(question.choices)))
        return value
    if kind in ("number", "scale"):
        return _number(question, value)
    if not isinstance(value, str) or "\x00" in value or len(value) > (64 if kind == "photo" else LONGEST):
        raise ValueError(WRONG[kind])
    return value


def _number(question: Question, value: t.Any) -> decimal.Decimal:
    wrong = WRONG[question.kind].format(least=_plain(question.least), most=_plain(question.most))
    try:
        number = decimal.Decimal(str(value).strip().replace(",", ".")) if not isinstance(value, bool) else decimal.Decimal("nan")
    except decimal.InvalidOperation:
        raise ValueError(wrong) from None
    if not number.is_finite() or abs(number) >= 10**9 or (question.kind == "scale" and number != int(number)):
        raise ValueError(wrong)
    if question.least is not None and number < decimal.Decimal(str(question.least)):
        raise ValueError(wrong if question.kind == "scale" else TOO_SMALL.format(least=_plain(question.least)))
    if question.most is not None and number > decimal.Decimal(str(question.most)):
        raise ValueError(wrong if question.kind == "scale" else TOO_LARGE.format(most=_plain(question.most)))
    return number.quantize(decimal.Decimal("0.001"))


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def holds(test: Test, value: t.Any) -> bool:
    """True when an answer passes a test; no answer passes none."""
    if value is None:
        return False
    if isinstance(value, bool):
        return ("yes" if value else "no") in test.values
    if isinstance(value, str):
        return value in test.values
    least = test.least is None or value >= decimal.Decimal(str(test.least))
    return least and (test.most is None or value <= decimal.Decimal(str(test.most)))


def asked_of(body: Body, period: str, answers: Mapping[str, t.Any]) -> list[str]:
    """Return the questions of a period that are asked, given the answers so far, in their order."""
    found: list[str] = []
    for name in body.periods[period].questions:
        when = body.questions[name].when
        if when is None or (when.question in found and holds(when, answers.get(when.question))):
            found.append(name)
    return found


def weighed(name: str, question: Question, value: t.Any) -> Given:
    """Return an answer with its points, whether it is a red flag, and the incident it offers."""
    key = ("yes" if value else "no") if isinstance(value, bool) else value if isinstance(value, str) else None
    score = None
    if key is not None and question.kind in ("yes_no", "choice") and question.scores:
        score = decimal.Decimal(str(question.scores.get(key, 0)))
    elif question.scored and isinstance(value, decimal.Decimal):
        score = value
    red = question.red_flag is not None and holds(question.red_flag, value)
    return Given(name, value, score, red, question.incidents.get(key) if key is not None and question.kind in ("yes_no", "choice") else None)


def in_use(body: Body, given: Mapping[str, Given]) -> bool | None:
    """Return whether the device is used, as far as the answers tell."""
    told = None
    for name, one in given.items():
        question = body.questions[name]
        if question.tells_use and one.value is not None:
            used = one.value if isinstance(one.value, bool) else one.value not in question.incidents
            told = used if told is None else told and used
    return told


# ---- stored ----------------------------------------------------------------------------------------------------------
def accepted(uow: Uow, card: Feedback, question: Question, value: t.Any, held: t.Any = None) -> t.Any:
    """Return an answer in its type, as `accept` does; a photo is a picture that lies on this card, or the one that is `held` already."""
    found = accept(question, value)
    if question.kind == "photo" and found is not None and found != held and not _is_photo(uow, card, found):
        raise ValueError(WRONG["photo"])
    return found


def _is_photo(uow: Uow, card: Feedback, value: str) -> bool:
    kind = uow.crm.kinds.get("activities.file")
    if kind is None or not (value.isascii() and value.isdecimal() and len(value) < 19):
        return False
    c = kind.table.c
    mine = c.id == int(value), c.about_kind == uow.crm.kind(Feedback).key, c.about_id == card.id, c.removed_at.is_(None), c.archived_at.is_(None)
    return uow.connection.execute(sa.select(c.id).where(*mine, c.media_type.like("image/%"))).first() is not None


def value_of(answer: Answer) -> t.Any:
    """Return what a row of an answer holds."""
    return next((held for name in VALUES if (held := getattr(answer, name)) is not None), None)


def answers_of_card(uow: Uow, card: Feedback) -> dict[str, t.Any]:
    """Return the answers kept so far, by question."""
    with uow.as_system():
        return {answer.question: value_of(answer) for answer in uow.find(Answer).where(Answer.feedback_id == card.id)}


def collect(
    uow: Uow, card: Feedback, answers: Mapping[str, t.Any], *, finish: bool = False, respondent: Respondent | None = None, note: str | None = None,
) -> Feedback:  # fmt: skip
    """Keep answers to a card's questions, some or all; with `finish` the card is done and the following ones are made.

    An answer of None takes one back. `Invalid` names every question whose answer will not do, and with `finish` every one that is missing.
    Whoever asked and when stays with each answer; one that is given again unchanged stays as it was.
    """
    service = locked(uow, card.service_id)
    with uow.as_system():
        card = uow.get(Feedback, card.id, lock=True)
        if card.skipped is not None:
            raise Conflict(SKIPPED)
        body = body_of(uow, card.protocol_version_id)
        kept = {answer.question: answer for answer in uow.find(Answer).archived(only=False).where(Answer.feedback_id == card.id)}
        values = {name: value_of(answer) for name, answer in kept.items() if answer.archived_at is None}
        values |= _accepted(uow, card, body, answers, values)
        asked = asked_of(body, card.period, values)
        missing = [n for n in asked if values.get(n) is None and body.questions[n].required]
        if (finish or card.done_on is not None) and missing:
            raise Invalid(problems=[Problem(name, "required", REQUIRED) for name in missing])
        given = {name: weighed(name, body.questions[name], values[name]) for name in asked if values.get(name) is not None}
        _keep(uow, card, body, kept, given)
        scores = [one.score for one in given.values() if one.score is not None]
        card.note = note if note is not None else card.note
        uow.keep(
            card, score=sum(scores, decimal.Decimal(0)) if scores else None, red_flags=sum(one.red_flag for one in given.values()),
            in_use=in_use(body, given), respondent=respondent or card.respondent or (service.respondent if finish else None),
        )  # fmt: skip
        if finish and card.done_on is None:
            uow.keep(card, done_on=today(uow), done_at=uow.now, done_by=uow.actor.id, given_up_on=None)
            uow.keep(service, attempts=0, try_again_on=None)
            uow.flush()
            replan(uow, service)
        uow.flush()
    return card


def _accepted(uow: Uow, card: Feedback, body: Body, answers: Mapping[str, t.Any], held: Mapping[str, t.Any]) -> dict[str, t.Any]:
    problems, found = [], {}
    for name, value in answers.items():
        if name not in body.periods[card.period].questions:
            problems.append(Problem(name, "unknown", NOT_ASKED))
            continue
        try:
            found[name] = accepted(uow, card, body.questions[name], value, held.get(name))
        except ValueError as error:
            problems.append(Problem(name, "invalid", error.args[0]))
    if problems:
        raise Invalid(problems=problems)
    return found


def _keep(uow: Uow, card: Feedback, body: Body, kept: Mapping[str, Answer], given: Mapping[str, Given]) -> None:
    """Write what was answered; what is no longer asked, or was taken back, goes to the archive."""
    for name, answer in kept.items():
        if name not in given and answer.archived_at is None:
            uow.archive(answer)
    for name, one in given.items():
        row, held = _columns(one, body.questions[name].kind), kept.get(name)
        if held is None:
            uow.add(Answer(
                feedback_id=card.id, service_id=card.service_id, device_id=card.device_id, protocol_version_id=card.protocol_version_id,
                period=card.period, question=name, answered_at=uow.now, answered_by=uow.actor.id, **row,
            ))  # fmt: skip
        else:
            if held.archived_at is not None:
                uow.restore(held)
            if any(getattr(held, column) != value for column, value in row.items()):
                uow.keep(held, answered_at=uow.now, answered_by=uow.actor.id, **row)


def _columns(one: Given, kind: str) -> dict[str, t.Any]:
    column = {"yes_no": "yes", "scale": "number"}.get(kind, kind)
    return {name: one.value if name == column else None for name in VALUES} | {"score": one.score, "red_flag": one.red_flag}


__all__ = ["Given", "accept", "accepted", "answers_of_card", "asked_of", "collect", "holds", "in_use", "value_of", "weighed"]
