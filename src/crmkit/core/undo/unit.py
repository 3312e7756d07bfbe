"""What is undone at once: one transaction, or one operation of many."""

from __future__ import annotations

import datetime as dt
import typing as t
from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from ..errors import Conflict, Misuse, NotFound
from ..kind import Kind
from ..ledger import journal
from ..sql import dump_json
from ..tables import operation as operations
from ..text import _

if t.TYPE_CHECKING:
    from ..uow import Uow

CREATED, DELETED = ("created", "recreated"), "deleted"
ACTIONS = (*CREATED, DELETED, "changed", "moved", "archived", "restored", "undone", "merged", "known")
"""What the journal calls a write of a record (`known`: another system's key for it was renewed); its other entries tell of
commands and tokens, which leave nothing to take back."""
UNDO, CHANGE = "undo", "change"

ALREADY = _("already undone, by operation {by}", ru="уже отменено операцией {by}")
A_PIECE = _("transaction {tx} is a piece of operation {operation}: undo that as one",
    ru="транзакция {tx} — часть операции {operation}: отмените её целиком")
NO_OPERATION = _("There is no operation {id}", ru="Нет операции {id}")
NO_TX = _("The journal has no transaction {id}", ru="В журнале нет транзакции {id}")


@attrs.frozen
class Unit:
    """What is to be undone. `operation` is None for a transaction that belongs to none."""

    operation: int | None
    tx: int | None
    kind: str
    label: str
    actor: str
    at: dt.datetime
    state: str = "done"
    undone_by: int | None = None
    facts: t.Mapping[str, t.Any] = attrs.field(factory=dict)

    @property
    def mine(self) -> sa.ColumnElement[bool]:
        """The journal's entries that belong to it."""
        c = journal.c
        if self.operation is not None:
            return c.operation == self.operation
        return sa.and_(c.tx == self.tx, c.operation.is_(None))

    @property
    def transactions(self) -> sa.Select[tuple[int]]:
        """The numbers of its transactions."""
        return sa.select(journal.c.tx).where(self.mine).distinct()


@attrs.define
class Keys:
    """The records of one kind a unit touched: made by it, removed by it, and those that were there before and after."""

    made: list[int] = attrs.field(factory=list)
    gone: list[int] = attrs.field(factory=list)
    changed: list[int] = attrs.field(factory=list)  # newest write first


def in_force(row: t.Any = journal) -> sa.ColumnElement[bool]:
    """Entries that still count: neither undone nor the undoing of something."""
    c = operations.c
    dead = sa.select(c.id).where(sa.or_(c.state == "undone", c.kind == UNDO))
    return sa.or_(row.c.operation.is_(None), row.c.operation.not_in(dead))


def find(uow: Uow, tx: int | None = None, operation: int | None = None) -> Unit:
    """Return the unit a transaction's or an operation's number means; refuse a mere piece of one."""
    if (tx is None) == (operation is None):
        raise Misuse("say what to undo: either tx=… or operation=…")
    if operation is not None:
        return _operation(uow, operation)
    rows = uow.connection.execute(sa.select(journal.c.operation).where(journal.c.tx == tx).distinct()).scalars().all()
    if not rows:
        raise NotFound(NO_TX.format(id=tx))
    if None in rows:
        return _transaction(uow, t.cast(int, tx))
    others = sa.select(sa.literal(1)).where(journal.c.operation == rows[0], journal.c.tx != tx).limit(1)
    if len(rows) > 1 or uow.connection.execute(others).first() is not None:
        raise Conflict(A_PIECE.format(tx=tx, operation=", ".join(str(r) for r in sorted(rows))))
    return _operation(uow, rows[0])


def _operation(uow: Uow, number: int) -> Unit:
    row = uow.connection.execute(sa.select(operations).where(operations.c.id == number)).first()
    if row is None:
        raise NotFound(NO_OPERATION.format(id=number))
    return Unit(row.id, None, row.kind, row.label, row.actor, row.at, row.state, row.undone_by, row.facts)


def _transaction(uow: Uow, tx: int) -> Unit:
    c = journal.c
    mine = sa.and_(c.tx == tx, c.operation.is_(None))
    first = uow.connection.execute(sa.select(c.actor, c.at, c.kind, c.action, c.record_id).where(mine).order_by(c.id).limit(1)).one()
    count = uow.connection.execute(sa.select(sa.func.count()).select_from(journal).where(mine)).scalar_one()
    more = f" (+{count - 1})" if count > 1 else ""
    return Unit(None, tx, CHANGE, f"{first.kind} {first.record_id or ''} {first.action}{more}", first.actor, first.at)


def refuse_undone(unit: Unit) -> None:
    """Refuse what has been undone already."""
    if unit.state == "undone":
        raise Conflict(ALREADY.format(by=unit.undone_by))


def claim(uow: Uow, unit: Unit) -> Unit:
    """Take the unit for this transaction alone; of two that undo it at once, the second waits and is then refused.

    A bare transaction becomes an operation, so that everybody can tell from now on that its entries no longer count.
    """
    if unit.operation is None:
        if uow.db.postgres:
            uow.db.driver("SELECT pg_advisory_xact_lock(7204052, hashtext(%s))", (str(unit.tx),))
        unit = find(uow, tx=unit.tx)
    if unit.operation is None:
        first = uow.connection.execute(sa.select(journal.c.actor_id).where(unit.mine).order_by(journal.c.id).limit(1)).scalar_one()
        row = {"kind": CHANGE, "label": unit.label[:200], "actor_id": first, "actor": unit.actor, "at": unit.at, "finished_at": unit.at,
            "state": "done", "facts": {"tx": unit.tx}}
        number = uow.connection.execute(operations.insert().values(row).returning(operations.c.id)).scalar_one()
        uow.connection.execute(journal.update().where(unit.mine).values(operation=number))
        return attrs.evolve(unit, operation=number)
    uow.connection.execute(sa.select(operations.c.id).where(operations.c.id == unit.operation).with_for_update())
    unit = _operation(uow, unit.operation)  # as it is now that we have waited for it
    refuse_undone(unit)
    return unit


def mark(uow: Uow, unit: Unit, by: int) -> None:
    """Note that `unit` is undone; undoing an undo brings back into force what that one had undone, and so on."""
    _set(uow, t.cast(int, unit.operation), undone_by=by)


def _set(uow: Uow, number: int, undone_by: int | None) -> None:
    state = "done" if undone_by is None else "undone"
    uow.connection.execute(operations.update().where(operations.c.id == number).values(state=state, undone_by=undone_by))
    row = uow.connection.execute(sa.select(operations.c.kind, operations.c.facts).where(operations.c.id == number)).one()
    if row.kind == UNDO:
        _set(uow, row.facts["operation"], None if undone_by is not None else number)


def keys_of(uow: Uow, unit: Unit) -> tuple[dict[str, Keys], list[str]]:
    """Return the records a unit touched by kind, and the kinds this CRM does not know (their plugins are not here)."""
    c = journal.c
    made = sa.func.max(sa.case((c.action.in_(CREATED), 1), else_=0))
    gone = sa.func.max(sa.case((c.action == DELETED, 1), else_=0))
    statement = sa.select(c.kind, c.record_id, made, gone, sa.func.max(c.id)).where(unit.mine, c.record_id.is_not(None), c.action.in_(ACTIONS))
    found: dict[str, Keys] = {}
    last: dict[tuple[str, int], int] = {}
    unknown: dict[str, None] = {}
    for kind, key, was_made, was_removed, newest in uow.connection.execute(statement.group_by(c.kind, c.record_id)):
        if kind not in uow.crm.kinds:
            unknown[kind] = None
            continue
        keys = found.setdefault(kind, Keys())
        if was_made and was_removed:
            continue
        (keys.made if was_made else keys.gone if was_removed else keys.changed).append(key)
        last[kind, key] = newest
    for kind, keys in found.items():
        keys.made.sort()
        keys.gone.sort()
        keys.changed.sort(key=lambda key: -last[kind, key])
    return found, list(unknown)


def in_order(crm: t.Any, kinds: t.Iterable[str]) -> list[Kind]:
    """Return kinds so that what is pointed to comes before what points to it, as far as links that may be empty allow."""
    import graphlib

    chosen = {key: crm.kinds[key] for key in kinds}
    for strictly in (False, True):  # links that may be empty can go round in circles; those that may not, cannot
        graph = {k.key: {link.target for link in k.links.values() if link.target in chosen and link.target != k.key
            and not (strictly and link.field.nullable)} for k in chosen.values()}
        try:
            return [chosen[key] for key in graphlib.TopologicalSorter(graph).static_order()]
        except graphlib.CycleError:
            continue
    return list(chosen.values())


def among(uow: Uow, column: t.Any, values: t.Iterable[t.Any]) -> t.Any:
    """Return ``column IN (values)`` with the whole list as one parameter: a thousand of them take longer to write than to run."""
    listed = list(values)
    if uow.db.postgres:
        from sqlalchemy.dialects.postgresql import ARRAY

        return column == sa.any_(sa.bindparam(None, listed, type_=ARRAY(column.type)))
    return column.in_(sa.select(sa.func.json_each(dump_json(listed)).table_valued("value").c.value))


def chunks(keys: t.Sequence[int], size: int = 1000) -> Iterator[t.Sequence[int]]:
    """Yield keys by the thousand."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


