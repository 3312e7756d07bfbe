"""The columns of a list, chosen and ordered; and the menu of further things: export, archive, import."""

from __future__ import annotations

import typing as t
from functools import partial

import attrs

from ...core.errors import Invalid
from ...core.lists import MAX_LIMIT, ListRequest
from ...core.plugin import PUBLIC
from ...core.text import translate
from ...transfer.export import FORMATS, pieces
from ...web.answer import Answer, Stream
from ..registry import menus_of
from ..results import Redirect, View
from .asked import ARCHIVED, of_pairs
from .bar import Bar
from .columns import offered_by_plugins
from .editor import bar_of, within
from .offered import OWN, fields_of
from .page import ListOf
from .words import WORDS

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

EXPORT = "crmkit.export"
FILES = (("xlsx", "xlsx", "file-spreadsheet"), ("csv", "csv_", "file-text"), ("jsonl", "jsonl", "file-braces"))
NARROW = frozenset({"json", "list"})


@attrs.frozen(kw_only=True)
class Choice:
    """A column that can be shown."""

    name: str
    label: str
    group: str
    shown: bool


def columns(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/columns: what can be shown, what is shown first and in its order."""
    bar = bar_of(visit, uow)
    return View("ui/lists/columns.html", bar=bar, lw=WORDS, choices=choices(visit, uow, bar), chosen=bool(bar.asked.columns))


def choices(visit: Visit, uow: Uow, bar: Bar) -> list[Choice]:
    """Return every column there is; those that are shown come first."""
    listed = ListOf(visit, uow, bar.kind, bar.asked)
    own = translate(OWN, visit.language)
    fields = [f for f in fields_of(visit, uow, bar.kind, filters=False) if f.how not in NARROW and f.name != "id"]
    found = {f.name: (f.label, f.group if f.group != own else "") for f in fields}
    labels = {p.name: translate(p.label or p.name, visit.language) for p in uow.crm.plugins}
    for name, item in offered_by_plugins(visit, uow, bar.kind).items():
        found[name] = (translate(item.mark.label, visit.language), labels.get(item.plugin, item.plugin))
    first = [Choice(name=c.name, label=c.label, group=found.get(c.name, ("", ""))[1], shown=True) for c in listed.columns.all]
    known = {c.name for c in first}
    return [*first, *(Choice(name=n, label=label, group=group, shown=False) for n, (label, group) in found.items() if n not in known)]


def apply_columns(visit: Visit, uow: Uow) -> Redirect:
    """GET /sales/deal/columns/apply: back to the list with the columns that were ticked, in the order they stood in."""
    bar = bar_of(visit, uow)
    given = tuple(dict.fromkeys(visit.query.all("c"))) if visit.query.get("do") != "usual" else ()
    return Redirect(within(visit, bar.url(columns=given)))


def more(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/more: export, archive, and where else one can go from here."""
    bar = bar_of(visit, uow)
    kind = bar.kind
    links = []
    if uow.may(kind.permission("create")) and "import" in visit.site.of_kind:
        links.append((WORDS["import_"], visit.url(f"{bar.path}/import"), "upload"))
    for plugin, mark, menu in menus_of(visit.site.registry):
        if menu.lists is not None and (mark.permission is PUBLIC or uow.may(mark.permission)) and menu.lists(visit, kind):
            links.append((menu.label or mark.label, visit.url(f"/{plugin}{mark.path}", kind=kind.key), menu.icon))
    exports = [(form, WORDS[word], icon) for form, word, icon in FILES] if uow.may(EXPORT) else []
    return View("ui/lists/more.html", bar=bar, lw=WORDS, exports=exports, links=links)


def export(visit: Visit, uow: Uow) -> Answer:
    """GET /sales/deal/export: what the list shows, all of it, as a file; `ids` narrows it to what was chosen."""
    uow.require(EXPORT)
    form = visit.query.get("format", "csv")
    found = ListOf(visit, uow, visit.kind, attrs.evolve(of_pairs(visit.query), after=None))
    if form not in FORMATS or found.asked.raw:
        raise Invalid(problems=found.bar.problems)
    tree = found.filter
    ids = [int(i) for i in visit.query.get("ids", "").split(",") if i.isascii() and i.isdigit() and len(i) < 19]
    if ids:
        tree = {"and": [{"id": {"in": ids[:1000]}}, *([tree] if tree else [])]}
    fields = [c.name for c in found.columns.all if c.item is None]
    added = {c.name: partial(found.columns.worth, c.item) for c in found.columns.all if c.item is not None}
    request = ListRequest(filter=tree, sort=found.sort, fields=fields, limit=MAX_LIMIT, archived=ARCHIVED[found.asked.archived],
        search=found.asked.q or None)
    name = f'attachment; filename="{visit.kind.key}.{form}"'.encode()
    wrong = uow.page_problems(visit.kind.cls, request)
    if wrong:
        raise Invalid(problems=wrong)

    def made() -> t.Iterator[bytes]:
        with visit.call.reading() as reading:  # of its own: it lasts as long as somebody downloads
            yield from pieces(reading, visit.kind, request, form, added=added, order=found.columns.names)

    return t.cast(Answer, Stream(made(), FORMATS[form].encode(), [(b"content-disposition", name)]))
