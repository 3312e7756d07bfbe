"""crmkit itself: permission, row rule, lock, guard, needs, version, history, journal, outbox, totals, one automation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

import crmkit
from bench.data import STAGES, Data, NewDeal, load, settle, sqlite_value
from bench.peers import CARDS, PAGE, Actor, Counts, Peer, Refused
from bench.peers import crmkit_many as many
from bench.peers.crmkit_plugin import Deal, FollowUp, plugin
from bench.place import Place
from crmkit.core import operations
from crmkit.core.board import board
from crmkit.core.ledger import fold_tally
from crmkit.core.lists import ListRequest, page
from crmkit.core.settle import total_of, total_row
from crmkit.core.types import utc_text

FIELDS = ("id", "title", "amount", "currency", "stage", "owner_id", "created_at", "version", "company.name", "contact.name")
OWN = crmkit.Role("own", {"benchcrm.*": "own", "benchcrm.company.read": "all", "benchcrm.contact.read": "all"})
ALL = crmkit.Role("all", {"benchcrm.*": "all"})


def compose(place: Place, *more: crmkit.Plugin) -> crmkit.Crm:
    """The CRM of this benchmark on a database."""
    return crmkit.Crm(plugin, *more, database=place.sqlalchemy, roles=[OWN, ALL])


class CrmkitPeer(Peer):
    """crmkit through its own operations, as the API calls them."""

    label: ClassVar[str] = "crmkit"
    schema: ClassVar[str] = "crmkit"

    @classmethod
    def build(cls, place: Place, data: Data) -> None:
        """The tables of the kernel and the plugin; rows, history of totals included, as after a real load."""
        crm = compose(place)
        for table in crm.tables:
            table.create(crm.engine)
        _fill(crm, place, data)
        crm.engine.dispose()
        settle(place)

    def __init__(self, place: Place, data: Data) -> None:
        """Compose."""
        self.crm = compose(place)
        self.deal = self.crm.kind(Deal)

    def backends(self) -> list[int]:
        """The one backend."""
        if not self.crm.database.postgres:
            return []
        with self.crm.engine.connect() as connection:
            return [int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())]

    def move(self, deal_id: int, stage: str, actor: Actor) -> None:
        """One unit of work."""
        try:
            with self.crm.uow(_who(actor)) as uow:
                operations.move(uow, self.deal, deal_id, stage)
        except crmkit.Refusal as error:
            raise Refused(str(error)) from error

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """One list page, as JSON-ready rows."""
        request = ListRequest(filter={"id": {"lt": before}}, sort=["-id"], fields=FIELDS, limit=PAGE)
        with self.crm.read(_who(actor)) as uow:
            return page(uow, self.deal, request).rows

    def board(self, actor: Actor | None) -> Sequence[Mapping[str, Any]]:
        """The board."""
        who = crmkit.Actor(1, "all", ["all"]) if actor is None else _who(actor)
        with self.crm.read(who) as uow:
            found = board(uow, self.deal, cards=CARDS, fields=["id", "title", "amount", "owner_id"])
        return [{**c, "sum": c["sums"]["amount"]} for c in found["columns"]]

    def bulk(self, deals: Sequence[NewDeal], actor: Actor) -> None:
        """One unit of work for a batch."""
        rows = [{"title": d.title, "amount": d.amount, "currency": d.currency, "contact_id": d.contact_id, "company_id": d.company_id,
                 "owner_id": d.owner_id, "team_id": d.team_id} for d in deals]  # fmt: skip
        with self.crm.uow(crmkit.Actor(actor.id, "all", ["all"], [actor.team_id])) as uow:
            uow.add_many(Deal, rows)

    def counts(self) -> Counts:
        """The rows."""
        names = (Deal.__table__.name, "crm_stage_history", FollowUp.__table__.name, "crm_journal")
        with self.crm.engine.connect() as connection:
            return Counts(*(connection.execute(sa.text(f"SELECT count(*) FROM {n}")).scalar_one() for n in names))

    def close(self) -> None:
        """Close the pool."""
        self.crm.engine.dispose()


class ThousandAutomations(CrmkitPeer):
    """crmkit with a thousand automations of ten more plugins, none of which a move triggers: what does their presence cost?"""

    label: ClassVar[str] = "crmkit, 1,000 automations more"

    def __init__(self, place: Place, data: Data) -> None:
        """Compose with ten plugins of a hundred automations each."""
        self.crm = compose(place, *(many.plugin(number) for number in range(10)))
        self.deal = self.crm.kind(Deal)


class Unruled(CrmkitPeer):
    """The same rows read without a row rule, chosen by a filter instead: what does the rule cost a list?"""

    label: ClassVar[str] = "crmkit, no row rule"

    def page(self, actor: Actor, before: int) -> Sequence[Mapping[str, Any]]:
        """The same page for somebody who may see everything and asks for one owner's."""
        request = ListRequest(filter={"id": {"lt": before}, "owner_id": actor.id}, sort=["-id"], fields=FIELDS, limit=PAGE)
        with self.crm.read(crmkit.Actor(1, "all", ["all"])) as uow:
            return page(uow, self.deal, request).rows


def _who(actor: Actor) -> crmkit.Actor:
    return crmkit.Actor(actor.id, "Ann", ["own"], [actor.team_id])


def _fill(crm: crmkit.Crm, place: Place, data: Data) -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return int(value * 100)
        return utc_text(value) if hasattr(value, "tzinfo") else sqlite_value(value)

    base = ("created_at", "updated_at", "version")
    start = data.born(1)
    companies = ((n, data.company(n), start, start, 1) for n in range(1, data.companies + 1))
    load(place, "benchcrm_company", ("id", "name", *base), companies, plain)
    contacts = (
        (n, data.person(n), f"+7900{n:07d}", f"c{n}@example.com", data.company_of(n), data.owner_of(n), data.team_of(data.owner_of(n)),
            start, start, 1)
        for n in range(1, data.contacts + 1)
    )
    load(place, "benchcrm_contact", ("id", "name", "phone", "email", "company_id", "owner_id", "team_id", *base), contacts, plain)
    columns = ("id", "title", "amount", "currency", "pipeline", "stage", "stage_since", "contact_id", "company_id", "owner_id", "team_id", *base)
    load(place, "benchcrm_deal", columns, (_deal(n, data) for n in range(1, data.deals + 1)), plain)
    totals, kind = [], crm.kind(Deal)
    for n in range(1, data.deals + 1):
        values = dict(zip(columns, _deal(n, data), strict=True))
        total = total_of(kind, values)
        assert total is not None
        totals.append(total_row(kind, total, 1))
    names = ("kind", "pipeline", "stage", "owner_id", "team_id", "n", "t0", "t1", "t2")
    load(place, "crm_tally", names, ([row[c] for c in names] for row in totals))
    with crm.database.write() as db:
        fold_tally(db)


def _deal(number: int, data: Data) -> tuple[Any, ...]:
    deal, born = data.new_deal(number), data.born(number)
    stage = STAGES[deal.stage_id - 1].code
    return (number, deal.title, deal.amount, deal.currency, "benchcrm", stage, born, deal.contact_id, deal.company_id, deal.owner_id,
        deal.team_id, born, born, 1)
