"""Statements compiled once and run close to the driver.

Building and compiling a SQLAlchemy statement costs more than running it. What runs a thousand times a minute is built once
per *shape* (table, columns, conditions without their values), kept here, and executed with fresh values.
"""

from __future__ import annotations

import functools
import typing as t
from collections.abc import Callable, Hashable, Mapping, Sequence

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from .types import Choice, UtcDateTime, in_utc

if t.TYPE_CHECKING:
    from . import libpq

Row = tuple[t.Any, ...]
SMALL = 50


def dump_json(value: t.Any) -> str:
    """Return `value` as JSON text."""
    return orjson.dumps(value, default=str).decode()


class Prepared:
    """One statement compiled for one database; `run` takes only the values of its named parameters."""

    __slots__ = ("_binders", "_defaults", "_order", "readers", "returns", "sql")

    def __init__(self, statement: t.Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql: str = str(compiled)
        self._order: tuple[str, ...] | None = tuple(compiled.positiontup) if compiled.positional else None
        self._defaults: dict[str, t.Any] = {n: v for n, v in compiled.params.items() if v is not None}
        names = {n: b for b, n in compiled.bind_names.items()}
        binders = {n: binder(names[n].type, dialect) for n in names}
        self._binders: tuple[tuple[str, Callable[[t.Any], t.Any]], ...] = tuple((n, b) for n, b in binders.items() if b is not None)
        columns = getattr(statement, "selected_columns", None)
        returning = getattr(statement, "_returning", None)
        shown = list(columns) if columns is not None else list(returning or ())
        self.returns = bool(shown)
        readers = [_reader(c.type, dialect) for c in shown]
        self.readers: tuple[tuple[int, Callable[[t.Any], t.Any]], ...] = tuple((i, r) for i, r in enumerate(readers) if r)

    def values(self, given: Mapping[str, t.Any]) -> t.Any:
        """Return driver parameters for one execution."""
        values = {**self._defaults, **given} if self._defaults else dict(given)
        for name, binder in self._binders:
            value = values.get(name)
            if value is not None:
                values[name] = binder(value)
        return values if self._order is None else tuple([values.get(n) for n in self._order])


def binder(kind: sa.types.TypeEngine[t.Any], dialect: Dialect) -> Callable[[t.Any], t.Any] | None:
    """Return what turns a Python value into the driver's, or None where it is one already."""
    if isinstance(kind, sa.JSON):
        return dump_json
    return t.cast("Callable[[t.Any], t.Any] | None", kind.dialect_impl(dialect).bind_processor(dialect))


def _reader(kind: sa.types.TypeEngine[t.Any], dialect: Dialect) -> Callable[[t.Any], t.Any] | None:
    if isinstance(kind, UtcDateTime) and dialect.name == "postgresql":
        return in_utc
    if isinstance(kind, Choice) and kind.members is not None:
        return kind.members
    implementation = kind.dialect_impl(dialect)
    # SQLAlchemy's PostgreSQL numbers want to know the number of the server's type: numeric or double precision.
    stored = getattr(kind, "impl_instance", kind)
    code = 1700 if isinstance(stored, sa.Numeric) else 701 if isinstance(stored, sa.Float) else None
    return t.cast("Callable[[t.Any], t.Any] | None", implementation.result_processor(dialect, code))


class Statements:
    """The compiled statements of one CRM, by shape."""

    LIMIT = 4000

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._known: dict[Hashable, Prepared] = {}

    def get(self, shape: Hashable, build: Callable[[], t.Any]) -> Prepared:
        """Return the statement of `shape`, building it on first use."""
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= self.LIMIT:  # shapes come from callers' filters too: never grow without end
                self._known.clear()
            found = self._known[shape] = Prepared(build(), self.dialect)
        return found


class Done:
    """What is left of a cursor whose result had no rows: SQLAlchemy has closed it already."""

    __slots__ = ("lastrowid", "rowcount")

    def __init__(self, result: sa.CursorResult[t.Any]) -> None:
        self.rowcount = result.rowcount
        self.lastrowid = getattr(result.context.cursor, "lastrowid", None)


def _wire(connection: sa.Connection, raw: t.Any) -> libpq.Wire | None:
    """Return what is kept with a connection of psycopg's about its statements; None for another driver."""
    found: libpq.Wire | None = connection.info.get("crmkit.wire")
    if (found is None or found.raw is not raw) and connection.dialect.driver == "psycopg":
        from .libpq import Wire

        found = connection.info["crmkit.wire"] = Wire(raw)
    return found


class Db:
    """A database connection inside one unit of work."""

    __slots__ = ("_connection", "_listened", "_raw", "_wire", "dialect", "postgres", "statements")

    def __init__(self, connection: sa.Connection, statements: Statements) -> None:
        self._connection, self.statements, self.dialect = connection, statements, connection.dialect
        self.postgres = connection.dialect.name == "postgresql"
        self._raw: t.Any = connection.connection.driver_connection
        events = connection.dispatch
        self._listened = bool(events.before_cursor_execute) or bool(events.after_cursor_execute)
        self._wire = _wire(connection, self._raw) if self.postgres and not self._listened else None

    @property
    def connection(self) -> sa.Connection:
        """The SQLAlchemy connection. What waits goes out first: fetch it anew for each use."""
        self.sync()
        return self._connection

    @property
    def raw(self) -> t.Any:
        """The driver's connection. What waits goes out first: fetch it anew for each use."""
        self.sync()
        return self._raw

    def run(self, prepared: Prepared, values: Mapping[str, t.Any]) -> t.Any:
        """Execute and return the driver's cursor, or what tells rows and their number as a cursor does."""
        if self._wire is not None:
            return self._known(self._wire, prepared.sql, prepared.values(values))
        return self.driver(prepared.sql, prepared.values(values))

    def _known(self, wire: libpq.Wire, sql: str, values: t.Any) -> t.Any:
        """Run a statement with named parameters that runs often."""
        known = wire.statement(sql)
        try:
            call = wire.call(known, values)
            if call is not None:
                return wire.run(call)
            wire.sync()
            cursor = known.open(self._raw)
            known.cursor = None  # the same may run again before it is read
            cursor.execute(sql, values)
            if cursor.rowcount <= SMALL:  # a cursor holds its last result
                known.cursor = cursor
            return cursor
        except Exception as error:
            self.complain(sql, error)

    def later(self, sql: str, values: t.Any, after: Callable[[libpq.Work], None] | None = None) -> None:
        """Run a statement with named parameters together with the next one, or at once where the driver cannot.

        `after` gets what returns its answer or raises its error; nothing else may depend on it until then.
        """
        call = None
        if self._wire is not None:
            try:
                call = self._wire.call(self._wire.statement(sql), values)
            except Exception as error:
                self.complain(sql, error)
        if self._wire is None or call is None:
            work = functools.partial(self._now, sql, values)
            work() if after is None else after(work)
            return
        look = None
        if after is not None:
            look = lambda work: after(functools.partial(self._told, sql, work))  # noqa: E731
        self._wire.waiting.append((call, look))

    def _now(self, sql: str, values: t.Any) -> t.Any:
        return self.driver(sql, values) if self._wire is None else self._known(self._wire, sql, values)

    def _told(self, sql: str, work: libpq.Work) -> t.Any:
        try:
            return work()
        except Exception as error:
            self.complain(sql, error)

    def sync(self) -> None:
        """Send what waits."""
        if self._wire is not None and self._wire.waiting:
            self._plainly(self._wire.sync)

    def commit(self) -> None:
        """Send what waits, with the commit in the same round trip where nobody listens to commits."""
        wire = self._wire
        if wire is not None and wire.waiting:
            self._plainly(wire.sync if self._connection.dispatch.commit else wire.commit)

    def forget(self) -> None:
        """Drop what waits: the transaction is rolled back."""
        if self._wire is not None:
            self._wire.waiting.clear()
            if self._raw.closed and not self._connection.invalidated:
                self._connection.invalidate()

    def _plainly(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self.complain("", error)

    def driver(self, sql: str, values: t.Any = ()) -> t.Any:
        """Execute driver SQL. Hosts that watch SQLAlchemy's cursor events see it too."""
        if self._listened:
            result = self._connection.exec_driver_sql(sql, tuple(values) if isinstance(values, list) else values)
            return result.cursor if result.returns_rows else Done(result)
        self.sync()
        cursor = self._raw.cursor()
        try:
            cursor.execute(sql, values)
        except Exception as error:
            self.complain(sql, error)
        return cursor

    def many(self, prepared: Prepared, values: Sequence[Mapping[str, t.Any]]) -> None:
        """Execute once per mapping, in as few round trips as the driver can."""
        rows = [prepared.values(v) for v in values]
        if self._listened:
            self._connection.exec_driver_sql(prepared.sql, rows)
            return
        self.sync()
        cursor = self._raw.cursor()
        try:
            cursor.executemany(prepared.sql, rows)
        except Exception as error:
            self.complain(prepared.sql, error)

    def rows(self, prepared: Prepared, values: Mapping[str, t.Any]) -> list[Row]:
        """Execute and return all rows, values converted to Python's."""
        cursor = self.run(prepared, values)
        found: list[Row] = cursor.fetchall() if prepared.returns else []
        if not prepared.readers:
            return found
        converted = []
        for row in found:
            changed = list(row)
            for index, reader in prepared.readers:
                if changed[index] is not None:
                    changed[index] = reader(changed[index])
            converted.append(tuple(changed))
        return converted

    def one(self, prepared: Prepared, values: Mapping[str, t.Any]) -> Row | None:
        """Execute and return the first row, or None."""
        rows = self.rows(prepared, values)
        return rows[0] if rows else None

    def complain(self, sql: str, error: Exception) -> t.NoReturn:
        """Raise SQLAlchemy's error for a driver's; any other as it is."""
        found = self.wrapped(sql, error)
        if found is error:
            raise error
        raise found from error

    def wrapped(self, sql: str, error: Exception) -> Exception:
        """Return SQLAlchemy's error for a driver's, so that there is one kind to catch; forget a broken connection."""
        dialect = self.dialect
        loaded = t.cast(t.Any, dialect).loaded_dbapi
        if not isinstance(error, loaded.Error):
            return error
        if dialect.is_disconnect(t.cast(t.Any, error), self._raw, None):
            self._connection.invalidate(error)
        known = sa.exc.DBAPIError.instance(sql, None, error, loaded.Error, hide_parameters=True, dialect=dialect)
        return t.cast(Exception, known)
