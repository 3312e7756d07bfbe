"""What follows from other fields of a record before it is written, and what nobody may write by hand."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, MutableMapping

import sqlalchemy as sa

from crmkit import Invalid, Problem, Uow, _
from crmkit_sales import Contact
from crmkit_taskqueue import zone_of_number

from .days import adulthood, today
from .entities import Device, DeviceState, Feedback, Group, ProtocolVersion, Respondent, Service
from .settings import FeedbackSettings

Values = MutableMapping[str, t.Any]
Before = Mapping[str, t.Any] | None
BY_ITSELF = _("these are made by themselves and cannot be written by hand", ru="такие записи появляются сами, вручную их не создают")
BY_DATES = _(
    "the stage follows from the dates: agree on another day with the wearer, or open an incident",
    ru="стадия следует из дат: договоритесь с человеком о другом дне или откройте инцидент",
)
NO_REASON = _("there is no reason {reason!r}; there are {known}", ru="нет причины {reason!r}; есть {known}")
IN_FORCE = _("the protocol is in force: its name and group stay", ru="протокол действует: имя и группа не меняются")
PUBLISHED = _("this version is published and stays as it is; change a draft", ru="эта версия опубликована и не меняется; правьте черновик")
NOT_THEIRS = _("it belongs to another service card", ru="относится к другой карточке сервиса")


def prepare_made(values: Values, before: Before, uow: Uow, key: str) -> None:
    """Refuse a record without what only the plugin itself fills in."""
    if values.get(key) is None:
        raise Invalid(problems=[Problem("", "generated", BY_ITSELF)])


def prepare_protocol(values: Values, before: Before, uow: Uow) -> None:
    """Refuse another group for a protocol that people are followed by."""
    if before is not None and before["in_force"] is not None and any(before[name] != values[name] for name in ("group", "name")):
        raise Invalid(problems=[Problem("group", "fixed", IN_FORCE)])


def prepare_version(values: Values, before: Before, uow: Uow) -> None:
    """Number a new version; one that is published never changes."""
    if before is None:
        c = ProtocolVersion.__table__.c
        last = uow.connection.execute(sa.select(sa.func.max(c.number)).where(c.protocol_id == values["protocol_id"])).scalar()
        values["number"] = (last or 0) + 1
    elif before["published_at"] is not None and any(before[name] != values[name] for name in ("body", "protocol_id", "published_at")):
        raise Invalid(problems=[Problem("body", "published", PUBLISHED)])


def prepare_card(values: Values, before: Before, uow: Uow) -> None:
    """Refuse a card that is made or moved by hand."""
    prepare_made(values, before, uow, "device_id")
    if before is not None and not uow.elevated and before["stage"] != values["stage"]:
        raise Invalid(problems=[Problem("", "move", BY_DATES)])


def prepare_service(values: Values, before: Before, uow: Uow) -> None:
    """Know the group, the time zone and who answers; the stage follows from what has happened, but for ending it."""
    if before is not None and not uow.elevated and before["stage"] != values["stage"] and (values["stage"] != "ended" or values["ended"] is None):
        raise Invalid(problems=[Problem("", "move", BY_DATES)])
    if before is None or before["contact_id"] != values["contact_id"]:
        contact = uow.peek(Contact, values["contact_id"])
        if contact is not None:
            values["zone"] = zone_of_number(contact.phone) if contact.phone else None
            values["born"] = values["born"] or contact.born_on
    if before is None:
        born = values["born"]
        child = born is not None and adulthood(born, uow.crm[FeedbackSettings].adult_at) > today(uow)
        values["group"] = Group.CHILD if child else Group.ADULT
        if child:
            values["respondent"] = Respondent.GUARDIAN


def _only_device(uow: Uow, service_id: int) -> int | None:
    """Return the device somebody wears if it is the only one: an incident that names none is about that."""
    c = Device.__table__.c
    worn = sa.select(c.id).where(c.service_id == service_id, c.state == DeviceState.IN_USE, c.archived_at.is_(None)).limit(2)
    found = uow.connection.execute(worn).scalars().all()
    return found[0] if len(found) == 1 else None


def prepare_incident(values: Values, before: Before, uow: Uow) -> None:
    """Put a new incident into the pipeline of its reason, and name it."""
    if before is not None and all(before[name] == values[name] for name in ("reason", "service_id", "device_id", "feedback_id")):
        return
    reasons = uow.crm[FeedbackSettings].all_reasons
    reason = reasons.get(values["reason"])
    if reason is None:
        raise Invalid(problems=[Problem("reason", "choice", NO_REASON.format(reason=values["reason"], known=", ".join(reasons)))])
    service = uow.peek(Service, values["service_id"])
    if service is None:
        return  # refused as a link to nothing
    values["contact_id"] = service.contact_id
    contact = uow.peek(Contact, service.contact_id)
    values["title"] = f"{reason.text.to(uow.crm.settings.language)} · {contact.name if contact else ''}"[:200]
    problems = []
    links: tuple[tuple[str, type[Device] | type[Feedback]], ...] = (("device_id", Device), ("feedback_id", Feedback))
    for name, cls in links:
        held = uow.peek(cls, values[name]) if values.get(name) is not None else None
        if held is not None and held.service_id != service.id:
            problems.append(Problem(name, "reference", NOT_THEIRS))
    if problems:
        raise Invalid(problems=problems)
    if before is None:
        if values.get("device_id") is None and values.get("feedback_id") is None:
            values["device_id"] = _only_device(uow, service.id)
        values["opened_at"] = uow.now
        values["owner_id"], values["team_id"] = values["owner_id"] or service.owner_id, values["team_id"] or service.team_id
        if values["pipeline"] != reason.pipeline:
            pipeline = uow.crm.pipelines[reason.pipeline]
            values["pipeline"], values["stage"] = pipeline.name, pipeline.first.name


__all__ = ["prepare_card", "prepare_incident", "prepare_made", "prepare_protocol", "prepare_service", "prepare_version"]
