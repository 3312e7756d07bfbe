"""What operations are called: in words, with the names of the records they are about, as far as the visitor may see them."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from ...core.ledger import journal
from ...core.tables import operation as table
from ...core.undo.unit import ACTIONS
from ..formats import number
from . import words
from .told import Teller

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit


class Titles:
    """Titles of operations: give all rows that will be shown, then ask for each."""

    def __init__(self, visit: Visit, uow: Uow, rows: Iterable[t.Any]) -> None:
        self.visit, self.uow = visit, uow
        self.teller = Teller(visit, uow)
        self.rows: dict[int, t.Any] = {row.id: row for row in rows}
        self._undone()
        self._first = self._firsts([row.id for row in self.rows.values() if row.kind == "change"])
        for row in self.rows.values():
            if row.kind == "merge":
                self.teller.names.want(row.facts["of"], (row.facts["winner"], row.facts["loser"]))

    def _undone(self) -> None:
        """Read what undos undid, and what those had undone, so that each can be called by its name."""
        while wanted := {r.facts.get("operation") for r in self.rows.values() if r.kind == "undo"} - self.rows.keys() - {None}:
            found = self.uow.connection.execute(sa.select(table).where(table.c.id.in_(sorted(wanted)))).all()
            self.rows.update({row.id: row for row in found})
            if len(found) < len(wanted):
                return

    def _firsts(self, numbers: Sequence[int]) -> dict[int, tuple[t.Any, int]]:
        """Return the first entry of each small operation, and how many records it was about."""
        if not numbers:
            return {}
        c = journal.c
        records = sa.func.count(sa.distinct(c.record_id))
        mine = sa.select(c.operation, sa.func.min(c.id), records).where(c.operation.in_(numbers), c.action.in_(ACTIONS))
        found = {row[1]: (row[0], row[2]) for row in self.uow.connection.execute(mine.group_by(c.operation))}
        firsts = self.uow.connection.execute(sa.select(journal).where(c.id.in_(list(found)))).all() if found else []
        return {found[row.id][0]: (row, found[row.id][1]) for row in firsts}

    def of(self, number: int, depth: int = 0) -> str:
        """Return the title of an operation."""
        row = self.rows[number]
        maker = getattr(self, f"_{row.kind}", None) if row.kind in words.kinds else None
        return str(maker(row, depth)) if maker is not None else self.visit.say(row.label)

    def _plural(self, key: t.Any) -> str:
        kind = self.uow.crm.kinds.get(str(key))
        return self.visit.say(kind.plural) if kind is not None else str(key)

    def label(self, key: str) -> str:
        """Return what one record of a kind is called."""
        kind = self.uow.crm.kinds.get(key)
        return self.visit.say(kind.label) if kind is not None else key

    def record(self, key: str, number: int | None) -> str:
        """Return the name of a record, in quotation marks where it has one."""
        if number is None:
            return ""
        name = self.teller.names.text(key, number)
        return name if name.startswith("№") else f"«{name}»"

    def _bulk(self, row: t.Any, depth: int) -> str:
        action, count = row.facts.get("action"), number(row.facts.get("count", 0), self.visit.language)
        if action in words.bulk:
            return self.visit.say(words.bulk[action], kind=self._plural(row.facts.get("of")), count=count)
        return self.visit.say(words.batch, count=count)

    def _import(self, row: t.Any, depth: int) -> str:
        return self.visit.say(words.importing, name=row.facts.get("title") or row.label)

    def _merge(self, row: t.Any, depth: int) -> str:
        of, winner, loser = row.facts["of"], row.facts["winner"], row.facts["loser"]
        return self.visit.say(words.merging, kind=self.label(of), loser=self.record(of, loser), winner=self.record(of, winner))

    def _undo(self, row: t.Any, depth: int) -> str:
        undone = row.facts.get("operation")
        if undone not in self.rows or depth > 5:
            return self.visit.say(words.undo_title)
        return self.visit.say(words.undoing, what=self.of(undone, depth + 1))

    def _change(self, row: t.Any, depth: int) -> str:
        first = self._first.get(row.id)
        return self.visit.say(words.kinds["change"]) if first is None else self.change(*first)

    def change(self, first: t.Any, count: int) -> str:
        """Return the title of a transaction by its first entry."""
        said = self.visit.say(words.changing, kind=self.label(first.kind), name=self.record(first.kind, first.record_id),
            verb=self.teller.verb(first.action))  # fmt: skip
        return self.visit.say(words.and_more, what=said, count=count - 1) if count > 1 else said
