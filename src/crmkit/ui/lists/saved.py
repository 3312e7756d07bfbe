"""Saved views, where the plugin `views` is composed: those of a kind, and the one that is looked at."""

from __future__ import annotations

import typing as t

import attrs

from ...core.errors import Invalid
from ...core.kind import Kind
from ...core.lists import ListRequest
from .asked import Asked

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

VIEWS = "views.view"
SHARE = "views.share"
FIELDS = ("id", "name", "filter", "columns", "sort", "layout", "shared", "is_default", "owner_id", "version")
LAYOUTS = {"list": "", "board": "board", "calendar": "calendar"}
MOST = 100


@attrs.frozen(kw_only=True)
class Saved:
    """A saved view, as far as lists need it."""

    id: int
    name: str
    filter: t.Any
    columns: tuple[str, ...]
    sort: tuple[str, ...]
    layout: str
    shared: str
    first: bool
    mine: bool
    version: int

    @property
    def verb(self) -> str:
        """The part of the address that stands for its layout."""
        return LAYOUTS.get(self.layout, "")


def kind_of(uow: Uow) -> Kind | None:
    """Return the entity saved views are kept in; None without the plugin, or for those who may not see any."""
    found = uow.crm.kinds.get(VIEWS)
    return found if found is not None and uow.may(found.permission("read")) else None


def views_of(visit: Visit, uow: Uow, kind: Kind) -> list[Saved]:
    """Return the saved views of a kind that the actor sees, in their order."""
    views = kind_of(uow)
    if views is None:
        return []
    try:
        rows = uow.page(views.cls, ListRequest(filter={"kind": kind.key}, sort=("position", "name"), fields=FIELDS, limit=MOST)).rows
    except Invalid:
        return []  # the plugin of that name is another one than ours, or its fields are hidden from this actor
    return [_saved(visit, row) for row in rows]


def _saved(visit: Visit, row: t.Mapping[str, t.Any]) -> Saved:
    return Saved(
        id=row["id"], name=row["name"], filter=row["filter"] or {}, columns=tuple(map(str, row["columns"] or ())),
        sort=tuple(map(str, row["sort"] or ())), layout=row["layout"], shared=row["shared"],
        first=bool(row["is_default"]) and row["owner_id"] == visit.actor.id, mine=row["owner_id"] == visit.actor.id, version=row["version"],
    )  # fmt: skip


@attrs.frozen(kw_only=True)
class State:
    """What is really shown: the address, and for what it leaves out the saved view."""

    asked: Asked
    view: Saved | None
    views: tuple[Saved, ...]
    filter: t.Any
    sort: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """True when the address differs from the view it began with, or asks for something of its own."""
        asked = self.asked
        if self.view is None:
            return bool(asked.filter or asked.sort or asked.columns)
        pairs = ((asked.filter, self.view.filter), (asked.sort or None, self.view.sort), (asked.columns or None, self.view.columns))
        return any(mine is not None and mine != its for mine, its in pairs)


def state_of(visit: Visit, uow: Uow, kind: Kind, asked: Asked, layout: str = "") -> State:
    """Return what an address shows. Without a view of its own it is the one its owner opens first, else what a list leaves in by itself."""
    views = views_of(visit, uow, kind)
    view = next((v for v in views if v.id == asked.view), None) if asked.view else None
    if asked.view is None and asked.plain:
        view = next((v for v in views if v.first), None)
    if view is None:
        usual = visit.site.shown(kind).filter if asked.view is None and not asked.raw and not layout else {}
        return State(asked=asked, view=None, views=tuple(views), filter=dict(usual) if asked.filter is None else asked.filter,
            sort=asked.sort, columns=asked.columns)
    return State(
        asked=attrs.evolve(asked, view=view.id), view=view, views=tuple(views), filter=view.filter if asked.filter is None else asked.filter,
        sort=asked.sort or view.sort, columns=asked.columns or view.columns,
    )  # fmt: skip
