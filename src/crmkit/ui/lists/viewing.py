"""Saved views in the bar: pick, save, update, share, open first, delete. Only where the plugin `views` is composed."""

from __future__ import annotations

import typing as t

from ...core import operations
from ...core.errors import Invalid, Refusal
from ...web.problems import NoSuchPath
from ..results import Redirect, View
from . import words
from .bar import Bar
from .editor import bar_of, within
from .saved import SHARE, Saved, kind_of
from .words import WORDS

if t.TYPE_CHECKING:
    from ...core.kind import Kind
    from ...core.uow import Uow
    from ..visit import Visit

LAYOUTS = {"": "list", "board": "board", "calendar": "calendar"}


def views(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/views: the views there are, and what can be done with the one that is looked at."""
    return _menu(visit, uow, bar_of(visit, uow), None)


def _menu(visit: Visit, uow: Uow, bar: Bar, refusal: Refusal | None) -> View:
    kind = _views(uow)
    problems = list(refusal.problems) if refusal is not None else []
    if refusal is not None and not problems:
        problems = [_plain(refusal)]
    return View(
        "ui/lists/views.html", bar=bar, lw=WORDS, may_create=uow.may(kind.permission("create")), may_share=uow.may(SHARE), problems=problems,
        may_change=bar.view is not None and bar.view.mine and uow.may(kind.permission("change")), saved=bar.view,
        name=visit.form.get("name", ""), layouts=[(s, link(bar, s)) for s in bar.state.views],
        status=422 if refusal is not None else 200,
    )  # fmt: skip


def link(bar: Bar, saved: Saved) -> str:
    """Return the address of a saved view, in its own layout."""
    return bar.visit.url(bar.path + (f"/{saved.verb}" if saved.verb else ""), view=saved.id)


def save(visit: Visit, uow: Uow) -> Redirect:
    """POST /sales/deal/views: `do` says what: save, update, share, first, delete."""
    kind, form = _views(uow), visit.form
    bar = bar_of(visit, uow, form)
    do, view = form.get("do", ""), bar.view
    if do == "save":
        named = {"kind": bar.kind.key, "name": form.get("name", ""), "shared": form.get("shared") or "nobody"}
        made = operations.create(uow, kind, _shown(bar) | named)
        uow.flush()
        return Redirect(_at(bar, made.id), say=words.view_saved)
    if view is None:
        raise NoSuchPath()
    if do == "delete":
        operations.archive(uow, kind, view.id)
        return Redirect(within(visit, visit.url(bar.path + (f"/{bar.layout}" if bar.layout else ""), view=0)), say=words.view_deleted)
    changes = {
        "update": _shown(bar), "share": {"shared": form.get("shared", "nobody")}, "first": {"is_default": not view.first},
    }.get(do)  # fmt: skip
    if changes is None:
        raise NoSuchPath()
    operations.change(uow, kind, view.id, changes, None)
    return Redirect(_at(bar, view.id) if do == "update" else within(visit, bar.url()), say=words.view_saved)


def again(visit: Visit, uow: Uow, refusal: Refusal) -> View:
    """Return the menu with what is wrong, such as a name that is missing."""
    if not isinstance(refusal, Invalid):
        raise refusal
    return _menu(visit, uow, bar_of(visit, uow, visit.form), refusal)


def _shown(bar: Bar) -> dict[str, t.Any]:
    state = bar.state
    return {"filter": state.filter or {}, "columns": list(state.columns), "sort": list(state.sort), "layout": LAYOUTS[bar.layout]}


def _at(bar: Bar, key: int) -> str:
    return bar.path + (f"/{bar.layout}" if bar.layout else "") + f"?view={key}"


def _views(uow: Uow) -> Kind:
    found = kind_of(uow)
    if found is None:
        raise NoSuchPath()
    return found


def _plain(refusal: Refusal) -> t.Any:
    from ...core.errors import Problem

    return Problem("", refusal.code, refusal.message)
