"""Entries of the journal as people read them: who did what, with both values of every field."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
from markupsafe import Markup

from ...core.kind import Kind
from ...core.text import translate
from ...core.timeline import entry
from ..cells import NO_VALUE, Cells, Names
from . import words

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

NOT_TOLD = frozenset({"id", "version", "stage_since", "created_at", "updated_at", "pipeline", "archived_at"})
"""Fields whose change says nothing that the entry's own word does not say."""
MERGES = {"merged_into": words.merged_into, "merged_from": words.merged_from}
Row = dict[str, t.Any]


@attrs.frozen(kw_only=True)
class Line:
    """One field: its label, what it was and what it became. `was` is None where there was nothing to be compared with."""

    label: str
    was: Markup | None
    now: Markup


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of the journal, told."""

    id: int
    kind: str
    record_id: int | None
    verb: str
    icon: str
    lines: tuple[Line, ...]
    action: str


@attrs.define(kw_only=True)
class Piece:
    """What one transaction, or one operation, did: to one record, or to all those that are looked at."""

    tx: int
    operation: int | None
    at: dt.datetime
    actor: str
    actor_id: int | None
    automatic: bool
    entries: list[Entry]


class Teller:
    """Tells journal entries of any kinds to one visitor: values through `Cells`, with two questions for each kind at most."""

    def __init__(self, visit: Visit, uow: Uow) -> None:
        self.visit, self.uow = visit, uow
        self.names = Names(visit, uow)

    def entries(self, rows: Sequence[t.Any], present: Mapping[int, Row] | None = None) -> list[Entry]:
        """Return entries, in the order of the journal's rows. `present` are the records as they are, for stages without their pipeline."""
        plain = [entry(self.uow, row) for row in rows]
        found: dict[int, Entry] = {}
        for key in dict.fromkeys(e["kind"] for e in plain):
            mine = [e for e in plain if e["kind"] == key]
            kind = self.uow.crm.kinds.get(key)
            told = self._of_kind(kind, mine, present or {}) if kind is not None else {e["id"]: self._bare(e, ()) for e in mine}
            found |= told
        return [found[e["id"]] for e in plain]

    def _of_kind(self, kind: Kind, entries: Sequence[Row], present: Mapping[int, Row]) -> dict[int, Entry]:
        for e in entries:
            self.names.want(kind.key, (int(side) for n in MERGES for side in e["changes"].get(n, ()) if side is not None))
        sides = [(self.changes(kind, e["changes"], gone=e["action"] == "deleted"), e) for e in entries]
        lines = self.lines(kind, [changes for changes, _e in sides], [present.get(e["record_id"] or 0, {}) for _c, e in sides])
        return {e["id"]: self._bare(e, (*self._merges(kind, e["changes"]), *told)) for (_c, e), told in zip(sides, lines, strict=True)}

    def changes(self, kind: Kind, changes: Mapping[str, t.Any], *, gone: bool = False) -> dict[str, tuple[t.Any, t.Any]]:
        """Return the changes worth telling: of fields that are there, and are not machinery. Of what is `gone`, as it was."""
        left_out = NOT_TOLD | self.visit.site.shown(kind).hidden
        pairs = {n: c for n, c in changes.items() if isinstance(c, list | tuple) and len(c) == 2}
        return {n: (None, c[0]) if gone else (c[0], c[1]) for n, c in pairs.items() if n not in left_out and not n.endswith(".id") and _has(kind, n)}

    def lines(
        self, kind: Kind, changes: Sequence[Mapping[str, tuple[t.Any, t.Any]]], present: Sequence[Row] = (),
    ) -> list[tuple[Line, ...]]:  # fmt: skip
        """Return the lines of several changes ``{field: (was, now)}`` of records of one kind."""
        cells = Cells(self.visit, self.uow, kind, [n for change in changes for n in change if _has(kind, n)])
        around = list(present) or [{} for _one in changes]
        pairs = [_sides(change, row) for change, row in zip(changes, around, strict=True)]
        cells.look_up([side for pair in pairs for side in pair])
        known = set(cells.names)
        return [
            tuple(self._line(cells, n, was, now) for n in change if n in known and not (_nothing(was.get(n)) and _nothing(now.get(n))))
            for change, (was, now) in zip(changes, pairs, strict=True)
        ]

    def _line(self, cells: Cells, name: str, was: Row, now: Row) -> Line:
        before = None if _nothing(was.get(name)) else cells.html(name, was)
        return Line(label=cells.label(name), was=before, now=NO_VALUE if _nothing(now.get(name)) else cells.html(name, now))

    def _merges(self, kind: Kind, changes: Mapping[str, t.Any]) -> Iterable[Line]:
        for name, label in MERGES.items():
            other = changes.get(name, (None, None))[1]
            if other is not None:
                yield Line(label=self.visit.say(label), was=None, now=self.names.html(kind.key, int(other)))

    def _bare(self, e: Row, lines: tuple[Line, ...]) -> Entry:
        action = e["action"]
        return Entry(
            id=e["id"], kind=e["kind"], record_id=e["record_id"], verb=self.verb(action), icon=words.icons.get(action, "zap"), lines=lines,
            action=action,
        )  # fmt: skip

    def verb(self, action: str) -> str:
        """Return what an entry is called: the kernel's own words, or the label of the command it tells of."""
        if action in words.verbs:
            return self.visit.say(words.verbs[action])
        command = self.uow.crm.commands.get(action)
        return translate(command.label, self.visit.language) if command is not None else self.visit.say(words.other_action)

    def who(self, row: t.Any) -> str:
        """Return who did something."""
        return self.visit.say(words.system) if row.actor in ("system", "") else str(row.actor)

    def pieces(self, rows: Sequence[t.Any], present: Mapping[int, Row] | None = None) -> list[Piece]:
        """Return journal rows (newest first) by what they are a piece of, the newest first; within each the oldest first."""
        found: dict[tuple[bool, int], Piece] = {}
        for row, told in zip(rows, self.entries(rows, present), strict=True):
            key = (row.operation is not None, row.operation if row.operation is not None else row.tx)
            piece = found.get(key)
            if piece is None:
                piece = found[key] = Piece(
                    tx=row.tx, operation=row.operation, at=row.at, actor=self.who(row), actor_id=row.actor_id, automatic=bool(row.cause), entries=[],
                )  # fmt: skip
            piece.entries.insert(0, told)
            piece.automatic = piece.automatic and bool(row.cause)
        return list(found.values())


def _sides(change: Mapping[str, tuple[t.Any, t.Any]], present: Row) -> tuple[Row, Row]:
    """Return a record as far as a change tells of it, before and after."""
    beside = {"pipeline": present.get("pipeline")}
    return beside | {n: c[0] for n, c in change.items()}, beside | {n: c[1] for n, c in change.items()}


def _has(kind: Kind, dotted: str) -> bool:
    stem, dot, last = dotted.rpartition(".")
    return last in kind.extensions[stem].fields if dot and stem in kind.extensions else not dot and dotted in kind.fields


def _nothing(value: t.Any) -> bool:
    return value is None or value in ("", [], {})


__all__ = ["Entry", "Line", "Piece", "Teller"]
