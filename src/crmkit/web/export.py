"""Exports over HTTP: sent as they are made, nothing held open for writing."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ..core.lists import MAX_LIMIT, ListRequest
from ..transfer.export import FORMATS, every_field, pieces
from .answer import Stream
from .call import Call
from .lists import asked_for
from .parameters import choice


def export(call: Call) -> Stream:
    """GET /api/sales/deal/export: everything that matches, as CSV or Excel for people or JSON lines for programs."""
    asked = call.query("q", "filter", "sort", "fields", "archived", "format")
    form = choice(asked, "format", "csv", *FORMATS)
    request = asked_for(asked, MAX_LIMIT)
    if request.fields is None:
        request = attrs.evolve(request, fields=every_field(call.crm, call.actor, call.kind))
    name = f'attachment; filename="{call.kind.key}.{form}"'.encode()
    found = _pieces(call, request, form)
    first = next(found)  # the refusals: before anything is sent
    return Stream(_again(first, found), FORMATS[form].encode(), [(b"content-disposition", name)])


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _pieces(call: Call, request: ListRequest, form: str) -> Iterator[bytes]:
    with call.reading() as uow:
        yield from pieces(uow, call.kind, request, form)
