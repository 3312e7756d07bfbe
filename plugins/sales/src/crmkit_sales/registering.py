"""Deal registrations: conflicts between dealers, approval, the end of protection and its extension."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from crmkit import (
    Changed,
    Conflict,
    Created,
    Invalid,
    Kind,
    Moved,
    Permission,
    Problem,
    Uow,
    Written,
    _,
    command,
    hookimpl,
    on,
    on_enter,
)
from crmkit.ui import button

from .entities import Company, Contact, Deal, Registration
from .opened import is_open
from .pipelines import REGISTRATIONS, SALES
from .settings import SalesSettings
from .trees import serialise

EXTEND = Permission("sales.extend_registration", _("Extend deal registrations", ru="Продлевать регистрации сделок"))
PROTECTED = _("the client is protected for another dealer until {until}", ru="клиент защищён за другим дилером до {until}")
WORKED_ON = _("another dealer has an open deal with this client", ru="у другого дилера есть открытая сделка с этим клиентом")
NOT_VALID = _("only an approved registration can be extended", ru="продлить можно только одобренную регистрацию")
TOO_LONG = _("from 1 to {most} days: it may be extended by {all} in all", ru="от 1 до {most} дней: всего можно продлить на {all}")


@attrs.frozen
class ProtectionEnds:
    """The protection of a registration is over."""

    registration_id: int


@attrs.frozen
class Client:
    """Who it is about, as far as it is known."""

    dealer_id: int
    company_id: int | None
    contact_id: int | None
    tax_number: str | None
    phone: str | None

    @property
    def keys(self) -> list[str]:
        """Names under which only one transaction at a time decides about this client."""
        given = [("company", self.company_id), ("contact", self.contact_id), ("inn", self.tax_number), ("phone", self.phone)]
        return sorted(f"client:{name}:{value}" for name, value in given if value)


def client_of(record: Registration | Deal, uow: Uow) -> Client:
    """Return the client of a registration or a deal."""
    company = uow.peek(Company, record.company_id) if record.company_id else None
    contact = uow.peek(Contact, record.contact_id) if record.contact_id else None
    tax, phone = (record.tax_number, record.phone) if isinstance(record, Registration) else (None, None)
    return Client(
        record.dealer_id or 0, record.company_id, record.contact_id, tax or (company.tax_number if company is not None else None),
        phone or (contact.phone if contact is not None else None),
    )  # fmt: skip


def protection(client: Client, uow: Uow) -> dt.datetime | None:
    """Return until when another dealer's registration protects a client, None where none does."""
    c = Registration.__table__.c
    same = [c[n] == v for n, v in (("company_id", client.company_id), ("contact_id", client.contact_id), ("tax_number", client.tax_number),
        ("phone", client.phone)) if v]  # fmt: skip
    if not same:
        return None
    valid = (c.stage == "approved") & (c.protected_until > uow.now) & c.archived_at.is_(None)
    found = sa.select(c.protected_until).where(sa.or_(*same), valid, c.dealer_id != client.dealer_id)
    row = uow.connection.execute(found.order_by(c.protected_until.desc()).limit(1)).first()
    return None if row is None else row[0]


def worked_on(client: Client, uow: Uow) -> bool:
    """True when another dealer has an open deal with a client."""
    d, company, contact = Deal.__table__.c, Company.__table__.c, Contact.__table__.c
    same: list[t.Any] = [d[n] == v for n, v in (("company_id", client.company_id), ("contact_id", client.contact_id)) if v]
    if client.tax_number:
        same.append(d.company_id.in_(sa.select(company.id).where(company.tax_number == client.tax_number)))
    if client.phone:
        same.append(d.contact_id.in_(sa.select(contact.id).where(contact.phone == client.phone)))
    if not same:
        return False
    found = sa.select(d.id).where(sa.or_(*same), d.dealer_id.is_not(None), d.dealer_id != client.dealer_id, is_open(uow.crm, Deal))
    return uow.connection.execute(found.limit(1)).first() is not None


def conflict(record: Registration, uow: Uow) -> str | None:
    """Return why another dealer comes first, None where none does. The other dealer is not named."""
    client = client_of(record, uow)
    for key in client.keys:
        serialise(uow, key)
    until = protection(client, uow)
    if until is not None:
        return PROTECTED.format(until=f"{until.astimezone(uow.crm.zone):%d.%m.%Y}")
    return WORKED_ON if worked_on(client, uow) else None


@on(Created[Registration])
def look_for_conflicts(event: Created[Registration], uow: Uow) -> None:
    """A claim to another dealer's client is refused at once, or looked at by a person."""
    record = event.record
    why = conflict(record, uow) if record.stage == "requested" else None
    if why is None:
        return
    told = getattr(why, "to", lambda _language: why)(uow.crm.settings.language)
    if uow.crm[SalesSettings].on_conflict == "refuse":
        uow.move(record, REGISTRATIONS["refused"], {"refused_why": told})
    else:
        record.refused_why = told
        uow.move(record, REGISTRATIONS["review"])


@on_enter(REGISTRATIONS["approved"])
def protect(moved: Moved[Registration], uow: Uow) -> None:
    """From now on the client is the dealer's, for a time."""
    record = moved.record
    record.refused_why = None
    uow.keep(record, protected_until=uow.now + uow.crm[SalesSettings].protect_for)


@hookimpl
def crm_settle(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """A durable timer waits for the end of a protection, also of one that is back, or back to its former end."""
    if kind.cls is not Registration:
        return
    for row in rows:
        values = row.values
        if values is None or (row.changed is not None and not row.changed & {"stage", "archived_at", "protected_until"}):
            continue
        if values["stage"] == "approved" and values["archived_at"] is None and values["protected_until"] is not None:
            record = uow.get(Registration, row.id)
            at = max(values["protected_until"], uow.now)
            uow.schedule(ProtectionEnds(record.id), at=at, key=f"sales.protection:{record.id}", about=record)


@on(ProtectionEnds)
def end_protection(event: ProtectionEnds, uow: Uow) -> None:
    """The time is over; nothing is done if it was extended, or the deal was won."""
    record = uow.peek(Registration, event.registration_id)
    if record is None or record.stage != "approved" or record.archived_at is not None or record.protected_until is None:
        return
    if record.protected_until <= uow.now:
        uow.move(uow.get(Registration, record.id, lock=True), REGISTRATIONS["expired"])


@button(icon="calendar-plus", order=10, shown=lambda registration: registration.stage == "approved")
@command(_("Extend", ru="Продлить"), of=Registration, permission=EXTEND)
def extend(registration: Registration, uow: Uow, *, days: t.Annotated[int, _("By how many days", ru="На сколько дней")]) -> Registration:
    """Protect the client for some days more."""
    if registration.stage != "approved" or registration.protected_until is None or registration.protected_until <= uow.now:
        raise Conflict(NOT_VALID)
    most = uow.crm[SalesSettings].extend_at_most.days
    if not 1 <= days <= most - registration.extended_days:
        raise Invalid(problems=[Problem("days", "invalid", TOO_LONG.format(most=most - registration.extended_days, all=most))])
    uow.keep(registration, protected_until=registration.protected_until + dt.timedelta(days=days), extended_days=registration.extended_days + days)
    return registration


# ---- deals ------------------------------------------------------------------------------------------------------
@on(Created[Deal])
@on(Changed[Deal], fields=("dealer_id", "company_id", "contact_id"))
def keep_off(event: Created[Deal] | Changed[Deal], uow: Uow) -> None:
    """No deal with a client who is protected for another dealer; a deal of the protected dealer itself is noted in its registration."""
    deal = event.record
    if deal.dealer_id is None:
        return
    client = client_of(deal, uow)
    if uow.crm[SalesSettings].protect_deals and SALES.stages.get(deal.stage) is not SALES.stages["lost"]:
        for key in client.keys:
            serialise(uow, key)
        until = protection(client, uow)
        if until is not None:
            raise Invalid(problems=[Problem("dealer_id", "protected", PROTECTED.format(until=f"{until.astimezone(uow.crm.zone):%d.%m.%Y}"))])
    same = [Registration.company_id == client.company_id] if client.company_id else []
    same += [Registration.tax_number == client.tax_number] if client.tax_number else []
    same += [Registration.phone == client.phone] if client.phone else []
    if same:
        mine = (
            uow.find(Registration)
            .where(Registration.dealer_id == deal.dealer_id, Registration.stage == "approved", Registration.deal_id.is_(None), sa.or_(*same))
            .first()
        )
        if mine is not None:
            mine.deal_id = deal.id


@on_enter(SALES["won"])
def registration_won(moved: Moved[Deal], uow: Uow) -> None:
    """What was registered has been sold."""
    for record in uow.find(Registration).where(Registration.deal_id == moved.record.id, Registration.stage == "approved"):
        uow.move(record, REGISTRATIONS["won"])
