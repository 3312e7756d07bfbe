"""Pages, panels and windows of plugins, at addresses of their own."""

from __future__ import annotations

import inspect
import typing as t

from ..core.errors import Misuse, Refusal
from ..core.plugin import PUBLIC
from .marks import PageMark
from .registry import Item
from .results import View
from .rooms import Address, Handler, Room

if t.TYPE_CHECKING:
    from ..core.uow import Uow
    from .results import Result
    from .site import Site
    from .visit import Visit


FORM_AGAIN = 422  # the one refusal whose answer takes the form's place on the page


def room(site: Site) -> Room:
    """Return the addresses of plugins' pages."""
    below: dict[str, Address] = {}
    for item in site.registry.pages:
        below[f"/{item.plugin}{item.mark.path}"] = _page(item)
        if item.mark.path == "/":  # a plugin's first page is found without the slash too
            below[f"/{item.plugin}"] = _page(item)
    return Room(below=below)


def _page(item: Item[PageMark]) -> Address:
    handler = guarded(item)
    posts = any(m != "GET" for m in item.mark.methods)
    again = _again(handler) if posts and "refusal" in inspect.signature(item.function).parameters else None
    return Address(
        get=handler if "GET" in item.mark.methods else None, post=handler if posts else None, again=again, open=item.mark.permission is PUBLIC,
        plugin=item.plugin,
    )  # fmt: skip


def _again(handler: Handler) -> t.Callable[[Visit, Uow, Refusal], t.Any]:
    """Return what shows a form once more: the page's function, asked with `refusal`, when what was typed will not do."""

    def run(visit: Visit, uow: Uow, refusal: Refusal) -> t.Any:
        if not refusal.problems:
            raise refusal
        visit.refusal = refusal
        result = handler(visit, uow)
        if isinstance(result, View) and result.status == 200:
            result.status = FORM_AGAIN
        return result

    return run


def guarded(item: Item[t.Any]) -> Handler:
    """Return a contribution's function, behind its permission."""
    permission, function = item.mark.permission, item.function

    def run(visit: Visit, uow: Uow) -> Result:
        if permission is not PUBLIC:
            uow.require(permission)
        result = function(visit, uow) if visit.refusal is None else function(visit, uow, **_told(function, visit))
        if result is None:
            raise Misuse(f"page {item.key} of {item.plugin} returned nothing; return View(…), Redirect(…), Toast(…) or HTML")
        return t.cast("Result", result)

    return run


def _told(function: t.Any, visit: Visit) -> dict[str, t.Any]:
    """Return why a form is shown once more, for functions that want to be told."""
    return {"refusal": visit.refusal} if "refusal" in inspect.signature(function).parameters else {}
