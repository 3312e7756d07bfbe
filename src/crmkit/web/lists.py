"""Lists and boards."""

from __future__ import annotations

import typing as t

from ..core import lists
from ..core.board import MAX_CARDS
from ..core.board import board as board_of
from ..core.lists import MAX_COUNT, MAX_LIMIT, ListRequest
from .answer import Answer, as_json
from .call import Call, parse_json
from .parameters import choice, names, whole
from .records import translated

ARCHIVED = {"false": False, "true": True, "all": None}


def asked_for(asked: dict[str, str], limit: int) -> ListRequest:
    """Return what the query of a list or an export asks for."""
    return ListRequest(
        filter=parse_json(asked["filter"], "filter") if "filter" in asked else None, sort=names(asked, "sort") or (),
        fields=names(asked, "fields"), limit=limit, after=asked.get("after"),
        archived=ARCHIVED[choice(asked, "archived", "false", *ARCHIVED)],
        count=whole(asked, "count", 0, MAX_COUNT) if "count" in asked else None, search=asked.get("q"),
    )  # fmt: skip


def listed(call: Call) -> Answer:
    """GET /api/sales/deal."""
    asked = call.query("q", "filter", "sort", "fields", "limit", "after", "archived", "count")
    request = asked_for(asked, whole(asked, "limit", 50, MAX_LIMIT))
    headers = call.edge.mark_headers(call)
    with call.reading() as uow:
        page = lists.page(uow, call.kind, request)
    body: dict[str, t.Any] = {"rows": page.rows, "next": page.next}
    if request.count is not None:
        body |= {"total": page.total, "total_is_capped": page.total_is_capped}
    return as_json(body, 200, headers)


def board(call: Call) -> Answer:
    """GET /api/sales/deal/board."""
    asked = call.query("pipeline", "cards", "filter", "fields")
    tree = parse_json(asked["filter"], "filter") if "filter" in asked else None
    cards = whole(asked, "cards", 20, MAX_CARDS, least=0)
    headers = call.edge.mark_headers(call)
    with call.reading() as uow:
        found = board_of(uow, call.kind, asked.get("pipeline"), cards=cards, filter=tree, fields=names(asked, "fields"))
    return as_json(translated(found, call.language), 200, headers)
