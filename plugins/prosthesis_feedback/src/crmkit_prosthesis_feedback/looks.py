"""How service cards, feedback and incidents are shown: columns, cards of boards with their month, marks for children and adults."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from babel.dates import format_date
from dateutil.relativedelta import relativedelta

from crmkit import Crm, Text, Uow, _
from crmkit.ui import Badge, Look, Visit, card_badge, list_column, near_day

from .entities import (
    FOLLOW_UP,
    Answer,
    Device,
    DeviceState,
    Feedback,
    Group,
    Incident,
    Pause,
    Protocol,
    ProtocolVersion,
    Service,
)
from .settings import FeedbackSettings
from .titles import card_title, incident_title

SECTION = _("Prosthesis follow-up", ru="Наблюдение за протезами")
FLAGS = _("Red flags", ru="Тревожные ответы")
RED = _("{count} red", ru="тревожных: {count}")
UNUSED = _("Not used", ru="Не носит")
ICONS = {Group.ADULT: "user-round", Group.CHILD: "baby"}


def months(visit: Visit) -> Mapping[tuple[str, str], str]:
    """Return the months the columns of the board stand for, by the CRM's clock."""
    today = visit.now.astimezone(visit.crm.zone).date()
    locale = "ru_RU" if visit.language == "ru" else "en_GB"
    days = (today, today + relativedelta(months=1))
    named = [Text(format_date(day, "LLLL" if day.year == today.year else "LLLL y", locale=locale)) for day in days]
    return {(FOLLOW_UP.name, "this_month"): named[0], (FOLLOW_UP.name, "next_month"): named[1]}


def reasons(crm: Crm) -> list[tuple[str, str]]:
    """Return the reasons of incidents with their labels."""
    return [(name, reason.text) for name, reason in crm[FeedbackSettings].all_reasons.items()]


SERVICES = Look(
    of=Service, icon="heart-pulse", title="contact.name", section=SECTION, order=10, sort="-created_at", day="try_again_on",
    columns=("stage", "group", "prosthesis_feedback:devices_of", "prosthesis_feedback:next_call", "owner_id", "created_at"),
    card=("respondent", "owner_id"), form=("contact_id", "born", "guardian_id", "respondent", "consent_on"), hidden=("zone",),
)  # fmt: skip
CARDS = Look(
    of=Feedback, icon="clipboard-list", section=SECTION, order=20, sort="planned_at", day="planned_at",
    board_sort="planned_at", captions=months, said={"title": card_title},
    filter={"stage": {"in": ["overdue", "this_month", "next_month"]}},
    columns=("title", "stage", "group", "planned_at", "device_id", "latest", "red_flags", "owner_id"),
    card=("device.model", "planned_at", "owner_id"),
    hidden=("number", "period", "given_up_on", "service_id"),
)  # fmt: skip
INCIDENTS = Look(
    of=Incident, icon="siren", section=SECTION, order=30, sort="-opened_at", day="wanted_on", choices={"reason": reasons}, subtitle="device.model",
    said={"title": incident_title},
    filter={"closed_at": {"empty": True}},
    columns=("title", "reason", "stage", "urgency", "device_id", "opened_at", "wanted_on", "owner_id"),
    card=("device_id", "urgency", "wanted_on", "owner_id"),
    form=("service_id", "reason", "device_id", "description", "urgency", "wanted_on"), hidden=("pause_id",),
)  # fmt: skip
DEVICES = Look(
    of=Device, icon="hand", title="model", subtitle="serial", section="", sort="-issued_on", day="issued_on",
    columns=("model", "serial", "batch", "issued_on", "state"), form=("model", "serial", "batch", "issued_on"), hidden=("begun_on",),
)  # fmt: skip
ANSWERS = Look(
    of=Answer, icon="message-square-text", title="question", section="", sort="-answered_at",
    columns=("question", "period", "answered_at", "answered_by", "feedback_id"), hidden=("service_id", "device_id", "protocol_version_id"),
)  # fmt: skip
PAUSES = Look(of=Pause, icon="circle-pause", title="began_on", section="", columns=("began_on", "ended_on", "policy"), hidden=("service_id",))
PROTOCOLS = Look(of=Protocol, icon="book-open-check", section="", columns=("title", "name", "group", "in_force"), form=("name", "title", "group"))
VERSIONS = Look(of=ProtocolVersion, icon="file-clock", title="number", section="", columns=("number", "note", "published_at"), hidden=("body",))


# ---- marks on cards -----------------------------------------------------------------------------------------------------
@card_badge(Feedback, order=10)
def group_of(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    """A child or an adult: an icon and a word, not the colour alone."""
    return _groups(uow, Feedback, ids)


@card_badge(Service, order=10)
def group_of_wearer(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    """The same of a person."""
    return _groups(uow, Service, ids)


def _groups(uow: Uow, cls: type[Feedback] | type[Service], ids: Sequence[int]) -> dict[int, Badge]:
    kind = uow.crm.kind(cls)
    if "group" in uow.crm.access.hidden(uow.actor, kind):
        return {}
    c = kind.table.c
    rows = uow.connection.execute(sa.select(c.id, c.group).where(c.id.in_(list(ids))))
    return {key: Badge(text=group.label, color=group.color, icon=ICONS[group]) for key, group in rows}


@card_badge(Feedback, order=20)
def flags_of(ids: Sequence[int], uow: Uow) -> dict[int, Badge]:
    """How many answers of a card must be looked at; or that the device is not used."""
    hidden = uow.crm.access.hidden(uow.actor, uow.crm.kind(Feedback))
    if hidden & {"red_flags", "in_use"}:
        return {}
    c = Feedback.__table__.c
    told = sa.or_(c.red_flags > 0, c.in_use.is_(False))
    found = {}
    for key, count in uow.connection.execute(sa.select(c.id, c.red_flags).where(c.id.in_(list(ids)), told)):
        text = RED.format(count=count) if count else UNUSED
        found[key] = Badge(text=text, color="red" if count else "amber", icon="flag" if count else "hand", title=FLAGS if count else "")
    return found


# ---- columns of lists ---------------------------------------------------------------------------------------------------
@list_column(Service, label=_("Devices", ru="Изделия"))
def devices_of(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """The models each person wears."""
    c = Device.__table__.c
    rows = uow.connection.execute(
        sa.select(c.service_id, c.model).where(c.service_id.in_(list(ids)), c.state == DeviceState.IN_USE, c.archived_at.is_(None)).order_by(c.id)
    )
    found: dict[int, list[str]] = {}
    for key, model in rows:
        found.setdefault(key, []).append(model)
    return {key: ", ".join(models) for key, models in found.items()}


@list_column(Service, label=_("Next call", ru="Следующий звонок"))
def next_call(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """When each person is called next, and whether that is late."""
    c = Feedback.__table__.c
    waits = c.service_id.in_(list(ids)), c.done_on.is_(None), c.skipped.is_(None), c.archived_at.is_(None)
    rows = uow.connection.execute(
        sa.select(c.service_id, sa.func.min(c.planned_at), sa.func.max(sa.case((c.stage == "overdue", 1), else_=0)))
        .where(*waits).group_by(c.service_id)
    )
    return {key: _when(uow, at, bool(late)) for key, at, late in rows}


def _when(uow: Uow, at: dt.datetime, late: bool) -> Badge:
    day, today = at.astimezone(uow.crm.zone).date(), uow.now.astimezone(uow.crm.zone).date()
    said = Text(near_day(day, today, "en"), ru=near_day(day, today, "ru"))
    return Badge(text=said, color="red" if late else "gray", icon="calendar-clock")
