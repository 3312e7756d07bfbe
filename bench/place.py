"""Where a peer's database is, and how to get a fresh one or a copy of a loaded one."""

from __future__ import annotations

import atexit
import itertools
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

DATABASES = ("postgresql", "sqlite")
_number = itertools.count(1)


@dataclass(frozen=True)
class Place:
    """A database: `dsn` is a `postgresql://` address, or the path of an SQLite file."""

    database: str
    dsn: str

    @property
    def sqlalchemy(self) -> str:
        """The address in SQLAlchemy's form, with psycopg 3."""
        if self.database == "sqlite":
            return f"sqlite:///{self.dsn}"
        return self.dsn.replace("postgresql:", "postgresql+psycopg:", 1)


def backends(place: Place) -> list[int]:
    """The PostgreSQL backends of everybody connected to this database but the asker; none for SQLite."""
    if place.database == "sqlite":
        return []
    import psycopg

    with psycopg.connect(place.dsn) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' ORDER BY pid"
        ).fetchall()
    return [pid for (pid,) in rows]


_folder: Path | None = None


def folder() -> Path:
    """A temporary folder of this run, removed when the process ends."""
    global _folder
    if _folder is None:
        _folder = Path(tempfile.mkdtemp(prefix="crmkit-bench-"))
        atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    return _folder


def fresh(database: str) -> Place:
    """An empty database that disappears with this process."""
    if database == "sqlite":
        return Place(database, str(folder() / f"bench{next(_number)}.sqlite"))
    # The server the tests use, but one that does call fsync: a measurement must not flatter the disk.
    from crmkit.testing.postgres import postgres_dsn

    return Place(database, postgres_dsn(durable=True))


def copy(place: Place) -> Place:
    """A copy of a loaded database; nobody may be connected to the original."""
    if place.database == "sqlite":
        target = str(folder() / f"bench{next(_number)}.sqlite")
        source = sqlite3.connect(place.dsn)
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        source.close()
        shutil.copy(place.dsn, target)
        return Place(place.database, target)
    from crmkit.testing.postgres import postgres_dsn

    return Place(place.database, postgres_dsn(durable=True, template=place.dsn))
