"""A CRM to work with even where there is nothing yet: no settings, no database, no tables."""

from __future__ import annotations

import os
import tempfile
import typing as t
from pathlib import Path

import click
import sqlalchemy as sa

from .load import any_crm, given, settled_crm
from .speak import _, note

if t.TYPE_CHECKING:
    from crmkit import Crm

MADE = _("The database {name} is new: its tables are made first.", ru="База {name} новая: сначала создаются таблицы.")
FOR_NOW = _(
    "The database {name} is new: this trial runs in a temporary one, and nothing is left of it.",
    ru="База {name} новая: проба идёт во временной, и от неё ничего не останется.",
)
ALL = _("No settings file: all installed plugins, database {name}.", ru="Файла настроек нет: все установленные плагины, база {name}.")


def fresh_crm(*, trial: bool = False) -> Crm:
    """Return the CRM of the settings file, or of all installed plugins; an empty database gets its tables first.

    With `trial` a SQLite database that is empty or missing is left so: the work is done in a temporary one.
    """
    from crmkit.core import migrate

    crm = _composed()
    name = crm.engine.url.render_as_string(hide_password=True)
    owners = migrate.owners_of(crm)
    if not _is_empty(crm):
        migrate.is_current(crm.engine, owners)
        return crm
    if trial and not crm.database.postgres:
        folder = tempfile.TemporaryDirectory(prefix="crmkit-")
        click.get_current_context().call_on_close(folder.cleanup)
        note(FOR_NOW, name=name)
        crm = _composed(database=f"sqlite:///{Path(folder.name) / 'crm.db'}")
    else:
        note(MADE, name=name)
    crm.migrate()
    return crm


def kept_crm() -> Crm | None:
    """Return the CRM of the settings file, or of all installed plugins; None, and nothing is made, where its database is empty."""
    from crmkit.core import migrate

    crm = _composed()
    if _is_empty(crm):
        return None
    migrate.is_current(crm.engine, migrate.owners_of(crm))
    return crm


def _composed(**more: t.Any) -> Crm:
    if given().is_there:
        return settled_crm(**more)
    database = more.get("database") or os.environ.get("CRMKIT_DATABASE") or "sqlite:///crm.db"
    if "database" not in more:
        note(ALL, name=sa.make_url(database).render_as_string(hide_password=True))
    return any_crm(database=database)


def _is_empty(crm: Crm) -> bool:
    """True when the database has no tables, or is a file that does not exist: which looking must not make."""
    file = crm.engine.url.database
    if not crm.database.postgres and file and (not Path(file).exists() or Path(file).stat().st_size == 0):
        return True
    with crm.engine.connect() as connection:
        return not sa.inspect(connection).get_table_names()


__all__ = ["fresh_crm", "kept_crm"]
