"""A person's medical data as one file: what is handed to those who ask what is known about them."""

from __future__ import annotations

import decimal
import typing as t

from crmkit import Uow, _
from crmkit_sales import Contact

from .collecting import value_of
from .entities import Answer, Device, Feedback, Incident, Pause, Service
from .people import names_of
from .protocols import Question
from .publish import body_of
from .settings import FeedbackSettings
from .words import text_of

YES, NO = _("Yes", ru="Да"), _("No", ru="Нет")


def medical_file(uow: Uow, service: Service) -> dict[str, t.Any]:
    """Return everything that is kept about somebody's prostheses, in words of the reader's language."""
    with uow.as_system():
        mine: dict[t.Any, list[t.Any]] = {
            cls: uow.find(cls).archived(only=False).where(cls.service_id == service.id).order_by(cls.id).all()
            for cls in (Device, Feedback, Incident, Pause)
        }
        answers = uow.find(Answer).where(Answer.service_id == service.id).order_by(Answer.id).all()
        contacts = {key: uow.get(Contact, key) for key in (service.contact_id, service.guardian_id) if key is not None}
    names = names_of(uow, "person", [*(a.answered_by for a in answers), *(c.done_by for c in mine[Feedback])])
    by_card: dict[int, list[Answer]] = {}
    for answer in answers:
        by_card.setdefault(answer.feedback_id, []).append(answer)
    devices = {d.id: d for d in mine[Device]}
    return {
        "made_at": uow.now, "person": _person(uow, service, contacts),
        "devices": [{"model": d.model, "serial": d.serial, "batch": d.batch, "issued_on": d.issued_on, "state": said(uow, d.state.label),
                     "until": d.ended_on} for d in mine[Device]],
        "feedback": [_card(uow, card, devices, by_card.get(card.id, []), names) for card in mine[Feedback]],
        "incidents": [_incident(uow, incident, devices) for incident in mine[Incident]],
        "pauses": [{"from": p.began_on, "until": p.ended_on} for p in mine[Pause]],
    }  # fmt: skip


def _person(uow: Uow, service: Service, contacts: dict[int, Contact]) -> dict[str, t.Any]:
    wearer, guardian = contacts[service.contact_id], contacts.get(service.guardian_id or 0)
    return {
        "name": wearer.name, "phone": wearer.phone, "email": wearer.email, "born": service.born,
        "guardian": guardian.name if guardian is not None else None, "who_answers": said(uow, service.respondent.label),
        "consent_on": service.consent_on, "followed_since": service.created_at, "worked": service.worked, "did_not_work": service.did_not_work,
        "ended_because": said(uow, service.ended.label) if service.ended is not None else None,
    }  # fmt: skip


def _card(uow: Uow, card: Feedback, devices: dict[int, Device], answers: list[Answer], names: dict[int, str]) -> dict[str, t.Any]:
    body = body_of(uow, card.protocol_version_id)
    period = body.periods.get(card.period)
    return {
        "device": devices[card.device_id].model, "period": said(uow, period.text) if period is not None else card.period,
        "best_on": card.ideal, "collected_at": card.done_at, "collected_by": names.get(card.done_by or 0),
        "who_answered": said(uow, card.respondent.label) if card.respondent is not None else None,
        "not_asked_because": said(uow, card.skipped.label) if card.skipped is not None else None,
        "score": card.score, "red_flags": card.red_flags, "in_use": card.in_use, "note": card.note,
        "answers": [
            {
                "question": said(uow, body.questions[a.question].text) if a.question in body.questions else a.question,
                "answer": in_words(uow, body.questions.get(a.question), value_of(a)), "score": a.score, "red_flag": a.red_flag,
                "at": a.answered_at, "taken_down_by": names.get(a.answered_by or 0),
            }
            for a in answers
        ],
    }  # fmt: skip


def _incident(uow: Uow, incident: Incident, devices: dict[int, Device]) -> dict[str, t.Any]:
    reason = uow.crm[FeedbackSettings].all_reasons.get(incident.reason)
    device = devices.get(incident.device_id or 0)
    return {
        "reason": said(uow, reason.text) if reason is not None else incident.reason, "device": device.model if device is not None else None,
        "description": incident.description, "opened_at": incident.opened_at, "closed_at": incident.closed_at, "resolution": incident.resolution,
    }


def said(uow: Uow, label: t.Any) -> str:
    """Return a text in the language of whoever reads."""
    return label.to(uow.language) if hasattr(label, "to") else str(label)


def in_words(uow: Uow, question: Question | None, value: t.Any) -> t.Any:
    """Return an answer as people say it."""
    if isinstance(value, bool):
        return said(uow, YES if value else NO)
    if isinstance(value, decimal.Decimal):
        return f"{value.normalize():f}"
    if question is not None and isinstance(value, str) and value in question.choices:
        return said(uow, text_of(question.choices[value]))
    return value


__all__ = ["in_words", "medical_file", "said"]
