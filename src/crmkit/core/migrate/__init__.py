"""Schema migrations: one linear history and one version table per plugin, on SQLite and PostgreSQL alike.

Alembic does the work and is imported only when something is migrated; asking whether a database is current is cheap.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

import sqlalchemy as sa

from .owner import Owner, Revision, State
from .owners import owners_of
from .park import Gone, purge, uninstall
from .status import is_current, status
from .upgrade import create, downgrade, upgrade
from .words import MigrationFailed, NotMigrated, SchemaError

if t.TYPE_CHECKING:
    from ..text import Text
    from .author import Made


def check(engine: sa.Engine, owners: Iterable[Owner]) -> list[Text]:
    """Return a sentence for every difference between the models and the database; nothing when they agree."""
    from .compare import check as compare

    return compare(engine, owners)


def make(owner: Owner, message: str, engine: sa.Engine | None = None) -> Made | None:
    """Write the next revision file of `owner`, or return None when its scripts already make what its models say."""
    from .author import make as write

    return write(owner, message, engine)


def rehearse(owners: Iterable[Owner], engine: sa.Engine | None = None) -> list[Text]:
    """Return what goes wrong when every history runs up, down and up again in an empty database."""
    from .rehearsal import rehearse as play

    return play(owners, engine)


__all__ = [
    "Gone",
    "MigrationFailed",
    "NotMigrated",
    "Owner",
    "Revision",
    "SchemaError",
    "State",
    "check",
    "create",
    "downgrade",
    "is_current",
    "make",
    "owners_of",
    "purge",
    "rehearse",
    "status",
    "uninstall",
    "upgrade",
]
