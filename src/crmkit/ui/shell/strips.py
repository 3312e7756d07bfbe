"""Lines of plugins above every page: fetched after it, and again when something is told."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

import attrs
from markupsafe import Markup

from ...web.problems import NoSuchPath
from ..dashboards.tiles import topic_names
from ..results import View

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..marks import StripMark
    from ..registry import Item
    from ..site import Site
    from ..visit import Visit


@attrs.frozen(kw_only=True)
class Strip:
    """A line as a page has it. Without `html` it is yet to be fetched."""

    id: str
    plugin: str
    label: str
    live: str
    source: str
    html: Markup | None = None
    there: bool = False


def strips_of(site: Site, visit: Visit) -> Sequence[Strip]:
    """Return the lines a visitor may have above their pages."""
    uow = visit.uow
    return [_strip(visit, i) for i in site.registry.strips if uow is not None and i.mark.permission is not None and uow.may(i.mark.permission)]


def _strip(visit: Visit, item: Item[StripMark], html: Markup | None = None, there: bool = False) -> Strip:
    return Strip(
        id=f"strip-{item.plugin}-{item.key}", plugin=item.plugin, label=visit.say(item.mark.label), html=html, there=there,
        live=" ".join(topic_names(visit.crm, item.mark.live)), source=visit.url(f"/_/strip/{item.plugin}/{item.key}"),
    )  # fmt: skip


def one(visit: Visit, uow: Uow) -> View:
    """GET /_/strip/{plugin}/{key}: one line by itself; empty while it has nothing to say."""
    item = visit.site.registry.find(visit.site.registry.strips, visit.path["plugin"], visit.path["key"])
    if item is None:
        raise NoSuchPath()
    if item.mark.permission is not None:
        uow.require(item.mark.permission)
    part = visit.site.boundary.alone(visit, uow, item, lambda i, own: i.function(visit, own))
    return View("ui/strip.html", s=_strip(visit, item, part.html if part.state == "ok" else None, there=True))


__all__ = ["Strip", "one", "strips_of"]
