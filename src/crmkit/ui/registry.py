"""What the plugins of one CRM add to its screens, gathered and checked when the site is built."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from ..core.commands import Command
from ..core.filter import Reader
from .declared import Look, PhoneButton, Workspace
from .marks import (
    BadgeMark,
    BoardMark,
    ButtonMark,
    ColumnMark,
    Menu,
    NoteMark,
    PageMark,
    PanelMark,
    PopMark,
    SettingsMark,
    Slot,
    StripMark,
    WidgetMark,
)  # fmt: skip

if t.TYPE_CHECKING:
    from ..core.compose import Crm
    from ..core.kind import Kind
    from ..core.plugin import Plugin

# The first word of our own addresses: no plugin may be called so.
OWN_WORDS = frozenset({"_", "admin", "api", "healthz", "import", "operations", "search", "settings", "static", "undo", "x"})
OF_KIND_WORDS = frozenset({"board", "bulk", "calendar", "columns", "duplicates", "export", "import", "new", "rows"})
M = t.TypeVar("M")


@attrs.frozen
class Item(t.Generic[M]):
    """One contribution: its mark, its function and whose it is. `key` tells it apart within its plugin."""

    plugin: str
    key: str
    function: t.Any
    mark: M


@attrs.define
class Registry:
    """Everything plugins add, in the order it is shown."""

    pages: list[Item[PageMark]] = attrs.field(factory=list)
    boards: list[Item[BoardMark]] = attrs.field(factory=list)
    panels: list[Item[PanelMark]] = attrs.field(factory=list)
    widgets: list[Item[WidgetMark]] = attrs.field(factory=list)
    columns: list[Item[ColumnMark]] = attrs.field(factory=list)
    badges: list[Item[BadgeMark]] = attrs.field(factory=list)
    pops: dict[str, list[Item[PopMark]]] = attrs.field(factory=dict)
    tabs: list[Item[SettingsMark]] = attrs.field(factory=list)
    notes: list[Item[NoteMark]] = attrs.field(factory=list)
    strips: list[Item[StripMark]] = attrs.field(factory=list)
    phones: list[PhoneButton] = attrs.field(factory=list)
    buttons: dict[str, ButtonMark] = attrs.field(factory=dict)
    workspaces: list[Workspace] = attrs.field(factory=list)
    looks: dict[type, Look] = attrs.field(factory=dict)
    problems: list[str] = attrs.field(factory=list)

    def panels_of(self, kind: Kind, slot: Slot) -> list[Item[PanelMark]]:
        """Return the panels of a kind's record page in one slot, in order."""
        return [i for i in self.panels if i.mark.slot is slot and (i.mark.of is None or i.mark.of is kind.cls)]

    def widgets_of(self, dashboard: str) -> list[Item[WidgetMark]]:
        """Return the tiles of a dashboard, in order."""
        return [i for i in self.widgets if i.mark.dashboard == dashboard]

    def columns_of(self, kind: Kind) -> list[Item[ColumnMark]]:
        """Return the further columns lists of a kind can show."""
        return [i for i in self.columns if i.mark.of is kind.cls]

    def notes_of(self, kind: Kind) -> list[Item[NoteMark]]:
        """Return what has something to say beside the forms of a kind."""
        return [i for i in self.notes if i.mark.of is None or i.mark.of is kind.cls]

    def badges_of(self, kind: Kind) -> list[Item[BadgeMark]]:
        """Return what puts marks on a kind's cards."""
        return [i for i in self.badges if i.mark.of is None or i.mark.of is kind.cls]

    def find(self, items: Iterable[Item[M]], plugin: str, key: str) -> Item[M] | None:
        """Return the contribution of that name, or None."""
        return next((i for i in items if i.plugin == plugin and i.key == key), None)

    def button(self, command: Command) -> ButtonMark:
        """Return how a command is shown; as usual where its author did not say."""
        return self.buttons.get(command.name) or ButtonMark()


LISTS: dict[type, str] = {
    PageMark: "pages", BoardMark: "boards", PanelMark: "panels", WidgetMark: "widgets", ColumnMark: "columns", BadgeMark: "badges",
    SettingsMark: "tabs", NoteMark: "notes", StripMark: "strips",
}  # fmt: skip


def gather(crm: Crm) -> Registry:
    """Collect what the plugins of a CRM contribute; every complaint is in `problems`."""
    found = Registry()
    commands = {c.function: c.name for c in crm.commands.values()}
    for marked in crm.marked:
        mark = marked.mark
        key = marked.name.partition(":")[2]
        if isinstance(mark, ButtonMark):
            name = commands.get(marked.function)
            if name is None:
                found.problems.append(f"{marked.plugin}: @button on {key} stands beside no @command; add one, or remove it")
            else:
                found.buttons[name] = mark
        elif isinstance(mark, PopMark):
            found.pops.setdefault(mark.topic.name, []).append(Item(marked.plugin, key, marked.function, mark))
        elif (name := LISTS.get(type(mark))) is not None:
            getattr(found, name).append(Item(marked.plugin, key, marked.function, mark))
    for plugin in crm.plugins:
        _values(plugin, found)
        if plugin.name in OWN_WORDS:
            found.problems.append(f"plugin name {plugin.name!r} is an address of the pages; choose another")
    for items in (found.panels, found.widgets, found.badges, found.tabs, found.notes, found.strips):
        items.sort(key=lambda i: (i.mark.order, i.plugin, i.key))
    found.workspaces.sort(key=lambda w: (w.order, w.name))
    found.problems += _wrong(crm, found)
    return found


def _values(plugin: Plugin, found: Registry) -> None:
    """Take up what a plugin's modules define at their top."""
    seen: set[str] = set()
    for _module, _name, value in plugin.contents():
        if isinstance(value, Workspace) and value.name not in seen:
            seen.add(value.name)
            found.workspaces.append(value)
        elif isinstance(value, PhoneButton):
            found.phones.append(value)
        elif isinstance(value, Look):
            found.looks.setdefault(value.of, value)


def _wrong(crm: Crm, found: Registry) -> Iterator[str]:
    entities = {kind.cls for kind in crm.kinds.values()}
    paths: dict[str, str] = {}
    for item in t.cast("list[Item[t.Any]]", [*found.pages, *found.boards]):
        mark = item.mark
        where = f"{item.plugin}: page {mark.path!r}"
        if not mark.path.startswith("/") or (mark.path != "/" and mark.path.endswith("/")) or (mark.path == "/" and isinstance(mark, BoardMark)):
            yield f"{where} must look like \"/something\""
        first = mark.path.split("/")[1] if mark.path.startswith("/") else ""
        if f"{item.plugin}.{first}" in crm.kinds:
            yield f"{where} is where the list of {item.plugin}.{first} is; choose another path"
        whole = f"/{item.plugin}{mark.path}"
        if paths.setdefault(whole, item.key) != item.key:
            yield f"{where} is served twice, by {paths[whole]} and {item.key}"
    for one in t.cast("list[Item[t.Any]]", [*found.pages, *found.boards, *found.widgets, *found.tabs, *found.strips]):
        if one.mark.permission is None:
            yield f"{one.plugin}: {one.key} names no permission; write permission=SOME_PERMISSION, or permission=PUBLIC for everybody"
    for one in t.cast("list[Item[t.Any]]", [*found.panels, *found.columns, *found.badges, *found.notes]):
        if one.mark.of is not None and one.mark.of not in entities:
            yield f"{one.plugin}: {one.key} is of {one.mark.of.__name__}, whose plugin is not here; add it to requires="
    for cls, look in found.looks.items():
        kind = next((k for k in crm.kinds.values() if k.cls is cls), None)
        if kind is None:
            yield f"Look of {cls.__name__}: its plugin is not here; add it to requires="
            continue
        fields = [c for c in look.columns if ":" not in c]  # those of plugins are named "plugin:key", and left out where it is not there
        for dotted in (*fields, *look.card, *look.form, *filter(None, (look.title, look.subtitle, look.sort.lstrip("-"), look.day))):
            try:
                kind.path(dotted, crm.kinds)
            except LookupError as error:
                yield f"Look of {kind.key}: {error.args[0]}"
        reader = Reader(kind, crm.kinds)
        reader.read(look.filter)
        yield from (f"Look of {kind.key}: {problem.path}: {problem.message}" for problem in reader.problems)
    for topic, pops in found.pops.items():
        if topic not in crm.topics:
            yield f"{pops[0].plugin}: {pops[0].key} waits for topic {topic!r}, which no plugin of this CRM has"
    names: set[str] = set()
    for workspace in found.workspaces:
        if workspace.name in names:
            yield f"two workspaces are named {workspace.name!r}; choose another name"
        names.add(workspace.name)


def menus_of(found: Registry) -> Iterator[tuple[str, t.Any, Menu]]:
    """Yield the sidebar's lines of plugins: whose, the page's mark, the line."""
    for item in t.cast("list[Item[t.Any]]", [*found.pages, *found.boards]):
        mark = item.mark
        if mark.menu is not None:
            yield item.plugin, mark, mark.menu


def package_of(plugin: Plugin) -> Path | None:
    """Return the folder of a plugin's package: where its ``templates`` and ``static`` are. None for one that has neither."""
    for module in plugin.loaded():
        file = getattr(module, "__file__", None)
        folder = Path(file).parent if file else None
        while folder is not None:
            if (folder / "templates").is_dir() or (folder / "static").is_dir():
                return folder
            folder = folder.parent if (folder / "__init__.py").exists() and (folder.parent / "__init__.py").exists() else None
    return None
