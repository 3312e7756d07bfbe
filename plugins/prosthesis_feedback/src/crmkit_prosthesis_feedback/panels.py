"""Follow-up on other pages: the person's call and calendar on the service card, its state for sales, the way in from a task."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import sqlalchemy as sa

from crmkit import Uow, _
from crmkit.ui import Slot, View, panel
from crmkit_sales import Contact, Deal
from crmkit_taskqueue import Task

from .cards import due
from .collecting import value_of
from .crossing import crosses_on
from .days import today
from .entities import FOLLOW_UP, SERVICE, Answer, Device, Feedback, FollowUpCall, Group, Incident, Service
from .incidents import is_open
from .privacy import look
from .publish import body_of
from .roles import COLLECT, GLANCE, INCIDENTS, MEDICAL, PLAN
from .screen import words
from .screen.changes import COLORS
from .settings import FeedbackSettings
from .titles import naming
from .words import text_of

LABEL = _("Prosthesis follow-up", ru="Наблюдение за протезом")
OF_SERVICE = {"active": "green", "incident": "amber", "unreachable": "amber", "finished": "blue", "ended": "gray"}
MOST = 500


# ---- the service card ---------------------------------------------------------------------------------------------------
@panel(Service, label=words.next_call, icon="phone-call", slot=Slot.TOP, order=5, live=[Service, Feedback, Incident])
def call_of(service: Service, uow: Uow) -> View:
    """What is asked of a person next, the way into the check-list, and what stops it."""
    with uow.as_system():
        held = uow.find(Incident).where(Incident.service_id == service.id).order_by(Incident.id).all()
    c = Feedback.__table__.c
    open_ = c.service_id == service.id, c.done_on.is_(None), c.skipped.is_(None), c.archived_at.is_(None)
    rows = uow.connection.execute(sa.select(c.id, c.planned_at, c.stage, c.protocol_version_id, c.period).where(*open_).order_by(c.planned_at)).all()
    now_due = len(due(uow, service, uow.now + uow.crm[FeedbackSettings].ahead))
    day = today(uow)
    grown = crosses_on(uow, service)
    return View(
        "call_panel.html", s=words, service=service, named=naming(uow),
        incidents=[i for i in held if is_open(uow.crm, i.pipeline, i.stage)], row=rows[0] if rows else None,
        period=_period(uow, rows[0].protocol_version_id, rows[0].period) if rows else "", due=now_due, may=uow.may(COLLECT, service),
        late=bool(rows) and rows[0].stage == "overdue", away=service.try_again_on if service.try_again_on and service.try_again_on > day else None,
        grown=grown if grown is not None and grown <= day and uow.may(PLAN, service) else None,
    )  # fmt: skip


@panel(Service, label=words.devices, icon="hand", order=10, live=[Device])
def devices_of_service(service: Service, uow: Uow) -> View:
    """The devices of a person: model, number, since when, and what became of them."""
    with uow.as_system():
        devices = uow.find(Device).where(Device.service_id == service.id).order_by(Device.issued_on.desc(), Device.id.desc()).all()
    return View("devices_panel.html", s=words, devices=devices)


@panel(Service, label=words.incidents, icon="siren", order=20, live=[Incident])
def incidents_of_service(service: Service, uow: Uow) -> View | None:
    """A person's incidents, the open ones first."""
    if not uow.may("prosthesis_feedback.incident.read"):
        return None
    held = uow.find(Incident).where(Incident.service_id == service.id).order_by(Incident.id.desc()).limit(MOST).all()
    rows = [
        {"incident": i, "stage": stage.label if stage is not None else i.stage, "open": is_open(uow.crm, i.pipeline, i.stage)}
        for i in held
        for stage in [_stage(uow, i)]
    ]
    rows.sort(key=lambda row: not row["open"])
    return View("incidents_panel.html", s=words, rows=rows, named=naming(uow), service=service, may=uow.may(INCIDENTS, service))


def _stage(uow: Uow, incident: Incident) -> t.Any:
    pipeline = uow.crm.pipelines.get(incident.pipeline)
    return pipeline.stages.get(incident.stage) if pipeline is not None else None


@panel(Service, label=words.calendar, icon="calendar-days", slot=Slot.TAB, order=5, live=[Feedback])
def calendar_of_service(service: Service, uow: Uow) -> View:
    """Every period of every device: when it is asked, how it stands, what came of it."""
    cards = uow.find(Feedback).where(Feedback.service_id == service.id).order_by(Feedback.ideal, Feedback.id).limit(MOST).all()
    with uow.as_system():
        names = {d.id: d for d in uow.find(Device).archived(only=False).where(Device.service_id == service.id)}
    rows = [
        {
            "card": card, "period": _period(uow, card.protocol_version_id, card.period), "device": names.get(card.device_id),
            "stage": FOLLOW_UP.stages[card.stage].label, "color": COLORS.get(card.stage, "gray"), "child": card.group is Group.CHILD,
        }
        for card in cards
    ]  # fmt: skip
    return View("calendar_panel.html", s=words, rows=rows, service=service, several=len(names) > 1, may=uow.may(COLLECT, service),
                told=uow.may(MEDICAL, service))  # fmt: skip


@panel(Service, label=words.answers, icon="message-square-text", slot=Slot.TAB, order=10, permission=MEDICAL, live=[Feedback])
def answers_of_service(service: Service, uow: Uow) -> View | None:
    """A person's answers, period by period, for whoever may see them."""
    if not uow.may(MEDICAL, service):
        return None
    cards = uow.find(Feedback).where(Feedback.service_id == service.id).order_by(Feedback.done_at.desc(), Feedback.id.desc()).limit(MOST).all()
    look(uow, "service", service)
    return _answers(uow, [c for c in cards if c.done_on is not None or c.respondent is not None])


@panel(Feedback, label=words.answers, icon="message-square-text", slot=Slot.TOP, order=20, permission=MEDICAL, live=[Feedback])
def answers_of_card(card: Feedback, uow: Uow) -> View | None:
    """The answers of a card."""
    if not uow.may(MEDICAL, card):
        return None
    found = _answers(uow, [card])
    if not found.context["cards"]:
        return None
    look(uow, "card", card.service_id, card=card.id)
    return found


def _answers(uow: Uow, cards: Sequence[Feedback]) -> View:
    with uow.as_system():
        held = uow.find(Answer).where(Answer.feedback_id.in_([c.id for c in cards])).order_by(Answer.id).all()
        devices = {d.id: d.model for d in uow.find(Device).archived(only=False).where(Device.id.in_(sorted({c.device_id for c in cards})))}
    found: list[dict[str, t.Any]] = []
    for card in cards:
        body = body_of(uow, card.protocol_version_id)
        own = {a.question: a for a in held if a.feedback_id == card.id}
        order = [n for n in body.periods[card.period].questions if n in own] if card.period in body.periods else list(own)
        asked = body.questions
        lines = [{"label": text_of(asked[n].label), "question": asked[n], "value": value_of(own[n]), "answer": own[n]} for n in order]
        if lines:
            found.append({"card": card, "period": _period(uow, card.protocol_version_id, card.period), "device": devices.get(card.device_id, ""),
                          "lines": lines})  # fmt: skip
    return View("answers_panel.html", s=words, cards=found, choice=_choice)


def _choice(line: dict[str, t.Any]) -> t.Any:
    """Return an answer in words that can be said in any language."""
    question, value = line["question"], line["value"]
    if isinstance(value, bool):
        return words.yes if value else words.no
    if question.kind == "choice":
        return text_of(question.choices.get(value, value))
    if question.kind == "photo":
        return words.photo_there
    return f"{value.normalize():f}" if hasattr(value, "normalize") else value


def _period(uow: Uow, version: int, period: str) -> t.Any:
    found = body_of(uow, version).periods.get(period)
    return text_of(found.label) if found is not None else period


# ---- feedback and incidents -----------------------------------------------------------------------------------------------
@panel(Feedback, label=words.check_list, icon="clipboard-list", slot=Slot.TOP, order=5, live=[Feedback])
def way_to_list(card: Feedback, uow: Uow) -> View | None:
    """The way from a card into its check-list."""
    service = uow.get(Service, card.service_id)
    if not uow.may(COLLECT, service) or card.skipped is not None:
        return None
    return View("card_panel.html", s=words, card=card, service=service, may=uow.may(INCIDENTS, service))


@panel(Incident, label=words.close_incident, icon="snowflake", slot=Slot.TOP, order=5, live=[Incident])
def way_to_close(incident: Incident, uow: Uow) -> View | None:
    """What an open incident stops, and the way to close it with its preview."""
    if not is_open(uow.crm, incident.pipeline, incident.stage):
        return None
    service = uow.peek(Service, incident.service_id)
    return View("incident_panel.html", s=words, incident=incident, service=service, may=uow.may(INCIDENTS, incident))


@panel(Task, label=words.check_list, icon="clipboard-list", slot=Slot.TOP, order=2, live=[Feedback, Incident])
def list_of_task(task: Task, uow: Uow) -> View | None:
    """On the manager's screen: the way into the check-list of a follow-up call, here or in a window beside."""
    call = task.get(FollowUpCall)
    if call is None or not uow.may("prosthesis_feedback.service.read"):
        return None
    service = uow.peek(Service, call.service_id)
    if service is None or not uow.may(COLLECT, service):
        return None
    cards = due(uow, service, max(uow.now + uow.crm[FeedbackSettings].ahead, task.due_at or uow.now))
    with uow.as_system():
        names = {d.id: d.model for d in uow.find(Device).where(Device.service_id == service.id)}
    rows = [{"period": _period(uow, c.protocol_version_id, c.period), "device": names.get(c.device_id, "")} for c in cards]
    return View("task_panel.html", s=words, service=service, rows=rows, child=service.group is Group.CHILD and service.crossed_on is None)


# ---- for sales --------------------------------------------------------------------------------------------------------------
@panel(Contact, label=LABEL, icon="heart-pulse", order=28, permission=GLANCE, live=[Service])
def state_for_contact(contact: Contact, uow: Uow) -> View | None:
    """That somebody is followed, and how that stands; not a word of what was answered."""
    return _glance(uow, Service.contact_id == contact.id)


@panel(Deal, label=LABEL, icon="heart-pulse", order=28, permission=GLANCE, live=[Service, Deal])
def state_for_deal(deal: Deal, uow: Uow) -> View | None:
    """The same on the person's deals."""
    return _glance(uow, Service.contact_id == deal.contact_id) if deal.contact_id is not None else None


def _glance(uow: Uow, where: t.Any) -> View | None:
    with uow.as_system():
        service = uow.find(Service).where(where).first()
        if service is None:
            return None
        devices = uow.find(Device).where(Device.service_id == service.id).order_by(Device.issued_on.desc()).all()
    stage = SERVICE.stages[service.stage]
    sees = uow.may("prosthesis_feedback.service.read", service)
    since: dt.date = service.created_at.astimezone(uow.crm.zone).date()
    return View(
        "glance_panel.html", s=words, service=service, stage=stage.label, color=OF_SERVICE.get(service.stage, "gray"), devices=devices, sees=sees,
        since=since,
    )  # fmt: skip
