"""The rows of a view: ``GET /x/views/7/rows``."""

from __future__ import annotations

import typing as t

import attrs

from crmkit import PUBLIC, Invalid, ListRequest, NotFound, Problem, Uow, _, route

from .entities import View
from .rules import problems_of, request_of

if t.TYPE_CHECKING:
    from starlette.requests import Request

MOST, MOST_COUNTED = 500, 10_000
BOUNDS = _("expected a whole number from {least} to {most}", ru="ожидается целое число от {least} до {most}")
UNKNOWN = _("unknown parameter; there are: {known}", ru="неизвестный параметр; есть: {known}")
KNOWN = ("after", "limit", "count", "q")


@route("/{id}/rows", permission=PUBLIC)
def rows(request: Request, uow: Uow) -> dict[str, t.Any]:
    """Return a page of what a view shows the caller, and what of the view no longer holds for them.

    Query: `limit`, `after` (the last page's `next`), `count` (count matches, no further than that), `q` (search within it).
    A column or order that is gone or hidden is left out; a filter that cannot be applied shows nothing. ``problems`` says so.
    """
    uow.require("views.view.read")
    asked = _asked(request)
    view = uow.get(View, _id(request.path_params["id"]))
    problems = list(problems_of(view, uow))
    about = {"id": view.id, "kind": view.kind, "name": view.name, "layout": view.layout.value, "columns": view.columns, "sort": view.sort,
        "filter": view.filter}
    found: dict[str, t.Any] = {"view": about, "rows": [], "next": None, "problems": [_shown(p, uow) for p in problems]}
    mended = _mended(view, uow, problems)
    if mended is not None:
        page = uow.page(view.kind, attrs.evolve(mended, **asked))
        found |= {"rows": page.rows, "next": page.next}
        if "count" in asked:
            found |= {"total": page.total, "total_is_capped": page.total_is_capped}
    return found


def _mended(view: View, uow: Uow, problems: list[Problem]) -> ListRequest | None:
    """Return the list that can still be shown; None when the filter or the kind itself is gone: less is wanted than that would show."""
    if any(p.path not in ("columns", "sort", "layout") for p in problems):
        return None
    request = request_of(view)
    if not problems:
        return request
    good = [c for c in view.columns if not uow.page_problems(view.kind, ListRequest(fields=(c,)))]
    order = [s for s in view.sort if not uow.page_problems(view.kind, ListRequest(sort=(s,)))]
    return attrs.evolve(request, fields=tuple(good) or (("id",) if view.columns else None), sort=tuple(order))


def _asked(request: Request) -> dict[str, t.Any]:
    query = request.query_params
    unknown = [name for name in query if name not in KNOWN]
    if unknown:
        raise Invalid(problems=[Problem(name, "unknown", UNKNOWN.format(known=", ".join(KNOWN))) for name in unknown])
    found: dict[str, t.Any] = {"limit": _whole(query.get("limit", "50"), "limit", MOST)}
    if "count" in query:
        found["count"] = _whole(query["count"], "count", MOST_COUNTED)
    return found | {name: query[key] for key, name in (("after", "after"), ("q", "search")) if key in query}


def _whole(given: str, name: str, most: int) -> int:
    if given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= most:
        return int(given)
    raise Invalid(problems=[Problem(name, "invalid", BOUNDS.format(least=1, most=most))])


def _id(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        raise NotFound()
    return int(given)


def _shown(problem: Problem, uow: Uow) -> dict[str, str]:
    language = uow.language
    to = getattr(problem.message, "to", None)
    return {"path": problem.path, "code": problem.code, "message": to(language) if to is not None else str(problem.message)}
