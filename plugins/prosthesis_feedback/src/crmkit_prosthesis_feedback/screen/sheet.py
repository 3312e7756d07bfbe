"""The check-list of a call: what is due of a person, of all devices, question by question with what was answered so far."""

from __future__ import annotations

import datetime as dt
import decimal
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Problem, Uow
from crmkit.ui import Visit

from ..cards import due
from ..collecting import accept, answers_of_card, asked_of, weighed
from ..entities import Answer, Device, Feedback, Service
from ..protocols import Body, Question
from ..publish import body_of
from ..settings import FeedbackSettings
from ..words import text_of
from . import words

YES, NO = "yes", "no"


@attrs.frozen(kw_only=True)
class Ask:
    """One question of a check-list as it is drawn. `field` is its name in the form."""

    field: str
    name: str
    kind: str
    label: str
    help: str
    required: bool
    choices: Sequence[tuple[str, str]]
    unit: str
    value: str
    red: bool
    offers: tuple[str, str, str] | None
    """The reason of the incident this answer offers, its label and icon."""
    before: str
    """What was answered the last time."""
    problem: str
    hint: str = ""


@attrs.frozen(kw_only=True)
class Sheet:
    """One period of one device."""

    card: Feedback
    device: Device | None
    period: str
    asks: Sequence[Ask]
    answered: int
    score: decimal.Decimal | None
    flags: int


def cards_for(uow: Uow, service: Service, chosen: int | None) -> list[Feedback]:
    """Return the cards of a check-list: the one that was chosen, else all that are due."""
    if chosen is not None:
        return uow.find(Feedback).where(Feedback.id == chosen, Feedback.service_id == service.id).all()
    return list(due(uow, service, uow.now + uow.crm[FeedbackSettings].ahead))


def field_of(card: Feedback, question: str) -> str:
    """Return the name of a question in the form of a call."""
    return f"c{card.id}.{question}"


def typed_answers(form: Mapping[str, str], card: Feedback, body: Body) -> dict[str, t.Any]:
    """Return what a form says about the questions of a card; what it does not hold was not shown."""
    return {name: form[field] for name in body.periods[card.period].questions if (field := field_of(card, name)) in form}


def sheets(
    visit: Visit, uow: Uow, cards: Sequence[Feedback], typed: Mapping[str, str] | None = None, problems: Sequence[Problem] = (),
) -> list[Sheet]:  # fmt: skip
    """Return the check-lists of cards as they are drawn; `typed` is what was in a form that was refused."""
    found = []
    with uow.as_system():
        held = {d.id: d for d in uow.find(Device).archived(only=False).where(Device.id.in_([c.device_id for c in cards]))}
    said = {p.path: visit.say(p.message) for p in problems}
    for card in cards:
        body, stored = body_of(uow, card.protocol_version_id), answers_of_card(uow, card)
        values, raw = dict(stored), dict[str, str]()
        for name, text in (typed_answers(typed, card, body) if typed is not None else {}).items():
            raw[name] = text
            try:
                values[name] = accept(body.questions[name], text)
            except ValueError:
                values.pop(name, None)
        found.append(_sheet(visit, uow, card, held.get(card.device_id), body, values, raw, said))
    return found


def _sheet(
    visit: Visit, uow: Uow, card: Feedback, device: Device | None, body: Body, values: Mapping[str, t.Any], raw: Mapping[str, str],
    said: Mapping[str, str],
) -> Sheet:  # fmt: skip
    asked = asked_of(body, card.period, values)
    earlier = _last_time(visit, uow, card, body)
    asks, scores, flags = [], list[decimal.Decimal](), 0
    for name in asked:
        question, field = body.questions[name], field_of(card, name)
        one = weighed(name, question, values.get(name)) if values.get(name) is not None else None
        if one is not None and one.score is not None:
            scores.append(one.score)
        flags += one is not None and one.red_flag
        asks.append(Ask(
            field=field, name=name, kind=question.kind, label=_say(visit, question.label), help=_say(visit, question.help),
            required=question.required, choices=choices_of(visit, question), unit=_say(visit, question.unit),
            value=raw.get(name, as_text(values.get(name))),
            red=one is not None and one.red_flag, offers=_reason(visit, uow, one.incident if one is not None else None), before=earlier.get(name, ""),
            problem=said.get(field, ""), hint=_range(visit, question),
        ))  # fmt: skip
    label = body.periods[card.period].label if card.period in body.periods else card.period
    return Sheet(
        card=card, device=device, period=_say(visit, label), asks=asks, answered=sum(bool(a.value) for a in asks),
        score=sum(scores, decimal.Decimal(0)) if scores else None, flags=flags,
    )  # fmt: skip


def choices_of(visit: Visit, question: Question) -> list[tuple[str, str]]:
    """Return what can be chosen as an answer, with its words; nothing for what is typed."""
    if question.kind == "yes_no":
        return [(YES, visit.say(words.yes)), (NO, visit.say(words.no))]
    if question.kind == "choice":
        return [(name, _say(visit, label)) for name, label in question.choices.items()]
    if question.kind == "scale":
        assert question.least is not None
        assert question.most is not None
        return [(str(n), str(n)) for n in range(int(question.least), int(question.most) + 1)]
    return []


def as_text(value: t.Any) -> str:
    """Return an answer as a form holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    return f"{value.normalize():f}" if isinstance(value, decimal.Decimal) else str(value)


def in_words(visit: Visit, question: Question | None, value: t.Any) -> str:
    """Return an answer as it is read."""
    text = as_text(value)
    if question is None:
        return text
    if question.kind == "photo":
        return visit.say(words.photo_there) if text else ""
    said = dict(choices_of(visit, question)).get(text, text)
    unit = _say(visit, question.unit)
    return f"{said} {unit}" if unit and said and question.kind == "number" else said


def _range(visit: Visit, question: Question) -> str:
    least, most = (None if x is None else f"{x:g}" for x in (question.least, question.most))
    if question.kind != "number" or (least is None and most is None):
        return ""
    if least is not None and most is not None:
        return visit.say(words.least_most, least=least, most=most)
    return visit.say(words.at_least, least=least) if most is None else visit.say(words.at_most, most=most)


def _reason(visit: Visit, uow: Uow, name: str | None) -> tuple[str, str, str] | None:
    reason = uow.crm[FeedbackSettings].all_reasons.get(name or "")
    return (name, visit.say(reason.text), reason.icon) if reason is not None and name is not None else None


def _last_time(visit: Visit, uow: Uow, card: Feedback, body: Body) -> dict[str, str]:
    """Return what was answered to the same questions about the same device before."""
    a, c = Answer.__table__.c, Feedback.__table__.c
    told = sa.select(a.question, a.yes, a.choice, a.number, a.text, a.protocol_version_id, a.period).join(Feedback.__table__, c.id == a.feedback_id)
    mine = a.device_id == card.device_id, a.feedback_id != card.id, a.archived_at.is_(None), c.done_on.is_not(None), c.done_at < _until(card, uow.now)
    names = [n for n in body.periods[card.period].questions if body.questions[n].kind != "photo"]
    found: dict[str, str] = {}
    rows = uow.connection.execute(told.where(*mine, a.question.in_(names)).order_by(c.done_at))
    for question, yes, choice, number, text, version, period in rows:
        old = body_of(uow, version)
        value = next((v for v in (yes, choice, number, text) if v is not None), None)
        said = in_words(visit, old.questions.get(question), value)
        label = _say(visit, old.periods[period].label) if period in old.periods else period
        found[question] = visit.say(words.last_time, period=label, answer=said[:120]) if said else ""
    return found


def _until(card: Feedback, now: dt.datetime) -> dt.datetime:
    return card.done_at or now


def _say(visit: Visit, given: Mapping[str, str] | str) -> str:
    return visit.say(text_of(given)) if given else ""


__all__ = ["Ask", "Sheet", "as_text", "cards_for", "choices_of", "field_of", "in_words", "sheets", "typed_answers"]
