"""Lists, boards and exports."""

from __future__ import annotations

import csv
import io
import re
import typing as t
from collections.abc import Iterator

import attrs

from ..core import lists
from ..core.board import MAX_CARDS
from ..core.board import board as board_of
from ..core.lists import MAX_COUNT, MAX_LIMIT, ListRequest
from .answer import Answer, Stream, as_json, dumps
from .call import Call, parse_json
from .parameters import choice, names, whole
from .records import translated

if t.TYPE_CHECKING:
    from ..core.uow import Uow

PIECE = 64 * 1024
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
ARCHIVED = {"false": False, "true": True, "all": None}


def _request(asked: dict[str, str], limit: int) -> ListRequest:
    return ListRequest(
        filter=parse_json(asked["filter"], "filter") if "filter" in asked else None, sort=names(asked, "sort") or (),
        fields=names(asked, "fields"), limit=limit, after=asked.get("after"),
        archived=ARCHIVED[choice(asked, "archived", "false", *ARCHIVED)],
        count=whole(asked, "count", 0, MAX_COUNT) if "count" in asked else None, search=asked.get("q"),
    )  # fmt: skip


def listed(call: Call) -> Answer:
    """GET /api/sales/deal."""
    asked = call.query("q", "filter", "sort", "fields", "limit", "after", "archived", "count")
    request = _request(asked, whole(asked, "limit", 50, MAX_LIMIT))
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


def export(call: Call) -> Stream:
    """GET /api/sales/deal/export: everything that matches, as CSV for people or JSON lines for programs."""
    asked = call.query("q", "filter", "sort", "fields", "archived", "format")
    form = choice(asked, "format", "csv", "csv", "jsonl")
    request = _request(asked, MAX_LIMIT)
    if request.fields is None:
        request = attrs.evolve(request, fields=_every_field(call))
    media = b"text/csv; charset=utf-8; header=present" if form == "csv" else b"application/jsonl"
    name = f'attachment; filename="{call.kind.key}.{form}"'.encode()
    pieces = _pieces(call, request, form)
    first = next(pieces)  # the refusals: before anything is sent
    return Stream(_again(first, pieces), media, [(b"content-disposition", name)])


def _every_field(call: Call) -> list[str]:
    kind, hidden = call.kind, call.crm.access.hidden(call.actor, call.kind)
    every = [*kind.names, *(f"{e.name}.{n}" for e in kind.extensions.values() for n in e.fields if n != "id")]
    return [n for n in every if n not in hidden]


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _pieces(call: Call, request: ListRequest, form: str) -> Iterator[bytes]:
    with call.reading() as uow:
        yield from csv_pieces(uow, call, request) if form == "csv" else _jsonl(uow, call, request)


def _jsonl(uow: Uow, call: Call, request: ListRequest) -> Iterator[bytes]:
    rows: list[bytes] = []
    size = 0
    for row in lists.export_rows(uow, call.kind, request):
        rows.append(dumps(row) + b"\n")
        size += len(rows[-1])
        if size > PIECE:
            yield b"".join(rows)
            rows, size = [], 0
    yield b"".join(rows)


def csv_pieces(uow: Uow, call: Call, request: ListRequest) -> Iterator[bytes]:
    """Yield CSV with a byte order mark (spreadsheets guess the encoding without it) and no cell that would run as a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = ["id", *(f for f in request.fields or () if f != "id")]
    text.write("\ufeff")
    writer.writerow(columns)
    for row in lists.export_rows(uow, call.kind, request):
        writer.writerow([cell(row[c]) for c in columns])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def cell(value: t.Any) -> str:
    """Return a value for a spreadsheet; text that would be taken for a formula gets an apostrophe in front (OWASP, CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        value = dumps(value).decode()
    shown = str(value)
    return f"'{shown}" if shown.startswith(FORMULA) and not NUMBER.fullmatch(shown) else shown
