"""Which record another system's id stands for: the kernel's table ``crm_external``, read and written by the thousand."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

import attrs
import sqlalchemy as sa

from ..core.sql import dump_json
from ..core.tables import external as table

if t.TYPE_CHECKING:
    from ..core.uow import Uow


@attrs.frozen
class Known:
    """What is known of one external id."""

    record_id: int
    digest: str | None
    operation: int | None


# While a table fills up PostgreSQL knows nothing of its size yet and would read all ids of the source for every chunk: the
# fence (OFFSET 0) makes it look up each by the key.
ONE_BY_ONE = """
SELECT x.external_id, x.record_id, x.digest, x.operation FROM unnest(%(ids)s::text[]) AS wanted (id) CROSS JOIN LATERAL (
SELECT * FROM crm_external WHERE source = %(source)s AND kind = %(kind)s AND external_id = wanted.id OFFSET 0) AS x
"""


def among(uow: Uow, column: t.Any, values: Iterable[t.Any]) -> t.Any:
    """Return ``column IN (values)`` with the whole list as one parameter."""
    listed = list(values)
    if uow.db.postgres:
        from sqlalchemy.dialects.postgresql import ARRAY

        return column.in_(sa.select(sa.func.unnest(sa.bindparam(None, listed, type_=ARRAY(column.type)))))
    return column.in_(sa.select(sa.func.json_each(dump_json(listed)).table_valued("value").c.value))


def known(uow: Uow, source: str, kind: str, ids: Iterable[str]) -> dict[str, Known]:
    """Return what is known of external ids."""
    if uow.db.postgres:
        rows = uow.db.driver(ONE_BY_ONE, {"ids": list(ids), "source": source, "kind": kind})
        return {row[0]: Known(*row[1:]) for row in rows.fetchall()}
    columns = (table.c.external_id, table.c.record_id, table.c.digest, table.c.operation)
    where = (table.c.source == source, table.c.kind == kind, among(uow, table.c.external_id, ids))
    return {row[0]: Known(*row[1:]) for row in uow.connection.execute(sa.select(*columns).where(*where))}


def existing(uow: Uow, of: sa.Table, keys: Iterable[int]) -> set[int]:
    """Return which records are (still) there."""
    return {row[0] for row in uow.connection.execute(sa.select(of.c.id).where(among(uow, of.c.id, keys)))}


Entry = tuple[str, int, str | None]
COLUMNS = "source, kind, external_id, record_id, digest, operation"


def remember(uow: Uow, source: str, kind: str, entries: Sequence[Entry], operation: int | None) -> None:
    """Remember new ids: (external id, record, digest)."""
    rows = [(source, kind, *entry, operation) for entry in entries]
    if not rows:
        return
    if uow.db.postgres:
        with uow.db.raw.cursor() as cursor, cursor.copy(f"COPY crm_external ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        uow.db.raw.executemany(f"INSERT INTO crm_external ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)


def renew(uow: Uow, source: str, kind: str, entries: Sequence[Entry], operation: int | None = None) -> None:
    """Note what was taken over now under ids that are known: (external id, record, digest).

    `operation` is the one that made the record anew where it was gone; whose the id was otherwise, it stays. The journal
    keeps what was known before: undoing the import puts it back.
    """
    if not entries:
        return
    before = known(uow, source, kind, [own for own, _key, _digest in entries])
    for own, key, digest in entries:
        was = before[own]
        now = was.operation if operation is None else operation
        change = [[[source, own, was.digest, was.operation, was.record_id]], [[source, own, digest, now, key]]]
        uow.settling.journal(kind, key, "known", {"~external": change})
    values: dict[str, t.Any] = {"record_id": sa.bindparam("r"), "digest": sa.bindparam("d")}
    if operation is not None:
        values["operation"] = operation
    statement = table.update().where(table.c.source == source, table.c.kind == kind, table.c.external_id == sa.bindparam("e")).values(values)
    uow.connection.execute(statement, [{"e": own, "r": key, "d": digest} for own, key, digest in entries])
