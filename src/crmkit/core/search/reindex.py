"""Bringing the index in step with the records: for databases that were filled before, and after a search field was declared."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator, Sequence

import attrs
import sqlalchemy as sa

from ..kind import Kind
from ..sql import Db
from ..tables import search
from ..where import Where
from .documents import body, search_fields
from .port import FTS, PORTS

if t.TYPE_CHECKING:
    from ..compose import Crm

CHUNK = 1_000


@attrs.frozen
class Progress:
    """How far one kind has come: records looked at, and those whose document was not what it should be."""

    kind: Kind
    seen: int
    wrong: int
    orphans: int = 0


def reindex(crm: Crm, kinds: Iterable[Kind] | None = None, *, write: bool = True) -> Iterator[Progress]:
    """Write the documents that are missing or wrong, a thousand records to a transaction; yield after each.

    What is right already is only read: killed in the middle and begun again, it is soon where it was. With `write` False
    nothing is changed, and `wrong` says how much would be.
    """
    for kind in [k for k in (kinds if kinds is not None else crm.kinds.values()) if search_fields(k)]:
        seen = wrong = after = 0
        while True:
            with crm.database.write() if write else crm.database.read() as db:
                rows = _rows(crm, db, kind, after, None)
                found = [key for key, made, kept in rows if kept is None or set(made.split(" ")) != set(kept.split(" "))]
                if write and found:
                    put(crm, db, kind, found)
            seen, wrong = seen + len(rows), wrong + len(found)
            if len(rows) < CHUNK:
                break
            after = rows[-1][0]
            yield Progress(kind, seen, wrong)
        yield Progress(kind, seen, wrong, _orphans(crm, kind, write))
    if not is_whole(crm) and write:
        with crm.database.write() as db:
            db.driver(f"INSERT INTO {FTS} ({FTS}) VALUES ('rebuild')")


def is_whole(crm: Crm) -> bool:
    """True when SQLite's full text holds what the documents say; PostgreSQL's index cannot differ."""
    if crm.database.postgres:
        return True
    with crm.database.write() as db:
        try:
            db.driver(f"INSERT INTO {FTS} ({FTS}, rank) VALUES ('integrity-check', 1)")
        except sa.exc.DatabaseError:
            return False
    return True


def _rows(crm: Crm, db: Db, kind: Kind, after: int, only: Sequence[int] | None) -> list[tuple[int, str, str | None]]:
    """Return key, document as it should be and document as it is: the next records after a key, or some of them, held."""
    where, table = Where(kind, crm.kinds, db.dialect), kind.table
    fields = search_fields(kind)
    columns = [where.column(kind.path(f.dotted, crm.kinds)).label(f"c{n}") for n, f in enumerate(fields)]
    source = where.source.outerjoin(search, sa.and_(search.c.kind == kind.key, search.c.record_id == table.c.id))
    chosen = sa.select(table.c.id, search.c.body, *columns).select_from(source).order_by(table.c.id)
    if only is None:
        chosen = chosen.where(table.c.id > after).limit(CHUNK)
    else:
        chosen = chosen.where(table.c.id.in_(only)).with_for_update(of=table)
    found = []
    for key, kept, *values in db.connection.execute(chosen):
        found.append((key, body(fields, {f.dotted: v for f, v in zip(fields, values, strict=True)}), kept))
    return found


def put(crm: Crm, db: Db, kind: Kind, keys: Sequence[int]) -> None:
    """Write documents of records that are held meanwhile, so that nobody's newer words are overwritten."""
    upsert = PORTS[db.dialect.name].upsert
    rows = [(kind.key, key, made) for key, made, _kept in _rows(crm, db, kind, 0, keys)]
    cursor = db.raw.cursor()
    try:
        cursor.executemany(upsert, rows)
    finally:
        cursor.close()


def _orphans(crm: Crm, kind: Kind, write: bool) -> int:
    """Count (and drop) documents of records that are no more."""
    table = kind.table
    alone = sa.and_(search.c.kind == kind.key, ~sa.exists().where(table.c.id == search.c.record_id))
    with crm.database.write() if write else crm.database.read() as db:
        if write:
            return db.connection.execute(search.delete().where(alone)).rowcount
        return db.connection.execute(sa.select(sa.func.count()).select_from(search).where(alone)).scalar_one()
