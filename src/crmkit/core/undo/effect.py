"""What a unit did to each record, all its entries taken together."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from .. import wire
from ..deliver import SECRET
from ..field import Field
from ..kind import ExtensionKind, Kind
from ..ledger import journal
from .unit import ACTIONS, CREATED, DELETED, Unit, among

if t.TYPE_CHECKING:
    from ..uow import Uow

ASIDE = "~"
"""Names that begin so are the kernel's own notes in the journal, for undoing; nobody is shown them."""
HISTORY, EXTERNAL, MERGED, TIMERS, CARRIED, HELD, ERASED = "~history", "~external", "~merged", "~timers", "~carried", "~held", "~erased"
TOLD_ONLY = ("merged_into", "merged_from")
STAGE = frozenset({"pipeline", "stage", "stage_since"})
Json = t.Any
Change = list[Json]  # [as it was before the unit, as the unit left it]


@attrs.define
class Effect:
    """A unit's work on one record: before and after, of fields and of what is kept beside them."""

    id: int
    first: int = 0
    last: int = 0
    made: bool = False
    gone: bool = False
    changes: dict[str, Change] = attrs.field(factory=dict)
    moves: int = 0  # stays it added to the stage history
    removed_stays: list[Json] = attrs.field(factory=list)
    beside: dict[tuple[str, ...], Change] = attrs.field(factory=dict)  # other systems' keys, and what it was merged into
    timers: dict[str, int] | None = None  # what waited in the stage it left: name to due
    held: Change | None = None  # whether what waits about it was frozen
    erased: set[str] = attrs.field(factory=set)  # fields of which the journal no longer tells
    carried: dict[str, int] = attrs.field(factory=dict)  # extension rows that came from another record, or went there

    @property
    def staged(self) -> bool:
        """True when it touched the stage."""
        return bool(self.moves or self.removed_stays or STAGE & self.changes.keys())

    def take(self, row: t.Any) -> None:
        """Add one entry of the journal."""
        if not self.first:
            self.first, self.made, self.gone = row.id, row.action in CREATED, False
        self.last, self.gone = row.id, row.action == DELETED
        self.moves += row.action == "moved"
        for name, change in row.changes.items():
            if name.startswith(ASIDE):
                self._aside(name, change)
            elif name not in TOLD_ONLY:
                old, new = change
                known = self.changes.setdefault(name, [old, new])
                known[1] = new

    def _aside(self, name: str, change: t.Any) -> None:
        if name == TIMERS:
            self.timers = change if self.timers is None else self.timers
        elif name == HELD:
            self.held = [change[0] if self.held is None else self.held[0], change[1]]
        elif name == CARRIED:
            self.carried |= change
        elif name == ERASED:
            self.erased.update(change)
        elif name == HISTORY:
            before, after = change
            self.removed_stays += before
            self.moves += len(after)
        else:
            before, after = change
            width = 2 if name == EXTERNAL else 0
            for side, rows in enumerate((before, after)):
                for row in rows:
                    key = (name, *row[:width])
                    known = self.beside.setdefault(key, [None if side else row, None])
                    known[1] = row if side else None


def effects(uow: Uow, unit: Unit, kind: Kind, keys: Sequence[int]) -> dict[int, Effect]:
    """Return what the unit did to some records of a kind."""
    c = journal.c
    columns = (c.id, c.record_id, c.action, c.changes)
    mine = sa.select(*columns).where(unit.mine, c.kind == kind.key, among(uow, c.record_id, keys), c.action.in_(ACTIONS)).order_by(c.id)
    found: dict[int, Effect] = {}
    for row in uow.connection.execute(mine):
        found.setdefault(row.record_id, Effect(row.record_id)).take(row)
    return {key: found[key] for key in keys if key in found}


# ---- fields ----------------------------------------------------------------------------------------------------------
def resolve(kind: Kind, dotted: str) -> tuple[ExtensionKind | None, Field] | None:
    """Return the extension (None: the record itself) and field of a name in the journal; None when there is no such field."""
    extension, _dot, name = dotted.rpartition(".")
    if not extension:
        field = kind.fields.get(name)
        return None if field is None else (None, field)
    held = kind.extensions.get(extension)
    inner = held.fields.get(name) if held is not None else None
    return None if held is None or inner is None else (held, inner)


def same(field: Field, present: t.Any, kept: Json) -> bool:
    """True when a value is what the journal says."""
    if wire.dump(present) == kept:
        return True
    try:
        return bool(wire.load(field, kept) == present)
    except ValueError:
        return False


def load(field: Field, kept: Json) -> t.Any:
    """Return a value of the journal as Python has it."""
    return wire.load(field, kept)


def shown(field: Field, value: t.Any) -> Json:
    """Return a value as the journal keeps it."""
    return SECRET if field.secret and value is not None else wire.dump(value)


def blotted(field: Field, change: Change) -> bool:
    """True when the journal does not say what a value was before."""
    return field.secret and SECRET in change


# ---- rows of the tables ----------------------------------------------------------------------------------------------
Rows = dict[int, dict[str, t.Any]]


def rows_of(uow: Uow, kind: Kind, keys: Sequence[int], *, lock: bool = False) -> Rows:
    """Return present rows by key."""
    statement = sa.select(kind.table).where(among(uow, kind.table.c.id, keys))
    if lock:
        statement = statement.order_by(kind.table.c.id).with_for_update()
    return {row[0]: values for row in uow.connection.execute(statement) if (values := dict(zip(kind.names, row, strict=True)))}


def extension_rows(uow: Uow, extension: ExtensionKind, keys: Sequence[int]) -> Rows:
    """Return the present rows of a side table by key."""
    names, table = tuple(extension.fields), extension.table
    found = uow.connection.execute(sa.select(*(table.c[n] for n in names)).where(among(uow, table.c.id, keys)))
    return {row.id: dict(zip(names, row, strict=True)) for row in found}


def with_extensions(uow: Uow, kind: Kind, rows: Rows, names: t.Iterable[str]) -> Rows:
    """Add to rows, under dotted names, those of the side tables that are named."""
    for name in names:
        extension = kind.extensions[name]
        for key, values in extension_rows(uow, extension, list(rows)).items():
            rows[key] |= {f"{name}.{n}": v for n, v in values.items()}
    return rows


def touched_extensions(kind: Kind, found: Mapping[int, Effect]) -> list[str]:
    """Return the extensions that some effects are about."""
    if any(e.made for e in found.values()):
        return list(kind.extensions)
    return sorted({n.rpartition(".")[0] for e in found.values() for n in e.changes if "." in n} & kind.extensions.keys())


def moment(text: str) -> dt.datetime:
    """Return a moment of a note."""
    return t.cast(dt.datetime, wire.load_as(dt.datetime, text))
