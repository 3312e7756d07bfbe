"""The settings page: what the file says, and a tab for each plugin that has one."""

from __future__ import annotations

import datetime as dt
import inspect
import itertools
import typing as t
from collections.abc import Iterator

import attrs

from ...core.errors import Refusal
from ...web.problems import NoSuchPath
from ..plugin_pages import guarded
from ..results import Redirect, View
from . import words

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ...web.answer import Answer
    from ..marks import SettingsMark
    from ..registry import Item
    from ..results import Result
    from ..visit import Visit

GENERAL = "general"
SECRET_WORDS = ("password", "secret", "token", "key", "dsn", "database", "url")


def _tabs(visit: Visit, uow: Uow) -> list[tuple[str, str, str]]:
    """Return the tabs somebody may see: address, label, icon."""
    found = [(GENERAL, visit.say(words.general), "sliders-horizontal")] if uow.may("crmkit.plugins") else []
    for item in visit.site.registry.tabs:
        if uow.may(item.mark.permission):  # type: ignore[arg-type]  # a tab without one is refused when the site is built
            found.append((f"{item.plugin}.{item.key}", visit.say(item.mark.label), item.mark.icon))
    return found


def first(visit: Visit, uow: Uow) -> Result:
    """GET /settings: the first tab there is for the visitor."""
    tabs = _tabs(visit, uow)
    if not tabs:
        uow.require("crmkit.plugins")
    return Redirect(f"/settings/{tabs[0][0]}")


def _item(visit: Visit) -> Item[SettingsMark] | None:
    plugin, _dot, key = visit.path["tab"].partition(".")
    return visit.site.registry.find(visit.site.registry.tabs, plugin, key)


def show(visit: Visit, uow: Uow) -> Result | Answer:
    """GET /settings/{tab}: what the settings file says, or the tab of a plugin."""
    if visit.path["tab"] == GENERAL:
        uow.require("crmkit.plugins")
        return View("ui/admin/settings.html", a=words, tabs=_tabs(visit, uow), tab=GENERAL, sections=list(_sections(visit)), part=None)
    item = _item(visit)
    if item is None:
        raise NoSuchPath()
    uow.require(item.mark.permission)  # type: ignore[arg-type]
    part = visit.site.boundary.one(visit, uow, item, lambda i, unit: i.function(visit, unit))
    return View("ui/admin/settings.html", a=words, tabs=_tabs(visit, uow), tab=visit.path["tab"], sections=[], part=part)


def send(visit: Visit, uow: Uow) -> Result | Answer:
    """POST /settings/{tab}: the tab's own function takes the form."""
    item = _item(visit)
    if item is None:
        raise NoSuchPath()
    result = guarded(item)(visit, uow)
    if isinstance(result, View):
        return Redirect(f"/settings/{visit.path['tab']}")
    return result


def again(visit: Visit, uow: Uow, refusal: Refusal) -> Result | Answer:
    """Show the tab once more with what is wrong: its function is asked with `visit.refusal` set."""
    visit.refusal = refusal
    return show(visit, uow)


def _sections(visit: Visit) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Yield the settings in force: label, table of the file, and key, value and meaning of each; secrets are not shown."""
    crm = visit.crm
    yield visit.say(words.general), "crmkit", list(_rows(visit, crm.settings))
    yield visit.say(words.pages), "ui", list(_rows(visit, visit.site.settings))
    for plugin in crm.plugins:
        if plugin.settings is not None:
            yield visit.say(plugin.label or plugin.name), plugin.name, list(_rows(visit, crm[plugin.settings]))


def _rows(visit: Visit, values: t.Any) -> Iterator[tuple[str, str, str]]:
    meanings = docs_of(type(values))
    for field in attrs.fields(type(values)):
        value = getattr(values, field.name)
        hide = any(word in field.name.lower() for word in SECRET_WORDS) and bool(value) and not isinstance(value, int | float | dt.timedelta)
        told = meanings.get(field.name, "") if visit.language == "en" else ""  # they are written in English alone
        yield field.name, visit.say(words.secret) if hide else _said(visit, value), told.replace("``", "`")


def _said(visit: Visit, value: t.Any) -> str:
    if isinstance(value, dt.timedelta):
        return visit.site.context(visit, "")["fmt"].span(value.total_seconds()) if value else "0"
    if isinstance(value, bool):
        return visit.say(visit.site.environment.globals["w"]["yes" if value else "no"])  # type: ignore[index]
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_said(visit, v) for v in value) or "—"
    if attrs.has(type(value)) or isinstance(value, dict):
        return "…" if value else "—"
    return str(value) if value not in (None, "") else "—"


def docs_of(cls: type) -> dict[str, str]:
    """Return what stands below each attribute of a settings class, as its author wrote it."""
    import ast
    import textwrap

    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    body = t.cast(ast.ClassDef, tree.body[0]).body
    for before, after in itertools.pairwise(body):
        if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[before.target.id] = " ".join(str(after.value.value).split())  # type: ignore[union-attr]
    return found
