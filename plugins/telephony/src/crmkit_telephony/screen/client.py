"""Whose call it is: what it is linked to, who else has the number, and what is in work with the client."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Entity, Forbidden, ListRequest, NotFound, Uow
from crmkit.ui import RecordParts, Visit
from crmkit_sales import Company, Contact, Deal, Inquiry, Lead

from ..entities import Call, CallState
from ..finding import Found, find
from .mine import number_of

LINKS: Mapping[str, tuple[type[Contact | Lead | Deal | Inquiry], str]] = {
    "sales.contact": (Contact, "contact_id"), "sales.lead": (Lead, "lead_id"), "sales.deal": (Deal, "deal_id"),
    "sales.inquiry": (Inquiry, "inquiry_id"),
}  # fmt: skip
ICONS = {"sales.contact": "user-round", "sales.company": "building-2", "sales.lead": "target", "sales.deal": "handshake", "sales.inquiry": "inbox"}
CARD = {Contact: ("email", "owner_id"), Lead: ("email", "source_id", "owner_id"), Inquiry: ("text", "source_id")}
MOST, BEFORE = 6, 4
E = t.TypeVar("E", bound=Entity)
# Written once and compiled once: each card asks one of these.
_C = Call.__table__.c
_BEFORE = sa.select(*_C).where(_C.id != sa.bindparam("call"), _C.state == CallState.ENDED, _C.archived_at.is_(None)).order_by(
    _C.began_at.desc(), _C.id.desc()).limit(sa.literal_column(str(BEFORE)))  # fmt: skip
_BEFORE_OF_CONTACT = _BEFORE.where(_C.contact_id == sa.bindparam("whose"))
_BEFORE_OF_NUMBER = _BEFORE.where(_C.number == sa.bindparam("whose"))


@attrs.frozen(kw_only=True)
class Match:
    """Somebody or something that has the number."""

    kind: str
    id: int
    title: str
    about: str
    icon: str
    path: str
    links: bool
    """It can be chosen as whose call this is."""
    linked: bool = False


@attrs.frozen(kw_only=True)
class Work:
    """A deal, lead or inquiry of the client that is open."""

    title: str
    path: str
    icon: str
    stage: str
    amount: t.Any = None


@attrs.frozen(kw_only=True)
class Onward:
    """Where another plugin leads from the call."""

    title: str
    path: str
    icon: str
    about: str


@attrs.frozen(kw_only=True)
class Earlier:
    """A call before this one."""

    call: Call
    path: str


@attrs.frozen(kw_only=True)
class Client:
    """Whose call it is, for its card."""

    main: Entity | None
    title: str
    about: str
    icon: str
    path: str
    kind: str
    properties: t.Any
    matches: Sequence[Match]
    """Who has the number besides."""
    choose: bool
    """Several people may be meant: somebody says who it is."""
    inquiry: Inquiry | None
    work: Sequence[Work]
    onward: Sequence[Onward]
    before: Sequence[Earlier]
    contact_id: int | None


def client_of(visit: Visit, uow: Uow, call: Call, *, card: bool = True) -> Client:
    """Return whose call it is."""
    linked = {key: seen(uow, cls, getattr(call, field)) for key, (cls, field) in LINKS.items()}
    found = find(uow, call.number or call.given or "") if call.number or call.given else []
    key = next((k for k in ("sales.contact", "sales.lead", "sales.deal") if linked[k] is not None), "")
    inquiry = t.cast("Inquiry | None", linked["sales.inquiry"])
    if not key and inquiry is not None and inquiry.name:
        key = "sales.inquiry"
    main = linked.get(key)
    matches = [_match(visit, uow, f, call) for f in found]
    people = [m for m in matches if m.kind in ("sales.contact", "sales.lead", "sales.company")]
    names = CARD.get(t.cast(t.Any, type(main)), ()) if main is not None else ()
    contact = t.cast("Contact | None", linked["sales.contact"])
    others = [m for m in people if not m.linked and (main is None or m.kind != "sales.lead")]
    return Client(
        main=main, kind=key, title=_title(main), about=_about(uow, main), icon=ICONS.get(key, ""),
        path=_path(visit, key, main.id) if main is not None else "",
        properties=RecordParts(visit, uow).properties(main, names) if card and main is not None and names else "",
        matches=others,
        choose=main is None and bool(people), inquiry=inquiry if key != "sales.inquiry" else None,
        work=_work(visit, uow, call, matches), onward=_onward(visit, uow, call), before=_before(visit, uow, call),
        contact_id=contact.id if contact is not None else None,
    )  # fmt: skip


def seen(uow: Uow, cls: type[E], key: int | None) -> E | None:
    """Return a record as far as the visitor may see it."""
    if key is None or not uow.may(uow.crm.kind(cls).permission("read")):
        return None
    try:
        return uow.get(cls, key)
    except (NotFound, Forbidden):
        return None


def _path(visit: Visit, kind: str, key: int) -> str:
    return visit.url(f"/{kind.replace('.', '/', 1)}/{key}")


def _title(record: Entity | None) -> str:
    if record is None:
        return ""
    text = record.name if isinstance(record, Contact | Inquiry) else getattr(record, "title", "")
    if not text and isinstance(record, Inquiry):
        text = number_of(record.phone_number, record.phone)
    return str(text or f"№ {record.id}")


def _about(uow: Uow, record: Entity | None) -> str:
    if isinstance(record, Contact):
        company = seen(uow, Company, record.company_id)
        return " · ".join(x for x in (record.position or "", company.name if company is not None else "", record.city or "") if x)
    return str(getattr(record, "city", "") or "")


def _match(visit: Visit, uow: Uow, found: Found, call: Call) -> Match:
    links = found.kind in LINKS
    return Match(
        kind=found.kind, id=found.id, title=found.title, about=visit.say(found.about), icon=ICONS.get(found.kind, "circle-user"),
        path=_path(visit, found.kind, found.id), links=links, linked=links and getattr(call, LINKS[found.kind][1]) == found.id,
    )  # fmt: skip


def _work(visit: Visit, uow: Uow, call: Call, matches: Sequence[Match]) -> Sequence[Work]:
    """Return what is open with the client: of those linked, else of whoever has the number beyond doubt."""
    if call.contact_id is None:
        one = len({m.id for m in matches if m.kind == "sales.contact"}) < 2
        work = [m for m in matches if one and m.kind in ("sales.lead", "sales.deal", "sales.inquiry") and not m.linked]
        return [Work(title=m.title, path=m.path, icon=m.icon, stage=m.about) for m in work[:MOST]]
    found: list[Work] = []
    for cls in (Deal, Lead, Inquiry):
        kind = uow.crm.kind(cls)
        hidden = uow.crm.access.hidden(uow.actor, kind)
        title = "name" if cls is Inquiry else "title"
        if not uow.may(kind.permission("read")) or hidden & {title, "contact_id", "stage"}:
            continue
        fields = [f for f in ("id", title, "pipeline", "stage", "amount", "phone") if f in kind.fields and f not in hidden]
        asked = ListRequest(filter={"contact_id": call.contact_id}, fields=fields, sort=["-created_at"], limit=MOST * 2)
        for row in uow.page(cls, asked).rows:
            pipeline = kind.pipelines.get(row.get("pipeline") or "")
            stage = pipeline.stages.get(row.get("stage") or "") if pipeline is not None else None
            if stage is not None and stage.outcome.value == "open" and not (cls is Inquiry and row["id"] == call.inquiry_id):
                said = row.get(title) or number_of(row.get("phone")) or f"№ {row['id']}"
                found.append(Work(
                    title=said, path=_path(visit, kind.key, row["id"]), icon=ICONS[kind.key],
                    stage=visit.say(stage.label), amount=row.get("amount")))  # fmt: skip
    return found[:MOST]


def _onward(visit: Visit, uow: Uow, call: Call) -> Sequence[Onward]:
    """Return what other plugins lead to from this call."""
    if "telephony_card" not in uow.crm.hooked:
        return ()
    answers = uow.crm.hook.telephony_card(call=call, uow=uow)
    return [
        Onward(title=visit.say(way["title"]), path=visit.url(way["path"]), icon=way.get("icon", "link"), about=visit.say(way.get("about", "")))
        for answer in answers for way in answer or ()
    ]  # fmt: skip


def _before(visit: Visit, uow: Uow, call: Call) -> Sequence[Earlier]:
    if not uow.may(uow.crm.kind(Call).permission("read")) or (call.contact_id is None and call.number is None):
        return ()
    same, whose = (_BEFORE_OF_CONTACT, call.contact_id) if call.contact_id is not None else (_BEFORE_OF_NUMBER, call.number)
    found = uow.run_seen(Call, same, {"whose": whose, "call": call.id})
    return [Earlier(call=c, path=visit.url(f"/telephony/card/{c.id}")) for c in found]


def link(uow: Uow, call: Call, record: Contact | Lead | Deal | Inquiry) -> None:
    """Say whose call it is; what belongs to the client comes along."""
    for cls, field in LINKS.values():
        if isinstance(record, cls):
            setattr(call, field, record.id)
    if isinstance(record, Lead | Deal | Inquiry) and record.contact_id is not None:
        call.contact_id = record.contact_id


def unlink(call: Call) -> None:
    """Say that it is not them; an inquiry that was made of the call stays with it."""
    call.contact_id = call.lead_id = call.deal_id = None


__all__ = ["LINKS", "Client", "Match", "Work", "client_of", "link", "seen", "unlink"]
