"""Trees of records that point to one of their own kind: no circles, whoever edits at the same time."""

from __future__ import annotations

import typing as t
import zlib
from collections.abc import Mapping

import sqlalchemy as sa

from crmkit import Invalid, Problem, _

if t.TYPE_CHECKING:
    from crmkit import Entity, Uow

CIRCLE = _("«{name}» would stand above itself: {way}", ru="«{name}» окажется выше самой себя: {way}")


def serialise(uow: Uow, name: str) -> None:
    """Let one transaction at a time go on from here, by a name; SQLite has one writer anyway."""
    if uow.connection.dialect.name == "postgresql":
        uow.connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(:space, :name)"), {"space": 0x73616C65, "name": zlib.crc32(name.encode()) - 2**31}
        )


def no_circle(cls: type[Entity], values: Mapping[str, t.Any], before: Mapping[str, t.Any] | None, uow: Uow) -> None:
    """Refuse a record whose `parent_id` leads back to itself. A new record can stand above nobody yet."""
    parent, own = values.get("parent_id"), values.get("id")
    if parent is None or before is None or before.get("parent_id") == parent:
        return
    table = cls.__table__
    serialise(uow, f"tree:{table.name}")
    way, name = [], table.c.get("name", table.c.id)
    seen: set[int] = set()
    while parent is not None and parent not in seen:
        seen.add(parent)
        row = uow.connection.execute(sa.select(table.c.parent_id, name).where(table.c.id == parent)).first()
        if row is None:
            return  # the database says that there is no such record
        way.append(str(row[1]))
        if parent == own:
            raise Invalid(problems=[Problem("parent_id", "circle", CIRCLE.format(name=values.get("name", own), way=" → ".join(way)))])
        parent = row[0]
