"""A report as data, and for others: JSON for programs, CSV and workbooks for spreadsheets."""

from __future__ import annotations

import csv
import datetime as dt
import enum
import io
import re
import typing as t
from collections.abc import Mapping, Sequence

import attrs

from crmkit import Text, _

from .asked import SPLITS

Tree = Mapping[str, t.Any]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # characters XML has no place for
IN_DAYS = _("{label}, days", ru="{label}, дней")


def figure(label: Text, default: t.Any = 0, *, kind: str = "count") -> t.Any:
    """Declare a column of a report: a ``count``, a ``share`` from 0 to 1, a number of ``days``, a ``day``, or a ``text``."""
    return attrs.field(default=default, metadata={"label": label, "kind": kind})


@attrs.frozen
class Key:
    """What a row is about in one respect: its value, and how people call it."""

    name: str
    value: t.Any
    label: str | Text
    order: t.Any = None
    """What rows stand in order by, where it is not the label."""


@attrs.frozen(kw_only=True)
class Row:
    """One line of a report. `drill` gives, by the name of a figure, the filter of the list that makes it up."""

    by: tuple[Key, ...] = ()
    drill: Mapping[str, Tree] = attrs.field(factory=dict)


R = t.TypeVar("R", bound=Row)


@attrs.frozen(kw_only=True)
class Report(t.Generic[R]):
    """A report: rows of one class, the days they are about, and the kind of record behind its figures."""

    name: str
    title: Text
    of: type[R]
    kind: str
    since: dt.date | None
    until: dt.date | None
    as_of: dt.datetime
    split_by: tuple[str, ...]
    rows: Sequence[R]
    notes: tuple[Text, ...] = ()
    """What the figures leave out, in words."""


def in_order(rows: list[R]) -> list[R]:
    """Return rows in the order of their keys: nothing last."""
    rows.sort(key=lambda row: tuple((k.value is None, k.order if k.order is not None else str(k.label).casefold()) for k in row.by))
    return rows


def figures(report: Report[t.Any]) -> list[attrs.Attribute[t.Any]]:
    """Return the columns of a report."""
    return [a for a in attrs.fields(report.of) if "label" in a.metadata]


def heads(report: Report[t.Any], language: str) -> list[str]:
    """Return the headings of all columns."""
    found = [said(SPLITS[name], language) for name in report.split_by]
    for one in figures(report):
        label = said(one.metadata["label"], language)
        found.append(said(IN_DAYS, language).format(label=label) if one.metadata["kind"] == "days" else label)
    return found


def cells(report: Report[t.Any], row: Row, language: str) -> list[t.Any]:
    """Return what stands in a line: texts, whole numbers, and fractions to two places, four for shares."""
    found: list[t.Any] = [said(key.label, language) for key in row.by]
    for one in figures(report):
        value = getattr(row, one.name)
        found.append(round(value, 4 if one.metadata["kind"] == "share" else 2) if isinstance(value, float) else said(plain(value), language))
    return found


def as_json(report: Report[t.Any], language: str) -> dict[str, t.Any]:
    """Return a report as JSON data."""
    shown = figures(report)
    return {
        "report": report.name, "kind": report.kind, "from": report.since and report.since.isoformat(),
        "to": report.until and report.until.isoformat(), "as_of": report.as_of.astimezone(dt.UTC).isoformat()[:-6] + "Z",
        "split_by": list(report.split_by), "notes": [said(note, language) for note in report.notes],
        "columns": [{"name": a.name, "label": said(a.metadata["label"], language), "type": a.metadata["kind"]} for a in shown],
        "rows": [
            {
                "by": {k.name: {"value": plain(k.value), "label": said(k.label, language)} for k in row.by},
                **{a.name: said(plain(getattr(row, a.name)), language) for a in shown}, "drill": dict(row.drill),
            }
            for row in report.rows
        ],
    }  # fmt: skip


def as_csv(report: Report[t.Any], language: str) -> bytes:
    """Return a report as CSV with a byte order mark; no cell would run as a formula."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(heads(report, language))
    writer.writerows([_cell(value) for value in cells(report, row, language)] for row in report.rows)
    return text.getvalue().encode()


def as_xlsx(report: Report[t.Any], language: str) -> bytes:
    """Return a report as a workbook: numbers are numbers, shares per cent, days days; texts are texts, whatever they begin with."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", said(report.title, language))[:31])
    sheet.freeze_panes = "A2"
    sheet.append(heads(report, language))
    kinds = ["text" for _name in report.split_by] + [one.metadata["kind"] for one in figures(report)]
    for row in report.rows:
        line: list[t.Any] = []
        for kind, value in zip(kinds, cells(report, row, language), strict=True):
            is_day = kind == "day" and value is not None
            cell = WriteOnlyCell(sheet, dt.date.fromisoformat(value) if is_day else UNFIT.sub("", value) if isinstance(value, str) else value)
            if isinstance(value, str) and not is_day:
                cell.data_type = "s"
            if kind == "share":
                cell.number_format = "0.0%"
            line.append(cell)
        sheet.append(line)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def said(value: t.Any, language: str) -> t.Any:
    """Return a text in a language; anything else as it is."""
    return value.to(language) if isinstance(value, Text) else value


def plain(value: t.Any) -> t.Any:
    """Return a value as JSON has it."""
    if isinstance(value, enum.Enum):
        return value.value
    return value.isoformat() if isinstance(value, dt.date) else value


def _cell(value: t.Any) -> str:
    shown = "" if value is None else str(value)
    return f"'{shown}" if shown.startswith(FORMULA) and not PLAIN.fullmatch(shown) else shown
