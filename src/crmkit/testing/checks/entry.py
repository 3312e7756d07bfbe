"""A plugin is found by its entry point in the group ``crmkit.plugins``."""

from __future__ import annotations

import tomllib
from importlib.metadata import entry_points
from pathlib import Path

from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

from .files import folder_of, package_named, package_of

MISSING = _(
    'no entry point leads to it, so settings cannot name it: add [project.entry-points."crmkit.plugins"] {name} = '
    '"{package}:plugin" '
    "to pyproject.toml",
    ru="к нему не ведёт точка входа, и его нельзя назвать в настройках: добавьте "
    '[project.entry-points."crmkit.plugins"] '
    '{name} = "{package}:plugin" в pyproject.toml',
)
WRONG = _(
    "the entry point {name} leads to {value}, which is not this plugin",
    ru="точка входа {name} ведёт на {value}, а это не этот плагин",
)


def problems(plugin: Plugin) -> list[Text]:
    """Return what is wrong with the entry point: that of the installed package or, before that, of its
    pyproject.toml."""
    installed = [e for e in entry_points(group="crmkit.plugins") if e.name == plugin.name]
    if installed:
        return [] if installed[0].load() is plugin else [WRONG.format(name=plugin.name, value=installed[0].value)]
    declared = _declared(plugin)
    package = package_of(plugin)
    if plugin.name not in declared:
        return [MISSING.format(name=plugin.name, package=package)]
    value = declared[plugin.name]
    return [] if package_named(value.partition(":")[0]) == package else [WRONG.format(name=plugin.name, value=value)]


def _declared(plugin: Plugin) -> dict[str, str]:
    modules = [m.__file__ for m in plugin.loaded() if m.__file__ is not None]
    start = folder_of(plugin) or (Path(modules[0]) if modules else None)
    for folder in (start.parents if start is not None else ())[:3]:
        file = folder / "pyproject.toml"
        if file.exists():
            project = tomllib.loads(file.read_text("utf-8")).get("project", {})
            return dict(project.get("entry-points", {}).get("crmkit.plugins", {}))
    return {}
