"""The page one begins at, and dashboards of plugins' tiles."""

from __future__ import annotations

import typing as t

from markupsafe import Markup

from ...core.errors import NotFound
from ..menu import workspace_of
from ..results import Redirect, Result, View
from ..rooms import Address, Room
from . import words
from .tiles import allowed, ask, tile_of, tiles_of

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..site import Site
    from ..visit import Visit

HOME = "home"


def room(site: Site) -> Room:
    """Return the addresses of this room."""
    return Room(
        fixed={"/": Address(get=home)},
        below={"/dashboards/{name}": Address(get=named), "/_/widget/{plugin}/{key}": Address(get=one)},
    )


# ---- pages -----------------------------------------------------------------------------------------------------------
def home(visit: Visit, uow: Uow) -> Result:
    """GET /: where the visitor's workspace begins; else the tiles of home."""
    mine = workspace_of(visit.site, visit)
    if mine is not None and mine.home.partition("?")[0] != "/":
        return Redirect(mine.home)
    return dashboard(visit, uow, HOME, label=words.home, icon="house", top=_greeting(visit))


def named(visit: Visit, uow: Uow) -> Result:
    """GET /dashboards/{name}: the tiles plugins put there."""
    name = visit.path["name"]
    if name == HOME:
        return dashboard(visit, uow, HOME, label=words.home, icon="house", top=_greeting(visit))
    if not visit.site.registry.widgets_of(name):
        raise NotFound(words.no_dashboard)
    plugin = next((p for p in visit.crm.plugins if p.name == name), None)
    place = next((w for w in visit.site.registry.workspaces if w.name == name), None)
    label = place.label if place is not None else plugin.label if plugin is not None and plugin.label else name.replace("_", " ").capitalize()
    return dashboard(visit, uow, name, label=label, icon=place.icon if place is not None else "layout-dashboard")


def one(visit: Visit, uow: Uow) -> Result:
    """GET /_/widget/{plugin}/{key}: one tile, for those that come later and those whose figures have changed."""
    registry = visit.site.registry
    item = registry.find(registry.widgets, visit.path["plugin"], visit.path["key"])
    if item is None or not allowed(uow, item):
        raise NotFound(words.no_dashboard)
    part = visit.site.boundary.alone(visit, uow, item, lambda i, own: ask(visit, own, i))
    tile = tile_of(visit, part)
    return View("ui/tile.html", tile=tile) if tile is not None else Markup("")


def dashboard(visit: Visit, uow: Uow, name: str, *, label: str, icon: str = "layout-dashboard", top: str = "", bar: str = "") -> View:
    """Return a page of the tiles that plugins put on the dashboard `name`; a plugin's own page may be one.

    `bar` is HTML for the right end of the header (a switch of periods), `top` stands above the tiles. What the page was asked for
    is asked of its tiles too: they find it in ``visit.query``.

    ```python
    @page("/dashboard", label=_("Sales", ru="Продажи"), permission=READ, menu=Menu(icon="chart-column", section="reports"))
    def sales_dashboard(visit, uow):
        return dashboard(visit, uow, "sales", label=_("Sales", ru="Продажи"))
    ```
    """
    return View("ui/dashboard.html", title=visit.say(label), icon_name=icon, tiles=tiles_of(visit, uow, name), top=top, bar=bar, words=words)


def _greeting(visit: Visit) -> Markup:
    name = (visit.actor.name or "").strip()
    if not name:
        return Markup("")
    hour = visit.now.astimezone(visit.zone).hour
    said = words.morning if 5 <= hour < 12 else words.afternoon if 12 <= hour < 18 else words.evening if hour >= 18 else words.hello
    return Markup('<p class="dash-hi">{}</p>').format(visit.say(said, name=name))
