"""Who has a number: everybody and everything, in whatever form it was written."""

from __future__ import annotations

import contextlib
import typing as t
import weakref

import attrs
import sqlalchemy as sa

from crmkit import OPEN, Crm, Entity, NotFound, Uow
from crmkit_sales import Company, Contact, ContactPoint, Deal, Inquiry, Lead, Source

from .entities import Call, DoNotCall, Line, OurNumber
from .numbers import e164
from .settings import TelephonySettings

MOST = 20
MOST_ASKED = 200
"""Of so many that have a number, those the actor may see are looked for."""
FEW = 4
E = t.TypeVar("E", bound=Entity)
_L, _D = Line.__table__.c, DoNotCall.__table__.c
_LINE_OF = sa.select(*_L).where(_L.owner_id == sa.bindparam("user"), _L.in_use.is_(True), _L.archived_at.is_(None)).order_by(_L.id).limit(1)
_O = OurNumber.__table__.c
_SOURCE_OF = sa.select(_O.source_id).where(
    _O.number == sa.bindparam("number"), _O.source_id.is_not(None), _O.archived_at.is_(None)).order_by(_O.id).limit(1)  # fmt: skip
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
    given = known if known is not None else _ending(number, uow)
    if given is None:
        return []
    uow.flush()
    have: dict[str, dict[int, tuple[bool, int | None]]] = {}
    for kind, key, own, contact_id in uow.run(_who_has(uow.crm, exact=known is not None), {"number": given}):
        before = have.setdefault(kind, {}).get(key, (False, None))
        have[kind][key] = (bool(own) or before[0], contact_id)
    contacts = seen_of(uow, Contact, sorted(have.get("contact", ())))
    theirs = {c.id for c in contacts}
    found = [_found(uow, c, c.name, _company(uow, c)) for c in contacts]
    found += [_found(uow, c, c.name) for c in seen_of(uow, Company, sorted(have.get("company", ())))]
    works: tuple[tuple[type[Lead | Deal | Inquiry], str], ...] = ((Lead, "lead"), (Deal, "deal"), (Inquiry, "inquiry"))
    for cls, name in works:
        keys = [key for key, (own, contact_id) in have.get(name, {}).items() if own or contact_id in theirs]
        found += [_found(uow, x, _name(x), _stage(uow, x)) for x in seen_of(uow, cls, sorted(keys, reverse=True))]
    if known is not None:
        found += [f for answer in uow.crm.hook.telephony_find(number=known, uow=uow) for f in answer or ()]
    return found


def _ending(number: str, uow: Uow) -> str | None:
    """Return what the end of a number of an unknown country is compared with; None for an extension, or what is too short."""
    digits = "".join(c for c in number if c.isascii() and c.isdigit())
    length = uow.crm[TelephonySettings].number_length
    return None if "*" in number or len(digits) < length else f"%{digits[-length:]}"


_WHO_HAS: weakref.WeakKeyDictionary[Crm, dict[bool, t.Any]] = weakref.WeakKeyDictionary()


def _who_has(crm: Crm, *, exact: bool) -> t.Any:
    """Return the one question of who has a number: everything is found by an index, and by whose rules is asked of what was found."""
    made = _WHO_HAS.setdefault(crm, {})
    if exact not in made:
        made[exact] = _question(crm, exact=exact)
    return made[exact]


def _open(crm: Crm, cls: type[Lead | Deal | Inquiry]) -> sa.ColumnElement[bool]:
    """Return what `is_open` says in a form that is prepared once: no lists of values."""
    c = cls.__table__.c
    open_ones = [
        sa.and_(c.pipeline == p.name, c.stage == s.name) for p in crm.kind(cls).pipelines.values() for s in p.stages.values() if s.outcome is OPEN
    ]  # fmt: skip
    return sa.and_(sa.or_(sa.false(), *open_ones), c.archived_at.is_(None))


def _question(crm: Crm, *, exact: bool) -> t.Any:
    number = sa.bindparam("number", type_=sa.String)

    def fits(column: t.Any) -> sa.ColumnElement[bool]:
        return t.cast("sa.ColumnElement[bool]", column == number if exact else column.like(number))

    contact, point, company = Contact.__table__.c, ContactPoint.__table__.c, Company.__table__.c
    lead, deal, inquiry = Lead.__table__.c, Deal.__table__.c, Inquiry.__table__.c
    first = sa.select(contact.id).where(fits(contact.phone), contact.archived_at.is_(None))
    beside = sa.select(contact.id).join_from(Contact.__table__, ContactPoint.__table__, point.contact_id == contact.id).where(
        fits(point.value), point.archived_at.is_(None), contact.archived_at.is_(None))  # fmt: skip
    people = first.union(beside).cte("people")

    def part(name: str, key: t.Any, *conditions: t.Any, own: bool = True, contact_id: t.Any = None) -> t.Any:
        whose = sa.null() if contact_id is None else contact_id
        rows = sa.select(
            sa.literal_column(f"'{name}'").label("kind"), key.label("id"), sa.literal_column(str(int(own))).label("own"),
            sa.cast(whose, sa.BigInteger).label("contact_id")).where(*conditions)  # fmt: skip
        sub = rows.order_by(key if name in ("contact", "company") else key.desc()).limit(sa.literal_column(str(MOST_ASKED))).subquery()
        return sa.select(*sub.c)

    ids = sa.select(people.c.id)
    return sa.union_all(
        part("contact", people.c.id), part("company", company.id, fits(company.phone), company.archived_at.is_(None)),
        part("lead", lead.id, fits(lead.phone), _open(crm, Lead)),
        part("lead", lead.id, lead.contact_id.in_(ids), _open(crm, Lead), own=False, contact_id=lead.contact_id),
        part("deal", deal.id, deal.contact_id.in_(ids), _open(crm, Deal), own=False, contact_id=deal.contact_id),
        part("inquiry", inquiry.id, fits(inquiry.phone_number), _open(crm, Inquiry)),
    )  # fmt: skip


def seen_of(uow: Uow, cls: type[E], keys: t.Sequence[int]) -> list[E]:
    """Return the records of these keys the actor may see, in this order: mostly there are one or two."""
    if len(keys) > FEW:
        place = {key: n for n, key in enumerate(keys)}
        return sorted(uow.find(cls).where(cls.id.in_(keys)).all(), key=lambda record: place[record.id])[:MOST]
    found: list[E] = []
    for key in keys:
        with contextlib.suppress(NotFound):
            found.append(uow.get(cls, key))
    return found


def _name(record: Lead | Deal | Inquiry) -> str:
    return record.name or record.phone or str(record.id) if isinstance(record, Inquiry) else record.title


def _found(uow: Uow, record: Contact | Company | Lead | Deal | Inquiry, title: str, about: str = "") -> Found:
    kind = uow.crm.kind(type(record))
    return Found(kind=kind.key, id=record.id, title=title, about=about, owner_id=record.owner_id, team_id=record.team_id)


def _company(uow: Uow, contact: Contact) -> str:
    found = [] if contact.company_id is None else seen_of(uow, Company, [contact.company_id])
    return found[0].name if found and found[0].archived_at is None else ""


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
    uow.flush()
    found = uow.run(_SOURCE_OF, {"number": known}) if known is not None else []
    return uow.peek(Source, found[0][0]) if found else None


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


__all__ = ["Belongs", "Found", "belongs", "calls_of", "do_not_call", "find", "line_of", "seen_of", "source_of"]
