"""`Uow`: one transaction on behalf of one actor. Everything that changes the CRM goes through one."""

from __future__ import annotations

import contextlib
import datetime as dt
import typing as t
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from . import moves
from .access import Actor
from .deliver import event_to_json
from .errors import Forbidden, Invalid, Misuse, NotFound, Unauthenticated
from .events import Archived, Restored
from .filter import EVERYTHING, Context, Node
from .kind import Kind
from .ledger import Ledger
from .live import Message
from .model import Entity, Extension, Record, Staged
from .pipeline import StageOf, Verdict
from .plugin import PUBLIC, Permission
from .query import Query
from .records import Fact, Records
from .settle import Settling
from .sql import Db
from .text import _
from .where import Where, hop_prefix, hops_of, parameters

if t.TYPE_CHECKING:
    from .compose import Crm

E = t.TypeVar("E", bound=Entity)
S = t.TypeVar("S", bound=Staged)
X = t.TypeVar("X", bound=Extension[t.Any])


class Uow:
    """One transaction for one actor.

    Leaving the ``with`` block *settles* (writes, checks, journals, runs ``@on`` automations until nothing is left to do) and
    commits; an exception undoes everything. `now` is one moment for the whole unit of work.
    """

    def __init__(self, crm: Crm, db: Db, actor: Actor, *, writable: bool = True, cause: str | None = None) -> None:
        self.crm, self.db, self.actor, self.writable = crm, db, actor, writable
        self.now: dt.datetime = crm.clock.now()
        self._elevated, self._dated = actor.system, False
        self._context: Context | None = None
        self._broken: Exception | None = None
        self.over = False
        self.ledger = Ledger()
        self.records = Records(db, self, crm.kind)
        self.settling = Settling(self, cause)
        self.messages: dict[Message, None] = {}

    # ---- what it is about --------------------------------------------------------------------------------------
    @property
    def connection(self) -> sa.Connection:
        """The SQLAlchemy connection of the transaction, for queries of your own (row rules are then yours to mind)."""
        return self.db.connection

    @property
    def context(self) -> Context:
        """What relative filter values are worked out against."""
        if self._context is None:
            actor = self.actor
            self._context = Context(self.now, self.crm.zone, actor.id, actor.teams, self.crm.teams_below)
        return self._context

    @contextlib.contextmanager
    def as_system(self) -> Iterator[None]:
        """Look past the actor's row rules for a moment, as automations do; the journal still names the actor."""
        before, self._elevated = self._elevated, True
        try:
            yield
        finally:
            self._elevated = before

    def at(self, moment: dt.datetime, actor: Actor | None = None) -> None:
        """Settle, and go on as if it were `moment` (and `actor` were at work): for demo data and imports with their own times.

        The system's alone: rights stay the system's, while journal and stage history tell that moment and that actor.
        """
        if not self.actor.system and not self._dated:
            raise Misuse("uow.at(...) writes other moments into the journal; open the unit of work as the system: crm.uow()")
        self.settle()
        self.now, self.actor, self._context, self._dated = moment, actor or self.actor, None, True

    @property
    def elevated(self) -> bool:
        """True while row rules and permissions are not asked."""
        return self._elevated

    # ---- reading -----------------------------------------------------------------------------------------------
    def rule(self, kind: Kind, action: str = "read") -> Node:
        """Return which rows of `kind` are seen here."""
        return EVERYTHING if self._elevated else self.crm.access.rule(self.actor, kind, action)

    def find(self, cls: type[E]) -> Query[E]:
        """Start a query over the records of `cls` the actor may see."""
        return Query(self, self.crm.kind(cls))

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
                lambda: sa.select(table.c.id).where(table.c.id == sa.bindparam("key")).with_for_update())
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
        return found.with_for_update() if lock else found

    def rule_values(self, node: Node, prefix: str) -> dict[str, t.Any]:
        """Return the parameters of a rule for this unit of work."""
        return {} if node is EVERYTHING else parameters(node, prefix, self.context, self.db.dialect)

    def hop_values(self, hops: t.Iterable[str]) -> dict[str, t.Any]:
        """Return the parameters of the row rules of the kinds that are hopped to."""
        found: dict[str, t.Any] = {}
        for key in hops:
            found |= self.rule_values(self.rule(self.crm.kinds[key]), hop_prefix(key))
        return found

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

    # ---- writing -----------------------------------------------------------------------------------------------
    def add(self, record: E, into: StageOf[t.Any] | None = None) -> E:
        """Add a new record (saved on the next flush) and return it. A staged one starts in `into`, or in the first stage."""
        self._writes()
        kind = self.crm.kind(type(record))
        if record.__dict__.get("id") is not None:
            raise Misuse(f"{record!r} is saved already; what is assigned to it is saved by itself, uow.add(...) is for new records")
        if isinstance(record, Staged):
            moves.start(self, kind, record, into)
        self.records.add(record)
        for extension in record.__dict__.get("_extensions", {}).values():
            extension.__dict__["_uow"] = self
        return record

    def add_many(self, cls: type[Entity], rows: t.Iterable[Mapping[str, t.Any]], into: StageOf[t.Any] | None = None) -> list[int]:
        """Add a record for each mapping of field values, by the thousand, under the same rules; return the keys in order."""
        from .bulk import add_many

        self._writes()
        with self.whole():
            return add_many(self, self.crm.kind(cls), rows, into)

    def attach(self, extension: X) -> X:
        """Save an extension together with its record."""
        self._writes()
        extension.__dict__["_uow"] = self
        self.records.touch(extension)
        return extension

    def touch(self, record: Record) -> None:
        """Note that a record was assigned to (its own `__setattr__` calls this)."""
        self._writes()
        self.records.touch(record)

    def _going_on(self) -> None:
        if self.over:
            raise Misuse("this unit of work is over: open another one, and uow.get(...) the record there")

    def _writes(self, record: Entity | None = None) -> None:
        self._going_on()
        if record is not None and record.__dict__.get("_uow") is not self:
            if "_uow" not in record.__dict__:
                raise Misuse(f"{record!r} was not added: uow.add(...) it first")
            raise Misuse(f"{record!r} belongs to another unit of work; uow.get(...) it in this one")
        if not self.writable:
            raise Misuse("crm.read(...) only reads; use crm.uow(...) to change something")

    def can_move(self, record: S, to: StageOf[S], values: Mapping[str, t.Any] | None = None) -> Verdict:
        """Say whether `record` may enter a stage once `values` are filled in, and everything that is missing."""
        return moves.can_move(self, record, to, values or {})

    def move(self, record: S, to: StageOf[S], values: Mapping[str, t.Any] | None = None) -> S:
        """Move a record to a stage, filling in `values` first; `Invalid` carries what `can_move` says."""
        self._writes(record)
        return moves.move(self, record, to, values or {})

    def archive(self, record: E) -> E:
        """Put a record into the archive: out of lists and boards, kept whole, restorable."""
        self._writes(record)
        if record.archived_at is None:
            self._stamp(record, self.now)
            self.settling.queue(Archived(record))
        return record

    def restore(self, record: E) -> E:
        """Take a record out of the archive."""
        self._writes(record)
        if record.archived_at is not None:
            self._stamp(record, None)
            self.settling.queue(Restored(record))
        return record

    def _stamp(self, record: Entity, moment: dt.datetime | None) -> None:
        self.flush()
        record.__dict__["archived_at"] = moment
        self.records.touch(record)
        self.settling.label(record, "archived" if moment else "restored")
        self.flush()

    def flush(self) -> None:
        """Write what changed so far, checked and noted; automations wait for `settle`."""
        if self.records.dirty and self.writable:
            with self.whole():
                for fact in self.records.flush(self._check):
                    self.settling.note(fact)

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Mark work that must not be half done: if it fails, this unit of work can no longer commit, caught error or not."""
        try:
            yield
        except Exception as error:
            self._broken = error
            raise

    def _check(self, fact: Fact) -> None:
        problems = list(moves.direct_edits(fact))
        if "crm_check" in self.crm.hooked:
            answers = self.crm.hook.crm_check(record=fact.record, changes=fact.changes, uow=self)
            problems += [p for answer in answers for p in answer or ()]
        if problems:
            raise Invalid(problems=problems)

    def settle(self) -> None:
        """Write everything and let ``@on`` automations react until nobody has anything to add. Leaving the block does it."""
        if self._broken is not None:
            raise Misuse(
                f"something failed half way in this unit of work ({self._broken}) and the error was caught, so it cannot be committed; "
                "let the error through, or try such work in a savepoint: with crm.uow(actor, connection=uow.connection) as inner"
            ) from self._broken
        with self.whole():
            self.settling.run()

    # ---- what outlives it --------------------------------------------------------------------------------------
    def emit(self, event: object) -> None:
        """Announce an event of a plugin's own (an attrs class) to ``@on`` and ``@after`` handlers."""
        self._writes()
        self.settling.queue(event)

    def schedule(
        self, event: object, *, at: dt.datetime | None = None, delay: dt.timedelta | None = None, key: str | None = None,
        about: Entity | None = None,
    ) -> None:  # fmt: skip
        """Emit an event of a plugin's own later, in a transaction of its own: a durable timer, retried when a handler fails.

        `key` names the timer, so that scheduling again moves it and `cancel` drops it. `about` ties it to a record:
        `cancel_about` drops all that waits for that record.
        """
        self._writes()
        subject = None
        if about is not None:
            self.flush()
            subject = self.subject(about)
        kind = self.crm.event_name(type(event))
        self.settling.schedule(kind, event_to_json(event, self.crm), at=at, delay=delay, key=key, subject=subject)

    def subject(self, record: Entity) -> str:
        """Return the name under which timers about a record are kept: ``"sales.deal:42"``."""
        return f"{self.crm.kind(type(record)).key}:{record.id}"

    def cancel(self, key: str) -> bool:
        """Drop what waits under `key`; True when there was something."""
        self._writes()
        return self.crm.jobs.cancel(self.connection, key)

    def cancel_about(self, record: Entity) -> int:
        """Drop everything that waits about a record; return how much."""
        self._writes()
        return self.crm.jobs.cancel_subject(self.connection, self.subject(record))

    def publish(self, topic: str, key: int | None = None) -> None:
        """Tell live pages, after the commit, to fetch something again: a declared topic and the id it is about."""
        self._writes()
        if topic not in self.crm.topics and topic not in self.crm.kinds:
            raise Misuse(f'topic {topic!r} is not declared; add Topic("{topic}", of=Entity) or permission=... to the plugin')
        self.messages[Message(topic, key)] = None
        self.ledger.message.append({"at": self.now, "topic": topic, "record_id": key})

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
    return not any(leaf.path.hops for leaf in node.leaves())
