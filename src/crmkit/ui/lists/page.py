"""A list as a page, and its further rows."""

from __future__ import annotations

import typing as t

import attrs

from ...core.errors import Invalid, Problem
from ...core.kind import Kind
from ...core.lists import MAX_COUNT, ListRequest, Page
from ..results import View
from ..shown import path_of
from . import words
from .asked import ARCHIVED, Asked, read
from .bar import Bar
from .columns import Column, Columns
from .words import WORDS

if t.TYPE_CHECKING:
    from ...core.uow import Uow
    from ..visit import Visit

ROWS = 50
MOST_IDS = 200


class ListOf:
    """One list for one visitor: what is asked, merged with the saved view and with how the entity is shown."""

    def __init__(self, visit: Visit, uow: Uow, kind: Kind, asked: Asked | None = None) -> None:
        uow.require(kind.permission("read"))
        self.visit, self.uow, self.kind = visit, uow, kind
        self.shown = visit.site.shown(kind)
        self.bar = Bar(visit, uow, kind, asked if asked is not None else read(visit))
        self.asked, self.path = self.bar.asked, self.bar.path
        self.filter: t.Any = self.bar.filter
        self.sort: tuple[str, ...] = self.bar.state.sort or (self.shown.sort,)
        self.columns = Columns(visit, uow, kind, self.bar.state.columns or self.shown.columns)
        self.problems: list[Problem] = []
        self.rows: list[dict[str, t.Any]] = []
        self.next: str | None = None
        self.total, self.capped = 0, False

    # ---- addresses ---------------------------------------------------------------------------------------------
    def url(self, verb: str = "", **changes: t.Any) -> str:
        """Return the address of this list, or of something about it, with the state changed as said."""
        return self.visit.url(self.path + (f"/{verb}" if verb else ""), **self.asked.query(**changes))

    def record(self, row: t.Mapping[str, t.Any]) -> str:
        """Return the address of a row's record."""
        return self.visit.url(path_of(self.kind, int(row["id"])))

    def sorting(self, column: Column) -> tuple[str, str, str]:
        """Return how a heading stands: ``aria-sort``, the address it leads to, and the one with Shift held."""
        here = next((w for w in self.sort if w.lstrip("-") == column.name), None)
        state = "" if here is None else "descending" if here.startswith("-") else "ascending"
        turned = column.name if here != column.name else f"-{column.name}"
        others = tuple(w for w in self.sort if w.lstrip("-") != column.name)
        second = (*others, turned) if here is None or len(self.sort) == 1 else tuple(turned if w == here else w for w in self.sort)
        return state, self.url(sort=(turned,)), self.url(sort=second[:3])

    # ---- rows --------------------------------------------------------------------------------------------------
    def request(self, **more: t.Any) -> ListRequest:
        """Return what is asked of the database."""
        return ListRequest(**{
            "filter": self.filter, "sort": self.sort, "fields": self.columns.wanted, "limit": ROWS, "after": self.asked.after,
            "archived": ARCHIVED[self.asked.archived], "search": self.asked.q or None, **more,
        })  # fmt: skip

    def load(self, *, count: bool = False) -> None:
        """Fetch a page of rows. What is wrong with the filter or the order is kept in `problems`, and the rest is shown."""
        if self.asked.raw:
            self.problems.append(Problem("filter", "json", words.broken_filter))
            return
        request = self.request()
        try:
            page = self._page(request)
        except Invalid as refusal:
            self.problems += refusal.problems
            mended = self._mended(request, {p.path for p in refusal.problems})
            if mended is None:
                return
            request, page = mended
        self.rows, self.next = page.rows, page.next
        self.columns.load(self.rows)
        self.total = len(self.rows)
        if count and (self.next is not None or request.after is not None):
            counted = self.uow.page(self.kind.cls, attrs.evolve(request, after=None, limit=1, fields=["id"], sort=(), count=MAX_COUNT))
            self.total, self.capped = counted.total or 0, counted.total_is_capped

    def _page(self, request: ListRequest) -> Page:
        return self.uow.page(self.kind.cls, request)

    def _mended(self, request: ListRequest, wrong: set[str]) -> tuple[ListRequest, Page] | None:
        """Return the list without an order, cursor or search that will not do; a filter that will not do shows nothing."""
        if any(path not in ("sort", "after", "q") for path in wrong):
            return None
        request = attrs.evolve(request, sort=() if "sort" in wrong else request.sort, after=None, search=None if "q" in wrong else request.search)
        self.sort = tuple(request.sort) or ("-id",)
        return request, self._page(request)

    @property
    def narrowed(self) -> bool:
        """True when a filter or a search leaves some out."""
        return bool(self.filter or self.asked.raw or self.asked.q or self.asked.archived or self.asked.after)

    @property
    def usual(self) -> bool:
        """True when nothing but the filter lists of this entity begin with leaves some out."""
        return self.asked.plain and self.bar.view is None and bool(self.filter) and not self.asked.after

    @property
    def said(self) -> str:
        """How many there are, for people: ``10 000+``."""
        from ..formats import number

        shown = number(self.total, self.visit.language)
        return self.visit.say(words.count_more, count=shown) if self.capped else shown

    def may(self, action: str) -> bool:
        """True when the actor holds the right to do something with records of this kind."""
        return self.uow.may(self.kind.permission(action))


def listed(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal: the list of an entity."""
    found = ListOf(visit, uow, visit.kind)
    found.load(count=True)
    return View("ui/lists/list.html", **context(found))


def rows(visit: Visit, uow: Uow) -> View:
    """GET /sales/deal/rows: the rows after a page, or those of `ids` as far as they are in the list."""
    found = ListOf(visit, uow, visit.kind)
    ids = _ids(visit.query.get("ids", ""))
    if ids:
        narrowed = {"and": [{"id": {"in": ids}}, *([found.filter] if found.filter else [])]}
        found.rows = uow.page(visit.kind.cls, found.request(filter=narrowed, after=None, limit=MOST_IDS)).rows
        found.columns.load(found.rows)
    else:
        found.load()
    return View("ui/lists/rows.html", **context(found))


def context(found: ListOf) -> dict[str, t.Any]:
    """Return what the templates of lists have."""
    return {"list": found, "bar": found.bar, "lw": WORDS, "kind": found.kind, "shown": found.shown}


def _ids(text: str) -> list[int]:
    found = [int(part) for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    return list(dict.fromkeys(found))[:MOST_IDS]


__all__ = ["ListOf", "context", "listed", "rows"]
