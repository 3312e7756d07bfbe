"""Who has a number: everybody and everything, in whatever form it was written."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from crmkit import Entity, Uow
from crmkit_sales import Company, Contact, ContactPoint, Deal, Inquiry, Lead, Source, is_open

from .entities import Call, DoNotCall, Line, OurNumber
from .numbers import e164
from .settings import TelephonySettings

MOST = 20
_L, _D = Line.__table__.c, DoNotCall.__table__.c
_LINE_OF = sa.select(*_L).where(_L.owner_id == sa.bindparam("user"), _L.in_use.is_(True), _L.archived_at.is_(None)).order_by(_L.id).limit(1)
_STOPPED = sa.select(_D.id).where(_D.number == sa.bindparam("number"), _D.archived_at.is_(None)).limit(1)


@attrs.frozen(kw_only=True)
class Found:
    """Somebody or something that has a number."""

    kind: str
    """The entity, such as ``sales.contact``."""
    id: int
    title: str
    about: str = ""
    """A few words that tell it from others: the company, the stage."""
    owner_id: int | None = None
    team_id: int | None = None


def find(uow: Uow, number: str) -> list[Found]:
    """Return who has a number, of what the actor may see: contacts, companies, open leads, deals and inquiries, what other plugins know."""
    known = e164(number, uow.crm)
    fits = _fits(number, known, uow)
    if fits is None:
        return []
    contacts = uow.find(Contact).where(_of_contact(fits)).limit(MOST).all()
    ids = [c.id for c in contacts]
    found = [_found(uow, c, c.name, _company(uow, c)) for c in contacts]
    found += [_found(uow, c, c.name) for c in uow.find(Company).where(fits(Company.phone)).limit(MOST)]
    theirs = Lead.contact_id.in_(ids) if ids else sa.false()
    leads = uow.find(Lead).where(is_open(uow.crm, Lead), fits(Lead.phone) | theirs).order_by(Lead.id.desc()).limit(MOST).all()
    found += [_found(uow, x, x.title, _stage(uow, x)) for x in leads]
    if ids:
        deals = uow.find(Deal).where(is_open(uow.crm, Deal), Deal.contact_id.in_(ids)).order_by(Deal.id.desc()).limit(MOST)
        found += [_found(uow, x, x.title, _stage(uow, x)) for x in deals]
    inquiries = uow.find(Inquiry).where(is_open(uow.crm, Inquiry), fits(Inquiry.phone_number)).order_by(Inquiry.id.desc()).limit(MOST)
    found += [_found(uow, x, x.name or x.phone or str(x.id), _stage(uow, x)) for x in inquiries]
    if known is not None:
        found += [f for answer in uow.crm.hook.telephony_find(number=known, uow=uow) for f in answer or ()]
    return found


def _fits(number: str, known: str | None, uow: Uow) -> t.Callable[[t.Any], sa.ColumnElement[bool]] | None:
    """Return what a column with a number is compared with: the whole of it, or its end where the country is not known."""
    if known is not None:
        return lambda column: column == known
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    length = uow.crm[TelephonySettings].number_length
    if "*" in number or len(digits) < length:
        return None
    return lambda column: column.like(f"%{digits[-length:]}")


def _of_contact(fits: t.Callable[[t.Any], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    point = ContactPoint.__table__.c
    beside = sa.select(point.contact_id).where(fits(point.value), point.archived_at.is_(None))
    return fits(Contact.phone) | Contact.id.in_(beside)


def _found(uow: Uow, record: Contact | Company | Lead | Deal | Inquiry, title: str, about: str = "") -> Found:
    kind = uow.crm.kind(type(record))
    return Found(kind=kind.key, id=record.id, title=title, about=about, owner_id=record.owner_id, team_id=record.team_id)


def _company(uow: Uow, contact: Contact) -> str:
    company = None if contact.company_id is None else uow.find(Company).where(Company.id == contact.company_id).first()
    return "" if company is None else company.name


def _stage(uow: Uow, record: Lead | Deal | Inquiry) -> str:
    pipeline = uow.crm.kind(type(record)).pipelines.get(record.pipeline)
    stage = None if pipeline is None else pipeline.stages.get(record.stage)
    return "" if stage is None else stage.label


def line_of(uow: Uow, user_id: int) -> Line | None:
    """Return a colleague's telephone, None where there is none in use."""
    uow.flush()
    with uow.as_system():
        found = uow.run_for(Line, _LINE_OF, {"user": user_id})
    return found[0][0] if found else None


def do_not_call(uow: Uow, number: str) -> bool:
    """True for a number nobody may call."""
    known = e164(number, uow.crm)
    uow.flush()
    return known is not None and bool(uow.run(_STOPPED, {"number": known}))


def source_of(uow: Uow, our_number: str | None) -> Source | None:
    """Return the advertising one of our numbers stands in."""
    known = e164(our_number, uow.crm)
    own = None if known is None else uow.find(OurNumber).where(OurNumber.number == known).first()
    return None if own is None or own.source_id is None else uow.peek(Source, own.source_id)


@attrs.frozen(kw_only=True)
class Belongs:
    """Whose call it is, as far as that is beyond doubt: where several have the number a person chooses."""

    contact_id: int | None = None
    lead_id: int | None = None
    deal_id: int | None = None
    inquiry_id: int | None = None
    owner_id: int | None = None
    team_id: int | None = None
    known: bool = False
    """Somebody has the number, whoever it is."""


def belongs(found: t.Sequence[Found]) -> Belongs:
    """Say whose call it is, of those who have the number."""
    of = {name: [f for f in found if f.kind == f"sales.{name}"] for name in ("contact", "lead", "deal", "inquiry")}
    one = {name: fs[0] if len(fs) == 1 else None for name, fs in of.items()}
    if len(of["contact"]) > 1:  # whose lead or deal it is, is then in doubt too
        one = dict.fromkeys(one)
    client = one["contact"] or one["lead"] or one["inquiry"]
    return Belongs(
        contact_id=_id(one["contact"]), lead_id=_id(one["lead"]), deal_id=_id(one["deal"]), inquiry_id=_id(one["inquiry"]),
        owner_id=client.owner_id if client is not None else None, team_id=client.team_id if client is not None else None, known=bool(found),
    )  # fmt: skip


def _id(found: Found | None) -> int | None:
    return None if found is None else found.id


def calls_of(uow: Uow, record: Entity) -> list[Call]:
    """Return the calls about a contact, lead, deal or inquiry that the actor may see, newest first."""
    name = uow.crm.kind(type(record)).key.partition(".")[2] + "_id"
    return uow.find(Call).where(getattr(Call, name) == record.id).order_by(Call.began_at.desc(), Call.id.desc()).all()


__all__ = ["Belongs", "Found", "belongs", "calls_of", "do_not_call", "find", "line_of", "source_of"]
