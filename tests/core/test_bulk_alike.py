"""What is added in bulk is what would have been added one by one: rows, journal and what is told of refusals."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from crmkit import Crm, Invalid
from crmkit.core.ledger import journal

from .probe import Kind, Person

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
ROWS: list[dict[str, Any]] = [
    {"name": " Ann "},
    {"name": "Bob", "phone": "8 (800) 100-20-30", "email": "B@C.example", "age": 5, "height": 2, "kind": Kind.RETAIL, "active": False},
    {"name": "Cid", "seen_at": NOON, "born": dt.date(2020, 2, 29), "balance": 5, "rate": decimal.Decimal("0.5"), "owner_id": 3},
    {"seen_at": NOON.astimezone(dt.timezone(dt.timedelta(hours=3))), "name": "Dan", "kind": Kind.WHOLESALE, "token": uuid.UUID(int=7)},
    {"name": "Eve", "kind": Kind.RETAIL, "seen_at": NOON + dt.timedelta(1), "photo": b"\0", "extra": {"a": [1]}, "tags": ["x"], "password": "secret"},
    {"name": "Fay", "kind": None, "phone": None, "tags": [], "seen_at": NOON},
]


def books(crm: Crm) -> tuple[list[Any], list[Any]]:
    """Return the people and what the journal says of them, without keys and transactions."""
    with crm.read() as uow:
        people = uow.connection.execute(sa.select(Person.__table__).order_by(Person.id)).mappings().all()
        noted = uow.connection.execute(sa.select(journal).where(journal.c.kind == "probe.person").order_by(journal.c.record_id)).mappings().all()
    return [{n: v for n, v in row.items() if n != "id"} for row in people], [
        {n: v for n, v in row.items() if n not in ("id", "tx", "record_id")} for row in noted]  # fmt: skip


def test_rows_and_journal_are_those_of_one_by_one(crm: Crm) -> None:
    with crm.uow() as uow:
        for row in ROWS:
            uow.add(Person(**row))
            uow.flush()
    alone, told = books(crm)
    with crm.uow() as uow:
        keys = uow.add_many(Person, ROWS)
    together, told_together = books(crm)
    assert len(keys) == len(ROWS)
    assert together[: len(ROWS)] == alone == together[len(ROWS) :]
    assert told_together[: len(ROWS)] == told == told_together[len(ROWS) :]


def test_defaults_are_everybodys_own(crm: Crm) -> None:
    with crm.uow() as uow:
        one, two = uow.add_many(Person, [{"name": "Ann"}, {"name": "Bob"}])
        uow.get(Person, one).tags.append("x")
    with crm.read() as uow:
        assert (uow.get(Person, one).tags, uow.get(Person, two).tags) == (["x"], [])


def test_everything_wrong_with_a_row_is_told_in_the_order_of_the_fields(crm: Crm) -> None:
    with pytest.raises(Invalid) as refused, crm.uow() as uow:
        uow.add_many(Person, [{"name": "Ann"}, {"colour": 1, "phone": "call me", "age": "5", "id": 7}, {"age": 2**63, "name": None}])
    assert [p.path for p in refused.value.problems] == ["1.name", "1.phone", "1.age", "1.colour", "1.id", "2.name", "2.age"]
