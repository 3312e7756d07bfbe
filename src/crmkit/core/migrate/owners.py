"""From a composed CRM to the owners of its tables."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Sequence
from pathlib import Path

import sqlalchemy as sa

from ..jobs.table import make_partial
from .ledger import PLUGIN
from .owner import KERNEL, Owner, owner_of

if t.TYPE_CHECKING:
    from ..plugin import Plugin


class Composed(t.Protocol):
    """What is asked of a CRM."""

    @property
    def plugins(self) -> Sequence[Plugin]:
        """Its plugins, in order."""
        ...

    @property
    def kernel_tables(self) -> Sequence[sa.Table]:
        """The kernel's tables."""
        ...

    @property
    def tables(self) -> Sequence[sa.Table]:
        """All tables, the kernel's included."""
        ...


def owners_of(crm: Composed) -> list[Owner]:
    """Return the kernel and every plugin of a CRM as migrations see them, in dependency order."""
    names = [plugin.name for plugin in crm.plugins]
    tables: dict[str | None, list[sa.Table]] = {}
    kernel = {table.name for table in crm.kernel_tables}
    for table in crm.tables:
        if table.name not in kernel:
            tables.setdefault(owner_of(table.name, names), []).append(table)
    plugins = [
        Owner(plugin.name, tables.get(plugin.name, ()), scripts_of(plugin), plugin.requires) for plugin in crm.plugins
    ]
    return [kernel_owner(crm.kernel_tables), *plugins]


def kernel_owner(tables: Iterable[sa.Table]) -> Owner:
    """Return the kernel: its tables, with the one that remembers plugins, and its scripts."""
    others = [table for table in tables if table.name != PLUGIN.name]
    make_partial("postgresql", "sqlite")  # a script is written for both
    return Owner(KERNEL, [*others, PLUGIN], Path(__file__).parent.parent / "migrations")


def scripts_of(plugin: Plugin) -> Path:
    """Return the folder of a plugin's revision files: `Plugin.migrations`, or ``migrations`` in its package.

    A plugin that is one module has its own folder beside it, ``NAME_migrations``.
    """
    if plugin.migrations is not None:
        return Path(plugin.migrations)
    for module in plugin.loaded():
        file = getattr(module, "__file__", None)  # a module made by hand has none
        if file is not None:
            folder = Path(file).parent
            return folder / ("migrations" if module.__package__ else f"{plugin.name}_migrations")
    return Path(f"{plugin.name}_migrations")
