"""Who a client is: found by number and address, whatever record they are kept in."""

from __future__ import annotations

import typing as t

import sqlalchemy as sa

from crmkit import Uow

from .entities import Contact, ContactPoint, Inquiry, Lead
from .opened import is_open
from .settings import SalesSettings


def reached_by(uow: Uow, *values: str | None) -> sa.Select[t.Any] | None:
    """Return a select of the contacts that have one of these numbers or addresses; None when none is given."""
    given = [v for v in values if v]
    c = ContactPoint.__table__.c
    return sa.select(c.contact_id).where(c.value.in_(given), c.archived_at.is_(None)) if given else None


def find_contact(uow: Uow, inquiry: Inquiry) -> Contact | None:
    """Return the contact an inquiry came from, of those in its team (and those that belong to nobody)."""
    known = reached_by(uow, inquiry.phone_number, inquiry.email_address)
    if known is None:
        return None
    ours = Contact.team_id.is_(None) if inquiry.team_id is None else Contact.team_id.is_(None) | (Contact.team_id == inquiry.team_id)
    found = uow.find(Contact).where(Contact.id.in_(known))
    return (found if inquiry.team_id is None else found.where(ours)).first()


def open_lead_of(uow: Uow, inquiry: Inquiry) -> Lead | None:
    """Return the client's open lead that was in touch lately, of the same dealer where the inquiry names one."""
    given = [v for v in (inquiry.phone_number, inquiry.email_address) if v]
    if not given:
        return None
    since = uow.now - uow.crm[SalesSettings].attach_within
    same = Lead.phone.in_(given) | Lead.email.in_(given)
    known = reached_by(uow, *given)
    if known is not None:
        same = same | Lead.contact_id.in_(known)
    found = uow.find(Lead).where(is_open(uow.crm, Lead), same, Lead.updated_at >= since)
    if inquiry.dealer_id is not None:
        found = found.where(Lead.dealer_id == inquiry.dealer_id)
    return found.order_by(Lead.updated_at.desc(), Lead.id.desc()).first()
