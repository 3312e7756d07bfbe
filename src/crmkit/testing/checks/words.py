"""What people read is there, in English and in Russian."""

from __future__ import annotations

import ast
import inspect
import textwrap
import typing as t
from collections.abc import Iterator

import attrs

from crmkit.core.kind import ACTIONS
from crmkit.core.plugin import Plugin
from crmkit.core.text import Text, _

if t.TYPE_CHECKING:
    from crmkit.core.compose import Crm

NO_LABEL = _(
    '{what} has no label: write label=_("…", ru="…")', ru='{what}: нет названия; напишите label=_("…", ru="…")'
)
NO_RUSSIAN = _(
    '{what} is called {text!r} in Russian too: write _({text!r}, ru="…")',
    ru='{what}: название {text!r} не переведено; напишите _({text!r}, ru="…")',
)
NO_DOCSTRING = _(
    "{what} has no docstring: say in one line what a person gets",
    ru="{what}: нет строки документации; скажите в одной строке, что это даёт",
)
NO_SETTING = _(
    'setting {what} is not explained: write """…""" on the line after it',
    ru='настройка {what} не объяснена: напишите """…""" на следующей строке',
)


def problems(plugin: Plugin, crm: Crm) -> list[Text]:
    """Return a sentence for everything a person would miss."""
    found = [p for what, text in _labels(plugin, crm) for p in _label(what, text)]
    for command in crm.commands.values():
        if command.plugin == plugin.name and not command.help:
            found.append(NO_DOCSTRING.format(what=f"command {command.name}"))
    if plugin.settings is not None:
        told = explained(plugin.settings)
        found += [
            NO_SETTING.format(what=f"[{plugin.name}] {n}")
            for n in attrs.fields_dict(plugin.settings)
            if not told.get(n)
        ]
    if plugin.specs is not None:
        hooks = [n for n in vars(plugin.specs) if n.startswith(f"{plugin.name}_")]
        found += [NO_DOCSTRING.format(what=f"hook {n}") for n in hooks if not inspect.getdoc(getattr(plugin.specs, n))]
    return found


def _label(what: str, text: str) -> Iterator[Text]:
    if not text:
        yield NO_LABEL.format(what=what)
    elif not isinstance(text, Text) or "ru" not in text.translations:
        yield NO_RUSSIAN.format(what=what, text=str(text))


def _labels(plugin: Plugin, crm: Crm) -> Iterator[tuple[str, str]]:
    yield f"Plugin({plugin.name!r})", plugin.label
    for kind in crm.kinds.values():
        if kind.plugin == plugin.name:
            yield f"entity {kind.key}", kind.label
            yield f"plural of {kind.key}", kind.plural
            yield from ((f"field {kind.key}.{f.name}", f.label) for f in kind.fields.values())
        for extension in kind.extensions.values():
            if extension.plugin == plugin.name:
                yield f"extension {kind.key}.{extension.name}", extension.label
                names = [f for f in extension.fields.values() if f.name != "id"]
                yield from ((f"field {kind.key}.{extension.name}.{f.name}", f.label) for f in names)
        for pipeline in kind.pipelines.values():
            if pipeline.defined_in in {m.__name__ for m in plugin.loaded()}:
                yield f"pipeline {pipeline.name}", pipeline.label
                yield from ((f"stage {pipeline.name}[{s.name!r}]", s.label) for s in pipeline.stages.values())
    generated = {k.permission(a) for k in crm.kinds.values() for a in ACTIONS}
    for name, permission in crm.permissions.items():
        if name.startswith(f"{plugin.name}.") and name not in generated:
            yield f"permission {name}", permission.label
    yield from ((f"command {c.name}", c.label) for c in crm.commands.values() if c.plugin == plugin.name)


def explained(cls: type) -> dict[str, str]:
    """Return what the docstrings below a class's attributes say, those of its bases included."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if not attrs.has(base):
            continue
        try:
            body = t.cast(ast.ClassDef, ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]).body
        except (OSError, TypeError):
            continue
        for node, following in zip(body, [*body[1:], None], strict=True):
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            text = (
                following.value.value
                if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
                else None
            )
            found[node.target.id] = inspect.cleandoc(text) if isinstance(text, str) else ""
    return found
