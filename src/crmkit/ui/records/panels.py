"""Panels of plugins on a record's page: each behind the boundary, fetched again by its own address."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ...web.problems import NoSuchPath
from ..boundary import Part
from ..dashboards.tiles import topic_names
from ..forms.ids import id_of
from ..marks import PanelMark, Slot
from ..registry import Item
from ..results import View
from . import words

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..results import Result
    from ..visit import Visit


@attrs.frozen(kw_only=True)
class Panel:
    """One panel as a page shows it. `html` None: it has nothing to show for this record now."""

    id: str
    plugin: str
    label: str
    icon: str
    slot: str
    html: Markup | None
    state: str
    source: str
    live: str


def offered(visit: Visit, uow: Uow, kind: Kind, slots: Sequence[Slot]) -> list[Item[PanelMark]]:
    """Return the panels of a kind's records the visitor may see."""
    items = [item for slot in slots for item in visit.site.registry.panels_of(kind, slot)]
    return [i for i in items if i.mark.permission is None or uow.may(i.mark.permission)]


def asked(visit: Visit, uow: Uow, kind: Kind, key: int, items: Sequence[Item[PanelMark]]) -> list[Panel]:
    """Ask panels what they show of a record."""
    parts = visit.site.boundary.all(visit, uow, items, lambda item, own: item.function(own.get(kind.cls, key), own))
    return [panel_of(visit, kind, key, part) for part in parts]


def panel_of(visit: Visit, kind: Kind, key: int, part: Part) -> Panel:
    """Return a panel as it is shown."""
    item = part.item
    return Panel(
        id=id_of(visit, item.plugin, item.key, kind.key, key), plugin=item.plugin,
        label=visit.say(item.mark.label), icon=item.mark.icon, slot=item.mark.slot.value, html=part.html, state=part.state,
        source=visit.url(f"/_/panel/{item.plugin}/{item.key}/{kind.key}/{key}"), live=" ".join(_topics(visit, kind, key, item.mark)),
    )  # fmt: skip


def _topics(visit: Visit, kind: Kind, key: int, mark: PanelMark) -> list[str]:
    """Return what a panel waits for; of its own kind, only what is told of this record."""
    return [f"{name}:{key}" if name == kind.key else name for name in topic_names(visit.crm, mark.live)]


def one(visit: Visit, uow: Uow) -> Result:
    """GET /_/panel/{plugin}/{key}/{kind}/{id}: one panel by itself: a lazy one, one that was too slow, one that has changed."""
    kind = visit.crm.kinds.get(visit.path["kind"])
    item = visit.site.registry.find(visit.site.registry.panels, visit.path["plugin"], visit.path["key"])
    if kind is None or item is None or (item.mark.of is not None and item.mark.of is not kind.cls):
        raise NoSuchPath()
    uow.require(kind.permission("read"))
    if item.mark.permission is not None:
        uow.require(item.mark.permission)
    key = int(visit.path["id"])
    uow.get(kind.cls, key)
    part = visit.site.boundary.alone(visit, uow, item, lambda i, own: i.function(own.get(kind.cls, key), own))
    return View("ui/records/panel.html", panel=panel_of(visit, kind, key, part), r=words)


__all__ = ["Panel", "asked", "offered", "one", "panel_of"]
