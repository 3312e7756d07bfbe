"""The few ways in which the jobs engine opens the database, the same for SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import sqlalchemy as sa

from crmkit.core.database import Database
from crmkit.core.errors import Unavailable
from crmkit.core.sql import Db, Prepared

CHANNEL = "crm_job"


@attrs.frozen
class Bare:
    """The simplest unit of work: a connection in a transaction."""

    connection: sa.Connection


class Store:
    """Opens transactions on the engine the jobs live in."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.engine = database.engine
        self.postgres = database.postgres
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT") if self.postgres else self.engine
        # PostgreSQL's own clock measures leases, so that hosts whose clocks differ agree on when one has run out; it is
        # also untouched by a clock that tests move. SQLite has one host and no such clock.
        self.lease_now: sa.ColumnElement[int] = (
            sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)
            if self.postgres
            else sa.bindparam("real_now", type_=sa.BigInteger)
        )

    def real_now(self) -> dict[str, int]:
        """The parameters `lease_now` needs."""
        return {} if self.postgres else {"real_now": time.time_ns() // 1_000_000}

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: commits at the end, rolls back on any error."""
        with self.database.write() as db:
            yield db.connection

    @contextmanager
    def single(self) -> Iterator[sa.Connection]:
        """For one statement that is a transaction by itself: no BEGIN and COMMIT to wait for on PostgreSQL."""
        if self.postgres:
            with self._autocommit.connect() as connection:
                yield connection
        else:
            with self.database.write() as db:
                yield db.connection

    @contextmanager
    def alone(self) -> Iterator[Db]:
        """The same for a statement that is compiled once and runs many times a second."""
        if self.postgres:
            with self.database.read() as db:  # each statement by itself
                yield db
        else:
            with self.database.write() as db:
                yield db

    def on(self, given: sa.Connection | Db) -> Db:
        """What runs prepared statements on a connection that is open."""
        return given if isinstance(given, Db) else Db(given, self.database.statements)

    def prepared(self, statement: Any) -> Prepared:
        """A constant statement, compiled once."""
        return self.database.statements.get(("job", statement), lambda: statement)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading only; never waits for SQLite's writer."""
        with self.database.read() as db:
            yield db.connection


def is_trouble(error: BaseException) -> bool:
    """True when the database was locked, restarting or gone: not the handler's fault, worth trying again at once."""
    return isinstance(error, (Unavailable, sa.exc.OperationalError, sa.exc.InterfaceError)) or (
        isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    )
