"""Deliveries are written straight into their table: they are many, they are forgotten again, and the journal is not for them."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crmkit import Uow

from .entities import Delivery, State

TABLE = Delivery.__table__
TOPIC = "webhooks.delivery"


def insert(uow: Uow, rows: Sequence[Mapping[str, t.Any]]) -> list[int]:
    """Write new deliveries, in order, and return their keys. Those that are there already are left out."""
    c = TABLE.c
    there: set[tuple[int, str]] = set()
    for endpoint in {row["endpoint_id"] for row in rows}:
        names = [row["message_id"] for row in rows if row["endpoint_id"] == endpoint]
        known = sa.select(c.message_id).where(c.endpoint_id == endpoint, c.message_id.in_(names))
        there |= {(endpoint, name) for name in uow.connection.execute(known).scalars()}
    fixed = {"created_at": uow.now, "updated_at": uow.now, "version": 1, "state": State.WAITING, "tries": 0, "attempts": [], "next_at": uow.now}
    made = []
    for row in rows:
        if (row["endpoint_id"], row["message_id"]) not in there:
            made.append(uow.connection.execute(TABLE.insert().values(**fixed, **row).returning(c.id)).scalar_one())
    if made:
        uow.publish(TOPIC)
    return made


def update(uow: Uow, key: int, **values: t.Any) -> None:
    """Change one delivery."""
    c = TABLE.c
    changed: dict[str, t.Any] = {"updated_at": uow.now, "version": c.version + 1, **values}
    uow.connection.execute(TABLE.update().where(c.id == key).values(**changed))
    uow.publish(TOPIC, key)

