"""Searching all records of a kind, piece by piece: each piece is a transaction, so that what is done stays done."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from crmkit import Permission, Uow, _, command, on

from .entities import Pair, PairState, Scan
from .index import rebuild
from .pairs import compare_records
from .registry import Declared, declared, find
from .settings import DuplicatesSettings

SCAN = Permission("duplicates.scan", _("Search all records for duplicates", ru="Искать дубликаты по всем записям"))


@attrs.frozen
class Step:
    """The next piece of a scan."""

    scan_id: int


@command(_("Search for duplicates", ru="Искать дубликаты"), permission=SCAN)
def scan(uow: Uow, *, kind: str) -> int:
    """Search all records of a kind for duplicates in the background, and return the number of the search.

    A search that was interrupted goes on. Every search builds the index anew, so it is also what to run after the rules of
    comparison have changed.
    """
    begun = begin(uow, kind)
    uow.schedule(Step(begun.id), key=f"duplicates:scan:{begun.id}")
    return begun.id


def begin(uow: Uow, kind: str) -> Scan:
    """Return the unfinished search of a kind, or a new one."""
    here = find(uow, kind)
    with uow.as_system():
        begun = uow.find(Scan).where(Scan.kind == kind, Scan.finished_at.is_(None)).first()
        if begun is None:
            table = here.kind.table
            records = uow.connection.execute(sa.select(sa.func.count()).select_from(table).where(table.c.archived_at.is_(None))).scalar_one()
            begun = uow.add(Scan(kind=kind, started_at=uow.now, records=records))
            uow.flush()
    return begun


@on(Step)
def step(event: Step, uow: Uow) -> None:
    """Do a piece, and ask for the next."""
    begun = uow.peek(Scan, event.scan_id)
    if begun is not None and begun.finished_at is None and advance(uow, begun):
        uow.schedule(Step(begun.id), key=f"duplicates:scan:{begun.id}")


def advance(uow: Uow, begun: Scan) -> bool:
    """Index, then compare, the next records of a search; False when it is finished.

    All records are indexed first: how rare a value is must be known before it is weighed.
    """
    here = declared(uow.crm).get(begun.kind)
    ids = _next(uow, here, begun.reached_id) if here is not None else []
    if here is None or not ids:
        if here is not None and not begun.indexed:
            begun.indexed, begun.reached_id = True, 0
            return True
        _finish(uow, begun)
        return False
    if not begun.indexed:
        rebuild(uow, here, ids)
        begun.reached_id = ids[-1]
        return True
    compared, found = compare_records(uow, here, ids, below=True)
    begun.reached_id, begun.compared, begun.found = ids[-1], begun.compared + compared, begun.found + found
    uow.flush()
    return True


def _next(uow: Uow, here: Declared, after: int) -> list[int]:
    table = here.kind.table
    statement = sa.select(table.c.id).where(table.c.id > after, table.c.archived_at.is_(None)).order_by(table.c.id)
    return [row[0] for row in uow.connection.execute(statement.limit(uow.crm[DuplicatesSettings].chunk))]


def _finish(uow: Uow, begun: Scan) -> None:
    """Drop open pairs the search did not find again."""
    pair = Pair.__table__
    stale = pair.c.kind == begun.kind, pair.c.state == PairState.OPEN, pair.c.checked_at < begun.started_at
    uow.connection.execute(pair.delete().where(*stale))
    begun.finished_at = uow.now
    uow.flush()
