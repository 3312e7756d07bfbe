"""The records of one unit of work: loaded once, compared on flush, written with statements compiled once."""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Callable, Mapping

import attrs
import sqlalchemy as sa

from .errors import Conflict, Invalid, Misuse, Problem, Stale
from .field import Field
from .kind import ExtensionKind, Kind
from .model import Entity, Extension, Record
from .sql import Db
from .text import _

if t.TYPE_CHECKING:
    from .libpq import Work
    from .uow import Uow

Changes = dict[str, tuple[t.Any, t.Any]]
CHUNK = 1000


@attrs.frozen
class Fact:
    """What a flush did to one record: `before` is None for a new one; `changes` maps dotted fields to (old, new)."""

    record: Entity
    kind: Kind
    before: Mapping[str, t.Any] | None
    changes: Changes


class Records:
    """Identity map, comparison and writing. Knows nothing of permissions, events or journals."""

    def __init__(self, db: Db, uow: Uow, kind_of: Callable[[type], Kind]) -> None:
        self.db, self.uow, self.kind_of = db, uow, kind_of
        self.known: dict[tuple[type, int], Entity] = {}
        self._new: dict[int, Entity] = {}
        self._touched: dict[int, Entity] = {}
        self._mutable: list[Entity] = []  # records with JSON fields, which may be edited in place

    # ---- taking in ---------------------------------------------------------------------------------------------
    def adopt(self, kind: Kind, row: t.Iterable[t.Any]) -> Entity:
        """Return the entity of a row of all columns; the one already here wins, so that edits are not lost."""
        values = dict(zip(kind.names, row, strict=True))
        here = self.known.get((kind.cls, values["id"]))
        if here is not None:
            if here.__dict__["_loaded"]["version"] == values["version"] or id(here) in self._touched:
                return here
            record = here  # someone else changed it meanwhile, and nothing is edited here: show the present
            record.__dict__["_outdated"] = record.__dict__.pop("_extensions", {})
        else:
            record = object.__new__(kind.cls)
            self.known[kind.cls, values["id"]] = record
            if kind.mutable:
                self._mutable.append(record)
        record.__dict__.update(values)
        record.__dict__.update(_uow=self.uow, _state="loaded", _loaded=self._copied(kind, values))
        for cls in record.__dict__.get("_outdated", ()) if here is not None else ():
            self.load_extensions(record, cls)
        return record

    def _copied(self, kind: Kind, values: dict[str, t.Any]) -> dict[str, t.Any]:
        if kind.mutable:
            values = values | {name: _still(values[name]) for name in kind.mutable}
        return values

    def add(self, record: Entity) -> None:
        """Remember a new record; it is inserted on the next flush."""
        if record.__dict__.get("_uow") not in (None, self.uow):
            raise Misuse(f"{record!r} belongs to another unit of work")
        record.__dict__.update(_uow=self.uow, _state="new")
        self._new[id(record)] = record

    def touch(self, record: Record) -> None:
        """Remember that a record may have changed."""
        if isinstance(record, Extension):
            subject = record.__dict__.get("subject")
            if subject is not None:
                self.touch(subject)
        elif record.__dict__.get("_state") == "loaded":
            self._touched[id(record)] = t.cast(Entity, record)

    def forget(self, kind: Kind, key: int) -> None:
        """Let go of a record that is no longer in the database."""
        record = self.known.pop((kind.cls, key), None)
        if record is not None:
            record.__dict__["_state"] = "deleted"
            self._touched.pop(id(record), None)
            self._mutable = [r for r in self._mutable if r is not record]

    @property
    def dirty(self) -> bool:
        """True when a flush might write something."""
        return bool(self._new or self._touched or self._mutable)

    # ---- flushing ----------------------------------------------------------------------------------------------
    def flush(self, check: Callable[[Fact], None], *, wait: bool = True) -> list[Fact]:
        """Insert and update what changed; return what happened, in order. `check` may refuse each fact beforehand.

        Updates go out together: at the end or, unless `wait`, with the next statement.
        """
        for one in self._mutable:
            self._touched.setdefault(id(one), one)
        facts: list[Fact] = []
        while self._new:
            self._insert(next(iter(self._new.values())), check, facts, set())
        while self._touched:
            record = self._touched.pop(next(iter(self._touched)))
            if record.__dict__.get("_waiting") or record.__dict__.get("_extensions"):
                self._resolve(record, check, facts, set())
            fact = self._compare(record)
            if fact is not None:
                check(fact)
                self._update(fact)
                facts.append(fact)
        if wait:
            self.db.sync()
        return facts

    def _resolve(self, record: Entity, check: Callable[[Fact], None], facts: list[Fact], path: set[int]) -> None:
        """Insert the new records this one and its extensions point to, and take their keys."""
        for holder in (record, *record.__dict__.get("_extensions", {}).values()):
            for via, target in list(holder.__dict__.get("_waiting", {}).items()) if holder is not None else ():
                if target.__dict__.get("id") is None:
                    if id(target) not in self._new:
                        raise Misuse(f"{record!r}.{via} points to {target!r}, which was not added: uow.add(...) it first")
                    if id(target) in path:
                        raise Misuse(f"{record!r} and {target!r} are new and point to each other; add one, flush, then link the other")
                    self._insert(target, check, facts, path)
                del holder.__dict__["_waiting"][via]
                setattr(holder, via, target.id)

    def _insert(self, record: Entity, check: Callable[[Fact], None], facts: list[Fact], path: set[int]) -> None:
        path.add(id(record))
        self._resolve(record, check, facts, path)
        self._new.pop(id(record), None)
        kind, values = self.kind_of(type(record)), record.__dict__
        now = self.uow.now
        values.update(created_at=now, updated_at=now, version=1)
        if kind.prepares:
            kind.cls.prepare(values, None, self.uow)
        fresh = {name: (None, _still(values[name])) for name in kind.names if values[name] is not None}
        extensions = record.__dict__.get("_extensions", {})
        for held in extensions.values():
            if held is not None:
                fresh |= {f"{held.__extension_name__}.{n}": (None, _still(v)) for n, v in _values(held).items() if v is not None}
        fact = Fact(record, kind, None, fresh)
        check(fact)
        values["id"] = self._run_insert(kind, values)
        self.known[kind.cls, values["id"]] = record
        if kind.mutable:
            self._mutable.append(record)
        values.update(_state="loaded", _loaded=self._copied(kind, {n: values[n] for n in kind.names}))
        for held in extensions.values():
            if held is not None:
                self._insert_extension(held, record)
        facts.append(fact)

    def _run_insert(self, kind: Kind, values: Mapping[str, t.Any]) -> int:
        postgres = self.db.postgres
        names = tuple(n for n in kind.names if n != "id")

        def build() -> t.Any:
            made = kind.table.insert().values({n: sa.bindparam(f"v_{n}", type_=kind.fields[n].column.type) for n in names})
            return made.returning(kind.table.c.id) if postgres else made.values(id=sa.literal_column(f"({next_key(kind)})")).inline()

        prepared = self.db.statements.get(("insert", kind.key), build)
        cursor = self._guarded(kind, lambda: self.db.run(prepared, {f"v_{n}": values[n] for n in names}), values)
        return t.cast(int, cursor.fetchone()[0] if postgres else cursor.lastrowid)

    def _compare(self, record: Entity) -> Fact | None:
        kind, values, before = self.kind_of(type(record)), record.__dict__, record.__dict__["_loaded"]
        all_of = kind.all_of
        same = all_of(values) == all_of(before)
        if same and not values.get("_extensions") and "_moved" not in values:
            return None
        if kind.prepares and not same:
            kind.cls.prepare(values, before, self.uow)
            same = False
        changes: Changes = {} if same else {
            n: (before[n], _still(values[n])) for n in kind.names if values[n] is not before[n] and values[n] != before[n]
        }  # fmt: skip
        for held in record.__dict__.get("_extensions", {}).values():
            if held is not None:
                old = held.__dict__.get("_loaded") or {}
                changes |= {f"{held.__extension_name__}.{n}": (old.get(n), _still(v)) for n, v in _values(held).items() if v != old.get(n)}
                if not old:
                    changes.setdefault(f"{held.__extension_name__}.id", (None, record.id))
        # A stage entered again at the same moment changes no field, and is a move all the same.
        return Fact(record, kind, before, changes) if changes or "_moved" in values else None

    def _update(self, fact: Fact) -> None:
        record, kind, values = fact.record, fact.kind, fact.record.__dict__
        version = values["_loaded"]["version"]
        own = tuple(n for n in fact.changes if n in kind.fields)
        values.update(version=version + 1, updated_at=self.uow.now)
        names = (*own, "version", "updated_at")

        def build() -> t.Any:
            table = kind.table
            made = table.update().where(table.c.id == sa.bindparam("k_id"), table.c.version == sa.bindparam("k_version"))
            return made.values({n: sa.bindparam(f"v_{n}", type_=kind.fields[n].column.type) for n in names})

        prepared = self.db.statements.get(("update", kind.key, own), build)
        given = {f"v_{n}": values[n] for n in names} | {"k_id": values["id"], "k_version": version}

        def after(work: Work) -> None:
            with self.uow.whole():
                if self._guarded(kind, work, values).rowcount != 1:
                    raise Stale()

        self.db.later(prepared.sql, prepared.values(given), after)
        for held in record.__dict__.get("_extensions", {}).values():
            if held is not None:
                self._save_extension(held, record)
        values["_loaded"] = self._copied(kind, {n: values[n] for n in kind.names})

    # ---- extensions --------------------------------------------------------------------------------------------
    def load_extensions(self, record: Entity, cls: type[Extension[t.Any]]) -> None:
        """Fetch `cls` for every record of this type in the unit of work, a thousand at a time."""
        peers = [r for (kind, _id), r in self.known.items() if kind is type(record) and cls not in r.__dict__.setdefault("_extensions", {})]
        if record not in peers:
            peers.append(record)
        table, names = cls.__table__, tuple(cls.__fields__)
        for start in range(0, len(peers), CHUNK):
            some = {p.id: p for p in peers[start : start + CHUNK]}
            rows = self.db.connection.execute(sa.select(table).where(table.c.id.in_(list(some)))).all()
            for row in rows:
                self._hold(cls, dict(zip(names, row, strict=True)), some[row[0]])
            for peer in some.values():
                peer.__dict__["_extensions"].setdefault(cls, None)

    def _hold(self, cls: type[Extension[t.Any]], values: dict[str, t.Any], subject: Entity) -> None:
        made = subject.__dict__.get("_outdated", {}).get(cls) or object.__new__(cls)
        made.__dict__.update(values)
        made.__dict__.update(_uow=self.uow, _state="loaded", _loaded=copy.deepcopy(values), subject=subject)
        subject.__dict__.setdefault("_extensions", {})[cls] = made
        self._watch(made, subject)

    def _watch(self, held: Extension[t.Any], subject: Entity) -> None:
        """Compare a record on every flush whose extension has JSON fields, which may be edited in place."""
        if any(f.type in (dict, list) for f in type(held).__fields__.values()):
            self._mutable.append(subject)

    def _insert_extension(self, held: Extension[t.Any], subject: Entity) -> None:
        cls, table = type(held), type(held).__table__
        held.__dict__["id"] = subject.id
        build = lambda: table.insert().values({n: sa.bindparam(f"v_{n}", type_=f.column.type) for n, f in cls.__fields__.items()}).inline()  # noqa: E731
        prepared = self.db.statements.get(("insert", table.name), build)
        given = {f"v_{n}": held.__dict__[n] for n in cls.__fields__}
        self._guarded(cls, lambda: self.db.run(prepared, given), held.__dict__)
        held.__dict__.update(_uow=self.uow, _state="loaded", _loaded=copy.deepcopy({n: held.__dict__[n] for n in cls.__fields__}))
        self._watch(held, subject)

    def _save_extension(self, held: Extension[t.Any], subject: Entity) -> None:
        before = held.__dict__.get("_loaded")
        if before is None:
            self._insert_extension(held, subject)
            return
        changed = {n: v for n, v in _values(held).items() if v != before[n]}
        if changed:
            table = type(held).__table__

            def build() -> t.Any:
                made = table.update().where(table.c.id == sa.bindparam("k_id", type_=table.c.id.type))
                return made.values({n: sa.bindparam(f"v_{n}", type_=table.c[n].type) for n in changed})

            prepared = self.db.statements.get(("update", table.name, tuple(changed)), build)
            given = {f"v_{n}": v for n, v in changed.items()} | {"k_id": subject.id}
            self._guarded(type(held), lambda: self.db.run(prepared, given), held.__dict__)
            held.__dict__["_loaded"] = before | copy.deepcopy(changed)

    # ---- complaints of the database ----------------------------------------------------------------------------
    def _guarded(self, where: Kind | ExtensionKind | type[Extension[t.Any]], work: Callable[[], t.Any], values: Mapping[str, t.Any]) -> t.Any:
        try:
            return work()
        except sa.exc.IntegrityError as error:
            fields = where.__fields__ if isinstance(where, type) else where.fields
            raise explain_integrity(error, fields, self.db, values) from error


def next_key(kind: Kind) -> str:
    """Return the SQL of SQLite's next key: above every key there is and every key the journal knows.

    SQLite by itself would give the key of a record that an undo removed to the next one, which would inherit its past.
    """
    there, told = f"SELECT max(id) FROM {kind.table.name}", f"SELECT max(record_id) FROM crm_journal WHERE kind = '{kind.key}'"
    return f"SELECT max(coalesce(({there}), 0), coalesce(({told}), 0)) + 1"


def _still(value: t.Any) -> t.Any:
    """Return a value as it is now: JSON may be edited in place later, and a note of the change must not follow."""
    if type(value) not in (dict, list):
        return value
    return copy.deepcopy(value) if value else type(value)()


def _values(held: Extension[t.Any]) -> dict[str, t.Any]:
    return {n: held.__dict__.get(n) for n in type(held).__fields__ if n != "id"}


NO_KIND = _("there is no such kind of record.{near}", ru="нет записей такого вида.{near}")
NO_SUCH = _("no such record", ru="нет такой записи")
TAKEN = _("already used by another record", ru="уже используется в другой записи")


def explain_integrity(error: sa.exc.IntegrityError, fields: Mapping[str, Field], db: Db, values: Mapping[str, t.Any]) -> Exception:
    """Return a refusal that names the field a constraint of the database complains about."""
    diagnosis = getattr(error.orig, "diag", None)
    words = f"{getattr(diagnosis, 'constraint_name', '')} {error.orig}"
    named = [n for n in sorted(fields, key=len, reverse=True) if f"_{n}_" in words.split(" ")[0] + "_" or f".{n}" in words]
    if "foreign key" in words.lower():
        if not db.postgres:
            named = [f.name for f in fields.values() if f.to is not None and values.get(f.name) is not None and not _exists(db, f, values[f.name])]
        return Invalid(problems=[Problem(n, "reference", NO_SUCH) for n in named[:1]] or [Problem("", "reference", NO_SUCH)])
    if "unique" in words.lower():
        return Conflict(problems=[Problem(named[0] if named else "", "taken", TAKEN)])
    return Invalid(problems=[Problem(named[0] if named else "", "constraint", str(error.orig).splitlines()[0])])


def _exists(db: Db, field: Field, key: t.Any) -> bool:
    assert field.to is not None
    table = field.to.__table__
    return db.connection.execute(sa.select(sa.literal(1)).where(table.c.id == key).select_from(table)).first() is not None
