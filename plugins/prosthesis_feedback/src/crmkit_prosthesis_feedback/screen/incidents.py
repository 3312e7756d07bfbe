"""Opening an incident, in the middle of a call too, and closing it with what changes before it is done."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import OPEN, Invalid, NotFound, Problem, Refusal, Uow
from crmkit.ui import Redirect, Result, View, Visit, page

from ..cards import Change
from ..collecting import answers_of_card
from ..days import today
from ..entities import Device, DeviceState, Feedback, Incident, Policy, Service, Urgency
from ..incidents import close_incident, is_open, open_incident, open_incidents, preview_closing
from ..privacy import look
from ..publish import body_of
from ..roles import INCIDENTS, MEDICAL
from ..settings import FeedbackSettings
from ..titles import naming
from ..words import text_of
from . import words
from .asking import service_at
from .changes import Row, rows_of
from .person import Person, counted, period_of, person_of
from .sheet import in_words

LONGEST = 4000


# ---- opening ----------------------------------------------------------------------------------------------------------
@page("/incident_of/{service}", label=words.new_incident, permission=INCIDENTS, methods=["GET", "POST"])
def incident_of(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Open an incident for a person, filled in by the answer it comes from."""
    service = service_at(visit, uow, INCIDENTS)
    if visit.method == "POST" and refusal is None:
        return _open(visit, uow, service)
    card = _record(uow, Feedback, (visit.form or visit.query).get("card"), service)
    form: Mapping[str, str] = visit.form if refusal is not None else _filled(visit, uow, card)
    person = person_of(visit, uow, service)
    waiting = uow.find(Feedback).where(Feedback.service_id == service.id, Feedback.done_on.is_(None), Feedback.skipped.is_(None)).count()
    context: dict[str, t.Any] = {
        "s": words, "p": person, "service": service, "card": card, "form": form,
        "devices": [d for d in person.devices if d.state is DeviceState.IN_USE],
        "reasons": [(name, visit.say(r.text), r.icon) for name, r in uow.crm[FeedbackSettings].all_reasons.items()], "urgencies": list(Urgency),
        "problems": {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {},
        "stops": counted(visit, waiting, words.freezes_count), "today": today(uow).isoformat(),
    }  # fmt: skip
    return View("incident.html" if visit.whole else "incident_form.html", **context)


def _filled(visit: Visit, uow: Uow, card: Feedback | None) -> dict[str, str]:
    """Return what the form begins with: the reason the answer offers, its device, and the answer in words."""
    name = visit.query.get("question", "")
    found = {"reason": visit.query.get("reason", ""), "urgency": Urgency.ROUTINE.value, "from": "ask" if card is not None else ""}
    if card is None:
        return found
    found["device"] = str(card.device_id)
    body = body_of(uow, card.protocol_version_id)
    question = body.questions.get(name)
    if question is not None and name in body.periods[card.period].questions and uow.may(MEDICAL, card):
        look(uow, "card", card.service_id, cards=[card.id])
        said = in_words(visit, question, answers_of_card(uow, card).get(name))
        found["description"] = f"{period_of(visit, uow, card)}. {visit.say(text_of(question.label))} — {said}"
        if question.red_flag is not None:
            found["urgency"] = Urgency.SOON.value
    return found


def _open(visit: Visit, uow: Uow, service: Service) -> Result:
    form, problems = visit.form, list[Problem]()
    card = _record(uow, Feedback, form.get("card"), service)
    device = _record(uow, Device, form.get("device"), service)
    wanted: dt.date | None = None
    if form.get("reason", "") not in uow.crm[FeedbackSettings].all_reasons:
        problems.append(Problem("reason", "required", words.choose_reason))
    if form.get("wanted_on"):
        try:
            wanted = dt.date.fromisoformat(form["wanted_on"])
        except ValueError:
            problems.append(Problem("wanted_on", "invalid", words.bad_date))
    if problems:
        raise Invalid(problems=problems)
    urgency = Urgency(form["urgency"]) if form.get("urgency") in {u.value for u in Urgency} else Urgency.ROUTINE
    text = form.get("description", "").replace("\r\n", "\n").strip()[:LONGEST] or None
    incident = open_incident(uow, service, reason=form["reason"], device=device, feedback=card, description=text, urgency=urgency, wanted_on=wanted)
    uow.settle()
    onward = f"/prosthesis_feedback/ask/{service.id}" if form.get("from") == "ask" else f"/prosthesis_feedback/incident/{incident.id}"
    return Redirect(onward, say=words.opened)


E = t.TypeVar("E", Feedback, Device)


def _record(uow: Uow, cls: type[E], given: str | None, service: Service) -> E | None:
    """Return a record of this person that a form names."""
    if not given or not (given.isascii() and given.isdecimal() and len(given) < 19):
        return None
    with uow.as_system():
        found = uow.peek(cls, int(given))
    if found is None or found.service_id != service.id:
        raise NotFound()
    return found


# ---- closing ----------------------------------------------------------------------------------------------------------
@attrs.frozen(kw_only=True)
class Closing:
    """What the page that closes an incident shows."""

    incident: Incident
    person: Person
    others: str
    lasted: str
    rows: Sequence[Row]
    policy: Policy


@page("/closing/{incident}", label=words.close_incident, permission=INCIDENTS, methods=["GET", "POST"])
def closing(visit: Visit, uow: Uow, refusal: Refusal | None = None) -> Result:
    """Close an incident: what was done, what becomes of the periods that fell into it, and how every date changes."""
    incident = _incident(visit, uow)
    uow.require(INCIDENTS, incident)
    form: Mapping[str, str] = visit.form if visit.method == "POST" else visit.query
    policy = _policy(uow, incident, form)
    stages = _ways_out(uow, incident)
    if visit.method == "POST" and refusal is None:
        return _close(visit, uow, incident, policy, stages)
    changes = preview_closing(uow, incident, policy)
    shown = _closing(visit, uow, incident, policy, changes)
    problems = {p.path: visit.say(p.message) for p in refusal.problems} if refusal is not None else {}
    context: dict[str, t.Any] = {
        "s": words, "c": shown, "named": naming(uow), "stages": stages, "stage": form.get("stage", next(iter(stages), "")), "problems": problems,
        "resolution": form.get("resolution", incident.resolution or ""), "policies": list(Policy), "kept": uow.crm[FeedbackSettings].policy,
        "open": is_open(uow.crm, incident.pipeline, incident.stage),
    }  # fmt: skip
    return View("closing_parts.html" if not visit.whole and visit.query.get("part") else "closing.html", **context)


def _incident(visit: Visit, uow: Uow) -> Incident:
    given = visit.path["incident"]
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise NotFound()
    return uow.get(Incident, int(given))


def _policy(uow: Uow, incident: Incident, form: Mapping[str, str]) -> Policy:
    given = form.get("policy", "")
    return Policy(given) if given in {p.value for p in Policy} else incident.policy or uow.crm[FeedbackSettings].policy


def _ways_out(uow: Uow, incident: Incident) -> dict[str, str]:
    """Return the stages an incident may end in."""
    pipeline = uow.crm.pipelines[incident.pipeline]
    return {s.name: s.label for s in pipeline.stages.values() if s.outcome is not OPEN and pipeline.allows(incident.stage, s.name)}


def _closing(visit: Visit, uow: Uow, incident: Incident, policy: Policy, changes: Sequence[Change]) -> Closing:
    service = uow.get(Service, incident.service_id)
    person = person_of(visit, uow, service)
    others = len(set(open_incidents(uow, service.id)) - {incident.id})
    stood = (today(uow) - person.since).days if person.since is not None else 0
    return Closing(
        incident=incident, person=person, others=counted(visit, others, words.others_open) if others else "",
        lasted=counted(visit, stood, words.days), rows=rows_of(visit, uow, changes), policy=policy,
    )  # fmt: skip


def _close(visit: Visit, uow: Uow, incident: Incident, policy: Policy, stages: Mapping[str, str]) -> Result:
    stage, done = visit.form.get("stage", ""), visit.form.get("resolution", "").replace("\r\n", "\n").strip()[:LONGEST]
    problems = [Problem("stage", "required", words.choose_end)] if stage not in stages else []
    if not done:
        problems.append(Problem("resolution", "required", words.say_done))
    if problems:
        raise Invalid(problems=problems)
    close_incident(uow, incident, resolution=done, policy=policy, stage=stage)
    uow.settle()
    others = open_incidents(uow, incident.service_id)
    return Redirect(f"/prosthesis_feedback/service/{incident.service_id}", say=words.closed_others if others else words.closed)


__all__ = ["closing", "incident_of"]
