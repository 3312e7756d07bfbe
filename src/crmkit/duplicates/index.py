"""The index: keys of every record, kept in the transaction that writes the record."""

from __future__ import annotations

import typing as t
import weakref
from collections.abc import Iterable, Mapping, Sequence

import attrs
import sqlalchemy as sa

from crmkit import Crm, Kind, Uow, Written, hookimpl, on

from .declare import Prepared, Raw
from .entities import Pair, PairState
from .pairs import compare_records
from .registry import BATCH, Declared, PartOf, declared
from .settings import DuplicatesSettings
from .tables import keys as key_table

REMEMBERED = 20_000
# What the keys were made of that a transaction wrote last: parts come after their record, and mostly say what it said already.
_made: weakref.WeakKeyDictionary[sa.Connection, tuple[weakref.ref[Uow], dict[tuple[str, int], Prepared]]] = weakref.WeakKeyDictionary()
MANY = 50  # records of one transaction: from here on they are compared together


@attrs.frozen
class Recheck:
    """Records that changed and are to be compared anew."""

    kind: str
    ids: list[int]


@hookimpl
def crm_written(kind: Kind, rows: Sequence[Written], uow: Uow) -> None:
    """Keep the keys of the records that were written, and have them compared a little later."""
    here = declared(uow.crm)
    if kind.key in here:
        _records(uow, here[kind.key], rows)
    for one, owner in _parts_of(uow.crm, kind):
        _wholes(uow, owner, one, rows)


def _records(uow: Uow, here: Declared, rows: Sequence[Written]) -> None:
    gone = [r.id for r in rows if r.values is None or r.values.get("archived_at") is not None]
    there = [r for r in rows if r.values is not None and r.values.get("archived_at") is None]
    watched = {*here.fields, "archived_at"}
    new = [r for r in there if r.changed is None]
    touched = [r for r in there if r.changed is not None and not watched.isdisjoint(r.changed)]
    if gone:
        _forget(uow, here, gone)
        _remove(uow, here, [r.id for r in rows if r.values is None])
    if new:
        if here.parts or any("." in f for f in here.fields):  # a part written before may have brought the record's keys already
            rebuild(uow, here, [r.id for r in new])
        else:
            raw = {r.id: _own(here, t.cast("Mapping[str, t.Any]", r.values)) for r in new}
            _insert(uow, here, {key: here.numbers(here.what.prepare(values)) for key, values in raw.items()})
        _recheck(uow, here, [r.id for r in new])
    if touched:
        rebuild(uow, here, [r.id for r in touched])
        _reopen(uow, here, [r.id for r in touched if r.changed and "archived_at" in r.changed])
        _recheck(uow, here, [r.id for r in touched])


def _own(here: Declared, values: Mapping[str, t.Any]) -> Raw:
    return {name: (values.get(name),) for name in here.fields}


def _parts_of(crm: Crm, kind: Kind) -> list[tuple[PartOf, Declared]]:
    return [(one, owner) for owner in declared(crm).values() for one in owner.parts if one.kind is kind]


def _wholes(uow: Uow, owner: Declared, one: PartOf, rows: Sequence[Written]) -> None:
    """Parts changed: so did the records they are parts of. Of a removed part only the index knows whose it was."""
    watched = {one.part.field, one.whole, *one.part.where, "archived_at"}
    ids = {r.values[one.whole] for r in rows if r.values is not None and (r.changed is None or not watched.isdisjoint(r.changed))}
    if ids:
        rebuild(uow, owner, sorted(ids))
        _recheck(uow, owner, sorted(ids))


def rebuild(uow: Uow, here: Declared, ids: Sequence[int]) -> None:
    """Bring the keys of some records to what their values say now."""
    made = {key: here.what.prepare(raw) for key, raw in here.raw(uow, ids).items()}
    known, kind = _memory(uow), here.kind.key
    ids = [key for key in ids if key not in made or known.get((kind, key)) != made[key]]
    if len(known) > REMEMBERED:
        known.clear()
    for key in ids:
        if key in made:
            known[kind, key] = made[key]
        else:
            known.pop((kind, key), None)
    wanted = {key: here.numbers(made[key]) for key in ids if key in made}
    kept: dict[int, set[int]] = {}
    for start in range(0, len(ids), BATCH):
        own = key_table.c.kind == here.kind.key, key_table.c.record_id.in_(ids[start : start + BATCH])
        for key, record in uow.connection.execute(sa.select(key_table.c.key, key_table.c.record_id).where(*own)):
            kept.setdefault(record, set()).add(key)
    old = [(key, record) for record, numbers in kept.items() for key in numbers - wanted.get(record, set())]
    if old:
        one = key_table.delete().where(key_table.c.key == sa.bindparam("k"), key_table.c.record_id == sa.bindparam("r"))
        uow.connection.execute(one, [{"k": k, "r": r} for k, r in old])
    _insert(uow, here, {record: numbers - kept.get(record, set()) for record, numbers in wanted.items()})


def _memory(uow: Uow) -> dict[tuple[str, int], Prepared]:
    """Return what the keys are made of that this unit of work wrote; nothing once another has had a say in the transaction."""
    held = _made.get(uow.connection)
    if held is None or held[0]() is not uow:
        held = _made[uow.connection] = weakref.ref(uow), {}
    return held[1]


def _insert(uow: Uow, here: Declared, wanted: Mapping[int, Iterable[int]]) -> None:
    rows = [(number, record, here.kind.key) for record, numbers in wanted.items() for number in sorted(numbers)]
    if not rows:
        return
    if uow.connection.dialect.name == "sqlite":
        uow.connection.exec_driver_sql("INSERT INTO duplicates_key (key, record_id, kind) VALUES (?, ?, ?)", rows)
        return
    # Two arrays are one statement, and four times as fast as its values one by one.
    statement = "INSERT INTO duplicates_key (key, record_id, kind) SELECT k, r, %s FROM unnest(%s::bigint[], %s::bigint[]) AS x(k, r)"
    uow.connection.exec_driver_sql(statement, (here.kind.key, [r[0] for r in rows], [r[1] for r in rows]))


def _forget(uow: Uow, here: Declared, ids: Sequence[int]) -> None:
    """Records that are archived or gone are nobody's duplicates; a pair that was merged says so."""
    known = _memory(uow)
    for key in ids:
        known.pop((here.kind.key, key), None)
    pair, merged = Pair.__table__, _merged(uow.crm)
    winners: set[int] = set()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        uow.connection.execute(key_table.delete().where(key_table.c.kind == here.kind.key, key_table.c.record_id.in_(some)))
        one = sa.and_(merged.c.winner_id == pair.c.a_id, merged.c.loser_id == pair.c.b_id)
        other = sa.and_(merged.c.winner_id == pair.c.b_id, merged.c.loser_id == pair.c.a_id)
        joined = sa.exists().where(merged.c.kind == here.kind.key, sa.or_(one, other))
        mine = pair.c.kind == here.kind.key, sa.or_(pair.c.a_id.in_(some), pair.c.b_id.in_(some)), pair.c.state == PairState.OPEN
        done = {"state": PairState.MERGED, "decided_at": uow.now, "decided_by": uow.actor.id}
        uow.connection.execute(pair.update().where(*mine, joined).values(done))
        into = sa.select(merged.c.winner_id).where(merged.c.kind == here.kind.key, merged.c.loser_id.in_(some))
        winners |= set(uow.connection.execute(into).scalars())
    if winners:  # what was said of the loser holds for the winner now
        _recheck(uow, here, sorted(winners))


def _remove(uow: Uow, here: Declared, ids: Sequence[int]) -> None:
    """Records are gone for good: nothing is left to decide about their pairs."""
    pair = Pair.__table__
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        uow.connection.execute(pair.delete().where(pair.c.kind == here.kind.key, sa.or_(pair.c.a_id.in_(some), pair.c.b_id.in_(some))))


def _reopen(uow: Uow, here: Declared, ids: Sequence[int]) -> None:
    """A merge was taken back: what was merged may be looked at again, and both sides are compared anew."""
    pair = Pair.__table__
    mine = pair.c.kind == here.kind.key, sa.or_(pair.c.a_id.in_(ids), pair.c.b_id.in_(ids)), pair.c.state == PairState.MERGED
    both = [tuple(row) for row in uow.connection.execute(sa.select(pair.c.a_id, pair.c.b_id).where(*mine))] if ids else []
    if both:
        uow.connection.execute(pair.update().where(*mine).values(state=PairState.OPEN, decided_at=None, decided_by=None))
        _recheck(uow, here, sorted({i for two in both for i in two} - set(ids)))


def _merged(crm: Crm) -> sa.Table:
    return next(table for table in crm.tables if table.name == "crm_merged")


def _recheck(uow: Uow, here: Declared, ids: Sequence[int]) -> None:
    wait = uow.crm[DuplicatesSettings].wait
    if len(ids) < MANY:
        for key in ids:  # one timer for each record: to change it again puts the comparison off
            uow.schedule(Recheck(here.kind.key, [key]), delay=wait, key=f"duplicates:{here.kind.key}:{key}")
        return
    size = uow.crm[DuplicatesSettings].chunk
    for start in range(0, len(ids), size):
        uow.schedule(Recheck(here.kind.key, list(ids[start : start + size])), delay=wait)


@on(Recheck)
def recheck(event: Recheck, uow: Uow) -> None:
    """Compare records that changed with those that share a key with them."""
    here = declared(uow.crm).get(event.kind)
    if here is not None:
        compare_records(uow, here, event.ids)


__all__ = ["Recheck", "crm_written", "rebuild", "recheck"]
