"""How what is sold, and to whom, is shown: columns, cards, forms, and a deal's next step beside it."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Uow, _
from crmkit.activities import Activity, next_steps
from crmkit.ui import Badge, Look, list_column

from .entities import (
    Absence,
    Assignee,
    AssignmentRule,
    Company,
    Contact,
    ContactPoint,
    Deal,
    Dealer,
    DealLine,
    Inquiry,
    Lead,
    LostReason,
    PointOfSale,
    Registration,
    Source,
)

SETUP = _("Sales set-up", ru="Настройка продаж")
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
NAMES = ("last_name", "first_name", "patronymic")
STEP = _("Next step", ru="Следующий шаг")

DEALS = Look(
    of=Deal, icon="handshake", order=10, subtitle="company.name", sort="-created_at", day="closes_on",
    columns=("title", "amount", "stage", "company_id", "contact_id", "sales:next_step", "closes_on", "owner_id", "source_id"),
    card=("company_id", "amount", "closes_on", "owner_id"),
    form=("title", "company_id", "contact_id", "amount", "closes_on", "source_id", "dealer_id"),
)  # fmt: skip
LEADS = Look(
    of=Lead, icon="target", order=20, subtitle="company.name", sort="-created_at", hidden=("deal_id",),
    columns=("title", "stage", "phone", "email", "city", "amount", "source_id", "created_at", "owner_id"),
    card=("phone", "city", "amount", "owner_id"),
    form=("title", "contact_id", "company_id", "phone", "email", "city", "text", "source_id", "channel"),
)  # fmt: skip
INQUIRIES = Look(
    of=Inquiry, icon="inbox", order=30, title="name", sort="-received_at", day="received_at", hidden=("phone_number", "email_address"),
    columns=("name", "stage", "phone", "channel", "city", "received_at", "respond_by", "response_late", "owner_id"),
    card=("phone", "channel", "city", "respond_by", "owner_id"),
    form=("name", "phone", "email", "text", "channel", "source_id", "city"),
)  # fmt: skip
REGISTRATIONS = Look(
    of=Registration, icon="shield-check", order=60, sort="-created_at", day="protected_until",
    columns=("title", "stage", "dealer_id", "client_name", "tax_number", "amount", "protected_until", "owner_id"),
    card=("dealer_id", "client_name", "amount", "protected_until"),
    form=("title", "dealer_id", "client_name", "tax_number", "phone", "company_id", "amount"),
)  # fmt: skip
CONTACTS = Look(
    of=Contact, icon="users", order=40, title="name", subtitle="company.name", sort="name", hidden=NAMES,
    columns=("name", "company_id", "position", "phone", "email", "city", "owner_id", "created_at"),
    form=("name", "company_id", "position", "phone", "email", "city"),
)  # fmt: skip
COMPANIES = Look(
    of=Company, icon="building-2", order=45, sort="name", subtitle="city",
    columns=("name", "tax_number", "city", "phone", "email", "website", "owner_id", "created_at"),
    form=("name", "tax_number", "phone", "email", "website", "city", "address"),
)  # fmt: skip
DEALERS = Look(
    of=Dealer, icon="store", order=70, sort="name", subtitle="city",
    columns=("name", "parent_id", "city", "phone", "email", "tax_number", "owner_id"), form=("name", "parent_id", "city", "phone", "email"),
)  # fmt: skip
POINTS_OF_SALE = Look(
    of=PointOfSale, icon="map-pin", order=75, sort="name", subtitle="dealer.name", columns=("name", "dealer_id", "city", "address", "phone"),
)  # fmt: skip
DEAL_LINES = Look(
    of=DealLine, icon="list", section="", sort="id", columns=("title", "deal_id", "sku", "quantity", "unit", "price", "discount", "amount"),
)  # fmt: skip
CONTACT_POINTS = Look(of=ContactPoint, icon="at-sign", section="", title="value", columns=("value", "contact_id", "way", "label", "primary"))
SOURCES = Look(of=Source, icon="megaphone", section=SETUP, order=10, sort="name", columns=("name", "code", "active"))
REASONS = Look(of=LostReason, icon="circle-x", section=SETUP, order=20, sort="name", columns=("name", "for_pipeline", "asks_competitor", "active"))
ASSIGNEES = Look(of=Assignee, icon="user-check", section=SETUP, order=30, sort="name", columns=("name", "team_id", "weight", "max_active", "active"))
RULES = Look(
    of=AssignmentRule, icon="split", section=SETUP, order=40, sort="position", hidden=("turns",),
    columns=("name", "position", "assigns", "team_id", "active"),
)  # fmt: skip
ABSENCES = Look(of=Absence, icon="tree-palm", section="", title="note", day="first_day", columns=("note", "assignee_id", "first_day", "last_day"))


@list_column(Deal, label=STEP)
def next_step(ids: Sequence[int], uow: Uow) -> Mapping[int, t.Any]:
    """What is to be done next about each deal, and what is overdue."""
    if uow.crm.access.hidden(uow.actor, uow.crm.kind(Activity)) & {"subject", "due_at", "done_at"}:
        return {}
    steps = next_steps(uow, uow.crm.kind(Deal).key, ids)
    return {key: _badge(row.subject, row.due_at, uow.now) for key, row in steps.items()}


def _badge(subject: str, due: dt.datetime, now: dt.datetime) -> Badge:
    return Badge(text=subject, color="red" if due < now else "gray", icon="alarm-clock" if due < now else "arrow-right")
