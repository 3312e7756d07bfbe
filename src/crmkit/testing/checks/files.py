"""Where a plugin's files are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crmkit.core.plugin import Plugin

FIRST_PARTY = "crmkit."


def package_named(module: str) -> str:
    """Return the package of a plugin's module: ``crmkit_sales``, or ``crmkit.accounts`` for one that comes with crmkit."""
    return ".".join(module.split(".")[: 2 if module.startswith(FIRST_PARTY) else 1])


def package_of(plugin: Plugin) -> str:
    """Return the name a plugin is imported by: ``crmkit_sales``."""
    modules = plugin.loaded()
    return package_named(modules[0].__name__) if modules else plugin.name


def folder_of(plugin: Plugin) -> Path | None:
    """Return the folder of a plugin that is a package, None for one that is a single module."""
    for module in plugin.loaded():
        if module.__file__ is None:
            continue
        depth = module.__name__.count(".") + (Path(module.__file__).stem == "__init__") - package_of(plugin).count(".")
        if depth:
            return Path(module.__file__).parents[depth - 1]
    return None


def sources(plugin: Plugin) -> Iterator[Path]:
    """Yield the plugin's Python files, migrations left out: those import Alembic."""
    folder = folder_of(plugin)
    if folder is None:
        yield from (Path(m.__file__) for m in plugin.loaded() if m.__file__ is not None)
        return
    yield from (p for p in sorted(folder.rglob("*.py")) if "migrations" not in p.relative_to(folder).parts)


def shown(plugin: Plugin, file: Path) -> str:
    """Return a file's name as people look for it."""
    folder = folder_of(plugin)
    return str(file.relative_to(folder.parent)) if folder is not None else file.name
