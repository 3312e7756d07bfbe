"""Pages, panels and windows of plugins, at addresses of their own."""

from __future__ import annotations

import typing as t

from ..core.errors import Misuse
from ..core.plugin import PUBLIC
from .marks import PageMark
from .registry import Item
from .rooms import Address, Handler, Room

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .results import Result
    from .site import Site
    from .visit import Visit


def room(site: Site) -> Room:
    """Return the addresses of plugins' pages."""
    below: dict[str, Address] = {}
    for item in site.registry.pages:
        below[f"/{item.plugin}{item.mark.path}"] = _page(item)
    return Room(below=below)


def _page(item: Item[PageMark]) -> Address:
    handler = guarded(item)
    posts = any(m != "GET" for m in item.mark.methods)
    return Address(
        get=handler if "GET" in item.mark.methods else None, post=handler if posts else None, open=item.mark.permission is PUBLIC, plugin=item.plugin,
    )  # fmt: skip


def guarded(item: Item[t.Any]) -> Handler:
    """Return a contribution's function, behind its permission."""
    permission, function = item.mark.permission, item.function

    def run(visit: Visit, uow: Uow) -> Result:
        if permission is not PUBLIC:
            uow.require(permission)
        result = function(visit, uow)
        if result is None:
            raise Misuse(f"page {item.key} of {item.plugin} returned nothing; return View(…), Redirect(…), Toast(…) or HTML")
        return t.cast("Result", result)

    return run
