"""Undo: taking back an edit, a move, a bulk change, a merge or a whole import, and saying beforehand what that means."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import attrs
import sqlalchemy as sa

from ..errors import Conflict, Forbidden, Misuse, Problem
from ..ledger import journal
from ..tables import operation as operations
from ..text import _
from .apply import Undoing
from .check import Checker, Clash, Entry, Findings
from .unit import ACTIONS, CHANGE, UNDO, Keys, Unit, claim, find, in_force, keys_of, mark, refuse_undone

if t.TYPE_CHECKING:
    from ..uow import Uow

IN_THE_WAY = _("This cannot be undone: something newer would be lost", ru="Отменить нельзя: пропало бы более новое")
MAY_NOT = _("You may not undo this", ru="У вас нет права это отменить")
NOTHING = _("There is nothing in it to undo", ru="Отменять в ней нечего")
SOMETHING = _("A change of records you may not see", ru="Изменение записей, которые вам не видны")
LABEL = _("Undo: {what}", ru="Отмена: {what}")


@attrs.frozen
class Preview:
    """What undoing a unit would do: the first hundred records and what stands in the way, and how much there is of both."""

    unit: Unit
    entries: tuple[Entry, ...]
    conflicts: tuple[Clash, ...]
    counts: Mapping[str, Mapping[str, int]]  # by kind: delete, recreate, change
    conflict_count: int

    @property
    def possible(self) -> bool:
        """True when nothing stands in the way, and there is something to undo."""
        return not self.conflict_count and any(self.counts.values())


@attrs.frozen
class Done:
    """What an undo did; `operation` is its own number: undoing that is the way back."""

    operation: int
    undone: int  # the operation that was undone
    counts: Mapping[str, Mapping[str, int]]


def preview(uow: Uow, *, tx: int | None = None, operation: int | None = None) -> Preview:
    """Say what undoing a transaction or an operation would do, and what stands in the way; nothing is changed.

    Records the actor may not see are counted, not shown. Plugins that check records (`crm_check`) are asked only by `undo`.
    """
    unit = find(uow, tx, operation)
    refuse_undone(unit)
    keys, unknown = keys_of(uow, unit)
    found = Checker(uow, unit, keys, lock=False).run(unknown)
    entries = tuple(_shown(uow, found))
    unseen = bool(found.clashes) and all(c.code == "forbidden" and c.id is None for c in found.clashes)
    if not entries and unseen and not _may_know(uow, unit):
        unit = attrs.evolve(unit, label=SOMETHING, actor="", facts={})
    return Preview(unit, entries, tuple(found.clashes), found.counts, found.clash_count)


def _may_know(uow: Uow, unit: Unit) -> bool:
    """True when the actor may learn what a unit was, and whose: it is their own, or the journal is theirs to read."""
    mine = sa.select(sa.literal(1)).where(unit.mine, journal.c.actor_id == uow.actor.id).limit(1)
    return uow.may("crmkit.journal") or uow.connection.execute(mine).first() is not None


def _shown(uow: Uow, found: Findings) -> t.Iterator[Entry]:
    """Yield the entries whose records the actor may see."""
    seen: dict[str, set[int]] = {}
    for kind in {e.kind for e in found.entries}:
        keys = [e.id for e in found.entries if e.kind == kind]
        table, cls = uow.crm.kinds[kind].table, uow.crm.kinds[kind].cls
        if uow.elevated:
            seen[kind] = set(keys)
        elif uow.crm.access.may(uow.actor, uow.crm.kinds[kind].permission("read")):
            seen[kind] = set(uow.connection.execute(sa.select(table.c.id).where(table.c.id.in_(keys), table.c.id.in_(uow.visible(cls)))).scalars())
    return (e for e in found.entries if e.id in seen.get(e.kind, ()))


def undo(uow: Uow, *, tx: int | None = None, operation: int | None = None) -> Done:
    """Take back a transaction or an operation: all of it, or a refusal that names what stands in the way.

    The actor needs the right to do the reverse by hand on every record: to change it back, to move it, to archive what goes
    for good, to create what comes back. Automations do not run; `Undone` tells plugins that mirror records. Undoing an undo
    is redoing.
    """
    if not uow.writable:
        raise Misuse("crm.read(...) only reads; open crm.uow(...) to undo something")
    if uow.operation_id is not None:
        raise Misuse("this unit of work is part of an operation already: undo in one of its own")
    uow.settle()
    with uow.whole():
        unit = claim(uow, find(uow, tx, operation))
        keys, unknown = keys_of(uow, unit)
        found = Checker(uow, unit, keys, lock=True).run(unknown)
        _refuse(found, keys)
        number = uow.operation(UNDO, LABEL.format(what=unit.label), operation=unit.operation)
        mark(uow, unit, number)
        Undoing(uow, unit, keys, found).run()
        uow.finish()
        uow.settle()
    uow.operation_id = None
    return Done(number, t.cast(int, unit.operation), found.counts)


def _refuse(found: Findings, keys: Mapping[str, Keys]) -> None:
    problems = [Problem(place(c), c.code, c.message, {"actor": c.actor, "at": c.at, "tx": c.tx, "operation": c.operation}) for c in found.clashes]
    if any(c.code == "forbidden" for c in found.clashes):
        raise Forbidden(MAY_NOT, [p for p in problems if p.code == "forbidden"])
    if problems:
        raise Conflict(IN_THE_WAY, problems)
    if not any(k.made or k.gone or k.changed for k in keys.values()):
        raise Conflict(NOTHING)


def place(clash: Clash) -> str:
    """Return where something stands in the way, ``sales.deal.5.amount``."""
    return ".".join(str(part) for part in (clash.kind, clash.id, clash.field) if part)


def last(uow: Uow) -> Unit | None:
    """Return what `crmkit undo` undoes: the newest operation still in force, else the newest transaction; None on a fresh CRM."""
    c = operations.c
    newest = sa.select(c.id).where(c.kind.not_in((UNDO, CHANGE)), c.state != "undone").order_by(c.id.desc())
    for number in uow.connection.execute(newest.limit(20)).scalars():
        if uow.connection.execute(sa.select(sa.literal(1)).where(journal.c.operation == number).limit(1)).first() is not None:
            return find(uow, operation=number)
    j, single = journal.c, sa.select(c.id).where(c.kind == CHANGE, c.state != "undone")
    alone = sa.or_(j.operation.is_(None), j.operation.in_(single))
    bare = sa.select(j.tx, j.operation).where(alone, j.action.in_(ACTIONS), j.kind.in_(uow.crm.kinds))
    row = uow.connection.execute(bare.order_by(j.id.desc()).limit(1)).first()
    if row is None:
        return None
    return find(uow, tx=row.tx) if row.operation is None else find(uow, operation=row.operation)


def listed(uow: Uow, *, before: int | None = None, limit: int = 50) -> list[Unit]:
    """Return operations, newest first: everybody's for those who may read the journal, else the actor's own."""
    c = operations.c
    statement = sa.select(operations).order_by(c.id.desc()).limit(limit)
    if not uow.may("crmkit.journal"):
        statement = statement.where(c.actor_id == uow.actor.id)
    if before is not None:
        statement = statement.where(c.id < before)
    rows = uow.connection.execute(statement)
    return [Unit(r.id, None, r.kind, r.label, r.actor, r.at, r.state, r.undone_by, r.facts) for r in rows]


__all__ = ["Clash", "Done", "Entry", "Preview", "Unit", "in_force", "last", "listed", "place", "preview", "undo"]
