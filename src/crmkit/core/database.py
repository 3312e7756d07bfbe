"""Opening SQLite and PostgreSQL so that both keep the same promises."""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from collections.abc import Iterator

import orjson
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from .errors import CompositionError, Misuse, Unavailable
from .sql import Db, Statements

BUSY_SECONDS = 15
STEPS = 20_000
"""After how many steps of its machine SQLite asks whether it should go on: a fraction of a millisecond."""


class fold(GenericFunction[str]):  # in lower case, like the SQL function it is
    """Text with letter case removed, Cyrillic included (SQLite's own ``lower`` knows only ASCII)."""

    name = "crm_fold"
    type = sa.String()
    inherit_cache = True


@compiles(fold, "postgresql")
def _fold_on_postgresql(element: t.Any, compiler: t.Any, **kw: t.Any) -> str:
    return f"lower({compiler.process(element.clauses, **kw)})"


def open_engine(url: str, **options: t.Any) -> sa.Engine:
    """Return an engine for ``sqlite:///file.db`` or ``postgresql://user@host/name`` (psycopg 3)."""
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise CompositionError([f"database = {url!r} is no address; write sqlite:///crm.db or postgresql://user@host/name"]) from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise CompositionError(["SQLite in memory cannot be shared by threads; give a file: sqlite:///crm.db"])
        options.setdefault("connect_args", {"check_same_thread": False, "timeout": BUSY_SECONDS})
    elif backend == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        options.setdefault("pool_size", 20)  # above it a connection is opened for one transaction, which costs more than the transaction
        options.setdefault("max_overflow", 20)
        options.setdefault("pool_use_lifo", True)  # those used last have their statements prepared
    else:
        raise CompositionError([f"database = {url!r}: crmkit runs on sqlite and postgresql, not on {backend}"])
    options.setdefault("json_serializer", lambda value: orjson.dumps(value, default=str).decode())
    options.setdefault("json_deserializer", orjson.loads)
    engine = sa.create_engine(parsed, **options)
    if backend == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(raw: t.Any, _record: object) -> None:
    raw.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000", "wal_autocheckpoint=4000"):
        raw.execute(f"PRAGMA {pragma}")
    _teach(raw)


def _teach(raw: t.Any) -> None:
    raw.create_function("crm_fold", 1, lambda text: text.casefold() if isinstance(text, str) else text, deterministic=True)


class Database:
    """The engine of one CRM: hands out transactions, keeps SQLite to one writer at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.postgres = engine.dialect.name == "postgresql"
        self.statements = Statements(engine.dialect)
        self._autocommit = engine.execution_options(isolation_level="AUTOCOMMIT") if self.postgres else engine
        self._writer = threading.Lock()
        self._thread = threading.local()

    @contextlib.contextmanager
    def write(self) -> Iterator[Db]:
        """Open a transaction that may write; commits at the end, rolls back on any error."""
        with self._one_writer(), self._connected(self.engine) as connection, connection.begin():
            if not self.postgres:
                connection.connection.driver_connection.execute("BEGIN IMMEDIATE")  # type: ignore[union-attr]
            db = Db(connection, self.statements)
            try:
                yield db
                db.commit()
            except BaseException:
                db.forget()
                raise

    @contextlib.contextmanager
    def read(self) -> Iterator[Db]:
        """Open a connection for reading: a snapshot on SQLite, statement by statement on PostgreSQL."""
        with self._connected(self._autocommit) as connection:
            if self.postgres:
                yield Db(connection, self.statements)
                return
            raw = t.cast(t.Any, connection.connection.driver_connection)
            raw.execute("BEGIN")
            try:
                yield Db(connection, self.statements)
            finally:
                if raw.in_transaction:
                    raw.execute("ROLLBACK")

    @contextlib.contextmanager
    def join(self, connection: sa.Connection) -> Iterator[Db]:
        """Work inside a host's open transaction, as a savepoint: undone alone on an error, committed by the host."""
        if not connection.in_transaction():
            raise Misuse("crm.uow(connection=...) joins an open transaction: call connection.begin() first, or leave connection out")
        if not self.postgres:
            raw = t.cast(t.Any, connection.connection.driver_connection)
            _teach(raw)
            if not raw.in_transaction:  # else releasing the savepoint would commit behind the host's back
                raw.execute("BEGIN IMMEDIATE")
        with connection.begin_nested():
            db = Db(connection, self.statements)
            try:
                yield db
                db.sync()
            except BaseException:
                db.forget()
                raise

    @contextlib.contextmanager
    def limited(self, connection: sa.Connection, seconds: float) -> Iterator[None]:
        """Let the database itself end statements that run longer than `seconds`: for work nobody waits for any more.

        `is_timeout` tells their errors from others. What Python does meanwhile nothing can end.
        """
        raw = t.cast(t.Any, connection.connection.driver_connection)
        if self.postgres:
            connection.exec_driver_sql(f"SET statement_timeout = {max(1, int(seconds * 1000))}")
            try:
                yield
            finally:
                if not raw.closed:
                    connection.exec_driver_sql("RESET statement_timeout")
            return
        ends = time.monotonic() + seconds
        raw.set_progress_handler(lambda: time.monotonic() > ends, STEPS)
        try:
            yield
        finally:
            raw.set_progress_handler(None, 0)

    @contextlib.contextmanager
    def _connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        try:
            with engine.connect() as connection:
                if not self.postgres and "crmkit" not in connection.info:
                    _teach(connection.connection.driver_connection)
                    connection.info["crmkit"] = True
                yield connection
        except Exception as error:
            if is_driver_trouble(error):
                raise _unavailable(error) from error
            raise

    @contextlib.contextmanager
    def _one_writer(self) -> Iterator[None]:
        """Refuse a second unit of work in a thread on either database; queue SQLite's writers in the process.

        A lock wakes at once, SQLite's own waiting sleeps.
        """
        if getattr(self._thread, "writes", False):
            raise Misuse("a unit of work is already open in this thread; pass it on instead of opening a second one")
        if not self.postgres and not self._writer.acquire(timeout=BUSY_SECONDS):
            raise Unavailable()
        self._thread.writes = True
        try:
            yield
        finally:
            self._thread.writes = False
            if not self.postgres:
                self._writer.release()


def is_timeout(error: BaseException) -> bool:
    """True when the database ended a statement because it took too long (`Database.limited`)."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return type(cause).__name__ == "QueryCanceled" or (type(cause).__module__ == "sqlite3" and str(cause) == "interrupted")


def is_driver_trouble(error: BaseException) -> bool:
    """True when the database was locked, restarting or gone, so that the same work may be tried again."""
    if isinstance(error, sa.exc.TimeoutError | sa.exc.InterfaceError):
        return True
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    module, names = type(cause).__module__.split(".")[0], {c.__name__ for c in type(cause).__mro__}
    if "OperationalError" not in names and "InterfaceError" not in names:
        return False
    # SQLite says OperationalError for a misspelt table too; only these words mean trouble with the file.
    return module == "psycopg" or (module == "sqlite3" and any(
        w in str(cause) for w in ("locked", "busy", "unable to open", "disk I/O", "disk is full", "readonly")))


def _unavailable(error: BaseException) -> Unavailable:
    refusal = Unavailable()
    refusal.add_note(str(error).splitlines()[0] if str(error) else type(error).__name__)
    return refusal
