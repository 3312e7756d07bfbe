"""Contacts that come by the thousand get what one that is written by hand gets: points, journal, and what they are found by."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Crm, Entity
from crmkit.core.ledger import journal
from crmkit.core.tables import search
from crmkit_sales import Contact, ContactPoint, Way

ROWS: list[dict[str, Any]] = [
    {"name": "Anna  Petrova", "phone": "8 (912) 345-67-89", "email": "Anna@Example.ru"},
    {"name": "Ben"},
    {"name": "Carl", "phone": "020 7946 0123", "country": "gb"},
    {"name": "Дарья", "email": "дарья@пример.рф"},
    {"name": "Eve", "phone": "+7 800 200-60-00", "email": "e.v+e@sub.example.com"},
    {"name": "Eve again", "phone": "+78002006000", "email": "E.V+E@sub.example.com"},
]


def books(crm: Crm, first: int) -> dict[str, list[Any]]:
    """Return contacts from a key on, their points and what is told of both, keys told from the first one on."""
    def told(table: sa.Table, *left_out: str, **shift: int) -> list[Any]:
        of = {"sales_contact": table.c.get("id"), "sales_contact_point": table.c.get("contact_id")}.get(table.name)
        rows = uow.connection.execute(sa.select(table).where(of >= first if of is not None else sa.true()).order_by(table.c.id)).mappings()
        return [{n: v - shift[n] if n in shift else v for n, v in r.items() if n not in left_out} for r in rows]

    with crm.read() as uow:
        contacts, points = told(Contact.__table__, id=first), told(ContactPoint.__table__, "id", contact_id=first)
        keys = uow.connection.execute(sa.select(ContactPoint.id).where(ContactPoint.contact_id >= first)).scalars().all()
        of = {"sales.contact": range(first, first + len(contacts)), "sales.contact_point": keys}
        known: dict[str, list[Any]] = {}
        for name, kept in of.items():
            documents = sa.select(search.c.body).where(search.c.kind == name, search.c.record_id.in_(list(kept)))
            known[name] = sorted(sorted(body.split()) for body in uow.connection.execute(documents).scalars())
            noted = sa.select(journal).where(journal.c.kind == name, journal.c.record_id.in_(list(kept)))
            rows = [dict(r) for r in uow.connection.execute(noted).mappings()]
            for row in rows:
                if name == "sales.contact_point":
                    row["changes"]["contact_id"][1] -= first
            known[f"journal {name}"] = sorted(({n: v for n, v in r.items() if n not in ("id", "tx", "record_id")} for r in rows), key=str)
    return {"contacts": contacts, "points": sorted(points, key=str), **known}


def test_one_by_one_and_together(crm: Crm) -> None:
    with crm.uow() as uow:
        alone = [uow.add(Contact(**row)) for row in ROWS]
    first = books(crm, alone[0].id)
    with crm.uow() as uow:
        keys = uow.add_many(Contact, ROWS)
    assert books(crm, keys[0]) == first
    assert len(first["points"]) == 8


def test_more_than_a_chunk_of_points(crm: Crm) -> None:
    count = 2_600
    with crm.uow() as uow:
        keys = uow.add_many(Contact, [{"name": f"C {n}", "phone": f"+7912{n:07}", "email": f"c{n}@example.ru"} for n in range(count)])
    with crm.read() as uow:
        shown = {(c.id, v) for c in uow.find(Contact) for v in (c.phone, c.email)}
        rows = uow.connection.execute(sa.select(ContactPoint.contact_id, ContactPoint.value, ContactPoint.primary)).all()
    assert len(keys) == count
    assert {(r.contact_id, r.value) for r in rows if r.primary} == shown
    assert len(rows) == 2 * count


@pytest.mark.parametrize("written", ["before", "after"])
def test_points_beside_those_of_a_new_contact(crm: Crm, written: str) -> None:
    """A further point given in the same transaction leaves one primary point, the one that is shown."""
    with crm.uow() as uow:
        ann = uow.add(Contact(name="Ann", phone="+79120000001"))
        uow.flush()
        if written == "before":
            uow.add(ContactPoint(contact_id=ann.id, way=Way.PHONE, value="+79120000002"))
        uow.settle()
        if written == "after":
            uow.add_many(ContactPoint, [{"contact_id": ann.id, "way": Way.PHONE, "value": "+79120000002", "primary": True}])
    with crm.read() as uow:
        assert_in_step(uow.get(Contact, ann.id), uow.find(ContactPoint).all())


def assert_in_step(contact: Any, points: list[Any]) -> None:
    assert [p.value for p in points if p.primary] == [contact.phone]
    assert all(isinstance(p, Entity) for p in points)
