"""From inquiry to lead to deal, with nothing lost: who it is, what brought them, what was said, what other plugins know."""

from __future__ import annotations

import typing as t

from crmkit import About, Conflict, Invalid, Permission, Problem, Staged, Uow, _, command
from crmkit.ui import button

from .clients import find_contact, open_lead_of
from .entities import ATTRIBUTION, Contact, Deal, Inquiry, Lead
from .pipelines import INQUIRIES, LEADS
from .trees import serialise

CONVERT = Permission("sales.convert", _("Convert inquiries and leads", ru="Превращать обращения в лиды, а лиды в сделки"))
ALREADY = _("it has been converted already", ru="уже преобразовано")
NO_PIPELINE = _("there is no pipeline of deals named {name!r}", ru="нет воронки сделок {name!r}")
REQUEST = _("Inquiry of {who}", ru="Обращение: {who}")
PLACED = ("dealer_id", "point_of_sale_id", "owner_id", "team_id")
SomebodyUnknown = _("somebody", ru="имя не указано")


@button(icon="target", primary=True, order=20, shown=lambda inquiry: inquiry.lead_id is None and inquiry.deal_id is None)
@command(_("Make a lead of it", ru="Сделать лидом"), of=Inquiry, permission=CONVERT)
def to_lead(inquiry: Inquiry, uow: Uow, *, title: t.Annotated[str | None, _("Title of the lead", ru="Название лида")] = None) -> Lead:
    """Turn an inquiry into a lead, or let it join the client's open lead; return the lead."""
    with uow.as_system():
        inquiry = uow.get(Inquiry, inquiry.id, lock=True)
        if inquiry.lead_id is not None or inquiry.deal_id is not None:
            raise Conflict(ALREADY)
        for known in sorted({v for v in (inquiry.phone_number, inquiry.email_address) if v}):
            serialise(uow, f"client:{known}")  # whoever shares either with it waits, and then finds the lead
        lead = open_lead_of(uow, inquiry)
        if lead is not None:
            return join(inquiry, lead, uow)
        return _new_lead(inquiry, uow, title)


def join(inquiry: Inquiry, lead: Lead, uow: Uow) -> Lead:
    """Let an inquiry belong to a lead that is there."""
    inquiry.contact_id = inquiry.contact_id or lead.contact_id
    inquiry.owner_id, inquiry.team_id = lead.owner_id, lead.team_id
    uow.move(inquiry, INQUIRIES["attached"], {"lead_id": lead.id})
    return lead


def _new_lead(inquiry: Inquiry, uow: Uow, title: str | None) -> Lead:
    contact = _contact(inquiry, uow)
    inquiry.contact_id = contact.id
    lead = Lead(
        title=(title or REQUEST.format(who=inquiry.name or contact.name).to(uow.crm.settings.language))[:200], contact_id=contact.id,
        company_id=contact.company_id, phone=inquiry.phone_number, email=inquiry.email_address, city=inquiry.city, text=inquiry.text,
        **_copied(inquiry, (*ATTRIBUTION, *PLACED)),
    )  # fmt: skip
    uow.add(lead)
    uow.flush()
    carry(inquiry, lead, uow)
    uow.move(inquiry, INQUIRIES["converted"], {"lead_id": lead.id})
    return lead


def _contact(inquiry: Inquiry, uow: Uow) -> Contact:
    there = uow.peek(Contact, inquiry.contact_id) if inquiry.contact_id is not None else find_contact(uow, inquiry)
    if there is not None:
        return there
    name = inquiry.name or inquiry.phone_number or inquiry.email_address or SomebodyUnknown.to(uow.crm.settings.language)
    contact = Contact(
        name=name, phone=inquiry.phone_number, email=inquiry.email_address, city=inquiry.city, owner_id=inquiry.owner_id, team_id=inquiry.team_id
    )
    uow.add(contact)
    uow.flush()
    return contact


@button(icon="handshake", primary=True, order=10, shown=lambda lead: lead.deal_id is None)
@command(_("Make a deal of it", ru="Сделать сделкой"), of=Lead, permission=CONVERT)
def to_deal(
    lead: Lead, uow: Uow, *, title: t.Annotated[str | None, _("Title of the deal", ru="Название сделки")] = None,
    pipeline: t.Annotated[str | None, _("Pipeline", ru="Воронка"), Deal] = None,
) -> Deal:  # fmt: skip
    """Turn a lead into a deal, in the first stage of `pipeline` (that of deals when left out); return the deal."""
    with uow.as_system():
        lead = uow.get(Lead, lead.id, lock=True)
        if lead.deal_id is not None:
            raise Conflict(ALREADY)
        kind = uow.crm.kind(Deal)
        chosen = kind.pipelines.get(pipeline) if pipeline is not None else kind.first_pipeline
        if chosen is None:
            raise Invalid(problems=[Problem("pipeline", "unknown", NO_PIPELINE.format(name=pipeline))])
        deal = Deal(
            title=(title or lead.title)[:200], **_copied(lead, ("amount", "contact_id", "company_id", *ATTRIBUTION, *PLACED)),
        )  # fmt: skip
        uow.add(deal, into=chosen[chosen.first.name])
        uow.flush()
        uow.keep(deal, assigned_why=lead.assigned_why)
        carry(lead, deal, uow)
        uow.move(lead, LEADS["converted"], {"deal_id": deal.id})
        for inquiry in uow.find(Inquiry).archived(only=False).where(Inquiry.lead_id == lead.id):
            inquiry.deal_id = deal.id
        return deal


def _copied(source: Inquiry | Lead, names: t.Iterable[str]) -> dict[str, t.Any]:
    return {name: getattr(source, name) for name in names}


def carry(source: Staged, target: Staged, uow: Uow) -> None:
    """Take along what others keep about a record: notes, files and activities, and what plugins extend it with."""
    _extensions(source, target, uow)
    here, there = uow.about(source), uow.about(target)
    for kind in uow.crm.kinds.values():
        if issubclass(kind.cls, About):
            mine = (kind.cls.about_kind == here["about_kind"]) & (kind.cls.about_id == here["about_id"])
            for record in uow.find(kind.cls).archived(only=False).where(mine):
                record.about_kind, record.about_id = there["about_kind"], there["about_id"]
    uow.crm.hook.sales_converted(source=source, target=target, uow=uow)


def _extensions(source: Staged, target: Staged, uow: Uow) -> None:
    """Copy the fields that extensions of the same name, of one plugin, share."""
    wanted = uow.crm.kind(type(target)).extensions
    for name, extension in uow.crm.kind(type(source)).extensions.items():
        into, held = wanted.get(name), source.get(extension.cls)
        if held is None or into is None or into.plugin != extension.plugin or target.get(into.cls) is not None:
            continue
        shared = {
            n: getattr(held, n) for n, f in into.fields.items()
            if n != "id" and not f.generated and n in extension.fields and extension.fields[n].type is f.type and getattr(held, n) is not None
        }  # fmt: skip
        if all(n in shared for n, f in into.fields.items() if f.required and n != "id"):
            target.attach(into.cls(**shared))
