"""Keeping documents: written in the transaction that changed the record, and only where a search field did."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ..kind import Kind
from ..model import Entity
from ..sql import dump_json
from .documents import body, record_body, search_fields, touches
from .port import PORTS
from .reindex import CHUNK, put

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


def note_written(uow: Uow, kind: Kind, rows: Sequence[Written]) -> None:
    """Write at once the documents of what was written past the unit of work's own records: in bulk, or by an undo."""
    fields = search_fields(kind)
    if not fields or not rows:
        return
    forget(uow, kind, [row.id for row in rows if row.values is None])
    new = [(kind.key, row.id, body(fields, row.values)) for row in rows if row.values is not None and row.changed is None]
    if new and uow.db.postgres:
        forget(uow, kind, [key for _kind, key, _body in new])  # COPY cannot replace what a record that comes back left behind
        with uow.db.raw.cursor() as cursor, cursor.copy("COPY crm_search (kind, record_id, body) FROM STDIN") as copy:
            for document in new:
                copy.write_row(document)
    elif new:
        uow.db.raw.executemany(PORTS["sqlite"].upsert, new)
    # Of a changed record not every extension is told: its document is made of what the tables hold.
    again = [row.id for row in rows if row.values is not None and row.changed is not None and touches(kind, row.changed)]
    for start in range(0, len(again), CHUNK):
        put(uow.crm, uow.db, kind, again[start : start + CHUNK])


def forget(uow: Uow, kind: Kind, keys: Iterable[int]) -> None:
    """Drop the documents of records that are no more."""
    gone = list(keys)
    if gone and uow.db.postgres:
        uow.db.driver("DELETE FROM crm_search WHERE kind = %s AND record_id = ANY(%s)", (kind.key, gone))
    elif gone:
        uow.db.driver("DELETE FROM crm_search WHERE kind = ? AND record_id IN (SELECT value FROM json_each(?))", (kind.key, dump_json(gone)))
