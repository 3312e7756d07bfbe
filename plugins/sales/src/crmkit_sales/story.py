"""The timeline of a deal tells of the lead and the inquiries it came from, as far as the actor may see them."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

from crmkit import Entity, Uow, hookimpl

from .entities import Deal, Inquiry, Lead


@hookimpl
def crm_timeline(record: Entity, uow: Uow, before: dt.datetime | None) -> Sequence[Mapping[str, t.Any]] | None:
    """Add what was asked for and when, and how it came here."""
    if isinstance(record, Deal):
        return [*_leads(record, uow, before), *_inquiries(Inquiry.deal_id == record.id, uow, before)]
    if isinstance(record, Lead):
        return _inquiries(Inquiry.lead_id == record.id, uow, before)
    return None


def _leads(deal: Deal, uow: Uow, before: dt.datetime | None) -> list[Mapping[str, t.Any]]:
    shown = (Lead.id, Lead.created_at, Lead.title, Lead.text, Lead.owner_id, Lead.assigned_why)
    hidden = _hidden(Lead, uow)
    return [
        {"at": r.created_at, "kind": "sales.lead", "record_id": r.id, "action": "origin", "text": r.title if "title" not in hidden else "",
         "details": r.text if "text" not in hidden else None, "owner_id": r.owner_id, "assigned_why": r.assigned_why}
        for r in uow.find(Lead).archived(only=False).where(Lead.deal_id == deal.id).order_by(Lead.id).columns(*shown)
        if before is None or r.created_at < before
    ]  # fmt: skip


def _inquiries(where: t.Any, uow: Uow, before: dt.datetime | None) -> list[Mapping[str, t.Any]]:
    shown = (Inquiry.id, Inquiry.created_at, Inquiry.received_at, Inquiry.text, Inquiry.channel, Inquiry.utm_source, Inquiry.utm_campaign,
        Inquiry.first_response_at, Inquiry.response_minutes)  # fmt: skip
    hidden = _hidden(Inquiry, uow)
    found: list[Mapping[str, t.Any]] = []
    for r in uow.find(Inquiry).archived(only=False).where(where).order_by(Inquiry.id).columns(*shown):
        at = r.received_at or r.created_at
        if before is None or at < before:
            more = {n: getattr(r, n) for n in ("utm_source", "utm_campaign", "first_response_at", "response_minutes") if n not in hidden}
            channel = r.channel.value if r.channel is not None and "channel" not in hidden else None
            found.append(
                {
                    "at": at,
                    "kind": "sales.inquiry",
                    "record_id": r.id,
                    "action": "origin",
                    "text": r.text or "" if "text" not in hidden else "",
                    "channel": channel,
                }
                | more
            )
    return found


def _hidden(cls: type[Lead] | type[Inquiry], uow: Uow) -> frozenset[str]:
    return frozenset() if uow.elevated else uow.crm.access.hidden(uow.actor, uow.crm.kind(cls))
