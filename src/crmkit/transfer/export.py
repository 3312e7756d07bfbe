"""Taking data out: what an actor may see, as CSV, Excel or JSON Lines, piece by piece."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import re
import tempfile
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import orjson

from ..core import lists
from ..core.errors import Invalid
from ..core.kind import Kind
from ..core.lists import ListRequest
from ..core.text import _

if t.TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..core.access import Actor
    from ..core.compose import Crm
    from ..core.field import Field
    from ..core.uow import Uow

FORMATS = {"csv": "text/csv; charset=utf-8; header=present", "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}  # fmt: skip
PIECE = 64 * 1024
ASKED = 500
"""How many rows a column that is worked out is asked for at once."""
Added = Mapping[str, Callable[[Sequence[int]], Mapping[int, t.Any]]]
"""Columns that are worked out: what gives their values for some records, by key."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # characters XML has no place for
SHEET_ROWS, CELL_TEXT, EXACT_DIGITS = 1_048_576, 32_767, 15
TOO_LONG = _("{name} of record {id} is longer than an Excel cell can hold (32,767 characters): export to CSV or JSON Lines",
    ru="{name} записи {id} длиннее, чем вмещает ячейка Excel (32 767 символов): выгрузите в CSV или JSON Lines")  # fmt: skip


def every_field(crm: Crm, actor: Actor, kind: Kind) -> list[str]:
    """Return every field the actor may see, those of extensions by their dotted names; never a secret."""
    hidden = crm.access.hidden(actor, kind)
    every = [*kind.names, *(f"{e.name}.{n}" for e in kind.extensions.values() for n in e.fields if n != "id")]
    return [n for n in every if n not in hidden]


def pieces(
    uow: Uow, kind: Kind, request: ListRequest, form: str, *, guard: bool = True, added: Added | None = None, order: Sequence[str] = (),
) -> Iterator[bytes]:  # fmt: skip
    """Yield an export, a piece at a time; `request` names its fields, `added` gives further columns, and `order` says how they all stand.

    With `guard` no cell of a CSV file can run as a formula when a spreadsheet opens it. Excel files need no guard: their
    cells say themselves that they are text.
    """
    columns = ["id", *(f for f in (order or (*(request.fields or ()), *(added or ()))) if f != "id")]
    rows = lists.export_rows(uow, kind, request)
    if added:
        rows = _with(rows, added)
    if form == "jsonl":
        return _jsonl(rows, columns)
    if form == "xlsx":
        return _xlsx(rows, columns, {c: kind.path(c, uow.crm.kinds).field for c in columns if c not in (added or ())}, str(kind.plural), uow.crm.zone)
    return _csv(rows, columns, guarded if guard else plain)


def _with(rows: Iterator[lists.JsonRow], added: Added) -> Iterator[lists.JsonRow]:
    """Yield rows with the columns that are worked out: each is asked once for many rows."""
    while some := list(islice(rows, ASKED)):
        ids = [int(row["id"]) for row in some]
        found = {name: ask(ids) for name, ask in added.items()}
        for row in some:
            yield row | {name: values.get(int(row["id"])) for name, values in found.items()}


# ---- text ------------------------------------------------------------------------------------------------------------
def _jsonl(rows: Iterator[lists.JsonRow], columns: list[str]) -> Iterator[bytes]:
    made: list[bytes] = []
    size = 0
    for row in rows:
        made.append(orjson.dumps({c: row[c] for c in columns}, default=str) + b"\n")
        size += len(made[-1])
        if size > PIECE:
            yield b"".join(made)
            made, size = [], 0
    yield b"".join(made)


def _csv(rows: Iterator[lists.JsonRow], columns: list[str], cell: Callable[[t.Any], str]) -> Iterator[bytes]:
    """Yield CSV with a byte order mark: spreadsheets guess the encoding without it."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row[c]) for c in columns])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def plain(value: t.Any) -> str:
    """Return a value as text, exactly."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def guarded(value: t.Any) -> str:
    """Return a value as text; one that would be taken for a formula gets an apostrophe in front (OWASP, CSV injection)."""
    shown = plain(value)
    return f"'{shown}" if shown.startswith(FORMULA) and not NUMBER.fullmatch(shown) else shown


# ---- workbooks -------------------------------------------------------------------------------------------------------
def _xlsx(rows: Iterator[lists.JsonRow], columns: list[str], fields: dict[str, Field], title: str, zone: ZoneInfo) -> Iterator[bytes]:
    """Yield a workbook. It is put together in a temporary file: its table of contents comes last."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    first = next(rows, None)  # refusals come before any work is done
    book = openpyxl.Workbook(write_only=True)
    name = re.sub(r"[\[\]:*?/\\]", " ", title)[:24]
    sheet: t.Any = None
    made = [(c, _cell_maker(fields[c].type if c in fields else object, zone)) for c in columns]
    number = 0
    row = first
    while row is not None or sheet is None:
        if sheet is None or number % (SHEET_ROWS - 1) == 0:
            sheet = book.create_sheet(name if not number else f"{name} {number // (SHEET_ROWS - 1) + 1}")
            sheet.append(columns)
        if row is None:
            break
        cells = []
        for column, make in made:
            value = make(row[column])
            if isinstance(value, str):
                if len(value) > CELL_TEXT:
                    raise Invalid(TOO_LONG.format(name=column, id=row["id"]))
                value = WriteOnlyCell(sheet, UNFIT.sub("", value))
                value.data_type = "s"  # text, whatever it begins with
            cells.append(value)
        sheet.append(cells)
        number += 1
        row = next(rows, None)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(PIECE):
            yield piece


def _cell_maker(of: type, zone: ZoneInfo) -> Callable[[t.Any], t.Any]:
    """Return what makes a cell of a JSON value. Numbers Excel would round, and dates before 1900, stay text."""

    def number(value: t.Any) -> t.Any:
        exact = decimal.Decimal(value)
        return exact if len(exact.as_tuple().digits) <= EXACT_DIGITS else str(value)

    def moment(value: t.Any) -> t.Any:
        found = dt.datetime.fromisoformat(value).astimezone(zone).replace(tzinfo=None)
        return found if found.year > 1900 else value

    def day(value: t.Any) -> t.Any:
        found = dt.date.fromisoformat(value)
        return found if found.year > 1900 else value

    whole: Callable[[t.Any], t.Any] = lambda v: v if abs(v) < 10**EXACT_DIGITS else str(v)  # noqa: E731
    makers: dict[type, Callable[[t.Any], t.Any]] = {decimal.Decimal: number, dt.datetime: moment, dt.date: day, int: whole}
    make: Callable[[t.Any], t.Any] = makers.get(of, lambda v: v if isinstance(v, bool | int | float | str | decimal.Decimal) else plain(v))
    return lambda value: None if value is None else make(value)
