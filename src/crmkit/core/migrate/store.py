"""The database as migrations use it: one exclusive transaction, what is there, how many rows."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import typing as t
import warnings
from collections.abc import Iterable, Iterator, Mapping

import sqlalchemy as sa

from ..database import _teach
from ..text import Text
from . import words
from .owner import VERSIONS
from .words import SchemaError

WAIT_SECONDS: float = 60
_LOCK_KEY = 0x63726D6B6974  # "crmkit": every migrating process asks PostgreSQL for this one advisory lock
# Alembic's `op` is one module for the whole process: two threads may not migrate at once, whatever their databases.
# Taken before the database's lock, always, so that the two can never wait for each other.
_in_process = threading.RLock()


def is_sqlite(bind: sa.Engine | sa.Connection) -> bool:
    """True on SQLite."""
    return bind.dialect.name == "sqlite"


@contextlib.contextmanager
def changing(engine: sa.Engine, who: str) -> Iterator[sa.Connection]:
    """Open the one transaction that may change the schema; another process waits, then sees what was done."""
    with _in_process:
        try:
            with (
                engine.connect() as connection,
                _on_sqlite(connection) if is_sqlite(engine) else _on_postgres(connection),
            ):
                yield connection
        except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
            if not is_busy(error):
                raise
            raise SchemaError(words.BUSY.format(plugin=who, reason=reason(error))) from error


@contextlib.contextmanager
def _on_postgres(connection: sa.Connection) -> Iterator[None]:
    with connection.begin():
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        # A table change queues behind long readers, and everybody else behind it: give up rather than stand still.
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{round(WAIT_SECONDS * 1000)}ms'")
        yield


@contextlib.contextmanager
def _on_sqlite(connection: sa.Connection) -> Iterator[None]:
    raw = t.cast(sqlite3.Connection, connection.connection.driver_connection)
    _teach(raw)
    level, keys, wait = raw.isolation_level, _pragma(raw, "foreign_keys"), _pragma(raw, "busy_timeout")
    # With foreign keys on, dropping the old copy of a rebuilt table would delete its rows first, and cascade into
    # other tables. The pragma is ignored inside a transaction, so it comes before; `dangling` looks before the commit.
    raw.isolation_level = None
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute(f"PRAGMA busy_timeout = {round(WAIT_SECONDS * 1000)}")
    try:
        with connection.begin() as transaction:
            if not raw.in_transaction:
                raw.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                transaction.rollback()
                _end(raw, "ROLLBACK")
                raise
            transaction.commit()
            _end(raw, "COMMIT")
    finally:
        raw.execute(f"PRAGMA foreign_keys = {keys}")
        raw.execute(f"PRAGMA busy_timeout = {wait}")
        raw.isolation_level = level


def _pragma(raw: sqlite3.Connection, name: str) -> int:
    return int(raw.execute(f"PRAGMA {name}").fetchone()[0])


def _end(raw: sqlite3.Connection, how: str) -> None:
    if raw.in_transaction:
        raw.execute(how)


def is_busy(error: BaseException) -> bool:
    """True when somebody else held what was wanted for too long."""
    said = getattr(error, "orig", None) or error
    return (
        "database is locked" in str(said)
        or "database table is locked" in str(said)
        or type(said).__name__ == "LockNotAvailable"
    )


@contextlib.contextmanager
def unread_indexes() -> Iterator[None]:
    """Silence SQLAlchemy where it cannot read SQLite's indexes on expressions and we know them otherwise."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Skipped unsupported reflection of expression-based index")
        yield


def reason(error: BaseException) -> str:
    """Return the first line of what the database (or the script) said."""
    said = getattr(error, "orig", None) or error
    return (str(said).splitlines() or [""])[0].rstrip(".") or type(said).__name__


def tables_in(connection: sa.Connection) -> set[str]:
    """Return the names of the tables of the default schema, temporary ones left out, and what SQLite keeps its full text in."""
    return {str(name) for name in sa.inspect(connection).get_table_names() if not is_full_text(str(name))}


def is_full_text(table: str) -> bool:
    """True for the tables behind search on SQLite: they come and go with ``crm_search``."""
    return table.startswith("crm_search_fts")


def quoted(connection: sa.Connection, name: str) -> str:
    """Return `name` quoted where the database needs it."""
    return connection.dialect.identifier_preparer.quote(name)


def count_rows(connection: sa.Connection, tables: Iterable[str]) -> dict[str, int]:
    """Return how many rows each table holds."""
    count = "SELECT count(*) FROM "
    return {name: connection.exec_driver_sql(count + quoted(connection, name)).scalar_one() for name in tables}


def listed(rows: Mapping[str, int]) -> Text:
    """Return row counts as a short list."""
    return words.joined([words.ROWS.format(table=table, rows=count) for table, count in rows.items()] or [words.EMPTY])


def read_versions(connection: sa.Connection, tables: set[str]) -> dict[str, str | None]:
    """Return by plugin where its history stands; plugins that never ran are left out."""
    names = sorted(name for name in tables if name.startswith(VERSIONS))
    found: dict[str, str | None] = {}
    for name in names:
        version = connection.exec_driver_sql(f"SELECT version_num FROM {quoted(connection, name)}").scalar()
        if version is not None:
            found[name.removeprefix(VERSIONS)] = version
    return found


def write_version(connection: sa.Connection, name: str, version: str) -> None:
    """Say that plugin `name` stands at `version`, as Alembic would."""
    table = sa.Table(
        VERSIONS + name, sa.MetaData(), sa.Column("version_num", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("version_num", name=f"{VERSIONS}{name}_pkc"),
    )  # fmt: skip
    table.create(connection, checkfirst=True)
    connection.execute(table.delete())
    connection.execute(table.insert().values(version_num=version))


def referrers(connection: sa.Connection, tables: Iterable[str]) -> list[tuple[str, str]]:
    """Return (table, referred table) for every foreign key from outside `tables` into them."""
    own = set(tables)
    keys = sa.inspect(connection).get_multi_foreign_keys()
    return sorted(
        {
            (child, key["referred_table"])
            for (_schema, child), found in keys.items()
            for key in found
            if child not in own and key["referred_table"] in own
        }
    )


def dangling(connection: sa.Connection, tables: Iterable[str]) -> None:
    """On SQLite, raise when a row of or to `tables` points at nothing (keys were off while the schema changed)."""
    own = set(tables)
    if not is_sqlite(connection):
        return
    for child, _row, parent, _key in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        if child in own or parent in own:
            raise SchemaError(words.DANGLING.format(table=child, parent=parent))


def touched_table(statement: str) -> str | None:
    """Return the table a statement writes to or changes, None when it only reads."""
    match = _WRITES.match(statement)
    return match["table"] if match else None


_WRITES = re.compile(
    r"\s*(?:create\s+(?:temp\w*\s+|unlogged\s+)?table|alter\s+table|drop\s+table|truncate(?:\s+table)?|insert\s+(?:or\s+\w+\s+)?into|replace\s+into"
    r"|update|delete\s+from|create\s+(?:unique\s+)?index\s+.*?\bon)\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?(?:\w+\.)?[\"`\[]?(?P<table>\w+)",
    re.IGNORECASE | re.DOTALL,
)
