"""The client of a task: whom it is about, and what else there is with them."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import attrs

from crmkit import Entity, Forbidden, ListRequest, NotFound, Uow
from crmkit.ui import Visit
from crmkit_sales import Contact, Deal, Lead

from ..entities import Task

CONTACT = ("name", "phone", "email", "city", "company_id", "position", "address")
LEAD = ("title", "phone", "email", "city", "text", "source_id")
SHOWN = 8


@attrs.frozen(kw_only=True)
class Business:
    """A deal or a lead of the client."""

    title: str
    path: str
    icon: str
    stage: str
    color: str
    amount: t.Any
    mine: bool


@attrs.frozen(kw_only=True)
class Client:
    """Whom a task is about, as far as the visitor may see it. `named` says that there is somebody, seen or not."""

    named: bool
    contact: Contact | None = None
    lead: Lead | None = None
    deal: Deal | None = None

    @property
    def main(self) -> Entity | None:
        """The record whose card and timeline are shown."""
        return self.contact or self.lead or self.deal


def client_of(uow: Uow, task: Task) -> Client:
    """Return the client of a task."""
    contact = _seen(uow, Contact, task.contact_id)
    return Client(
        named=bool(task.contact_id or task.lead_id or task.deal_id), contact=contact, lead=_seen(uow, Lead, task.lead_id),
        deal=_seen(uow, Deal, task.deal_id),
    )  # fmt: skip


E = t.TypeVar("E", bound=Entity)


def _seen(uow: Uow, cls: type[E], key: int | None) -> E | None:
    if key is None or not uow.may(uow.crm.kind(cls).permission("read")):
        return None
    try:
        return uow.get(cls, key)
    except (NotFound, Forbidden):
        return None


def business_of(visit: Visit, uow: Uow, task: Task, client: Client) -> Sequence[Business]:
    """Return the client's deals and leads, those of the task first: one statement each."""
    found: list[Business] = []
    for cls, own in ((Deal, task.deal_id), (Lead, task.lead_id)):
        kind = uow.crm.kind(cls)
        filters: list[dict[str, t.Any]] = []
        if task.contact_id is not None:
            filters.append({"contact_id": task.contact_id})
        if own is not None:
            filters.append({"id": own})
        hidden = uow.crm.access.hidden(uow.actor, kind)
        if not filters or not uow.may(kind.permission("read")) or hidden & {"title", "contact_id"}:
            continue
        fields = [f for f in ("id", "title", "pipeline", "stage", "amount") if f not in hidden]
        asked = ListRequest(filter=filters[0] if len(filters) == 1 else {"or": filters}, fields=fields, sort=["-created_at"], limit=SHOWN)
        found += [_one(visit, uow, cls, row, row["id"] == own) for row in uow.page(cls, asked).rows]
    return sorted(found, key=lambda b: not b.mine)


def _one(visit: Visit, uow: Uow, cls: type[Deal] | type[Lead], row: t.Mapping[str, t.Any], mine: bool) -> Business:
    kind = uow.crm.kind(cls)
    pipeline = kind.pipelines.get(row.get("pipeline") or "")
    stage = pipeline.stages.get(row.get("stage") or "") if pipeline is not None else None
    color = {"won": "green", "lost": "red"}.get(stage.outcome.value, "blue") if stage is not None else "gray"
    return Business(
        title=row["title"] or f"№ {row['id']}", path=visit.url("/" + kind.key.replace(".", "/", 1) + f"/{row['id']}"),
        icon="handshake" if cls is Deal else "target", stage=visit.say(stage.label) if stage is not None else "", color=color,
        amount=row.get("amount"), mine=mine,
    )  # fmt: skip


__all__ = ["CONTACT", "LEAD", "Business", "Client", "business_of", "client_of"]
