"""Keeping documents: written in the transaction that changed the record, and only where a search field did."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..kind import Kind
from ..model import Entity
from ..tables import search
from .documents import body, record_body, search_fields, touches
from .port import PORTS

if t.TYPE_CHECKING:
    from ..uow import Uow
    from ..written import Written

Records = Mapping[int, tuple[Entity | None, frozenset[str] | None]]


def note(uow: Uow, kind: Kind, records: Records) -> None:
    """Let the ledger write the documents of what settled: new records, and those whose search fields changed (None: is new)."""
    if not search_fields(kind):
        return
    forget(uow, kind, [key for key, (record, _changed) in records.items() if record is None])
    for key, (record, changed) in records.items():
        if record is not None and (changed is None or touches(kind, changed)):
            uow.ledger.search.append({"kind": kind.key, "record_id": key, "body": record_body(kind, record, new=changed is None)})


def note_many(uow: Uow, kind: Kind, rows: Sequence[Written]) -> None:
    """Write the documents of a chunk of new records at once."""
    fields = search_fields(kind)
    if not fields:
        return
    documents = ((kind.key, row.id, body(fields, row.values)) for row in rows if row.values is not None)
    if uow.db.postgres:
        with uow.db.raw.cursor() as cursor, cursor.copy("COPY crm_search (kind, record_id, body) FROM STDIN") as copy:
            for document in documents:
                copy.write_row(document)
    else:
        uow.db.raw.executemany(PORTS["sqlite"].upsert, documents)


def forget(uow: Uow, kind: Kind, keys: Iterable[int]) -> None:
    """Drop the documents of records that are no more."""
    gone = list(keys)
    for start in range(0, len(gone), 500):
        some = gone[start : start + 500]
        uow.connection.execute(search.delete().where(search.c.kind == kind.key, search.c.record_id.in_(some)))
