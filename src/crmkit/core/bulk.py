"""Creating records by the thousand, under the same rules: cleaning, checks, rights, journal and totals."""

from __future__ import annotations

import collections
import datetime as dt
import itertools
import operator
import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
import orjson
import sqlalchemy as sa

from . import wire
from .deliver import SECRET
from .errors import Invalid, Problem, closest
from .events import Created
from .field import REQUIRED, Field, acceptor
from .filter import EVERYTHING, Leaf
from .kind import Kind
from .ledger import journal
from .live import Message
from .moves import stage_needs
from .operations import UNKNOWN
from .pipeline import StageOf
from .records import NO_KIND, NO_SUCH, explain_integrity, next_key
from .settle import Total, total_of, total_row
from .sql import Row, binder
from .types import Choice, Exact, UtcDateTime, utc_text
from .where import Where, parameters
from .written import Written, settled, told

if t.TYPE_CHECKING:
    from .uow import Uow

CHUNK = 5_000
MAX_PROBLEMS = 100
UTC_Z = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def add_many(uow: Uow, kind: Kind, rows: Iterable[Mapping[str, t.Any]], into: StageOf[t.Any] | None = None) -> list[int]:
    """Add a record for each mapping of field values and return their keys, in order.

    Every value is cleaned and checked as on a single record; `Invalid` names rows as ``17.amount`` and nothing is kept.
    Where an automation listens to new records of this kind, they are added one by one, so that it hears of each.
    """
    uow.require(kind.permission("create"))
    uow.flush()
    keys: list[int] = []
    remaining = iter(rows)
    while chunk := list(itertools.islice(remaining, CHUNK)):
        if _heard(uow, kind, into):
            keys += _one_by_one(uow, kind, chunk, into, len(keys))
        else:
            keys += _Chunk(uow, kind, into, len(keys)).add(chunk)
    if keys:
        uow.messages[Message(kind.key, None)] = None
    return keys


def _heard(uow: Uow, kind: Kind, into: StageOf[t.Any] | None) -> bool:
    """True when somebody must be told of each record."""
    crm = uow.crm
    probe = Created(object.__new__(kind.cls))
    if crm.subscribers("on", probe) or crm.subscribers("after", probe) or crm.subscribers("outside", probe) or crm.checked(kind.cls):
        return True
    if not kind.staged:
        return False
    stage = into.key if into is not None else (kind.first_pipeline.name, kind.first_pipeline.first.name)
    guards = crm.stage(into)[1].guards if into is not None else ()
    return bool(guards or crm.at_stage("enter", stage) or crm.at_stage("while", stage) or (into is not None and "crm_can_move" in crm.hooked))


def _one_by_one(uow: Uow, kind: Kind, chunk: Sequence[Mapping[str, t.Any]], into: StageOf[t.Any] | None, start: int) -> list[int]:
    added, problems = [], list[Problem]()
    for number, values in enumerate(chunk, start):
        try:
            unknown = [n for n in values if n not in kind.fields]
            if unknown:
                raise Invalid(problems=[Problem(n, "unknown", UNKNOWN.format(near=closest(n, kind.fields))) for n in unknown])
            missing = [f.name for f in kind.fields.values() if f.required and f.name not in values]
            if missing:
                raise Invalid(problems=[Problem(n, "required", REQUIRED) for n in missing])
            added.append(uow.add(kind.cls(**values), into=into))
        except Invalid as refusal:
            problems += [attrs.evolve(p, path=f"{number}.{p.path}") for p in refusal.problems]
            if len(problems) >= MAX_PROBLEMS:
                break
    if problems:
        raise Invalid(problems=problems)
    rights = _Chunk(uow, kind, into, start)
    rights.references([record.__dict__ for record in added])
    uow.flush()
    keys = [record.id for record in added]
    rights.scope(keys)
    return keys


class _Chunk:
    """A few thousand records on their way into the tables."""

    def __init__(self, uow: Uow, kind: Kind, into: StageOf[t.Any] | None, start: int) -> None:
        self.uow, self.kind, self.start, self.problems = uow, kind, start, list[Problem]()
        self.fixed: dict[str, t.Any] = {"created_at": uow.now, "updated_at": uow.now, "version": 1, "archived_at": None}
        self.needs: tuple[str, ...] = ()
        if kind.staged:
            pipeline, stage = uow.crm.stage(into) if into is not None else (kind.first_pipeline, kind.first_pipeline.first)
            self.fixed |= {"pipeline": pipeline.name, "stage": stage.name, "stage_since": uow.now}
            self.needs = stage.needs if into is not None else ()
        self.writable = {n: f for n, f in kind.fields.items() if not f.generated and n != "id"}
        fields = {a.name: a.default for a in attrs.fields(t.cast(t.Any, kind.cls)) if a.name in kind.fields and a.name not in self.fixed}
        self.defaults = {n: _default(default, kind.fields[n]) for n, default in fields.items() if n != "id"}
        self.kept = [n for n in self.defaults if n not in self.writable]
        self.columns = tuple(n for n in kind.names if n != "id")
        self.plans: dict[tuple[str, ...], _Plan] = {}

    def add(self, chunk: Sequence[Mapping[str, t.Any]]) -> list[int]:
        """Write the chunk and return its keys."""
        records = [self._record(number, values) for number, values in enumerate(chunk, self.start)]
        self._refuse()
        self.references(records)
        if self.kind.prepares:
            self._prepare(records)
        keys = self._write(records)
        self.scope(keys)
        if self.kind.staged:
            self._totals(records)
        written = [Written(k, r | {"id": k}, None) for k, r in zip(keys, records, strict=True)]
        told(self.uow, self.kind, written)
        with self.uow.settling.for_sets():
            settled(self.uow, self.kind, written)
        return keys

    def _refuse(self) -> None:
        if self.problems:
            raise Invalid(problems=self.problems[:MAX_PROBLEMS])

    def _record(self, number: int, values: Mapping[str, t.Any]) -> dict[str, t.Any]:
        given = tuple(values)
        plan = self.plans.get(given)
        if plan is None:
            plan = self.plans[given] = self._plan(given)
        record = plan.same.copy()
        wrong = list(plan.problems)
        for name, accept in plan.accepts:
            try:
                record[name] = accept(values[name])
            except Invalid as refusal:
                wrong += refusal.problems
        for name, make in plan.makes:
            record[name] = make()
        if plan.problems:
            wrong.sort(key=lambda p: plan.order.get(p.path, len(plan.order)))
        if self.needs:
            wrong += stage_needs(self.needs, record)
        if wrong:
            self.problems += [attrs.evolve(p, path=f"{number}.{p.path}") for p in wrong]
        return record

    def _plan(self, given: tuple[str, ...]) -> _Plan:
        """Return what is the same for all rows that give these fields."""
        left = [n for n in self.defaults if n in self.kept or not (n in given or self.writable[n].required)]
        same = self.fixed | {n: self.defaults[n].value for n in left if self.defaults[n].make is None}
        makes = [(n, make) for n in left if (make := self.defaults[n].make) is not None]
        problems = [Problem(n, "required", REQUIRED) for n, f in self.writable.items() if f.required and n not in given]
        problems += [Problem(n, "unknown", UNKNOWN.format(near=closest(n, self.writable))) for n in given if n not in self.writable]
        order = {n: i for i, n in enumerate(self.writable)}
        return _Plan(same, [(n, acceptor(f)) for n, f in self.writable.items() if n in given], makes, problems, order)

    def _prepare(self, records: Sequence[dict[str, t.Any]]) -> None:
        for number, record in enumerate(records, self.start):
            try:
                self.kind.cls.prepare(record, None, self.uow)
            except Invalid as refusal:
                self.problems += [attrs.evolve(p, path=f"{number}.{p.path}") for p in refusal.problems]
        self._refuse()

    def references(self, records: Sequence[Mapping[str, t.Any]]) -> None:
        """Records may point only to what the actor may see: one question per field for the whole chunk."""
        for field in self.writable.values():
            if field.to is None:
                continue
            wanted = {r[field.name] for r in records if r.get(field.name) is not None}
            if not wanted:
                continue
            found = self._visible(self.uow.crm.kind(field.to), sorted(wanted), "read")
            missing = wanted - found
            self.problems += [Problem(f"{self.start + i}.{field.name}", "reference", NO_SUCH) for i,
                r in enumerate(records) if r.get(field.name) in missing]
        for field in self.kind.abouts:
            self._abouts(field.name, t.cast(str, field.about), records)
        self._refuse()

    def _abouts(self, name: str, named: str, records: Sequence[Mapping[str, t.Any]]) -> None:
        """What records are about must be of kinds there are, and records the actor may see: one question per kind."""
        for key in {r[named] for r in records}:
            other = self.uow.crm.kinds.get(key)
            mine = [(i, r[name]) for i, r in enumerate(records, self.start) if r[named] == key]
            if other is None or other.abouts:
                say = NO_KIND.format(near=closest(key, [k for k, o in self.uow.crm.kinds.items() if not o.abouts]))
                self.problems += [Problem(f"{i}.{named}", "unknown", say) for i, _id in mine]
                continue
            found = self._visible(other, sorted({i for _n, i in mine}), "read")
            self.problems += [Problem(f"{i}.{name}", "reference", NO_SUCH) for i, wanted in mine if wanted not in found]

    def _visible(self, kind: Kind, keys: list[int], action: str) -> set[int]:
        uow = self.uow
        rule = uow.rule(kind, action)
        where = Where(kind, uow.crm.kinds, uow.db.dialect, uow.rule)
        column = kind.table.c.id
        path = kind.path("id", uow.crm.kinds)
        chosen = Leaf(path, "in", tuple(keys))
        conditions = [where.node(chosen, "k")] + ([where.own_rule(rule, "m")] if rule is not EVERYTHING else [])
        values = parameters(chosen, "k", uow.context, uow.db.dialect) | uow.rule_values(rule, "m")
        values |= uow.hop_values(k for k in uow.crm.kinds if where.source is not kind.table)
        statement = sa.select(column).select_from(where.source).where(*conditions)
        return {row[0] for row in uow.connection.execute(statement, {n: v for n, v in values.items() if n in where.names})}

    def scope(self, keys: list[int]) -> None:
        """New records must lie in the scope in which the actor may create."""
        if self.uow.rule(self.kind, "create") is not EVERYTHING and len(self._visible(self.kind, keys, "create")) != len(keys):
            self.uow.forbid(self.kind.permission("create"))

    # ---- writing -----------------------------------------------------------------------------------------------
    def _write(self, records: Sequence[dict[str, t.Any]]) -> list[int]:
        uow, table = self.uow, self.kind.table
        binders = [(i, b) for i, c in enumerate(self.columns) if (b := _bound(self.kind.fields[c], uow.db.dialect)) is not None]
        chosen = operator.itemgetter(*self.columns)
        cells: t.Iterable[t.Sequence[t.Any]] = map(chosen, records)
        if binders:
            cells = (_converted(list(c), binders) for c in cells)
        if uow.db.postgres:
            sequence = f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id')) FROM generate_series(1, %s)"
            keys = [row[0] for row in uow.db.driver(sequence, (len(records),)).fetchall()]
            self._copy(table.name, ("id", *self.columns), [(k, *c) for k, c in zip(keys, cells, strict=True)])
            self._copy(journal.name, (*JOURNAL, "tx"), self._journal(records, keys, uow.now, uow.tx))
            return keys
        first = uow.db.driver(next_key(self.kind)).fetchone()[0]
        keys = list(range(first, first + len(records)))
        self._insert(table.name, ("id", *self.columns), [(k, *c) for k, c in zip(keys, cells, strict=True)])
        uow.ledger.told = True
        self._insert(journal.name, (*JOURNAL, "tx"), self._journal(records, keys, utc_text(uow.now), uow.tx))
        return keys

    def _copy(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        listed = ", ".join(f'"{c}"' for c in columns)
        try:
            with self.uow.db.raw.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                write = copy.write_row
                for row in rows:
                    write(row)
        except Exception as error:
            raise self._wrapped(table, error) from error

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        listed = ", ".join(f'"{c}"' for c in columns)
        try:
            self.uow.db.raw.executemany(f"INSERT INTO {table} ({listed}) VALUES ({', '.join('?' * len(columns))})", rows)
        except Exception as error:
            raise self._wrapped(table, error) from error

    def _wrapped(self, table: str, error: Exception) -> Exception:
        wrapped = self.uow.db.wrapped(f"bulk insert into {table}", error)
        return explain_integrity(wrapped, self.kind.fields, self.uow.db, {}) if isinstance(wrapped, sa.exc.IntegrityError) else wrapped

    def _journal(self, records: Sequence[dict[str, t.Any]], keys: Sequence[int], at: dt.datetime | str, tx: int) -> list[Row]:
        """Return the journal's rows; what every record of the chunk has in common is not repeated in them."""
        uow, kind, dumps = self.uow, self.kind, orjson.dumps
        secret = frozenset(n for n, f in kind.fields.items() if f.secret)
        told = [n for n in self.columns if n not in ("created_at", "updated_at", "version", "archived_at")]
        actor, cause = uow.actor, uow.settling.cause
        rows = []
        for record, key in zip(records, keys, strict=True):
            changes: dict[str, tuple[t.Any, t.Any]] = {n: (None, v) for n in told if (v := record[n]) is not None}
            if secret:
                changes |= dict.fromkeys(secret & changes.keys(), (SECRET, SECRET))
            text = dumps(changes, default=_dumped, option=UTC_Z).decode()
            rows.append((at, actor.id, actor.name, kind.key, key, "created", text, cause, uow.operation_id, tx))
        return rows

    def _totals(self, records: Sequence[dict[str, t.Any]]) -> None:
        sums: dict[tuple[t.Any, ...], list[int]] = collections.defaultdict(lambda: [0, 0, 0, 0])
        for record in records:
            total = t.cast(Total, total_of(self.kind, record))
            group = sums[total[:4]]
            group[0] += 1
            for i, amount in enumerate(total[4], 1):
                group[i] += amount
        for place, (count, *amounts) in sums.items():
            row = total_row(self.kind, (*place, tuple(amounts[: len(self.kind.totals)])), 1)
            self.uow.ledger.tally.append(row | {"n": count})


JOURNAL = ("at", "actor_id", "actor", "kind", "record_id", "action", "changes", "cause", "operation")


def _dumped(value: t.Any) -> t.Any:
    return wire.dump(value)


def _bound(field: Field, dialect: t.Any) -> t.Callable[[t.Any], t.Any] | None:
    if dialect.name == "postgresql" and isinstance(field.column.type, Exact | UtcDateTime):
        return None  # the driver takes them as they are
    bind = binder(field.column.type, dialect)
    return _remembered(bind) if bind is not None and isinstance(field.column.type, Choice | UtcDateTime) else bind


def _remembered(bind: t.Callable[[t.Any], t.Any]) -> t.Callable[[t.Any], t.Any]:
    """Return what converts a value that comes again and again, such as the moment of a whole chunk, only once in a row."""
    last: t.Any = None
    made: t.Any = None

    def again(value: t.Any) -> t.Any:
        nonlocal last, made
        if value is not last:
            made = bind(value)
            last = value
        return made

    return again


def _converted(cells: list[t.Any], binders: Sequence[tuple[int, t.Callable[[t.Any], t.Any]]]) -> list[t.Any]:
    for index, bind in binders:
        if cells[index] is not None:
            cells[index] = bind(cells[index])
    return cells


@attrs.frozen
class _Default:
    """A field's default value, cleaned as on a single record; `make` where every record has its own."""

    value: t.Any = None
    make: t.Callable[[], t.Any] | None = None


def _default(default: t.Any, field: Field) -> _Default:
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
        return _Default(make=lambda: field.accept(default.factory()))
    return _Default(None if default is None or default is attrs.NOTHING else field.accept(default))


@attrs.frozen
class _Plan:
    """What becomes of rows that give the same fields: values all have, what cleans those given, what makes others, what is wrong."""

    same: dict[str, t.Any]
    accepts: list[tuple[str, t.Callable[[t.Any], t.Any]]]
    makes: list[tuple[str, t.Callable[[], t.Any]]]
    problems: list[Problem]
    order: dict[str, int]
