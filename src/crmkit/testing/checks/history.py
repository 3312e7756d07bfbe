"""Migrations that make what the models say, and can be undone."""

from __future__ import annotations

import tempfile
import typing as t
from collections.abc import Sequence

from crmkit.core.database import open_engine
from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

if t.TYPE_CHECKING:
    from crmkit.core.compose import Crm

NONE_YET = _(
    'it has tables but no migrations: type `crmkit migrate make {plugin} "first tables"`',
    ru='таблицы есть, а миграций нет: наберите `crmkit migrate make {plugin} "first tables"`',
)
ON = _("on {database}: {problem}", ru="на {database}: {problem}")


def problems(plugin: Plugin, crm: Crm, databases: Sequence[str]) -> list[Text]:
    """Run every history up, compare with the models, run it down and up again."""
    from crmkit.core import migrate

    from ..databases import Databases

    owners = migrate.owners_of(crm)
    own = next(o for o in owners if o.name == plugin.name)
    if not own.tables:
        return []
    if not any(own.scripts.glob("[0-9]*.py")):
        return [NONE_YET.format(plugin=plugin.name)]
    found: list[Text] = []
    with tempfile.TemporaryDirectory(prefix="crmkit-check-") as folder:
        from pathlib import Path

        made = Databases(Path(folder))
        for database in databases:
            url = made.fresh(database)
            engine = open_engine(url)
            try:
                found += [ON.format(database=database, problem=p) for p in migrate.rehearse(owners, engine)]
            finally:
                engine.dispose()
                made.drop(url)
    return found
