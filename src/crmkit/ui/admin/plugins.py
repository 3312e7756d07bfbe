"""The plugins of this CRM: what each adds, and how its tables stand."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from ..results import View
from . import words

if t.TYPE_CHECKING:
    from ...core.plugin import Plugin
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit


def show(visit: Visit, uow: Uow) -> Result:
    """GET /admin/plugins: the plugins, what each adds, and whether its tables are as it needs them."""
    uow.require("crmkit.plugins")
    waiting = _waiting(uow)
    rows = [_row(visit, plugin, waiting) for plugin in uow.crm.plugins]
    return View("ui/admin/plugins.html", a=words, rows=rows)


def _waiting(uow: Uow) -> set[str]:
    """Return the plugins whose tables are not what they need yet."""
    from ...core.migrate import owners_of, status

    return {s.name for s in status(uow.crm.engine, owners_of(uow.crm)) if s.state in ("behind", "new")}


def _row(visit: Visit, plugin: Plugin, waiting: set[str]) -> dict[str, t.Any]:
    label = {p.name: visit.say(p.label or p.name) for p in visit.crm.plugins}
    return {
        "plugin": plugin, "label": label[plugin.name], "adds": list(_adds(visit, plugin)), "behind": plugin.name in waiting,
        "requires": [label.get(name, name) for name in plugin.requires],
    }  # fmt: skip


def _adds(visit: Visit, plugin: Plugin) -> Iterator[tuple[str, str]]:
    crm, registry = visit.crm, visit.site.registry
    kinds = [visit.say(k.plural) for k in crm.kinds.values() if k.plugin == plugin.name]
    pages = [visit.say(i.mark.label) for i in registry.pages if i.plugin == plugin.name] + [
        visit.say(i.mark.label) for i in registry.boards if i.plugin == plugin.name]
    parts = [visit.say(i.mark.label) for i in registry.panels if i.plugin == plugin.name] + [
        visit.say(i.mark.label) for i in registry.widgets if i.plugin == plugin.name]
    commands = [visit.say(c.label) for c in crm.commands.values() if c.plugin == plugin.name]
    for label, names in ((words.entities, kinds), (words.pages, pages), (words.parts, parts), (words.commands, commands)):
        if names:
            yield visit.say(label), ", ".join(dict.fromkeys(names))
