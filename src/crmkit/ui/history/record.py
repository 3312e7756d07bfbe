"""The history of one record."""

from __future__ import annotations

import typing as t

import attrs
import sqlalchemy as sa

from ...core.ledger import journal
from ...core.tables import merged
from ...core.tables import operation as operations
from ..formats import near_day
from ..results import View
from ..shown import path_of
from . import words
from .told import Piece, Teller

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit

MOST = 50
SHOWN_LINES = 8


@attrs.frozen(kw_only=True)
class Step:
    """One piece of a record's history, and what can be done about it."""

    piece: Piece
    title: str
    """What the operation is called, where it was more than this record."""
    undone: bool
    undo: str
    """The address of the preview; empty where there is nothing to take back."""
    redo: str
    link: str
    day: str


def history(visit: Visit, uow: Uow) -> Result:
    """GET /<plugin>/<entity>/<id>/history: what happened to a record, each step with its undo."""
    kind = visit.kind
    record = uow.get(kind.cls, visit.key)
    c = journal.c
    asked = sa.select(journal).where(c.kind == kind.key, c.record_id == visit.key)
    before = visit.query.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        asked = asked.where(c.id < int(before))
    rows = uow.connection.execute(asked.order_by(c.id.desc()).limit(MOST + 1)).all()
    shown = rows[:MOST]
    present = {visit.key: {"pipeline": getattr(record, "pipeline", None)}}
    teller = Teller(visit, uow)
    title = teller.names.text(kind.key, visit.key)
    return View(
        "ui/history/record.html", h=words, title=title, kind=kind, here=path_of(kind, visit.key), listed=path_of(kind),
        steps=_steps(visit, uow, teller.pieces(shown, present)), before=shown[-1].id if len(rows) > MOST else None,
        merged=_merged(visit, uow), most=SHOWN_LINES, key=visit.key,
    )  # fmt: skip


def _steps(visit: Visit, uow: Uow, pieces: list[Piece]) -> list[Step]:
    from .titles import Titles

    numbers = sorted({p.operation for p in pieces if p.operation is not None})
    rows = uow.connection.execute(sa.select(operations).where(operations.c.id.in_(numbers))).all() if numbers else []
    titles, known, found = Titles(visit, uow, rows), {row.id: row for row in rows}, list[Step]()
    today = visit.now.astimezone(visit.zone).date()
    for piece in pieces:
        row = known.get(piece.operation or 0)
        writes = any(e.action in words.verbs for e in piece.entries)
        gone = row is not None and row.state == "undone"
        which: dict[str, t.Any] = {"tx": piece.tx} if row is None else {"operation": row.id}
        back = visit.call.path
        found.append(Step(
            piece=piece, title=titles.of(row.id) if row is not None and row.kind != "change" else "", undone=gone,
            undo=visit.url("/undo", **which, back=back) if writes and not gone else "",
            redo=visit.url("/undo", operation=row.undone_by, back=back) if row is not None and gone and row.undone_by is not None else "",
            link=visit.url(f"/operations/{row.id}") if row is not None else "",
            day=near_day(piece.at.astimezone(visit.zone).date(), today, visit.language),
        ))  # fmt: skip
    return found


def _merged(visit: Visit, uow: Uow) -> dict[str, t.Any] | None:
    """Return where the record went in a merge, with the way to take that back; None for one that is still itself."""
    m = merged.c
    row = uow.connection.execute(sa.select(m.winner_id, m.operation).where(m.kind == visit.kind.key, m.loser_id == visit.key)).first()
    if row is None:
        return None
    name = Teller(visit, uow).names.html(visit.kind.key, row.winner_id)
    return {"winner": name, "undo": visit.url("/undo", operation=row.operation, back=visit.call.path) if row.operation is not None else ""}
