"""Gathering what plugins contribute, and everything that is wrong with it, before anything runs."""

from __future__ import annotations

import decimal
import graphlib
import inspect
import os
import sys
import traceback
import types
import typing as t
import weakref
from collections.abc import Iterable, Mapping, Sequence

import attrs
import pluggy
import sqlalchemy as sa

from . import hooks
from .commands import Command, make_command
from .errors import CompositionError, closest
from .events import RecordEvent, event_key
from .kind import ACTIONS, ExtensionKind, Kind, kind_of, link_up
from .model import Entity, Extension, Record
from .pipeline import Pipeline
from .plugin import MARKS, CommandMark, EveryMark, OnMark, Permission, Plugin, RouteMark, Topic, marks_of
from .scopes import SCOPES, RowScope
from .settings import RESERVED, fill
from .text import _

KERNEL_PERMISSIONS = (
    Permission("crmkit.journal", _("Search the journal", ru="Искать в журнале")),
    Permission("crmkit.jobs", _("See and replay jobs", ru="Видеть и перезапускать задания")),
    Permission("crmkit.plugins", _("See plugins and settings", ru="Видеть плагины и настройки")),
    Permission("crmkit.explain", _("See why somebody may see a record", ru="Видеть, почему запись доступна")),
    Permission("crmkit.export", _("Export lists", ru="Выгружать списки")),
    Permission("crmkit.import", _("Import files", ru="Загружать файлы")),
)  # fmt: skip


@attrs.frozen
class Marked:
    """A marked function, with whom it belongs to. `name` is ``plugin:function``."""

    plugin: str
    name: str
    function: t.Any
    mark: t.Any


Contents = list[tuple[types.ModuleType, str, t.Any]]


@attrs.define
class Assembly:
    """What the plugins of one CRM contribute, in dependency order."""

    plugins: list[Plugin]
    kinds: dict[str, Kind] = attrs.field(factory=dict)
    by_class: dict[type[Entity], Kind] = attrs.field(factory=dict)
    extensions: dict[type[Extension[t.Any]], ExtensionKind] = attrs.field(factory=dict)
    pipelines: dict[str, Pipeline[t.Any]] = attrs.field(factory=dict)
    permissions: dict[str, Permission] = attrs.field(factory=dict)
    topics: dict[str, Topic] = attrs.field(factory=dict)
    commands: dict[str, Command] = attrs.field(factory=dict)
    marked: list[Marked] = attrs.field(factory=list)
    settings: dict[type, t.Any] = attrs.field(factory=dict)
    tables: dict[sa.Table, str] = attrs.field(factory=dict)  # those that are no entity's, and whose they are
    contents: dict[str, Contents] = attrs.field(factory=dict)
    problems: list[str] = attrs.field(factory=list)


def in_order(plugins: Iterable[Plugin]) -> tuple[list[Plugin], list[str]]:
    """Order plugins by what they require and follow; say what is missing, doubled or circular."""
    problems: list[str] = []
    by_name: dict[str, Plugin] = {}
    for plugin in plugins:
        if plugin.name in by_name and by_name[plugin.name] is not plugin:
            problems.append(f"two plugins are named {plugin.name!r}; leave one of them out")
        if not plugin.name.isidentifier() or plugin.name.lower() != plugin.name or plugin.name in RESERVED:
            problems.append(f"plugin name {plugin.name!r} will not do: use lower-case letters, digits and _, and not {', '.join(RESERVED)}")
        by_name[plugin.name] = plugin
    for plugin in by_name.values():
        for needed in plugin.requires:
            if needed not in by_name:
                near = closest(needed, by_name)
                problems.append(f"{plugin.name} requires {needed}, which is not here: add {needed!r} to plugins, or Crm(..., {needed}.plugin).{near}")
    known = {p.name: [n for n in sorted((*p.requires, *p.follows)) if n in by_name] for p in by_name.values()}
    try:
        return [by_name[n] for n in graphlib.TopologicalSorter(known).static_order()], problems
    except graphlib.CycleError as error:
        circle = " → ".join(error.args[1])
        problems.append(f"plugins wait for each other: {circle}; take one of them out of requires or follows")
        return list(by_name.values()), problems


def assemble(plugins: Iterable[Plugin], tables: Mapping[str, t.Any]) -> Assembly:
    """Collect the contributions of `plugins`; every complaint is in `problems`."""
    ordered, problems = in_order(plugins)
    found = Assembly(ordered, problems=problems)
    found.permissions = {p.name: p for p in KERNEL_PERMISSIONS}
    tables = _with_suggestions(ordered, tables, found)
    for plugin in ordered:
        try:
            contents = found.contents[plugin.name] = list(plugin.contents())
        except Exception as error:  # whatever the author's module does while it is imported
            found.problems.append(f"{plugin.name}: {_told(error)}; check modules=[…] of its Plugin")
            continue
        _Gatherer(plugin, found).gather(contents)
        _settings(plugin, tables.get(plugin.name, {}), found)
    names = {p.name for p in ordered}
    for table in tables:
        if table not in names and table not in RESERVED:
            found.problems.append(
                f"[{table}] in the settings is neither a plugin of this CRM nor one of {', '.join(RESERVED)}.{closest(table, [*names, *RESERVED])}")
    link_up(found.kinds)
    for kind in found.kinds.values():
        for action, label in ACTIONS.items():
            if kind.whole is None and (action != "move" or kind.staged):
                found.permissions[kind.permission(action)] = Permission(kind.permission(action),
                    _("{kind}: {action}", ru="{kind}: {action}").format(kind=kind.label, action=label))
    _foreign_links(found)
    return found


def _told(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"


def _with_suggestions(ordered: Sequence[Plugin], tables: Mapping[str, t.Any], found: Assembly) -> Mapping[str, t.Any]:
    """Return the settings with what plugins suggest for those before them: the last one's word over the first one's, the file's over all."""
    names, suggested = {p.name for p in ordered}, dict[str, t.Any]()
    for plugin in ordered:
        for name, table in plugin.suggests.items():
            if name not in (*plugin.requires, *plugin.follows):
                found.problems.append(f"{plugin.name} suggests settings of {name!r}: add {name!r} to its requires or follows")
            elif name in names:
                suggested[name] = _over(table, suggested.get(name, {}))
    return {**tables, **{name: _over(tables.get(name, {}), table) for name, table in suggested.items()}}


def _over(upper: t.Any, lower: t.Any) -> t.Any:
    if not (isinstance(upper, Mapping) and isinstance(lower, Mapping)):
        return upper
    return {**lower, **{key: _over(value, lower[key]) if key in lower else value for key, value in upper.items()}}


def _settings(plugin: Plugin, table: t.Any, found: Assembly) -> None:
    if plugin.settings is None:
        if table:
            found.problems.append(f"[{plugin.name}] in the settings: plugin {plugin.name!r} has no settings; remove the table")
        return
    if not isinstance(table, Mapping):
        found.problems.append(f"{plugin.name} in the settings must be a table, [{plugin.name}]")
        return
    if not attrs.has(plugin.settings):
        found.problems.append(f"{plugin.name}: settings={plugin.settings.__name__} is no attrs class; write @attrs.frozen above it")
        return
    made, problems = fill(plugin.settings, table, plugin.name)
    found.problems += problems
    found.settings[plugin.settings] = made


def _foreign_links(found: Assembly) -> None:
    for kind in found.kinds.values():
        for field in kind.fields.values():
            if field.to is not None and field.to not in found.by_class:
                found.problems.append(
                    f"{kind.key}.{field.name} points to {field.to.__name__}, whose plugin is not in this CRM; add it to requires= and to plugins")
        for field in kind.totals:
            if field.type not in (int, decimal.Decimal):
                found.problems.append(f"{kind.key}.{field.name} has total=True; only whole numbers and exact decimals are summed on boards")
        if len(kind.totals) > 3:
            found.problems.append(f"{kind.key} sums {len(kind.totals)} fields on boards; at most 3 may have total=True")


class _Gatherer:
    """Sorts the contents of one plugin."""

    def __init__(self, plugin: Plugin, found: Assembly) -> None:
        self.plugin, self.found = plugin, found
        self.named: dict[str, t.Any] = {}

    def wrong(self, sentence: str) -> None:
        self.found.problems.append(f"{self.plugin.name}: {sentence}")

    def gather(self, contents: Contents) -> None:
        things = [thing for _module, _name, thing in contents]
        for cls in [x for x in things if isinstance(x, type) and issubclass(x, Entity) and "__table__" in vars(x)]:
            self.entity(cls)
        for extension in [x for x in things if isinstance(x, type) and issubclass(x, Extension) and "__table__" in vars(x)]:
            self.extension(extension)
        for thing in things:
            if isinstance(thing, Pipeline):
                self.pipeline(thing)
            elif isinstance(thing, Permission):
                self.found.permissions[thing.name] = thing
            elif isinstance(thing, Topic):
                self.topic(thing)
            elif isinstance(thing, RowScope):
                self.scope(thing)
            elif isinstance(thing, sa.Table):
                self.found.tables[thing] = self.plugin.name
            elif callable(thing) and hasattr(thing, MARKS):
                self.function(thing)

    def table(self, cls: t.Any) -> None:
        name = cls.__table__.name
        if not name.startswith(f"{self.plugin.name}_"):
            self.wrong(f"table {name!r} of {cls.__name__} must start with '{self.plugin.name}_': write table=\"{self.plugin.name}_{name}\"")
        others: list[type[Record]] = [*self.found.by_class, *self.found.extensions]
        taken = [k for k in others if k.__table__.name == name and k is not cls]
        if taken:
            self.wrong(f"table {name!r} of {cls.__name__} is already that of {taken[0].__name__}; choose another table=")

    def entity(self, cls: type[Entity]) -> None:
        self.table(cls)
        kind = kind_of(cls, self.plugin.name)
        if kind.key in self.found.kinds and self.found.kinds[kind.key].cls is not cls:
            return
        self.found.kinds[kind.key] = self.found.by_class[cls] = kind

    def extension(self, cls: type[Extension[t.Any]]) -> None:
        self.table(cls)
        base = self.found.by_class.get(cls.extends)
        if base is None:
            self.wrong(f"{cls.__name__} extends {cls.extends.__name__}, whose plugin is not required; add it to requires=")
            return
        name = cls.__extension_name__
        if name in base.extensions or name in base.fields:
            self.wrong(f"{base.key} already has {name!r}; rename the class {cls.__name__}")
            return
        made = ExtensionKind(name, cls, self.plugin.name, cls.__label__, dict(cls.__fields__))
        base.extensions[name] = self.found.extensions[cls] = made

    def pipeline(self, pipeline: Pipeline[t.Any]) -> None:
        if pipeline.name in self.found.pipelines and self.found.pipelines[pipeline.name] is not pipeline:
            self.wrong(f"there is already a pipeline {pipeline.name!r}; choose another name")
            return
        if pipeline.of not in self.found.by_class:
            self.wrong(f"pipeline {pipeline.name!r} is of {pipeline.of.__name__}, whose plugin is not required; add it to requires=")
            return
        self.found.pipelines[pipeline.name] = pipeline

    def topic(self, topic: Topic) -> None:
        if topic.of is None and topic.permission is None:
            self.wrong(f"topic {topic.name!r} says nobody may hear it; add of=Entity (row rules decide) or permission=…")
        self.found.topics[topic.name] = topic

    def scope(self, scope: RowScope) -> None:
        kind = self.found.by_class.get(scope.of)
        if kind is None:
            self.wrong(f"scope {scope.name!r} is of {scope.of.__name__}, whose plugin is not required; add it to requires=")
        elif scope.name in SCOPES or kind.scopes.setdefault(scope.name, scope) is not scope:
            self.wrong(f"there is already a scope {scope.name!r} of {kind.key}; choose another name")

    def function(self, function: t.Any) -> None:
        name = f"{self.plugin.name}:{function.__name__}"
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            self.wrong(f"{function.__qualname__} is a coroutine; write `def`, not `async def`: domain code is synchronous and runs in a thread")
            return
        if self.named.setdefault(name, function) is not function:
            self.wrong(f"two marked functions are named {function.__name__!r}; jobs and the journal know them by name, so rename one")
        if sum(isinstance(m, EveryMark) for m in marks_of(function)) > 1:
            self.wrong(f"{function.__name__} carries @every twice; a set time is known by its function's name, so write a second function")
        for mark in marks_of(function):
            self.mark(name, function, mark)

    def mark(self, name: str, function: t.Any, mark: t.Any) -> None:
        if isinstance(mark, CommandMark):
            kind = self.found.by_class.get(mark.of) if mark.of else None
            if mark.of is not None and kind is None:
                self.wrong(f"command {function.__name__} is of {mark.of.__name__}, whose plugin is not required; add it to requires=")
                return
            made, problems = make_command(self.plugin.name, function, mark, kind)
            self.found.problems += problems
            if made is not None:
                self.found.commands[made.name] = made
                if kind is not None:
                    kind.commands[made.verb] = made
        elif isinstance(mark, RouteMark):
            if mark.permission is None:
                self.wrong(f"route {mark.path!r} names no permission; write permission=SOME_PERMISSION, or permission=PUBLIC for everybody")
        elif isinstance(mark, OnMark):
            self.event(function, mark)
        elif isinstance(mark, EveryMark) and (mark.cron is None) == (mark.interval is None):
            self.wrong(f"@every on {function.__name__} takes either an interval or cron=…")
        expected = getattr(mark, "takes", 1 if isinstance(mark, CommandMark) and mark.of is None else 2)
        if expected is not None and _takes(function) not in (expected if isinstance(expected, tuple) else (expected,)):
            words = {1: "(uow)", 2: "two arguments, the second being uow", 3: "three arguments, the last being uow"}
            takes = words.get(expected, "(uow), or two arguments, the second being uow")
            self.wrong(f"{function.__name__} must take {takes}")
        self.found.marked.append(Marked(self.plugin.name, name, function, mark))

    def event(self, function: t.Any, mark: OnMark) -> None:
        cls, of = event_key(mark.event)
        if not attrs.has(cls):
            self.wrong(f"{function.__name__} handles {mark.event!r}, which is no event; use Created[Entity] and the like, or an attrs class")
        elif issubclass(cls, RecordEvent) and of is not None and of not in self.found.by_class:
            self.wrong(f"{function.__name__} handles {cls.__name__}[{of.__name__}], whose plugin is not required; add it to requires=")


_taken: weakref.WeakKeyDictionary[t.Any, int] = weakref.WeakKeyDictionary()


def _takes(function: t.Any) -> int:
    """Return how many arguments a function must be given; remembered, as a process may have many CRMs of the same plugins."""
    found = _taken.get(function)
    if found is None:
        given = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY and p.default is p.empty]
        found = _taken[function] = len(given)
    return found


# ---- hooks -----------------------------------------------------------------------------------------------------------
def plug_in(assembly: Assembly) -> pluggy.PluginManager:
    """Register hook specs and implementations; complaints go to the assembly. Results come in dependency order."""
    manager = _Manager("crmkit")
    manager.add_hookspecs(hooks.Specs)
    for plugin in assembly.plugins:
        if plugin.specs is not None:
            wrong = [n for n in vars(plugin.specs) if not n.startswith(("_", f"{plugin.name}_"))]
            assembly.problems += [f"{plugin.name}: hook {n!r} must be named {plugin.name}_…" for n in wrong]
            manager.add_hookspecs(plugin.specs)
    for plugin in reversed(assembly.plugins):  # pluggy calls the last registered first
        for module, implementations in _implementations(assembly, plugin):
            manager.register(types.SimpleNamespace(**implementations), name=f"{plugin.name}:{module}")
    known = [n for n, caller in vars(manager.hook).items() if not n.startswith("_") and caller.has_spec()]
    for name, implementation in _unknown(manager):
        assembly.problems.append(f"{implementation}: there is no hook {name!r}.{closest(name, known)}")
    if os.environ.get("CRMKIT_TRACE") == "1":
        manager.add_hookcall_monitoring(lambda *a: None, _trace)
    return manager


class _Manager(pluggy.PluginManager):
    """Knows where `plug_in` puts implementations, so that it need not search every object for them."""

    def parse_hookimpl_opts(self, plugin: t.Any, name: str) -> t.Any:
        return getattr(vars(plugin).get(name), "crmkit_impl", None)


def _implementations(assembly: Assembly, plugin: Plugin) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    by_module: dict[str, dict[str, t.Any]] = {}
    for module, name, thing in assembly.contents.get(plugin.name, ()):
        if not hasattr(thing, "crmkit_impl"):
            continue
        if inspect.iscoroutinefunction(thing) or inspect.isasyncgenfunction(thing):
            assembly.problems.append(f"{plugin.name}: hook {name} is a coroutine, which would pass for a true answer; write `def`, not `async def`")
            continue
        by_module.setdefault(module.__name__, {})[name] = thing
    yield from by_module.items()


def _unknown(manager: pluggy.PluginManager) -> list[tuple[str, str]]:
    found = []
    for name, caller in list(vars(manager.hook).items()):
        if not name.startswith("_") and not caller.has_spec():
            found += [(name, i.plugin_name) for i in caller.get_hookimpls() if not i.optionalhook]
    return found


def _trace(outcome: t.Any, name: str, implementations: t.Any, arguments: Mapping[str, t.Any]) -> None:
    shown = ", ".join(f"{k}={v!r:.60}" for k, v in arguments.items())
    by = ", ".join(i.plugin_name for i in reversed(implementations)) or "nobody"
    answer = f"raised {outcome.exception!r}" if outcome.exception else repr(outcome.get_result())[:200]
    print(f"crmkit: {name}({shown}) [{by}] -> {answer}", file=sys.stderr)  # noqa: T201 - a trace that was asked for by CRMKIT_TRACE=1


def refuse(problems: list[str]) -> None:
    """Raise `CompositionError` with every problem, if there are any."""
    if problems:
        raise CompositionError(list(dict.fromkeys(problems)))
