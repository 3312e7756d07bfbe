"""An SQLAlchemy engine set up the way its documentation says, for both databases; what the SQLAlchemy peers share."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bench.data import utc_now
from bench.peers import Counts
from bench.place import Place

READ = {"reading": True}
COUNTS = sa.text(
    "SELECT (SELECT count(*) FROM bench_deal), (SELECT count(*) FROM bench_stage_history),"
    " (SELECT count(*) FROM bench_follow_up), (SELECT count(*) FROM bench_journal)"
)


def engine_for(place: Place, pool_size: int = 1) -> sa.Engine:
    """An engine with a small pool; on SQLite a transaction that may write begins IMMEDIATE."""
    if place.database == "postgresql":
        return sa.create_engine(place.sqlalchemy, pool_size=pool_size, max_overflow=0)
    engine = sa.create_engine(place.sqlalchemy)

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def counts(engine: sa.Engine) -> Counts:
    """The rows of the plain schema."""
    with engine.connect() as connection:
        return Counts(*connection.execute(COUNTS).one())


def now(engine: sa.Engine) -> datetime:
    """UTC: aware for PostgreSQL, naive for SQLite, which keeps no zone."""
    moment = utc_now()
    return moment.replace(tzinfo=None) if engine.dialect.name == "sqlite" else moment
