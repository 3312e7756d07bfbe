"""The reading half of a unit of work: what its actor sees, and how records are found."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from .access import Actor
from .errors import Forbidden, Misuse, NotFound, Unauthenticated
from .filter import EVERYTHING, NOTHING, Context, Node, looks_inside, read_filter
from .kind import Kind
from .model import Entity, Extension, Record
from .plugin import PUBLIC, Permission
from .query import Query
from .records import Records
from .sql import Db, Row
from .text import _
from .where import Where, hop_prefix, hops_of, parameters

if t.TYPE_CHECKING:
    from .compose import Crm
    from .errors import Problem
    from .lists import ListRequest, Page
    from .search.hits import Hit
    from .uow import Uow

E = t.TypeVar("E", bound=Entity)


class _AsSystem(contextlib.AbstractContextManager[None]):
    """A class of its own: entered several times in each transaction, a generator would cost four times as much."""

    __slots__ = ("_before", "_uow")

    def __init__(self, uow: Reading) -> None:
        self._uow = uow

    def __enter__(self) -> None:
        self._before, self._uow._elevated = self._uow._elevated, True

    def __exit__(self, *_error: object) -> None:
        self._uow._elevated = self._before


class Reading:
    """What one actor sees within one transaction."""

    crm: Crm
    db: Db
    actor: Actor
    now: dt.datetime
    records: Records
    over: bool
    _elevated: bool
    _context: Context | None
    _selects = 0

    @property
    def connection(self) -> sa.Connection:
        """The SQLAlchemy connection of the transaction, for queries of your own (row rules are then yours to mind)."""
        return self.db.connection

    def run(self, statement: t.Any, values: Mapping[str, t.Any] | None = None, *, wait: bool = True) -> list[Row]:
        """Run a constant statement of your own, compiled once and kept, and return its rows: for what runs many times a second.

        Write it once, at module level, with a `bindparam` for each value; lists of values (``IN``) cannot be given so. Row rules
        are yours to mind, as with `connection`. Without `wait` it goes out together with the next statement, where the driver can:
        for what writes or locks, whose rows nobody asks for, and of which errors may be told there.
        """
        prepared = self.db.statements.get(("own", statement), lambda: statement)
        if not wait:
            self.db.later(prepared.sql, prepared.values(values or {}))
            return []
        return self.db.rows(prepared, values or {})

    def run_for(self, cls: type[E], statement: t.Any, values: Mapping[str, t.Any] | None = None) -> list[tuple[E, Row]]:
        """Run a constant statement whose first columns are all of `cls` (``*Task.__table__.columns``); return each record with the rest.

        For what locks or joins in a way of its own, many times a second. Row rules are yours to mind, as with `run`.
        """
        kind = self.crm.kind(cls)
        own = len(kind.names)
        return [(t.cast(E, self.records.adopt(kind, row[:own])), row[own:]) for row in self.run(statement, values)]

    def run_seen(self, cls: type[E], statement: t.Any, values: Mapping[str, t.Any] | None = None) -> list[E]:
        """Run a constant statement whose columns are all of `cls`, as with `run_for`; return the records the actor may see of what it finds.

        A limit counts what the actor may see.
        """
        kind = self.crm.kind(cls)
        rule = self.rule(kind)
        if rule is NOTHING:
            return []
        shape = ("seen", statement, None if rule is EVERYTHING else rule.shape)
        prepared = self.db.statements.get(shape, lambda: self._narrowed(kind, statement, rule))
        return [t.cast(E, self.adopt(kind, row)) for row in self.db.rows(prepared, {**(values or {}), **self.rule_values(rule, "m")})]

    def _narrowed(self, kind: Kind, statement: t.Any, rule: Node) -> t.Any:
        if rule is EVERYTHING:
            return statement
        where = Where(kind, self.crm.kinds, self.db.dialect, self.rule)
        condition = where.own_rule(rule, "m")
        if where.source is not kind.table:
            condition = kind.table.c.id.in_(sa.select(kind.table.c.id).select_from(where.source).where(condition))
        return statement.where(condition)

    @property
    def context(self) -> Context:
        """What relative filter values are worked out against."""
        if self._context is None:
            actor = self.actor
            self._context = Context(self.now, self.crm.zone, actor.id, actor.teams, self.crm.teams_below, actor.acts_for)
        return self._context

    def as_system(self) -> contextlib.AbstractContextManager[None]:
        """Look past the actor's row rules for a moment, as automations do; the journal still names the actor."""
        return _AsSystem(self)

    @property
    def elevated(self) -> bool:
        """True while row rules and permissions are not asked."""
        return self._elevated

    def flush(self, *, wait: bool = True) -> None:
        """Write what changed so far, so that what is read next shows it."""
        raise NotImplementedError

    def _going_on(self) -> None:
        if self.over:
            raise Misuse("this unit of work is over: open another one, and uow.get(...) the record there")

    def rule(self, kind: Kind, action: str = "read") -> Node:
        """Return which rows of `kind` are seen here."""
        return EVERYTHING if self._elevated else self.crm.access.rule(self.actor, kind, action)

    def find(self, cls: type[E]) -> Query[E]:
        """Start a query over the records of `cls` the actor may see."""
        return Query(t.cast("Uow", self), self.crm.kind(cls))

    def get(self, cls: type[E], key: int, *, lock: bool = False, action: str = "read") -> E:
        """Return one record, archived or not; `NotFound` when the actor may not see it, `Forbidden` when not do `action`.

        `lock` holds the row until the end of the transaction.
        """
        kind = self.crm.kind(cls)
        here = self.records.known.get((cls, key))
        if here is not None and not lock and (self._elevated or (action == "read" and "_seen" in here.__dict__)):
            return t.cast(E, here)
        rule, narrower = self.rule(kind), self.rule(kind, action) if action != "read" else EVERYTHING
        row = self._fetch(kind, key, lock, rule, narrower)
        if row is None:
            raise NotFound(_("There is no {kind} {id}, or you may not see it", ru="Нет записи «{kind}» {id}, или она вам не видна").format(
                kind=kind.label, id=key))
        if not row[-1]:
            self.forbid(kind.permission(action))
        record = self.records.adopt(kind, row[:-1])
        if not self._elevated:
            record.__dict__["_seen"] = True
        return t.cast(E, record)

    def _fetch(self, kind: Kind, key: int, lock: bool, rule: Node, narrower: Node) -> t.Any:
        hops = hops_of((rule, narrower), ())
        if lock and (hops or not _plain(rule) or not _plain(narrower)):
            # Lock the record alone first: with joined tables in the statement, PostgreSQL would return no row at all when
            # another transaction changed a joined row while this one waited.
            table = kind.table
            alone = self.db.statements.get(("lock", kind.key),
                lambda: sa.select(table.c.id).where(table.c.id == sa.bindparam("key")).with_for_update(key_share=True))
            self.db.rows(alone, {"key": key})
            lock = False
        shape = ("get", kind.key, lock, rule.shape, narrower.shape, tuple((h, self.rule(self.crm.kinds[h]).shape) for h in hops))
        prepared = self.db.statements.get(shape, lambda: self._get_statement(kind, lock, rule, narrower))
        values = {"key": key, **self.rule_values(rule, "m"), **self.rule_values(narrower, "n"), **self.hop_values(hops)}
        return self.db.one(prepared, values)

    def _get_statement(self, kind: Kind, lock: bool, rule: Node, narrower: Node) -> t.Any:
        where = Where(kind, self.crm.kinds, self.db.dialect, self.rule)
        conditions = [kind.table.c.id == sa.bindparam("key", type_=kind.table.c.id.type)]
        if rule is not EVERYTHING:
            conditions.append(where.own_rule(rule, "m"))
        allowed = sa.literal(1) if narrower is EVERYTHING else sa.case((where.own_rule(narrower, "n"), 1), else_=0)
        found = sa.select(*kind.table.columns, allowed.label("_allowed")).select_from(where.source).where(*conditions)
        return found.with_for_update(key_share=True) if lock else found

    def rule_values(self, node: Node, prefix: str) -> dict[str, t.Any]:
        """Return the parameters of a rule for this unit of work."""
        return {} if node is EVERYTHING else parameters(node, prefix, self.context, self.db.dialect)

    def hop_values(self, hops: t.Iterable[str]) -> dict[str, t.Any]:
        """Return the parameters of the row rules of the kinds that are hopped to."""
        found: dict[str, t.Any] = {}
        for key in hops:
            found |= self.rule_values(self.rule(self.crm.kinds[key]), hop_prefix(key))
        return found

    def visible(self, cls: type[Entity], action: str = "read", *, filter: t.Any = None) -> sa.Select[int]:
        """Return a select of the keys of the records the actor may see (or change …), archived ones included.

        For SQL of your own: ``select(...).where(Deal.id.in_(uow.visible(Deal)))``, several in one statement too: parameters
        are filled in. `filter` narrows by a tree from outside; a field hidden from the actor is refused in it as an unknown one.
        """
        kind = self.crm.kind(cls)
        hide = None if self._elevated else lambda k: self.crm.access.hidden(self.actor, k)
        node, rule = read_filter(filter, kind, self.crm.kinds, hide), self.rule(kind, action)
        where = Where(kind, self.crm.kinds, self.db.dialect, self.rule)
        self._selects += 1  # parameters of this one: several stand in one statement, with values of their own
        filters, rules = f"v{self._selects}f", f"v{self._selects}m"
        pairs = ((where.node, node, filters), (where.own_rule, rule, rules))
        conditions = [build(n, prefix) for build, n, prefix in pairs if n is not EVERYTHING]
        statement = sa.select(kind.table.c.id).select_from(where.source).where(*conditions)
        values = self.rule_values(node, filters) | self.rule_values(rule, rules) | self.hop_values(hops_of((node, rule), ()))
        return statement.params({n: v for n, v in values.items() if n in where.names})

    def peek(self, cls: type[E], key: int) -> E | None:
        """Return one record regardless of row rules, or None: for automations."""
        with self.as_system(), contextlib.suppress(NotFound):
            return self.get(cls, key)
        return None

    def matches(self, record: Entity, node: Node) -> bool:
        """True when a saved record satisfies a filter node."""
        self.flush()
        kind = self.crm.kind(type(record))
        hops = hops_of((node,), ())

        def build() -> t.Any:
            where = Where(kind, self.crm.kinds, self.db.dialect)
            condition = where.node(node, "f")
            return sa.select(sa.literal(1)).select_from(where.source).where(kind.table.c.id == sa.bindparam("key"), condition)

        prepared = self.db.statements.get(("matches", kind.key, node.shape, hops), build)
        return self.db.one(prepared, {"key": record.id, **self.rule_values(node, "f")}) is not None

    def follow(self, record: Record, via: str, target: type[E]) -> E | None:
        """Return the record that ``record.<via>`` names, fetching it for all its peers in one query."""
        kind = self.crm.kind(target)
        key = record.__dict__[via]
        if (target, key) not in self.records.known:
            self._going_on()
            wanted = {r.__dict__.get(via) for (cls, _id), r in self.records.known.items() if cls is type(record)} | {key}
            others = [k for k in wanted if k is not None and k != key and (target, k) not in self.records.known]
            missing = [key, *others[:999]]
            for row in self.connection.execute(sa.select(kind.table).where(kind.table.c.id.in_(missing))):
                self.records.adopt(kind, row)
        return t.cast("E | None", self.records.known.get((target, key)))

    def adopt(self, kind: Kind, row: t.Iterable[t.Any]) -> Entity:
        """Return the entity of a row that was found under the row rule."""
        record = self.records.adopt(kind, row)
        if not self._elevated:
            record.__dict__["_seen"] = True
        return record

    def load_extensions(self, record: Entity, cls: type[Extension[t.Any]]) -> None:
        """Fetch a side table for every record of this type here."""
        self._going_on()
        if self.crm.extension(cls) is None:
            raise Misuse(f"{cls.__name__} belongs to a plugin that is not in this CRM; add it to plugins in crmkit.toml")
        self.records.load_extensions(record, cls)

    def page(self, of: type[Entity] | str, request: ListRequest) -> Page:
        """Return one page of a list as JSON rows, as the API's lists do; `Invalid` names every wrong filter, sort and field."""
        from .lists import page

        self.flush()
        return page(t.cast("Uow", self), self.crm.kind(of), request)

    def page_problems(self, of: type[Entity] | str, request: ListRequest) -> list[Problem]:
        """Return what `page` would refuse for this actor, without asking the database: for requests that are kept for later."""
        from .lists import problems

        return problems(t.cast("Uow", self), self.crm.kind(of), request)

    def search(
        self, text: str, *, kinds: Iterable[type[Entity] | str] | None = None, limit: int = 20, archived: bool | None = False
    ) -> list[Hit]:
        """Return what answers `text` and the actor may see: ``uow.search("ива 916", kinds=[Contact])``.

        Words match from their beginning, numbers anywhere, in either alphabet and keyboard layout; all words must be found, in
        a record or its parts. Whole words come first, then what changed last. `archived` True looks in the archive, None everywhere.
        """
        from .search.hits import search

        return search(t.cast("Uow", self), text, kinds=kinds, limit=limit, archived=archived)

    def noted(self, tx: int, *, after: int = 0, limit: int = 500) -> list[dict[str, t.Any]]:
        """Return what the journal has of one transaction (`uow.tx`), oldest first, without fields hidden from the actor.

        `after` is the id of the last entry seen. Which of the records the actor may see is yours to ask: `visible`, `page`.
        """
        from .timeline import of_transaction

        return of_transaction(t.cast("Uow", self), tx, after, limit)

    def about(self, record: Entity) -> dict[str, t.Any]:
        """Return the two fields that make a record one about `record`: ``Note(text="…", **uow.about(deal))``."""
        self.flush()
        return {"about_kind": self.crm.kind(type(record)).key, "about_id": record.id}

    # ---- rights ------------------------------------------------------------------------------------------------
    def may(self, permission: Permission | str, record: Entity | None = None) -> bool:
        """True when the actor holds a permission; with `record`, when one of the scopes it is granted in covers that record."""
        name = permission.name if isinstance(permission, Permission) else permission
        if self._elevated:
            return True
        if not self.crm.access.may(self.actor, name, record):
            return False
        if record is None or name == PUBLIC.name:
            return True
        rule = self.crm.access.rule_of(self.actor, self.crm.kind(type(record)), name)
        return rule is EVERYTHING or self.matches(record, rule)

    def require(self, permission: Permission | str, record: Entity | None = None) -> None:
        """Raise `Forbidden` (or `Unauthenticated` for nobody) unless the actor holds a permission."""
        if not self.may(permission, record):
            self.forbid(permission.name if isinstance(permission, Permission) else permission)

    def forbid(self, permission: str) -> t.NoReturn:
        """Refuse, naming the permission that is missing."""
        if self.actor.id is None and not self.actor.roles:
            raise Unauthenticated()
        raise Forbidden(_("You need the permission {name}", ru="Нужно право {name}").format(name=permission))


def _plain(node: Node) -> bool:
    return not looks_inside(node) and not any(leaf.path.hops for leaf in node.leaves())
