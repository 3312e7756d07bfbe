"""The columns of a list: fields of the entity, of what it is linked to, and those that plugins add."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

import attrs
from markupsafe import Markup

from ...core.filter import is_hidden
from ...core.kind import ExtensionKind, Kind, Path
from ...core.text import translate
from ..cells import NO_VALUE, Cells
from ..registry import Item
from ..results import Badge, Result, View
from . import words

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..marks import ColumnMark
    from ..visit import Visit

Row = Mapping[str, t.Any]
UNSORTED = (dict, list, bytes)


@attrs.frozen(kw_only=True)
class Column:
    """One column: a field by its dotted name, or a plugin's as ``plugin:key``."""

    name: str
    label: str
    numeric: bool = False
    sortable: bool = False
    editable: bool = False
    item: Item[ColumnMark] | None = None

    @property
    def id(self) -> str:
        """What the heading's element is called."""
        return "c-" + self.name.replace(".", "-").replace(":", "--")


def visible_path(uow: Uow, kind: Kind, dotted: str) -> Path | None:
    """Return a field by its dotted name; None when there is none, or the actor may not see it."""
    crm = uow.crm
    try:
        path = kind.path(dotted, crm.kinds)
    except LookupError:
        return None
    if is_hidden(path, kind, crm.kinds, lambda k: crm.access.hidden(uow.actor, k)) or path.field.type is bytes:
        return None
    return path


def may_edit(visit: Visit, uow: Uow, kind: Kind, path: Path) -> bool:
    """True when the actor may, by their roles, change a field where it stands in a list."""
    field = path.field
    if len(path.hops) > 1 or (path.hops and not isinstance(path.hops[0], ExtensionKind)) or field.name in ("id", "pipeline"):
        return False
    if path.dotted == "stage":
        return kind.staged and uow.may(kind.permission("move"))
    fixed = field.generated or field.type in UNSORTED or field.about is not None or any(f.about == field.name for f in kind.abouts)
    return not fixed and uow.may(kind.permission("change")) and path.dotted not in uow.crm.access.read_only(uow.actor, kind, "change")


class Columns:
    """The columns of one list, for one visitor: what they are called, what to ask for, and how a cell looks."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, names: Iterable[str]) -> None:
        self.visit, self.uow, self.kind, self.site = visit, uow, kind, visit.site
        self.shown = visit.site.shown(kind)
        plugins = offered_by_plugins(visit, uow, kind)
        fields: list[Path] = []
        order: list[str] = []
        for name in dict.fromkeys(names):
            if ":" in name:
                if name in plugins:
                    order.append(name)
            elif name != "id" and (path := visible_path(uow, kind, name)) is not None:
                fields.append(path)
                order.append(name)
        title = self.shown.title
        self.has_title = title != "id" and visible_path(uow, kind, title) is not None
        asked = [p.dotted for p in fields]
        self.cells = Cells(visit, uow, kind, asked + ([title] if self.has_title and title not in asked else []))
        by_name = {p.dotted: p for p in fields}
        self.all = [self._column(by_name[n]) if n in by_name else self._of_plugin(plugins[n]) for n in order]
        self._parts: dict[str, Mapping[int, t.Any]] = {}

    def _column(self, path: Path) -> Column:
        return Column(
            name=path.dotted, label=self.cells.label(path.dotted), numeric=self.cells.numeric(path.dotted),
            sortable=path.field.type not in UNSORTED, editable=may_edit(self.visit, self.uow, self.kind, path),
        )  # fmt: skip

    def _of_plugin(self, item: Item[ColumnMark]) -> Column:
        label = translate(item.mark.label, self.visit.language)
        return Column(name=f"{item.plugin}:{item.key}", label=label, numeric=item.mark.align == "right", item=item)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(c.name for c in self.all)

    @property
    def wanted(self) -> list[str]:
        """The fields to ask a page for: those shown, and what every row needs."""
        extra = [n for n in ("version", "archived_at", *(("pipeline", "stage") if self.kind.staged else ())) if self._readable(n)]
        return list(dict.fromkeys([*self.cells.wanted, *extra]))

    def _readable(self, name: str) -> bool:
        return name in self.kind.fields and visible_path(self.uow, self.kind, name) is not None

    def load(self, rows: Sequence[Row]) -> None:
        """Look up what a page of rows needs: names of people, and the cells plugins make, each asked once."""
        self.cells.load(rows)
        ids = [int(r["id"]) for r in rows]
        items = [c.item for c in self.all if c.item is not None]
        if not items or not ids:
            return
        made: dict[str, Mapping[int, t.Any]] = {}

        def ask(item: Item[t.Any], uow: Uow) -> Result:
            made[f"{item.plugin}:{item.key}"] = dict(item.function(ids, uow))
            return ""

        for part in self.site.boundary.all(self.visit, self.uow, items, ask):
            name = f"{part.item.plugin}:{part.item.key}"
            self._parts[name] = made.get(name, {}) if part.state == "ok" else {}

    def name_of(self, row: Row) -> str:
        """Return what a row's record is called."""
        return (self.cells.text(self.shown.title, row) if self.has_title else "") or f"№ {row['id']}"

    def html(self, column: Column, row: Row) -> Markup:
        """Return a cell."""
        if column.item is not None:
            return self._made(column.item, self._parts.get(column.name, {}).get(int(row["id"])))
        return self.cells.html(column.name, row)

    def text(self, column: Column, row: Row) -> str:
        """Return a cell as plain text, for its tooltip; empty where the cell is short anyway."""
        if column.item is not None:
            return ""
        said = self.cells.text(column.name, row)
        return said if len(said) > 24 else ""

    def worth(self, item: Item[ColumnMark], ids: Sequence[int]) -> Mapping[int, t.Any]:
        """Return what a plugin's column says of some records, for a file: text and numbers; where it fails, the cells say that."""
        made: dict[int, t.Any] = {}

        def ask(of: Item[t.Any], uow: Uow) -> Result:
            made.update(of.function(ids, uow))
            return ""

        if self.site.boundary.alone(self.visit, self.uow, item, ask).state != "ok":
            return dict.fromkeys(ids, self.visit.say(words.no_worth))
        return {key: self._plain(item, value) for key, value in made.items()}

    def _plain(self, item: Item[ColumnMark], value: t.Any) -> t.Any:
        if isinstance(value, Badge):
            return self.visit.say(value.text)
        if isinstance(value, View):
            return self._made(item, value).striptags()
        if isinstance(value, Markup):
            return value.striptags()
        return self.visit.say(value) if isinstance(value, str) else value

    def _made(self, item: Item[ColumnMark], value: t.Any) -> Markup:
        if value is None or value == "":
            return NO_VALUE
        if isinstance(value, Badge):
            return self.site.fragment(self.visit, View("ui/lists/badge.html", badge=value), "")
        if isinstance(value, View):
            return self.site.fragment(self.visit, value, item.plugin)
        return Markup.escape(translate(value, self.visit.language) if isinstance(value, str) else str(value))


def offered_by_plugins(visit: Visit, uow: Uow, kind: Kind) -> dict[str, Item[ColumnMark]]:
    """Return the columns plugins add, as far as the actor may see them, by the names they have in addresses."""
    items = visit.site.registry.columns_of(kind)
    return {f"{i.plugin}:{i.key}": i for i in items if i.mark.permission is None or uow.may(i.mark.permission)}
