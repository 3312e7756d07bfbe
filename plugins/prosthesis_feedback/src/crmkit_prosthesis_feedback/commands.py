"""What people and programs can do about service cards, feedback and incidents."""

from __future__ import annotations

import datetime as dt
import typing as t

from crmkit import Conflict, Invalid, Problem, Uow, _, command, route
from crmkit.ui import button

from . import collecting, crossing, devices, incidents, versions
from .cards import locked, replan
from .days import today
from .entities import Device, DeviceState, Ended, Feedback, Incident, Policy, Protocol, ProtocolVersion, Respondent, Service, Urgency
from .publish import new_draft as begin_draft
from .publish import publish as put_in_force
from .roles import COLLECT, DEVICES, INCIDENTS, MEDICAL, PLAN, PROTOCOLS

if t.TYPE_CHECKING:
    from starlette.requests import Request

REASON = t.Annotated[str, _("Reason", ru="Причина")]
WHAT = t.Annotated[str | None, _("What is wrong", ru="Что случилось")]
URGENCY = t.Annotated[Urgency, _("Urgency", ru="Срочность")]
WANTED = t.Annotated[dt.date | None, _("Wanted by", ru="Желаемая дата")]
DEVICE = t.Annotated[int | None, _("Device", ru="Изделие")]
POLICY = t.Annotated[Policy | None, _("What fell into it", ru="Что пришлось на него")]
DAY = t.Annotated[dt.date | None, _("On", ru="Когда")]
SERIAL = t.Annotated[str | None, _("Serial number", ru="Серийный номер")]
BATCH = t.Annotated[str | None, _("Batch", ru="Партия")]
MODEL = t.Annotated[str, _("Model", ru="Модель")]
OPEN_INCIDENT = _("Open an incident", ru="Открыть инцидент")
NOT_THEIRS = _("it is a device of somebody else", ru="это изделие другого человека")
OVER = _("this period is over already", ru="этот период уже позади")
PAST = _("a day from today on", ru="день начиная с сегодняшнего")
NO_DEVICE = _("a device is ended by what became of it: replaced, lost, taken back", ru="укажите, что стало с изделием: заменено, утеряно, возвращено")


def _elsewhere(record: t.Any) -> bool:
    """False: pages have a form of their own for it, filled in by what is known, with a preview of every date that changes."""
    return False


# ---- incidents ------------------------------------------------------------------------------------------------------
def _device(uow: Uow, service: Service, key: int | None, path: str = "device") -> Device | None:
    found = uow.peek(Device, key) if key is not None else None
    if key is not None and (found is None or found.service_id != service.id):
        raise Invalid(problems=[Problem(path, "reference", NOT_THEIRS)])
    return found


@button(icon="siren", shown=_elsewhere)
@command(OPEN_INCIDENT, of=Service, permission=INCIDENTS, name="open_incident")
def service_incident(
    service: Service, uow: Uow, *, reason: REASON, device: DEVICE = None, description: WHAT = None, urgency: URGENCY = Urgency.ROUTINE,
    wanted_on: WANTED = None,
) -> Incident:  # fmt: skip
    """Open an incident of a person: nobody is called about any of their devices until it is closed."""
    held = _device(uow, service, device)
    return incidents.open_incident(uow, service, reason=reason, device=held, description=description, urgency=urgency, wanted_on=wanted_on)


@button(icon="siren", shown=_elsewhere)
@command(OPEN_INCIDENT, of=Feedback, permission=INCIDENTS, name="open_incident")
def card_incident(
    card: Feedback, uow: Uow, *, reason: REASON, device: DEVICE = None, description: WHAT = None, urgency: URGENCY = Urgency.ROUTINE,
    wanted_on: WANTED = None,
) -> Incident:  # fmt: skip
    """Open an incident that was found while a card was asked; the card's device is meant where none is named."""
    service = t.cast(Service, uow.peek(Service, card.service_id))
    held = _device(uow, service, device if device is not None else card.device_id)
    return incidents.open_incident(
        uow, service, reason=reason, device=held, feedback=card, description=description, urgency=urgency, wanted_on=wanted_on
    )


@button(icon="circle-check", shown=_elsewhere)
@command(_("Close", ru="Закрыть"), of=Incident, permission=INCIDENTS, name="close")
def close(
    incident: Incident, uow: Uow, *, resolution: t.Annotated[str, _("What was done", ru="Что сделано")], policy: POLICY = None,
    cancelled: t.Annotated[bool, _("It was none", ru="Инцидента не было")] = False,
) -> Incident:  # fmt: skip
    """Close an incident; the person's last one puts every card in its month again."""
    return incidents.close_incident(uow, incident, resolution=resolution, policy=policy, cancelled=cancelled)


@button(icon="rotate-ccw", menu=True, shown=lambda incident: incident.closed_at is not None)
@command(_("Open again", ru="Открыть снова"), of=Incident, permission=INCIDENTS, name="reopen")
def reopen(incident: Incident, uow: Uow) -> Incident:
    """Open a closed incident again, as if it had not been closed."""
    return incidents.reopen_incident(uow, incident)


# ---- devices ---------------------------------------------------------------------------------------------------------
@button(icon="package-plus", menu=True)
@command(_("Issue a device", ru="Выдать изделие"), of=Service, permission=DEVICES)
def issue_device(
    service: Service, uow: Uow, *, model: MODEL, serial: SERIAL = None, batch: BATCH = None, issued_on: DAY = None,
    replaces: t.Annotated[int | None, _("Instead of", ru="Вместо")] = None,
) -> Device:  # fmt: skip
    """Hand over a device: its own follow-up begins, and that of the one it replaces ends."""
    old = _device(uow, service, replaces, "replaces")
    return devices.issue_device(uow, service, model=model, serial=serial, batch=batch, issued_on=issued_on, replaces=old)


@command(_("Replace", ru="Заменить"), of=Device, permission=DEVICES)
def replace(device: Device, uow: Uow, *, model: MODEL, serial: SERIAL = None, batch: BATCH = None, issued_on: DAY = None) -> Device:
    """Hand over another device instead of this one."""
    service = t.cast(Service, uow.peek(Service, device.service_id))
    return devices.issue_device(uow, service, model=model, serial=serial, batch=batch, issued_on=issued_on, replaces=device)


@command(_("Lost", ru="Утеряно"), of=Device, permission=DEVICES)
def lost(device: Device, uow: Uow, *, on: DAY = None) -> Device:
    """Note that a device was lost: nobody is asked about it any more."""
    return devices.end_device(uow, device, DeviceState.LOST, on)


@command(_("Taken back", ru="Возвращено"), of=Device, permission=DEVICES)
def taken_back(device: Device, uow: Uow, *, on: DAY = None) -> Device:
    """Note that a device was taken back: nobody is asked about it any more."""
    return devices.end_device(uow, device, DeviceState.TAKEN_BACK, on)


@button(icon="search-check", menu=True, shown=lambda device: device.state is not DeviceState.IN_USE)
@command(_("Found again", ru="Нашлось"), of=Device, permission=DEVICES)
def found_again(device: Device, uow: Uow) -> Device:
    """Go on with a device that turned up again, as if it had never been away."""
    return devices.found_again(uow, device)


# ---- days ------------------------------------------------------------------------------------------------------------
@button(icon="calendar-clock", menu=True, shown=lambda card: card.done_on is None and card.skipped is None)
@command(_("Another day", ru="На другой день"), of=Feedback, permission=PLAN)
def postpone(card: Feedback, uow: Uow, *, wanted_on: DAY = None) -> Feedback:
    """Ask on the day the person wants; without a day, on the best one of the period again."""
    service = locked(uow, card.service_id)
    if wanted_on is not None and wanted_on < today(uow):
        raise Invalid(problems=[Problem("wanted_on", "invalid", PAST)])
    with uow.as_system():
        card = uow.get(Feedback, card.id, lock=True)
        _waits(card)
        uow.keep(card, wanted_on=wanted_on)
        replan(uow, service)
    return card


@button(icon="circle-slash", menu=True, shown=lambda card: card.done_on is None and card.skipped is None)
@command(_("Leave out", ru="Не спрашивать"), of=Feedback, permission=PLAN)
def give_up(card: Feedback, uow: Uow) -> Feedback:
    """Leave a period out: nobody is asked about it, the others stay."""
    return give_up_on(uow, card)


def give_up_on(uow: Uow, card: Feedback) -> Feedback:
    """Give a period up, as one whose time is over."""
    service = locked(uow, card.service_id)
    with uow.as_system():
        card = uow.get(Feedback, card.id, lock=True)
        _waits(card)
        uow.keep(card, given_up_on=today(uow))
        replan(uow, service)
    return card


@button(icon="undo-2", menu=True, shown=lambda card: card.given_up_on is not None)
@command(_("Ask after all", ru="Всё-таки спросить"), of=Feedback, permission=PLAN)
def ask_after_all(card: Feedback, uow: Uow) -> Feedback:
    """Ask about a period that was left out."""
    service = locked(uow, card.service_id)
    with uow.as_system():
        card = uow.get(Feedback, card.id, lock=True)
        if card.given_up_on is None:
            raise Conflict(OVER)
        uow.keep(card, given_up_on=None)
        replan(uow, service)
    return card


def _waits(card: Feedback) -> None:
    if card.done_on is not None or card.skipped is not None:
        raise Conflict(OVER)


# ---- the person ------------------------------------------------------------------------------------------------------
@button(icon="circle-stop", menu=True, shown=lambda service: service.ended is None)
@command(_("End the service", ru="Завершить сервис"), of=Service, permission=PLAN)
def end(service: Service, uow: Uow, *, why: t.Annotated[Ended, _("Because", ru="Потому что")]) -> Service:
    """Call a person no more: they withdrew, or died."""
    if why is Ended.NO_DEVICE:
        raise Invalid(problems=[Problem("why", "choice", NO_DEVICE)])
    return _ended(uow, service, why)


@button(icon="circle-play", menu=True, shown=lambda service: service.ended is not None and service.ended is not Ended.NO_DEVICE)
@command(_("Go on with the service", ru="Возобновить сервис"), of=Service, permission=PLAN)
def go_on(service: Service, uow: Uow) -> Service:
    """Call a person again who had withdrawn."""
    return _ended(uow, service, None)


def _ended(uow: Uow, service: Service, why: Ended | None) -> Service:
    service = locked(uow, service)
    with uow.as_system():
        service.ended = why
        uow.flush()
        devices.with_devices(uow, service)
        replan(uow, service)
    return service


@button(icon="cake", shown=_elsewhere)
@command(_("Cross over to the adults' protocol", ru="Перевести на взрослый протокол"), of=Service, permission=PLAN, name="cross")
def cross(service: Service, uow: Uow, *, on: DAY = None) -> Service:
    """Let the adults' calendar apply from a day on."""
    crossing.cross(uow, service, on)
    return service


@button(icon="file-clock", shown=_elsewhere)
@command(_("Follow by a newer version", ru="Вести по новой версии"), of=Service, permission=PLAN)
def move_on(service: Service, uow: Uow, *, version: t.Annotated[int, _("Version of the protocol", ru="Версия протокола")]) -> Service:
    """Follow a person's devices by a newer version of their protocol from today on."""
    versions.move_on(uow, service, uow.get(ProtocolVersion, version))
    return service


# ---- protocols -------------------------------------------------------------------------------------------------------
@button(icon="file-plus", menu=True)
@command(_("New draft", ru="Новый черновик"), of=Protocol, permission=PROTOCOLS)
def new_draft(protocol: Protocol, uow: Uow) -> ProtocolVersion:
    """Begin a draft that says what the version in force says."""
    return begin_draft(uow, protocol)


@command(_("Publish", ru="Опубликовать"), of=ProtocolVersion, permission=PROTOCOLS, name="publish")
def publish_version(version: ProtocolVersion, uow: Uow) -> ProtocolVersion:
    """Put a draft in force for everybody who begins from now on."""
    return put_in_force(uow, version)


@command(_("Move everybody to this version", ru="Перевести всех на эту версию"), of=ProtocolVersion, permission=PROTOCOLS)
def move_everybody(version: ProtocolVersion, uow: Uow) -> dict[str, int]:
    """Follow everybody by this version who is followed by an older one, some at a time; return how many there are."""
    return {"people": versions.move_everybody(uow, version)}


# ---- answers ---------------------------------------------------------------------------------------------------------
COLLECTED: dict[str, t.Any] = {
    "type": "object", "required": ["card", "answers"],
    "properties": {
        "card": {"type": "integer", "description": "The feedback card."},
        "answers": {"type": "object", "description": "Answers by question; null takes one back."},
        "finish": {"type": "boolean", "description": "True when nothing is left to ask."},
        "respondent": {"enum": [r.value for r in Respondent]}, "note": {"type": "string"},
    },
}  # fmt: skip
WANTS = _("an object with card, answers, and finish, respondent or note", ru="объект с card, answers и, если нужно, finish, respondent, note")


@route(
    "/answers", permission=COLLECT, methods=("POST",),
    operation={
        "requestBody": {"required": True, "content": {"application/json": {"schema": COLLECTED}}},
        "responses": {"200": {"description": "How the card stands.", "content": {"application/json": {"schema": {"type": "object"}}}}},
    },
)  # fmt: skip
def collect(request: Request, uow: Uow) -> dict[str, t.Any]:
    """Take down answers to a card, some or all. No command: the journal need not repeat medical answers."""
    given = request.state.json()
    known = {"card": int, "answers": dict, "finish": bool, "respondent": str, "note": str}
    if not isinstance(given, dict) or any(name not in known or type(value) is not known[name] for name, value in given.items()):
        raise Invalid(problems=[Problem("", "invalid", WANTS)])
    whole = {"card", "answers"} <= given.keys() and 0 < given["card"] < 2**63
    if not whole or given.get("respondent", "self") not in [r.value for r in Respondent]:
        raise Invalid(problems=[Problem("", "invalid", WANTS)])
    card = uow.get(Feedback, given["card"])
    uow.require(COLLECT, card)
    who = Respondent(given["respondent"]) if "respondent" in given else None
    card = collecting.collect(uow, card, given["answers"], finish=given.get("finish", False), respondent=who, note=given.get("note"))
    found: dict[str, t.Any] = {"card": card.id, "stage": card.stage}
    if uow.may(MEDICAL, card):
        found |= {"red_flags": card.red_flags, "score": None if card.score is None else str(card.score)}
    return found
