"""A plugin imports `crmkit` and the plugins it requires, by their public names only; those it follows, inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

from .files import FIRST_PARTY, folder_of, package_named, package_of, shown, sources

DEEP = _(
    "{place} imports {name}: write `from {package} import …`",
    ru="{place} импортирует {name}: пишите `from {package} import …`",
)
UNDECLARED = _(
    "{place} imports {name}, but the plugin does not require {plugin!r}: add requires=[{plugin!r}]",
    ru="{place} импортирует {name}, но плагин не требует {plugin!r}: добавьте requires=[{plugin!r}]",
)
PUBLIC = ("crmkit", "crmkit.cli", "crmkit.testing", "crmkit.ui", "crmkit.ui.charts")


def problems(plugin: Plugin, plugins: Sequence[Plugin]) -> list[Text]:
    """Return a sentence for every import that breaks the rule."""
    own = package_of(plugin)
    required = {package_of(p) for p in plugins if p.name in plugin.requires}
    followed = {name for name in plugin.follows if name not in plugin.requires}
    offered = {package_named(e.value.partition(":")[0]): e.name for e in entry_points(group="crmkit.plugins")}
    offered |= {package_of(p): p.name for p in plugins}
    found: list[Text] = []
    for file in sources(plugin):
        late = _late(file) if followed else frozenset[int]()
        for line, module in (*imported(file), *_climbing(plugin, file)):
            package, place = package_named(module), f"{shown(plugin, file)}:{line}"
            if module in PUBLIC or package == own:
                continue
            if package not in offered:
                if package.startswith(FIRST_PARTY):
                    found.append(DEEP.format(place=place, name=module, package="crmkit"))
            elif package not in required and not (line in late and offered[package] in followed):
                found.append(UNDECLARED.format(place=place, name=module, plugin=offered[package]))
            elif module != package:
                found.append(DEEP.format(place=place, name=module, package=package))
    return found


def _late(file: Path) -> frozenset[int]:
    """Return the lines of imports that do not run with the module: inside functions, or for type checkers only."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        checking = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        if checking or isinstance(node, ast.FunctionDef):
            found |= {n.lineno for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)}
    return frozenset(found)


def _climbing(plugin: Plugin, file: Path) -> Iterator[tuple[int, str]]:
    """Yield what a plugin that comes with crmkit imports by dots from beyond its own folder."""
    folder = folder_of(plugin)
    if folder is None:
        return
    depth = len(file.relative_to(folder).parts)
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level > depth:
            yield node.lineno, FIRST_PARTY + (node.module or node.names[0].name)


def imported(file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of every module a file imports, relative ones left out."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            yield node.lineno, node.module
