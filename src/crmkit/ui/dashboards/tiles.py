"""Tiles: what plugins' widgets give, each behind the boundary and fetched anew when what it shows has changed."""

from __future__ import annotations

import inspect
import typing as t
from collections.abc import Iterable, Sequence

import attrs
from markupsafe import Markup

from ...core.plugin import PUBLIC, Topic
from ..boundary import Part
from ..marks import WidgetMark
from ..registry import Item
from ..results import Result

if t.TYPE_CHECKING:
    from ...core.compose import Crm
    from ...core.uow import Uow
    from ..visit import Visit


@attrs.frozen(kw_only=True)
class Tile:
    """One tile as a page shows it. `source` is where it is fetched again, `live` the topics that tell when."""

    id: str
    title: str
    html: Markup
    span: int
    plugin: str
    source: str
    live: str
    waiting: bool


def tiles_of(visit: Visit, uow: Uow, dashboard: str) -> list[Tile]:
    """Return the tiles of a dashboard that the visitor may see and that have something to show."""
    items = [item for item in visit.site.registry.widgets_of(dashboard) if allowed(uow, item)]
    parts = visit.site.boundary.all(visit, uow, items, lambda item, own: ask(visit, own, item))
    return [tile for part in parts if (tile := tile_of(visit, part)) is not None]


def allowed(uow: Uow, item: Item[WidgetMark]) -> bool:
    """True when the visitor holds the permission of a widget."""
    permission = item.mark.permission
    return permission is PUBLIC or (permission is not None and uow.may(permission))


def ask(visit: Visit, uow: Uow, item: Item[WidgetMark]) -> Result:
    """Return what a widget shows: its function takes the unit of work, or the visit as well."""
    given = [p for p in inspect.signature(item.function).parameters.values() if p.default is p.empty]
    return t.cast(Result, item.function(uow) if len(given) == 1 else item.function(visit, uow))


def tile_of(visit: Visit, part: Part) -> Tile | None:
    """Return a tile; None for a widget that has nothing to show."""
    item = part.item
    if part.html is None:
        return None
    waiting = part.state in ("lazy", "slow")
    source = visit.url(f"/_/widget/{item.plugin}/{item.key}", **dict(visit.query))
    return Tile(
        id=f"tile-{item.plugin}-{item.key}".replace(":", "-").replace(".", "-"), title=visit.say(item.mark.label), html=part.html,
        span=min(3, max(1, item.mark.span)), plugin=item.plugin, source=source, live=" ".join(topic_names(visit.crm, item.mark.live)),
        waiting=waiting,
    )  # fmt: skip


def topic_names(crm: Crm, given: Iterable[t.Any]) -> Sequence[str]:
    """Return the names of live topics: of a topic, of an entity (its key), or as they are."""
    found = []
    for one in given:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Topic):
            found.append(one.name)
        else:
            found.append(crm.kind(one).key)
    return found
