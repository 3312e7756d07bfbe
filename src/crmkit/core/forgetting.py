"""Forgetting what records held: out of rows, journal and indexes, so that nothing here can tell it any more."""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from . import wire
from .deliver import SECRET
from .errors import Misuse, closest
from .kind import Kind
from .ledger import journal
from .live import Message
from .model import Entity
from .types import UtcDateTime
from .undo.effect import ERASED, rows_of
from .undo.unit import among
from .written import Written, settled, told

if t.TYPE_CHECKING:
    from .uow import Uow

CHUNK = 500
MACHINERY = frozenset({"id", "created_at", "updated_at", "version", "archived_at", "pipeline", "stage", "stage_since"})


def forget(uow: Uow, of: type[Entity] | str, keys: Iterable[int], blank: Mapping[str, t.Any]) -> int:
    """Put `blank` into fields of records, and forget what they held: ``forget(uow, Note, [5], {"text": "erased"})``.

    Neither the journal nor an undo, a search or what plugins keep (`crm_forget`) can tell it afterwards; that somebody erased it stays
    in the journal. Archived records and those that are gone are forgotten too. Returns how many records held something else.

    Whether the actor may is yours to ask: it is done within ``uow.as_system()``. Backups are yours as well.
    """
    kind = uow.crm.kind(of)
    values = _values(kind, blank)
    if not uow.elevated:
        raise Misuse("crmkit.forget(...) looks past all rights: ask for a permission of your own, then call it within uow.as_system()")
    uow._writes()
    uow.settle()
    wanted, count = iter(sorted(set(keys))), 0
    with uow.whole():
        while some := list(itertools.islice(wanted, CHUNK)):
            count += _forget(uow, kind, some, values)
    return count


def _values(kind: Kind, blank: Mapping[str, t.Any]) -> dict[str, t.Any]:
    totals = {field.name for field in kind.totals}
    for name in blank:
        if name not in kind.fields or name in MACHINERY:
            raise Misuse(f"{kind.key} has no field {name!r} that can be forgotten.{closest(name, kind.fields)}")
        if name in totals:
            raise Misuse(f"{kind.key}.{name} is summed on boards and cannot be forgotten")
    return {name: kind.fields[name].accept(value) for name, value in blank.items()}


def _forget(uow: Uow, kind: Kind, keys: Sequence[int], values: Mapping[str, t.Any]) -> int:
    table = kind.table
    rows = rows_of(uow, kind, keys, lock=True)
    held = {key: [n for n, value in values.items() if row[n] != value] for key, row in rows.items()}
    held = {key: names for key, names in held.items() if names}
    if held:
        new = {**values, "version": table.c.version + 1, "updated_at": sa.literal(uow.now, UtcDateTime())}
        uow.connection.execute(table.update().where(among(uow, table.c.id, list(held))).values(new))
    _journal(uow, kind, keys, values)
    present = rows_of(uow, kind, list(held))
    for key, names in held.items():
        if (kind.cls, key) in uow.records.known:
            uow.records.adopt(kind, [present[key][n] for n in kind.names])
        changes: dict[str, t.Any] = {n: [SECRET, SECRET if kind.fields[n].secret else wire.dump(values[n])] for n in names}
        uow.settling.journal(kind.key, key, "changed", {**changes, ERASED: names})
        uow.messages[Message(kind.key, key)] = None
    written = [Written(key, present[key], frozenset(names)) for key, names in held.items()]
    if written:
        told(uow, kind, written)
    if "crm_forget" in uow.crm.hooked:
        uow.crm.hook.crm_forget(kind=kind, ids=keys, fields=tuple(values), uow=uow)
    if written:
        with uow.settling.for_sets():
            settled(uow, kind, written)
    return len(held)


def _journal(uow: Uow, kind: Kind, keys: Sequence[int], names: Iterable[str]) -> None:
    """Blot out what the journal has of these fields; that they were written, by whom and when, stays."""
    c, wanted = journal.c, set(names)
    mine = sa.select(c.id, c.changes).where(c.kind == kind.key, among(uow, c.record_id, keys))
    blotted = []
    for row in uow.connection.execute(mine).all():
        if not (found := wanted & row.changes.keys()):
            continue
        changes = {n: [None if v is None else SECRET for v in pair] if n in found else pair for n, pair in row.changes.items()}
        blotted.append({"key": row.id, "new": changes | {ERASED: sorted({*row.changes.get(ERASED, ()), *found})}})
    if blotted:
        change = journal.update().where(c.id == sa.bindparam("key")).values(changes=sa.bindparam("new", type_=sa.JSON))
        uow.connection.execute(change, blotted)
