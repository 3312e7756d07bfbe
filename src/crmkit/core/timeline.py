"""What happened: a record's timeline and stages, and the journal of the whole CRM."""

from __future__ import annotations

import datetime as dt
import typing as t

import sqlalchemy as sa

from . import wire
from .access import SYSTEM
from .database import fold
from .filter import EVERYTHING, NOTHING
from .kind import Kind
from .ledger import history, journal
from .model import Entity, Staged
from .text import Text
from .where import Where

if t.TYPE_CHECKING:
    from .uow import Uow

MAX_ENTRIES = 200
JsonRow = dict[str, t.Any]


def timeline(uow: Uow, kind: Kind, record: Entity, *, limit: int = 50, before: dt.datetime | None = None) -> list[JsonRow]:
    """Return what happened to a record, newest first: journal entries and what plugins add, hidden fields left out."""
    limit = max(1, min(limit, MAX_ENTRIES))
    statement = sa.select(journal).where(journal.c.kind == kind.key, journal.c.record_id == record.id)
    if before is not None:
        statement = statement.where(journal.c.at < before)
    rows = uow.connection.execute(statement.order_by(journal.c.id.desc()).limit(limit)).all()
    found = [entry(uow, row) for row in rows]
    if "crm_timeline" in uow.crm.hooked:
        for answer in uow.crm.hook.crm_timeline(record=record, uow=uow, before=before):
            added = [{k: v if isinstance(v, Text) else wire.dump(v) for k, v in e.items()} for e in answer or ()]
            found += [e for e in added if before is None or e["at"].rstrip("Z") < wire.moment(before).rstrip("Z")]
    return sorted(found, key=lambda e: (e["at"].rstrip("Z"), e.get("id") or 0), reverse=True)[:limit]


def entry(uow: Uow, row: t.Any) -> JsonRow:
    """Return a journal row as JSON, without the fields the actor may not see."""
    kind = uow.crm.kinds.get(row.kind)
    hidden = uow.crm.access.hidden(uow.actor, kind) if kind is not None else frozenset()
    changes = {n: c for n, c in row.changes.items() if n not in hidden and not n.startswith("~")}
    return {
        "id": row.id, "at": wire.moment(row.at), "actor_id": row.actor_id, "actor": row.actor, "kind": row.kind, "record_id": row.record_id,
        "action": row.action, "changes": changes, "cause": row.cause, "tx": row.tx, "operation": row.operation,
    }  # fmt: skip


def of_transaction(uow: Uow, tx: int, after: int, limit: int) -> list[JsonRow]:
    """Return the journal entries of one transaction, oldest first."""
    statement = sa.select(journal).where(journal.c.tx == tx, journal.c.id > after).order_by(journal.c.id).limit(limit)
    return [entry(uow, row) for row in uow.connection.execute(statement)]


def stage_history(uow: Uow, kind: Kind, record: Staged) -> list[JsonRow]:
    """Return the stages a record has been in, oldest first; the present one ends with ``"left_at": null``.

    `seconds` is how long it stayed, up to now for the present stage.
    """
    mine = (history.c.kind == kind.key) & (history.c.record_id == record.id)
    found = []
    for row in uow.connection.execute(sa.select(history).where(mine).order_by(history.c.id)):
        found.append(_stay(row.pipeline, row.stage, row.entered_at, row.left_at, row.left_at, row.actor_id))
    found.append(_stay(record.pipeline, record.stage, record.stage_since, None, uow.now, None))
    return found


def _stay(pipeline: str, stage: str, entered: dt.datetime, left: dt.datetime | None, until: dt.datetime, actor: int | None) -> JsonRow:
    seconds = (until - entered).total_seconds()
    return {"pipeline": pipeline, "stage": stage, "entered_at": wire.moment(entered), "left_at": left and wire.moment(left),
        "seconds": seconds, "left_by": actor}


def search_journal(
    uow: Uow, *, kind: str | None = None, record_id: int | None = None, actor_id: int | None = None, action: str | None = None,
    since: dt.datetime | None = None, until: dt.datetime | None = None, text: str | None = None, before: int | None = None, limit: int = 50,
) -> list[JsonRow]:  # fmt: skip
    """Return journal entries, newest first, of records the actor may see. `before` is the id of the last entry shown.

    `text` is looked for in names, values and causes, letter case ignored; not in the values of entities of which the actor
    may not see every field: what is found would tell what is hidden.
    """
    uow.require("crmkit.journal")
    c = journal.c
    asked = [(c.kind, kind), (c.record_id, record_id), (c.actor_id, actor_id), (c.action, action)]
    conditions: list[t.Any] = [column == value for column, value in asked if value is not None]
    conditions += [c.at >= since] if since is not None else []
    conditions += [c.at < until] if until is not None else []
    conditions += [c.id < before] if before is not None else []
    if text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        actor, cause, values = (fold(place).like(fold(pattern), escape="\\") for place in (c.actor, c.cause, sa.cast(c.changes, sa.Text)))
        conditions.append(sa.or_(actor, cause, values if uow.elevated else values & c.kind.in_(_open(uow))))
    if not uow.elevated:
        conditions.append(sa.or_(sa.false(), *_visible(uow)))
    statement = sa.select(journal).where(*conditions).order_by(c.id.desc()).limit(max(1, min(limit, MAX_ENTRIES)))
    return [entry(uow, row) for row in uow.connection.execute(statement)]


def latest(
    uow: Uow, *, operation: int | None = None, actor_id: int | None = None, kinds: t.Iterable[str] | None = None, before: int | None = None,
    limit: int = 50,
) -> t.Sequence[t.Any]:  # fmt: skip
    """Return the journal's rows about writes of records the actor may see, newest first: of one operation, or of none.

    Fields are as they were noted; `entry` leaves out what is hidden. Without `actor_id` (whose) and `operation` the journal
    must be the actor's to read.
    """
    from .undo.unit import ACTIONS

    if operation is None and (actor_id is None or actor_id != uow.actor.id):
        uow.require("crmkit.journal")
    c = journal.c
    conditions = [c.operation == operation if operation is not None else c.operation.is_(None), c.action.in_(ACTIONS),
        c.kind.in_(list(kinds) if kinds is not None else list(uow.crm.kinds))]
    conditions += [c.actor_id == actor_id] if actor_id is not None else []
    conditions += [c.id < before] if before is not None else []
    if not uow.elevated:
        conditions.append(sa.or_(sa.false(), *_visible(uow)))
    return uow.connection.execute(sa.select(journal).where(*conditions).order_by(c.id.desc()).limit(limit)).all()


def _open(uow: Uow) -> list[str]:
    access = uow.crm.access
    return [key for key, kind in uow.crm.kinds.items() if access.hidden(uow.actor, kind) == access.hidden(SYSTEM, kind)]


def _visible(uow: Uow) -> t.Iterator[t.Any]:
    """Yield one condition for each kind the actor may read: its rows, by their row rule."""
    for number, kind in enumerate(uow.crm.kinds.values()):
        rule = uow.rule(kind)
        if rule is NOTHING:
            continue
        condition = journal.c.kind == kind.key
        if rule is not EVERYTHING:
            where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
            prefix = f"j{number}_"
            rows = sa.select(kind.table.c.id).where(where.own_rule(rule, prefix)).select_from(where.source)
            values = uow.rule_values(rule, prefix) | uow.hop_values(k for k in uow.crm.kinds if where.source is not kind.table)
            condition &= journal.c.record_id.in_(rows.params({n: v for n, v in values.items() if n in where.names}))
        yield condition
