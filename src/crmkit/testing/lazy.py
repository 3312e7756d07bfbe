"""One unit of work for a whole test: its transaction begins when it is needed and ends when somebody else needs one."""

from __future__ import annotations

import contextlib
import copy
import functools
import typing as t
from collections.abc import Callable, Iterator

import attrs
import sqlalchemy as sa

from crmkit.core.access import SYSTEM
from crmkit.core.database import Database
from crmkit.core.ledger import Ledger
from crmkit.core.records import Records
from crmkit.core.settle import Settling
from crmkit.core.sql import Db
from crmkit.core.uow import Uow

if t.TYPE_CHECKING:
    from crmkit.core.compose import Crm
    from crmkit.core.model import Entity

F = t.TypeVar("F", bound=Callable[..., t.Any])


class LazyDb(Db):
    """A connection that is taken on first use, and may be given back and taken again."""

    __slots__ = ("_open", "_stack")

    def __init__(self, database: Database) -> None:
        self.statements, self.dialect, self.postgres = database.statements, database.engine.dialect, database.postgres
        self._open = database.write
        self._stack: contextlib.ExitStack | None = None

    def __getattr__(self, name: str) -> t.Any:
        """Fill in what a connection has, on first use (empty slots count as missing attributes)."""
        if name not in ("_connection", "_raw", "_listened", "_wire"):
            raise AttributeError(name)
        self._stack = contextlib.ExitStack()
        db = self._stack.enter_context(self._open())
        super().__init__(db.connection, self.statements)
        return getattr(self, name)

    @property
    def is_open(self) -> bool:
        """True while a transaction is open."""
        return self._stack is not None

    def sync(self) -> None:
        """Send what waits; nothing does before the first use."""
        if self.is_open:
            super().sync()

    def close(self, *, keep: bool) -> None:
        """Commit (`keep`) or roll back, and give the connection back."""
        stack, self._stack = self._stack, None
        if stack is None:
            return
        del self._connection, self._raw, self._listened, self._wire
        if keep:
            stack.close()
        else:
            with contextlib.suppress(_Undo):
                stack.__exit__(_Undo, _Undo(), None)


class _Undo(BaseException):
    """Not an error: it ends a transaction without keeping it. No `Exception`, so that nobody mistakes it for
    trouble."""


def undoing(method: F) -> F:
    """Undo all that was not committed when a method raises, as leaving a ``with crm.uow()`` block with an error
    would."""

    @functools.wraps(method)
    def guarded(self: OpenUow, *args: t.Any, **kw: t.Any) -> t.Any:
        self._depth += 1
        try:
            return method(self, *args, **kw)
        except BaseException:
            if self._depth == 1:
                self.rollback()
            raise
        finally:
            self._depth -= 1

    return t.cast(F, guarded)


class OpenUow(Uow):
    """The `uow` fixture: SYSTEM's unit of work, committed and opened again whenever others must see what it did.

    Records stay attached to it and show the present once others have worked. What raises (a refused move, a failed
    check) undoes all that was not committed yet, as in production.
    """

    def __init__(self, crm: Crm) -> None:
        self._depth, self._telling = 0, False
        self._reading = crm.database.read
        super().__init__(crm, LazyDb(crm.database), SYSTEM)

    @property
    def _lazy(self) -> LazyDb:
        return t.cast(LazyDb, self.db)

    @property
    def at_work(self) -> bool:
        """True while it settles: who opens another unit of work then is told so, as in production."""
        return self._depth > 0

    def refresh(self) -> None:
        """Let the records in hand show the present, except where they were edited meanwhile."""
        if not self.records.known:
            return
        with self._reading() as db:
            for cls in {of for of, _key in self.records.known}:
                self._refresh(cls, db.connection)

    def _refresh(self, cls: type[Entity], connection: sa.Connection) -> None:
        records, kind = self.records, self.crm.kind(cls)
        held = {key: record for (of, key), record in records.known.items() if of is cls}
        rows = connection.execute(sa.select(kind.table).where(kind.table.c.id.in_(list(held)))).all()
        for row in rows:
            records.adopt(kind, row)
        for key in held.keys() - {row.id for row in rows}:
            gone = records.known.pop((cls, key))
            gone.__dict__.pop("_uow", None)
        for record in held.values():
            if record.__dict__.get("_uow") is self and id(record) not in records._touched:
                _refresh_extensions(self, record, connection)

    def clock_moved(self) -> None:
        """Commit, so that what is done next happens at the new moment."""
        self.commit()
        self.now, self._context = self.crm.clock.now(), None

    def commit(self) -> None:
        """Settle and commit; the next use opens a new transaction."""
        waiting = (
            self._lazy.is_open
            or self.records.dirty
            or self.settling._events
            or any(attrs.astuple(self.ledger, recurse=False))
        )
        if not waiting or self._telling:  # a hook that hears of the commit looks around: there is nothing new to commit
            return
        self.settle()
        try:
            self._lazy.close(keep=True)
        except BaseException:
            self.rollback()
            raise
        self._telling = True
        try:
            self.crm.committed(self)
        finally:
            self._telling = False
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.ledger, self.settling, self.messages = Ledger(), Settling(self, None), {}
        self._context = self._broken = None

    def rollback(self) -> None:
        """Undo what was not committed; the records held show what is in the database again."""
        self._lazy.close(keep=False)
        known = dict(self.records.known)
        self.records = Records(self.db, self, self.crm.kind)
        for (cls, key), record in known.items():
            record.__dict__["_loaded"] = {**record.__dict__.get("_loaded", {}), "version": None}
            record.__dict__.pop("_moved", None)
            record.__dict__.pop("_waiting", None)
            self.records.known[cls, key] = record
        self._begin_anew()
        self.refresh()

    @undoing
    def settle(self, *, wait: bool = True) -> None:
        """Write everything and let ``@on`` automations react."""
        super().settle(wait=wait)

    @undoing
    def flush(self, *, wait: bool = True) -> None:
        """Write what changed so far."""
        super().flush(wait=wait)

    @undoing
    def move(self, *args: t.Any, **kw: t.Any) -> t.Any:
        """Move a record to a stage, or undo everything."""
        return super().move(*args, **kw)

    @undoing
    def add(self, *args: t.Any, **kw: t.Any) -> t.Any:
        """Add a new record, or undo everything."""
        return super().add(*args, **kw)

    @undoing
    def add_many(self, *args: t.Any, **kw: t.Any) -> t.Any:
        """Add many records, or undo everything."""
        return super().add_many(*args, **kw)


def _refresh_extensions(uow: Uow, record: Entity, connection: sa.Connection) -> None:
    extensions = record.__dict__.get("_extensions", {})
    for cls, held in list(extensions.items()):
        table = cls.__table__
        row = (
            None if held is None else connection.execute(sa.select(table).where(table.c.id == record.id)).one_or_none()
        )
        if row is None:
            del extensions[cls]
            continue
        values = dict(zip(cls.__fields__, row, strict=True))
        held.__dict__.update(values, _uow=uow, _state="loaded", _loaded=copy.deepcopy(values), subject=record)


@contextlib.contextmanager
def cooperating(database: Database, pause: Callable[[], None], afterwards: Callable[[], None]) -> Iterator[None]:
    """While open, everybody else's transactions on `database` call `pause` first, and those that write `afterwards`
    too."""
    write, read = database.write, database.read

    @contextlib.contextmanager
    def writing() -> Iterator[Db]:
        pause()
        try:
            with write() as db:
                yield db
        finally:
            afterwards()

    @contextlib.contextmanager
    def reading() -> Iterator[Db]:
        pause()
        with read() as db:
            yield db

    database.__dict__.update(write=writing, read=reading)
    try:
        yield
    finally:
        del database.__dict__["write"], database.__dict__["read"]
