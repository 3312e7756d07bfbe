"""``crm_plugin``: which plugins this database has known, with their tables, whether installed or parked."""

from __future__ import annotations

import datetime as dt
import typing as t

import attrs
import sqlalchemy as sa

from ..record import NAMING
from ..types import UtcDateTime
from .owner import Owner

INSTALLED, PARKED = "installed", "parked"

PLUGIN = sa.Table(
    "crm_plugin",
    sa.MetaData(naming_convention=NAMING),
    sa.Column("name", sa.String(60), primary_key=True),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("version", sa.String(32)),
    sa.Column("requires", sa.JSON(), nullable=False),
    sa.Column("tables", sa.JSON(), nullable=False),
    sa.Column("parked_at", UtcDateTime()),
)


@attrs.frozen
class Entry:
    """One plugin as the database remembers it; `tables` gives by declared name the name the table has now."""

    name: str
    state: str
    version: str | None
    requires: tuple[str, ...]
    tables: dict[str, str]
    parked_at: dt.datetime | None


def read(connection: sa.Connection, present: set[str]) -> dict[str, Entry]:
    """Return every entry by plugin name; nothing when the kernel's tables do not exist yet."""
    if PLUGIN.name not in present:
        return {}
    rows = connection.execute(sa.select(PLUGIN).order_by(PLUGIN.c.name)).all()
    return {
        row.name: Entry(row.name, row.state, row.version, tuple(row.requires), dict(row.tables), row.parked_at)
        for row in rows
    }


def write(connection: sa.Connection, entry: Entry) -> None:
    """Keep `entry` in place of what was known about that plugin."""
    values = attrs.asdict(entry) | {"requires": list(entry.requires)}
    changed = connection.execute(PLUGIN.update().where(PLUGIN.c.name == entry.name).values(values))
    if not changed.rowcount:
        connection.execute(PLUGIN.insert().values(values))


def note_installed(
    connection: sa.Connection, owner: Owner, version: str | None, known: t.Mapping[str, Entry], present: set[str]
) -> None:
    """Remember that `owner` stands at `version` with the tables that exist, unless that is known already."""
    tables = {str(table.name): str(table.name) for table in owner.tables if table.name in present}
    entry = Entry(owner.name, INSTALLED, version, tuple(owner.requires), tables, None)
    if known.get(owner.name) != entry:
        write(connection, entry)


def forget(connection: sa.Connection, name: str) -> None:
    """Remove what was known about a plugin."""
    connection.execute(PLUGIN.delete().where(PLUGIN.c.name == name))
