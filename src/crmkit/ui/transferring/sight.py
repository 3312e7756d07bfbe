"""The first look at a file: its columns, its first rows, and what was guessed about it."""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from collections.abc import Mapping
from pathlib import Path

import attrs

from ...core.errors import Invalid
from ...core.text import Text
from ...transfer.coerce import as_text, is_empty
from ...transfer.sources import FORMATS, From, open_source
from .store import Draft, Sent

SHOWN, LOOKED_AT, SAMPLES = 6, 200, 3
KNOWN = tuple(suffix for suffix, form in FORMATS.items() if form != "sqlite")
ENCODINGS = ("utf-8", "cp1251", "utf-16", "cp866", "koi8_r", "cp1252")
DELIMITERS = {",": ",", ";": ";", "\t": "Tab", "|": "|"}


@attrs.frozen(kw_only=True)
class Sight:
    """What a file looks like."""

    names: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    samples: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    """The first different values of each column."""
    distinct: Mapping[str, bool] = attrs.field(factory=dict)
    """Whether every row that was looked at has a value of its own there: such columns tell records apart."""
    guessed: bool = False
    """The file does not say how it is encoded, and is not UTF-8."""
    problem: Text | str = ""
    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[str, ...] = ()


def from_of(draft: Draft, sent: Sent) -> From:
    """Return where rows come from, as transfer has it."""
    origin = draft.origin if len(draft.files) == 1 else {}
    return From(
        path="from", file=draft.folder / sent.file, sheet=origin.get("sheet", ""), encoding=origin.get("encoding", ""),
        delimiter=origin.get("delimiter", ""),
    )  # fmt: skip


def sight(draft: Draft, sent: Sent) -> Sight:
    """Look at a file; what is wrong with it is told, not raised."""
    place = draft.folder / sent.file
    sheets = _sheets(place)
    try:
        source = open_source(from_of(draft, sent))
    except Invalid as refusal:
        return Sight(problem=refusal.problems[0].message if refusal.problems else refusal.message, sheets=sheets)
    with contextlib.closing(source):
        looked = list(itertools.islice((row for row in source.rows() if row.problem is None), LOOKED_AT))
        cells = [_flat(row.cells) for row in looked] if source.names is None else [row.cells for row in looked]
        names = source.names if source.names is not None else tuple(dict.fromkeys(n for row in cells for n in row))
        values = {n: [as_text(row.get(n)) for row in cells] for n in names}
        return Sight(
            names=names, rows=tuple(tuple(as_text(row.get(n))[:80] for n in names) for row in cells[:SHOWN]),
            samples={n: tuple(itertools.islice(dict.fromkeys(v[:60] for v in some if v), SAMPLES)) for n, some in values.items()},
            distinct={n: bool(some) and all(some) and len(set(some)) == len(some) for n, some in values.items()},
            guessed=bool(source.notes), encoding=getattr(source, "encoding", ""), delimiter=getattr(source, "delimiter", ""), sheets=sheets,
        )  # fmt: skip


def _flat(row: Mapping[str, t.Any], before: str = "") -> dict[str, t.Any]:
    """Return what is nested by dotted names, as columns are named."""
    found: dict[str, t.Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and value:
            found |= _flat(value, f"{before}{name}.")
        elif not is_empty(value):
            found[f"{before}{name}"] = value
    return found


def _sheets(place: Path) -> tuple[str, ...]:
    if FORMATS.get(place.suffix) != "xlsx":
        return ()
    import openpyxl

    try:
        book = openpyxl.load_workbook(place, read_only=True)
    except Exception:  # openpyxl raises what it likes; opening it as a source says what is wrong
        return ()
    try:
        return tuple(book.sheetnames)
    finally:
        book.close()
